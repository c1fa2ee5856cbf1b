"""Which plan fits a request, and is there one?

A document is compiled when it is seen for the second time: most of what is asked once is never asked again. A plan is
made for each choice of what `@skip` and `@include` leave out.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from graphql import ExecutionResult, GraphQLError, VariableNode
from graphql.execution import ExperimentalIncrementalExecutionResults, create_source_event_stream
from graphql.execution.values import VariableValues
from graphql.language import DocumentNode

from gateway.execution.following import Following
from gateway.execution.known import Key, Known, Unplanned
from gateway.execution.parting import Parted
from gateway.execution.plan import AnyExecutor, CannotPlan, Plan, compile_plan
from gateway.execution.running import Running
from gateway.execution.trails import Trail, operation_trail
from gateway.execution.walking import note_delivered
from gateway.execution.witnessing import Witnesses, Witnessing, witnessing
from resolvers.kit.graph import Graph
from resolvers.kit.personal import Kind, personal_kinds

# Choices of one document for which plans are kept: five independent switches. No panel has more.
_MOST_CHOICES: Final = 32
# Of variables that do not fit: as many as are told.
_MOST_ERRORS: Final = 5


@dataclass(frozen=True, slots=True, repr=False)
class Executed:
    """An answer, and the way it was come by: `planned`, or why graphql-core executed the operation."""

    result: ExecutionResult
    way: str


class Plans:
    """Plans for the documents of one graph, and how often there was one."""

    def __init__(self, graph: Graph, *, is_on: bool = True, compile_at: int = 2, are_shown: bool = False) -> None:
        if graph.get_extensions():
            raise TypeError(
                "The graph has schema extensions, whose life cycle is that of Strawberry's own `execute`. Take them "
                "out, or answer this graph without plans."
            )
        self._graph = graph
        # Strawberry has no public name for the schema beneath it.
        self._schema = graph._schema  # noqa: SLF001
        self._is_on = is_on
        self.are_shown = are_shown
        """Whether answers tell the way they were come by."""
        self._compile_at = compile_at
        self.counts: Counter[str] = Counter()
        """Executions by the way they went: `planned`, `compiled` (and then planned), `first`, or why not."""

    async def execute(
        self, known: Known, *, context: Any, variables: Mapping[str, Any] | None = None, operation: str | None = None
    ) -> Executed:
        """The answer to a checked document's operation, by a plan where there is one."""
        executor = self.executor(
            known, context=context, variables=variables, operation=operation, is_watched=_is_watched(context)
        )
        if isinstance(executor, list):
            return Executed(ExecutionResult(None, executor), "not executed")
        plan = self.plan(known, executor)
        if isinstance(plan, Plan):
            executed = Executed(await Running(plan, executor, self._graph).result(), "planned")
        else:
            result: Any = executor.execute_operation()
            executed = Executed(await result if executor.is_awaitable(result) else result, plan.reason)
        await self._note(known, executor, executed.result, context, plan)
        return executed

    async def _note(
        self,
        known: Known,
        executor: AnyExecutor,
        result: ExecutionResult,
        context: Any,
        plan: Plan | Unplanned | None = None,
    ) -> None:
        """Takes note of what is shown, where that is watched."""
        if not isinstance(executor, Witnessing):
            return
        trail = plan.root.trail if isinstance(plan, Plan) else self._trail(known, executor)
        walked = plan.walked if isinstance(plan, Plan) else None
        if trail is not None and result.data is not None:
            await note_delivered(trail, result.data, context, executor.witnesses, walked=walked)

    async def execute_in_parts(
        self, known: Known, *, context: Any, variables: Mapping[str, Any] | None = None, operation: str | None = None
    ) -> Parted | Executed:
        """The answer to a checked document's operation in parts; or whole, where no part of it comes later."""
        is_watched = _is_watched(context)
        options = {"context": context, "variables": variables, "operation": operation, "is_watched": is_watched}
        # What comes later is begun at once, all of it together: so a list below streamed rows is read for all of them
        # by one command, as a column is, and not row by row.
        executor = self.executor(known, document=known.in_parts, enable_early_execution=True, **options)
        if isinstance(executor, list):
            return Executed(ExecutionResult(None, executor), "not executed")
        result: Any = executor.execute_operation()
        result = await result if executor.is_awaitable(result) else result
        if isinstance(result, ExperimentalIncrementalExecutionResults):
            watched = executor if isinstance(executor, Witnessing) else None
            trail = self._trail(known, watched) if watched else None
            return Parted(result, executor, trail, watched.witnesses if watched else None)
        # What is deferred was switched off, or stands where nothing is.
        await self._note(known, executor, result, context)
        return Executed(result, "in parts")

    async def follow(
        self, known: Known, *, context: Any, variables: Mapping[str, Any] | None = None, operation: str | None = None
    ) -> Following | ExecutionResult:
        """A checked document's subscription, begun; or the answer that says why it cannot be."""
        executor = self.executor(
            known, context=context, variables=variables, operation=operation, is_watched=_is_watched(context)
        )
        if isinstance(executor, list):
            return ExecutionResult(None, executor)
        events: Any = create_source_event_stream(executor)
        events = await events if executor.is_awaitable(events) else events
        if isinstance(events, ExecutionResult):
            return events
        trail = self._trail(known, executor) if isinstance(executor, Witnessing) else None
        return Following(executor, events, trail)

    def executor(
        self,
        known: Known,
        *,
        context: Any,
        variables: Mapping[str, Any] | None = None,
        operation: str | None = None,
        is_watched: bool = False,
        document: DocumentNode | None = None,
        **options: Any,
    ) -> AnyExecutor | list[GraphQLError]:
        """graphql-core's executor of the operation, with the variables coerced; errors where they do not fit.

        `is_watched`: whether it remembers of which objects answers are made.
        """
        kind = self._witnessing if is_watched else self._graph.execution_context_class
        executor: AnyExecutor | list[GraphQLError] = kind.build(
            self._schema,
            document or known.document,
            context_value=context,
            raw_variable_values=dict(variables or {}),
            operation_name=operation,
            # Each is looked for among all names there are, for a hint at what is meant.
            max_coercion_errors=_MOST_ERRORS,
            # Strawberry's resolvers read variables and extensions from its own executor's info.
            operation_extensions=None,
            **options,
        )
        if isinstance(executor, Witnessing):
            executor.kinds, executor.witnesses = self._personal, Witnesses()
        return executor

    @cached_property
    def _personal(self) -> dict[str, Kind]:
        return personal_kinds(self._schema, self._graph.declared)

    @cached_property
    def _witnessing(self) -> type[Witnessing]:
        return witnessing(self._graph.execution_context_class)

    def _trail(self, known: Known, executor: Witnessing) -> Trail | None:
        choices = _choices(known, executor.variable_values)
        key = _key(executor, choices)
        if key not in known.trails:
            if len(known.trails) >= _MOST_CHOICES:
                known.trails.clear()
            known.trails[key] = operation_trail(self._personal, executor, choices)
        return known.trails[key]

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
        key = _key(executor, choices)
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
            watched = self._personal if isinstance(executor, Witnessing) else None
            plan = compile_plan(executor, choices, watched)
        except CannotPlan as reason:
            return Unplanned(str(reason))
        except RecursionError:
            return Unplanned("nested too deeply")
        self.counts["compiled"] += 1
        return plan


def _is_watched(context: Any) -> bool:
    delivered = getattr(context, "delivered", None)
    return delivered is not None and delivered.is_watched


def is_known(executor: AnyExecutor) -> bool:
    """Whether the executor executes as graphql-core's own does, so that a plan may stand in for it."""
    own = {"graphql", "strawberry"}
    # One that remembers executes as the one of which it was made.
    kinds = type(executor).__mro__ if isinstance(executor, Witnessing) else [type(executor)]
    kind = next((one for one in kinds if not one.__module__.startswith(Witnessing.__module__)), object)
    return kind.__module__.partition(".")[0] in own


def _key(executor: AnyExecutor, choices: VariableValues) -> Key:
    name = executor.operation.name.value if executor.operation.name else None
    return name, tuple(choices.coerced.items()), isinstance(executor, Witnessing)


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
