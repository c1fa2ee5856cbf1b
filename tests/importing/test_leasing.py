"""Does one run at a time import the same files?"""

import asyncio
import os
import platform
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from adapters.failures import StoreDown
from gateway.importing import CannotImport, Summary, leasing, run, taking
from resolvers.purchases import PURCHASES
from tests.importing.conftest import Shop
from tests.waiting import until


@pytest.fixture
async def free(shop: Shop) -> AsyncIterator[Shop]:
    """A shop whose files nobody imports, with some rows to reject."""
    bad = "".join(f"B{n},{n},someday,Bell,1,1\n" for n in range(9))
    rows = "".join(f"C{n},{n},03.01.2026,Bell,1,{n}\n" for n in range(90))
    shop.files = {"sales.csv": "order,customer,day,product,pieces,price\n" + bad + rows}
    yield shop
    await shop.store._database["leases"].delete_many({})


def _leases(shop: Shop):
    return shop.store._database["leases"]


async def _name(shop: Shop, monkeypatch) -> str:
    """The name of the lease of these files."""
    names = []

    async def noting(_store, name, _console, _work):
        names.append(name)
        raise CannotImport("noted")

    with monkeypatch.context() as patch:
        patch.setattr(run, "while_leased", noting)
        with pytest.raises(CannotImport):
            await shop.bring_in()
    return names[0]


async def test_second_run_refused(free: Shop, counted, monkeypatch) -> None:
    """Of two runs at once one is refused in words; the other, and a later one, keep every rejected row."""
    monkeypatch.setattr(run, "BATCH", 10)
    # Runs that other tests broke off have left theirs.
    await _leases(free).delete_many({})
    found = await asyncio.gather(free.bring_in(), free.bring_in(), return_exceptions=True)
    (done,) = [one for one in found if isinstance(one, Summary)]
    (refused,) = [one for one in found if isinstance(one, CannotImport)]
    assert f"imported by the same mapping already, by process {os.getpid()} of this machine" in str(refused)
    assert counted(done) == {"inserted": 90, "rejected": 9}
    assert len(free.rejected("sales.orders.rejected.csv")) == 9
    assert counted(await free.bring_in()) == {"unchanged": 90, "rejected": 9}
    assert await free.store.count(PURCHASES, {}) == 90
    assert await _leases(free).count_documents({}) == 0


async def test_killed_run_lets_go(free: Shop, counted, monkeypatch) -> None:
    """The lease of a process that is gone from this machine is taken at once."""
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    holder = f"{platform.node()}:{gone.pid}:x"
    assert await free.store.leases.take(await _name(free, monkeypatch), holder, for_s=60)
    assert counted(await free.bring_in()) == {"inserted": 90, "rejected": 9}


async def test_other_machine_waited_for(free: Shop, counted, monkeypatch) -> None:
    """A run on another machine is waited for: one that was killed lets go, one that works on is told of."""
    monkeypatch.setattr(leasing, "LEASE_S", 1.0)
    name = await _name(free, monkeypatch)
    assert await free.store.leases.take(name, "elsewhere:7:x", for_s=60)
    with pytest.raises(CannotImport, match="by process 7 on elsewhere"):
        await free.bring_in()
    await free.store.leases.take(name, "elsewhere:7:x", for_s=0.5)
    assert counted(await free.bring_in()) == {"inserted": 90, "rejected": 9}
    assert "waiting to see whether it still works" in free.printed.getvalue()


async def test_lease_renewed(free: Shop, monkeypatch) -> None:
    """However long a run works, nobody else is given its files meanwhile."""
    monkeypatch.setattr(leasing, "LEASE_S", 0.9)
    name, real, knocks = await _name(free, monkeypatch), taking.take, []

    async def ends_at() -> datetime:
        return (await _leases(free).find_one({"_id": name}))["until"]

    async def slow(*args, **more):
        if not knocks:
            first = await ends_at()

            async def is_renewed() -> bool:
                # Renewed when it would have fallen free, had nobody renewed it before.
                return await ends_at() > first + timedelta(seconds=0.9)

            await until(is_renewed)
            knocks.append(await free.store.leases.take(name, "elsewhere:7:x", for_s=60))
        return await real(*args, **more)

    monkeypatch.setattr(taking, "take", slow)
    await free.bring_in()
    assert knocks == [False]


async def test_lease_lost(free: Shop, monkeypatch) -> None:
    """A run that stood still while another took over ends, and says so."""
    monkeypatch.setattr(leasing, "LEASE_S", 0.3)

    async def standing_still(*_, **_more):
        taken = {"holder": "elsewhere:7:x", "until": datetime(2999, 1, 1, tzinfo=UTC)}
        await _leases(free).update_many({}, {"$set": taken})
        # It is ended in there as soon as the loss is noticed.
        async with asyncio.timeout(10):
            await asyncio.Event().wait()

    monkeypatch.setattr(taking, "take", standing_still)
    with pytest.raises(CannotImport, match="another one has gone on with the same files"):
        await free.bring_in()


async def test_lost_cancellation(free: Shop, monkeypatch) -> None:
    """A run ends also where the database's error takes the place of its cancellation, as Python 3.11 lets happen."""
    monkeypatch.setattr(leasing, "LEASE_S", 0.03)
    real, asked, go_on = free.store.leases.take, asyncio.Event(), asyncio.Event()

    async def losing(*args, **more):
        if not asked.is_set() and asyncio.current_task() is main:
            return await real(*args, **more)
        asked.set()
        with suppress(asyncio.CancelledError):
            await go_on.wait()
        raise StoreDown("The database does not answer.")

    async def work() -> str:
        await until(asked.is_set)
        return "done"

    monkeypatch.setattr(free.store.leases, "take", losing)
    main = asyncio.current_task()
    async with asyncio.timeout(5):
        assert await leasing.while_leased(free.store, "import/lost", Console(quiet=True), work) == "done"
