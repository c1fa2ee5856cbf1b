"""How is a field come by: read from its parent, asked for as a column, or resolved object by object?"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from graphql import GraphQLField
from strawberry.types.field import StrawberryField

from resolvers.kit.described import reading_of
from resolvers.kit.fields import Way, way_of
from resolvers.kit.stored import Step, steps_of

_TYPENAME: Final = "__typename"


@dataclass(frozen=True, slots=True)
class TypeName:
    """The name of the type that the field stands on."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of the parent."""

    name: str
    step: Step | None = None
    """How it is read from the document that the parent stands for, where it stands for one."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a function makes of the parent alone, at once and without an effect."""

    function: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Called:
    """A slice's own function, called without what Strawberry puts around it."""

    way: Way
    field: StrawberryField

    @property
    def is_column(self) -> bool:
        """Whether it answers for all parents at once."""
        return self.way.kind == "column"


@dataclass(frozen=True, slots=True)
class Resolved:
    """Anything else: the schema's own resolver, once for each parent."""

    resolve: Callable[..., Any]


Coming = TypeName | Attribute | Reading | Called | Resolved


def way_to(definition: GraphQLField, name: str, parent: type | None, default: Callable[..., Any]) -> Coming:
    """How the field of that name is come by; `parent` is the class behind its type, `default` graphql-core's way."""
    if name == _TYPENAME:
        return TypeName()
    resolve = definition.resolve
    if resolve is None:
        return Resolved(default)
    field = definition.extensions.get("strawberry-definition")
    if not isinstance(field, StrawberryField) or type(field).get_result is not StrawberryField.get_result:
        return Resolved(resolve)
    # Handlers of exceptions make another resolver even of a field that has none.
    if field.is_basic_field and resolve.__name__ == "_get_basic_result":
        return _read(field, parent) or Resolved(resolve)
    if field.base_resolver is None or field.extensions or field.is_subscription:
        return Resolved(resolve)
    return _own(field) or Resolved(resolve)


def _read(field: StrawberryField, parent: type | None) -> Coming | None:
    if field.default_resolver is getattr:
        static = inspect.getattr_static(parent, field.python_name, None) if parent else None
        # What a property does is its own business; only a slot is as good as an attribute.
        if not hasattr(type(static), "__get__") or inspect.ismemberdescriptor(static):
            return Attribute(field.python_name, steps_of(parent).get(field.python_name))
    return None


def _own(field: StrawberryField) -> Coming | None:
    function = field.base_resolver.wrapped_func if field.base_resolver else None
    if function is None:
        return None
    bare: Any = getattr(function, "__func__", function)
    read = reading_of(bare)
    if read is not None:
        return Reading(read)
    way = way_of(bare)
    # A mutation has effects and refusals of its own: what stands around it is not to be taken off.
    return Called(way, field) if way is not None and way.kind != "mutation" else None


def reader(way: Attribute | Reading) -> Callable[[Any], Any]:
    """The function that reads it of a parent."""
    return way.function if isinstance(way, Reading) else attrgetter(way.name)
