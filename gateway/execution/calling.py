"""With what is a field's function called: which info, which arguments?"""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from graphql import GraphQLResolveInfo
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.types.arguments import convert_arguments

from gateway.execution.plan import AnyExecutor, FieldPlan
from gateway.execution.reads import reads_of
from gateway.execution.ways import Called
from resolvers.kit.context import Info
from resolvers.kit.graph import Graph

# Values that nobody can change, so that one may be handed to many.
_FROZEN = (str, int, float, bool, Enum, type(None))


@dataclass(frozen=True, slots=True)
class Calls:
    """What one execution calls fields with."""

    executor: AnyExecutor
    graph: Graph

    def given(self, field: FieldPlan) -> dict[str, Any]:
        """The arguments as graphql-core reads them from the document; raises GraphQLError."""
        node = field.details[0].node
        if not field.definition.args and not node.arguments:
            return {}
        executor = self.executor
        return get_argument_values(field.definition, node, executor.variable_values, None, executor.hide_suggestions)

    def raw_info(self, field: FieldPlan, path: Path) -> GraphQLResolveInfo[Any]:
        """What graphql-core hands to resolvers."""
        return self.executor.build_resolve_info(field.definition, field.nodes, field.parent_type, path)

    def info(self, field: FieldPlan, way: Called, path: Path) -> Info:
        """What Strawberry hands to resolvers, and what the plan knows besides."""
        if field.reads is None:
            field.reads = reads_of(self.executor.schema, field)
        return Info(_raw_info=self.raw_info(field, path), _field=way.field, reads=field.reads)

    def arguments(self, field: FieldPlan, way: Called, info: Any) -> dict[str, Any]:
        """The arguments by their Python names, in a dict of the caller's own; raises what converting them raises."""
        if field.arguments is not None:
            return dict(field.arguments)
        found = convert_arguments(
            self.given(field),
            way.field.arguments,
            scalar_registry=self.graph.schema_converter.scalar_registry,
            config=self.graph.config,
            info=info,
        )
        if field.is_fixed and all(isinstance(one, _FROZEN) for one in found.values()):
            field.arguments = dict(found)
        return found
