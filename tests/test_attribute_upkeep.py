"""What a change of the customer schema means for the customers who are there already."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.contract.records import Person, Reach, Who
from adapters.mongo import Store
from resolvers import attribute_upkeep
from resolvers.attribute_schema import DEFINITIONS
from resolvers.customers import CUSTOMERS
from resolvers.ingest.report import TakenIn
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import Asking, Commands
from tests.crowd import attributes, definition
from tests.makers import Made, Makers
from tests.taking_in import bring

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


async def _workers(make: Makers, number: int) -> tuple[str, list[Made]]:
    """The id of a definition by which nobody is found yet, and customers who have a value of it."""
    made = await definition(make, "job", is_searchable=False)
    people = []
    for n in range(number):
        one = await make.customer(f"Ann{n}", None, search=[f"ann{n}"])
        await make.identity(one, "shop", str(n))
        await attributes(make, one, job="zookeeper")
        people.append(one)
    return global_id("AttributeDefinition", made), people


@asynccontextmanager
async def _held(store: Store, one: Made) -> AsyncIterator[None]:
    """Whoever writes this customer waits until the block ends, and then finds it as it was."""
    is_held = asyncio.Event()

    async def work() -> None:
        await store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"updated_by": "nobody"}})
        is_held.set()
        await asyncio.Event().wait()

    holding = asyncio.create_task(store.transact(work))
    await is_held.wait()
    try:
        yield
    finally:
        await _interrupt(holding)


async def _interrupt(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _sending(ask: Asking, key: str, *, is_searchable: bool) -> asyncio.Task[Any]:
    """An administrator's change of the definition, under way."""
    rules = {"isSearchable": is_searchable}
    return asyncio.create_task(change(ask, "changeAttributeDefinition", SHOWN, ADMIN, id=key, rules=rules))


async def _until_written(commands: Commands, batches: int, *, or_done: asyncio.Task[Any] | None = None) -> None:
    """Returns when so many batches of customers are on their way to the database."""
    async with asyncio.timeout(10):
        while sum(command.get("update") == CUSTOMERS.name for _, command in commands.seen) < batches:
            if or_done and or_done.done():
                return
            await asyncio.sleep(0.001)


async def _found(make: Makers, word: str = "zookeeper") -> int:
    return await make.store.count(CUSTOMERS, {"search": word})


