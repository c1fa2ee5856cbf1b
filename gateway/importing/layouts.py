"""How is a file written: which format, encoding, separators, header?"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.importing.troubles import did_you_mean

CSV, TSV, WORDS, FIXED, JSONL = "csv", "tsv", "words", "fixed", "jsonl"
FORMATS = (CSV, TSV, WORDS, FIXED, JSONL)
_BY_SUFFIX = {".csv": CSV, ".tsv": TSV, ".tab": TSV, ".jsonl": JSONL, ".ndjson": JSONL}

# Also takes the mark with which spreadsheets begin their UTF-8.
USUAL_ENCODING = "utf-8-sig"

_WORDS = {"str": "text", "int": "whole number", "list": "list"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the rows of a file are written."""

    format: str | None = None
    """One of FORMATS; None: what the file's name says."""
    encoding: str = USUAL_ENCODING
    delimiter: str | None = None
    quote: str | None = None
    """What stands around texts that hold the delimiter; an empty text: nothing does."""
    header: int = 1
    """The line that names the columns; 0 where none does."""
    columns: tuple[str, ...] = ()
    """The columns' names where no line says them."""
    widths: tuple[int, ...] = ()
    """Of format `fixed`: how many characters each column takes."""
    explode: str | None = None
    """Of format `jsonl`: the list of which each element becomes a row."""
    leading: tuple[str, ...] = ()
    """Columns in front that tell of the row and are none of its own; only files of rejected rows have some."""

    def format_of(self, path: Path) -> str | None:
        """The format of a file; None where neither the layout nor the file's name says it."""
        return self.format or _BY_SUFFIX.get(Path(path.name.removesuffix(".gz")).suffix.casefold())

    @property
    def separator(self) -> str:
        """What stands between cells."""
        return self.delimiter or ("\t" if self.format == TSV else ",")


KEYS = ("format", "encoding", "delimiter", "quote", "header", "columns", "widths", "explode")
_KINDS: Mapping[str, type[Any]] = {
    "format": str,
    "encoding": str,
    "delimiter": str,
    "quote": str,
    "header": int,
    "columns": list,
    "widths": list,
    "explode": str,
}


def layout_of(stated: Mapping[str, Any], where: str, problems: list[str]) -> Layout:
    """The layout that a section of a mapping states; what is wrong with it is added to the problems."""
    given: dict[str, Any] = {key: stated[key] for key in KEYS if key in stated}
    for key, value in list(given.items()):
        if not isinstance(value, _KINDS[key]) or isinstance(value, bool):
            problems.append(f"{where}, {key}: {value!r} is no {_told(_KINDS[key])}.")
            del given[key]
    _check(given, where, problems)
    for key in ("columns", "widths"):
        if key in given:
            given[key] = tuple(given[key])
    return Layout(**given)


def _check(given: dict[str, Any], where: str, problems: list[str]) -> None:
    if given.get("format", CSV) not in FORMATS:
        problems.append(f"{where}, format: {given['format']!r} is none.{did_you_mean(given['format'], FORMATS)}")
    try:
        codecs.lookup(given.get("encoding", USUAL_ENCODING))
    except LookupError:
        known = ("utf-8-sig", "cp1252", "latin-1", "utf-16", "cp437", "shift_jis", "gb18030")
        problems.append(f"{where}, encoding: {given['encoding']!r} is none.{did_you_mean(given['encoding'], known)}")
        del given["encoding"]
    for key in ("delimiter", "quote"):
        if len(given.get(key, "x")) > 1 or (key == "delimiter" and given.get(key) == ""):
            problems.append(f"{where}, {key}: {given[key]!r} is not one character.")
            del given[key]
    if given.get("header") == 0 and not given.get("columns"):
        problems.append(f"{where}, header: 0 says that no line names the columns; name them under `columns`.")
    if given.get("format") == FIXED and len(given.get("widths", ())) != len(given.get("columns", ())):
        problems.append(f"{where}, widths: the format `fixed` needs as many widths as columns.")


def _told(kind: type[Any]) -> str:
    return _WORDS[kind.__name__]
