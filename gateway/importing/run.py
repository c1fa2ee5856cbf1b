"""How does an import run: checked first, then in batches that are whole or not at all, and resumable?

A section's records are dealt to lanes by person, so that one batch is being written while the next is made, and two
batches under way never touch the same person. Each lane keeps its own position, committed with its batch.
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

from adapters.mongo import Store
from gateway.importing.choosing import choose
from gateway.importing.crew import Crew
from gateway.importing.leasing import first_of, while_leased
from gateway.importing.mapping import ImportMapping, read_mapping
from gateway.importing.opening import open_readers, run_digest
from gateway.importing.position import Position, forget_run, positions_of
from gateway.importing.reading import SectionReader, Unit
from gateway.importing.rejects import check_parts, gather, other_parts, part_path, reject_paths
from gateway.importing.summary import SectionSummary, Summary
from gateway.importing.taking import LANES, RARELY, Circumstances, Take, Taker
from gateway.importing.troubles import CannotImport
from resolvers.attribute_schema import definitions_by_name
from resolvers.ingest.company import define_attributes, missing_attributes
from resolvers.ingest.report import NotTaken, Outcome

# Each batch costs a dozen commands whatever its size, and one update for each person in it, whose indexes are dear.
# Past this, little is saved and more is lost by an interruption.
BATCH = 2_000
# The first batch writes what all records share, such as their shop, before any other begins: it is short.
_OPENING = 100
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
    crew: Crew | None = None
    """Processes that take the batches in; without them this one does it all."""

    @property
    def told_in(self) -> Path:
        """The folder of the files of rejected rows: what a rehearsal rejects stands apart from what an import did."""
        return self.rejects_folder / "rehearsal" if self.is_rehearsal else self.rejects_folder


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
    run = _Run(store, mapping, readers, way, console)

    async def work() -> Sequence[SectionSummary]:
        await run.prepare()
        found = await _sections(run, readers, console)
        await run.finish(found)
        return found

    summaries = await while_leased(store, f"import/{run.digest}", console, work)
    return Summary(
        sections=summaries,
        notes=chosen.notes,
        seconds=time.monotonic() - begun,
        is_rehearsal=way.is_rehearsal,
    )


async def _sections(run: "_Run", readers: Sequence[SectionReader], console: Console) -> Sequence[SectionSummary]:
    summaries = []
    paths = reject_paths(run.told_in, readers)
    with _progress(console) as progress, _rare_collections():
        for reader, reject_files in zip(readers, paths, strict=True):
            total = sum(table.lines for table in reader.tables)
            task = progress.add_task(reader.section.record, total=total)
            summaries.append(await run.section(reader, reject_files, partial(progress.advance, task)))
            progress.update(task, completed=total)
    return summaries


def told_of_stop(*, is_rehearsal: bool, is_restart: bool) -> str:
    """What holds after Ctrl-C."""
    same = "without --restart the same command" if is_restart else "the same command"
    told = "it was a rehearsal, and nothing was written" if is_rehearsal else f"{same} goes on where it was"
    return f"Stopped; {told}."


# Before the first row


def _check_folder(way: Options) -> None:
    folder = way.told_in
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotImport(
            f"{folder}, the folder for rejected rows, cannot be made: {error.strerror}. Name another."
        ) from error


# While it runs


Advance = Callable[[float], None]
Queue = asyncio.Queue[Sequence[Unit] | None]


class _Run:
    """One import under way."""

    def __init__(
        self, store: Store, mapping: ImportMapping, readers: Sequence[SectionReader], way: Options, console: Console
    ) -> None:
        self._store, self._mapping, self._way, self._console = store, mapping, way, console
        self.digest = digest = run_digest(mapping, readers)
        self.folder = way.rejects_folder
        self.told_in = way.told_in
        # A rehearsal leaves alone what an interrupted run has set aside.
        self._parts = f"rehearsal-{digest[:16]}" if way.is_rehearsal else digest[:16]
        here = Circumstances(
            at=way.at or datetime.now(UTC),
            by=f"import {mapping.path.name}",
            region=mapping.region or way.default_region,
            folder=self.folder,
            parts=self._parts,
            is_rehearsal=way.is_rehearsal,
            attributes=mapping.attributes,
        )
        self.take: Take
        if way.crew:
            self.take = way.crew.taking(store, mapping, readers, here)
        else:
            self.take = Taker(store, {one.section.number: one for one in readers}, here).take
        self._positions: Mapping[tuple[int, int], Position] = {}
        self.opening = asyncio.Lock()

    async def prepare(self) -> None:
        """Finds where an earlier run stopped, and defines the attributes of the mapping."""
        if not self._way.is_rehearsal:
            self._positions = await positions_of(self._store, self.digest)
        if self._way.is_restart:
            await self._forget()
            self._positions = {}
        check_parts(self.folder, self._parts, self._positions.values())
        for path in () if self._way.is_rehearsal else other_parts(self.folder, self._parts):
            self._console.print(
                f"{path} holds rows that another run has rejected. Where that one was interrupted, it goes on when its "
                "mapping and files are given unchanged; else remove the file: it holds people's data.",
                highlight=False,
                soft_wrap=True,
            )
        if self._positions:
            done = sum(one.done for one in self._positions.values())
            self._console.print(
                f"An earlier run was interrupted after {done:,} records; this one goes on behind them.",
                highlight=False,
            )
        try:
            define = missing_attributes if self._way.is_rehearsal else define_attributes
            await define(self._store, self._mapping.attributes)
        except NotTaken as error:
            raise CannotImport(f"{self._mapping.path}: {error}") from error

    async def finish(self, summaries: Sequence[SectionSummary]) -> None:
        """Forgets the positions: the next run with the same files begins at their first rows."""
        if not self._way.is_rehearsal:
            await forget_run(self._store, self.digest)
        for one in summaries:
            for lane in range(LANES):
                part_path(self.folder, self._parts, one.number, lane).unlink(missing_ok=True)
        if self._way.is_rehearsal:
            # Nothing was rejected, and nothing is left.
            with suppress(OSError):
                self.told_in.rmdir()

    async def _forget(self) -> None:
        """Lets go of what an interrupted run left, its rejected rows too."""
        if not self._way.is_rehearsal:
            await forget_run(self._store, self.digest)
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
        position = self._positions.get((section, number)) or Position(self.digest, section, number)
        return _Lane(self, replace(position, rejects=str(self.folder.resolve())))


class _Lane:
    """One of the lanes on which a section's batches are taken in, in order."""

    def __init__(self, run: _Run, position: Position) -> None:
        self._run, self.position = run, position
        self.skip = position.done
        """Units of the lane that an earlier run has done."""
        # One batch waits while another is written: enough that neither side stands idle.
        self.queue: Queue = asyncio.Queue(maxsize=1)

    async def work(self) -> None:
        """Takes in what is dealt to the lane."""
        first = await self.queue.get()
        if first is not None:
            # What all records share, such as their shop, is written first: two at once would collide.
            async with self._run.opening:
                await self._take(first)
            while (units := await self.queue.get()) is not None:
                await self._take(units)
        if not self.position.is_complete:
            await self._take([], is_last=True)

    async def _take(self, units: Sequence[Unit], *, is_last: bool = False) -> None:
        self.position = await self._run.take(units, self.position, is_last=is_last)


async def _deal(reader: SectionReader, lanes: Sequence[_Lane], advance: Advance) -> int:
    """Deals the units to the lanes in batches; answers how many rows were read."""
    hands: list[list[Unit]] = [[] for _ in lanes]
    opened: set[int] = set()
    rows = reported = 0
    for number, unit in enumerate(_pending(reader, lanes)):
        rows += len(unit.rows)
        if number % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
        if unit.lane < 0:
            continue
        hand = hands[unit.lane]
        hand.append(unit)
        if len(hand) == (BATCH if unit.lane in opened else min(_OPENING, BATCH)):
            opened.add(unit.lane)
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


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Lets Python look for circles of garbage rarely: a batch is thousands of small objects, and none in circles."""
    before = gc.get_threshold()
    # A batch's documents are some 50,000 objects: looking once in ten batches costs next to nothing.
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
