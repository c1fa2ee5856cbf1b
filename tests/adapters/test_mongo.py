"""The store says what happened in its own words, and does all of a change or none of it."""

import asyncio
import gc
import os
import signal
import warnings
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

from adapters.failures import Overtaken, Rearranging, StoreDown, StoreError, Taken
from adapters.mongo import Store
from adapters.records import Document, RecordId, new_id
from adapters.serverfacts import missing_indexes
from gateway.mongod import Mongod
from resolvers.campaigns import CAMPAIGNS
from resolvers.notes import NOTES
from resolvers.tickets import TICKETS
from tests.conftest import Commands
from tests.makers import BEGIN, Makers

pytestmark = pytest.mark.usefixtures("store")


def _note(text: str = "a", key: RecordId | None = None) -> dict[str, Any]:
    return {"_id": key or new_id(), "customer_id": new_id(), "text": text, "created_at": BEGIN}


def _campaign(name: str) -> dict[str, Any]:
    return {"_id": CAMPAIGNS.id_of({"name": name}), "name": name, "starts_at": None, "ends_at": None}


async def _texts(store: Store) -> list[str]:
    return sorted(one["text"] for one in await store.find(NOTES, {}))


async def test_taken_key(store: Store) -> None:
    """A key that is in use is said as Taken, with the record's name and never the value."""
    await store.insert(CAMPAIGNS, _campaign("Zed"))
    with pytest.raises(Taken) as caught:
        await store.insert(CAMPAIGNS, _campaign("Zed"))
    assert caught.value.record == "campaigns"
    assert "Zed" not in str(caught.value)


async def test_taken_index(store: Store) -> None:
    """A unique index is a key as well, also for a change of what is there."""
    await store.insert(CAMPAIGNS, _campaign("Zed"), _campaign("Yod"))
    with pytest.raises(Taken) as inserted:
        await store.insert(CAMPAIGNS, {**_campaign("Zed"), "_id": new_id()})
    with pytest.raises(Taken) as changed:
        await store.update(CAMPAIGNS, {"name": "Yod"}, {"$set": {"name": "Zed"}})
    with pytest.raises(Taken):
        await store.upsert(CAMPAIGNS, [(new_id(), {"$set": {"name": "Zed"}})])
    assert inserted.value.record == changed.value.record == "campaigns"
    assert "Zed" not in str(changed.value)


async def test_insert_in_order(store: Store) -> None:
    """Documents are added in order up to the first whose key is in use, and none behind it."""
    there = _note("there")
    await store.insert(NOTES, there)
    with pytest.raises(Taken):
        await store.insert(NOTES, _note("before"), there, _note("behind"))
    assert await _texts(store) == ["before", "there"]
    await store.insert(NOTES)


async def test_find_in_order(store: Store) -> None:
    """The documents that match, in order, at most so many."""
    await store.insert(NOTES, *(_note(text) for text in "cab"))
    found = await store.find(NOTES, {"text": {"$ne": "b"}}, order=[("text", -1)])
    assert [one["text"] for one in found] == ["c", "a"]
    assert len(await store.find(NOTES, {}, limit=2)) == 2
    assert await store.first(NOTES, {"text": "x"}) is None


async def test_by_ids(store: Store, commands: Commands) -> None:
    """Documents by their ids; absent ones are absent, and no ids cost no command."""
    one = _note()
    await store.insert(NOTES, one)
    with commands.counted() as sent:
        assert list(await store.by_ids(NOTES, [one["_id"], new_id(), one["_id"]])) == [one["_id"]]
        assert await store.by_ids(NOTES, []) == {}
    assert len(sent) == 1


async def test_moments_with_zone(store: Store) -> None:
    """Moments come back with their zone."""
    await store.insert(NOTES, _note())
    found = await store.first(NOTES, {})
    assert found is not None
    assert found["created_at"] == BEGIN


async def test_update_answers(store: Store) -> None:
    """A change answers the document as it is then, or None where none matches."""
    one = _note()
    await store.insert(NOTES, one)
    changed = await store.update(NOTES, {"_id": one["_id"]}, {"$set": {"text": "b"}})
    assert changed is not None
    assert changed["text"] == "b"
    assert await store.update(NOTES, {"_id": new_id()}, {"$set": {"text": "b"}}) is None


