"""What can go wrong with a channel, filed by what the caller does next.

ChannelError
├── ChannelDown        it does not answer, or not in time: try later
│   └── OutcomeUnknown   a request with effects may have arrived: wait for an echo, never send it again blindly
├── ChannelBusy        it is throttled, for all or for one person: try after `retry_after_s`
├── ChannelRefused     it does not take our request or our credentials: wake an operator; `is_of_account` tells which
├── NoSuchIdentity     it knows nobody by that id: answer null
└── BadPayload         what it sent cannot be read: keep it aside, go on

Their words go to operators and, shortened to a kind, to viewers: they name the channel account, the vendor's own code
and what to do, and never a personal value, a secret or a URL with its query.
"""

import math
from typing import ClassVar


class ChannelError(Exception):
    """What a channel could not do; the subclass says what to do next."""

    kind: ClassVar[str] = "FAILED"
    """As clients read it beside a source: one word in capitals."""


class ChannelDown(ChannelError):
    """The channel does not answer, or not in time. Try later."""

    kind = "DOWN"


class ChannelBusy(ChannelError):
    """The channel takes no more for now. `retry_after_s` is in how many seconds it may, None where it did not say."""

    kind = "BUSY"

    def __init__(self, message: str, *, retry_after_s: float | None = None, is_of_person: bool = False) -> None:
        super().__init__(message)
        self.is_of_person = is_of_person
        """Whether it takes no more for this one person only, as where so many messages to each are allowed.

        Then others of the channel account go on; otherwise all of it waits.
        """
        # Headers are texts, and an adapter may hand one over as it came: what is no number of seconds is unknown.
        is_told = isinstance(retry_after_s, int | float) and math.isfinite(retry_after_s) and retry_after_s >= 0
        self.retry_after_s = retry_after_s if is_told else None


class ChannelRefused(ChannelError):
    """The channel refuses the request or our credentials; trying again does not help. An operator must look."""

    kind = "REFUSED"

    def __init__(self, message: str, *, code: str | None = None, is_of_account: bool = False) -> None:
        super().__init__(message)
        self.is_of_account = is_of_account
        """Whether it takes nothing of our account's until people have mended that: a dead token, a missing right, an
        unpaid bill.

        Then messages wait for it, up to a day. Otherwise something is wrong with this request or this person, and what
        was asked has failed at once.
        """
        self.code = code
        """The vendor's own code, as `131047`, where it gave one."""


class NoSuchIdentity(ChannelError):
    """The channel knows nobody by that id, or no longer."""

    kind = "UNKNOWN_IDENTITY"


class BadPayload(ChannelError):
    """What the channel sent cannot be read. `reason` tells the place and what was expected, and quotes no value."""

    kind = "UNREADABLE"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = str(reason)


class OutcomeUnknown(ChannelDown):
    """A request with effects may have arrived: the channel did not answer in time. Never send it again blindly."""

    kind = "OUTCOME_UNKNOWN"
