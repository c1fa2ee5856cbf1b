"""How does a class become a type of the graph, its docstring the description?

Strawberry does not read docstrings; these decorators pass them on, so that each word is written once.
"""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import MISSING
from enum import Enum
from typing import Any, TypeVar, dataclass_transform

import strawberry
from strawberry.types.arguments import StrawberryArgumentAnnotation
from strawberry.types.field import StrawberryField

from adapters.quiet import quiet
from resolvers.kit.reads import declare_reads

C = TypeVar("C")
E = TypeVar("E", bound=Enum)

_READING = "__reading__"
_PERSONAL = "personal"


def description_of(thing: Any) -> str:
    """The docstring, unfolded to one paragraph a blank line apart; raises where there is none."""
    text = inspect.getdoc(thing)
    if not text:
        raise TypeError(f"{thing.__module__}.{thing.__qualname__} has no docstring; it is its description in the API.")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def told(description: str, *, default: Any = MISSING, name: str | None = None, is_personal: bool = False) -> Any:
    """A plain field with its description: of an input, or of a type that no document stands behind.

    `is_personal`: it may show a personal value, whose name the object tells as `carries` (resolvers/kit/personal.py).
    """
    return strawberry.field(
        description=description, default=default, name=name, metadata={_PERSONAL: True} if is_personal else None
    )


def is_told_personal(field: StrawberryField) -> bool:
    """Whether the field was said to show a personal value."""
    return _PERSONAL in (field.metadata or {})


def computed(*, reads: Iterable[str] | None = None) -> Callable[[Callable[..., Any]], Any]:
    """A field of a type that a method of it answers; the method's docstring is the description.

    A method that takes the object alone answers at once, from what the object holds. `reads`: which stored fields of
    the object's document, or of documents that it hands on, the method itself reads; left out, it may be any.
    """

    def make(function: Callable[..., Any]) -> Any:
        declare_reads(function, reads)
        if len(inspect.signature(function).parameters) == 1:
            as_reading(function, function)
        return strawberry.field(resolver=function, description=description_of(function))

    return make


def as_reading(resolver: Callable[..., Any], read: Callable[[Any], Any]) -> Callable[..., Any]:
    """Marks a resolver as one that only reads its parent: it may be called whenever it is convenient, or not at all."""
    setattr(resolver, _READING, read)
    return resolver


def reading_of(resolver: Callable[..., Any]) -> Callable[[Any], Any] | None:
    """What the resolver reads of its parent; None where it does more than that."""
    return getattr(resolver, _READING, None)


def about(description: str, *, name: str | None = None) -> StrawberryArgumentAnnotation:
    """The description of an argument, for `Annotated`."""
    return strawberry.argument(description=description, name=name)


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, told))
def graph_type(cls: type[C]) -> type[C]:
    """An object type."""
    return quiet(strawberry.type(cls, description=description_of(cls)))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, told))
def graph_interface(cls: type[C]) -> type[C]:
    """An interface."""
    return quiet(strawberry.interface(cls, description=description_of(cls)))


@dataclass_transform(kw_only_default=True, field_specifiers=(strawberry.field, told))
def graph_input(cls: type[C]) -> type[C]:
    """An input type."""
    return quiet(strawberry.input(cls, description=description_of(cls)))


def graph_enum(values: dict[str, str], *, name: str | None = None) -> Callable[[type[E]], type[E]]:
    """An enum whose values carry these descriptions, one for each; `name`: as the graph calls it, else as the class."""

    def make(cls: type[E]) -> type[E]:
        missing = {member.name for member in cls} ^ set(values)
        if missing:
            raise TypeError(f"{cls.__qualname__}: describe each value once; look at {sorted(missing)}.")
        made = strawberry.enum(cls, name=name, description=description_of(cls))
        for value in made.__strawberry_definition__.values:  # type: ignore[attr-defined]
            value.description = values[value.name]
        return made

    return make
