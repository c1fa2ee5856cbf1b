"""How is a channel asked to do something once, whatever becomes of the process, the line or the answer meanwhile?

What is asked for is written down first. Where the channel certainly did not do it, that is taken back and said. Where
nobody can know, a channel that knows requests by their keys is asked again, and every other one never: that stays
unknown until the channel itself tells of it.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar

import structlog

from adapters.contract.channel import Channel
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, OutcomeUnknown
from adapters.contract.soundness import required
from adapters.deadline import within
from adapters.failures import Taken
from adapters.mongo import Store
from adapters.records import Document, Record
from resolvers.kit.context import Context
from resolvers.kit.described import graph_type, told
from resolvers.kit.errors import Refusal, Refused, accepted, conflict
from resolvers.kit.shift import Shift
from resolvers.kit.texts import plain_line, quoted
from resolvers.order_requests import UNDER_WAY, UNKNOWN

LONGEST_KEY: Final = 100
# Within what a request may take (15 s), with time for what stands before and behind.
_ASKING_S = 8.0
# Whoever has not written an answer by then does not live any more, or waits no longer.
_ABANDONED_AFTER = timedelta(seconds=30)
_PAUSE, _LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=30)
# Vendors forget such keys after a day.
_GIVES_UP_AFTER = timedelta(hours=20)
_AT_ONCE = 20

T = TypeVar("T")

_log = structlog.get_logger("resolvers.requesting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing(Generic[T]):
    """One kind of thing that channels are asked to do."""

    record: Record
    offered_by: type[Any]
    """The protocol of the channels that do it."""
    is_repeatable: Callable[[Any], bool]
    """Whether the channel takes two requests of one key for one."""
    same: tuple[str, ...]
    """The fields in which two requests of one key are alike."""
    ask: Callable[[Any, Document], Awaitable[T]]
    """Asks the channel for what the document says; raises ChannelError."""
    keep: Callable[["Hand", Document, T], Awaitable[None]]
    """Writes what the channel answered; raises BadPayload where that is none."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Who asks: a request of the graph, or a job."""

    store: Store
    clock: Callable[[], datetime]
    default_region: str | None


@graph_type
class ChannelFailed(Refusal):
    """The channel did not do it, and that is certain: nothing was placed and nobody was asked. The same key is free."""

    may_try_again: bool = told("Whether it may do it later; otherwise an operator must look.")
    retry_after_s: float | None = told("In how many seconds it may, where the channel said so.")


def document_of(context: Context, key: str) -> dict[str, Any]:
    """What is written down of any request, with the key under which the channel is told of it."""
    now = context.clock()
    return {
        "key": key,
        "status": UNDER_WAY,
        "tries": 1,
        "requested_at": now,
        "requested_by": context.viewer.subject,
        "due_at": now + _ABANDONED_AFTER,
        "purchase_id": None,
    }


def plain_key(text: str) -> str:
    """The client's key; refuses what is none."""
    return accepted(plain_line, text, "input", "key", longest=LONGEST_KEY)


async def ask_once(context: Context, doing: Doing[Any], channel: Channel, wanted: Document, key: str) -> Document:
    """The request as it stands once the channel was asked; as it stood where it was made with the same key before."""
    store, record = context.store, doing.record
    hand = Hand(store, context.clock, context.limits.default_region)
    try:
        await store.insert(record, wanted)
    except Taken:
        pass
    else:
        failure = await _asked(hand, doing, channel, wanted)
        if failure is not None:
            await store.delete(record, {"_id": wanted["_id"], "status": UNDER_WAY, "tries": 1})
            raise _failed(channel, failure) from failure
    stands = await store.first(record, {"_id": wanted["_id"]})
    if stands is None:
        raise conflict(
            "The request is gone: the same was asked for at this moment and the channel did not do it, or the customer "
            "was erased. Send it again.",
            "input",
        )
    if any(stands[name] != wanted[name] for name in doing.same):
        raise conflict(
            f"`key` is {quoted(key)}, under which you have asked for something else. Ask for this with a new key.",
            *("input", "key"),
        )
    return stands


