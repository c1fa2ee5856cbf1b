"""Who waits when much is asked at once? Questions that load many rows take their turn, and short ones pass by.

One process answers in one thread: while it reads a long list nobody else goes on. A hundred long lists under way at
once would let an agent's panel stand behind all of them at each of its steps.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from gateway.execution import Known
from gateway.telemetry import current_trace

SHORT_ROWS: Final = 250
"""What a question may load and count as short: an agent's panel loads some 40 rows, an inbox of 50 customers 900."""


class Places:
    """Places for long questions, of one process."""

    def __init__(self, count: int) -> None:
        self._places = asyncio.Semaphore(count)

    @asynccontextmanager
    async def take(self, known: Known) -> AsyncIterator[None]:
        """A block in which the question is answered: begun at once where it was short the last times, else in turn."""
        if known.rows <= SHORT_ROWS:
            yield
            return
        loop = asyncio.get_running_loop()
        since = loop.time()
        async with self._places:
            if trace := current_trace():
                trace.waited_s = loop.time() - since
            yield
