"""How does a vendor want to be called, and how does it say that something went wrong?"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from adapters.contract.errors import ChannelBusy, ChannelDown, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.reply import Reply

OF_ACCOUNT = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN})
"""Statuses of who we are, what we owe and what we may: no other request of the account's fares better."""


def retry_after_s(reply: Reply) -> float | None:
    """The seconds of a Retry-After header, in numbers or as a date (RFC 9110, 10.2.3); None where there is none."""
    said = reply.headers.get("retry-after")
    if said is None:
        return None
    try:
        # Shopify says `2.0`; numbers beyond a float's are none.
        seconds = float(said)
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(said).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def by_status(reply: Reply) -> ChannelError | None:
    """What the status alone says (RFC 9110, 15); None where the answer is good."""
    status = reply.status
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    wait_s = retry_after_s(reply)
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is not None):
        return ChannelBusy(f"It takes no more requests for now ({status}).", retry_after_s=wait_s)
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}:
        return NoSuchIdentity(f"It knows nothing by that id ({status}).")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return ChannelDown(f"It answered with {status}.")
    return ChannelRefused(
        f"It refused the request with {status}.", code=str(status), is_of_account=status in OF_ACCOUNT
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """The bounds within which one channel account is called."""

    at_once: int = 8
    """Requests under way at once; more wait, within their deadline."""
    try_s: float = 5.0
    """How long one try may take; less where the deadline comes first."""
    tries: int = 3
    """How often a request without effects is tried, within its deadline and the retry budget."""
    largest_body: int = 8 * 1024 * 1024
    """Bytes of an answer; a larger one is BadPayload, and is not read to its end."""
    trips_after: int = 5
    """Failures in a row after which the breaker opens: nobody waits for who does not answer."""
    rests_s: float = 10.0
    """How long an open breaker lets nothing through before it lets one request try."""
    judge: Callable[[Reply], ChannelError | None] = by_status
    """What an answer means that may be a failure: vendors throttle with 200, too."""
