"""What a change of the customer schema means for the customers who are there already."""

import asyncio
from typing import Any

import pytest

from adapters.contract import Person, Reach, Who
from resolvers import attribute_upkeep
from resolvers.attribute_schema import DEFINITIONS
from resolvers.customers import CUSTOMERS
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import NOW, Asking, Commands
from tests.crowd import attributes, definition
from tests.makers import Makers

ADMIN = Role.ADMINISTRATOR
SHOWN = "definition { id name label type maxLength isRequired isPersonal order choices isSystem }"
VALUES = "attributes { name label category value isHidden observedFrom isVerified }"


async def test_search_follows_definition(ask: Asking, make: Makers) -> None:
    """Who is found by an attribute follows its definition, for customers who were there before."""
    made = await definition(make, "job", is_searchable=False)
    one = await make.customer()
    await attributes(make, one, job="zookeeper")
    for is_searchable, expected in ((True, [one.id]), (False, [])):
        rules = {"isSearchable": is_searchable}
        await change(
            ask, "changeAttributeDefinition", SHOWN, as_=ADMIN, id=global_id("AttributeDefinition", made), rules=rules
        )
        found = await ask('{ customers(search: "zookeeper") { nodes { id } } }')
        assert [node["id"] for node in found.data["customers"]["nodes"]] == expected


async def _workers(make: Makers, number: int) -> str:
    """Customers with a job, by which nobody is found yet; the definition's id."""
    made = await definition(make, "job", is_searchable=False)
    for n in range(number):
        one = await make.customer(f"Ann{n}", None)
        await make.identity(one, "shop", str(n))
        await attributes(make, one, job="zookeeper")
    return global_id("AttributeDefinition", made)


async def test_interrupted_search_goes_on(
    ask: Asking, make: Makers, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where making customers found was interrupted, sending the same again goes on where it was."""
    monkeypatch.setattr(attribute_upkeep, "BATCH", 1)
    sent: dict[str, Any] = {"id": await _workers(make, 40), "rules": {"isSearchable": True}}
    first = asyncio.create_task(change(ask, "changeAttributeDefinition", SHOWN, ADMIN, **sent))
    while await make.store.count(CUSTOMERS, {"search": "zookeeper"}) < 20:
        pass
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    done = await make.store.count(CUSTOMERS, {"search": "zookeeper"})
    assert done < 40
    with commands.counted() as seen:
        await change(ask, "changeAttributeDefinition", SHOWN, ADMIN, **sent)
    assert await make.store.count(CUSTOMERS, {"search": "zookeeper"}) == 40
    # One read for each who is left, perhaps one who was done and not yet noted, and the last, which finds nobody.
    assert sum(command.get("find") == CUSTOMERS.name for _, command in seen) <= 40 - done + 2


async def test_search_changed_while_made(ask: Asking, make: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever administrators send while it is under way, customers are found as the definition says at the end."""
    monkeypatch.setattr(attribute_upkeep, "BATCH", 3)
    key = await _workers(make, 40)
    sent = [
        change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=key, rules={"isSearchable": one})
        for one in (True, False, True, False)
    ]
    await asyncio.gather(*sent)
    is_searchable = (await make.store.first(DEFINITIONS, {"name": "job"}))["is_searchable"]
    assert await make.store.count(CUSTOMERS, {"search": "zookeeper"}) == (40 if is_searchable else 0)


async def test_words_given_meanwhile_stay(ask: Asking, make: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact point that is added while an attribute is made searchable is found as well."""
    monkeypatch.setattr(attribute_upkeep, "BATCH", 20)
    key = await _workers(make, 60)
    people = [
        Person(who=Who("shop", "main", str(n)), reaches=[Reach(type="EMAIL", value=f"ann{n}@example.com")])
        for n in range(60)
    ]
    rules = {"isSearchable": True}
    await asyncio.gather(
        change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=key, rules=rules),
        *(take(make.store, [one], at=NOW, by="shop") for one in people),
    )
    for n in range(60):
        assert await make.store.count(CUSTOMERS, {"search": {"$all": ["zookeeper", f"ann{n}@example.com"]}}) == 1


async def test_removed_value_not_found(ask: Asking, make: Makers) -> None:
    """What was removed with its definition is found no longer."""
    made = await definition(make, "job", is_searchable=True)
    one = await make.customer(search=["zookeeper"])
    await attributes(make, one, job="zookeeper")
    await change(
        ask,
        "removeAttributeDefinition",
        "valuesRemoved",
        as_=ADMIN,
        id=global_id("AttributeDefinition", made),
        withValues=True,
    )
    found = await ask('{ customers(search: "zookeeper") { totalCount } }')
    assert found.data["customers"]["totalCount"] == 0