async def test_counts_answered(store: Store) -> None:
    """Changes of many answer how many were changed."""
    await store.insert(NOTES, *(_note(text) for text in "aab"))
    assert await store.update_all(NOTES, {"text": "a"}, {"$set": {"text": "c"}}) == 2
    key = new_id()
    changes: list[tuple[RecordId, Document]] = [(key, {"$set": {"text": "d"}})]
    assert await store.upsert(NOTES, changes) == (1, 0)
    assert await store.upsert(NOTES, [(key, {"$set": {"text": "e"}})]) == (0, 1)
    assert await store.delete(NOTES, {"text": "c"}) == 2
    assert await store.count(NOTES, {}) == 2


async def test_replaced_whole(store: Store) -> None:
    """A whole document takes the place of the one with its id, or is added."""
    one = _note()
    await store.replace(NOTES, [one])
    await store.replace(NOTES, [{"_id": one["_id"], "text": "b"}])
    assert await store.find(NOTES, {}) == [{"_id": one["_id"], "text": "b"}]
    await store.replace(NOTES, [])


async def test_transaction_whole(store: Store) -> None:
    """All of the work is done, and what it answers is answered."""

    async def work() -> int:
        await store.insert(NOTES, _note("a"))
        await store.insert(CAMPAIGNS, _campaign("Zed"))
        return await store.count(NOTES, {})

    assert await store.transact(work) == 1
    assert len(await store.find(CAMPAIGNS, {})) == 1


async def test_transaction_undone(store: Store) -> None:
    """Of work that fails nothing is done, whatever the failure."""

    async def work() -> None:
        await store.insert(NOTES, _note("a"))
        await store.update_all(NOTES, {}, {"$set": {"text": "b"}})
        raise ValueError("changed my mind")

    with pytest.raises(ValueError, match="changed my mind"):
        await store.transact(work)
    assert await _texts(store) == []


async def test_transaction_taken(store: Store) -> None:
    """A key that is in use ends the transaction as Taken, and nothing of it stays."""
    await store.insert(CAMPAIGNS, _campaign("Zed"))

    async def work() -> None:
        await store.insert(NOTES, _note("a"))
        await store.insert(CAMPAIGNS, _campaign("Zed"))

    with pytest.raises(Taken):
        await store.transact(work)
    assert await _texts(store) == []


async def test_transaction_repeated(store: Store) -> None:
    """On a passing conflict the work is done again: of many who count up at once no count is lost."""
    key = new_id()
    await store.insert(NOTES, {"_id": key, "n": 0})
    runs = 0

    async def work() -> None:
        nonlocal runs
        runs += 1
        found = await store.first(NOTES, {"_id": key})
        assert found is not None
        await asyncio.sleep(0.01)
        await store.update(NOTES, {"_id": key}, {"$set": {"n": found["n"] + 1}})

    await asyncio.gather(*(store.transact(work) for _ in range(5)))
    found = await store.first(NOTES, {"_id": key})
    assert found is not None
    assert found["n"] == 5 < runs


async def test_transaction_joined(store: Store) -> None:
    """A transaction inside another joins it: when the outer one fails, nothing of the inner one stays."""

    async def inner() -> None:
        await store.insert(NOTES, _note("inner"))

    async def outer() -> None:
        await store.transact(inner)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await store.transact(outer)
    assert await _texts(store) == []


async def test_transaction_unseen(store: Store) -> None:
    """Nobody outside sees a transaction's work before it is done."""
    seen: list[list[str]] = []
    written, looked = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await store.insert(NOTES, _note("a"))
        written.set()
        await looked.wait()

    async def look() -> None:
        await written.wait()
        seen.append(await _texts(store))
        looked.set()

    await asyncio.gather(store.transact(work), look())
    assert seen == [[]]
    assert await _texts(store) == ["a"]