async def test_interrupted_search_goes_on(
    ask: Asking, make: Makers, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where making customers found was interrupted, sending the same again goes on where it was."""
    monkeypatch.setattr(attribute_upkeep, "BATCH", 1)
    key, people = await _workers(make, 8)
    with commands.counted():
        async with _held(make.store, people[5]):
            first = _sending(ask, key, is_searchable=True)
            await _until_written(commands, 6)
            await _interrupt(first)
            assert await _found(make) == 5
    with commands.counted() as seen:
        await _sending(ask, key, is_searchable=True)
    assert await _found(make) == 8
    # One read for each who is left, perhaps one more for whom the interrupted write reaches late, and the last.
    assert sum(command.get("find") == CUSTOMERS.name for _, command in seen) <= 3 + 2


async def test_slower_change_adds_nothing(ask: Asking, make: Makers, commands: Commands) -> None:
    """Who was about to make customers found by an attribute does not, once it is searchable no longer."""
    key, people = await _workers(make, 3)
    with commands.counted():
        async with _held(make.store, people[0]):
            slow = _sending(ask, key, is_searchable=True)
            await _until_written(commands, 1)
            quick = _sending(ask, key, is_searchable=False)
            await _until_written(commands, 2, or_done=quick)
        await asyncio.gather(slow, quick)
    assert await _found(make) == 0


async def test_newer_rule_begins_anew(
    ask: Asking, make: Makers, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer rule whose sender was interrupted is carried through from the first customer by who is at it."""
    monkeypatch.setattr(attribute_upkeep, "BATCH", 1)
    key, people = await _workers(make, 3)
    with commands.counted():
        async with _held(make.store, people[1]):
            older = _sending(ask, key, is_searchable=True)
            await _until_written(commands, 2)
            async with _held(make.store, people[0]):
                newer = _sending(ask, key, is_searchable=False)
                await _until_written(commands, 3)
                await _interrupt(newer)
        await older
    assert await _found(make) == 0


async def test_two_attributes_at_once(ask: Asking, make: Makers, commands: Commands) -> None:
    """Of two attributes that become searchable at once, neither takes away the words of the other."""
    neighbour = await make.customer(search=["ann", "lee"])
    job, (worker,) = await _workers(make, 1)
    town = global_id("AttributeDefinition", await definition(make, "town", is_searchable=False))
    for one in (neighbour, worker):
        await attributes(make, one, town="Ulm")
    with commands.counted():
        async with _held(make.store, neighbour):
            slow = _sending(ask, town, is_searchable=True)
            await _until_written(commands, 1)
            await _sending(ask, job, is_searchable=True)
        await slow
    assert (await _found(make), await _found(make, "ulm")) == (1, 2)


async def test_words_given_meanwhile_stay(ask: Asking, make: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contact point that is added while an attribute is made searchable is found as well."""
    monkeypatch.setattr(attribute_upkeep, "BATCH", 10)
    key, _ = await _workers(make, 30)
    people = [
        Person(who=Who("shop", "main", str(n)), reaches=[Reach(type="EMAIL", value=f"ann{n}@example.com")])
        for n in range(30)
    ]
    await asyncio.gather(_sending(ask, key, is_searchable=True), *(bring(make.store, one) for one in people))
    for n in range(30):
        assert await make.store.count(CUSTOMERS, {"search": {"$all": ["zookeeper", f"ann{n}@example.com"]}}) == 1


async def test_taken_in_by_older_rule(ask: Asking, make: Makers) -> None:
    """Who is being taken in while an attribute stops being searchable is not found by it."""
    key, _ = await _workers(make, 1)
    await make.store.update(DEFINITIONS, {"name": "job"}, {"$set": {"is_searchable": True}})
    has_begun = asyncio.Event()

    async def stop() -> None:
        await has_begun.wait()
        await _sending(ask, key, is_searchable=False)

    async def work() -> TakenIn:
        # What a transaction reads first is what all of it sees.
        await make.store.first(DEFINITIONS, {"name": "job"})
        has_begun.set()
        await stopping
        return await bring(make.store, Person(who=Who("shop", "main", "0"), attributes={"firstName": "Zoe"}))

    stopping = asyncio.create_task(stop())
    await make.store.transact(work)
    assert (await _found(make), await _found(make, "zoe")) == (0, 1)


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


async def test_pattern_holds_nobody_up(ask: Asking, make: Makers) -> None:
    """A pattern over which a backtracking reader would sit for ever is judged at once, by stored and by new values."""
    key = global_id("AttributeDefinition", await definition(make, "tier"))
    one = await make.customer()
    await attributes(make, one, tier="a" * 40 + "!")
    rules = {"pattern": "(a+)+"}
    found = await change(ask, "changeAttributeDefinition", "__typename", as_=ADMIN, id=key, rules=rules)
    assert (found["code"], "1 customers" in found["message"]) == ("CONFLICT", True)
    await attributes(make, one, tier="a")
    await change(ask, "changeAttributeDefinition", "__typename", as_=ADMIN, id=key, rules=rules)
    edit = {"attributes": [{"name": "tier", "value": "a" * 40 + "!"}]}
    answer = await ask("query ($id: ID!) { customer(id: $id) { version } }", id=one.id)
    version = answer.data["customer"]["version"]
    found = await change(ask, "editCustomer", "__typename", id=one.id, version=version, **edit)
    assert (found["code"], "(a+)+" in found["message"]) == ("INVALID_INPUT", True)
