"""How does an import run: checked first, then in batches that are whole or not at all, and resumable?

A section's records are dealt to two lanes by person, so that one batch is being written while the next is made, and
two batches under way never touch the same person. Each lane keeps its own position, committed with its batch.
"""

import asyncio
import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from adapters.contract import HandedOver
from adapters.mongo import Store
from gateway.importing.choosing import choose
from gateway.importing.leasing import first_of, while_leased
from gateway.importing.mapping import ImportMapping, read_mapping
from gateway.importing.opening import open_readers, run_digest
from gateway.importing.position import Position, forget_run, keep_position, positions_of
from gateway.importing.reading import SectionReader, Unit
from gateway.importing.rejects import RejectPart, check_parts, gather, part_path, reject_paths
from gateway.importing.summary import SectionSummary, Summary
from gateway.importing.troubles import BadValue, CannotImport
from resolvers.attribute_schema import definitions_by_name
from resolvers.ingest.batch import take
from resolvers.ingest.company import define_attributes
from resolvers.ingest.report import NotTaken, Outcome, TakenIn

# The database works on one batch while the next is made, and a third keeps either from waiting for the other's end
# (measured: two lanes 6,400 rows a second, three 6,800, four 6,500).
LANES = 3
# Each batch costs a dozen commands whatever its size, and one update for each person in it, whose indexes are dear.
# Past this, little is saved and more is lost by an interruption.
BATCH = 2_000
# Reading gives way to the lanes this often, so that the database never waits for long.
_YIELD_EVERY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How an import is to run."""

    rejects_folder: Path = Path()
    """Where rejected rows go."""
    is_rehearsal: bool = False
    """Read, check and count everything, and write nothing. Each batch is judged by what is stored already."""
    is_restart: bool = False
    """Begin at the first row, also where an earlier run was interrupted."""
    default_region: str | None = None
    """The country by which phone numbers without a country code are read, where the mapping names none."""
    at: datetime | None = None
    """The moment that is written as that of the import; now, unless said otherwise."""


async def run_import(
    store: Store, mapping_path: Path, files: Sequence[Path], *, console: Console, options: Options | None = None
) -> Summary:
    """What the import did. Raises CannotImport before anything is written, and StoreError where the database fails.

    An import that was interrupted goes on where it stopped when the same mapping and files are given again.
    """
    way = options or Options()
    begun = time.monotonic()
    mapping = read_mapping(mapping_path, await definitions_by_name(store))
    chosen = choose(mapping, files)
    readers = open_readers(chosen)
    _check_folder(way)
    digest = run_digest(mapping, readers)
    run = _Run(store, mapping, way, digest, console)

    async def work() -> Sequence[SectionSummary]:
        await run.prepare()
        found = await _sections(run, readers, console)
        await run.finish(found)
        return found

    with _telling_of_stop(console, way):
        summaries = await while_leased(store, f"import/{digest}", console, work)
    return Summary(
        sections=summaries,
        notes=chosen.notes,
        seconds=time.monotonic() - begun,
        is_rehearsal=way.is_rehearsal,
    )


async def _sections(run: "_Run", readers: Sequence[SectionReader], console: Console) -> Sequence[SectionSummary]:
    summaries = []
    paths = reject_paths(run.folder, readers)
    with _progress(console) as progress, _rare_collections():
        for reader, reject_files in zip(readers, paths, strict=True):
            total = sum(table.lines for table in reader.tables)
            task = progress.add_task(reader.section.record, total=total)
            summaries.append(await run.section(reader, reject_files, partial(progress.advance, task)))
            progress.update(task, completed=total)
    return summaries


@contextmanager
def _telling_of_stop(console: Console, way: Options) -> Iterator[None]:
    """Says what holds after Ctrl-C, which asyncio makes a cancellation."""
    try:
        yield
    except (asyncio.CancelledError, KeyboardInterrupt):
        same = "without --restart the same command" if way.is_restart else "the same command"
        told = "it was a rehearsal, and nothing was written" if way.is_rehearsal else f"{same} goes on where it was"
        console.print(f"Stopped; {told}.", highlight=False)
        raise


# Before the first row


def _check_folder(way: Options) -> None:
    folder = way.rejects_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotImport(
            f"{folder}, the folder for rejected rows, cannot be made: {error.strerror}. Name another."
        ) from error


# While it runs


class _Rehearsed(Exception):
    """Ends a rehearsal's transaction, so that nothing of it is kept."""


