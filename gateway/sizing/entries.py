"""How many entries do the lists of a question's arguments have, where each entry makes the work longer?

A filter by twenty thousand words is a short question, costs the database seconds and memory by the gigabyte, and reads
no row. What names a row by each entry (`nodes`) is no such list: there the rows count. A value that stands where a list
is due is a list of it alone (GraphQL specification, 3.11).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLType,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    type_from_ast,
)

WRITTEN: Final = ""
"""Stands for the entries that are written in the document itself, in the place of a variable's name."""


@dataclass(frozen=True, slots=True)
class Wide:
    """A variable that may hold lists."""

    kind: GraphQLType
    entries: int
    """How many it has where nothing is said."""


def wide_variables(schema: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, Wide]:
    """The variables that may hold lists."""
    found = {}
    for one in operation.variable_definitions or ():
        kind = _nullable(type_from_ast(schema, one.type))
        if isinstance(kind, GraphQLList | GraphQLInputObjectType):
            found[one.variable.name.value] = Wide(kind, sum(count for _, count in _handed(one.default_value, (), kind)))
    return found


def _nullable(kind: GraphQLType | None) -> GraphQLType | None:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def handed_over(
    node: FieldNode, wide: Collection[str], known: Mapping[str, GraphQLArgument], *, but: Collection[str]
) -> Iterator[tuple[str, int]]:
    """What a field's arguments hand over: variables once each, and entries; `but`: these arguments name rows."""
    for one in node.arguments or ():
        name = one.name.value
        if name not in but:
            yield from _handed(one.value, wide, known[name].type if name in known else None)


def _handed(value: ValueNode | None, wide: Collection[str], kind: GraphQLType | None) -> Iterator[tuple[str, int]]:
    kind = _nullable(kind)
    match value:
        case None | NullValueNode():
            return
        case VariableNode():
            if value.name.value in wide:
                yield value.name.value, 1
        case ListValueNode():
            yield WRITTEN, len(value.values)
            # What else may be a list holds anything: a scalar of many kinds.
            below = kind.of_type if isinstance(kind, GraphQLList) else None
            for one in value.values:
                yield from _handed(one, wide, below)
        case _ if isinstance(kind, GraphQLList):
            yield WRITTEN, 1
            yield from _handed(value, wide, kind.of_type)
        case ObjectValueNode():
            for field in value.fields:
                yield from _handed(field.value, wide, _below(kind, field.name.value))


def _below(kind: GraphQLType | None, name: str) -> GraphQLType | None:
    """Of which type the field of an input is; None of what is not known."""
    found = kind.fields.get(name) if isinstance(kind, GraphQLInputObjectType) else None
    return found.type if found else None


def entries_in(value: Any, kind: GraphQLType | None, enough: int) -> int:
    """How many entries the lists of a variable's value have, those inside one another too.

    Where there are more than `enough`, nobody counts on: that would take the time that it is meant to save.
    """
    count = 0
    ahead: list[tuple[Any, GraphQLType | None]] = [(value, kind)]
    while ahead and count <= enough:
        value, kind = ahead.pop()
        kind = _nullable(kind)
        below = kind.of_type if isinstance(kind, GraphQLList) else None
        match value:
            case list() as several:
                count += len(several)
                if count <= enough:
                    ahead += [(one, below) for one in several]
            case None:
                continue
            case _ if below is not None:
                count += 1
                ahead.append((value, below))
            case dict() as named:
                ahead += [(one, _below(kind, name)) for name, one in named.items()]
    return count


def entries_of(
    handed: Mapping[str, int], wide: Mapping[str, Wide], variables: Mapping[str, Any], *, enough: int
) -> int:
    """How many entries a question has, each variable's as often as it is handed over; counted so far (`enough`)."""
    whole = 0
    for name, count in handed.items():
        if name == WRITTEN:
            whole += count
        elif name in variables:
            whole += count * entries_in(variables[name], wide[name].kind, enough)
        else:
            whole += count * wide[name].entries
    return whole
