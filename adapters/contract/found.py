"""What does a channel answer when it is asked, and how much is it asked for?"""

from dataclasses import dataclass, field
from datetime import datetime

from adapters.contract.records import HandedOver
from adapters.quiet import quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A record of an answer that could not be read; the others of the answer are good."""

    what: str
    """Which one: kind and the vendor's id, as `ticket 35436`. Never a personal value."""
    why: str
    """What is missing or wrong, by its place in the payload; quotes no value."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a channel knew when it was asked."""

    records: tuple[HandedOver, ...] = field(default=(), repr=False)
    unread: tuple[Unread, ...] = ()
    after: str | None = None
    """Where to go on, as the channel's own cursor; None at the end."""
    as_of: datetime | None = None
    """When the vendor said so: earlier than now where it was kept. None: just now."""
    is_stale: bool = False
    """Whether it is older than it should be, because the vendor did not answer anew."""
    complete_since: datetime | None = None
    """From when on the channel shows everything, where it shows only some of the past; None: no such bound is known."""
    withheld: tuple[str, ...] = ()
    """What of these records the vendor keeps from us though it has it, in words for agents, as `phone`."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """How much is asked for at once, the newest first where the channel can."""

    at_most: int = 100
    after: str | None = None
    """A cursor that the same channel gave in `Found.after`."""
