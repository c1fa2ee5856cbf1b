"""Does an import by several processes end as one by this process alone, whatever ends in between?"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from adapters.mongo import Store
from adapters.records import Document
from gateway.importing import IMPORTS, CannotImport, Crew, LostHands, crew, crew_for, run
from gateway.importing.mapping import read_mapping
from gateway.mongod import Mongod
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.purchases import PURCHASES
from tests.gateway.processes import is_running
from tests.importing.conftest import Shop
from tests.waiting import until

ROWS = 900
HEADER = "order,customer,day,product,pieces,price\n"
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def hands() -> Iterator[Crew]:
    """Two processes."""
    with Crew(2) as made:
        yield made


@pytest.fixture
def big(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop with orders of two rows, the second far behind the first, and some bad rows; batches are small."""
    monkeypatch.setattr(run, "BATCH", 40)
    rows = [f"O{n % (ROWS // 2)},{n % (ROWS // 2) % 97},03.01.2026,Bell,1,{n}.50" for n in range(ROWS)]
    rows[7::100] = [f"X{n},{n},never,Bell,1,1" for n in range(len(rows[7::100]))]
    shop.files["sales.csv"] = HEADER + "\n".join(rows) + "\n"
    return shop


async def test_crew_same(big: Shop, hands: Crew, store: Store) -> None:
    """The crew stores, counts and rejects what one process does."""
    by_crew = await big.bring_in(crew=hands)
    stored, rejected = await _state(store), big.rejected("sales.orders.rejected.csv")
    for record in (*store.records.values(), IMPORTS):
        await store.delete(record, {})
    alone = await big.bring_in()
    assert by_crew.rows == alone.rows == ROWS + 2
    assert [one.counts for one in by_crew.sections] == [one.counts for one in alone.sections]
    assert stored == await _state(store)
    assert sorted(rejected) == sorted(big.rejected("sales.orders.rejected.csv"))
    assert len(rejected) == len(range(7, ROWS, 100))


async def test_crew_again(big: Shop, hands: Crew, store: Store) -> None:
    """The same crew serves one import after the other, and the same files change nothing."""
    await big.bring_in(crew=hands)
    before = await _state(store)
    again = await big.bring_in(crew=hands)
    assert {one.counts["inserted"] for one in again.sections} == {0}
    assert await _state(store) == before


async def test_crew_rehearsal(big: Shop, hands: Crew, store: Store) -> None:
    """A rehearsal by a crew counts and writes nothing."""
    summary = await big.bring_in(crew=hands, is_rehearsal=True)
    assert summary.sections[1].counts["inserted"] > 0
    assert not any([await store.count(record, {}) for record in (CUSTOMERS, PURCHASES, IMPORTS)])


@pytest.fixture
async def brief_transactions(mongod: Mongod) -> AsyncIterator[None]:
    """A database that soon gives up the transaction of whoever was killed."""
    async with AsyncMongoClient(mongod.url) as client:
        before = await client.admin.command("setParameter", 1, transactionLifetimeLimitSeconds=1)
        yield
        await client.admin.command("setParameter", 1, transactionLifetimeLimitSeconds=before["was"])


@pytest.mark.usefixtures("brief_transactions")
async def test_crew_lost(big: Shop, store: Store) -> None:
    """A process that is killed in the middle ends the import in words; the same one goes on behind what is stored."""
    with Crew(2) as hands:
        under_way = asyncio.create_task(big.bring_in(crew=hands))

        async def has_begun() -> bool:
            return under_way.done() or await store.count(PURCHASES, {}) > 0

        await until(has_begun)
        os.kill(hands.pids[0], signal.SIGKILL)
        with pytest.raises(LostHands, match="the same command goes on"):
            await under_way
    stored = await store.count(PURCHASES, {})
    with Crew(2) as hands:
        summary = await big.bring_in(crew=hands)
    whole = await store.count(PURCHASES, {})
    assert 0 < stored < whole == summary.sections[1].counts["inserted"]
    assert "An earlier run was interrupted" in big.printed.getvalue()


def _send(hands: Crew, number: signal.Signals) -> None:
    for pid in hands.pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@pytest.fixture
