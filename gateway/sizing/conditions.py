"""What do the conditions of a filter cost: those for which the database looks at records of other kinds?

A filter may come as a variable: then what it costs is known when it is there.
"""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    GraphQLField,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    ValueNode,
    get_named_type,
    is_input_object_type,
)

from resolvers.kit.prices import price_of

Prices = Mapping[str, int]
"""Of an input's fields, by their names."""

# Stands before the name of a variable that holds a filter, with its type; no name has that letter.
_FILTER: Final = "?"


def filters_of(field: GraphQLField) -> dict[str, tuple[str, Prices]]:
    """The arguments of a field that are filters with a price: their types, and what their conditions cost."""
    found: dict[str, tuple[str, Prices]] = {}
    for name, argument in field.args.items():
        kind = get_named_type(argument.type)
        if not is_input_object_type(kind):
            continue
        if prices := {key: cost for key, one in kind.fields.items() if (cost := price_of(one))}:
            found[name] = kind.name, prices
    return found


def variable_as(kind: str, name: str) -> str:
    """By which name the cost of a variable's conditions is told."""
    return f"{_FILTER}{kind} {name}"


def variable_of(name: str) -> tuple[str, str] | None:
    """The type and the variable that such a name is of; None of any other."""
    if not name.startswith(_FILTER):
        return None
    kind, _, variable = name[1:].partition(" ")
    return kind, variable


def written(value: ValueNode | None, prices: Prices) -> int:
    """What the conditions cost that stand in the document; one that is a variable costs as if it were given."""
    if not isinstance(value, ObjectValueNode):
        return 0
    return sum(prices.get(one.name.value, 0) for one in value.fields if not _is_nothing(one.value))


def _is_nothing(value: ValueNode) -> bool:
    return isinstance(value, NullValueNode) or (isinstance(value, ListValueNode) and not value.values)


def given(value: Any, prices: Prices) -> int:
    """What the conditions cost that a variable holds."""
    if not isinstance(value, dict):
        return 0
    return sum(prices.get(name, 0) for name, one in value.items() if one is not None and one != [])
