"""How does a stored document become an object of the graph, with what the viewer may not see left out?

A type says once, beside each field, where the value stands; from that a reader is made. Personal values that the
viewer has no right to never reach the object: they are null, and `hiddenFields` names them.
"""

import dataclasses
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property, partial
from operator import methodcaller
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

import strawberry
from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document, RecordId, decimal_of
from resolvers.kit.described import graph_interface, told
from resolvers.kit.ids import global_id
from resolvers.kit.reads import Paths, Unread, is_read

T = TypeVar("T")
Convert = Callable[[Any], Any]

_WHERE = "stored at"
STORED: Final = "_stored"
"""Where an object keeps the document that it reads from, without what the viewer may not see."""
_ONLY: Final = "_only"


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
        "Fields of this object that hold a value which you have no right to see; they are null. `entryPoint.page` is "
        "one inside another."
    )


@dataclass(frozen=True)
class Step:
    """How one field of a type is read from a document."""

    path: tuple[str, ...]
    convert: Convert | None
    inner: type[Any] | None = None
    """The class of the objects that the conversion makes of a document inside, or of a list of them."""

    @cached_property
    def at(self) -> str:
        """Where the value stands, as a dotted path."""
        return ".".join(self.path)

    def reading(self) -> Callable[[Document], Any]:
        """Reads the field of many documents."""
        first, *deeper = self.path
        get = methodcaller("get", first)
        convert = self.convert
        if deeper:
            return self.value
        return (lambda stored: convert(get(stored))) if convert else get

    def value(self, stored: Document) -> Any:
        """The field's value; an absent one is null, or what the conversion makes of None."""
        value: Any = stored
        for word in self.path:
            value = value.get(word) if value is not None else None
        return value if self.convert is None else self.convert(value)


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes objects of one type from documents. An object reads a field when it is asked for it."""

    cls: type[Any]
    steps: Mapping[str, Step]
    """By the field's Python name."""
    has_hidden: bool
    _hiding: dict[frozenset[str], list[tuple[str, tuple[str, ...]]]] = dataclasses.field(default_factory=dict)
    _readings: dict[frozenset[str], Callable[..., Any]] = dataclasses.field(default_factory=dict)

    def read(self, stored: Document, /, hidden: frozenset[str] = frozenset(), **more: Any) -> Any:
        """The object; `hidden` are the stored fields that this viewer may not see, `more` what no document holds."""
        reading = self._readings.get(hidden)
        if reading is None:
            reading = self._readings[hidden] = self.reading(hidden)
        return reading(stored, **more)

    def reading(
        self, hidden: frozenset[str] = frozenset(), only: Paths | None = None, *, at_once: Iterable[str] = ()
    ) -> Callable[..., Any]:
        """Makes objects of many documents: `fn(stored, **more)`. `only`: what was read of them; None: all.

        `at_once`: fields that are read already when the object is made, for whoever will ask for all of them.
        """
        cls, new, redacted = self.cls, object.__new__, self._redacted
        has_hidden = self.has_hidden
        steps = [(name, self.steps[name].reading()) for name in at_once]

        def read(stored: Document, /, **more: Any) -> Any:
            unseen: list[str] = []
            if hidden:
                stored = redacted(stored, hidden, unseen)
            more[STORED] = stored
            for name, step in steps:
                more[name] = step(stored)
            if has_hidden:
                more["hidden_fields"] = unseen
            if only is not None:
                more[_ONLY] = only
            made = new(cls)
            made.__dict__ = more
            return made

        return read

    def _redacted(self, stored: Document, hidden: frozenset[str], unseen: list[str]) -> Document:
        """The document without what is hidden: what the object does not hold, nobody can read from it."""
        hiding = self._hiding.get(hidden)
        if hiding is None:
            places = ((name, tuple(at.split("."))) for name, at in _places(self.steps))
            hiding = [(to_camel_case(name), path) for name, path in places if _is_under(path, hidden)]
            self._hiding[hidden] = hiding
        for name, path in hiding:
            shown = _without(stored, path)
            if shown is not stored:
                unseen.append(name)
                stored = shown
        return stored


def _without(stored: Any, path: tuple[str, ...]) -> Any:
    """A copy without the value at the path, of each in a list; the same where there is none."""
    if isinstance(stored, list):
        entries = [_without(one, path) for one in stored]
        return entries if any(new is not old for new, old in zip(entries, stored, strict=True)) else stored
    first, *rest = path
    value = stored.get(first) if stored is not None else None
    if value is None:
        return stored
    if not rest:
        return {**stored, first: None}
    inner_value = _without(value, tuple(rest))
    return stored if inner_value is value else {**stored, first: inner_value}


