"""Who does what has to be done in the background: each job by one process at a time, whoever dies?

Every process runs a worker. A job that is due is done by the one that gets its lease, which it renews while it works
and without which it stops. What is known of a job (when it ended, when it is due again, how often it failed in a row)
stands in the database, so that any number of processes, started at any time, do it as often as one would.
"""

import asyncio
import random
import secrets
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

import structlog

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import Document, Record
from gateway.cancelling import ended
from gateway.processes import holder_name, is_known_dead, sign_in
from resolvers.kit.jobs import Job
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Declared

JOBS: Final = Record(name="jobs", customer=None, key=("name",))
"""One document for each job: how it stands."""

LEASE_S: Final = 15.0
"""After so long another machine's process takes over from one that was killed; one of the same machine does at once.
Steps take a second, so three renewals fit."""
_RENEWALS: Final = 3

# Between two looks of those who did not get the lease; a little behind its end.
_LOOK_AGAIN_S: Final = LEASE_S * 1.1
# Who starts does not do everything at once, and processes that start together do not all ask at one moment.
_FIRST_LOOK_S: Final = 2.0
# A failure that passes is over in seconds; one that stays is tried again for ever, and rarely.
_FIRST_BACKOFF_S: Final = 5.0
_LONGEST_BACKOFF_S: Final = 600.0
_JITTER: Final = 0.2
# A step takes a second; what has not ended by then is broken off, and is done again by whoever comes next.
_GRACE_S: Final = 5.0

_log = structlog.get_logger("gateway.work")


class Outcome(StrEnum):
    """How a job ended this time."""

    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    """Another process has the lease."""
    STOPPED = "stopped"
    """The process is about to end; whoever comes next goes on."""


class JobObserver(Protocol):
    """Who is told of every job that was done."""

    def job_ended(self, name: str, outcome: str, *, steps: int, took_s: float) -> None:
        """Called when a job has ended, in whichever way."""


@dataclass(frozen=True, slots=True)
class JobState:
    """How a job stands, for people."""

    name: str
    ended_at: datetime | None
    """When it last came to its end; None if it never did."""
    failures: int
    """How often it failed since."""
    reference: str | None
    """Under which the log has the last failure."""
    holder: str | None
    """Who does it now, as `machine:process:word`."""

    @property
    def is_running(self) -> bool:
        """Whether somebody does it now."""
        return self.holder is not None


