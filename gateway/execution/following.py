"""How is a subscription executed? By graphql-core, once for each event, and each time with a context of its own."""

from collections.abc import AsyncGenerator
from typing import Any

from graphql import ExecutionResult, GraphQLError, located_error
from graphql.execution import execute_subscription_event

from gateway.execution.plan import AnyExecutor
from gateway.execution.trails import Trail
from gateway.execution.walking import note_delivered
from gateway.execution.witnessing import Witnesses, Witnessing


class Following:
    """A subscription that was begun."""

    def __init__(self, executor: AnyExecutor, events: AsyncGenerator[Any, None], trail: Trail | None) -> None:
        self._executor = executor
        self.events = events
        """What happens; to be closed by whoever follows."""
        self._trail = trail

    async def answer(self, event: Any, context: Any) -> ExecutionResult:
        """What is answered to one event."""
        executor: Any = self._executor.build_per_event_executor(event)
        executor.context_value = context
        if isinstance(executor, Witnessing):
            executor.witnesses = Witnesses()
        executed: Any = execute_subscription_event(executor)
        result: ExecutionResult = await executed if executor.is_awaitable(executed) else executed
        if self._trail is not None and result.data is not None:
            await note_delivered(self._trail, result.data, context, executor.witnesses)
        return result

    def broken(self, error: Exception) -> GraphQLError:
        """What was raised while an event was waited for, as an error of the subscription's field."""
        return located_error(error, list(self._executor.operation.selection_set.selections))
