"""Which messages wait to be handed to their channel, and what becomes of each?

A message stands in its conversation from the moment at which it was written, and here as long as its channel has not
taken it. One process at a time hands over, oldest first, one at a time to each person. Before it hands a message over
it writes that down: whoever takes over from a process that was killed meanwhile knows that this one may have gone out,
and hands it over again only where the vendor tells two of one key apart.
"""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from adapters.contract.channel import Capability, Sends
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, OutcomeUnknown
from adapters.contract.records import Progress, Who
from adapters.contract.sending import Outgoing, SendState, Sent, Template
from adapters.contract.soundness import required
from adapters.deadline import within
from adapters.failures import PASSING
from adapters.mongo import Store
from adapters.records import Document, Index, Record, RecordId
from resolvers.conversations import BY_OTHER, CONVERSATIONS, MESSAGES, MessageDirection
from resolvers.ingest.batch import take
from resolvers.ingest.beginning import Began, give_name
from resolvers.ingest.report import Outcome, TakenIn
from resolvers.kit.errors import Refused
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Slice
from resolvers.kit.texts import storable
from resolvers.present_ids import moved, who_of

OUTBOX = Record(
    name="outbox",
    indexes=(
        Index(("state", "due_at", "queued_at")),
        Index(("channel", "account", "state")),
        Index(("customer_id",)),
    ),
    personal=frozenset({"value", "template"}),
    of_staff=frozenset({"queued_by"}),
)
"""A message that was not taken yet, under the message's own id."""

SLICE = Slice("outbox", unshown=[OUTBOX])

JOB: Final = "outbox"
WAITING, HANDED_OVER = "WAITING", "HANDED_OVER"

_EVERY_S = 2.0
# As many as are under way at once; each is another person's.
_AT_ONCE = 50
# A process that ends waits five seconds for what it has begun.
_HANDING_OVER_S, _GRACE_S = 4.0, 0.5
# Behind so many words of the company nobody waits for the window to be open still.
_NEWEST = 200
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 300.0
# A vendor that tells two of one key apart needs no more, and one that does not sends so many at most.
_MOST_REPEATS = 5
# Nobody wants yesterday's answer.
_GIVES_UP_AFTER = timedelta(hours=24)

_log = structlog.get_logger("resolvers.outbox")


async def _is_wanted(shift: Shift) -> bool:
    """Whether a message is due, or was left by a process that is gone: a look along an index, and no more."""
    if not shift.lines.offering(Capability.SEND):
        return False
    due = {"state": WAITING, "due_at": {"$lte": shift.clock()}}
    return bool(await shift.store.find(OUTBOX, {"$or": [due, {"state": HANDED_OVER}]}, limit=1, only=["_id"]))


@SLICE.job(JOB, every_s=_EVERY_S, when=_is_wanted)
async def hand_over(shift: Shift) -> bool:
    """Hands over the oldest message of each person that is due; whether more were."""
    await _settle_abandoned(shift)
    now = shift.clock()
    due = {"state": WAITING, "due_at": {"$lte": now}}
    rows = await shift.store.find(OUTBOX, due, order=[("due_at", 1), ("queued_at", 1)], limit=_AT_ONCE)
    readdressed = await _readdressed(shift, rows)
    firsts: dict[Who, Document] = {}
    for row in sorted(readdressed, key=lambda one: (one["queued_at"], one["_id"])):
        firsts.setdefault(who_of(row), row)
    words = await shift.store.by_ids(MESSAGES, [row["_id"] for row in firsts.values()])
    handing_over = (_hand_over_one(shift, row, words.get(row["_id"])) for row in firsts.values())
    # Each comes to its end, whatever becomes of another: what is under way must not be taken for abandoned.
    for failure in await asyncio.gather(*handing_over, return_exceptions=True):
        if isinstance(failure, BaseException):
            raise failure
    return len(rows) > len(firsts) or len(rows) == _AT_ONCE


async def _readdressed(shift: Shift, rows: list[Document]) -> list[Document]:
    """The messages, each to the id by which its person is called now; where none can be told, nothing goes to nobody.

    Somebody else may have the id of before by now.
    """
    now_at = await moved(shift.store, rows)
    left = []
    for row in rows:
        match now_at.get(row["_id"]):
            case None:
                left.append(row)
            case Who() as who:
                as_read = {"_id": row["_id"], "state": WAITING, "value": row["value"]}
                changed = await shift.store.update(OUTBOX, as_read, {"$set": {"value": who.value}})
                left += [changed] if changed is not None else []
            case Refused() as refused:
                await _failed(shift, row, str(refused))
    return left


async def _settle_abandoned(shift: Shift) -> None:
    """What was being handed over by a process that is gone: whether it went out, nobody here knows."""
    for row in await shift.store.find(OUTBOX, {"state": HANDED_OVER}, limit=_AT_ONCE):
        await _unknown(shift, row, "The process that handed it over ended before the channel answered.")


