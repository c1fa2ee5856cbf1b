"""How does a stored document become an object of the graph, with what the viewer may not see left out?

A type says once, beside each field, where the value stands; from that a reader is made. Personal values that the
viewer has no right to never reach the object: they are null, and `hiddenFields` names them.
"""

import dataclasses
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import strawberry
from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document, RecordId, decimal_of
from resolvers.kit.described import graph_interface, told
from resolvers.kit.ids import global_id

T = TypeVar("T")
Convert = Callable[[Any], Any]

_WHERE = "stored at"


@dataclass(frozen=True, slots=True)
class Where:
    """Where in the document a field's value stands, and how it is read."""

    path: str | None
    convert: Convert | None


def kept(description: str, *, at: str | None = None, read: Convert | None = None) -> Any:
    """A field that a document keeps, under the field's own name or at a dotted path.

    An absent value is null, or what `read` makes of None.
    """
    return strawberry.field(description=description, metadata={_WHERE: Where(at, read)})


def inner(*, at: str | None = None) -> Any:
    """A value that the object carries for its own resolvers and that the graph does not show (`strawberry.Private`)."""
    return dataclasses.field(metadata={_WHERE: Where(at, None)})


@graph_interface
class Node:
    """Anything that has an id of its own and can be found again by it."""

    id: strawberry.ID = told("The thing's id, the same for ever. Opaque: send it back as it came.")
    key: strawberry.Private[RecordId]


@graph_interface
class Redacted:
    """Something that holds personal values, which not every viewer may read."""

    hidden_fields: list[str] = told(
        "Fields of this object that hold a value which you have no right to see; they are null."
    )


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes objects of one type from documents."""

    cls: type[Any]
    steps: tuple[tuple[str, tuple[str, ...], Convert | None], ...]
    has_id: bool
    has_hidden: bool

    def read(self, stored: Document, /, hidden: frozenset[str] = frozenset(), **more: Any) -> Any:
        """The object; `hidden` are the stored fields that this viewer may not see, `more` what no document holds."""
        values: dict[str, Any] = more
        unseen: list[str] = []
        for name, path, convert in self.steps:
            value = stored.get(path[0])
            for word in path[1:]:
                value = value.get(word) if value is not None else None
            if hidden and value is not None and _is_under(path, hidden):
                unseen.append(to_camel_case(name))
                value = None
            if convert is not None:
                value = convert(value)
            values[name] = value
        if self.has_id:
            values["key"] = stored["_id"]
            values["id"] = global_id(self.cls.__name__, stored["_id"])
        if self.has_hidden:
            values["hidden_fields"] = unseen
        return self.cls(**values)


_readers: dict[type[Any], Reader] = {}


def reader_of(cls: type[Any]) -> Reader:
    """The reader of a type, made once; raises TypeError where a field cannot be read."""
    if cls not in _readers:
        _readers[cls] = _make_reader(cls)
    return _readers[cls]


def _make_reader(cls: type[Any]) -> Reader:
    hints = get_type_hints(cls, include_extras=True)
    steps = []
    for one in fields(cls):
        where = one.metadata.get(_WHERE)
        if where is not None:
            path = tuple((where.path or one.name).split("."))
            steps.append((one.name, path, where.convert or _conversion(hints[one.name])))
    names = {one.name for one in fields(cls)}
    return Reader(cls, tuple(steps), "key" in names and "id" in names, "hidden_fields" in names)


def stored_paths(cls: type[Any]) -> Mapping[str, str]:
    """Each kept field of a type with the path at which its value is stored."""
    return {name: ".".join(path) for name, path, _ in reader_of(cls).steps}


def _is_under(path: tuple[str, ...], hidden: frozenset[str]) -> bool:
    return any(".".join(path[: n + 1]) in hidden for n in range(len(path)))


def _conversion(hint: Any) -> Convert | None:
    """How a stored value becomes one of the annotated type; None where it is that already."""
    if get_origin(hint) is Annotated:
        return _conversion(get_args(hint)[0])
    if get_origin(hint) in {Union, types.UnionType}:
        inner = [one for one in get_args(hint) if one is not types.NoneType]
        convert = _conversion(inner[0]) if len(inner) == 1 else None
        return _unless_absent(convert) if convert else None
    if get_origin(hint) is list:
        convert = _conversion(get_args(hint)[0])
        return (lambda values: [convert(one) for one in values or ()]) if convert else (lambda values: values or [])
    return decimal_of if hint is Decimal else _class_conversion(hint)


def _class_conversion(hint: Any) -> Convert | None:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if hasattr(hint, "from_stored"):
        return hint.from_stored  # type: ignore[no-any-return]
    return reader_of(hint).read if is_dataclass(hint) and isinstance(hint, type) else None


def _unless_absent(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)
