"""Was it the database that let a question wait until it was given up? Whoever asked cannot know; the log does."""

import time
from typing import Final

import structlog

from gateway.seldom import Seldom
from gateway.traces import current_trace

_seldom: Final = Seldom()
_log = structlog.get_logger("gateway.silence")


def note_silence(waited_s: float) -> None:
    """Tells, once in a while, which commands of a question given up after so long the database has not answered."""
    trace = current_trace()
    if trace is None or not trace.outstanding:
        return
    now = time.monotonic()
    # What is older was given up before, with another answer of the same subscription.
    since = [at for at in trace.outstanding.values() if at >= now - waited_s - 1]
    trace.outstanding.clear()
    if since and (count := _seldom.count()):
        _log.warning(
            "the database does not answer", commands=len(since), for_s=round(now - min(since), 1), questions=count
        )
