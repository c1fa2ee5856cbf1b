"""How does a message go out, and what is known of it then?"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from adapters.contract.errors import ChannelRefused
from adapters.contract.records import Who
from adapters.quiet import quiet


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Words that the vendor has approved beforehand."""

    name: str
    language: str
    values: tuple[str, ...] = field(default=(), repr=False)
    """What fills the gaps of its body, in their order."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to one person."""

    who: Who = field(repr=False)
    key: str
    """Ours, opaque, one per message: handed to the vendor where it takes one, so that an echo or status tells it."""
    text: str | None = field(default=None, repr=False)
    template: Template | None = None
    as_human_agent: bool = False
    """Sent by a person under the vendor's longer window for people, where it has one."""
    conversation: str | None = field(default=None, repr=False)
    """The conversation's id on the channel account, where the channel has several with one person."""
    subject: str | None = field(default=None, repr=False)
    """What the conversation is about, where it has a subject."""
    answers: str | None = field(default=None, repr=False)
    """The channel's id of the person's newest message in the conversation; None where there is none."""
    last_heard_at: datetime | None = None
    """When the person last wrote on this account: vendors close the window for free words some time after."""
    now: datetime


class SendState(StrEnum):
    """What is known behind a sending."""

    TAKEN = "TAKEN"
    """The vendor took it, and named it."""
    UNKNOWN = "UNKNOWN"
    """It may have gone out: the vendor did not answer in time. Only an echo or a status can tell."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of a message that was handed to a vendor."""

    state: SendState
    external_id: str | None = None
    """The vendor's id of the message; None where the state is unknown, or the vendor names none."""
    conversation: str | None = None
    """The conversation's id on the channel account, where the message began one that only the vendor names."""
    why: str | None = None
    """Why nobody knows, for operators."""


class WindowClosed(ChannelRefused):
    """Free words are not allowed to this person now; `allowed` names what is, in words for an agent."""

    kind = "WINDOW_CLOSED"

    def __init__(self, message: str, *, allowed: tuple[str, ...], closed_at: datetime | None = None) -> None:
        super().__init__(message, code="window_closed")
        self.allowed = allowed
        self.closed_at = closed_at
