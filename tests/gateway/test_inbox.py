"""Deliveries that come together are written together, and no more wait than may."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.contract.deliveries import Delivery
from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import Document
from gateway import inbox
from gateway.inbox import Full, Inbox
from resolvers.deliveries.waiting import DELIVERIES, delivery_document
from resolvers.kit.shift import Knocks
from tests.conftest import Commands
from tests.waiting import until


def delivery(box: Inbox, key: str, body: bytes = b"{}") -> Document:
    """A delivery that comes now."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    made = Delivery(method="POST", query={}, headers={}, body=body, received_at=at)
    return delivery_document(made, channel="toy", account="main", key=key, sequence=box.turn())


@pytest.fixture
def box(store: Store) -> Inbox:
    """An inbox of nobody's but the test's."""
    return Inbox(store, Knocks())


async def keep(box: Inbox, *keys: str) -> list[Any]:
    """What becomes of deliveries that come together."""
    return await asyncio.gather(*(box.keep(delivery(box, key)) for key in keys), return_exceptions=True)


async def test_one_at_once(box: Inbox, commands: Commands) -> None:
    """A delivery that comes alone is written by one command."""
    with commands.counted() as seen:
        assert await keep(box, "a") == [True]
    assert [name for name, _ in seen] == ["insert"]


async def test_together(box: Inbox, store: Store, commands: Commands) -> None:
    """A hundred that come together take one command; those that come meanwhile wait for the next."""
    with commands.counted() as seen:
        first = asyncio.create_task(keep(box, *map(str, range(100))))
        await until(lambda: seen)
        later = await keep(box, *map(str, range(100, 150)))
    assert (await first) + later == [True] * 150
    assert [name for name, _ in seen] == ["insert"] * 2
    kept = await store.find(DELIVERIES, {}, order=[("sequence", 1)])
    assert len({one["sequence"] for one in kept}) == 150


async def test_crowd_gathered(box: Inbox, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where several come at once, those who come a moment later are written together, too."""
    monkeypatch.setattr(inbox, "_GATHER_S", 0.5)
    with commands.counted() as seen:
        crowd = asyncio.create_task(keep(box, "a", "b"))
        await crowd
        later = []
        for key in "cdef":
            later.append(asyncio.create_task(keep(box, key)))
            await asyncio.sleep(0.01)
        await asyncio.gather(*later)
    written = [command["documents"] for _, command in seen if command.get("insert") == DELIVERIES.name]
    assert list(map(len, written)) == [2, 4]


async def test_repeated_among_others(box: Inbox, store: Store) -> None:
    """One that is there already stands in no other's way."""
    await keep(box, "b")
    assert await keep(box, "a", "b", "c") == [True, False, True]
    assert await store.count(DELIVERIES, {}) == 3


async def test_many_commands(box: Inbox, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is bounded in documents and in bytes."""
    monkeypatch.setattr(inbox, "_DOCUMENTS_AT_ONCE", 2)
    monkeypatch.setattr(inbox, "_BYTES_AT_ONCE", 10)
    with commands.counted() as seen:
        await asyncio.gather(*(box.keep(delivery(box, str(n), b"x" * n)) for n in (1, 1, 6, 6, 4, 20)))
    assert [len(command["documents"]) for _, command in seen] == [2, 1, 2, 1]


@pytest.mark.parametrize(("bound", "most"), [("_WAITING_AT_MOST", 3), ("_WAITING_BYTES", 6)])
async def test_full(box: Inbox, monkeypatch: pytest.MonkeyPatch, bound: str, most: int) -> None:
    """Beyond the bound nothing is taken that would wait longer than a vendor; afterwards it is again."""
    monkeypatch.setattr(inbox, bound, most)
    found = await keep(box, "a", "b", "c", "d", "e")
    assert [one if one is True else type(one) for one in found] == [True] * 3 + [Full] * 2
    assert await keep(box, "d") == [True]


async def test_failing_write(box: Inbox) -> None:
    """Where a write fails everyone who waits for it hears so, and the next are written."""
    bad = {**delivery(box, "a"), "sequence": 2**70}
    found = await asyncio.gather(box.keep(bad), box.keep(delivery(box, "b")), return_exceptions=True)
    assert all(isinstance(one, Exception) for one in found)
    assert await keep(box, "c") == [True]


async def test_unsafe_write(box: Inbox, store: Store) -> None:
    """A write that is refused is no acknowledgement."""
    await store._database.command({"collMod": DELIVERIES.name, "validator": {"lane": {"$lt": 0}}})
    try:
        assert isinstance((await keep(box, "a"))[0], StoreError)
    finally:
        await store._database.command({"collMod": DELIVERIES.name, "validator": {}})
