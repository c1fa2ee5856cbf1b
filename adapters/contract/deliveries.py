"""What does a vendor deliver by itself, and what does a channel read in it?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from adapters.contract.errors import BadPayload
from adapters.contract.legible import read_json
from adapters.contract.records import HandedOver, Who
from adapters.quiet import quiet

COLLECTED: Final = "COLLECT"
"""The method of a delivery that no vendor sent: the channel fetched it itself (`Collects`), and need not prove it."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request of a vendor, as it came: the body is raw bytes, for signatures stand on them."""

    method: str
    """GET or POST; COLLECTED of what the channel fetched itself."""
    query: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    """By name in lower case; of repeated ones the first."""
    body: bytes = field(repr=False)
    received_at: datetime

    def json(self) -> Any:
        """The body as JSON, with U+FFFD for what no text can keep; raises BadPayload, which quotes nothing of it."""
        try:
            return read_json(self.body)
        except (ValueError, RecursionError) as error:
            raise BadPayload(f"The body of {len(self.body)} bytes is no JSON.") from error


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a vendor is answered, word for word."""

    status: int = 200
    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"


class NotProven(Exception):
    """The delivery is not the vendor's, as far as anyone can tell. Its words quote neither signature nor secret."""

    def __init__(self, message: str, *, status: int = 401) -> None:
        super().__init__(message)
        self.status = status
        """What the vendor is answered: some want 401, others 403."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a delivery tells of: either `records`, or why it is `unread`, or why it is `left_alone`."""

    key: str = field(repr=False)
    """One event per key on a channel account, however often it is told."""
    order_by: str = field(repr=False)
    """Whose turn it is: events of one such word are processed in the order in which they came in."""
    at: datetime | None = None
    """When it happened, by the channel's clock."""
    records: tuple[HandedOver, ...] = field(default=(), repr=False)
    unread: str | None = None
    """Why it could not be read, without any value: its delivery is set aside whole."""
    left_alone: str | None = None
    """Why it is none of the house's business, as `typing indicator`: counted and dropped."""
    who: Who | None = field(default=None, repr=False)
    """Whom it is about, where that is known."""
