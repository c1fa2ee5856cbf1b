"""Is it told, field by field, why two customers may be one person, without any value?"""

from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import new_id
from resolvers.kept_pairs import PAIRS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.scanning import scan
from tests.changing import change
from tests.conftest import NOW, Asking, Commands
from tests.crowd import contact_point
from tests.makers import Made, Makers

OF_ONE = """query ($id: ID!) { customer(id: $id) { suggestions {
  customers { id contactPoints { id type } identities { id channel } } fields { role level one other } } } }"""
LIST = "{ duplicateSuggestions { nodes { fields { role level one other } } } }"
NODE = "query ($id: ID!) { node(id: $id) { ... on DuplicateSuggestion { fields { role } } } }"
NAMES = (("Annabel", "Zimmermann"), ("Konrad", "Hammerstein"), ("Wilhelmina", "Sommerfeld"))
NAMED = ("attributes.firstName", "attributes.lastName")


async def _two(make: Makers) -> tuple[Made, Made]:
    """One person twice: the number of a contact point is the other's on a channel, and the names are exchanged."""
    one, other = await make.customer("Annabel", "Zimmermann"), await make.customer("Zimmermann", "Annabel")
    await _point(make, one, "+4915173029461", type="PHONE")
    await _point(make, one, "annabel.z@example.com")
    await make.identity(other, channel="whatsapp", value="+4915173029461")
    await _point(make, other, "annabel.z@example.com")
    await scan(make.store, at=NOW)
    return one, other


async def _point(make: Makers, of: Made, value: str, **more: Any) -> None:
    await contact_point(make, of, value, id=new_id(), **more)


async def _told(ask: Asking, make: Makers) -> tuple[Any, dict[str, list[Any]]]:
    one, _ = await _two(make)
    answer = await ask(OF_ONE, id=one.id)
    assert not answer.errors
    (found,) = answer.data["customer"]["suggestions"]
    by_role: dict[str, list[Any]] = {}
    for each in found["fields"]:
        by_role.setdefault(each["role"], []).append(each)
    return found, by_role


async def test_number_in_two_places(ask: Asking, make: Makers) -> None:
    """Which contact point has the number that the other is known by on which channel is told."""
    found, by_role = await _told(ask, make)
    (phone,) = by_role["PHONE"]
    places = {f"contactPoints.{point['id']}" for who in found["customers"] for point in who["contactPoints"]} | {
        f"identities.{one['id']}" for who in found["customers"] for one in who["identities"]
    }
    assert phone["level"] == "EXACT"
    assert {*phone["one"], *phone["other"]} <= places
    assert {path.partition(".")[0] for path in (*phone["one"], *phone["other"])} == {"contactPoints", "identities"}


async def test_first_is_first(ask: Asking, make: Makers) -> None:
    """`one` names fields of the first of `customers`."""
    found, by_role = await _told(ask, make)
    (mail,) = by_role["EMAIL"]
    for side, who in zip(("one", "other"), found["customers"], strict=True):
        assert mail[side][0] in {f"contactPoints.{point['id']}" for point in who["contactPoints"]}


async def test_names_exchanged(ask: Asking, make: Makers) -> None:
    """Names that stand in each other's place are told beside each other."""
    _, by_role = await _told(ask, make)
    names = [*by_role.get("GIVEN_NAME", ()), *by_role.get("FAMILY_NAME", ())]
    assert {(one["level"], *one["one"], *one["other"]) for one in names} == {
        ("SWAPPED", *NAMED),
        ("SWAPPED", *reversed(NAMED)),
    }


async def test_field_with_nothing_beside(ask: Asking, make: Makers) -> None:
    """A field to which the other has nothing of the kind was not compared, and stands nowhere."""
    one, _ = await _two(make)
    await _point(make, one, "17 Zwetschgenweg, Oberammergau", type="POSTAL")
    answer = await ask(OF_ONE, id=one.id)
    (found,) = answer.data["customer"]["suggestions"]
    assert found["fields"]
    assert "ADDRESS" not in {each["role"] for each in found["fields"]}


async def test_hidden_is_left_out(ask: Asking, make: Makers) -> None:
    """Of fields that the viewer may not see nothing is told."""
    one, _ = await _two(make)
    definitions = (await ask("{ attributeDefinitions { id name } }")).data["attributeDefinitions"]
    phone = next(each["id"] for each in definitions if each["name"] == "phoneNumber")
    rules = {"isSearchable": False, "visibleTo": ["SUPERVISOR"], "editableBy": ["SUPERVISOR"]}
    await change(ask, "changeAttributeDefinition", "definition { id }", Role.ADMINISTRATOR, id=phone, rules=rules)
    roles = {}
    for role in (Role.AGENT, Role.SUPERVISOR):
        (found,) = (await ask(OF_ONE, as_=role, id=one.id)).data["customer"]["suggestions"]
        roles[role] = {each["role"] for each in found["fields"]}
    assert roles[Role.SUPERVISOR] - roles[Role.AGENT] == {"PHONE"}


async def test_merged_are_one(ask: Asking, make: Makers) -> None:
    """Of two who are one by now no fields are compared."""
    one, other = await _two(make)
    pair = PAIRS.id_of(dict(zip(("one_id", "other_id"), sorted((one.key, other.key)), strict=True)))
    asked = {"id": global_id("DuplicateSuggestion", pair)}
    assert (await ask(NODE, **asked)).data["node"]["fields"]
    await make.store.update(PAIRS, {"_id": pair}, {"$set": {"is_dismissed": True}})
    await make.merged(other, one)
    answer = await ask(NODE, **asked)
    assert answer.data["node"] == {"fields": []}


@pytest.mark.parametrize("pairs", [1, 3])
async def test_cost(ask: Asking, make: Makers, store: Store, commands: Commands, pairs: int) -> None:
    """Fields of a whole page cost as many commands as those of one pair."""
    for n, names in enumerate(NAMES[:pairs]):
        for each in [await make.customer(*names) for _ in range(2)]:
            await _point(make, each, f"w.{n}@example.com")
            await _point(make, each, f"+491517302946{n}", type="PHONE")
    await scan(store, at=NOW)
    await ask(LIST)
    with commands.counted() as sent:
        answer = await ask(LIST)
    assert len(answer.data["duplicateSuggestions"]["nodes"]) == pairs
    assert len(sent) <= 4
