"""Is what a mapping says about a field right, and which expression does it come to?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Final

from adapters.channels.rest.expressions import (
    ASKED,
    Above,
    Asked,
    Constant,
    Expression,
    Here,
    Lookup,
    Source,
    Template,
    Whole,
)
from adapters.channels.rest.paths import JsonPath, json_path
from adapters.channels.rest.tables import Table
from adapters.hints import did_you_mean
from adapters.readers import OPTIONS, Custom, reader_of
from adapters.targets import Field, Kind

TYPES: Final[Mapping[str, Kind]] = {
    "text": Kind.TEXT,
    "texts": Kind.TEXTS,
    "moment": Kind.MOMENT,
    "day": Kind.DAY,
    "number": Kind.NUMBER,
    "whole": Kind.WHOLE,
    "flag": Kind.FLAG,
}
"""What an attribute may be read as: the customer schema stands elsewhere."""

_PATHS: Mapping[str, Callable[[JsonPath], Source]] = {"path": Here, "above": Above, "answer": Whole}
_SOURCES = (*_PATHS, "asked", "constant", "template", "lookup")
_ALWAYS = ("values", "otherwise", "default", "required")


@dataclass(frozen=True, slots=True)
class Usual:
    """What holds for every field unless the field says otherwise."""

    custom: Custom
    empty: frozenset[str]
    tables: Mapping[str, Table]
    problems: list[str] = field(default_factory=list)


def expression_of(stated: Any, name: str, target: Field, where: str, usual: Usual) -> Expression | None:
    """The expression; None where something is wrong, which is then among the problems."""
    before = len(usual.problems)
    given: Mapping[str, Any] = {"path": stated} if isinstance(stated, str) else stated
    if not isinstance(given, Mapping):
        usual.problems.append(f'{where}: {stated!r} is neither a path nor a table such as {{ constant = "x" }}.')
        return None
    if name.startswith("attributes."):
        target = Field(_attribute_kind(given, where, usual))
    _check_keys(given, name, target, where, usual)
    source = source_of(given, where, usual)
    read = reader_of(given, target, where, usual.custom, usual.problems)
    values, score_of = _values(given, where, usual), _score_of(given, where, usual)
    if source is None or len(usual.problems) > before:
        return None
    return Expression(
        kind=target.kind,
        source=source,
        read=read,
        empty=usual.empty,
        values=values,
        otherwise=_said(given.get("otherwise")),
        default=_said(given.get("default")),
        split=given.get("split"),
        score_of=score_of,
        is_required=target.is_required or given.get("required") is True,
    )


def _attribute_kind(given: Mapping[str, Any], where: str, usual: Usual) -> Kind:
    named = given.get("type", "text")
    if named not in TYPES:
        usual.problems.append(f"{where}, type: {named!r} is none.{did_you_mean(str(named), TYPES)}")
    return TYPES.get(str(named), Kind.TEXT)


def _check_keys(given: Mapping[str, Any], name: str, target: Field, where: str, usual: Usual) -> None:
    beside = ("by", "give") if "lookup" in given else ()
    own = (*(("type",) if name.startswith("attributes.") else ()), *(("score_of",) if name == "score" else ()))
    allowed = (*_SOURCES, *beside, *_ALWAYS, *own, *OPTIONS[target.kind])
    for key in given:
        if key not in allowed:
            usual.problems.append(
                f"{where}: {key!r} says nothing about {target.kind.value}.{did_you_mean(key, allowed)}"
            )
    if "required" in given and not isinstance(given["required"], bool):
        usual.problems.append(f"{where}, required: {given['required']!r} is neither true nor false.")
    if "split" in given and not (isinstance(given["split"], str) and given["split"]):
        usual.problems.append(f"{where}, split: {given['split']!r} is no text that stands between elements.")


def source_of(given: Mapping[str, Any], where: str, usual: Usual) -> Source | None:
    """Where it comes from; None where that is wrong."""
    chosen = [key for key in _SOURCES if key in given]
    if len(chosen) != 1:
        usual.problems.append(
            f"{where}: says {len(chosen)} of {', '.join(_SOURCES)}; exactly one says where it comes from."
        )
        return None
    (key,) = chosen
    if key in _MAKERS:
        return _MAKERS[key](given, where, usual)
    text = given[key]
    if not isinstance(text, str):
        usual.problems.append(f"{where}, {key}: {text!r} is no text.")
        return None
    path = path_of(text, f"{where}, {key}", usual.problems)
    return _PATHS[key](path) if path else None


def path_of(text: str, where: str, problems: list[str]) -> JsonPath | None:
    """The compiled path; None where it is none, which is then among the problems."""
    try:
        return json_path(text)
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return None


def _constant(given: Mapping[str, Any], where: str, usual: Usual) -> Source | None:
    value = given["constant"]
    if isinstance(value, str | int | float | bool):
        return Constant(_said(value))
    usual.problems.append(f"{where}, constant: {value!r} is no single value. Write a text, a number, true or false.")
    return None


def _asked(given: Mapping[str, Any], where: str, usual: Usual) -> Source | None:
    text = given["asked"]
    if text in ASKED:
        return Asked(text)
    usual.problems.append(f"{where}, asked: {text!r} is nothing that a question has.{did_you_mean(str(text), ASKED)}")
    return None


def _template(given: Mapping[str, Any], where: str, usual: Usual) -> Source | None:
    text = str(given["template"])
    try:
        parts = [(literal, name) for literal, name, _, _ in Formatter().parse(text)]
    except ValueError as error:
        usual.problems.append(f"{where}, template: {text!r} cannot be read: {error}. Write {{{{ for a brace.")
        return None
    paths = [path_of(name or "", f"{where}, template", usual.problems) for _, name in parts if name is not None]
    if not paths:
        usual.problems.append(f"{where}, template: {text!r} names no path. Write {{id}}-{{sku}}, or use `constant`.")
    sound = [one for one in paths if one]
    if not paths or len(sound) < len(paths):
        return None
    literals = [""]
    for literal, name in parts:
        # An escaped brace ends a part, too, without a path behind it.
        literals[-1] += literal
        if name is not None:
            literals.append("")
    return Template(literals, sound)


def _lookup(given: Mapping[str, Any], where: str, usual: Usual) -> Source | None:
    name, by, give = given["lookup"], given.get("by"), given.get("give")
    table = usual.tables.get(str(name))
    if table is None:
        usual.problems.append(f"{where}, lookup: there is no table {name!r}.{did_you_mean(str(name), usual.tables)}")
    elif give not in table.columns:
        hint = did_you_mean(str(give), table.columns)
        usual.problems.append(f"{where}, give: the table {name!r} has no column {give!r}.{hint}")
    key = {"path": by} if isinstance(by, str) else by
    if not isinstance(key, Mapping):
        usual.problems.append(f"{where}, by: say the path of the key, or another source in braces.")
        return None
    source = source_of(key, f"{where}, by", usual)
    return Lookup(str(name), table.rows, source, str(give)) if source and table else None


_MAKERS: Mapping[str, Callable[[Mapping[str, Any], str, Usual], Source | None]] = {
    "constant": _constant,
    "lookup": _lookup,
    "asked": _asked,
    "template": _template,
}


def _values(given: Mapping[str, Any], where: str, usual: Usual) -> Mapping[str, str] | None:
    values = given.get("values")
    if values is None:
        if "otherwise" in given:
            usual.problems.append(f"{where}, otherwise: it is for texts that are not in `values`. Set them, too.")
        return None
    if isinstance(values, Mapping) and all(isinstance(one, str | int | float | bool) for one in values.values()):
        return {key: _said(one) or "" for key, one in values.items()}
    usual.problems.append(f'{where}, values: {values!r} is no table such as {{ closed = "SOLVED" }}.')
    return None


def _score_of(given: Mapping[str, Any], where: str, usual: Usual) -> float | None:
    most = given.get("score_of")
    if most is None or (isinstance(most, int | float) and not isinstance(most, bool) and most > 0):
        return most
    usual.problems.append(f"{where}, score_of: {most!r} is no number above 0. Write the most that the source says.")
    return None


def _said(value: Any) -> str | None:
    """A value of the mapping as JSON would say it."""
    if value is None:
        return None
    return ("true" if value else "false") if isinstance(value, bool) else str(value)
