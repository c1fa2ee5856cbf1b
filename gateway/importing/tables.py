"""Which rows does a file hold, whatever way it is written, and where are they broken?"""

import csv
import gzip
import hashlib
import io
import zlib
from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from adapters.quiet import quiet
from gateway.importing.encodings import check_beginning
from gateway.importing.json_lines import json_rows
from gateway.importing.layouts import FIXED, FORMATS, JSONL, TSV, WORDS, Layout
from gateway.importing.troubles import CannotImport

# A quoted text of more lines than this is taken for a quote that was never closed.
MOST_LINES_OF_A_CELL = 200
# Longer than any field's text, and short enough to hold many; Python's own bound, 131,072, is less than a message has.
_LONGEST_CELL = 1_000_000
csv.field_size_limit(_LONGEST_CELL)
_UNCLOSED = "a quote opens on this line and is never rightly closed"
_TOO_LONG = f"a cell that begins on this line is longer than {_LONGEST_CELL:,} characters. Shorten it in the source"
# Read at once while a file is checked: large enough that calls do not count, small enough for any machine.
_CHUNK_BYTES = 1024 * 1024


Split = Callable[[str], list[str]]


@quiet
class Row(NamedTuple):
    """One row: where it stands, its cells, and what is broken about it."""

    line: int
    cells: Sequence[str]
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file of rows."""

    path: Path
    layout: Layout
    columns: Sequence[str]
    """The names of its columns, in order."""
    digest: str
    """Stands for the file's whole content."""
    lines: int
    """About how many rows it has: its line ends, without the header's."""
    origin: str
    """The name of the file where its rows stood first: of rejected rows that of the file they are from."""

    def rows(self) -> Iterator[Row]:
        """The rows in order. A broken one says what is wrong, and the next line begins anew."""
        with _text(self.path, self.layout.encoding) as lines:
            yield from _rows_of(lines, self.layout, self.columns)


def open_table(path: Path, layout: Layout, wanted: Sequence[str]) -> Table:
    """The file, read through once: its content decodes and its columns have names.

    `wanted` are the columns that will be asked for; JSON has no others. Raises CannotImport with what to do.
    """
    kind = layout.format_of(path)
    if kind is None:
        raise CannotImport(f"{path}: its name does not say how it is written. Set `format` to one of {FORMATS}.")
    layout = replace(layout, format=kind)
    digest, line_count = _checked_digest(path, layout)
    with _text(path, layout.encoding) as lines:
        columns = list(wanted) if kind == JSONL else _own(_header(lines, layout, path), layout, path)
        origin = _origin(lines, layout, path) if layout.leading else path.name
    twice = sorted({one for one in columns if one and columns.count(one) > 1})
    if twice:
        raise CannotImport(f"{path}: the header names {', '.join(map(repr, twice))} twice. Rename one of the columns.")
    headers = 0 if kind == JSONL else layout.header
    return Table(path, layout, columns, digest, max(line_count - headers, 0), origin)


def _own(columns: list[str], layout: Layout, path: Path) -> list[str]:
    """The columns behind the leading ones."""
    count = len(layout.leading)
    if tuple(columns[:count]) != layout.leading:
        raise CannotImport(
            f"{path}: the first line should begin with {','.join(layout.leading)}, as in every file of rejected rows. "
            "Save it as CSV in UTF-8 with commas, and leave those columns in."
        )
    return columns[count:]


def _origin(lines: TextIO, layout: Layout, path: Path) -> str:
    """The file that the first row names; the others are from the same one."""
    first = next((row.cells[0] for row in _cells(lines, layout, None) if row.cells[0] and not row.trouble), None)
    if first is None:
        raise CannotImport(f"{path}: no row says from which file it is. Leave the column `file` in.")
    return first


# Opening


