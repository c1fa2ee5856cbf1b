"""How did requests end? Told and counted a moment later, those of that moment together.

What is written and counted for one request is written by the same code for the next. Done for several at once that
code is at hand, and the log is one call of the system: each costs less than by itself, and no answer waits for it.
"""

import asyncio
import logging
import time
from contextvars import Context
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import structlog
from starlette.types import Scope

from adapters.quiet import quiet
from gateway.logs import together
from gateway.meters import count_question
from gateway.traces import Trace

# Nobody reads a log faster.
_SOON_S: Final = 0.05
# So many take a few milliseconds, and others wait for that.
_MOST: Final = 100
# Asked every few seconds by whoever watches the process; nobody reads that at `info`.
_WATCHED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
# Where questions come in.
_ASKED: Final = frozenset({"/graphql", "/graphql/cost"})

_NAME: Final = "gateway.request"
_log = structlog.get_logger(_NAME)


@quiet
@dataclass(frozen=True, slots=True)
class _End:
    scope: Scope
    trace: Trace
    status: int
    took_s: float
    at_s: float


class Ends:
    """The requests that have ended, and of which nothing is written yet."""

    def __init__(self) -> None:
        self._waiting: list[_End] = []
        self._timer: asyncio.TimerHandle | None = None

    def note(self, scope: Scope, trace: Trace, status: int, took_s: float) -> None:
        """One has ended, so and behind so long."""
        self._waiting.append(_End(scope, trace, status, took_s, time.time()))
        if len(self._waiting) >= _MOST:
            self.settle()
        elif self._timer is None:
            # In none of the requests' contexts: what is said there is said of none.
            self._timer = asyncio.get_running_loop().call_later(_SOON_S, self.settle, context=Context())

    def settle(self) -> None:
        """Tells of those that wait, and counts them."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        # Bound once for all of them.
        log = _log.bind()
        with together():
            for one in waiting:
                if one.scope["type"] == "http" and one.scope["path"] in _ASKED:
                    count_question(one.trace, one.status, one.took_s)
                _tell(log, one)


def _tell(log: structlog.stdlib.BoundLogger, end: _End) -> None:
    scope, trace = end.scope, end.trace
    level = logging.DEBUG if scope["path"] in _WATCHED else logging.INFO
    if not log.isEnabledFor(level):
        return
    log.log(
        level,
        "request",
        timestamp=datetime.fromtimestamp(end.at_s, UTC).isoformat().replace("+00:00", "Z"),
        request_id=trace.request_id,
        trace_id=trace.trace_id,
        method=scope.get("method", "WEBSOCKET"),
        path=_path(scope),
        status=end.status,
        ms=round(end.took_s * 1000, 1),
        commands=trace.commands,
        operation=trace.operation,
        execution=trace.execution,
        role=trace.role,
        cost=trace.cost,
        code=trace.codes[0] if trace.codes else None,
        waited_ms=round(trace.waited_s * 1000, 1),
    )


def _path(scope: Scope) -> str | None:
    """Only paths of ours: what else is asked for may be anything, and where a route leaves room its own word stands."""
    if "endpoint" not in scope:
        return None
    left, told = scope["path"], ""
    for name, value in reversed(scope["path_params"].items()):
        left, found, right = left.rpartition(str(value))
        if not found:
            return None
        told = f"{{{name}}}{right}{told}"
    return f"{left}{told}"
