"""What is known of a request while it is answered, for the log and the meters?"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from adapters.records import Document


@dataclass(slots=True)
class Trace:
    """One request as it is accounted for."""

    request_id: str
    trace_id: str | None = None
    """That of W3C's `traceparent`, or of the span that was begun here."""
    commands: int = 0
    """How many commands went to the database."""
    outstanding: dict[int, float] = field(default_factory=dict)
    """Those that it has not answered, by number: since when, on the clock of `time.monotonic`."""
    operation: str | None = None
    execution: str | None = None
    """How the answer was come by: `planned`, or why not."""
    kind: str | None = None
    """`query`, `mutation` or `subscription`; None of what is no question, or none that can be read."""
    role: str | None = None
    """That of whoever asks."""
    cost: int | None = None
    codes: list[str] = field(default_factory=list)
    """Of the errors that were told."""
    limits: list[str] = field(default_factory=list)
    """Those that were hit, by name."""
    batches: Sequence[int] = ()
    """How many parents or keys were asked for at once, each time."""
    waited_s: float = 0.0
    """How long a question of many rows waited for its turn."""


_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current_trace() -> Trace | None:
    """The request that this task answers, if it answers one."""
    return _trace.get()


@contextmanager
def uncounted() -> Iterator[None]:
    """A block whose commands are not the request's: what the gateway writes for itself."""
    token = _trace.set(None)
    try:
        yield
    finally:
        _trace.reset(token)


class CommandCount:
    """Counts the store's commands on the request that causes them (adapters.observing.CommandTimer)."""

    def command_started(self, name: str, command: Document) -> None:
        """One more for the request under way."""
        del name, command
        trace = _trace.get()
        if trace is not None:
            trace.commands += 1

    def command_sent(self, number: int, name: str, command: Document) -> None:
        """It is outstanding from now on."""
        del name, command
        trace = _trace.get()
        if trace is not None:
            trace.outstanding[number] = time.monotonic()

    def command_ended(self, number: int, *, is_good: bool) -> None:
        """It is not any more; nobody calls this of what was broken off."""
        del is_good
        trace = _trace.get()
        if trace is not None:
            trace.outstanding.pop(number, None)


@contextmanager
def traced(trace: Trace) -> Iterator[Trace]:
    """A block that answers this request."""
    token = _trace.set(trace)
    try:
        yield trace
    finally:
        _trace.reset(token)