Advance = Callable[[float], None]
Queue = asyncio.Queue[Sequence[Unit] | None]


class _Run:
    """One import under way."""

    def __init__(self, store: Store, mapping: ImportMapping, way: Options, digest: str, console: Console) -> None:
        self._store, self._mapping, self._way = store, mapping, way
        self._digest, self._console = digest, console
        self.folder = way.rejects_folder
        # A rehearsal leaves alone what an interrupted run has set aside.
        self._parts = f"rehearsal-{digest[:16]}" if way.is_rehearsal else digest[:16]
        self._at = way.at or datetime.now(UTC)
        self._by = f"import {mapping.path.name}"
        self._region = mapping.region or way.default_region
        self._positions: Mapping[tuple[int, int], Position] = {}
        self.opening = asyncio.Lock()

    async def prepare(self) -> None:
        """Finds where an earlier run stopped, and defines the attributes of the mapping."""
        if not self._way.is_rehearsal:
            self._positions = await positions_of(self._store, self._digest)
        if self._way.is_restart:
            await self._forget()
            self._positions = {}
        check_parts(self.folder, self._parts, self._positions.values())
        if self._positions:
            done = sum(one.done for one in self._positions.values())
            self._console.print(
                f"An earlier run was interrupted after {done:,} records; this one goes on behind them. Where it was "
                "killed, the database gives its last batch up within a minute.",
                highlight=False,
            )
        try:
            if not self._way.is_rehearsal:
                await define_attributes(self._store, self._mapping.attributes)
        except NotTaken as error:
            raise CannotImport(f"{self._mapping.path}: {error}") from error

    async def finish(self, summaries: Sequence[SectionSummary]) -> None:
        """Forgets the positions: the next run with the same files begins at their first rows."""
        if not self._way.is_rehearsal:
            await forget_run(self._store, self._digest)
        for one in summaries:
            for lane in range(LANES):
                part_path(self.folder, self._parts, one.number, lane).unlink(missing_ok=True)

    async def _forget(self) -> None:
        """Lets go of what an interrupted run left, its rejected rows too."""
        if not self._way.is_rehearsal:
            await forget_run(self._store, self._digest)
        for one in self._positions.values():
            part_path(Path(one.rejects), self._parts, one.section, one.lane).unlink(missing_ok=True)

    async def section(self, reader: SectionReader, reject_files: Sequence[Path], advance: Advance) -> SectionSummary:
        """Takes one section in and answers what became of it."""
        lanes = [self._lane(reader, number) for number in range(LANES)]
        try:
            async with asyncio.TaskGroup() as tasks:
                for lane in lanes:
                    tasks.create_task(lane.work())
                rows = await _deal(reader, lanes, advance)
        except BaseExceptionGroup as group:
            raise first_of(group) from group
        counts = {one.value: sum(lane.position.counts.get(one.value, 0) for lane in lanes) for one in Outcome}
        number = reader.section.number
        parts = [part_path(self.folder, self._parts, number, lane.position.lane) for lane in lanes]
        return SectionSummary(
            number=number,
            record=reader.section.record,
            files=[table.path for table in reader.tables],
            rows=rows,
            counts=counts,
            counts_rows=bool(reader.section.counted),
            reject_files=gather(parts, reader.tables, reject_files),
        )

    def _lane(self, reader: SectionReader, number: int) -> "_Lane":
        section = reader.section.number
        position = self._positions.get((section, number)) or Position(self._digest, section, number)
        position = replace(position, rejects=str(self.folder.resolve()))
        part = RejectPart(part_path(self.folder, self._parts, section, number), position.rejected_bytes)
        return _Lane(self, reader, position, part)

    async def take(self, units: Sequence[Unit], lane: "_Lane", *, is_last: bool) -> None:
        """Takes a batch in, with the lane's position in the same transaction."""
        records, reasons = _made(lane.reader, units)
        kept: Position = lane.position

        async def along(taken: TakenIn) -> None:
            nonlocal kept
            rejected = {**reasons, **_rejected(taken, reasons, len(units))}
            length = lane.part.add([(units[n], reason) for n, reason in sorted(rejected.items())])
            counts = lane.position.count(taken.counts)
            counts[Outcome.REJECTED.value] = counts.get(Outcome.REJECTED.value, 0) + len(reasons)
            done = lane.position.done + len(units)
            kept = replace(lane.position, done=done, counts=counts, rejected_bytes=length, is_complete=is_last)
            if self._way.is_rehearsal:
                raise _Rehearsed
            await keep_position(self._store, kept, self._at)

        async def work() -> None:
            if self._way.is_rehearsal:
                await define_attributes(self._store, self._mapping.attributes)
            await take(self._store, records, at=self._at, by=self._by, default_region=self._region, along=along)

        with suppress(_Rehearsed):
            await (self._store.transact(work) if self._way.is_rehearsal else work())
        lane.position, lane.part.length = kept, kept.rejected_bytes


