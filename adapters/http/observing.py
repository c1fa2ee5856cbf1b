"""Who is told of the calls that go to channels?"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What became of one call. It holds nothing that could name a person: no address, no id, no value."""

    channel: str
    account: str
    method: str
    outcome: str
    """GOOD, CANCELLED, or the kind of the ChannelError."""
    status: int | None
    """Of the last answer; None where there was none."""
    took_s: float
    tries: int
    """How often it was sent, or would have been; 0 where it was not let through, or was kept."""
    from_cache: bool = False
    is_stale: bool = False


class CallObserver(Protocol):
    """Who is told of every call to a channel."""

    def called(self, call: Call) -> None:
        """Called when the call has ended, in the task that made it; must not raise."""


class Unheard:
    """Tells nobody."""

    def called(self, call: Call) -> None:
        """Nobody asked for that."""
