"""How does an import fill more than one core? Processes make and store its batches, one beside the other.

The process that reads deals the rows out and keeps the order; each batch goes to whichever process is free, with the
position of its lane, and the new position comes back. What they all have to know goes along packed, and is unpacked
once by each.
"""

import asyncio
import gc
import hashlib
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvloop

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import Record
from gateway.importing.mapping import ImportMapping, read_mapping
from gateway.importing.position import Position
from gateway.importing.reading import Lookups, Placed, SectionReader, Unit
from gateway.importing.tables import Row, Table
from gateway.importing.taking import LANES, RARELY, Circumstances, Take, Taker
from gateway.importing.troubles import CannotImport
from gateway.tracebacks import guard_last_words
from resolvers.attribute_schema import definitions_by_name

# A row as it travels: the number of its file, its line, its trouble, its cells, and what its counted templates give.
_Packed = list[list[tuple[int, int, str | None, Sequence[str], Sequence[str]]]]


# A batch takes a second or two, and a crowded machine's some more.
_GRACE_S = 10.0
_LOOK_S = 1.0
# Less is imported before the processes have begun.
_WORTH_IT_BYTES = 1_000_000


class LostHands(Exception):
    """A process of the crew was ended from outside. Nothing is lost: the same import goes on behind what is stored."""


def crew_for(files: Iterable[Path]) -> "AbstractContextManager[Crew | None]":
    """A crew where there is enough to do and more than one core; to be made where `Crew` may be."""
    size = sum(file.stat().st_size for file in files if file.is_file())
    if size < _WORTH_IT_BYTES or (os.cpu_count() or 1) < 2:  # noqa: PLR2004
        return nullcontext()
    return Crew(LANES)


class Crew:
    """Processes that take batches in. To be made before an event loop or a thread runs, for they are forked.

    Used as a context: behind it they are gone. They end, too, when the process that made them does.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        # What a fork takes over is not safe everywhere; elsewhere each process imports the house anew, in a second.
        way = "fork" if sys.platform == "linux" else "spawn"
        self._pool = ProcessPoolExecutor(size, multiprocessing.get_context(way), initializer=_begin)
        before = set(multiprocessing.active_children())
        with _without_interruption():
            # Forked, all start with the first call; else each call that finds nobody idle starts one more.
            for call in [self._pool.submit(time.sleep, 0 if way == "fork" else 0.2) for _ in range(size)]:
                call.result()
        started = set(multiprocessing.active_children()) - before
        self.pids = sorted(one.pid for one in started if one.pid is not None)
        """The processes."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            # Nobody waits for a batch any more: those who could have waited for it have, or have had enough.
            self._end()
        self._pool.shutdown(cancel_futures=True)

    async def _brought_to_end(self, work: Future[Position], store: Store) -> Position:
        """What comes of the work, also for those who no longer wait: only when it is over may somebody else begin."""
        future = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(_heard)
            if not work.cancel() and not await _is_over(future, store):
                self._end()
            raise

    def _end(self) -> None:
        """Ends processes that come to no end, as where the database is gone; it gives their batches up."""
        for one in multiprocessing.active_children():
            if one.pid in self.pids:
                one.kill()

    def taking(
        self, store: Store, mapping: ImportMapping, readers: Sequence[SectionReader], circumstances: Circumstances
    ) -> Take:
        """What takes batches in, in the crew's processes."""
        job = pickle.dumps(
            _Job(
                url=store.url,
                database=store.database,
                records=tuple(store.records.values()),
                mapping=mapping.path,
                mapping_digest=mapping.digest,
                tables={reader.section.number: reader.tables for reader in readers},
                lookups={name: rows for reader in readers for name, rows in reader.lookups.items()},
                circumstances=circumstances,
            )
        )
        digest = hashlib.sha256(job).hexdigest()

        async def take(units: Sequence[Unit], position: Position, *, is_last: bool) -> Position:
            try:
                work = self._pool.submit(_take, digest, job, _packed(units), position, is_last=is_last)
                return await self._brought_to_end(work, store)
            except BrokenProcessPool as error:
                raise LostHands(
                    "One of the import's processes was ended from outside, as happens where memory runs out. What was "
                    "taken in stays, and no row is lost: the same command goes on behind it."
                ) from error

        return take


