"""How do the rows of a section's files become records, one after the other and always in the same order?

Rows of one order need not stand together: the files are read once to count each order's rows, and a second time to
make the orders, each as soon as its last row has come.
"""

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from adapters.contract.records import HandedOver
from adapters.hints import did_you_mean
from adapters.making import GROUPS, Said, Spot, order_of, record_of
from adapters.quiet import quiet
from adapters.values import BadValue
from gateway.importing.expressions import Binding, Constant, Give, Template
from gateway.importing.layouts import JSONL
from gateway.importing.mapping import LookupTable, Section
from gateway.importing.tables import Row, Table
from gateway.importing.troubles import CannotImport

Lookups = Mapping[str, Mapping[str, Mapping[str, str]]]


@quiet
class Placed(NamedTuple):
    """A row and the number of its file in the section."""

    file: int
    row: Row
    cells: Sequence[str]
    """The row's cells, and behind them what counted templates come to."""


@dataclass(slots=True, repr=False)
class Unit:
    """The rows that make one record."""

    rows: Sequence[Placed]
    lane: int
    """Which of the lanes takes it: the same for all that is one person's."""


class SectionReader:
    """The units of a section, and the records that they make."""

    def __init__(self, section: Section, tables: Sequence[Table], lookups: Lookups) -> None:
        self.section, self.tables, self.lookups = section, tables, lookups
        self._spot = Spot(section.channel or "", section.account or "", section.currency)
        self._required = {name: None for name, field in section.target.fields.items() if field.is_required}
        counted = (one.source for one in section.fields.values() if isinstance(one.source, Template))
        self._counted = list(dict.fromkeys(one for one in counted if one.is_counted))
        self._bindings = [Binding(self._positions(table), lookups) for table in tables]
        self._bound = [self._gives(binding) for binding in self._bindings]
        steps = [[_step(name, give) for name, give in bound.items()] for bound in self._bound]
        always = {name for name, one in section.fields.items() if isinstance(one.source, Constant)}
        # What is the same for all rows is read once; a group is every row's own.
        self._always = {
            name: value
            for name, group, _, give in (steps[0] if steps else ())
            if name in always and group is None and (value := _constant(name, give)) is not None
        }
        self._steps = [[step for step in each if step[0] not in always or step[1] is not None] for each in steps]

    def units(self, lanes: int) -> Iterator[Unit]:
        """The units in an order that is the same whenever the same files are read."""
        name = self._lane_field()
        for rows in self._grouped() if self.section.is_grouped else ([one] for one in self._rows()):
            yield Unit(rows, _lane(self._text(name, rows[0]), lanes))

    def record(self, unit: Unit) -> HandedOver:
        """The record that the unit makes; raises BadValue with what is wrong, in words without the value."""
        for _, row, _ in unit.rows:
            if row.trouble:
                raise BadValue(row.trouble if len(unit.rows) == 1 else f"line {row.line}: {row.trouble}")
        if self.section.is_grouped:
            return order_of([self._said(one) for one in unit.rows], self._spot)
        return record_of(self.section.record, self._said(unit.rows[0]), self._spot)

    def _said(self, placed: Placed) -> Said:
        said = self._always.copy()
        cells = placed.cells
        name = ""
        try:
            for name, group, member, give in self._steps[placed.file]:
                value = give(cells)
                if value is None:
                    continue
                if group is None:
                    said[name] = value
                else:
                    said.setdefault(group, {})[member] = value
        except BadValue as error:
            raise BadValue(f"`{name}`: {error}.") from error
        except ArithmeticError as error:
            raise BadValue(f"`{name}`: the number there is beyond what can be kept. Correct it.") from error
        if not self._required.keys() <= said.keys():
            empty = next(one for one in self._required if one not in said)
            raise BadValue(f"`{empty}` is empty. Fill it in, or leave the row out.")
        return said

    # Rows

    def _rows(self) -> Iterator[Placed]:
        counters: list[Counter[tuple[str, ...]]] = [Counter() for _ in self._counted]
        for number, (table, binding) in enumerate(zip(self.tables, self._bindings, strict=True)):
            counts = [one.counting(binding, counter) for one, counter in zip(self._counted, counters, strict=True)]
            for row in table.rows():
                cells = row.cells
                if counts and not row.trouble:
                    cells = [*cells, *[count(cells) for count in counts]]
                yield Placed(number, row, cells)

    def _grouped(self) -> Iterator[Sequence[Placed]]:
        """The rows of each record together, as soon as the last of them has come."""
        left = Counter(key for one in self._rows() if (key := self._text("id", one)) is not None)
        waiting: dict[str, list[Placed]] = {}
        for one in self._rows():
            key = self._text("id", one)
            if key is None:
                yield [one]
                continue
            waiting.setdefault(key, []).append(one)
            left[key] -= 1
            if not left[key]:
                yield waiting.pop(key)

    def _text(self, name: str, placed: Placed) -> str | None:
        """The text of a field; None where the row is too broken to have one."""
        if placed.row.trouble and self.tables[placed.file].layout.format == JSONL:
            return None
        try:
            value = self._bound[placed.file][name](placed.cells)
        except (BadValue, IndexError):
            return None
        return None if value is None else str(value)

    # Binding

    def _positions(self, table: Table) -> Mapping[str, int]:
        return {name: n for n, name in enumerate([*table.columns, *(one.text for one in self._counted)])}

    def _gives(self, binding: Binding) -> Mapping[str, Give]:
        return {name: one.bind(binding) for name, one in self.section.fields.items()}

    def _lane_field(self) -> str:
        """What stays together: a conversation with its messages, a person's records, else each record alone."""
        return next(name for name in ("conversation", "who", "id", "name", "subject") if name in self.section.fields)