def stopped(big: Shop, monkeypatch: pytest.MonkeyPatch) -> Callable[[Crew], Awaitable[asyncio.Task[Any]]]:
    """An import that was stopped, as with Ctrl-C, while the crew stands still in the middle of a batch."""

    async def stop(hands: Crew) -> asyncio.Task[Any]:
        works, submit = [], hands._pool.submit

        def noting(*args: Any, **more: Any) -> Any:
            works.append(submit(*args, **more))
            return works[-1]

        monkeypatch.setattr(hands._pool, "submit", noting)
        _send(hands, signal.SIGSTOP)
        under_way = asyncio.create_task(big.bring_in(crew=hands))
        try:
            await until(lambda: any(one.running() for one in works))
        except TimeoutError:
            _send(hands, signal.SIGCONT)
            raise
        under_way.cancel()
        return under_way

    return stop


async def test_crew_without_end(stopped: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stops an import is not kept waiting by processes that come to no end: they are ended."""
    monkeypatch.setattr(crew, "_GRACE_S", 0.2)
    with Crew(2) as hands:
        under_way = await stopped(hands)
        try:
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(under_way, 10)
            await until(lambda: not any(map(is_running, hands.pids)), within_s=5)
        finally:
            # Whoever stands still is waited for without end.
            _send(hands, signal.SIGCONT)


async def test_crew_to_end(big: Shop, hands: Crew, stopped: Any) -> None:
    """Whoever stops an import waits for the batch under way; the same processes go on behind it."""
    under_way = await stopped(hands)
    _send(hands, signal.SIGCONT)
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert all(map(is_running, hands.pids))
    assert (await big.bring_in(crew=hands)).rows == ROWS + 2


async def test_crew_spared_ctrl_c(shop: Shop, hands: Crew) -> None:
    """Ctrl-C, which a terminal sends to all of them, is their maker's business: the processes work on."""
    _send(hands, signal.SIGINT)
    assert (await shop.bring_in(crew=hands)).rows == 5


async def test_crew_refusal(big: Shop, hands: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mapping that is changed while it is used ends the import in words, as told by a process of the crew."""

    def read_and_change(path: Path, known: Any) -> Any:
        found = read_mapping(path, known)
        path.write_text(path.read_text() + "\n# changed\n")
        return found

    monkeypatch.setattr(run, "read_mapping", read_and_change)
    with pytest.raises(CannotImport, match="was changed while it was being used"):
        await big.bring_in(crew=hands)


def test_crew_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little to do and a single core get no crew; what is missing is nobody's weight."""
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_bytes(b"x" * 1000)
    large.write_bytes(b"x" * 1_000_000)
    with crew_for([small, tmp_path / "missing.csv"]) as none:
        assert none is None
    with crew_for([small, large]) as some:
        assert some is not None
    monkeypatch.setattr(crew.os, "cpu_count", lambda: 1)
    with crew_for([large]) as none:
        assert none is None


async def test_crew_ends_with_maker() -> None:
    """Whoever kills the process that made a crew is left with none of its processes."""
    script = "from gateway.importing import Crew; c = Crew(2); print(*c.pids, flush=True); input()"
    maker = await asyncio.create_subprocess_exec(sys.executable, "-c", script, cwd=ROOT, stdin=PIPE, stdout=PIPE)
    assert maker.stdout is not None
    pids = [int(one) for one in (await maker.stdout.readline()).split()]
    maker.kill()
    await maker.wait()
    assert len(pids) == 2
    await until(lambda: not any(map(is_running, pids)))


async def _state(store: Store) -> dict[str, list[list[tuple[str, str]]]]:
    """Everything but random ids."""
    names = {one["customer_id"]: one["value"] for one in await store.find(IDENTITIES, {})}

    def told(one: Document) -> list[tuple[str, str]]:
        who = names[one.get("customer_id", one["_id"])]
        apart = {"_id", "customer_id"} if "customer_id" in one else {"_id"}
        points = [{**point, "id": None} for point in one.get("contact_points", ())]
        both = {**one, "who": who, "contact_points": points}
        return sorted((key, str(value)) for key, value in both.items() if key not in apart)

    return {record.name: sorted(told(one) for one in await store.find(record, {})) for record in (CUSTOMERS, PURCHASES)}
