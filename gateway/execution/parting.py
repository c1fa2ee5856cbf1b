"""How is a question answered in parts? By graphql-core, which tells what comes later as it comes."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError
from graphql.execution import (
    Executor,
    ExperimentalIncrementalExecutionResults,
    IncrementalDeferResult,
    IncrementalResult,
    PendingResult,
    SubsequentIncrementalExecutionResult,
)

from gateway.execution.trails import Trail
from gateway.execution.walking import note_delivered
from gateway.execution.witnessing import Witnesses
from resolvers.kit.context import Context


@dataclass(slots=True, repr=False)
class Place:
    """Where something comes later."""

    id: str
    path: list[str | int]
    label: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """Something that came later."""

    place: Place
    at: list[str | int]
    """Where it belongs; of items of a list the index of the first."""
    part: IncrementalResult


@dataclass(frozen=True, slots=True, repr=False)
class Arrived:
    """What came at one time."""

    pending: Sequence[Place]
    pieces: Sequence[Piece]
    completed: Sequence[tuple[Place, Sequence[GraphQLError]]]
    """The places at which nothing more comes, with the errors that ended them."""
    has_next: bool


class Parted:
    """An answer whose first part is here."""

    def __init__(
        self,
        executed: ExperimentalIncrementalExecutionResults,
        executor: Executor[Any],
        trail: Trail | None,
        witnesses: Witnesses | None,
    ) -> None:
        self.first = executed.initial_result
        self.data: dict[str, Any] = self.first.data or {}
        """All that has been told so far: to be written out before the next part is asked for."""
        self.results = executed.subsequent_results
        """What comes later, as graphql-core gives it: for `later`."""
        self._executor = executor
        self._trail, self._witnesses = trail, witnesses
        self.pending: dict[str, Place] = {}
        """Where something is still to come, by its id."""
        self._placed(self.first.pending)

    async def later(
        self, results: AsyncGenerator[SubsequentIncrementalExecutionResult, None]
    ) -> AsyncGenerator[Arrived, None]:
        """What comes later, of `results`, which may have been read ahead; it stands in `data` then."""
        async for one in results:
            placed = self._placed(one.pending or ())
            pieces = [self._added(part) for part in one.incremental or ()]
            completed = [(self.pending.pop(done.id), done.errors or ()) for done in one.completed or ()]
            yield Arrived(placed, pieces, completed, one.has_next)

    async def close(self) -> None:
        """Leaves nobody at work for what has not come, also where nothing later was asked for."""
        await self.results.aclose()
        await self._executor.cancel_incremental_work()

    def at(self, path: Sequence[str | int]) -> Any:
        """What stands at a path of what was told."""
        there: Any = self.data
        for step in path:
            there = there[step]
        return there

    async def note(self, context: Context) -> None:
        """Takes note of what was shown so far."""
        if self._trail is not None and self._witnesses is not None:
            await note_delivered(self._trail, self.data, context, self._witnesses)

    def _placed(self, pending: Iterable[PendingResult]) -> list[Place]:
        # What is there of it may be among what comes with it.
        placed = [Place(one.id, one.path, one.label) for one in pending]
        self.pending |= {one.id: one for one in placed}
        return placed

    def _added(self, part: IncrementalResult) -> Piece:
        place = self.pending[part.id]
        path = [*place.path, *(part.sub_path or ())]
        if isinstance(part, IncrementalDeferResult):
            self.at(path).update(part.data)
            return Piece(place, path, part)
        items = self.at(path)
        first = len(items)
        items.extend(part.items)
        return Piece(place, [*path, first], part)
