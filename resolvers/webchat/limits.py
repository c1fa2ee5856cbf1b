"""How often may a visitor do something, and what is said to one who does it too often?"""

from datetime import datetime, timedelta
from typing import Final

from resolvers.kit.context import Context
from resolvers.kit.described import graph_type, told
from resolvers.kit.errors import Refusal, Refused
from resolvers.kit.networks import SITE, network_of
from resolvers.webchat.chats import Chatting, Site

IDENTIFICATIONS_PER_MINUTE: Final = 6
"""People sign in once, and mistype their address twice."""
SIGNS_PER_MINUTE: Final = 120
"""Signs of typing and reading: a widget sends one every few seconds, in each of its tabs."""


@graph_type
class TooOften(Refusal):
    """It was done as often as it may be within a minute."""

    retry_after_s: int = told("In how many seconds it may be done again.")
    again_at: datetime = told("When that is.")


async def require_start(context: Context, site: Site) -> None:
    """Refused where a chat was begun too often from the caller's address, or on the site altogether."""
    await _take_by_address(context, "chats begun", site)
    # Whoever has a site's addresses of the sixth version leaves most of the bound to others.
    wide = f"{site.place} {network_of(context.caller.address, bits=SITE)}"
    share = max(site.terms.starts_per_minute, site.terms.starts_per_minute_of_site // 4)
    await _take(context, "chats begun nearby", wide, share)
    await _take(context, "chats begun on", site.place, site.terms.starts_per_minute_of_site)


async def require_resume(context: Context, site: Site) -> None:
    """Refused where chats were resumed too often from the caller's address.

    Counted apart from those that were begun: whoever has a chat finds it again, whatever others do to the site.
    """
    await _take_by_address(context, "chats resumed", site)


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


async def _take_by_address(context: Context, what: str, site: Site) -> None:
    network = network_of(context.caller.address)
    if network is not None:
        await _take(context, what, f"{site.place} {network}", site.terms.starts_per_minute)
