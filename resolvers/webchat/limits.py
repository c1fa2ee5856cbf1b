"""How often may a visitor do something, and what is said to one who does it too often?"""

import ipaddress
from datetime import datetime, timedelta
from typing import Final

from resolvers.kit.context import Context
from resolvers.kit.described import graph_type, told
from resolvers.kit.errors import Refusal, Refused
from resolvers.webchat.chats import Chatting, Site

IDENTIFICATIONS_PER_MINUTE: Final = 6
"""People sign in once, and mistype their address twice."""
SIGNS_PER_MINUTE: Final = 120
"""Signs of typing and reading: a widget sends one every few seconds, in each of its tabs."""
# A household or office has as many addresses of the sixth version as it likes, and one such network (RFC 6177).
_NETWORK: Final = 64
_IPV6: Final = 6


@graph_type
class TooOften(Refusal):
    """It was done as often as it may be within a minute."""

    retry_after_s: int = told("In how many seconds it may be done again.")
    again_at: datetime = told("When that is.")


async def require_start(context: Context, site: Site) -> None:
    """Refused where a chat was begun too often from the caller's address, or on the site altogether."""
    terms = site.terms
    address = _network(context.caller.address)
    if address is not None:
        await _take(context, "chats begun", f"{site.place} {address}", terms.starts_per_minute)
    await _take(context, "chats begun on", site.place, terms.starts_per_minute_of_site)


async def require_message(context: Context, chat: Chatting) -> None:
    """Refused where the visitor wrote too often."""
    await _take(context, "messages written", str(chat.key), chat.site.terms.messages_per_minute)


async def require_identification(context: Context, chat: Chatting) -> None:
    """Refused where the visitor said too often who they are."""
    await _take(context, "visitors identified", str(chat.key), IDENTIFICATIONS_PER_MINUTE)


async def require_sign(context: Context, whose: str) -> None:
    """Refused where too many signs of typing or reading came."""
    await _take(context, "signs in chats", whose, SIGNS_PER_MINUTE)


async def _take(context: Context, what: str, whose: str, per_minute: int) -> None:
    wait_s = None if context.rates is None else await context.rates.take(what, whose, per_minute)
    if wait_s is None:
        return
    raise Refused(
        TooOften(
            code="TOO_OFTEN",
            message=f"That was done {per_minute} times within a minute, which is the most. Try again in {wait_s} s.",
            retry_after_s=wait_s,
            again_at=context.clock() + timedelta(seconds=wait_s),
        )
    )


def _network(address: str | None) -> str | None:
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return address or None
    if found.version == _IPV6:
        return str(ipaddress.ip_network((found, _NETWORK), strict=False))
    return str(found)
