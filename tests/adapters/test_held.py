"""Small and slowly changing records are held in every process, and never stale."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pymongo.asynchronous.cursor import AsyncCursor

from adapters.failures import Taken
from adapters.held import Change
from adapters.mongo import Store
from adapters.records import Index, Record, new_id
from gateway.mongod import Mongod
from tests.conftest import Commands
from tests.waiting import until

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
    await until(lambda: first.held.is_fresh)
    yield first, second
    await first.drop()
    await first.close()
    await second.close()


def _word(text: str) -> dict[str, Any]:
    return {"_id": new_id(), "word": text}


async def _words(store: Store) -> set[str]:
    return {one["word"] for one in (await store.held.all(WORDS)).values()}


async def test_held_costs_nothing(two: tuple[Store, Store], commands: Commands) -> None:
    """What is held is read without a command, by id."""
    first, _ = two
    one = _word("a")
    await first.insert(WORDS, one)
    await until(lambda: _costs_nothing(first, commands))
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
        await until(lambda words=words: _reads(first, words), within_s=1)  # type: ignore[misc]


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


async def test_unfollowed_reads(two: tuple[Store, Store], commands: Commands) -> None:
    """Where no stream is heard every reader asks the database, and nothing is stale."""
    first, second = two
    for word in ("a", "b", "c"):
        await first.insert(WORDS, _word(word))
        assert word in await _words(second)
    await until(lambda: _costs_nothing(first, commands))
    await first.held.close()
    await second.insert(WORDS, _word("d"))
    assert "d" in await _words(first)


async def test_heard_again(two: tuple[Store, Store], commands: Commands) -> None:
    """What changed while no stream was heard is seen as soon as one is heard again."""
    first, second = two
    await first.insert(WORDS, _word("a"))
    await until(lambda: _costs_nothing(first, commands))
    await first.held.close()
    await second.insert(WORDS, _word("b"))
    first.held.follow()
    await until(lambda: first.held.is_fresh)
    assert await _words(first) == {"a", "b"}


async def test_silence_noticed(two: tuple[Store, Store]) -> None:
    """Two seconds after the stream was heard of last, a copy is trusted no more."""
    first, second = two
    second.held._heard_at = asyncio.get_running_loop().time() - 1.5
    assert await _words(second) == set()
    await first.insert(WORDS, _word("a"))
    await until(lambda: _reads(second, {"a"}), within_s=1.5)


class Late:
    """The first answer has left the database, and arrives when the test lets it."""

    def __init__(self) -> None:
        self.has_left, self.may_arrive = asyncio.Event(), asyncio.Event()

    async def hold(self) -> None:
        """Keeps the first answer back, and no other."""
        if not self.has_left.is_set():
            self.has_left.set()
            await self.may_arrive.wait()


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Late:
    """Keeps the answer to the next question back."""
    late, real = Late(), AsyncCursor.to_list

    async def to_list(cursor: Any) -> Any:
        found = await real(cursor)
        await late.hold()
        return found

    monkeypatch.setattr(AsyncCursor, "to_list", to_list)
    return late


async def test_change_during_load(deaf: Store, late: Late) -> None:
    """What was read before a change and arrived after it is not kept."""
    reading = asyncio.create_task(_words(deaf))
    await until(late.has_left.is_set)
    await deaf.insert(WORDS, _word("a"))
    late.may_arrive.set()
    assert await reading == set()
    assert await _words(deaf) == {"a"}


async def test_reader_behind_change(deaf: Store, late: Late) -> None:
    """Who reads behind a change is not given what someone else began to read before it."""
    before = asyncio.create_task(_words(deaf))
    await until(late.has_left.is_set)
    await deaf.insert(WORDS, _word("a"))
    behind = asyncio.create_task(_words(deaf))
    await asyncio.sleep(0)
    late.may_arrive.set()
    assert (await before, await behind) == (set(), {"a"})


async def test_reader_gives_up(deaf: Store, late: Late) -> None:
    """Of many who wait for one answer, who gives up takes it from nobody else."""
    await deaf.insert(WORDS, _word("a"))
    gone = asyncio.create_task(_words(deaf))
    await until(late.has_left.is_set)
    stays = asyncio.create_task(_words(deaf))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    late.may_arrive.set()
    assert await stays == {"a"}


async def test_dropped_database(two: tuple[Store, Store]) -> None:
    """A stream that ended, as with a dropped database, is opened anew."""
    first, second = two
    await first.insert(WORDS, _word("a"))
    await second.drop()
    await until(lambda: not first.held.is_fresh)
    await second.insert(WORDS, _word("b"))
    await until(lambda: first.held.is_fresh)
    # Read from the copy now, which only the stream can make true.
    await until(lambda: _reads(first, {"b"}), within_s=1)


async def test_server_killed(tmp_path: Path) -> None:
    """After the database was killed and came back, changes are seen as before."""
    async with Mongod(tmp_path / "data") as mongod:
        first, second = await _open(mongod), await _open(mongod)
        first.held.follow()
        await first.insert(WORDS, _word("a"))
        await until(lambda: first.held.is_fresh)
        assert await _words(first) == {"a"}
        pid = mongod.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await second.insert(WORDS, _word("b"))
        back_at = asyncio.get_running_loop().time()
        await until(lambda: first.held._heard_at > back_at, within_s=20)
        await until(lambda: _reads(first, {"a", "b"}), within_s=1)
        await second.insert(WORDS, _word("c"))
        await until(lambda: _reads(first, {"a", "b", "c"}), within_s=1)
        await first.close()
        await second.close()


MANY = Record(name="many", watched=frozenset({"claim"}))


@pytest.fixture
async def heard(mongod: Mongod) -> AsyncIterator[tuple[Store, list[Change | None]]]:
    """Another process's store, and what is heard of what it does."""
    here, there = [await Store.open(mongod.url, "heard", [MANY]) for _ in range(2)]
    await there.prepare()
    told: list[Change | None] = []
    here.held.hear(MANY, told.append)
    here.held.follow()
    await until(lambda: here.held.is_fresh)
    yield there, told
    await here.drop()
    await here.close()
    await there.close()


async def test_watched_is_told(heard: tuple[Store, list[Change | None]]) -> None:
    """Of a watched collection each change is told that matters: whose it is, where that is known, and no other."""
    there, told = heard
    one, owner = new_id(), new_id()
    await there.insert(MANY, {"_id": one, "customer_id": owner, "claim": "a", "seen": 1})
    await there.update(MANY, {}, {"$set": {"seen": 2}})
    await there.update(MANY, {}, {"$set": {"seen": 3, "claim": "b"}})
    await there.replace(MANY, [{"_id": one, "customer_id": owner, "claim": "c"}])
    await there.delete(MANY, {})
    await until(lambda: len(told) == 5)
    whole, part = Change(one, owner), Change(one, None)
    # First that nobody knows what was before.
    assert told == [None, whole, part, whole, part]


async def test_watched_is_not_held(heard: tuple[Store, list[Change | None]]) -> None:
    """Nothing of a collection that is only watched is kept in the process, and whoever is deaf again hears nothing."""
    there, told = heard
    deafen = there.held.hear(MANY, told.append)
    deafen()
    there.held.follow()
    await until(lambda: there.held.is_fresh)
    await there.insert(MANY, {"_id": new_id()})
    await until(lambda: len(told) == 2)
    assert there.held.at_hand(MANY) is None