def _bytes(path: Path) -> BinaryIO:
    try:
        if path.is_dir():
            raise CannotImport(f"{path} is a folder. Name its files, as {path}/*.csv.")
        opened = gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # noqa: SIM115 - the caller closes it
    except FileNotFoundError as error:
        raise CannotImport(f"{path} is not there. Check the spelling and the current folder.") from error
    except OSError as error:
        raise CannotImport(f"{path} cannot be opened: {error.strerror}.") from error
    return opened  # type: ignore[return-value]  # a GzipFile reads bytes like any other


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[TextIO]:
    # Line ends stay as they are: a quoted cell may hold some.
    with _bytes(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as lines:
        yield lines


def _checked_digest(path: Path, layout: Layout) -> tuple[str, int]:
    digest = hashlib.sha256()
    decoder = getincrementaldecoder(layout.encoding)()
    read_bytes = line_count = 0
    try:
        with _bytes(path) as raw:
            while chunk := raw.read(_CHUNK_BYTES):
                if not read_bytes:
                    check_beginning(path, chunk, layout)
                pending = len(decoder.getstate()[0])
                _decode(decoder, chunk, path, layout, read_bytes - pending)
                digest.update(chunk)
                line_count += chunk.count(b"\n")
                read_bytes += len(chunk)
            _decode(decoder, b"", path, layout, read_bytes - len(decoder.getstate()[0]), is_last=True)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CannotImport(f"{path} ends in .gz but is no whole gzip file. Pack or fetch it again.") from error
    if not read_bytes:
        raise CannotImport(f"{path} is empty. Export it again, or leave it out.")
    return digest.hexdigest(), line_count


def _decode(
    decoder: IncrementalDecoder, chunk: bytes, path: Path, layout: Layout, begin: int, *, is_last: bool = False
) -> None:
    try:
        decoder.decode(chunk, is_last)
    except UnicodeError as error:
        if not isinstance(error, UnicodeDecodeError):
            # Such as UTF-16 without its mark.
            raise CannotImport(f"{path} is no {layout.encoding}: {error}. Set `encoding` to another.") from error
        byte = error.object[error.start]
        others = [one for one in ("utf-8-sig", "cp1252", "latin-1") if one != layout.encoding]
        remedy = f"Set `encoding` to that in which the file was written, often {' or '.join(map(repr, others))}."
        if layout.leading:
            remedy = "Save it as CSV in UTF-8, in which rejected rows are written."
        raise CannotImport(
            f"{path}: byte {begin + error.start} (0x{byte:02x}) is no {layout.encoding}. {remedy}"
        ) from error


def _header(lines: TextIO, layout: Layout, path: Path) -> list[str]:
    if layout.header == 0:
        return list(layout.columns)
    for _ in islice(lines, layout.header - 1):
        pass
    first = next(_cells(lines, layout, None), None)
    if first is None or first.trouble or not any(first.cells):
        raise CannotImport(f"{path}: line {layout.header} should name the columns and does not. Set `header`.")
    return list(layout.columns) or [cell.strip() for cell in first.cells]


# Reading


def _rows_of(lines: TextIO, layout: Layout, columns: Sequence[str]) -> Iterator[Row]:
    if layout.format == JSONL:
        for line, cells, trouble in json_rows(lines, columns, layout.explode):
            yield Row(line, cells, trouble)
        return
    for _ in islice(lines, layout.header):
        pass
    leading = len(layout.leading)
    rows = _cells(lines, layout, leading + len(columns), layout.header + 1)
    yield from (_behind(row, leading) for row in rows) if leading else rows


def _behind(row: Row, leading: int) -> Row:
    """A rejected row without the columns in front of it, and with the line where it stood first."""
    said = row.cells[1] if len(row.cells) > 1 else ""
    return Row(int(said) if said.isdecimal() else row.line, row.cells[leading:], row.trouble)


def _cells(lines: Iterator[str], layout: Layout, width: int | None, first: int = 1) -> Iterator[Row]:
    """The rows; `first` is the number of the line that comes next."""
    split = _splitter(layout)
    if split is None:
        yield from _quoted_cells(lines, layout, width, first)
        return
    for number, line in enumerate(lines, first):
        if line.strip():
            cells = split(line)
            yield Row(number, cells, None if len(cells) == width else _miscount(cells, width))


def _splitter(layout: Layout) -> Split | None:
    """How a line becomes cells; None where quotes have to be heeded."""
    if layout.format == WORDS:
        return str.split
    if layout.format == FIXED:
        return _cutter(layout.widths)
    if layout.quote == "" or (layout.quote is None and layout.format == TSV):
        separator = layout.separator
        return lambda line: line.rstrip("\r\n").split(separator)
    return None


def _cutter(widths: Sequence[int]) -> Split:
    ends = [sum(widths[: n + 1]) for n in range(len(widths))]
    cuts = [slice(end - width, end) for end, width in zip(ends, widths, strict=True)]
    return lambda line: [line.rstrip("\r\n")[cut] for cut in cuts]


def _miscount(cells: Sequence[str], width: int | None) -> str | None:
    if width is None or len(cells) == width:
        return None
    return f"the row has {len(cells)} cells where the header has {width}; look for a missing quote or separator"


class _Feed:
    """Hands the csv reader its lines and remembers those of the row that is being read."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: list[str] = []
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES_OF_A_CELL:
            raise csv.Error("a quote is never closed")
        line = self._again.pop() if self._again else next(self._lines)
        self.taken.append(line)
        return line

    def give_back(self) -> str:
        """All lines but the first, to be read again; answers the first."""
        first, *others = self.taken
        self._again += reversed(others)
        self.taken = []
        return first


def _quoted_cells(lines: Iterator[str], layout: Layout, width: int | None, first: int) -> Iterator[Row]:
    """Rows as RFC 4180 writes them. Where a quote is wrong, the line it stands on is given up and no other."""
    feed, line, separator = _Feed(lines), first, layout.separator
    while True:
        reader = csv.reader(feed, delimiter=separator, quotechar=layout.quote or '"', strict=True)
        try:
            for cells in reader:
                span = len(feed.taken)
                if cells and width is not None and len(cells) != width:
                    if span > 1:
                        break
                    yield Row(line, cells, _miscount(cells, width))
                elif cells:
                    yield Row(line, cells)
                line += span
                feed.taken.clear()
            else:
                return
            trouble = _UNCLOSED
        except csv.Error as error:
            if not feed.taken:
                raise
            trouble = _TOO_LONG if "field limit" in str(error) else _UNCLOSED
        broken = feed.give_back().rstrip("\r\n").split(separator)
        yield Row(line, broken, trouble)
        line += 1
