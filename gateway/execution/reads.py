"""What does the answer below a field read of the documents that the field hands out?

A plan knows every field of the answer. Where all of them say what they read (stored fields by where they stand,
functions by what they declare), whoever loads the documents need read no more.
"""

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, is_abstract_type, is_object_type

from gateway.execution.admitting import object_class
from gateway.execution.plan import FieldPlan, Selection
from gateway.execution.ways import Attribute, TypeName
from resolvers.kit.reads import ANYTHING, ID, Paths, Reads, declared_reads
from resolvers.kit.stored import Step, steps_of


class _Anything(Exception):
    """Something on the way may read whatever it likes."""


def reads_of(schema: GraphQLSchema, field: FieldPlan) -> Reads:
    """What is read of the documents of each class in the answer below the field."""
    found: dict[type[Any], Paths | None] = {}
    try:
        _gather(schema, field, found)
    except _Anything:
        return ANYTHING
    return Reads(found)


def _gather(schema: GraphQLSchema, field: FieldPlan, found: dict[type[Any], Paths | None]) -> None:
    for selection in _selections(schema, field):
        cls = object_class(selection.kind)
        if cls is None:
            raise _Anything
        if steps_of(cls):
            known, needed = found.get(cls, ID), _needed(selection)
            found[cls] = None if known is None or needed is None else known | needed
            continue
        # A type between: a page, an edge, an entry. What it hands on may be read by its own functions too.
        for one in selection.fields:
            if not isinstance(one.way, TypeName | Attribute) and _declared(one) is None:
                raise _Anything
            _gather(schema, one, found)


def _selections(schema: GraphQLSchema, field: FieldPlan) -> Iterator[Selection]:
    """What is asked of each type that may stand below the field."""
    if field.below is None:
        return
    kinds: list[GraphQLObjectType] = [field.named]
    if is_abstract_type(field.named):
        kinds = list(schema.get_possible_types(field.named))
    yield from map(field.below, kinds)


def _needed(selection: Selection) -> Paths | None:
    """What the fields of a document's object read of it; None where one may read anything."""
    needed: set[str] = set()
    for one in selection.fields:
        if isinstance(one.way, TypeName):
            continue
        read = _stepped(one, one.way.step) if isinstance(one.way, Attribute) and one.way.step else _declared(one)
        if read is None:
            return None
        needed |= read
    return frozenset(needed)


def _stepped(field: FieldPlan, step: Step) -> Paths:
    """What is read of a stored field: of documents inside it only what is asked of them."""
    whole = frozenset({step.at})
    if field.below is None or step.inner is None or not is_object_type(field.named):
        return whole
    if object_class(field.named) is not step.inner:
        return whole
    inner = _needed(field.below(field.named))
    return frozenset(f"{step.at}.{path}" for path in inner) if inner else whole


def _declared(field: FieldPlan) -> Paths | None:
    """What the field's function says that it reads; None where it says nothing."""
    strawberrys = field.definition.extensions.get("strawberry-definition")
    resolver = getattr(strawberrys, "base_resolver", None)
    function = resolver.wrapped_func if resolver else None
    return declared_reads(getattr(function, "__func__", function)) if function else None
