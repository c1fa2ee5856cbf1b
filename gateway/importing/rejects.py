"""Where do rejected rows go, so that someone can mend them and import just those?

While the import runs, each lane appends to a part of its own, whose length stands in the lane's position: after an
interruption it is cut back to what was committed. At the end of a section the parts become one CSV file per input
file, and they go when the whole run is over: whatever stops it, nothing rejected is lost.
"""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import orjson

from gateway.importing.mending import LEADING, reject_name
from gateway.importing.position import Position
from gateway.importing.reading import SectionReader, Unit
from gateway.importing.tables import Table
from gateway.importing.troubles import CannotImport

# Rejected rows are people's data: nobody else on the machine reads them.
_OURS_ALONE = 0o600


class RejectPart:
    """The rejected rows of one lane while the import runs."""

    def __init__(self, path: Path, length: int) -> None:
        self._path = path
        self.length = length
        if _size(path) > length:
            os.truncate(path, length)

    def add(self, rejected: Sequence[tuple[Unit, str]]) -> int:
        """Appends rows with their reasons, safely on disk, and answers the length then."""
        if not rejected:
            return self.length
        lines = [
            orjson.dumps([one.file, one.row.line, reason, list(one.row.cells)])
            for unit, reason in rejected
            for one in unit.rows
        ]
        with os.fdopen(os.open(self._path, os.O_WRONLY | os.O_CREAT, _OURS_ALONE), "r+b") as part:
            if os.fstat(part.fileno()).st_size < self.length:
                raise OSError(None, "was cut short while it was written", str(self._path))
            # A transaction that is done again writes the same place anew.
            part.seek(self.length)
            part.truncate()
            part.write(b"\n".join(lines) + b"\n")
            part.flush()
            os.fsync(part.fileno())
            return part.tell()


def part_path(folder: Path, run: str, section: int, lane: int) -> Path:
    """Where the rejected rows of a lane stand meanwhile."""
    return folder / f".import-{run}-{section}-{lane}.part"


def check_parts(folder: Path, run: str, positions: Iterable[Position]) -> None:
    """Raises CannotImport where rows that an interrupted run rejected are not in this folder."""
    for one in positions:
        path = part_path(folder, run, one.section, one.lane)
        if _size(path) >= one.rejected_bytes:
            continue
        if one.rejects != str(folder.resolve()):
            raise CannotImport(
                f"An earlier run with these files was interrupted, and the rows that it rejected are in {one.rejects}. "
                f"Give --rejects {one.rejects} to go on there, or --restart to begin at the first row."
            )
        raise CannotImport(
            f"An earlier run with these files was interrupted, and {path}, which holds rows that it rejected, is gone "
            "or was cut. Put it back, or give --restart to begin at the first row."
        )


def other_parts(folder: Path, run: str) -> Sequence[Path]:
    """The rejected rows that other runs have set aside in this folder, as those that were interrupted do."""
    return sorted(path for path in folder.glob(".import-*.part") if not path.name.startswith(f".import-{run}-"))


def reject_paths(folder: Path, readers: Sequence[SectionReader]) -> Sequence[Sequence[Path]]:
    """The CSV file for the rejected rows of each input file of each section; no two are one."""
    taken = {table.path.resolve() for reader in readers for table in reader.tables}
    return [[_free(folder, table, reader.section.record, taken) for table in reader.tables] for reader in readers]


def _free(folder: Path, table: Table, record: str, taken: set[Path]) -> Path:
    """The first name that nothing else has; files of one name may come from several folders."""
    number = 1
    while (path := folder / reject_name(table.path, record, number)).resolve() in taken:
        number += 1
    taken.add(path.resolve())
    return path


def gather(parts: Sequence[Path], tables: Sequence[Table], paths: Sequence[Path]) -> Mapping[Path, int]:
    """Makes of the parts a CSV file per input file and answers their numbers of rows; one of an earlier run goes.

    The parts stay, so that it can be done again.
    """
    rows: dict[int, list[tuple[int, str, list[str]]]] = {n: [] for n in range(len(tables))}
    for part in parts:
        for line in part.read_bytes().splitlines() if part.exists() else ():
            file, number, reason, cells = orjson.loads(line)
            rows[file].append((number, reason, cells))
    written: dict[Path, int] = {}
    for n, (table, path) in enumerate(zip(tables, paths, strict=True)):
        if rows[n]:
            _write(path, table, sorted(rows[n]))
            written[path] = len(rows[n])
        else:
            path.unlink(missing_ok=True)
    return written


def _write(path: Path, table: Table, rows: Sequence[tuple[int, str, list[str]]]) -> None:
    """The whole file or the one that was there before."""
    fresh = path.with_name(f".{path.name}.fresh")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OURS_ALONE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*LEADING, *table.columns])
            writer.writerows([table.origin, line, reason, *cells] for line, reason, cells in rows)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Brings the folder's names to the disk: the parts go only after that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
