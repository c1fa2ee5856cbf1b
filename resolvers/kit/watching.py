"""Who looks on while a question is answered? Nobody, unless spans are switched on (gateway/watching/).

Told are names of the schema and of our own functions, and numbers; never a value.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Watching(Protocol):
    """Sees how an answer comes about."""

    def load(self, kind: str, name: str, count: int) -> AbstractContextManager[object]:
        """A block that loads at once for so many: a `column` for its parents, or `keys`."""

    def operation(self) -> AbstractContextManager[object]:
        """A block that answers one question of many on a connection."""

    def event(self) -> AbstractContextManager[object]:
        """A block that answers one event of a subscription."""


def operation_of(watching: Watching | None) -> AbstractContextManager[object]:
    """The block of a question, seen where anybody looks on."""
    return nullcontext() if watching is None else watching.operation()


def event_of(watching: Watching | None) -> AbstractContextManager[object]:
    """The block of an event, seen where anybody looks on."""
    return nullcontext() if watching is None else watching.event()
