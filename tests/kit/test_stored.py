"""A stored document becomes an object, without what the viewer may not see."""

from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st

from adapters.records import RecordId, new_id
from resolvers.kit.described import graph_enum, graph_type
from resolvers.kit.ids import global_id
from resolvers.kit.keepings import Keeping
from resolvers.kit.scalars import Money
from resolvers.kit.slice import Declared
from resolvers.kit.stored import Node, Redacted, inner, kept, reader_of, stored_paths
from resolvers.kit.viewer import Role
from resolvers.schema import SLICES
from tests.conftest import Asking
from tests.crowd import contact_point, crowd, small_things
from tests.makers import BEGIN, Makers, money


@graph_enum({"BIG": "Large.", "SMALL": "Little."})
class Size(Enum):
    """How large."""

    BIG = "big"
    SMALL = "small"


@graph_type
class Yard:
    """Where it lives."""

    town: str | None = kept("The town.")
    area: Decimal | None = kept("How large.")


@graph_type
class Dog(Node, Redacted):
    """A dog."""

    name: str | None = kept("Its name.")
    size: Size | None = kept("How large it is.")
    price: Money | None = kept("What it costs.")
    yards: list[Yard] = kept("Where it lives.")
    town: str | None = kept("Where it was born.", at="birth.place.town")
    born: datetime | None = kept("When.", at="birth.at")
    age: int = kept("How old it is.", read=lambda value: value or 0)
    owner: strawberry.Private[RecordId | None] = inner(at="owner_id")


def _dog(hidden: frozenset[str] = frozenset(), **more: Any) -> Dog:
    dog: Dog = reader_of(Dog).read({"_id": RecordId("0" * 24), **more}, hidden)
    return dog


def test_values_read() -> None:
    """Each field is read from where it stands, in its own type."""
    owner = new_id()
    yards = [{"town": "Ulm", "area": money("1.50")["amount"]}, {}]
    birth = {"place": {"town": "Bonn"}, "at": BEGIN}
    dog = _dog(name="Rex", size="big", price=money("9.90"), yards=yards, birth=birth, age=3, owner_id=owner)
    assert (dog.name, dog.size, dog.town, dog.born, dog.age, dog.owner) == ("Rex", Size.BIG, "Bonn", BEGIN, 3, owner)
    assert dog.price == Money(amount=Decimal("9.90"), currency="USD")  # type: ignore[arg-type]
    assert dog.yards == [Yard(town="Ulm", area=Decimal("1.50")), Yard(town=None, area=None)]


def test_values_absent() -> None:
    """An absent value is null, an absent list empty, or what `read` makes of nothing."""
    dog = _dog(birth=None)
    assert (dog.name, dog.size, dog.price, dog.yards, dog.town, dog.age) == (None, None, None, [], None, 0)
    assert dog.hidden_fields == []


def test_ids_given() -> None:
    """An object carries its storage id and the id by which `node` finds it."""
    dog = _dog()
    assert dog.key == RecordId("0" * 24)
    assert dog.id == global_id("Dog", dog.key)


def test_hidden_inside() -> None:
    """A value inside another object is hidden alone, of each in a list, and named by the way to it."""
    dog = _dog(frozenset({"yards.town"}), yards=[{"town": "Ulm", "area": money("1.50")["amount"]}, {}])
    assert dog.yards == [Yard(town=None, area=Decimal("1.50")), Yard(town=None, area=None)]
    assert dog.hidden_fields == ["yards.town"]


