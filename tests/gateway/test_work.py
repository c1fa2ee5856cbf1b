"""A job is done by one process at a time, whoever dies, and tried again when it fails."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import structlog

from adapters.contract.sending import SendState, Sent
from adapters.failures import StoreDown
from adapters.mongo import Store
from gateway import work
from gateway.processes import holder_name, is_known_dead, sign_in
from gateway.work import JOBS, Worker, job_names, job_states
from resolvers.kit.graph import Graph
from resolvers.kit.jobs import Job, Work
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Slice
from tests.conftest import Asking
from tests.gateway.conftest import OpenGate
from tests.sending.test_wrong_adapter import Desk as TwoLines
from tests.sending.test_wrong_adapter import says
from tests.waiting import until

SLOW = Path(__file__).parent / "slow_job.py"


@dataclass
class Heard:
    """What a worker tells."""

    ended: list[tuple[str, str, int]] = field(default_factory=list)

    def job_ended(self, name: str, outcome: str, *, steps: int, took_s: float) -> None:
        """Keeps it."""
        assert took_s >= 0
        self.ended.append((name, outcome, steps))


@dataclass
class Team:
    """Workers of one house, on a clock of the test's own."""

    store: Store
    graph: Graph
    now: datetime = datetime(2026, 11, 26, tzinfo=UTC)
    heard: Heard = field(default_factory=Heard)

    def worker(self, *jobs: Job) -> Worker:
        """One more, who knows these jobs."""
        shift = Shift(store=self.store, declared=self.graph.declared, clock=lambda: self.now)
        return Worker(shift, jobs, self.heard)


@pytest.fixture
async def team(store: Store, house: Graph) -> AsyncIterator[Team]:
    """Workers in a house where nobody has a lease."""
    await store._database["leases"].delete_many({})
    yield Team(store, house)
    await store._database["leases"].delete_many({})


def counting(steps: int, seen: list[int]) -> Work:
    """Work of so many steps, each noted."""

    async def step(shift: Shift) -> bool:
        del shift
        await asyncio.sleep(0.01)
        seen.append(len(seen))
        return len(seen) % steps != 0

    return step


def failing(error: Exception) -> Work:
    """Work that goes wrong."""

    async def step(shift: Shift) -> bool:
        del shift
        raise error

    return step


async def test_one_of_many(team: Team) -> None:
    """Of many who look at once one does the job, all steps of it; it is due again when its time has passed."""
    seen: list[int] = []
    job = Job("count", 60, counting(3, seen))
    waits = await asyncio.gather(*(team.worker(job).look(job) for _ in range(8)))
    assert team.heard.ended == [("count", "done", 3)]
    assert all(0 < wait_s <= 60 for wait_s in waits)
    assert await team.worker(job).look(job) == 60
    team.now += timedelta(seconds=60)
    await team.worker(job).look(job)
    assert len(seen) == 6


async def test_not_wanted(team: Team) -> None:
    """A job for which there is nothing to do costs no lease and no note."""

    async def nothing(shift: Shift) -> bool:
        del shift
        return False

    job = Job("count", 60, counting(1, []), nothing)
    assert await team.worker(job).look(job) == 60
    assert await team.store.count(JOBS, {}) == 0


async def test_urgent(team: Team) -> None:
    """An urgent job is due as soon as there is something to do, however soon after its last end, unless it failed."""
    seen: list[int] = []

    async def something(shift: Shift) -> bool:
        del shift
        return True

    job = Job("count", 60, counting(1, seen), something, is_urgent=True)
    for _ in range(2):
        await team.worker(job).look(job)
    assert len(seen) == 2
    broken = Job("broken", 60, failing(ValueError("nobody foresaw it")), something, is_urgent=True)
    with structlog.testing.capture_logs():
        await team.worker(broken).look(broken)
        await team.worker(broken).look(broken)
    assert team.heard.ended[2:] == [("broken", "failed", 1)]


