"""Which small tables stand beside a mapping, in which fields look things up?"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.channels.rest.expressions import folded

# Taxonomies have some thousands of rows; what is larger belongs into the database.
_MOST_BYTES = 16 * 1024 * 1024
_TAB, _COMMA = "\t", ","


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """One `[[table]]`, read whole."""

    columns: Sequence[str]
    rows: Mapping[str, Mapping[str, str]]
    """By the key's text in whatever case; of repeated keys the first."""


def read_table(path: Path, key: str, where: str, problems: list[str]) -> Table | None:
    """The table; None where it cannot be used, which is then among the problems."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            problems.append(f"{where}, file: {path} is larger than 16 MiB. Cut it to what is looked up.")
            return None
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        problems.append(f"{where}, file: {path} cannot be read as UTF-8. Check the path, beside the mapping.")
        return None
    # A taxonomy's file begins with a line of headings over groups of columns.
    mark = _TAB if path.suffix == ".tsv" else _COMMA
    rows = list(csv.reader(lines, delimiter=mark))
    header = next((n for n, row in enumerate(rows[:2]) if key in [cell.strip() for cell in row]), None)
    if header is None:
        problems.append(f"{where}, key: {path.name} has no column {key!r} in its first two lines. Name one of them.")
        return None
    columns = [cell.strip() for cell in rows[header]]
    found: dict[str, Mapping[str, str]] = {}
    for row in rows[header + 1 :]:
        cells = dict(zip(columns, [*row, *[""] * len(columns)], strict=False))
        found.setdefault(folded(cells[key]), cells)
    return Table(columns, found)
