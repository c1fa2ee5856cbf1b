"""Small and slowly changing records are held in every process, and never stale."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.failures import Taken
from adapters.mongo import Store
from adapters.records import Index, Record, new_id
from gateway.mongod import Mongod
from tests.conftest import Commands

WORDS = Record(name="words", customer=None, indexes=(Index(("word",), unique=True),), is_held=True)
OTHERS = Record(name="others", customer=None, is_held=True)


async def _open(mongod: Mongod, commands: Commands | None = None) -> Store:
    store = await Store.open(mongod.url, "held", [WORDS, OTHERS], observer=commands)
    await store.prepare()
    return store


@pytest.fixture
async def two(mongod: Mongod, commands: Commands) -> AsyncIterator[tuple[Store, Store]]:
    """Two processes' stores of one database; the first one follows its changes, and is listening."""
    first, second = await _open(mongod, commands), await _open(mongod)
    first.held.follow()
    await _until(lambda: _now(first.held.is_fresh))
    yield first, second
    await first.drop()
    await first.close()
    await second.close()


async def _now(value: bool) -> bool:
    return value


async def _until(holds: Callable[[], Awaitable[bool]], within_s: float = 5) -> None:
    async with asyncio.timeout(within_s):
        while not await holds():  # noqa: ASYNC110 - what is awaited happens in another process
            await asyncio.sleep(0.01)


def _word(text: str) -> dict[str, Any]:
    return {"_id": new_id(), "word": text}


async def _words(store: Store) -> set[str]:
    return {one["word"] for one in (await store.held.all(WORDS)).values()}


async def test_held_costs_nothing(two: tuple[Store, Store], commands: Commands) -> None:
    """What is held is read without a command, by id."""
    first, _ = two
    one = _word("a")
    await first.insert(WORDS, one)
    await _until(lambda: _costs_nothing(first, commands))
    assert await first.held.all(WORDS) == {one["_id"]: one}


async def _costs_nothing(store: Store, commands: Commands) -> bool:
    with commands.counted() as sent:
        await store.held.all(WORDS)
    return not sent


async def test_change_elsewhere_seen(two: tuple[Store, Store]) -> None:
    """What another process changes is seen within a second."""
    first, second = two
    one = _word("a")
    for change, words in (
        (lambda: second.insert(WORDS, one), {"a"}),
        (lambda: second.update(WORDS, {}, {"$set": {"word": "b"}}), {"b"}),
        (lambda: second.delete(WORDS, {}), set[str]()),
    ):
        await _words(first)
        await change()
        await _until(lambda words=words: _reads(first, words), within_s=1)  # type: ignore[misc]


async def _reads(store: Store, words: set[str]) -> bool:
    return await _words(store) == words


@pytest.fixture
async def deaf(two: tuple[Store, Store]) -> Store:
    """A store that holds its copies and hears of no change but its own: the stream is late."""
    _, second = two
    second.held._heard_at = asyncio.get_running_loop().time() + 60
    return second


async def test_own_write_read(deaf: Store) -> None:
    """What a process wrote itself it reads at once."""
    first = deaf
    one = _word("a")
    steps: list[tuple[Callable[[], Awaitable[Any]], set[str]]] = [
        (lambda: first.insert(WORDS, one), {"a"}),
        (lambda: first.update(WORDS, {}, {"$set": {"word": "b"}}), {"b"}),
        (lambda: first.update_all(WORDS, {}, {"$set": {"word": "c"}}), {"c"}),
        (lambda: first.replace(WORDS, [one]), {"a"}),
        (lambda: first.upsert(WORDS, [(new_id(), {"$set": {"word": "d"}})]), {"a", "d"}),
        (lambda: first.delete(WORDS, {}), set()),
    ]
    for step, words in steps:
        await _words(first)
        await step()
        assert await _words(first) == words


async def test_half_write_read(deaf: Store) -> None:
    """What was written before a write failed is read at once, too."""
    there = _word("there")
    await deaf.insert(WORDS, there)
    assert await _words(deaf) == {"there"}
    with pytest.raises(Taken):
        await deaf.insert(WORDS, _word("before"), there)
    assert await _words(deaf) == {"there", "before"}


async def test_transaction_read(deaf: Store) -> None:
    """What a transaction wrote is read as soon as it is done, also when someone read in between."""

    async def work() -> None:
        await deaf.insert(WORDS, _word("a"))
        assert await _words(deaf) == set()

    await deaf.transact(work)
    assert await _words(deaf) == {"a"}


async def test_loads_shared(two: tuple[Store, Store], commands: Commands) -> None:
    """Many who read at once cost one command."""
    first, _ = two
    await first.insert(OTHERS, {"_id": new_id()})
    with commands.counted() as sent:
        await asyncio.gather(*(first.held.all(OTHERS) for _ in range(20)))
    assert len(sent) <= 1


async def test_unfollowed_reads(two: tuple[Store, Store]) -> None:
    """Where no stream is heard every reader asks the database, and nothing is stale."""
    first, second = two
    for word in ("a", "b", "c"):
        await first.insert(WORDS, _word(word))
        assert word in await _words(second)
    await first.held.close()
    await second.insert(WORDS, _word("d"))
    assert "d" in await _words(first)


async def test_dropped_database(two: tuple[Store, Store]) -> None:
    """A stream that ended, as with a dropped database, is opened anew."""
    first, second = two
    await first.insert(WORDS, _word("a"))
    await second.drop()
    await _until(lambda: _reads(first, set()))
    await second.insert(WORDS, _word("b"))
    await _until(lambda: _reads(first, {"b"}))


async def test_server_killed(tmp_path: Path) -> None:
    """After the database was killed and came back, changes are seen as before."""
    async with Mongod(tmp_path / "data") as mongod:
        first, second = await _open(mongod), await _open(mongod)
        first.held.follow()
        await first.insert(WORDS, _word("a"))
        await _until(lambda: _reads(first, {"a"}))
        pid = mongod.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await second.insert(WORDS, _word("b"))
        await _until(lambda: _reads(first, {"a", "b"}), within_s=10)
        await second.insert(WORDS, _word("c"))
        await _until(lambda: _reads(first, {"a", "b", "c"}), within_s=10)
        await first.close()
        await second.close()