async def test_failure_tried_again(team: Team) -> None:
    """A failure is logged whole under a reference, and tried again after a wait that grows up to ten minutes."""
    job = Job("broken", 60, failing(ValueError("nobody foresaw it")))
    waits = []
    with structlog.testing.capture_logs() as logs:
        for _ in range(12):
            waits.append(await team.worker(job).look(job))
            assert await team.worker(job).look(job) > 0
            team.now += timedelta(seconds=waits[-1])
    assert len(team.heard.ended) == 12
    assert 5 <= waits[0] <= 6
    assert waits[1] >= 10
    assert 600 <= waits[-1] <= 720
    (state,) = await job_states(team.store, ["broken"])
    assert (state.failures, state.ended_at, state.is_running) == (12, None, False)
    assert state.reference == logs[-1]["reference"]
    assert isinstance(logs[-1]["exc_info"], ValueError)


async def test_well_again(team: Team) -> None:
    """Once a job has come to its end, its failures are over."""
    job = Job("mended", 60, failing(StoreDown("The database went away.")))
    await team.worker(job).look(job)
    team.now += timedelta(seconds=10)
    mended = Job("mended", 60, counting(1, []))
    await team.worker(mended).look(mended)
    (state,) = await job_states(team.store, ["mended"])
    assert (state.failures, state.reference, state.ended_at) == (0, None, team.now)


