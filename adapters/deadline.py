"""Until when does whoever asked still wait?

A block says how long it may take; whatever is asked of the outside within it, in its own task or in those that it
starts, ends by then. A block inside another one can only shorten the time.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """A block that may take so long, or less where the block around it ends earlier."""
    mine = time.monotonic() + seconds
    around = _ends_at.get()
    token = _ends_at.set(mine if around is None else min(mine, around))
    try:
        yield
    finally:
        _ends_at.reset(token)


def ends_at() -> float | None:
    """When the time is up, on the clock of `time.monotonic`; None where nobody set an end."""
    return _ends_at.get()


def left_s() -> float | None:
    """The seconds left, none below zero; None where nobody set an end."""
    end = _ends_at.get()
    return None if end is None else max(0.0, end - time.monotonic())
