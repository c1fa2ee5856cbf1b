"""How is a value completed that is out of the ordinary: by graphql-core's own code, below one field of one object?

Errors, values that are there later, generators, null where none may be, objects of unexpected classes: a plan does
not take them, and hands them over here with all that hangs on them. Fields below are then executed by graphql-core,
which none of them was before.
"""

from collections.abc import Awaitable
from copy import copy
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, is_non_null_type, located_error
from graphql.execution.executor import CollectedErrors
from graphql.pyutils import Path, is_awaitable

from gateway.execution.plan import AnyExecutor, FieldPlan


@dataclass(slots=True, repr=False)
class Completed:
    """What became of a value."""

    value: Any
    told: list[GraphQLError]
    climbing: GraphQLError | None = None


def complete(executor: AnyExecutor, field: FieldPlan, path: Path, value: Any) -> Completed | Awaitable[Completed]:
    """The value as it stands in the answer, with its errors; an awaitable of it where something is waited for."""
    if isinstance(value, Exception):
        return _failed(field, path, value, [])
    own = copy(executor)
    own.collected_errors = CollectedErrors()
    told = own.collected_errors.errors
    kind = field.definition.type
    try:
        info = own.build_resolve_info(field.definition, field.nodes, field.parent_type, path)
        way = own.complete_awaitable_value if is_awaitable(value) else own.complete_value
        result = way(kind, field.details, info, path, value, None)
    except Exception as error:  # noqa: BLE001  whatever a resolver raises is the field's error
        return _failed(field, path, error, told)
    if is_awaitable(result):
        return _later(field, path, result, told)
    return Completed(result, told)


async def _later(field: FieldPlan, path: Path, result: Awaitable[Any], told: list[GraphQLError]) -> Completed:
    try:
        return Completed(await result, told)
    except Exception as error:  # noqa: BLE001  whatever a resolver raises is the field's error
        return _failed(field, path, error, told)


def _failed(field: FieldPlan, path: Path, error: Exception, told: list[GraphQLError]) -> Completed:
    """As graphql-core's handle_field_error has it."""
    located = located_error(error, field.nodes, path.as_list())
    if is_non_null_type(field.definition.type):
        return Completed(None, told, located)
    return Completed(None, [*told, located])