async def test_given_up_when_lost(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has lost the lease stops; the other one's is untouched."""
    monkeypatch.setattr(work, "LEASE_S", 0.3)
    begun = asyncio.Event()

    async def endless(shift: Shift) -> bool:
        del shift
        begun.set()
        await asyncio.sleep(60)
        return True

    job = Job("long", 60, endless)
    looking = asyncio.create_task(team.worker(job).look(job))
    await begun.wait()
    await team.store._database["leases"].update_one({"_id": "job long"}, {"$set": {"holder": "another"}})
    async with asyncio.timeout(5):
        await looking
    assert team.heard.ended == [("long", "lost", 1)]
    found = await team.store._database["leases"].find_one({"_id": "job long"})
    assert found is not None
    assert found["holder"] == "another"


async def test_silent_database_ends_it(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose renewal is not answered stops when the lease ends, however long the answer takes."""
    monkeypatch.setattr(work, "LEASE_S", 0.6)
    take, calls = team.store.leases.take, 0

    async def silent(name: str, holder: str, *, for_s: float) -> bool:
        nonlocal calls
        calls += 1
        if calls > 1:
            await asyncio.sleep(30)
        return await take(name, holder, for_s=for_s)

    async def endless(shift: Shift) -> bool:
        del shift
        await asyncio.sleep(60)
        return True

    monkeypatch.setattr(team.store.leases, "take", silent)
    job = Job("long", 60, endless)
    async with asyncio.timeout(10):
        await team.worker(job).look(job)
    assert team.heard.ended == [("long", "lost", 1)]


async def test_lease_outlives_long_step(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody works, the lease is renewed, and nobody else begins."""
    monkeypatch.setattr(work, "LEASE_S", 0.6)
    seen: list[int] = []

    async def slow(shift: Shift) -> bool:
        del shift
        seen.append(1)
        await asyncio.sleep(2)
        return False

    job = Job("slow", 60, slow)
    first = asyncio.create_task(team.worker(job).look(job))
    other = team.worker(job)
    while not first.done():
        await asyncio.sleep(0.1)
        await other.look(job)
    assert len(seen) == 1


async def test_stops_gracefully(team: Team) -> None:
    """A worker that stops ends the step under way, gives the lease back, and leaves the job due."""
    seen: list[int] = []
    job = Job("many", 60, counting(1_000_000, seen))
    worker = team.worker(job)
    worker.start()

    async def has_begun() -> bool:
        return len(seen) > 2

    await until(has_begun)
    async with asyncio.timeout(4):
        await worker.stop()
    count = len(seen)
    assert team.heard.ended == [("many", "stopped", count)]
    (state,) = await job_states(team.store, ["many"])
    assert (state.ended_at, state.is_running) == (None, False)
    await asyncio.sleep(0.1)
    assert len(seen) == count


async def test_taken_over_after_kill(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of this machine that is killed at work is followed at once, and what it held is free."""
    monkeypatch.setattr(work, "_LOOK_AGAIN_S", 0.5)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(SLOW), team.store.url, team.store.database, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    await process.stdout.readline()
    assert await team.worker(Job("slow", 60, counting(1, []))).look(Job("slow", 60, counting(1, []))) == 0.5
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    with structlog.testing.capture_logs() as logs:
        job = Job("slow", 60, counting(1, []))
        await team.worker(job).look(job)
    assert team.heard.ended == [("slow", "done", 1)]
    assert [one["transactions_ended"] for one in logs if one["event"] == "job is taken over"] == [1]
    assert await team.store.upsert(JOBS, [(JOBS.id_of({"name": "held"}), {"$set": {"name": "held"}})]) == (1, 0)


def test_who_is_dead() -> None:
    """Of a holder on this machine it is known whether its process is there; of any other nothing is."""
    ours = holder_name("ab12")
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    machine, _, word = ours.split(":")
    theirs = f"{machine}:{process.pid}:{word}"
    assert not is_known_dead(ours)
    assert not is_known_dead(theirs)
    process.kill()
    # Before anyone asks how it ended (which takes it from the system's list), and after.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_known_dead(theirs)
    process.communicate()
    assert is_known_dead(theirs)
    assert not is_known_dead(f"{machine}:{process.pid}:elsewhere-{word.partition('-')[2]}")
    assert not is_known_dead("")
    assert (sign_in(ours), sign_in(f"{machine}:{process.pid}:0a1b2c3d")) == ("ab12", None)


def test_jobs_are_declared(house: Graph) -> None:
    """The house's jobs are those that the slices declare; a record that needs another one is refused."""
    lanes = {f"intake {n}" for n in range(4)}
    assert set(house.declared.jobs) == {
        "erasures",
        "bytes of removed files",
        "retention",
        "intake upkeep",
        "outbox upkeep",
        "chats",
        "order requests",
        "payment requests",
        "pasts",
        "account pasts",
        *lanes,
    }
    keeper = Slice("keeper", unshown=[type(JOBS)(name="things", jobs=("dusting",))])
    with pytest.raises(TypeError, match="dusting"):
        Graph((*house.declared.slices, keeper))


async def test_knocked(team: Team) -> None:
    """Whoever knocks has a job done at once that is not due, unless it failed: then its time is waited for."""
    seen: list[int] = []
    job = Job("count", 60, counting(1, seen))
    worker = team.worker(job)
    assert [await worker.look(job), await worker.look(job)] == [60, 60]
    assert await worker.look(job, is_knocked=True) == 60
    assert len(seen) == 2
    broken = Job("broken", 60, failing(StoreDown("away")))
    await worker.look(broken)
    assert 0 < await worker.look(broken, is_knocked=True) < 60
    assert team.heard.ended[2:] == [("broken", "failed", 1)]


async def test_knock_wakes(team: Team) -> None:
    """A worker that waits looks at once when somebody knocks in its process."""
    seen: list[int] = []
    job = Job("count", 3600, counting(1, seen))
    worker = team.worker(job)
    worker.start()
    worker._shift.knocks.knock("count")
    await until(lambda: len(seen) == 1, within_s=1.5)
    await asyncio.sleep(0.05)
    worker._shift.knocks.knock("count")
    await until(lambda: len(seen) == 2)
    await worker.stop()


async def test_lines_have_their_own(ask: Asking, open_gate: OpenGate) -> None:
    """A house does the jobs of each of its channel accounts, each under its own name."""
    desk = TwoLines(ask, says(Sent(state=SendState.TAKEN)))
    await desk.send()

    async def all_are_sent() -> bool:
        return await desk.statuses() == {"wrong": "SENT", "good": "SENT"}

    house = open_gate(lines=desk.lines, clock=lambda: ask.now).house
    async with house.working():
        await until(all_are_sent)
    noted = [one for one in await job_names(ask.store, house.graph.declared) if one.startswith("outbox ")]
    assert noted == ["outbox good/main", "outbox upkeep", "outbox wrong/main"]