_readers: dict[type[Any], Reader] = {}


def reader_of(cls: type[Any]) -> Reader:
    """The reader of a type, made once; raises TypeError where a field cannot be read."""
    if cls not in _readers:
        _readers[cls] = _make_reader(cls)
    return _readers[cls]


def _make_reader(cls: type[Any]) -> Reader:
    hints = get_type_hints(cls, include_extras=True)
    steps: dict[str, Step] = {}
    for one in fields(cls):
        where = one.metadata.get(_WHERE)
        if where is not None:
            path = tuple((where.path or one.name).split("."))
            hint = hints[one.name]
            steps[one.name] = Step(path, where.convert or _conversion(hint), None if where.convert else _inner(hint))
    names = {one.name for one in fields(cls)}
    if {"key", "id"} <= names:
        steps |= {"key": Step(("_id",), None), "id": Step(("_id",), partial(global_id, cls.__name__))}
    if steps:
        _read_when_asked(cls, steps)
    return Reader(cls, steps, "hidden_fields" in names)


def _read_when_asked(cls: type[Any], steps: Mapping[str, Step]) -> None:
    """Lets objects of the type read a field from their document the first time that they are asked for it."""
    reads = {name: step.reading() for name, step in steps.items()}

    def read(self: Any, name: str) -> Any:
        values = self.__dict__
        stored, only = values.get(STORED), values.get(_ONLY)
        if stored is None or name not in reads:
            raise AttributeError(f"{cls.__name__} has no {name!r}.")
        whole = only is None or steps[name].at in only
        value = values[name] = reads[name](stored) if whole else _excerpted(steps[name], stored, only)
        return value

    # Python asks this only for what does not stand in the object.
    cls.__getattr__ = read


def _excerpted(step: Step, stored: Document, only: Paths) -> Any:
    """A field's value from a document of which not everything was read; raises Unread."""
    if is_read(step.at, only):
        return step.value(stored)
    parts = frozenset(path.removeprefix(f"{step.at}.") for path in only if path.startswith(f"{step.at}."))
    if step.inner is None or not parts:
        raise Unread(step.at, only)
    value = step.value(stored)
    for one in value if isinstance(value, list) else [value] if value is not None else ():
        one.__dict__[_ONLY] = parts
    return value


def steps_of(cls: type[Any] | None) -> Mapping[str, Step]:
    """How a type's fields are read from a document, by Python name; none where no document stands behind it."""
    if cls is None or not is_dataclass(cls):
        return {}
    try:
        return reader_of(cls).steps
    except (TypeError, NameError):
        # A type that no document could be read into.
        return {}


def stored_paths(cls: type[Any]) -> Mapping[str, str]:
    """Each kept field of a type with the path at which its value is stored; `entry_point.page` is one inside."""
    return {name: at for name, at in _places(reader_of(cls).steps) if at != "_id"}


def _places(steps: Mapping[str, Step]) -> Iterator[tuple[str, str]]:
    """Each field with the path of its value, and behind it the fields of the objects inside that."""
    for name, step in steps.items():
        yield name, step.at
        if step.inner is not None:
            for inner_name, at in _places(reader_of(step.inner).steps):
                yield f"{name}.{inner_name}", f"{step.at}.{at}"


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


def _inner(hint: Any) -> type[Any] | None:
    """The class whose reader makes the values of an annotated type, lists and nulls aside; None where none does."""
    if get_origin(hint) in {Annotated, list}:
        return _inner(get_args(hint)[0])
    if get_origin(hint) in {Union, types.UnionType}:
        inner = [one for one in get_args(hint) if one is not types.NoneType]
        return _inner(inner[0]) if len(inner) == 1 else None
    return hint if _has_reader(hint) else None


def _has_reader(hint: Any) -> bool:
    """Whether a class is one whose objects its reader makes."""
    if not isinstance(hint, type) or issubclass(hint, Enum) or hasattr(hint, "from_stored"):
        return False
    return is_dataclass(hint)


def _class_conversion(hint: Any) -> Convert | None:
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if hasattr(hint, "from_stored"):
        return hint.from_stored  # type: ignore[no-any-return]
    return reader_of(hint).reading() if _has_reader(hint) else None


def _unless_absent(convert: Convert) -> Convert:
    return lambda value: None if value is None else convert(value)
