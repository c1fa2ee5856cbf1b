"""Loads that are asked for side by side go as one command, and stop when nobody waits for them."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from adapters import mongo, window_load
from adapters.failures import StoreRefused
from adapters.loads import Join, Sweep
from adapters.mongo import Store
from adapters.records import Document, Record, RecordId
from adapters.windows import Owner, Strand, Window
from gateway.mongod import Mongod
from tests.conftest import Commands
from tests.waiting import until

NOTES = Record(name="leaves")
OWNERS: list[Owner] = [{"leaves": [RecordId(bytes([n] * 12))]} for n in range(3)]
STRAND = Strand(record=NOTES, order="at")


@pytest.fixture(scope="module")
async def leaves(mongod: Mongod, commands: Commands) -> AsyncIterator[Store]:
    """A store of one collection."""
    store = await Store.open(mongod.url, "levels", [NOTES], observer=commands)
    await store.prepare()
    rows = [{"_id": RecordId(), "customer_id": owner["leaves"][0], "at": n} for owner in OWNERS for n in range(5)]
    await store.delete(NOTES, {})
    await store.insert(NOTES, *rows)
    yield store
    await store.close()


async def test_one_command(leaves: Store, commands: Commands) -> None:
    """What is asked for the same owners at once is one command; each gets its own answer."""
    with commands.counted() as sent:
        rows, counts, every = await asyncio.gather(
            leaves.windows(OWNERS, [STRAND], Window(limit=2)),
            leaves.counts(OWNERS, [STRAND]),
            leaves.every(OWNERS, NOTES),
        )
    assert [name for name, _ in sent] == ["aggregate"]
    assert ([len(one) for one in rows], counts, [len(one) for one in every]) == ([2] * 3, [5] * 3, [5] * 3)


async def test_other_owners_apart(leaves: Store, commands: Commands) -> None:
    """Loads for other owners are commands of their own."""
    with commands.counted() as sent:
        found = await asyncio.gather(leaves.counts(OWNERS, [STRAND]), leaves.counts(OWNERS[:1], [STRAND]))
    assert len(sent) == 2
    assert found == [[5, 5, 5], [5]]


@pytest.mark.parametrize("most", [1, 5, 7, 12, 14, 15, 100])
@pytest.mark.parametrize("is_descending", [True, False])
async def test_sweep_ends(
    leaves: Store, commands: Commands, monkeypatch: pytest.MonkeyPatch, most: int, is_descending: bool
) -> None:
    """However early a sweep comes to its bound, every owner has its rows; the unreached cost one command more."""
    monkeypatch.setattr(window_load, "_MOST_SWEPT", most)
    monkeypatch.setattr(window_load, "_SWEPT_PER_WANTED", 0)
    with commands.counted() as sent:
        found = await leaves.windows(OWNERS, [STRAND], Window(limit=2, is_descending=is_descending))
    assert [[row.order for row in rows] for rows in found] == [[4, 3] if is_descending else [0, 1]] * 3
    assert all(row.document.keys() == {"_id", "customer_id", "at"} for rows in found for row in rows)
    # Ten are behind two owners; the third has what is wanted with two more.
    assert len(sent) == (1 if most >= 12 else 2)


async def test_refused_union_joins(leaves: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a server takes no union, owners are read one by one."""
    asked = leaves._aggregate_all

    async def refusing(pipeline: Any) -> list[Document]:
        if any("$unionWith" in one for one in pipeline):
            raise StoreRefused("no unions here")
        return await asked(pipeline)

    monkeypatch.setattr(leaves._levels, "_aggregate", refusing)
    rows, counts, every = await asyncio.gather(
        leaves.windows(OWNERS, [STRAND], Window(limit=2)), leaves.counts(OWNERS, [STRAND]), leaves.every(OWNERS, NOTES)
    )
    assert ([[row.order for row in one] for one in rows], counts) == ([[0, 1]] * 3, [5] * 3)
    assert [len(one) for one in every] == [5] * 3


async def test_transaction_joins(leaves: Store) -> None:
    """Inside a transaction, where MongoDB unites nothing, the same is read."""

    async def work() -> Any:
        return await leaves.windows(OWNERS, [STRAND], Window(limit=2)), await leaves.counts(OWNERS[:1], [STRAND])

    rows, counts = await leaves.transact(work)
    assert ([[row.order for row in one] for one in rows], counts) == ([[0, 1]] * 3, [5])


