"""Does somebody still wait for an answer, or has the client left?"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

T = TypeVar("T")

# How long an answer may take before anyone looks whether somebody still waits for it.
_WATCHED_AFTER_S: Final = 0.02


class ClientGone(Exception):
    """The client closed the connection before there was an answer."""


async def unless_gone(work: Coroutine[Any, Any, T], gone: Callable[[], Coroutine[Any, Any, None]]) -> T:
    """What the work gives; it is cancelled, and ClientGone raised, when nobody is left to read it."""
    # The work stays in this task: one more to start and to end would only make answers slower.
    working = asyncio.current_task()
    is_over = is_gone = False

    def cancel(left: asyncio.Task[None]) -> None:
        nonlocal is_gone
        if working is not None and not is_over and not left.cancelled():
            is_gone = True
            working.cancel()

    leaving: asyncio.Task[None] | None = None

    def watch() -> None:
        nonlocal leaving
        leaving = asyncio.create_task(gone())
        leaving.add_done_callback(cancel)

    # Most answers are there before anyone could have left.
    watching = asyncio.get_running_loop().call_later(_WATCHED_AFTER_S, watch)
    try:
        return await work
    except asyncio.CancelledError as error:
        if not is_gone:
            raise
        raise ClientGone from error
    finally:
        is_over = True
        if is_gone and working is not None:
            working.uncancel()
        watching.cancel()
        if leaving is not None:
            leaving.cancel()