@given(st.sets(st.sampled_from(["name", "size", "price", "birth", "birth.place", "birth.at"])))
def test_values_hidden(hidden: set[str]) -> None:
    """What is hidden is null and named, also below a hidden path; the rest is shown."""
    birth = {"place": {"town": "Bonn"}, "at": BEGIN}
    dog = _dog(frozenset(hidden), name="Rex", size="big", price=money("1"), birth=birth)
    unseen = {
        "name": "name" in hidden,
        "size": "size" in hidden,
        "price": "price" in hidden,
        "town": bool(hidden & {"birth", "birth.place"}),
        "born": bool(hidden & {"birth", "birth.at"}),
    }
    assert {name: getattr(dog, name) is None for name in unseen} == unseen
    assert set(dog.hidden_fields) == {name for name, is_hidden in unseen.items() if is_hidden}


def test_absent_not_hidden() -> None:
    """A field without a value is not named as hidden."""
    assert _dog(frozenset({"name"})).hidden_fields == []


def test_paths_told() -> None:
    """Each kept field tells where it is stored, also one inside another."""
    assert stored_paths(Dog)["yards.town"] == "yards.town"
    assert stored_paths(Dog)["town"] == "birth.place.town"
    assert stored_paths(Dog)["owner"] == "owner_id"


DECLARED = Declared(SLICES)
PERSONAL = [one for one in DECLARED.keepings if one.what.personal]


@pytest.mark.parametrize("keeping", PERSONAL, ids=lambda one: one.cls.__name__)
def test_personal_fields_redactable(keeping: Keeping) -> None:
    """Whatever holds personal values can name the hidden ones, and each declared field is one that it shows."""
    assert issubclass(keeping.cls, Redacted)
    assert keeping.what.personal <= set(stored_paths(keeping.cls).values())


async def test_nothing_personal_shown(ask: Asking, make: Makers) -> None:
    """No personal value of any slice reaches a partner without the scope."""
    people = await crowd(make, 1, 1)
    await small_things(make)
    secret = {keeping.what.name: sorted(keeping.what.personal) for keeping in PERSONAL}
    for name, fields in secret.items():
        record = make.store.records.get(name)
        if record is not None:
            if "entry_point.page" in fields:
                await make.store.update_all(record, {}, {"$set": {"entry_point": {"channel": "chat"}}})
            change = {"$set": {field: "Zed Secret" for field in fields if field != "profile"}}
            await make.store.update_all(record, {}, change)
    await contact_point(make, people[0], "Zed Secret")
    customer = make.store.records["customers"]
    data = [{"name": "size", "value": "Zed Secret", "added_at": BEGIN, "added_by": None}]
    names = {"attributes": {"firstName": "Zed Secret", "lastName": "Zed Secret"}, "custom_data": data}
    await make.store.update_all(customer, {}, {"$set": names | {"sort_name": "zed secret"}})
    query = "{ customers { nodes { " + _everything(ask) + " } } }"
    assert "Zed Secret" in str((await ask(query, as_=Role.ADMINISTRATOR)).data)
    partner = await ask(query.replace(_NOTES, ""), as_=Role.PARTNER)
    assert partner.errors == []
    assert "zed secret" not in str(partner.data).lower()


_NOTES = "notes { nodes { text } }"


def _everything(ask: Asking) -> str:
    """Every field of a customer that holds text, three levels deep."""
    assert ask.graph is not None
    facts = "name value"
    came = "entryPoint { channel page referrer }"
    return f"""displayName {came} firstName lastName
      attributes {{ name value }} contactPoints {{ value postal {{ city }} }}
      identities {{ value profile {{ name username }} }} customData {{ name value }} {_NOTES} tags {{ word }}
      conversations {{ nodes {{ subject {came} messages {{ nodes {{ text attachments {{ name }} }} }} }} }}
      tickets {{ nodes {{ subject attachments {{ name }} }} }} attachments {{ nodes {{ name }} }}
      toys {{ nodes {{ name }} }}
      facts {{ nodes {{ {facts} }} }} summary(top: 10) {{ categories {{ top {{ {facts} }} }} }}
      history {{ nodes {{ item {{ ... on Message {{ text conversation {{ subject }} }} ... on Ticket {{ subject }}
        ... on Toy {{ name }} }} }} }}"""
