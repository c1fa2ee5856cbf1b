"""Which of the files that were named belongs to which part of the mapping?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from gateway.importing.expressions import Lookup
from gateway.importing.mapping import ImportMapping, LookupTable, Section
from gateway.importing.mending import MENDED, rejected_name
from gateway.importing.tables import open_table
from gateway.importing.troubles import CannotImport


@dataclass(frozen=True, slots=True)
class Asked:
    """A lookup table, its file, and what is looked up in it."""

    table: LookupTable
    path: Path
    gives: Sequence[str]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The parts of a mapping that have files, in the mapping's order."""

    sections: Sequence[tuple[Section, Sequence[Path]]]
    tables: Mapping[str, Asked]
    """The lookup tables that those sections ask."""
    notes: Sequence[str]
    """What is left out, and why."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A file that was named."""

    path: Path
    origin: str
    """The name by which its part is chosen: of rejected rows that of the file they are from."""
    record: str | None = None
    """What rejected rows are to become."""

    def is_for(self, section: Section) -> bool:
        """Whether the section takes it."""
        return self.record in {None, section.record} and _fits(self.origin, section.files)


def choose(mapping: ImportMapping, files: Sequence[Path]) -> Chosen:
    """Each file's place; raises CannotImport where a file has none or a table has no file."""
    problems: list[str] = []
    notes: list[str] = []
    if not files:
        problems.append(f"No file is named. {mapping.path} takes {_patterns(mapping)}.")
    # Named twice, as by two patterns of a shell, a file is read once.
    files = list({file.resolve(): file for file in reversed(files)}.values())[::-1]
    problems += [
        f"{file} is not there. Check the spelling and the current folder."
        if not file.exists()
        else f"{file} is a folder. Name its files, as {file}/*.csv."
        for file in files
        if not file.is_file()
    ]
    named = [one for file in files if file.is_file() and (one := _named(mapping, file, problems, notes))]
    for one in named:
        _place(mapping, one, named, problems)
    sections = [
        (section, found)
        for section in mapping.sections
        if (found := [one.path for one in named if one.is_for(section)])
    ]
    tables: dict[str, Asked] = {}
    for name, gives in _asked(section for section, _ in sections).items():
        path = _find(mapping.tables[name], files)
        if path is None:
            wanted = " or ".join(mapping.tables[name].files)
            problems.append(f"The table {name!r} needs a file {wanted}. Name it too, or put it beside the others.")
        else:
            tables[name] = Asked(mapping.tables[name], path, list(dict.fromkeys(gives)))
    if problems:
        raise CannotImport(*problems)
    return Chosen(sections, tables, notes)


def _named(mapping: ImportMapping, file: Path, problems: list[str], notes: list[str]) -> _Named | None:
    """The file with where it is from; None where that cannot be told."""
    left = next((one for one in mapping.left if _fits(file.name, one.files)), None)
    if left:
        notes.append(f"{file} is left out: {left.why}.")
    rejected = rejected_name(file)
    if rejected is None or left:
        return _Named(file, file.name)
    try:
        origin = open_table(file, MENDED, ()).origin
    except CannotImport as error:
        problems += error.problems
        return None
    return _Named(file, origin, rejected.record)


def _place(mapping: ImportMapping, file: _Named, named: Sequence[_Named], problems: list[str]) -> None:
    if any(_fits(file.path.name, left.files) for left in mapping.left):
        return
    sections = [one for one in mapping.sections if file.is_for(one)]
    tables = [one for one in mapping.tables.values() if file.record is None and _fits(file.origin, one.files)]
    if not sections and not tables:
        whose = f": its rows come from {file.origin!r}, which" if file.record else ""
        problems.append(f"{file.path}{whose} fits no part of {mapping.path}, which takes {_patterns(mapping)}.")
    if file.record is None:
        return
    problems += [
        f"{file.path}: `{field}` counts rows, which only the whole file tells. Mend them in {file.origin} and import "
        "that again; what was taken in already stays as it is."
        for section in sections
        for field in section.counted
    ]
    other = next((one for one in named if one is not file and _overlap(one, file)), None)
    if other:
        also = other.origin if other.record is None else other.path
        problems.append(f"{file.path} holds rows of {also}, which is named too. Import one of them, then the other.")


def _overlap(one: _Named, rejected: _Named) -> bool:
    return one.origin == rejected.origin and one.record in {None, rejected.record}


def _fits(name: str, patterns: Sequence[str]) -> bool:
    names = {name.casefold(), name.removesuffix(".gz").casefold()}
    return any(fnmatch(one, pattern.casefold()) for one in names for pattern in patterns)


def _patterns(mapping: ImportMapping) -> str:
    return ", ".join(dict.fromkeys(pattern for one in mapping.sections for pattern in one.files))


def _asked(sections: Iterable[Section]) -> Mapping[str, Sequence[str]]:
    """The tables that the sections' fields ask, also by way of each other, with the columns that they ask for."""
    found: dict[str, list[str]] = {}
    for section in sections:
        for expression in section.fields.values():
            source: object = expression.source
            while isinstance(source, Lookup):
                found.setdefault(source.table, []).append(source.give)
                source = source.by
    return found


def _find(table: LookupTable, files: Sequence[Path]) -> Path | None:
    """The table's file: among those that were named, or else in a folder of theirs."""
    beside = (one for folder in dict.fromkeys(file.parent for file in files) for one in _inside(folder))
    fitting = (one for one in (*files, *beside) if _fits(one.name, table.files))
    return next((one for one in fitting if not rejected_name(one)), None)


def _inside(folder: Path) -> Sequence[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
