"""Is what a mapping says about a field right, and which expression does it come to?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any
from zoneinfo import ZoneInfo

from adapters.hints import did_you_mean
from adapters.readers import OPTIONS, Custom, reader_of
from adapters.targets import Field, Kind
from gateway.importing.expressions import COUNT, Column, Columns, Constant, Expression, Lookup, Source, Template

_SOURCES = ("column", "columns", "constant", "template", "lookup")
_ALWAYS = ("values", "otherwise", "default")


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds for every field of a section unless the field says otherwise."""

    zone: ZoneInfo | None
    decimal: str
    empty: frozenset[str]
    tables: Sequence[str]
    """Names of the tables that a lookup may ask."""
    problems: list[str] = field(default_factory=list)


def expression_of(stated: Any, name: str, target: Field, where: str, usual: Usual) -> Expression | None:
    """The expression; None where something is wrong, which is then among the problems."""
    before = len(usual.problems)
    given: Mapping[str, Any] = {"column": stated} if isinstance(stated, str) else stated
    if not isinstance(given, Mapping):
        usual.problems.append(
            f'{where}: {stated!r} is neither a column\'s name nor a table such as {{ constant = "x" }}.'
        )
        return None
    _check_keys(given, target, where, usual)
    source = _source(given, where, usual)
    read = reader_of(given, target, where, Custom(usual.zone, usual.decimal), usual.problems)
    values = given.get("values")
    if values is not None and not isinstance(values, Mapping):
        usual.problems.append(f'{where}, values: {values!r} is no table such as {{ M = "Male" }}.')
    if source is None or len(usual.problems) > before:
        return None
    return Expression(
        name=name,
        kind=target.kind,
        source=source,
        read=read,
        empty=usual.empty,
        values=values,
        otherwise=given.get("otherwise"),
        default=str(given["default"]) if "default" in given else None,
        split=given.get("split"),
    )


def _check_keys(given: Mapping[str, Any], target: Field, where: str, usual: Usual) -> None:
    beside = ("by", "give") if "lookup" in given else ()
    allowed = (*_SOURCES, *beside, *_ALWAYS, *OPTIONS[target.kind])
    for key in given:
        if key not in allowed:
            usual.problems.append(
                f"{where}: {key!r} says nothing about {target.kind.value}.{did_you_mean(key, allowed)}"
            )
    chosen = [key for key in _SOURCES if key in given]
    if len(chosen) != 1:
        usual.problems.append(
            f"{where}: says {len(chosen)} of {', '.join(_SOURCES)}; exactly one says where it comes from."
        )
    if "columns" in given and target.kind is not Kind.TEXTS:
        usual.problems.append(f"{where}: `columns` makes a list, and {target.kind.value} is wanted. Use `template`.")


def _source(given: Mapping[str, Any], where: str, usual: Usual) -> Source | None:
    if "lookup" in given:
        return _lookup(given, where, usual)
    if "columns" in given:
        names = given["columns"]
        if isinstance(names, list) and names and all(isinstance(one, str) for one in names):
            return Columns(tuple(names))
        usual.problems.append(f'{where}, columns: {names!r} is no list of column names such as ["A", "B"].')
        return None
    if "constant" in given:
        value = given["constant"]
        return Constant(("true" if value else "false") if isinstance(value, bool) else str(value))
    return _of_text(given, where, usual)


def _of_text(given: Mapping[str, Any], where: str, usual: Usual) -> Source | None:
    key = "template" if "template" in given else "column"
    text = given.get(key)
    if not isinstance(text, str) or not text:
        usual.problems.append(f"{where}, {key}: {text!r} is no text.")
        return None
    if key == "column":
        return Column(text)
    try:
        names = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError as error:
        usual.problems.append(f"{where}, template: {text!r} cannot be read: {error}. Write {{{{ for a brace.")
        return None
    if not [name for name in names if name and name != COUNT] or names.count(COUNT) > 1:
        usual.problems.append(f"{where}, template: {text!r} names no column, or counts twice. Write {{Column}}-{{#}}.")
        return None
    return Template(text)


def _lookup(given: Mapping[str, Any], where: str, usual: Usual) -> Source | None:
    table, by, give = given["lookup"], given.get("by"), given.get("give")
    if table not in usual.tables:
        usual.problems.append(f"{where}, lookup: there is no table {table!r}.{did_you_mean(str(table), usual.tables)}")
    if not isinstance(give, str):
        usual.problems.append(f"{where}, give: say the column of the table {table!r} that is wanted.")
    key = {"column": by} if isinstance(by, str) else by
    if not isinstance(key, Mapping):
        usual.problems.append(f"{where}, by: say the column that holds the key, or another lookup.")
        return None
    source = _source(key, f"{where}, by", usual)
    return Lookup(str(table), source, give) if source and isinstance(give, str) else None