async def settle_open(shift: Shift, doing: Doing[Any]) -> bool:
    """Asks again, or says that nobody knows, where whoever asked has not come back; whether more is to do."""
    now = shift.clock()
    due = {"status": UNDER_WAY, "due_at": {"$lte": now}}
    rows = await shift.store.find(doing.record, due, order=[("due_at", 1)], limit=_AT_ONCE)
    for row in rows:
        line = shift.lines.at(row["channel"], row["account"])
        channel = line.channel if line is not None and isinstance(line.channel, doing.offered_by) else None
        is_late = now - row["requested_at"] > _GIVES_UP_AFTER
        if is_late or (channel is not None and not doing.is_repeatable(channel)):
            await _close(shift.store, doing, row, "Whoever asked ended before the channel answered.")
        elif await _take_up(shift, doing, row) and channel is not None:
            await _ask_again(shift, doing, channel, row)
    return len(rows) == _AT_ONCE


async def _take_up(shift: Shift, doing: Doing[Any], row: Document) -> bool:
    """Puts it off, so that no other process takes it up meanwhile; whether it was this one that did."""
    pause = min(_PAUSE * 2 ** min(row["tries"], 10), _LONGEST_PAUSE)
    later = {"$set": {"due_at": shift.clock() + max(pause, _ABANDONED_AFTER)}, "$inc": {"tries": 1}}
    as_read = {"_id": row["_id"], "status": UNDER_WAY, "due_at": row["due_at"]}
    return await shift.store.update(doing.record, as_read, later) is not None


async def _ask_again(shift: Shift, doing: Doing[Any], channel: Channel, row: Document) -> None:
    hand = Hand(shift.store, shift.clock, shift.default_region)
    failure = await _asked(hand, doing, channel, row)
    if failure is not None and not isinstance(failure, ChannelBusy | ChannelDown):
        # It says nothing of the request that may have arrived before.
        await _close(shift.store, doing, row, str(failure))


async def _asked(hand: Hand, doing: Doing[T], channel: Channel, row: Document) -> ChannelError | None:
    """Asks the channel and keeps its answer; the failure where it certainly did not do it this time."""
    try:
        with within(_ASKING_S):
            answer = await doing.ask(channel, row)
        await doing.keep(hand, row, answer)
    except OutcomeUnknown as error:
        if not doing.is_repeatable(channel):
            await _close(hand.store, doing, row, str(error))
    except BadPayload as error:
        # An answer that cannot be read says neither that it was done nor that it was not.
        await _close(hand.store, doing, row, str(error))
    except ChannelError as error:
        return error
    return None


async def _close(store: Store, doing: Doing[Any], row: Document, why: str) -> None:
    """Says that nobody knows; a delivery that was faster knows better."""
    place = {"channel": row["channel"], "account": row["account"]}
    _log.warning("request unknown", asked_for=doing.record.name, why=why, **place)
    await store.update(doing.record, {"_id": row["_id"], "status": UNDER_WAY}, {"$set": {"status": UNKNOWN}})


def _failed(channel: Channel, error: ChannelError) -> Refused:
    place = f"{channel.name}/{channel.account}"
    may = isinstance(error, ChannelBusy | ChannelDown)
    told_by = str(error) if str(error).startswith(place) else f"{place}: {error}"
    advice = "Send it again later, with the same key." if may else "An operator must look."
    return Refused(
        ChannelFailed(
            code=f"CHANNEL_{error.kind}",
            message=f"The channel did not do it. {told_by} {advice}",
            input_path=["input"],
            may_try_again=may,
            retry_after_s=error.retry_after_s if isinstance(error, ChannelBusy) else None,
        )
    )


async def guarded(channel: Channel, asked: Awaitable[T]) -> T:
    """The answer; where the adapter itself fails, nobody knows what became of it: BadPayload, and the log has it."""
    try:
        return required(await asked)
    except ChannelError:
        raise
    except Exception as error:
        reference = secrets.token_hex(6)
        place = {"channel": channel.name, "account": channel.account}
        _log.error("unforeseen", reference=reference, doing="requesting", exc_info=error, **place)
        raise BadPayload(f"The adapter failed by {type(error).__name__}; the log has it under {reference}.") from error
