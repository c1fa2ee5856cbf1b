"""Is the same question under way already, and who still waits for its answer?"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from adapters.contract.errors import ChannelDown
from adapters.contract.reply import Reply
from adapters.deadline import ends_at


class Patience:
    """How long somebody still waits for a call: the longest of all who wait for it."""

    def __init__(self, end: float | None) -> None:
        self._end = end
        self._bound: asyncio.Timeout | None = None
        self._was_late = False

    @property
    def has_run_out(self) -> bool:
        """Whether the call was stopped because the time was up, not because nobody wanted it any more."""
        return self._was_late or (self._bound is not None and self._bound.expired())

    def run_out(self) -> None:
        """Says that the time was up."""
        self._was_late = True

    def watch(self, bound: asyncio.Timeout) -> None:
        """The time is up when the bound says so."""
        self._bound = bound

    def left_s(self) -> float | None:
        """The seconds left; None where there is no end."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def grow(self, end: float | None) -> None:
        """One more waits, until then."""
        self._end = None if self._end is None or end is None else max(self._end, end)


class _Flight:
    """One call that several wait for, in a task of its own."""

    def __init__(self, begin: Callable[[Patience], Awaitable[Reply]], end: float | None) -> None:
        self.patience = Patience(end)
        self.waiting = 0
        self.task = asyncio.ensure_future(begin(self.patience))
        # Where everybody left, nobody asks how it ended.
        self.task.add_done_callback(lambda task: task.cancelled() or task.exception())


class Flights:
    """The questions of one channel account that are under way."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._under_way: dict[bytes, _Flight] = {}
        self._tasks: set[asyncio.Future[Reply]] = set()

    async def join(self, key: bytes, begin: Callable[[Patience], Awaitable[Reply]]) -> Reply:
        """What the call under that key answers, begun where none is under way; ends for this caller by its deadline.

        The call goes on while anybody waits for it, and is stopped when the last one leaves.
        """
        end = ends_at()
        flight = self._under_way.get(key)
        if flight is None:
            flight = self._begin(key, begin, end)
        flight.patience.grow(end)
        flight.waiting += 1
        try:
            await asyncio.wait({flight.task}, timeout=None if end is None else max(0.0, end - time.monotonic()))
            is_late = not flight.task.done()
        except asyncio.CancelledError:
            self._leave(key, flight, is_late=False)
            raise
        self._leave(key, flight, is_late=is_late)
        if is_late or flight.task.cancelled():
            raise ChannelDown(f"{self._place}: It did not answer in the time that the request had left.")
        return flight.task.result()

    async def close(self) -> None:
        """Stops every call; whoever waits for one is told ChannelDown."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, key: bytes, begin: Callable[[Patience], Awaitable[Reply]], end: float | None) -> _Flight:
        flight = self._under_way[key] = _Flight(begin, end)
        self._tasks.add(flight.task)

        def landed(task: asyncio.Future[Reply]) -> None:
            self._tasks.discard(task)
            self._forget(key, flight)

        flight.task.add_done_callback(landed)
        return flight

    def _leave(self, key: bytes, flight: _Flight, *, is_late: bool) -> None:
        flight.waiting -= 1
        if flight.waiting or flight.task.done():
            return
        if is_late:
            flight.patience.run_out()
        flight.task.cancel()
        # Who comes now begins anew, and does not wait for what is being stopped.
        self._forget(key, flight)

    def _forget(self, key: bytes, flight: _Flight) -> None:
        if self._under_way.get(key) is flight:
            del self._under_way[key]