def _step(name: str, give: Give) -> tuple[str, str | None, str, Give]:
    """A field with the group that it belongs to and its name there, taken apart once and not for each row."""
    group, dot, member = name.partition(".")
    return (name, group, member, give) if dot and group in GROUPS else (name, None, name, give)


def _constant(name: str, give: Give) -> Any:
    """What a constant comes to; raises BadValue with the field's name."""
    try:
        return give(())
    except BadValue as error:
        raise BadValue(f"`{name}`: {error}") from error


def _lane(key: str | None, lanes: int) -> int:
    return zlib.crc32(key.encode()) % lanes if key else 0


def check_columns(section: Section, table: Table, problems: list[str]) -> None:
    """Adds to the problems each column that the section asks for and the file does not have, each hint once."""
    asked = {name for expression in section.fields.values() for name in expression.source.columns}
    spare = [one for one in table.columns if one and one not in asked]
    told = {""}
    for field, expression in section.fields.items():
        for name in expression.source.columns:
            if name not in table.columns:
                hint = did_you_mean(name, spare)
                problems.append(
                    f"{table.path} has no column {name!r}, from which `{field}` is read.{'' if hint in told else hint}"
                )
                told.add(hint)


def rows_by_key(table: LookupTable, file: Table) -> Mapping[str, Mapping[str, str]]:
    """The rows of a lookup table by key; raises CannotImport where a key is there twice or a row is broken."""
    if table.key not in file.columns:
        raise CannotImport(
            f"{file.path} has no column {table.key!r}, the key of the table {table.name!r}."
            f"{did_you_mean(table.key, file.columns)}"
        )
    place = file.columns.index(table.key)
    found: dict[str, Mapping[str, str]] = {}
    for row in file.rows():
        if row.trouble:
            raise CannotImport(f"{file.path}, line {row.line}: {row.trouble}. Others look things up there: mend it.")
        key = row.cells[place].strip()
        if not key:
            # Nothing looks up an empty key.
            continue
        if key in found:
            raise CannotImport(f"{file.path}, line {row.line}: the key {key!r} is there twice. Leave one of them out.")
        found[key] = {name: cell.strip() for name, cell in zip(file.columns, row.cells, strict=True)}
    if file.layout.format == JSONL:
        _check_said(table, file, found)
    return found


def _check_said(table: LookupTable, file: Table, found: Mapping[str, Mapping[str, str]]) -> None:
    """JSON has no header: a name that no line says is taken for a wrong one."""
    if not found:
        raise CannotImport(f"{file.path}: no line says {table.key!r}, the key of the table {table.name!r}.")
    for name in file.columns:
        if not any(row[name] for row in found.values()):
            raise CannotImport(
                f"{file.path}: no line says {name!r}, which is looked up in the table {table.name!r}. Correct `give`."
            )
