"""Which of the files that were named belongs to which part of the mapping?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from gateway.importing.expressions import Lookup
from gateway.importing.mapping import ImportMapping, LookupTable, Section
from gateway.importing.troubles import CannotImport


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parts of a mapping that have files, in the mapping's order."""

    sections: Sequence[tuple[Section, Sequence[Path]]]
    tables: Mapping[str, tuple[LookupTable, Path]]
    """The lookup tables that those sections ask."""
    notes: Sequence[str]
    """What is left out, and why."""


def choose(mapping: ImportMapping, files: Sequence[Path]) -> Chosen:
    """Each file's place; raises CannotImport where a file has none or a table has no file."""
    problems: list[str] = []
    notes: list[str] = []
    if not files:
        problems.append(f"No file is named. {mapping.path} takes {_patterns(mapping)}.")
    for file in files:
        _place(mapping, file, problems, notes)
    sections = [
        (section, found)
        for section in mapping.sections
        if (found := [one for one in files if _fits(one, section.files)])
    ]
    tables: dict[str, tuple[LookupTable, Path]] = {}
    for name in _asked(section for section, _ in sections):
        path = _find(mapping.tables[name], files)
        if path is None:
            wanted = " or ".join(mapping.tables[name].files)
            problems.append(f"The table {name!r} needs a file {wanted}. Name it too, or put it beside the others.")
        else:
            tables[name] = (mapping.tables[name], path)
    if problems:
        raise CannotImport(*problems)
    return Chosen(sections, tables, notes)


def _place(mapping: ImportMapping, file: Path, problems: list[str], notes: list[str]) -> None:
    for left in mapping.left:
        if _fits(file, left.files):
            notes.append(f"{file} is left out: {left.why}.")
            return
    parts: Iterable[Section | LookupTable] = (*mapping.sections, *mapping.tables.values())
    if not any(_fits(file, one.files) for one in parts):
        problems.append(f"{file} fits no part of {mapping.path}, which takes {_patterns(mapping)}.")


def _fits(file: Path, patterns: Sequence[str]) -> bool:
    names = {file.name.casefold(), file.name.removesuffix(".gz").casefold()}
    return any(fnmatch(name, pattern.casefold()) for name in names for pattern in patterns)


def _patterns(mapping: ImportMapping) -> str:
    return ", ".join(dict.fromkeys(pattern for one in mapping.sections for pattern in one.files))


def _asked(sections: Iterable[Section]) -> Sequence[str]:
    """The tables that the sections' fields ask, also by way of each other."""
    found: dict[str, None] = {}
    for section in sections:
        for expression in section.fields.values():
            source: object = expression.source
            while isinstance(source, Lookup):
                found[source.table] = None
                source = source.by
    return list(found)


def _find(table: LookupTable, files: Sequence[Path]) -> Path | None:
    """The table's file: among those that were named, or else in a folder of theirs."""
    beside = (one for folder in dict.fromkeys(file.parent for file in files) for one in _inside(folder))
    return next((one for one in (*files, *beside) if _fits(one, table.files)), None)


def _inside(folder: Path) -> Sequence[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