async def _hand_over_one(shift: Shift, row: Document, message: Document | None) -> None:
    if message is None:
        # Erased since, or removed.
        await shift.store.delete(OUTBOX, {"_id": row["_id"]})
    elif shift.clock() - row["queued_at"] > _GIVES_UP_AFTER:
        hours = _GIVES_UP_AFTER // timedelta(hours=1)
        await _failed(shift, row, f"The channel did not take it within {hours} hours.")
    elif (channel := _sender(shift, row)) is None:
        # The settings file names the channel account no more, or this process has an older one.
        await _postpone(shift, row, _LONGEST_PAUSE_S)
    else:
        outgoing = await outgoing_of(shift.store, row, message, shift.clock())
        taken_up = await _take_up(shift, row, outgoing)
        if taken_up is not None:
            await _send(shift, taken_up, channel, outgoing)


async def _take_up(shift: Shift, row: Document, outgoing: Outgoing) -> Document | None:
    now = shift.clock()
    taken_up = {
        # The channel may have named the conversation since.
        "$set": {"state": HANDED_OVER, "handed_over_at": now, "conversation": outgoing.conversation},
        "$min": {"first_handed_over_at": now},
        "$inc": {"tries": 1},
    }
    return await shift.store.update(OUTBOX, {"_id": row["_id"], "state": WAITING}, taken_up)


async def _send(shift: Shift, row: Document, channel: Sends, outgoing: Outgoing) -> None:
    try:
        channel.require_allowed(outgoing)
        with within(_HANDING_OVER_S):
            sent = required(await _sent(channel, outgoing))
        await _settle(shift, row, sent)
    except PASSING:
        raise
    except OutcomeUnknown as error:
        await _unknown(shift, row, str(error))
    except BadPayload as error:
        # An answer that cannot be read says neither that it went out nor that it did not, and the next would not be
        # read either: whoever sends again then sends for ever.
        await _left_unknown(shift, row, str(error))
    except (ChannelBusy, ChannelDown) as error:
        await _postpone_account(shift, row, error)
    except ChannelError as error:
        await _failed(shift, row, storable(error))
    except Exception as error:  # noqa: BLE001  one adapter's mistake must not keep other channels' messages
        reference = secrets.token_hex(6)
        channel_account = {"channel": row["channel"], "account": row["account"]}
        _log.error("unforeseen", reference=reference, doing="sending", exc_info=error, **channel_account)
        why = f"The adapter failed by {type(error).__name__}; the log has it under {reference}."
        await _left_unknown(shift, row, why)


async def _sent(channel: Sends, outgoing: Outgoing) -> Sent:
    """What the channel says; whoever does not keep the deadline is cut off, for others' messages wait."""
    try:
        async with asyncio.timeout(_HANDING_OVER_S + _GRACE_S):
            return await channel.send(outgoing)
    except TimeoutError as error:
        raise OutcomeUnknown(f"It did not answer within {_HANDING_OVER_S:g} s.") from error


def _sender(shift: Shift, row: Document) -> Sends | None:
    line = shift.lines.at(row["channel"], row["account"])
    return line.channel if line is not None and isinstance(line.channel, Sends) else None


async def outgoing_of(store: Store, row: Document, message: Document, now: datetime) -> Outgoing:
    """The message as a channel is handed it."""
    conversation: str | None = row["conversation"]
    if conversation is None:
        talk = await store.first(CONVERSATIONS, {"_id": message["conversation_id"]})
        conversation = talk["external_id"] if talk else None
    return Outgoing(
        who=who_of(row),
        key=row["key"],
        text=message["text"] if row["template"] is None else None,
        template=_template(row["template"]),
        as_human_agent=row["as_human_agent"],
        conversation=conversation,
        last_heard_at=await heard_at(store, message["conversation_id"], *row.get("before", ())),
        now=now,
    )


def _template(kept: Document | None) -> Template | None:
    if kept is None:
        return None
    return Template(name=kept["name"], language=kept["language"], values=tuple(kept["values"]))


async def heard_at(store: Store, *conversations: RecordId) -> datetime | None:
    """When the customer last wrote in any of the conversations, as far as the newest messages of each tell."""
    moments = []
    for one in conversations:
        newest = await store.find(
            MESSAGES,
            {"conversation_id": one},
            order=[("sent_at", -1), ("_id", -1)],
            limit=_NEWEST,
            only=("direction", "sent_at", BY_OTHER),
        )
        # The customer's own words: a colleague of theirs who was in copy opens no window.
        theirs = [one for one in newest if one["direction"] == MessageDirection.IN.value and not one.get(BY_OTHER)]
        moments += [one["sent_at"] for one in theirs[:1]]
    return max(moments, default=None)


# What became of it


async def _settle(shift: Shift, row: Document, sent: Sent) -> None:
    if sent.state is SendState.UNKNOWN:
        await _unknown(shift, row, sent.why or "The channel did not say whether it took it.")
    elif sent.external_id is None:
        await _close(shift, row, {"status": "SENT"}, talk=sent.conversation)
    else:
        await _named(shift, row, sent.external_id, sent.conversation)


