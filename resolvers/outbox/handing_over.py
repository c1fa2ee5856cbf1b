"""How is what waits for one channel account handed over, each person's oldest message first?

The job of each channel account is a leased one: a vendor that hangs holds up no other's messages, and a process whose
settings do not name the account never takes them up.
"""

import asyncio
import secrets
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from adapters.contract.channel import Capability, Sends
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused, OutcomeUnknown
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.contract.soundness import required
from adapters.deadline import within
from adapters.failures import PASSING
from adapters.records import Document
from resolvers.conversations import MESSAGES
from resolvers.kit.jobs import Job
from resolvers.kit.shift import Shift
from resolvers.kit.texts import storable
from resolvers.outbox.ending import failed, given_up, left_unknown, postpone, settle, unknown
from resolvers.outbox.readdressing import readdress
from resolvers.outbox.waiting import (
    GIVES_UP_AFTER,
    HANDED_OVER,
    JOB,
    LONGEST_PAUSE_S,
    OUTBOX,
    SLICE,
    WAITING,
    Place,
    due_firsts,
    is_any_due,
    is_resting,
    is_well,
    job_name,
    leave_alone,
    pause_of,
    pause_s,
)
from resolvers.outbox.words import outgoing_of
from resolvers.webchat.chats import require_reader

_EVERY_S: Final = 2.0
# As many people's messages as one step looks at.
_AT_ONCE: Final = 50
# What has found no place by then is the next step's: a step takes a second where the vendor answers.
_BEGINS_WITHIN_S: Final = 0.4
# A process that ends waits five seconds for what it has begun.
_HANDING_OVER_S, _GRACE_S = 4.0, 0.5

_log = structlog.get_logger("resolvers.outbox")


@SLICE.job_of_lines(JOB, Capability.SEND)
def job_at(channel: str, account: str) -> Job:
    """The job that hands over what waits for the channel account."""
    place = Place(channel, account)

    async def is_wanted(shift: Shift) -> bool:
        """Whether there is something to do there."""
        return await is_any_due(shift.store, place, shift.clock())

    async def hand_over(shift: Shift) -> bool:
        """Hands over the oldest message of each person that is due; whether there may be more."""
        line = shift.lines.at(channel, account)
        if line is None or not isinstance(line.channel, Sends):
            return False
        at_once = line.channel.manners_for(line.channel.settings).at_once
        return await _Round(shift, place, line.channel, at_once).done()

    return Job(job_name(channel, account), _EVERY_S, hand_over, is_wanted)


