"""Where do rejected rows go, so that someone can mend them and import just those?

While the import runs, each lane appends to a part of its own, whose length stands in the lane's position: after an
interruption it is cut back to what was committed. At the end the parts become one CSV file per input file.
"""

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson

from gateway.importing.mending import LEADING, reject_name
from gateway.importing.reading import Unit
from gateway.importing.tables import Table

# Rejected rows are people's data: nobody else on the machine reads them.
_OURS_ALONE = 0o600


class RejectPart:
    """The rejected rows of one lane while the import runs."""

    def __init__(self, path: Path, length: int) -> None:
        self._path = path
        self.length = length
        if path.exists():
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
            # A transaction that is done again writes the same place anew.
            part.seek(self.length)
            part.truncate()
            part.write(b"\n".join(lines) + b"\n")
            part.flush()
            os.fsync(part.fileno())
            return part.tell()


def part_path(folder: Path, run: str, section: int, lane: int) -> Path:
    """Where the rejected rows of a lane stand meanwhile."""
    return folder / f".import-{run[:16]}-{section}-{lane}.part"


def reject_path(folder: Path, table: Table, record: str) -> Path:
    """The CSV file of the rows of an input file that did not become such records."""
    return folder / reject_name(table.path, record)


def gather(parts: Sequence[Path], tables: Sequence[Table], record: str, folder: Path) -> Mapping[Path, int]:
    """Makes of the parts a CSV file per input file and answers their numbers of rows; one of an earlier run goes."""
    rows: dict[int, list[tuple[int, str, list[str]]]] = {n: [] for n in range(len(tables))}
    for part in parts:
        for line in part.read_bytes().splitlines() if part.exists() else ():
            file, number, reason, cells = orjson.loads(line)
            rows[file].append((number, reason, cells))
        part.unlink(missing_ok=True)
    written: dict[Path, int] = {}
    for n, table in enumerate(tables):
        path = reject_path(folder, table, record)
        path.unlink(missing_ok=True)
        if rows[n]:
            _write(path, table, sorted(rows[n]))
            written[path] = len(rows[n])
    return written


def _write(path: Path, table: Table, rows: Sequence[tuple[int, str, list[str]]]) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OURS_ALONE)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*LEADING, *table.columns])
        writer.writerows([table.origin, line, reason, *cells] for line, reason, cells in rows)
