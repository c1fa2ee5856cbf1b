"""What do sources hand over of the company itself: its people, teams, campaigns, labels, and topics of interests?"""

from dataclasses import dataclass
from datetime import datetime

from adapters.quiet import quiet


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place of a taxonomy of interests."""

    taxonomy: str
    external_id: str
    name: str
    path: tuple[str, ...]
    parent: str | None = None
    """The external id of the place above."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person who serves customers, as the company's directory lists them."""

    subject: str
    """The subject of the colleague's tokens."""
    name: str
    role: str = "agent"
    email: str | None = None
    teams: tuple[str, ...] = ()
    """Groups by name; they must be defined."""
    created_at: datetime | None = None


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A group of colleagues who share work."""

    name: str


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """A campaign."""

    name: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """A label: a defined class of customer."""

    name: str
    color: str = "#808080"
    priority: int = 0
    description: str | None = None