async def test_overtaken_said(store: Store) -> None:
    """What someone else changed since a transaction read it is Overtaken, and the work is done again on the new."""
    key = new_id()
    await store.insert(NOTES, {"_id": key, "n": 0})
    errors: list[StoreError] = []

    async def work() -> None:
        if not errors:
            await store.first(NOTES, {"_id": key})
            # Beside the transaction that is open.
            await store._database[NOTES.name].update_one({}, {"$inc": {"n": 1}})
        try:
            await store.update(NOTES, {"_id": key}, {"$inc": {"n": 1}})
        except StoreError as error:
            errors.append(error)
            raise

    await store.transact(work)
    assert [type(error) for error in errors] == [Overtaken]
    found = await store.first(NOTES, {"_id": key})
    assert found is not None
    assert found["n"] == 2


async def test_refused_command(store: Store) -> None:
    """What the database refuses is said by its code, without the driver's words."""
    with pytest.raises(StoreError, match=r"The database refused a command \(code \d+\)"):
        await store.find(NOTES, {"$nonsense": "Zed"})


@pytest.mark.deep
async def test_index_in_the_making(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stood at one moment is asked for again while an index is in the making, and is refused after some times."""
    await store.insert(NOTES, _note("a"))
    asked, made_after = 0, 3
    before = AsyncCollection.aggregate

    async def aggregate(self: AsyncCollection[Any], *args: Any, **options: Any) -> Any:
        nonlocal asked
        asked += 1
        if self.read_concern.level == "snapshot" and asked < made_after:
            raise OperationFailure("Unable to read from a snapshot due to pending collection catalog changes", 246)
        return await before(self, *args, **options)

    monkeypatch.setattr(AsyncCollection, "aggregate", aggregate)
    assert len(await store.aggregate(NOTES, [{"$match": {"text": "a"}}], at_one_moment=True)) == 1
    assert asked == made_after
    made_after = 100
    with pytest.raises(Rearranging):
        await store.aggregate(NOTES, [], at_one_moment=True)


async def test_store_down() -> None:
    """Where no primary answers within ten seconds the store says StoreDown and what to do."""
    with pytest.raises(StoreDown, match="Check that it runs"):
        await Store.open("mongodb://127.0.0.1:9/", "nothing", [])
    # The driver leaves sockets that were refused to the collector, which would blame another test.
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        gc.collect()


@pytest.mark.parametrize(
    "url", ["", "http://127.0.0.1", "mongodb://", "mongodb://127.0.0.1:port/", "mongodb://us:er@a:b@c/"]
)
async def test_wrong_url(url: str) -> None:
    """A URL that is none is the store's error, not the driver's."""
    with pytest.raises(StoreError, match=r"URL cannot be read\. Send one such as"):
        await Store.open(url, "nothing", [])


async def test_climb_goes_on(tmp_path: Path) -> None:
    """What only climbs is raised also where the database breaks off at that moment and comes back; it never sinks."""
    async with Mongod(tmp_path / "data") as mongod:
        store = await Store.open(mongod.url, "climbing", [NOTES])
        low, high = _note("low"), _note("high")
        await store.insert(NOTES, low, high)
        assert mongod.pid is not None
        os.kill(mongod.pid, signal.SIGKILL)
        await store.climb(NOTES, "text", {low["_id"]: "middle", high["_id"]: "a"})
        assert await _texts(store) == ["high", "middle"]
        await store.close()


async def test_closes_without_database(tmp_path: Path) -> None:
    """Whoever closes a store whose database is gone does not wait for it."""
    async with Mongod(tmp_path / "data") as mongod:
        store = await Store.open(mongod.url, "closing", [NOTES])
    async with asyncio.timeout(5):
        await store.close()


async def test_everything_indexed(store: Store) -> None:
    """Every declared index is there; preparing again changes nothing."""
    await store.prepare()
    assert await missing_indexes(store) == []
    there = await store._database[TICKETS.name].index_information()
    assert {"customer_id_1_created_at_1__id_1", "customer_id_1_channel_1_created_at_1__id_1"} <= set(there)


async def test_prepared_at_once(store: Store) -> None:
    """Several processes may prepare the same database at once."""
    await asyncio.gather(*(store.prepare() for _ in range(3)))
    assert await missing_indexes(store) == []


async def test_maker_stands(make: Makers) -> None:
    """What the makers put into the store is found by its owner."""
    one = await make.customer()
    await make.note(one)
    assert await make.store.count(NOTES, {"customer_id": one.key}) == 1
