"""Can everything that an import needs be opened and read, before its first row is?"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from adapters.values import BadValue
from gateway.importing.choosing import Chosen
from gateway.importing.mapping import ImportMapping, Section
from gateway.importing.mending import layout_for
from gateway.importing.reading import Lookups, SectionReader, check_columns, rows_by_key
from gateway.importing.tables import Table, open_table
from gateway.importing.troubles import CannotImport


def open_readers(chosen: Chosen) -> Sequence[SectionReader]:
    """Everything opened and checked; raises CannotImport with all problems."""
    problems: list[str] = []
    lookups: dict[str, Mapping[str, Mapping[str, str]]] = {}
    for name, asked in chosen.tables.items():
        wanted = list(dict.fromkeys([asked.table.key, *asked.gives]))
        try:
            lookups[name] = rows_by_key(asked.table, open_table(asked.path, asked.table.layout, wanted))
        except CannotImport as error:
            problems += error.problems
    opened = [(section, _open_all(section, paths, problems)) for section, paths in chosen.sections]
    for section, tables in opened:
        _check_lookups(section, lookups, problems)
        for table in tables:
            check_columns(section, table, problems)
    if problems:
        raise CannotImport(*dict.fromkeys(problems))
    return [_reader(section, tables, lookups) for section, tables in opened]


def _reader(section: Section, tables: Sequence[Table], lookups: Lookups) -> SectionReader:
    try:
        return SectionReader(section, tables, lookups)
    except BadValue as error:
        # What stands in `values`, `otherwise` and `default` is read once, when the fields are bound.
        raise CannotImport(f"{section.title}: a value of the mapping: {error}.") from error


def _open_all(section: Section, paths: Sequence[Path], problems: list[str]) -> Sequence[Table]:
    tables = []
    for path in paths:
        try:
            tables.append(open_table(path, layout_for(path, section.layout), section.columns))
        except CannotImport as error:
            problems += error.problems
    return tables


def _check_lookups(section: Section, lookups: Lookups, problems: list[str]) -> None:
    for field, expression in section.fields.items():
        problems += [f"{section.title}, fields.{field}, {problem}" for problem in expression.lookup_problems(lookups)]


def run_digest(mapping: ImportMapping, readers: Sequence[SectionReader]) -> str:
    """Stands for the mapping and the content of every file: what an interrupted run is found again by."""
    words = [mapping.digest]
    for reader in readers:
        words += [str(reader.section.number), *(table.digest for table in reader.tables)]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