class Worker:
    """Does the jobs of one process."""

    def __init__(self, shift: Shift, jobs: Iterable[Job], observer: JobObserver) -> None:
        self._shift = shift
        self._store = shift.store
        self._jobs = list(jobs)
        self._observer = observer
        self._holder = holder_name(self._store.leases.sign)
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begins to look for what is due."""
        self._tasks = [asyncio.create_task(self._keep_doing(job), name=f"job {job.name}") for job in self._jobs]

    async def stop(self) -> None:
        """Returns when nothing is under way any more: steps that were begun are ended, no others are begun."""
        self._stopping.set()
        for job in self._jobs:
            self._shift.knocks.knock(job.name)
        if not self._tasks:
            return
        _, left = await asyncio.wait(self._tasks, timeout=_GRACE_S)
        while left:
            for task in left:
                task.cancel()
            # Again and again: where a wait ends at that very moment, Python 3.11 can lose a cancellation.
            _, left = await asyncio.wait(left, timeout=1.0)

    async def look(self, job: Job, *, is_knocked: bool = False) -> float:
        """Does the job where it is due and nobody else does it; answers in how many seconds to look again.

        Where somebody knocked, or it is urgent, it is due as soon as there is something to do, unless it failed.
        """
        if job.when is not None and not await job.when(self._shift):
            return job.every_s
        is_knocked |= job.is_urgent
        due_in_s = await self._due_in_s(job, is_knocked=is_knocked)
        if due_in_s > 0:
            return due_in_s
        # Counted from before it is asked for: the database counts from later.
        ends = time.monotonic() + LEASE_S
        if not await self._has_lease(job):
            return min(job.every_s, _LOOK_AGAIN_S)
        try:
            # Somebody may have done it between the two looks.
            due_in_s = await self._due_in_s(job, is_knocked=is_knocked)
            if due_in_s > 0:
                return due_in_s
            return await self._do(job, ends)
        finally:
            # Where the database is gone, the lease goes by itself.
            with suppress(StoreError):
                await self._store.leases.give_back(_lease(job), self._holder)

    # Inside

    async def _keep_doing(self, job: Job) -> None:
        wait_s = _FIRST_LOOK_S * random.random()  # noqa: S311  to spread processes, not to keep a secret
        failures = 0
        bell = self._shift.knocks.bell(job.name)
        while not await self._is_stopping_within(wait_s, bell):
            is_knocked = bell.is_set()
            # Before looking: what comes while it is looked at is looked at again.
            bell.clear()
            try:
                wait_s = _spread(await self.look(job, is_knocked=is_knocked))
                failures = 0
            except StoreError as error:
                failures += 1
                wait_s = _spread(_backoff_s(failures))
                _log.warning("job waits for the database", job=job.name, error=str(error))
            except Exception as error:  # noqa: BLE001  told under a reference; the worker must outlive it
                failures += 1
                wait_s = _spread(_backoff_s(failures))
                _log.error("unforeseen", reference=secrets.token_hex(6), job=job.name, exc_info=error)

    async def _has_lease(self, job: Job) -> bool:
        """Whether the lease is ours now; whoever died with it on this machine is not waited for."""
        hold = await self._store.leases.hold(_lease(job), self._holder, for_s=LEASE_S)
        if hold.holder != self._holder and is_known_dead(hold.holder):
            hold = await self._store.leases.hold(_lease(job), self._holder, for_s=LEASE_S, instead_of=hold.holder)
        is_ours = hold.holder == self._holder
        sign = sign_in(hold.left_by) if is_ours and hold.left_by else None
        if sign and sign != self._store.leases.sign:
            await self._end_work_of(job, sign)
        return is_ours

    async def _end_work_of(self, job: Job, sign: str) -> None:
        """Ends what the one before had in hand, so that nobody waits until the database gives it up."""
        try:
            count = await self._store.leases.end_work_of(sign)
        except StoreError as error:
            # Where it may not be ended it ends by itself, later.
            _log.info("what another process had in hand stays for a while", job=job.name, error=str(error))
        else:
            _log.info("job is taken over", job=job.name, transactions_ended=count)

    async def _is_stopping_within(self, wait_s: float, bell: asyncio.Event) -> bool:
        """Whether the worker is to stop; waits so long, or until somebody knocks."""
        with suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await bell.wait()
        return self._stopping.is_set()

    async def _due_in_s(self, job: Job, *, is_knocked: bool) -> float:
        one = (await self._store.by_ids(JOBS, [_id(job.name)])).get(_id(job.name), {})
        if is_knocked and not one.get("failures"):
            return 0.0
        due_at = one.get("due_at")
        return (due_at - self._shift.clock()).total_seconds() if due_at else 0.0

    async def _do(self, job: Job, ends: float) -> float:
        """What `look` answers, where the lease is ours."""
        began, steps = time.perf_counter(), _Steps(job, self._shift, self._stopping)
        await self._note(job, {"began_at": self._shift.clock()})
        working = asyncio.create_task(steps.all())
        keeping = asyncio.create_task(self._keep_lease(job, ends))
        try:
            await asyncio.wait({working, keeping}, return_when=asyncio.FIRST_COMPLETED)
            outcome = self._outcome(job, working, steps)
        finally:
            await ended((working, keeping))
        took_s = time.perf_counter() - began
        self._observer.job_ended(job.name, outcome, steps=steps.count, took_s=took_s)
        if outcome is Outcome.FAILED:
            return await self._failed(job, working.exception())
        if outcome is Outcome.DONE:
            await self._note(job, {**_NO_FAILURE, **self._ended(job.every_s)})
        return job.every_s if outcome is Outcome.DONE else _LOOK_AGAIN_S

    def _outcome(self, job: Job, working: asyncio.Task[bool], steps: "_Steps") -> Outcome:
        if not working.done():
            _log.warning("job is another process's now", job=job.name, steps=steps.count)
            return Outcome.LOST
        if working.exception() is not None:
            return Outcome.FAILED
        return Outcome.DONE if working.result() else Outcome.STOPPED

    async def _failed(self, job: Job, error: BaseException | None) -> float:
        """Notes that it failed, and answers in how many seconds to try again."""
        reference = secrets.token_hex(6)
        if isinstance(error, StoreError):
            # Its words say what happened, and what to do.
            _log.warning("job failed", reference=reference, job=job.name, error=str(error))
        else:
            _log.error("unforeseen", reference=reference, job=job.name, exc_info=error)
        found = await self._store.by_ids(JOBS, [_id(job.name)])
        failures = found.get(_id(job.name), {}).get("failures", 0) + 1
        wait_s = _spread(_backoff_s(failures))
        due = {"due_at": self._shift.clock() + timedelta(seconds=wait_s)}
        await self._note(job, {"failures": failures, "reference": reference, **due})
        return wait_s

    def _ended(self, every_s: float) -> dict[str, datetime]:
        now = self._shift.clock()
        return {"ended_at": now, "due_at": now + timedelta(seconds=every_s)}

    async def _note(self, job: Job, fields: Document) -> None:
        await self._store.upsert(JOBS, [(_id(job.name), {"$set": {"name": job.name, **fields}})])

    async def _keep_lease(self, job: Job, ends: float) -> None:
        """Renews the lease; returns when it is somebody else's, or was not renewed for as long as it lasts."""
        while (left_s := ends - time.monotonic()) > 0:
            await asyncio.sleep(min(LEASE_S / _RENEWALS, left_s))
            # The database counts from somewhere between the asking and its answer: the earlier one is safe.
            asked = time.monotonic()
            # A database that is away for a moment costs no lease; one that is silent holds nobody beyond its end.
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(max(ends - asked, 0)):
                    if not await self._store.leases.take(_lease(job), self._holder, for_s=LEASE_S):
                        return
                ends = asked + LEASE_S