async def _is_over(future: asyncio.Future[Position], store: Store) -> bool:
    """Whether it comes to an end within the grace; it is given none where the database is gone."""
    ends = time.monotonic() + _GRACE_S
    try:
        while time.monotonic() < ends:
            done, _ = await asyncio.wait([future], timeout=_LOOK_S)
            if done:
                return True
            async with asyncio.timeout(_LOOK_S):
                await store.ping()
    except (StoreError, TimeoutError):
        pass
    return False


@contextmanager
def _without_interruption() -> Iterator[None]:
    """A block that Ctrl-C reaches behind its end; processes that are started in it are reached when they say so."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _heard(future: asyncio.Future[Position]) -> None:
    """Takes note of an exception for which nobody waits any more."""
    if not future.cancelled():
        future.exception()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Job:
    """What a process has to know of the run whose batches it takes."""

    url: str
    database: str
    records: Sequence[Record]
    mapping: Path
    mapping_digest: str
    tables: Mapping[int, Sequence[Table]]
    lookups: Lookups
    circumstances: Circumstances


def _packed(units: Sequence[Unit]) -> _Packed:
    return [
        [(file, row.line, row.trouble, row.cells, cells[len(row.cells) :]) for file, row, cells in unit.rows]
        for unit in units
    ]


def _unpacked(packed: _Packed) -> list[Unit]:
    return [
        Unit(
            [
                Placed(file, Row(line, cells, trouble), [*cells, *counted] if counted else cells)
                for file, line, trouble, cells, counted in rows
            ],
            0,
        )
        for rows in packed
    ]


# In the crew's processes


class _Hand:
    """One process of the crew: its event loop, and the run at which it works."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._digest = ""
        self._store: Store | None = None
        self._taker: Taker | None = None

    def take(self, digest: str, job: bytes, packed: _Packed, position: Position, *, is_last: bool) -> Position:
        """Where the lane stands when the batch is in."""
        return self._runner.run(self._take(digest, job, packed, position, is_last=is_last))

    async def _take(self, digest: str, job: bytes, packed: _Packed, position: Position, *, is_last: bool) -> Position:
        if self._taker is None or digest != self._digest:
            self._taker = await self._begun(pickle.loads(job))  # noqa: S301 - packed by the process that made this one
            self._digest = digest
        return await self._taker.take(_unpacked(packed), position, is_last=is_last)

    async def _begun(self, job: _Job) -> Taker:
        if self._store is not None:
            await self._store.close()
        self._store = await Store.open(job.url, job.database, job.records)
        mapping = read_mapping(job.mapping, await definitions_by_name(self._store))
        if mapping.digest != job.mapping_digest:
            raise CannotImport(f"{job.mapping} was changed while it was being used. Start the import again.")
        readers = {
            section.number: SectionReader(section, job.tables[section.number], job.lookups)
            for section in mapping.sections
            if section.number in job.tables
        }
        return Taker(self._store, readers, job.circumstances)


_hand: _Hand | None = None


def _begin() -> None:
    """Makes the process a hand of the crew: Ctrl-C is its maker's business, and it does not outlive its maker."""
    global _hand  # noqa: PLW0603 - the one thing that a process of the crew is
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    maker = multiprocessing.parent_process()
    if maker is not None:
        threading.Thread(target=_end_with, args=(maker,), daemon=True).start()
    guard_last_words()
    gc.freeze()
    gc.set_threshold(*RARELY)
    _hand = _Hand()


def _end_with(maker: Any) -> None:
    maker.join()
    os._exit(1)


def _take(digest: str, job: bytes, packed: _Packed, position: Position, *, is_last: bool) -> Position:
    if _hand is None:
        raise RuntimeError("The process is no hand of a crew.")
    return _hand.take(digest, job, packed, position, is_last=is_last)
