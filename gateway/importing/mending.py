"""Is this a file of rejected rows that somebody mended, and from which file are they?"""

import re
from pathlib import Path
from typing import NamedTuple

from adapters.targets import TARGETS
from gateway.importing.layouts import CSV, USUAL_ENCODING, Layout

LEADING = ("file", "line", "reason")
"""The columns in front of the row's own."""

MENDED = Layout(format=CSV, encoding=USUAL_ENCODING, delimiter=",", quote='"', leading=LEADING)
"""How rejected rows are written, whatever way the file is written that they are from."""

_NAME = re.compile(r"(?P<stem>.+)\.(?P<record>[a-z]+)\.rejected\.csv", re.IGNORECASE)


class Rejected(NamedTuple):
    """What the name of such a file says."""

    stem: str
    """The name of the file that they are from, without its ending."""
    record: str


def rejected_name(path: Path) -> Rejected | None:
    """What the file's name says; None where it is no name of rejected rows."""
    found = _NAME.fullmatch(path.name)
    if found is None or (record := found["record"].casefold()) not in TARGETS:
        return None
    return Rejected(found["stem"], record)


def layout_for(path: Path, layout: Layout) -> Layout:
    """How the file is written: as said, unless it holds rejected rows."""
    return MENDED if rejected_name(path) else layout


def reject_name(path: Path, record: str, number: int = 1) -> str:
    """The name of the file for the rejected rows of a file; never that of a file which is itself being read.

    From 2 on, the number stands in it, which tells apart what has the same name otherwise.
    """
    rejected = rejected_name(path)
    stem = f"{rejected.stem}.again" if rejected else path.name.removesuffix(".gz").rsplit(".", 1)[0]
    return f"{stem if number == 1 else f'{stem}.{number}'}.{record}.rejected.csv"
