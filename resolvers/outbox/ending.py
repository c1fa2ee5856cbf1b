"""What became of a message that was handed over: is it sent, has it failed, may it be handed over again?"""

from datetime import timedelta
from typing import Any

import structlog

from adapters.contract.channel import Channel, Sends
from adapters.contract.records import Progress
from adapters.contract.sending import SendState, Sent
from adapters.records import Document
from resolvers.conversations import MESSAGES
from resolvers.ingest.batch import take
from resolvers.ingest.beginning import Began, give_name
from resolvers.ingest.report import Outcome, TakenIn
from resolvers.kit.shift import Shift
from resolvers.outbox.waiting import GIVES_UP_AFTER, LONGEST_PAUSE_S, OUTBOX, WAITING, pause_of, pause_s, place_of
from resolvers.present_ids import who_of

# A vendor that tells two of one key apart needs no more, and one that does not sends so many at most.
_MOST_REPEATS = 5

_log = structlog.get_logger("resolvers.outbox")


async def settle(shift: Shift, row: Document, sent: Sent) -> None:
    """Says of the message what its channel said."""
    if sent.state is SendState.UNKNOWN:
        await unknown(shift, row, sent.why or "The channel did not say whether it took it.")
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


async def unknown(shift: Shift, row: Document, why: str) -> None:
    """It may have gone out: it is handed over again where the vendor tells two of one key apart, and else never."""
    line = shift.lines.at(row["channel"], row["account"])
    repeats = row.get("repeats", 0)
    can_be = line is not None and repeats < _MOST_REPEATS and _may_repeat(shift, row, line.channel)
    if can_be:
        await postpone(shift, row, pause_s(row["tries"]), repeats=repeats + 1)
    else:
        await left_unknown(shift, row, why)


async def left_unknown(shift: Shift, row: Document, why: str) -> None:
    """Nobody hands it over again; an echo or a status may tell yet."""
    _log.warning("sending unknown", channel=row["channel"], account=row["account"], why=why)
    await _close(shift, row, {"status": "UNKNOWN"})


def _may_repeat(shift: Shift, row: Document, channel: Channel) -> bool:
    """Whether the vendor takes the message once, however often it is handed over."""
    if not isinstance(channel, Sends):
        return False
    if channel.is_repeatable:
        return True
    known_for = channel.begins_once_for
    if known_for is None or row["conversation"] is not None:
        return False
    began = row.get("first_handed_over_at")
    return began is not None and bool(shift.clock() + timedelta(seconds=LONGEST_PAUSE_S) < began + known_for)


async def failed(shift: Shift, row: Document, why: str) -> None:
    """It did not go out, and is not handed over again."""
    await _close(shift, row, {"status": "FAILED", "failed_at": shift.clock(), "failure_reason": why})


async def given_up(shift: Shift, row: Document) -> None:
    """It waited for longer than anybody wants an answer."""
    hours = GIVES_UP_AFTER // timedelta(hours=1)
    pause = await pause_of(shift.store, place_of(row))
    last = f" Last it was told: {pause['why']}" if pause else ""
    await failed(shift, row, f"The channel did not take it within {hours} hours.{last}")


async def postpone(shift: Shift, row: Document, seconds: float, **more: Any) -> None:
    """The message waits longer, and with it whatever waits for the person: it may be the answer to this one."""
    due = shift.clock() + timedelta(seconds=seconds)
    await shift.store.update(OUTBOX, {"_id": row["_id"]}, {"$set": {"state": WAITING, "due_at": due, **more}})


async def _close(shift: Shift, row: Document, said: Document, *, talk: str | None = None) -> None:
    """Takes it out of the outbox, and says of the message what is known; an echo that was faster knows better.

    What waited when it was read, and was taken up meanwhile, is left to whoever took it up.
    """

    async def work() -> None:
        as_read = {"state": WAITING} if row["state"] == WAITING else {}
        if not await shift.store.delete(OUTBOX, {"_id": row["_id"], **as_read}) and as_read:
            return
        message = await _say(shift, row, said)
        if talk is not None and message is not None:
            await give_name(shift.store, message["conversation_id"], Began(row["channel"], row["account"], talk))

    await shift.store.transact(work)


async def _say(shift: Shift, row: Document, said: Document) -> Document | None:
    return await shift.store.update(MESSAGES, {"_id": row["_id"], "status": "QUEUED"}, {"$set": said})
