"""Who waits when much is asked at once? Questions that load many rows take their turn, and short ones pass by.

One process answers in one thread: while it makes a long list nobody else goes on. A hundred long lists under way at
once would let an agent's panel stand behind all of them at each of its steps. So a few long questions have places, for
whom the database reads side by side, and of these one has the turn to make something of what was read.
Long, too, is what reads few rows and has the database go through many for them. One caller never holds all the places:
whoever asks much waits for themselves first.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from adapters.courtesy import holding
from gateway.execution import Known
from gateway.traces import current_trace

SHORT_ROWS: Final = 250
"""What a question may load and count as short: an agent's panel loads some 40 rows, an inbox of 50 customers 900."""

# Turns are a courtesy and no lock: who has one may wait for something that only another question brings.
_PATIENCE_S: Final = 0.1


class Places:
    """Places for long questions, of one process."""

    def __init__(self, count: int) -> None:
        self._places = asyncio.Semaphore(count)
        self._of_one = max(count // 2, 1)
        self._callers: dict[str, _Caller] = {}
        self._turn = asyncio.Semaphore(1)

    @property
    def callers(self) -> int:
        """How many have a long question under way, or wait with one."""
        return len(self._callers)

    @asynccontextmanager
    async def take(self, known: Known, rows: int, *, beyond: int = 0, caller: str | None = None) -> AsyncIterator[None]:
        """A block in which the question is answered: begun at once where it is probably short, else in turn.

        `rows`: how many it may load; `beyond`: what it costs beside them; `caller`: by what they are counted who ask,
        and who have half of the places at most.
        """
        if known.expected(rows) + beyond <= SHORT_ROWS:
            yield
            return
        loop = asyncio.get_running_loop()
        since = loop.time()
        async with self._of(caller), self._places:
            turn = _Turn(self._turn)
            try:
                await turn.pick_up()
                if trace := current_trace():
                    trace.waited_s = loop.time() - since
                with holding(turn):
                    yield
            finally:
                turn.give_up()

    @asynccontextmanager
    async def _of(self, name: str | None) -> AsyncIterator[None]:
        """One of the places that a caller may have; they stand in line among their own questions until then."""
        if name is None:
            yield
            return
        caller = self._callers.setdefault(name, _Caller(asyncio.Semaphore(self._of_one)))
        caller.questions += 1
        try:
            async with caller.places:
                yield
        finally:
            caller.questions -= 1
            if not caller.questions:
                del self._callers[name]


@dataclass(slots=True)
class _Caller:
    """The places of one caller, as long as any of their questions has one or waits."""

    places: asyncio.Semaphore
    questions: int = 0


class _Turn:
    """The turn as one question has it, or waits for it."""

    def __init__(self, turn: asyncio.Semaphore) -> None:
        self._turn = turn
        self._is_held = self._is_over = False
        self._coming: asyncio.Task[None] | None = None

    def put_down(self) -> None:
        """Lets others have it; of no effect where it is not held."""
        if self._is_held:
            self._is_held = False
            self._turn.release()

    async def pick_up(self) -> None:
        """Returns when it is held, or after a while without it."""
        if self._is_held or self._is_over:
            return
        # Of several reads that come back at the same time one stands in line for all.
        if self._coming is None:
            self._coming = asyncio.create_task(self._come())
        await asyncio.shield(self._coming)

    async def _come(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._turn.acquire()
        except TimeoutError:
            return
        finally:
            self._coming = None
        self._is_held = True
        if self._is_over:
            self.put_down()

    def give_up(self) -> None:
        """Puts it down for good, whatever reads are still under way."""
        self.put_down()
        self._is_over = True
