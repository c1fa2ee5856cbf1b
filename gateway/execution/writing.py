"""How does what is only read of an object become its answer: one generated function for each place of an operation?

The function reads attributes one after the other and shows a dict of them. A value that is not of the usual class is
handed to its admission, which takes it or raises; then nothing was written, and the object is looked at again the
exact way. Reading has no effect, so that looking twice changes nothing.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from graphql import (
    GraphQLField,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from gateway.execution.admitting import (
    admit_list,
    is_settling,
    leaf_admission,
    object_admission,
    object_class,
    odd,
    usual_of,
)
from gateway.execution.trails import MARK
from gateway.execution.ways import Attribute, Coming, Reading, TypeName
from resolvers.kit.stored import STORED, Step

_VALUE: Final = re.compile(r"\bv\b")

Make = Callable[[Any], dict[str, Any]]
Finish = Callable[[Any], Any]
Below = Callable[[GraphQLObjectType], Any]
"""The selection on an object type that stands below a field."""
Kinds = Mapping[type, GraphQLObjectType]
"""Of an interface or union: the object types that a value's class settles."""


class Field(Protocol):
    """What is written of a field."""

    key: str
    way: Coming
    definition: GraphQLField
    named: Any
    below: Below | None
    kinds: Kinds | None


def finisher(kind: GraphQLOutputType, named: Any, below: Below | None, kinds: Kinds | None) -> Finish | None:
    """Completes a value of the type by reading alone; None where something below it has to be asked for."""
    if not _is_readable(named, below, kinds):
        return None
    expressions = _Expressions(below, kinds)
    text = f"def finish(v): return {expressions.completed(kind, 'v')}"
    return expressions.executed(text, "finish")


def _is_readable(named: Any, below: Below | None, kinds: Kinds | None) -> bool:
    if is_leaf_type(named):
        return True
    if below is None:
        return False
    if is_object_type(named):
        return not below(named).asked
    return (
        kinds is not None
        and bool(kinds)
        and all(is_settling(cls) and not below(kind).asked for cls, kind in kinds.items())
    )


class Made:
    """A written function and what it reads."""

    __slots__ = ("make", "read", "source")

    def __init__(self, make: Make, source: str, read: list[Any]) -> None:
        self.make = make
        self.source = source
        """Its text, for whoever wants to see it."""
        self.read = read
        """The fields that it writes."""


class Writer:
    """Collects the fields of one place and writes their function."""

    def __init__(self, kind: GraphQLObjectType) -> None:
        self._kind = kind
        self._names: dict[str, Any] = {}
        self._lines: list[str] = []
        self._entries: list[str] = []
        self._read: list[Any] = []
        self._reads_documents = False

    def takes(self, field: Field) -> bool:
        """Whether the field is written here; else it keeps its place in the answer, and is asked for."""
        key = repr(field.key)
        if isinstance(field.way, TypeName):
            self._entries.append(f"{key}: {self._kind.name!r}")
            return True
        is_readable = _is_readable(field.named, field.below, field.kinds)
        source = self._source(field.way) if is_readable else None
        if source is None:
            self._entries.append(f"{key}: None")
            return False
        value = f"v{len(self._read)}"
        self._lines.append(f"    {value} = {source}")
        expressions = _Expressions(field.below, field.kinds, self._names)
        self._entries.append(f"{key}: {expressions.completed(field.definition.type, value)}")
        self._read.append(field)
        return True

    def write(self, *, is_marked: bool) -> Made:
        """The function; with a mark the object itself stands in its answer, until the execution is over (trails.py)."""
        entries = [*self._entries, f"{MARK!r}: s"] if is_marked else self._entries
        text = "\n".join(["def make(s):", *self._lines, f"    return {{{', '.join(entries)}}}"])
        return Made(_Expressions(None, None, self._names).executed(text, "make"), text, self._read)

    def _source(self, way: Coming) -> str | None:
        match way:
            case Attribute(_, Step() as step):
                return self._of_document(step)
            case Attribute(name):
                return f"s.{name}"
            case Reading(function):
                return f"{self._name(function)}(s)"
        return None

    def _of_document(self, step: Step) -> str:
        """The expression that reads a field from the document behind the object."""
        if not self._reads_documents:
            self._reads_documents = True
            self._lines.insert(0, f"    d = s.{STORED}")
        if len(step.path) > 1:
            return f"{self._name(step.value)}(d)"
        value = f"d.get({step.path[0]!r})"
        return value if step.convert is None else f"{self._name(step.convert)}({value})"

    def _name(self, thing: Any) -> str:
        name = f"r{len(self._names)}"
        self._names[name] = thing
        return name


class _Expressions:
    """Expressions for values of a type, and the things that they name."""

    def __init__(self, below: Below | None, kinds: Kinds | None, names: dict[str, Any] | None = None) -> None:
        self._below, self._kinds = below, kinds
        self._names = {} if names is None else names

    def completed(self, kind: GraphQLOutputType, value: str, depth: int = 0) -> str:
        """The expression for a value of the type, which stands in a variable."""
        if is_non_null_type(kind):
            return f"({self._present(kind.of_type, value, depth)})"
        return f"(None if {value} is None else {self._present(kind, value, depth)})"

    def executed(self, text: str, name: str) -> Callable[[Any], Any]:
        """The function of that name in the text.

        The text holds attribute names of our own types, keys that GraphQL's grammar admits, and numbered names.
        """
        exec(compile(text, f"<{name}>", "exec"), self._names)  # noqa: S102
        function: Callable[[Any], Any] = self._names.pop(name)
        return function

    def _present(self, kind: Any, value: str, depth: int) -> str:
        """The same for one that is not null; a null is odd."""
        if is_list_type(kind):
            item = f"i{depth}"
            items = f"{value} if {value}.__class__ is list else {self._name('l', admit_list)}({value})"
            return f"[{self.completed(kind.of_type, item, depth + 1)} for {item} in ({items})]"
        if is_leaf_type(kind):
            return self._leaf(kind, value)
        return self._object(kind, value) if is_object_type(kind) else self._one_of(value)

    def _leaf(self, kind: GraphQLLeafType, value: str) -> str:
        admit = f"{self._name('a', leaf_admission(kind))}({value})"
        usual = usual_of(kind)
        if usual is None:
            return admit
        test = f"{value}.__class__ is {self._name('c', usual.cls)}"
        if usual.test:
            test += f" and {_VALUE.sub(value, usual.test)}"
        return f"{_VALUE.sub(value, usual.shown)} if {test} else {admit}"

    def _one_of(self, value: str) -> str:
        """An object of an interface or union; what its class does not settle raises whatever comes."""
        if self._below is None or self._kinds is None:
            raise TypeError("An interface or union is no leaf, and nothing is selected of it.")
        makes = self._name("m", {cls: self._below(kind).make for cls, kind in self._kinds.items()})
        cast = f"{TYPE_CAST_ATTRIBUTE!r} in {value}.__dict__"
        return f"({self._name('o', odd)}() if {cast} else {makes}[{value}.__class__]({value}))"

    def _object(self, kind: GraphQLObjectType, value: str) -> str:
        if self._below is None:
            raise TypeError(f"{kind.name} is an object, and nothing is selected of it.")
        make = self._name("m", self._below(kind).make)
        admit = self._name("a", object_admission(kind))
        usual = object_class(kind)
        if usual is None:
            return f"{make}({admit}({value}))"
        return f"{make}({value} if {value}.__class__ is {self._name('c', usual)} else {admit}({value}))"

    def _name(self, letter: str, thing: Any) -> str:
        name = f"{letter}{len(self._names)}"
        self._names[name] = thing
        return name