class _Steps:
    """A job's steps, one after the other."""

    def __init__(self, job: Job, shift: Shift, stopping: asyncio.Event) -> None:
        self._job, self._shift, self._stopping = job, shift, stopping
        self.count = 0

    async def all(self) -> bool:
        """Whether it came to its end, and was not stopped before."""
        while not self._stopping.is_set():
            self.count += 1
            if not await self._job.work(self._shift):
                return True
        return False


_NO_FAILURE: Final[dict[str, Any]] = {"failures": 0, "reference": None}


@asynccontextmanager
async def working(shift: Shift, jobs: Iterable[Job], observer: JobObserver) -> AsyncIterator[Worker]:
    """A worker that does these jobs for as long as the block lasts."""
    worker = Worker(shift, jobs, observer)
    worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def job_names(store: Store, declared: Declared) -> list[str]:
    """The jobs of every process, and those of channel accounts that were ever done."""
    begins = tuple(f"{one.begins} " for one in declared.line_jobs)
    noted = [one["name"] for one in await store.find(JOBS, {}, only=["name"])]
    return sorted({*declared.jobs, *(name for name in noted if name.startswith(begins))})


async def job_states(store: Store, names: Sequence[str]) -> list[JobState]:
    """How these jobs stand."""
    found = await store.by_ids(JOBS, map(_id, names))
    states = []
    for name in names:
        one = found.get(_id(name), {})
        states.append(
            JobState(
                name=name,
                ended_at=one.get("ended_at"),
                failures=one.get("failures", 0),
                reference=one.get("reference"),
                holder=await store.leases.holder_of(f"job {name}"),
            )
        )
    return states


def _lease(job: Job) -> str:
    return f"job {job.name}"


def _id(name: str) -> Any:
    return JOBS.id_of({"name": name})


def _backoff_s(failures: int) -> float:
    return min(_FIRST_BACKOFF_S * 2.0 ** min(failures - 1, 20), _LONGEST_BACKOFF_S)


def _spread(wait_s: float) -> float:
    """About as long: processes that began together do not all come at once."""
    return wait_s * (1 + _JITTER * random.random())  # noqa: S311  to spread processes, not to keep a secret
