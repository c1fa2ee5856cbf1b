"""How does whoever began something break it off, and hear of its own cancellation all the same?"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any, Final

# Python 3.11 can lose a cancellation where a wait ends at that very moment; so it is said again, and rarely: whoever is
# closing something is interrupted by it.
_AGAIN_S: Final = 1.0


class Over(Exception):
    """What was waited for beside something has come first."""


async def ended(tasks: Iterable[asyncio.Future[Any]]) -> None:
    """Cancels them, and returns when none is under way any more; what they raise is not told.

    A cancellation of the caller's own that comes meanwhile is raised then, and no sooner.
    """
    every = list(tasks)
    left = {one for one in every if not one.done()}
    mine: asyncio.CancelledError | None = None
    again_at = 0.0
    while left:
        now = asyncio.get_running_loop().time()
        if now >= again_at:
            again_at = now + _AGAIN_S
            for one in left:
                one.cancel()
        try:
            await asyncio.wait(left, timeout=again_at - now)
        except asyncio.CancelledError as error:
            # It stays counted (Task.cancelling), so that a timeout whose it is knows it.
            mine = error
        left = {one for one in left if not one.done()}
    for one in every:
        if not one.cancelled():
            # Else the loop would say that nobody looked.
            one.exception()
    if mine is not None:
        raise mine


@asynccontextmanager
async def unless(over: asyncio.Future[Any]) -> AsyncIterator[None]:
    """A block that is broken off once that is done; raises Over then."""
    is_under_way = True
    try:
        async with asyncio.timeout(None) as patience:

            def end(_over: asyncio.Future[Any]) -> None:
                if is_under_way:
                    patience.reschedule(0)

            over.add_done_callback(end)
            try:
                yield
            finally:
                is_under_way = False
                over.remove_done_callback(end)
    except TimeoutError as error:
        if not patience.expired():
            raise
        raise Over from error
