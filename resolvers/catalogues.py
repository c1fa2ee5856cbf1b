"""Which products do our shops offer that fit some words, so that one can be shown to a customer or ordered?

The shops are asked at the moment of the question. What they list is kept, so that an order can name it by its id.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

import structlog

from adapters.contract.channel import Capability
from adapters.contract.errors import BadPayload, ChannelDown, ChannelError, NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import Listing, Who
from adapters.contract.soundness import required, sifted
from adapters.contract.way import Breaker
from adapters.deadline import within
from adapters.lines import Line
from resolvers.ingest.batch import take
from resolvers.ingest.report import Outcome
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_type, told
from resolvers.kit.errors import BadUserInput
from resolvers.kit.slice import Slice
from resolvers.kit.sources import Source
from resolvers.kit.texts import plain_line, quoted
from resolvers.kit.viewer import STAFF
from resolvers.live.reports import Report, of_error, of_found, sources_of
from resolvers.live.targets import Target
from resolvers.products import PRODUCTS, Product, products_by_id

SLICE = Slice("catalogues")

LONGEST_WORDS: Final = 200
MOST_PRODUCTS: Final = 50
# Somebody waits for it who chats meanwhile.
_PATIENCE_S: Final = 4.0
_GRACE_S: Final = 0.5

_log = structlog.get_logger("resolvers.catalogues")


@graph_type
class FoundProducts:
    """What shops answered to a search for products."""

    nodes: list[Product] = told("The products, those of each shop in its own order, the best first where it can tell.")
    sources: list[Source] = told("The shops that were asked, and how each did: one that is down makes the list short.")


@SLICE.query(may=STAFF, name="products")
async def products_by_words(
    info: Info,
    words: Annotated[str, about(f"What is sought, at most {LONGEST_WORDS} characters, as people write it.")],
    channel: Annotated[str | None, about("Only in shops on this channel.")] = None,
    account: Annotated[str | None, about("Only in shops that are this account of ours.")] = None,
    first: Annotated[int, about(f"How many of each shop at most, 1 to {MOST_PRODUCTS}.")] = 10,
) -> FoundProducts:
    """Products that fit the words, as our shops list them now: to show one to a customer, or to order it.

    Where no shop of this gateway can be searched both lists are empty.
    """
    context = info.context
    if not 1 <= first <= MOST_PRODUCTS:
        raise BadUserInput(f"`first` is {first}; 1 to {MOST_PRODUCTS} of each shop are given. Ask with other words.")
    try:
        sought = plain_line(words, "`words`", LONGEST_WORDS)
    except ValueError as error:
        raise BadUserInput(str(error)) from error
    lines = _lines(context, channel, account)
    asked = await asyncio.gather(*(_asked(context, line, sought, first) for line in lines))
    kept = [await _kept(context, line, found) for line, (found, _) in zip(lines, asked, strict=True)]
    reports = [
        (_target(line), replace(report, unread=report.unread + left))
        for line, (_, report), (_, left) in zip(lines, asked, kept, strict=True)
    ]
    return FoundProducts(nodes=[one for some, _ in kept for one in some], sources=sources_of(reports))


def _lines(context: Context, channel: str | None, account: str | None) -> list[Line]:
    offering = context.lines.offering(Capability.PRODUCTS)
    lines = [one for one in offering if channel in {None, one.place[0]} and account in {None, one.place[1]}]
    if not lines and (channel, account) != (None, None):
        asked = "/".join(quoted(one) for one in (channel, account) if one is not None)
        named = ", ".join("/".join(one.place) for one in offering) or "none"
        raise BadUserInput(f"No shop that can be searched is called {asked}. These can: {named}.")
    return lines


def _target(line: Line) -> Target:
    return Target(line.place, Capability.PRODUCTS, Who(*line.place, ""))


async def _asked(context: Context, line: Line, words: str, first: int) -> tuple[Found, Report]:
    """What one shop lists, and how it did; it makes nobody wait for longer than the others."""
    channel: Any = line.channel
    began, was_resting = time.monotonic(), channel.way.standing().breaker is Breaker.OPEN
    patience_s = min(_PATIENCE_S, context.budget.left_s / 2)
    error: ChannelError
    try:
        async with asyncio.timeout(patience_s + _GRACE_S):
            with within(patience_s):
                found: Found = required(await channel.products(words, Portion(at_most=first)))
    except TimeoutError:
        error = ChannelDown(f"It did not answer within {patience_s:g} s.")
    except NoSuchIdentity:
        # Nobody was asked about: the shop has no such place.
        error = ChannelDown("It does not know what was asked for.")
    except ChannelError as failure:
        error = failure
    except Exception as failure:  # noqa: BLE001  a mistake of one adapter must not take the other shops along
        error = _unforeseen(line, failure)
    else:
        # That there are more is no news in a search.
        report = of_found(found, latency_ms=_ms(began), at=context.clock())
        return found, replace(report, has_more=False)
    return Found(), of_error(error, latency_ms=_ms(began), was_resting=was_resting, as_of=None)


def _unforeseen(line: Line, failure: Exception) -> BadPayload:
    channel, account = line.place
    reference, doing = secrets.token_hex(6), "searching products"
    _log.error("unforeseen", reference=reference, channel=channel, account=account, doing=doing, exc_info=failure)
    return BadPayload(f"The adapter failed by {type(failure).__name__}.")


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


async def _kept(context: Context, line: Line, found: Found) -> tuple[Sequence[Product], int]:
    """The products as they are kept, in the shop's order, and how many of them could not be."""
    sound, wrong = sifted(found.records, line.place)
    listed = [one for one in sound if isinstance(one, Listing)]
    left = len(wrong) + len(sound) - len(listed)
    if not listed:
        return [], left
    now, by = context.clock(), "/".join(line.place)
    taken = await take(context.store, listed, at=now, by=by, default_region=context.limits.default_region)
    ids = [
        PRODUCTS.id_of({"channel": one.channel, "account": one.account, "external_id": one.external_id})
        for one in listed
    ]
    known = await products_by_id(context, ids)
    return [known[key] for key in dict.fromkeys(ids) if key in known], left + taken.counts.get(Outcome.REJECTED, 0)
