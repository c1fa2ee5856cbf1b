"""How is it known, where graphql-core executes, of which object each of an answer's objects was made?"""

from collections.abc import Awaitable
from typing import Any

from graphql import GraphQLObjectType
from graphql.execution import Executor

from gateway.execution.trails import Kinds


class Witnesses:
    """Which object each of an answer's objects was made of, where graphql-core made them."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        # The answer's object is kept too, so that no other one gets its number.
        self._seen: dict[int, tuple[dict[str, Any], Any]] = {}

    def note(self, shown: dict[str, Any], source: Any) -> None:
        """Remembers what was shown of an object."""
        self._seen[id(shown)] = (shown, source)

    def of(self, shown: dict[str, Any]) -> Any:
        """The object; None where nobody saw it."""
        found = self._seen.get(id(shown))
        return found[1] if found else None


class Witnessing(Executor[Any]):
    """An executor that remembers it, for the walk along an answer's trails (trails.py)."""

    kinds: Kinds
    witnesses: Witnesses

    def complete_object_value(self, return_type: GraphQLObjectType, *more: Any, **named: Any) -> Any:
        """The object as it is answered, or an awaitable of it."""
        completed: Any = super().complete_object_value(return_type, *more, **named)
        if not self.kinds[return_type.name].tells:
            return completed
        # In the order of graphql-core's own parameters: field details, info, path, the object.
        source = named["result"] if "result" in named else more[3]
        if self.is_awaitable(completed):
            return self._noted_later(completed, source)
        self.witnesses.note(completed, source)
        return completed

    async def _noted_later(self, completed: Awaitable[dict[str, Any]], source: Any) -> dict[str, Any]:
        shown = await completed
        self.witnesses.note(shown, source)
        return shown


def witnessing(executor: type[Executor[Any]]) -> type[Witnessing]:
    """The same kind of executor, that remembers."""
    return type("Witnessing", (Witnessing, executor), {})