class _Lane:
    """One of the lanes on which a section's batches are taken in, in order."""

    def __init__(self, run: _Run, reader: SectionReader, position: Position, part: RejectPart) -> None:
        self._run = run
        self.reader, self.position, self.part = reader, position, part
        self.skip = position.done
        """Units of the lane that an earlier run has done."""
        # One batch waits while another is written: enough that neither side stands idle.
        self.queue: Queue = asyncio.Queue(maxsize=1)

    async def work(self) -> None:
        """Takes in what is dealt to the lane."""
        first = await self.queue.get()
        if first is not None:
            # What all records share, such as their shop, is written with the first batch: two at once would collide.
            async with self._run.opening:
                await self._run.take(first, self, is_last=False)
            while (units := await self.queue.get()) is not None:
                await self._run.take(units, self, is_last=False)
        if not self.position.is_complete:
            await self._run.take([], self, is_last=True)


async def _deal(reader: SectionReader, lanes: Sequence[_Lane], advance: Advance) -> int:
    """Deals the units to the lanes in batches; answers how many rows were read."""
    hands: list[list[Unit]] = [[] for _ in lanes]
    rows = reported = 0
    for number, unit in enumerate(_pending(reader, lanes)):
        rows += len(unit.rows)
        if number % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
        if unit.lane < 0:
            continue
        hand = hands[unit.lane]
        hand.append(unit)
        if len(hand) == BATCH:
            await lanes[unit.lane].queue.put(hand)
            hands[unit.lane] = []
            advance(rows - reported)
            reported = rows
    for lane, hand in zip(lanes, hands, strict=True):
        if hand:
            await lane.queue.put(hand)
        await lane.queue.put(None)
    return rows


def _pending(reader: SectionReader, lanes: Sequence[_Lane]) -> Iterator[Unit]:
    """All units; those that an earlier run has done are given no lane."""
    done = [0] * len(lanes)
    for unit in reader.units(len(lanes)):
        lane = unit.lane
        if done[lane] < lanes[lane].skip:
            unit.lane = -1
        done[lane] += 1
        yield unit


def _made(reader: SectionReader, units: Sequence[Unit]) -> tuple[list[HandedOver], dict[int, str]]:
    """The records of the units that make one, and why the others make none, by place."""
    records: list[HandedOver] = []
    reasons: dict[int, str] = {}
    for n, unit in enumerate(units):
        try:
            records.append(reader.record(unit))
        except BadValue as error:
            reasons[n] = str(error)
        except ArithmeticError:
            reasons[n] = "a number or moment of the row is beyond what can be kept. Correct it in the source."
    return records, reasons


def _rejected(taken: TakenIn, reasons: Mapping[int, str], number: int) -> dict[int, str]:
    """Why the gateway rejected records, by the place of their units."""
    places = [n for n in range(number) if n not in reasons]
    return {
        n: str(result.reason)
        for n, result in zip(places, taken.results, strict=True)
        if result.outcome is Outcome.REJECTED
    }


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Lets Python look for circles of garbage rarely: a batch is thousands of small objects, and none in circles."""
    before = gc.get_threshold()
    # A batch's documents are some 50,000 objects; looking once a batch costs a tenth of looking 70 times.
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
