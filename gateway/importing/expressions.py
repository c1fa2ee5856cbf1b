"""How does a mapping say what goes into a field, and what does that come to for a row?

    "Column"                                              the cell of a column
    { column = "Column", ... }                            the same, with more
    { columns = ["A", "B"] }                              a list of cells, empty ones left out
    { constant = "text" }                                 the same for all rows
    { template = "{A}-{B}" }                              cells joined; {#} counts the rows that agree in the others
    { lookup = "table", by = ..., give = "Column" }       a cell of another file's row

and beside any of them `values`, `otherwise`, `default`, `split`, `case`, `styles`, `zone`, `decimal`.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

from adapters.hints import did_you_mean
from adapters.targets import Kind
from adapters.values import BadValue, Read, plain_text
from gateway.importing.json_lines import LIST_MARK

Cells = Sequence[str]
Text = Callable[[Cells], str]
Give = Callable[[Cells], Any]

COUNT = "#"


@dataclass(frozen=True, slots=True, repr=False)
class Binding:
    """What an expression is bound to when a file is read."""

    positions: Mapping[str, int]
    """The columns by name; behind them the counted templates by their text."""
    tables: Mapping[str, Mapping[str, Mapping[str, str]]]
    """Rows of other files by table name and key."""


@dataclass(frozen=True, slots=True)
class Column:
    """The cell of a column."""

    name: str

    @property
    def columns(self) -> Sequence[str]:
        """The columns that it reads."""
        return (self.name,)

    def bind(self, binding: Binding) -> Text:
        """The function that reads it."""
        n = binding.positions[self.name]
        return lambda cells: cells[n].strip()


@dataclass(frozen=True, slots=True)
class Columns:
    """The cells of several columns, as a list."""

    columns: Sequence[str]

    def bind(self, binding: Binding) -> Text:
        """The function that reads them."""
        places = [binding.positions[name] for name in self.columns]
        return lambda cells: LIST_MARK.join(text for n in places if (text := cells[n].strip()))


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text for all rows."""

    text: str
    columns: Sequence[str] = ()

    def bind(self, _binding: Binding) -> Text:
        """The function that says it."""
        text = self.text
        return lambda _cells: text


@dataclass(frozen=True, slots=True)
class Template:
    """Cells joined by a template; empty where all of them are."""

    text: str

    @property
    def names(self) -> Sequence[str]:
        """What stands in braces."""
        return [name for _, name, _, _ in Formatter().parse(self.text) if name is not None]

    @property
    def columns(self) -> Sequence[str]:
        """The columns that it reads."""
        return [name for name in self.names if name != COUNT]

    @property
    def is_counted(self) -> bool:
        """Whether it counts rows; such a template is filled in while rows are read in order, once for each row."""
        return COUNT in self.names

    def bind(self, binding: Binding) -> Text:
        """The function that joins them."""
        if self.is_counted:
            n = binding.positions[self.text]
            return lambda cells: cells[n]
        places = [binding.positions[name] for name in self.columns]
        pattern = self._pattern()
        return lambda cells: _joined(pattern, [cells[n].strip() for n in places])

    def counting(self, binding: Binding, counter: Counter[tuple[str, ...]]) -> Text:
        """The function that joins them with the number of rows so far that agree in them."""
        places = [binding.positions[name] for name in self.columns]
        pattern, known = self._pattern(), counter.get

        def counted(cells: Cells) -> str:
            parts = tuple([cells[n].strip() for n in places])
            counter[parts] = count = known(parts, 0) + 1
            return pattern.format(*parts, count)

        return counted

    def _pattern(self) -> str:
        """The template with the numbers of its columns in braces; that of a count comes behind the last column."""
        numbers, last = iter(range(len(self.columns))), len(self.columns)
        return "".join(
            part.replace("{", "{{").replace("}", "}}")
            + ("" if name is None else f"{{{last if name == COUNT else next(numbers)}}}")
            for part, name, _, _ in Formatter().parse(self.text)
        )


def _joined(pattern: str, parts: Sequence[str]) -> str:
    return pattern.format(*parts) if any(parts) else ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A cell of the row of another file that has this key."""

    table: str
    by: "Source"
    give: str

    @property
    def columns(self) -> Sequence[str]:
        """The columns of this file that it reads."""
        return self.by.columns

    def bind(self, binding: Binding) -> Text:
        """The function that looks it up."""
        rows, key_of, give, table = binding.tables[self.table], self.by.bind(binding), self.give, self.table

        def look(cells: Cells) -> str:
            key = key_of(cells)
            if not key:
                return ""
            row = rows.get(key)
            if row is None:
                raise BadValue(f"the table {table!r} has no row of that key")
            return row[give]

        return look


Source = Column | Columns | Constant | Template | Lookup


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What goes into one field."""

    name: str
    """The field."""
    kind: Kind
    source: Source
    read: Read
    """From text to value."""
    empty: frozenset[str] = frozenset({""})
    """Texts that mean nothing."""
    values: Mapping[str, Any] | None = None
    otherwise: Any = None
    default: str | None = None
    split: str | None = None

    def lookup_problems(self, tables: Mapping[str, Mapping[str, Mapping[str, str]]]) -> Sequence[str]:
        """What its lookups ask for and the tables do not have."""
        source: Any = self.source
        problems = []
        while isinstance(source, Lookup):
            first: Mapping[str, str] = next(iter(tables.get(source.table, {}).values()), {})
            if first and source.give not in first:
                problems.append(
                    f"give: {source.table!r} has no column {source.give!r}.{did_you_mean(source.give, first)}"
                )
            source = source.by
        return problems

    def bind(self, binding: Binding) -> Give:
        """The function from a row's cells to the field's value; None where the row says nothing."""
        text_of = self.source.bind(binding)
        if self.kind is Kind.TEXTS:
            return self._list(text_of)
        if self.values is not None:
            return self._translated(text_of)
        empty, default, read = self.empty, self.default, self.read
        if isinstance(self.source, Column) and default is None:
            return _of_cell(binding.positions[self.source.name], empty, read)

        def give(cells: Cells) -> Any:
            text = text_of(cells)
            if text in empty:
                return None if default is None else read(default)
            return read(text)

        return give

    def _list(self, text_of: Text) -> Give:
        mark, empty = self.split or LIST_MARK, self.empty
        translate = self.values or {}

        def give(cells: Cells) -> Any:
            parts = [part for one in text_of(cells).split(mark) if (part := one.strip()) not in empty]
            return tuple(self.read(str(translate.get(part, part))) for part in parts) or None

        return give

    def _translated(self, text_of: Text) -> Give:
        table = {key: self.read(_said(value)) for key, value in (self.values or {}).items()}
        fallback = None if self.otherwise is None else self.read(_said(self.otherwise))
        default = None if self.default is None else self.read(self.default)

        def give(cells: Cells) -> Any:
            text = text_of(cells)
            if text in table:
                return table[text]
            if text in self.empty:
                return default
            if fallback is None:
                raise BadValue("the text there is not in `values`. Add it, or set `otherwise`")
            return fallback

        return give


def _of_cell(n: int, empty: frozenset[str], read: Read) -> Give:
    """The commonest expression, a cell as it is: one call less for each field of each row."""
    if read is plain_text:
        return lambda cells: None if (text := cells[n].strip()) in empty else text
    return lambda cells: None if (text := cells[n].strip()) in empty else read(text)


def _said(value: Any) -> str:
    """A value of the mapping as a cell would say it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
