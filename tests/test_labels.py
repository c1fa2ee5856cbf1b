"""Which classes of customer are there, and who belongs to them?"""

import asyncio
from typing import Any

import pytest

from adapters.records import new_id
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from resolvers.labels import CUSTOMER_LABELS, LABELS
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.crowd import label
from tests.makers import Makers
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
    assert await may(ask, "removeLabel", id="x") == {ADMIN}
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