async def test_refused_together_goes_alone(leaves: Store, commands: Commands) -> None:
    """What is too large for one document together is read one by one, and what is too large alone fails alone."""
    key = RecordId()
    await leaves.insert(NOTES, *({"_id": RecordId(), "customer_id": key, "text": "x" * 1_000_000} for _ in range(9)))
    twice = ({"$set": {"again": "$text"}},)
    loads = [_Joined("leaves", key), _Joined("leaves", key, twice), _Joined("leaves", key)]
    with commands.counted() as sent:
        found = await asyncio.gather(*map(leaves._levels.ask, loads), return_exceptions=True)
    await leaves.delete(NOTES, {"customer_id": key})
    assert [str(command).count("$lookup") for _, command in sent] == [3, 1, 1, 1]
    assert isinstance(found[1], StoreRefused)
    assert [[len(rows) for rows in one] for one in (found[0], found[2]) if isinstance(one, list)] == [[9], [9]]


@dataclass(frozen=True)
class _Joined:
    """All documents of one owner in a collection, or what takes for ever, read without a sweep."""

    name: str
    key: RecordId
    stages: tuple[Document, ...] = ()

    @property
    def owners(self) -> list[Owner]:
        return [{self.name: [self.key]}]

    def sweeps(self) -> list[Sweep]:
        return []

    def gathered(self, swept: Any) -> list[Any]:
        raise NotImplementedError

    def of(self, _owners: Any) -> "_Joined":
        return self

    def joins(self, name: str) -> list[Join]:
        record = Record(name=self.name)
        return [Join(name=f"{name}_0", record=record, owner_field="customer_id", stages=self.stages)]

    def shown(self, name: str) -> str:
        return f"${name}_0"

    def read(self, shown: Any) -> list[Any]:
        return list(shown)


# Each document is multiplied by a million and looked at: minutes of work.
SLOW: tuple[Document, ...] = (
    {"$set": {"a": {"$range": [0, 2_000]}}},
    {"$unwind": "$a"},
    {"$set": {"b": {"$range": [0, 2_000]}}},
    {"$unwind": "$b"},
    {"$group": {"_id": {"$mod": [{"$multiply": ["$a", "$b"]}, 7919]}, "n": {"$sum": 1}}},
)


async def _works(client: AsyncMongoClient[Any]) -> bool:
    """Whether an aggregation runs in the test's database."""
    cursor = await client.admin.aggregate(
        [{"$currentOp": {}}, {"$match": {"ns": {"$regex": "^levels"}, "op": "command"}}]
    )
    return any("aggregate" in one.get("command", {}) for one in await cursor.to_list())


async def _rests(client: AsyncMongoClient[Any]) -> bool:
    return not await _works(client)


async def test_cancelled_work_stops(mongod: Mongod, leaves: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """When everyone who waits gives up, the database stops working, long before the time that a load may take."""
    monkeypatch.setattr(mongo, "MAX_LOAD_MS", 60_000)
    slow = _Joined("leaves", OWNERS[0]["leaves"][0], SLOW)
    async with AsyncMongoClient(mongod.url) as client:
        both = [asyncio.create_task(leaves._levels.ask(slow)) for _ in range(2)]
        await until(lambda: _works(client))
        for one in both:
            one.cancel()
        await until(lambda: _rests(client))
    assert await leaves.counts(OWNERS[:1], [STRAND]) == [5]


async def test_one_gives_up(leaves: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as one waits, the database works on, and the answer comes."""
    real, has_left, may_arrive = leaves._aggregate_all, asyncio.Event(), asyncio.Event()

    async def late(pipeline: Any) -> list[Document]:
        found = await real(pipeline)
        has_left.set()
        await may_arrive.wait()
        return found

    monkeypatch.setattr(leaves._levels, "_aggregate", late)
    gone, stays = (asyncio.create_task(leaves.counts(OWNERS, [STRAND])) for _ in range(2))
    await until(has_left.is_set)
    gone.cancel()
    await asyncio.wait([gone])
    may_arrive.set()
    assert await asyncio.wait_for(stays, 5) == [5, 5, 5]


@pytest.mark.parametrize("stays", [0, 1])
async def test_gone_before_sent(leaves: Store, commands: Commands, stays: int) -> None:
    """What nobody waits for any more when the command leaves is not asked for."""
    with commands.counted() as sent:
        tasks = [asyncio.create_task(leaves.counts(OWNERS, [STRAND])) for _ in range(2 + stays)]
        for one in tasks[stays:]:
            # Behind the turn in which all have spoken, and ahead of the one in which the command leaves.
            asyncio.get_running_loop().call_soon(one.cancel)
        found = await asyncio.gather(*tasks, return_exceptions=True)
    assert found[:stays] == [[5, 5, 5]] * stays
    assert all(isinstance(one, asyncio.CancelledError) for one in found[stays:])
    assert [str(command).count("$unionWith") for _, command in sent] == [1] * stays
