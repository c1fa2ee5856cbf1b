"""How is a file written: which format, encoding, separators, header?"""

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.hints import did_you_mean

CSV, TSV, WORDS, FIXED, JSONL = "csv", "tsv", "words", "fixed", "jsonl"
FORMATS = (CSV, TSV, WORDS, FIXED, JSONL)
_BY_SUFFIX = {".csv": CSV, ".tsv": TSV, ".tab": TSV, ".jsonl": JSONL, ".ndjson": JSONL}

# Also takes the mark with which spreadsheets begin their UTF-8.
USUAL_ENCODING = "utf-8-sig"
# Python counts these among the encodings of text; what they decode is the names of hosts, or nothing.
_NO_ENCODINGS = frozenset({"idna", "punycode", "undefined"})
# A header further down is a mistake of the mapping.
_LAST_HEADER = 10_000
_LINE_ENDS = frozenset("\r\n")

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
    if not _is_encoding(given.get("encoding", USUAL_ENCODING)):
        known = ("utf-8-sig", "cp1252", "latin-1", "utf-16", "cp437", "shift_jis", "gb18030")
        problems.append(f"{where}, encoding: {given['encoding']!r} is none.{did_you_mean(given['encoding'], known)}")
        del given["encoding"]
    _check_marks(given, where, problems)
    _check_columns(given, where, problems)


def _is_encoding(name: str) -> bool:
    """Whether Python decodes text by that name, and not bytes into bytes."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return getattr(found, "_is_text_encoding", True) and found.name not in _NO_ENCODINGS


def _check_marks(given: dict[str, Any], where: str, problems: list[str]) -> None:
    for key in ("delimiter", "quote"):
        mark = given.get(key, "x")
        if len(mark) > 1 or (key == "delimiter" and not mark):
            problems.append(f"{where}, {key}: {mark!r} is not one character.")
            del given[key]
        elif mark in _LINE_ENDS:
            problems.append(f"{where}, {key}: {mark!r} ends a line. Name another character.")
            del given[key]
    if "delimiter" in given and given["delimiter"] == given.get("quote", '"'):
        problems.append(
            f"{where}, delimiter: {given['delimiter']!r} is the quote character too. Name another of the two."
        )


def _check_columns(given: dict[str, Any], where: str, problems: list[str]) -> None:
    if not 0 <= given.get("header", 1) <= _LAST_HEADER:
        problems.append(f"{where}, header: {given['header']!r} is no line from 1 to {_LAST_HEADER}, nor 0 for none.")
        del given["header"]
    if not all(isinstance(one, str) for one in given.get("columns", ())):
        problems.append(f'{where}, columns: {given["columns"]!r} is no list of names, as ["id", "name"].')
    if not all(type(one) is int and one > 0 for one in given.get("widths", ())):
        problems.append(f"{where}, widths: {given['widths']!r} is no list of whole numbers above 0, as [10, 20].")
    if given.get("header") == 0 and not given.get("columns"):
        problems.append(f"{where}, header: 0 says that no line names the columns; name them under `columns`.")
    if given.get("format") == FIXED and len(given.get("widths", ())) != len(given.get("columns", ())):
        problems.append(f"{where}, widths: the format `fixed` needs as many widths as columns.")


def _told(kind: type[Any]) -> str:
    return _WORDS[kind.__name__]
