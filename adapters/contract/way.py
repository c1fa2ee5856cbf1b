"""How does one channel account call its vendor, whatever the vendor does?"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Protocol, TypeVar

from adapters.contract.reply import Reply

T = TypeVar("T")


class Breaker(StrEnum):
    """Whether requests are let through to a channel account."""

    CLOSED = "CLOSED"
    """All of them."""
    OPEN = "OPEN"
    """None: it failed too often in a row, and rests."""
    HALF_OPEN = "HALF_OPEN"
    """One, to see whether it is back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a channel account has answered lately, in this process."""

    breaker: Breaker = Breaker.CLOSED
    answered_at: datetime | None = None
    """When it last gave a good answer."""
    failed_at: datetime | None = None
    failure: str | None = None
    """The kind of its last failure (`ChannelError.kind`), None where it has answered since."""
    retry_after_s: float | None = None
    """In how many seconds a throttled one is asked again at the soonest; None where it is not throttled."""


@dataclass(slots=True)
class Step:
    """How far a talk with a vendor has come, as whoever talks notes it."""

    may_have_arrived: bool = False
    """Whether from now on nobody can say that the vendor did not take what was handed over."""
    status: int | None = None
    """The vendor's last code, as 550."""


class Way(Protocol):
    """The one way out of a channel account: within its deadline, its bounds, and its breaker."""

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        fresh_s: float = 0.0,
        stale_s: float = 0.0,
    ) -> Reply:
        """The good answer to a question without effects; the same question under way is asked once.

        One that is at most `fresh_s` old is not asked for anew; where the vendor fails, one of up to `stale_s` is
        given with `is_stale`. Raises ChannelError.
        """

    async def post(  # noqa: PLR0913  a request has as many parts
        self,
        url: str,
        *,
        method: Literal["POST", "PUT", "PATCH"] = "POST",
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = False,
        fresh_s: float = 0.0,
        stale_s: float = 0.0,
    ) -> Reply:
        """The good answer to a request with effects, which is sent once; again only where it is repeatable.

        Raises ChannelError; where it may have arrived and nobody knows, `OutcomeUnknown`.
        """

    async def fetch_public(
        self, url: str, *, headers: Mapping[str, str] | None = None, largest_body: int | None = None
    ) -> Reply:
        """What stands at an address that came in a delivery or an answer: a file, a picture.

        Whoever wrote it may want to see what the gateway sees: only public https addresses are called, and redirects
        checked like the first; `headers` go to the first host only, and hold a secret only where that host is the
        vendor's. Raises ChannelError, ChannelRefused where the address may not be called.
        """

    async def converse(self, method: str, talk: Callable[[Step], Awaitable[T]]) -> T:
        """What a talk with the vendor gives that is no request of HTTP, as one by SMTP or IMAP (adapters/mail/).

        It is let through, counted and cut off as requests are, once, and raises ChannelError; where what it handed over
        may have arrived and nobody knows, `OutcomeUnknown`. `method`: by what name it is counted.
        """

    def standing(self) -> Standing:
        """How the channel account has answered lately."""
