"""Which mapping does a channel account have, and is all of it right?"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adapters.channels.rest.fields import Usual
from adapters.channels.rest.plan import Entry, Plan, Planning
from adapters.channels.rest.stated import StatedMapping
from adapters.channels.rest.tables import Table, read_table
from adapters.hints import did_you_mean
from adapters.readers import Custom, decimal_mark, zone_of
from adapters.stated_words import rule_broken

_INLINE = "the mapping"
_LONGEST_QUOTED = 64
_NO_ENTRY = Entry()


class BadMapping(ValueError):
    """A mapping cannot be used. `problems` says everything that is wrong with it, a sentence or two each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


def load(said: Any, entry: Entry = _NO_ENTRY) -> Plan:
    """The plan of a mapping, which is a path of a TOML file or a table itself; raises BadMapping with all problems.

    What the entry says takes the place of what the mapping says, for accounts that each have a host of their own.
    """
    where, table, folder = _read(said)
    try:
        stated = StatedMapping.model_validate(table)
    except ValidationError as error:
        raise BadMapping(*(f"{where}: {_in_words(one)}" for one in error.errors(include_url=False))) from error
    problems: list[str] = []
    usual = _usual(stated, where, folder, problems)
    plan = Planning(stated, entry, usual, where).plan()
    if not (plan.asks or plan.hook or plan.send or plan.order or plan.payment) and not problems:
        problems.append(
            f"{where}: it asks for nothing. Say what it offers, in an [[ask]], a [webhook], a [send], an [order] or a "
            "[payment]."
        )
    if problems:
        raise BadMapping(*problems)
    return plan


def _read(said: Any) -> tuple[str, Mapping[str, Any], Path]:
    if isinstance(said, Mapping):
        return _INLINE, said, Path()
    path = Path(str(said))
    try:
        return str(path), tomllib.loads(path.read_text("utf-8")), path.parent
    except (OSError, UnicodeDecodeError) as error:
        raise BadMapping(f"{path} cannot be read. Name a mapping in TOML, in UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadMapping(f"{path} is no TOML: {error}.") from error


def _usual(stated: StatedMapping, where: str, folder: Path, problems: list[str]) -> Usual:
    source, spot = stated.source, f"{where}: [source]"
    tables: dict[str, Table] = {}
    for n, one in enumerate(stated.table, 1):
        if table := read_table(folder / one.file, one.key, f"{where}: [[table]] {n}", problems):
            tables[one.name] = table
    zone, decimal = zone_of(source.zone, spot, problems), decimal_mark(source.decimal, spot, problems)
    return Usual(Custom(zone, decimal), frozenset({"", *source.empty}), tables, problems)


# What pydantic finds


def _in_words(one: ErrorDetails) -> str:
    """Where a mapping is wrong, what stands there, and what to write instead."""
    *above, key = one["loc"]
    place = _place(one["loc"])
    if one["type"] == "extra_forbidden":
        spot = _place(above)
        return f"{spot + ': ' if spot else ''}{key!r} means nothing here.{did_you_mean(str(key), _words_at(above))}"
    if one["type"] == "missing":
        return f"{place}: is needed and not said."
    value = repr(one["input"])[:_LONGEST_QUOTED]
    return f"{place}: {value} cannot stand here: {rule_broken(one)}."


def _place(loc: Sequence[int | str]) -> str:
    """A place of a mapping as people find it: lists count from 1."""
    words = ""
    for part in loc:
        words += f" {part + 1}" if isinstance(part, int) else f"{', ' if words else ''}{part}"
    return words


def _words_at(loc: Sequence[int | str]) -> list[str]:
    """The words that may stand at a place."""
    model: type[BaseModel] | None = StatedMapping
    for part in loc:
        if isinstance(part, str) and model:
            field = model.model_fields.get(part)
            model = next(_models(field.annotation), None) if field else None
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if get_origin(annotation) in {Union, UnionType, list}:
        for one in get_args(annotation):
            yield from _models(one)
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