class _Round:
    """One step at a channel account: at most one message to each person."""

    def __init__(self, shift: Shift, place: Place, channel: Sends, at_once: int) -> None:
        self._shift, self._store, self._place, self._channel = shift, shift.store, place, channel
        self._at_once = at_once
        self._takes_some = False
        """Whether the channel account took any message."""
        self._refused: list[tuple[Document, ChannelError]] = []
        """What it did not take, for a reason that may be the whole account's."""

    async def done(self) -> bool:
        """Hands over what is due; whether there may be more at once."""
        await self._settle_abandoned()
        pause, now = await pause_of(self._store, self._place), self._shift.clock()
        if is_resting(pause, now):
            return False
        rows = await due_firsts(self._store, self._place, now, limit=_AT_ONCE)
        if await readdress(self._shift, self._place, self._channel, rows):
            # Who is whose first may be another one now.
            return True
        words = await self._store.by_ids(MESSAGES, [row["_id"] for row in rows])
        await self._all([(row, words.get(row["_id"])) for row in rows])
        return await self._goes_on(pause) and bool(rows)

    async def _all(self, messages: Sequence[tuple[Document, Document | None]]) -> None:
        """Hands over as many as the channel account is called with at once, and more as places become free."""
        places, begins_until = asyncio.Semaphore(self._at_once), time.monotonic() + _BEGINS_WITHIN_S

        async def in_turn(n: int, row: Document, message: Document | None) -> None:
            # Whoever waits for a place would else use up the time in which the vendor has to answer.
            async with places:
                if n < self._at_once or time.monotonic() < begins_until:
                    await self._one(row, message)

        handing_over = (in_turn(n, *one) for n, one in enumerate(messages))
        # Each comes to its end, whatever becomes of another: what is under way must not be taken for abandoned.
        for failure in await asyncio.gather(*handing_over, return_exceptions=True):
            if isinstance(failure, BaseException):
                raise failure

    async def _settle_abandoned(self) -> None:
        """What was being handed over by a process that is gone: whether it went out, nobody here knows."""
        left = {"state": HANDED_OVER, **self._place.where}
        for row in await self._store.find(OUTBOX, left, limit=_AT_ONCE):
            await unknown(self._shift, row, "The process that handed it over ended before the channel answered.")

    async def _one(self, row: Document, message: Document | None) -> None:
        if message is None:
            # Erased since, or removed.
            await self._store.delete(OUTBOX, {"_id": row["_id"]})
        elif self._shift.clock() - row["queued_at"] > GIVES_UP_AFTER:
            await given_up(self._shift, row)
        else:
            outgoing = await outgoing_of(self._store, row, message, self._shift.clock())
            taken_up = await self._take_up(row, outgoing)
            if taken_up is not None:
                await self._send(taken_up, outgoing)

    async def _take_up(self, row: Document, outgoing: Outgoing) -> Document | None:
        now = self._shift.clock()
        taken_up = {
            # The channel may have named the conversation since.
            "$set": {"state": HANDED_OVER, "handed_over_at": now, "conversation": outgoing.conversation},
            "$min": {"first_handed_over_at": now},
            "$inc": {"tries": 1},
        }
        return await self._store.update(OUTBOX, {"_id": row["_id"], "state": WAITING}, taken_up)

    async def _send(self, row: Document, outgoing: Outgoing) -> None:
        try:
            await require_reader(self._store, self._channel, outgoing.who, outgoing.now)
            self._channel.require_allowed(outgoing)
            with within(_HANDING_OVER_S):
                sent = required(await _sent(self._channel, outgoing))
            await settle(self._shift, row, sent)
            self._takes_some |= sent.state is SendState.TAKEN
        except PASSING:
            raise
        except OutcomeUnknown as error:
            await unknown(self._shift, row, str(error))
        except BadPayload as error:
            # An answer that cannot be read says neither that it went out nor that it did not, and the next would not
            # be read either: whoever sends again then sends for ever.
            await left_unknown(self._shift, row, str(error))
        except ChannelError as error:
            await self._not_taken(row, error)
        except Exception as error:  # noqa: BLE001  one adapter's mistake must not keep other messages
            reference = secrets.token_hex(6)
            _log.error("unforeseen", reference=reference, doing="sending", exc_info=error, **self._place.where)
            why = f"The adapter failed by {type(error).__name__}; the log has it under {reference}."
            await left_unknown(self._shift, row, why)

    async def _not_taken(self, row: Document, error: ChannelError) -> None:
        """It certainly went out to nobody: it waits where that may pass, and has failed where it does not."""
        if not _may_pass(error):
            await failed(self._shift, row, storable(error))
        elif row.get("is_alone") or (isinstance(error, ChannelBusy) and error.is_of_person):
            await postpone(self._shift, row, _pause_s(error, row["tries"]))
        else:
            await self._store.update(OUTBOX, {"_id": row["_id"]}, {"$set": {"state": WAITING}})
            self._refused.append((row, error))

    async def _goes_on(self, pause: Document | None) -> bool:
        """Whether the channel account takes messages; where it does not, it is left alone for a while."""
        throttled = [error for _, error in self._refused if isinstance(error, ChannelBusy)]
        if self._takes_some and not throttled:
            # It serves others, so what is wrong is wrong with these alone.
            for row, error in self._refused:
                await postpone(self._shift, row, _pause_s(error, row["tries"]), is_alone=True)
        elif self._refused:
            error = throttled[0] if throttled else self._refused[0][1]
            await self._leave_alone(error, pause["times"] if pause and not self._takes_some else 0)
            return False
        if self._takes_some and pause is not None:
            await is_well(self._store, self._place)
        return True

    async def _leave_alone(self, error: ChannelError, times: int) -> None:
        seconds, why = _pause_s(error, times), storable(error)
        until = self._shift.clock() + timedelta(seconds=seconds)
        await leave_alone(self._store, self._place, until=until, times=times + 1, why=why)
        # Of what passes by itself the log of calls tells; this one waits for people.
        say = _log.warning if isinstance(error, ChannelRefused) else _log.info
        say("channel account takes no messages", why=why, left_alone_for_s=seconds, **self._place.where)


def _may_pass(error: ChannelError) -> bool:
    """Whether the message can be handed over later: by itself, or once people have mended the account."""
    return isinstance(error, ChannelBusy | ChannelDown) or (isinstance(error, ChannelRefused) and error.is_of_account)


def _pause_s(error: ChannelError, times: int) -> float:
    if isinstance(error, ChannelRefused):
        # People mend it, and that takes them a while.
        return LONGEST_PAUSE_S
    return pause_s(times, error.retry_after_s if isinstance(error, ChannelBusy) else None)


async def _sent(channel: Sends, outgoing: Outgoing) -> Sent:
    """What the channel says; whoever does not keep the deadline is cut off, for others' messages wait."""
    try:
        async with asyncio.timeout(_HANDING_OVER_S + _GRACE_S):
            return await channel.send(outgoing)
    except TimeoutError as error:
        raise OutcomeUnknown(f"It did not answer within {_HANDING_OVER_S:g} s.") from error
