"""Which plan fits a request, and is there one?

A document is compiled when it is seen for the second time: most of what is asked once is never asked again. A plan is
made for each choice of what `@skip` and `@include` leave out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import ExecutionResult, GraphQLError, VariableNode
from graphql.execution.values import VariableValues
from graphql.language import DocumentNode

from gateway.execution.known import Known, Unplanned
from gateway.execution.plan import AnyExecutor, CannotPlan, Plan, compile_plan
from gateway.execution.running import Running
from resolvers.kit.graph import Graph

# Choices of one document for which plans are kept: five independent switches. No panel has more.
_MOST_CHOICES: Final = 32


@dataclass(frozen=True, slots=True)
class Executed:
    """An answer, and the way it was come by: `planned`, or why graphql-core executed the operation."""

    result: ExecutionResult
    way: str


class Plans:
    """Plans for the documents of one graph, and how often there was one."""

    def __init__(self, graph: Graph, *, is_on: bool = True, compile_at: int = 2) -> None:
        if graph.get_extensions():
            raise TypeError(
                "The graph has schema extensions, whose life cycle is that of Strawberry's own `execute`. Take them "
                "out, or answer this graph without plans."
            )
        self._graph = graph
        # Strawberry has no public name for the schema beneath it.
        self._schema = graph._schema  # noqa: SLF001
        self._is_on = is_on
        self._compile_at = compile_at
        self.counts: Counter[str] = Counter()
        """Executions by the way they went: `planned`, `compiled` (and then planned), `first`, or why not."""

    async def execute(
        self, known: Known, *, context: Any, variables: Mapping[str, Any] | None = None, operation: str | None = None
    ) -> Executed:
        """The answer to a checked document's operation, by a plan where there is one."""
        executor = self.executor(known, context=context, variables=variables, operation=operation)
        if isinstance(executor, list):
            return Executed(ExecutionResult(None, executor), "not executed")
        plan = self.plan(known, executor)
        if isinstance(plan, Plan):
            return Executed(await Running(plan, executor, self._graph).result(), "planned")
        result: Any = executor.execute_operation()
        return Executed(await result if executor.is_awaitable(result) else result, plan.reason)

    def executor(
        self,
        known: Known,
        *,
        context: Any,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
        **options: Any,
    ) -> AnyExecutor | list[GraphQLError]:
        """graphql-core's executor of the operation, with the variables coerced; errors where they do not fit."""
        executor: AnyExecutor | list[GraphQLError] = self._graph.execution_context_class.build(
            self._schema,
            known.document,
            context_value=context,
            raw_variable_values=dict(variables or {}),
            operation_name=operation,
            # Strawberry's resolvers read variables and extensions from its own executor's info.
            operation_extensions=None,
            **options,
        )
        return executor

    def plan(self, known: Known, executor: AnyExecutor) -> Plan | Unplanned:
        """The plan for what is asked, or why there is none."""
        found = self._found(known, executor)
        self.counts["planned" if isinstance(found, Plan) else found.reason] += 1
        return found

    def _found(self, known: Known, executor: AnyExecutor) -> Plan | Unplanned:
        if not self._is_on:
            return Unplanned("off")
        known.seen += 1
        choices = _choices(known, executor.variable_values)
        name = executor.operation.name.value if executor.operation.name else None
        key = (name, tuple(choices.coerced.items()))
        found = known.plans.get(key)
        if found is None:
            if known.seen < self._compile_at:
                return Unplanned("first")
            if len(known.plans) >= _MOST_CHOICES:
                return Unplanned("too many choices of @skip and @include")
            found = known.plans[key] = self._compiled(executor, choices)
        return found

    def _compiled(self, executor: AnyExecutor, choices: VariableValues) -> Plan | Unplanned:
        if executor.middleware_manager is not None:
            return Unplanned("middleware")
        if not is_known(executor):
            return Unplanned("an executor of its own")
        if executor.operation.operation.value == "subscription":
            return Unplanned("subscription")
        try:
            plan = compile_plan(executor, choices)
        except CannotPlan as reason:
            return Unplanned(str(reason))
        except RecursionError:
            return Unplanned("nested too deeply")
        self.counts["compiled"] += 1
        return plan


def is_known(executor: AnyExecutor) -> bool:
    """Whether the executor executes as graphql-core's own does, so that a plan may stand in for it."""
    return type(executor).__module__.partition(".")[0] in {"graphql", "strawberry"}


def _choices(known: Known, values: VariableValues) -> VariableValues:
    """The values of the variables that say what is skipped and included, and no others."""
    if known.choosing is None:
        known.choosing = frozenset(_choosing(known.document))
    names = [name for name in sorted(known.choosing) if name in values.coerced]
    return VariableValues(
        {name: values.sources[name] for name in names if name in values.sources},
        {name: values.coerced[name] for name in names},
    )


def _choosing(document: DocumentNode) -> set[str]:
    found: set[str] = set()
    waiting: list[Any] = [one.selection_set for one in document.definitions if hasattr(one, "selection_set")]
    while waiting:
        for node in waiting.pop().selections:
            for directive in node.directives or ():
                values = [one.value for one in directive.arguments or ()]
                found |= {one.name.value for one in values if isinstance(one, VariableNode)}
            if getattr(node, "selection_set", None) is not None:
                waiting.append(node.selection_set)
    return found
