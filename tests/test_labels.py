"""Which classes of customer are there, and who belongs to them?"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.company import Class
from adapters.mongo import Store
from adapters.records import new_id
from gateway.mongod import Mongod
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from resolvers.labels import CUSTOMER_LABELS, LABELS
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.crowd import label
from tests.makers import Makers
from tests.taking_in import PERSON, bring, the_customer
from tests.waiting import until
from tests.walking import read

ADMIN = Role.ADMINISTRATOR
NAMES = "customer { labels { name } version updatedBy }"


async def _label_id(make: Makers, name: str = "VIP", priority: int = 1) -> str:
    return global_id("Label", await label(make, name, priority))


async def test_labels_by_urgency(ask: Asking, make: Makers) -> None:
    """Every label that the company defines, the most urgent first, then by name."""
    for name, priority in (("b", 1), ("a", 1), ("c", 9)):
        await label(make, name, priority)
    answer = await ask("{ labels { name priority color description } }", as_=Role.PARTNER)
    assert [one["name"] for one in answer.data["labels"]] == ["c", "a", "b"]


async def test_label_added(ask: Asking) -> None:
    """An administrator defines a label; it is there at once."""
    given = {"name": " VIP ", "color": "#FFcc00", "priority": 5, "description": "Big spenders"}
    found = await change(ask, "addLabel", "label { name color priority description }", ADMIN, **given)
    assert found["label"] == given | {"name": "VIP"}
    answer = await ask("{ labels { name } }")
    assert answer.data["labels"] == [{"name": "VIP"}]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"name": ""}, ("INVALID_INPUT", "input.name")),
        ({"name": "x" * 51}, ("INVALID_INPUT", "input.name")),
        ({"name": "\0"}, ("INVALID_INPUT", "input.name")),
        ({"name": "VIP\u202e"}, ("INVALID_INPUT", "input.name")),
        ({"description": "\u200b"}, ("INVALID_INPUT", "input.description")),
        ({"description": "x" * 501}, ("INVALID_INPUT", "input.description")),
        ({"color": "red"}, ("INVALID_INPUT", "input.color")),
        ({"color": "#ffcc0"}, ("INVALID_INPUT", "input.color")),
        ({"name": "VIP"}, ("CONFLICT", "input.name")),
        ({"name": " vip"}, ("CONFLICT", "input.name")),
    ],
)
async def test_label_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """A label has a short name of its own and a colour."""
    await label(make)
    assert await refused(ask, "addLabel", ADMIN, **({"name": "New"} | given)) == refusal


async def test_labels_at_once(ask: Asking) -> None:
    """Of many who define a label at once, in whatever case, one does; the others are told of its name."""
    names = ["Gold", "GOLD", "gold"] * 4
    fields = "label { name }"
    answers = await asyncio.gather(*(change(ask, "addLabel", fields, ADMIN, name=name) for name in names))
    (made,) = [one["label"]["name"] for one in answers if "label" in one]
    assert [one["message"] for one in answers if "label" not in one] == [
        f"There is a label {made!r} already; case does not count. Choose another name."
    ] * 11
    assert [one["name"] for one in (await ask("{ labels { name } }")).data["labels"]] == [made]


async def test_label_removed(ask: Asking, make: Makers) -> None:
    """A removed label is gone, also from every customer who belonged to it."""
    key, one = await _label_id(make), await make.customer()
    await change(ask, "labelCustomer", "customer { id }", customerId=one.id, labelId=key)
    assert (await change(ask, "removeLabel", "removedId", ADMIN, id=key))["removedId"] == key
    assert (await read(ask, one, "labels { name }"))["labels"] == []
    assert (await make.store.first(CUSTOMERS, {"_id": one.key}))["labels"] == []
    assert await refused(ask, "removeLabel", ADMIN, id=key) == ("NOT_FOUND", "input.id")


async def test_label_removed_at_once(ask: Asking, make: Makers) -> None:
    """Of many who remove a label at once one does, and the others are told that it is gone."""
    key = await _label_id(make)
    answers = await asyncio.gather(*(change(ask, "removeLabel", "removedId", ADMIN, id=key) for _ in range(6)))
    assert [one["removedId"] for one in answers if "removedId" in one] == [key]
    assert [one["code"] for one in answers if "removedId" not in one] == ["NOT_FOUND"] * 5


async def test_customer_labelled(ask: Asking, make: Makers) -> None:
    """A customer is put into a class and taken out of it, and the record says by whom."""
    key, one = await _label_id(make), await make.customer()
    given = {"customerId": one.id, "labelId": key}
    found = await change(ask, "labelCustomer", NAMES, **given)
    assert found["customer"] == {"labels": [{"name": "VIP"}], "version": 2, "updatedBy": "agent"}
    found = await change(ask, "unlabelCustomer", NAMES, **given)
    assert found["customer"] == {"labels": [], "version": 3, "updatedBy": "agent"}


async def test_labelled_twice(ask: Asking, make: Makers) -> None:
    """A customer belongs to a class once, and is taken out of it once."""
    given = {"labelId": await _label_id(make), "customerId": (await make.customer()).id}
    assert await refused(ask, "unlabelCustomer", **given) == ("NOT_FOUND", "input.labelId")
    await change(ask, "labelCustomer", "customer { id }", **given)
    assert await refused(ask, "labelCustomer", **given) == ("CONFLICT", "input.labelId")


@pytest.mark.parametrize("mutation", ["labelCustomer", "unlabelCustomer"])
async def test_labelling_nobody(ask: Asking, make: Makers, mutation: str) -> None:
    """Customer and label must be there."""
    key, one = await _label_id(make), await make.customer()
    assert await refused(ask, mutation, customerId=GONE, labelId=key) == ("NOT_FOUND", "input.customerId")
    for wrong in (global_id("Label", new_id()), one.id, "junk"):
        assert await refused(ask, mutation, customerId=one.id, labelId=wrong) == ("NOT_FOUND", "input.labelId")


async def test_most_labels(ask: Asking, make: Makers) -> None:
    """A customer belongs to a bounded number of classes."""
    key, one = await _label_id(make), await make.customer()
    entries = [{"label_id": new_id(), "added_at": make.moment(), "added_by": None}] * CUSTOMER_LABELS.at_most
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"labels": entries}})
    assert (await refused(ask, "labelCustomer", customerId=one.id, labelId=key))[0] == "CONFLICT"


async def test_labels_by_role(ask: Asking) -> None:
    """Administrators define labels; the staff puts them on customers."""
    assert await may(ask, "addLabel", name="") == {ADMIN}
    assert await may(ask, "editLabel", id="x") == await may(ask, "removeLabel", id="x") == {ADMIN}
    for mutation in ("labelCustomer", "unlabelCustomer"):
        assert await may(ask, mutation, customerId=GONE, labelId="x") == STAFF


async def test_customer_labels_by_urgency(ask: Asking, make: Makers) -> None:
    """The classes to which the customer belongs, the most urgent first; they are facts too."""
    one = await make.customer(None, None)
    for name, priority in (("low", 1), ("high", 2)):
        key = await _label_id(make, name, priority)
        await change(ask, "labelCustomer", "customer { id }", customerId=one.id, labelId=key)
    found = await read(ask, one, "labels { name } facts { nodes { category name observedFrom } }")
    assert found["labels"] == [{"name": "high"}, {"name": "low"}]
    assert {"category": "Labels", "name": "low", "observedFrom": "staff"} in found["facts"]["nodes"]


async def test_labelled_customers(ask: Asking, make: Makers) -> None:
    """Customers who belong to any of these labels."""
    key, one = await _label_id(make), await make.customer()
    await make.customer()
    await change(ask, "labelCustomer", "customer { id }", customerId=one.id, labelId=key)
    query = "query($l: [ID!]) { customers(filter: { labelled: $l }) { nodes { id } } }"
    answer = await ask(query, l=[key, global_id("Label", new_id())])
    assert answer.data["customers"]["nodes"] == [{"id": one.id}]
    assert LABELS.name in make.store.records


EDITED = "label { name color priority description version }"
WHOLE = {"color": "#123456", "priority": 7, "description": "Big spenders"}


async def test_label_edited(ask: Asking, make: Makers, two: Store) -> None:
    """An edited label stays with its customers, and every process calls it by its new name."""
    key, one = await _label_id(make), await make.customer()
    await change(ask, "labelCustomer", "customer { id }", customerId=one.id, labelId=key)
    other = replace(ask, store=two)
    assert (await read(other, one, "labels { name }"))["labels"] == [{"name": "VIP"}]
    found = await change(ask, "editLabel", EDITED, ADMIN, id=key, name=" Gold ", **WHOLE)
    assert found["label"] == {"name": "Gold", "version": 2, **WHOLE}
    assert (await read(ask, one, "version labels { name }")) == {"version": 2, "labels": [{"name": "Gold"}]}
    for _ in range(100):
        if (await read(other, one, "labels { name }"))["labels"] == [{"name": "Gold"}]:
            break
        await asyncio.sleep(0.05)
    assert (await read(other, one, "customerLabels { label { name } }"))["customerLabels"] == [
        {"label": {"name": "Gold"}}
    ]
    again = await change(ask, "editLabel", EDITED, ADMIN, id=key, name="Gold", description=None, version=2)
    assert (again["label"]["version"], again["label"]["description"]) == (3, None)
    assert (await change(ask, "editLabel", EDITED, ADMIN, id=key, priority=7))["label"]["version"] == 3


@pytest.fixture
async def two(mongod: Mongod, store: Store) -> AsyncIterator[Store]:
    """The store of another process, which listens for changes."""
    second = await Store.open(mongod.url, "tests", list(store.records.values()))
    second.held.follow()
    await until(lambda: second.held.is_fresh)
    yield second
    await second.close()


async def test_name_of_its_own(ask: Asking, make: Makers) -> None:
    """No two labels have one name in any case; the name that one had before is free for another."""
    key, other = await _label_id(make), await _label_id(make, "Other")
    assert await refused(ask, "editLabel", ADMIN, id=other, name="vip") == ("CONFLICT", "input.name")
    await change(ask, "editLabel", EDITED, ADMIN, id=key, name="Gold")
    assert await refused(ask, "addLabel", ADMIN, name="GOLD") == ("CONFLICT", "input.name")
    assert (await change(ask, "editLabel", EDITED, ADMIN, id=key, name="GOLD"))["label"]["name"] == "GOLD"
    new = (await change(ask, "addLabel", "label { id name version }", ADMIN, name="VIP"))["label"]
    assert (new["name"], new["version"], new["id"] != key) == ("VIP", 1, True)
    names = [f"L{n}" for n in range(4)]
    answers = await asyncio.gather(
        *(change(ask, "editLabel", EDITED, ADMIN, id=each, name=name) for name in names for each in (key, other)),
    )
    assert {one["code"] for one in answers if "code" in one} <= {"CONFLICT"}
    there = [one["name"] for one in (await ask("{ labels { name } }")).data["labels"]]
    assert len(there) == len(set(there)) == 3


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"id": global_id("Label", new_id())}, ("NOT_FOUND", "input.id")),
        ({"id": "junk"}, ("NOT_FOUND", "input.id")),
        ({"name": None}, ("INVALID_INPUT", "input.name")),
        ({"name": "\u202e"}, ("INVALID_INPUT", "input.name")),
        ({"color": "red"}, ("INVALID_INPUT", "input.color")),
        ({"priority": None}, ("INVALID_INPUT", "input.priority")),
        ({"description": "x" * 501}, ("INVALID_INPUT", "input.description")),
        ({"version": 2}, ("STALE_VERSION", "input.version")),
    ],
)
async def test_label_edit_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """What is edited keeps the rules of what is added, and is there at the version that was read."""
    usual: dict[str, Any] = {"id": await _label_id(make), "name": "New"}
    assert await refused(ask, "editLabel", ADMIN, **(usual | given)) == refusal
    assert (await ask("{ labels { name version } }")).data["labels"] == [{"name": "VIP", "version": 1}]


async def test_label_edits_at_once(ask: Asking, make: Makers) -> None:
    """Of 50 edits at once upon one version one is made; of those without a version every one."""
    key = await _label_id(make)
    upon = (change(ask, "editLabel", EDITED, ADMIN, id=key, priority=10 + n, version=1) for n in range(50))
    answers = await asyncio.gather(*upon)
    assert [one["code"] for one in answers if "code" in one] == ["STALE_VERSION"] * 49
    blind: list[dict[str, Any]] = [{"name": "Gold"}, {"color": "#000000"}, {"description": "All"}]
    await asyncio.gather(*(change(ask, "editLabel", EDITED, ADMIN, id=key, **one) for one in blind))
    (found,) = (await ask("{ labels { name color description version } }")).data["labels"]
    assert found == {"name": "Gold", "color": "#000000", "description": "All", "version": 5}


async def test_sources_keep_edits(ask: Asking, store: Store) -> None:
    """A source finds a renamed label by either name, and replaces nothing that people said of it."""
    await bring(store, Class(name="VIP", priority=1, color="#111111"))
    (label,) = await store.find(LABELS, {})
    key = global_id("Label", label["_id"])
    await change(ask, "editLabel", EDITED, ADMIN, id=key, name="Gold", priority=5)
    for name in ("VIP", "gold"):
        await bring(store, Class(name=name, priority=1, color="#222222"), replace(PERSON, labels=(name,)))
    (found,) = (await ask("{ labels { name priority color version } }")).data["labels"]
    assert found == {"name": "Gold", "priority": 5, "color": "#222222", "version": 3}
    assert [one["label_id"] for one in (await the_customer(store))["labels"]] == [label["_id"]]
