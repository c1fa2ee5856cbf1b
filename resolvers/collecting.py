"""Who fetches what waits at a vendor that delivers nothing by itself, as mails in a mailbox?

A leased job for each channel account that collects. What it fetches is kept as a delivery, in the queue in which
webhooks' stand, before the cursor goes on: so nothing is lost by whoever is killed, what is fetched twice is one, and
what cannot be read is set aside and can be replayed.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from adapters.contract.channel import Collected
from adapters.contract.deliveries import COLLECTED
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError
from adapters.deadline import within
from adapters.lines import Line
from adapters.records import Document, Record, RecordId
from resolvers.deliveries import lane_job
from resolvers.deliveries.waiting import DELIVERIES, delivery_document, lane_of
from resolvers.kit.jobs import Job
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Slice

COLLECTIONS: Final = Record(name="collections", customer=None, key=("channel", "account"))
"""One document for each channel account that collects: how far, and when it is looked into again."""

SLICE: Final = Slice("collecting", unshown=[COLLECTIONS])
JOB: Final = "collecting"

_EVERY_S: Final = 15.0
_CALL_S, _GRACE_S = 25.0, 1.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 1_800.0

_log = structlog.get_logger("resolvers.collecting")


@SLICE.job_of_lines(JOB, lambda line: line.collects)
def job_at(channel: str, account: str) -> Job:
    """The job that looks into the channel account."""
    key = COLLECTIONS.id_of({"channel": channel, "account": account})

    async def is_due(shift: Shift) -> bool:
        known = (await shift.store.by_ids(COLLECTIONS, [key])).get(key)
        return known is None or bool(known["due_at"] <= shift.clock())

    async def look(shift: Shift) -> bool:
        """Fetches some of what waits; whether there may be more."""
        line = shift.lines.at(channel, account)
        return line is not None and await _look(shift, line, key)

    return Job(f"{JOB} {channel}/{account}", _EVERY_S, look, is_due)


async def _look(shift: Shift, line: Line, key: RecordId) -> bool:
    known = (await shift.store.by_ids(COLLECTIONS, [key])).get(key) or {"tries": 0}
    try:
        collected = await _asked(line, known.get("cursor"))
        documents = _documents(line, collected, shift.clock())
    except ChannelError as error:
        await _failed(shift, line, key, known["tries"] + 1, error)
        return False
    await shift.store.arrivals.add(DELIVERIES, documents)
    # Only now: what the cursor leads behind is never asked for again.
    await _keep(shift, line, key, {"cursor": collected.cursor, "tries": 0, "reason": None, "due_at": shift.clock()})
    if documents:
        shift.knocks.knock(lane_job(lane_of(*line.place)))
    return collected.is_more


async def _asked(line: Line, cursor: str | None) -> Collected:
    channel: Any = line.channel
    try:
        async with asyncio.timeout(_CALL_S + _GRACE_S):
            with within(_CALL_S):
                collected: Any = await channel.collect(cursor)
    except TimeoutError as error:
        raise ChannelDown(f"It did not answer within {_CALL_S:g} s.") from error
    except ChannelError:
        raise
    except Exception as error:
        raise _unforeseen(line, error) from error
    if not isinstance(collected, Collected):
        raise BadPayload("`collect` answers no Collected.")
    if any(one.method != COLLECTED for one in collected.deliveries):
        raise BadPayload("`collect` gives deliveries of another method than COLLECTED.")
    return collected


def _documents(line: Line, collected: Collected, now: datetime) -> Sequence[Document]:
    """What was fetched, as it is kept, each in its turn."""
    channel: Any = line.channel
    name, account = line.place
    # As deliveries are counted that come by themselves.
    turn = time.time_ns()
    documents: dict[RecordId, Document] = {}
    for n, one in enumerate(collected.deliveries):
        try:
            told = channel.delivery_key(one)
        except Exception as error:
            raise _unforeseen(line, error) from error
        key = f"id {told}" if told is not None else f"body {hashlib.sha256(one.body).hexdigest()}"
        document = delivery_document(
            replace(one, received_at=now), channel=name, account=account, key=key, sequence=turn + n
        )
        documents.setdefault(document["_id"], document)
    return list(documents.values())


def _unforeseen(line: Line, error: Exception) -> BadPayload:
    channel, account = line.place
    reference = secrets.token_hex(6)
    _log.error("unforeseen", reference=reference, channel=channel, account=account, exc_info=error)
    return BadPayload(f"It failed by {type(error).__name__}; the log has it under {reference}.")


async def _failed(shift: Shift, line: Line, key: RecordId, tries: int, error: ChannelError) -> None:
    channel, account = line.place
    _log.warning("collecting failed", channel=channel, account=account, kind=error.kind, why=str(error), tries=tries)
    told = error.retry_after_s if isinstance(error, ChannelBusy) else None
    pause_s = min(told or _FIRST_PAUSE_S * 2.0 ** min(tries - 1, 12), _LONGEST_PAUSE_S)
    due = shift.clock() + timedelta(seconds=pause_s)
    await _keep(shift, line, key, {"tries": tries, "reason": error.kind, "due_at": due})


async def _keep(shift: Shift, line: Line, key: RecordId, said: Document) -> None:
    channel, account = line.place
    await shift.store.upsert(COLLECTIONS, [(key, {"$set": {"channel": channel, "account": account, **said}})])
