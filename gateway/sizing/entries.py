"""How many entries do the lists of a question's arguments have, where each entry makes the work longer?

A filter by twenty thousand words is a short question, costs the database seconds and memory by the gigabyte, and reads
no row. What names a row by each entry (`nodes`) is no such list: there the rows count.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLType,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
    is_input_object_type,
    is_list_type,
    type_from_ast,
)

WRITTEN: Final = ""
"""Stands for the entries that are written in the document itself, in the place of a variable's name."""


def wide_variables(schema: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, int]:
    """The variables that may hold lists, and how many entries each has where nothing is said."""
    return {
        one.variable.name.value: sum(count for name, count in _handed(one.default_value, ()) if name == WRITTEN)
        for one in operation.variable_definitions or ()
        if _is_wide(type_from_ast(schema, one.type))
    }


def _is_wide(kind: GraphQLType | None) -> bool:
    nullable = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return is_list_type(nullable) or is_input_object_type(nullable)


def handed_over(node: FieldNode, wide: Collection[str], *, but: Collection[str]) -> Iterator[tuple[str, int]]:
    """What a field's arguments hand over: variables once each, and entries; `but`: these arguments name rows."""
    for one in node.arguments or ():
        if one.name.value not in but:
            yield from _handed(one.value, wide)


def _handed(value: ValueNode | None, wide: Collection[str]) -> Iterator[tuple[str, int]]:
    match value:
        case VariableNode() if value.name.value in wide:
            yield value.name.value, 1
        case ListValueNode():
            yield WRITTEN, len(value.values)
            for one in value.values:
                yield from _handed(one, wide)
        case ObjectValueNode():
            for field in value.fields:
                yield from _handed(field.value, wide)


def entries_in(value: Any, enough: int) -> int:
    """How many entries the lists of a variable's value have, those inside one another too.

    Where there are more than `enough`, nobody counts on: that would take the time that it is meant to save.
    """
    count, ahead = 0, [value]
    while ahead and count <= enough:
        match ahead.pop():
            case list() as several:
                count += len(several)
                ahead += several
            case dict() as named:
                ahead += named.values()
    return count


def entries_of(
    handed: Mapping[str, int], defaults: Mapping[str, int], variables: Mapping[str, Any], *, enough: int
) -> int:
    """How many entries a question has, each variable's as often as it is handed over; counted so far (`enough`)."""
    whole = 0
    for name, count in handed.items():
        if name == WRITTEN:
            whole += count
        else:
            whole += count * (entries_in(variables[name], enough) if name in variables else defaults[name])
    return whole