async def _named(shift: Shift, row: Document, external_id: str, talk: str | None) -> None:
    """From now on the channel's id means the message: an echo or a status by it may be here already.

    Where it means another one, that one stays as it is, and this one is sent under no id of the channel's.
    """

    async def along(taken: TakenIn) -> None:
        await shift.store.delete(OUTBOX, {"_id": row["_id"]})
        if taken.counts.get(Outcome.REJECTED):
            # The id can be none; that the channel took the message is known none the less.
            await _say(shift, row, {"status": "SENT"})

    progress = Progress(
        channel=row["channel"],
        account=row["account"],
        external_id=external_id,
        status="SENT",
        at=shift.clock(),
        who=who_of(row),
        key=row["key"],
        talk=talk,
    )
    by = f"{row['channel']}/{row['account']}"
    await take(shift.store, [progress], at=shift.clock(), by=by, default_region=shift.default_region, along=along)
    stands = await shift.store.first(MESSAGES, {"_id": row["_id"], "customer_id": {"$ne": None}})
    if stands is not None and stands.get("external_id") != external_id:
        place = {"channel": row["channel"], "account": row["account"], "message": str(row["_id"])}
        _log.warning("sent without an id", why="The channel's id is none, or that of another message.", **place)


async def _unknown(shift: Shift, row: Document, why: str) -> None:
    channel = _sender(shift, row)
    repeats = row.get("repeats", 0)
    if channel is not None and repeats < _MOST_REPEATS and _may_repeat(shift, row, channel):
        await _postpone_person(shift, row, _pause_s(row), repeats=repeats + 1)
        return
    await _left_unknown(shift, row, why)


async def _left_unknown(shift: Shift, row: Document, why: str) -> None:
    """Nobody hands it over again; an echo or a status may tell yet."""
    _log.warning("sending unknown", channel=row["channel"], account=row["account"], why=why)
    await _close(shift, row, {"status": "UNKNOWN"})


def _may_repeat(shift: Shift, row: Document, channel: Sends) -> bool:
    """Whether the vendor takes the message once, however often it is handed over."""
    if channel.is_repeatable:
        return True
    known_for = channel.begins_once_for
    if known_for is None or row["conversation"] is not None:
        return False
    began: datetime | None = row.get("first_handed_over_at")
    return began is not None and shift.clock() + timedelta(seconds=_LONGEST_PAUSE_S) < began + known_for


async def _failed(shift: Shift, row: Document, why: str) -> None:
    await _close(shift, row, {"status": "FAILED", "failed_at": shift.clock(), "failure_reason": why})


async def _close(shift: Shift, row: Document, said: Document, *, talk: str | None = None) -> None:
    """Takes it out of the outbox, and says of the message what is known; an echo that was faster knows better."""

    async def work() -> None:
        await shift.store.delete(OUTBOX, {"_id": row["_id"]})
        message = await _say(shift, row, said)
        if talk is not None and message is not None:
            await give_name(shift.store, message["conversation_id"], Began(row["channel"], row["account"], talk))

    await shift.store.transact(work)


async def _say(shift: Shift, row: Document, said: Document) -> Document | None:
    return await shift.store.update(MESSAGES, {"_id": row["_id"], "status": "QUEUED"}, {"$set": said})


# Later


async def _postpone_account(shift: Shift, row: Document, error: ChannelBusy | ChannelDown) -> None:
    """All that waits for the channel account waits longer, so that no later message overtakes this one."""
    told = error.retry_after_s if isinstance(error, ChannelBusy) else None
    due = shift.clock() + timedelta(seconds=min(told or _pause_s(row), _LONGEST_PAUSE_S))
    where = {"channel": row["channel"], "account": row["account"], "state": WAITING}
    await shift.store.update(OUTBOX, {"_id": row["_id"]}, {"$set": {"state": WAITING, "due_at": due}})
    await shift.store.update_all(OUTBOX, where, {"$max": {"due_at": due}})


async def _postpone_person(shift: Shift, row: Document, pause_s: float, **more: Any) -> None:
    """All that waits for the person waits, too: it may be the answer to this one, and in the same conversation."""
    await _postpone(shift, row, pause_s, **more)
    theirs = {"channel": row["channel"], "account": row["account"], "state": WAITING, "value": row["value"]}
    due = shift.clock() + timedelta(seconds=pause_s)
    await shift.store.update_all(OUTBOX, theirs, {"$max": {"due_at": due}})


async def _postpone(shift: Shift, row: Document, pause_s: float, **more: Any) -> None:
    due = shift.clock() + timedelta(seconds=pause_s)
    await shift.store.update(OUTBOX, {"_id": row["_id"]}, {"$set": {"state": WAITING, "due_at": due, **more}})


def _pause_s(row: Document) -> float:
    tries: int = row["tries"]
    return min(_FIRST_PAUSE_S * 2.0 ** min(tries, 10), _LONGEST_PAUSE_S)
