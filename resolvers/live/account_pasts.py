"""Who reads what a channel account has of everybody, and afterwards what has changed there, whatever webhooks missed?

A channel that gives out everything is read from the start, a portion at a time; a portion is taken in together with the
cursor behind it. At the end the last portion is asked for again every hour: what has been added to it since is news,
and leads on. What it said before is told by digests and not taken in again, so that nobody who was erased meanwhile
comes back by it.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from adapters.contract.channel import KnowsEverything
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError
from adapters.contract.found import Found
from adapters.contract.records import HandedOver
from adapters.contract.soundness import required, sifted
from adapters.deadline import within
from adapters.failures import PASSING
from adapters.lines import Line
from adapters.quiet import written_out
from adapters.records import Document, Record
from resolvers.ingest.batch import take
from resolvers.ingest.report import Outcome, TakenIn
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Slice
from resolvers.live.cursors import leads_nowhere, next_mark

ACCOUNT_PASTS: Final = Record(
    name="account_pasts", customer=None, key=("channel", "account"), personal=frozenset({"cursor", "mark"})
)
"""One document for each channel account that gives out what it has of everybody: how far that was read."""

SLICE = Slice("account pasts", unshown=[ACCOUNT_PASTS])
JOB: Final = "account pasts"

# A large portion a minute's sixth: Zendesk, for one, gives ten a minute to everybody who asks.
_EVERY_S: Final = 10.0
_AGAIN: Final = timedelta(hours=1)
_CALL_S: Final = 4.0
_GRACE_S: Final = 0.5
# A transaction of so many takes a second.
_AT_ONCE: Final = 500
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 30.0, 3_600.0
_BEGUN: Final[Document] = {"cursor": None, "mark": None, "portions": 0, "tries": 0, "unread": 0, "seen": []}

_log = structlog.get_logger("resolvers.live.account_pasts")


def _lines(shift: Shift) -> list[Line]:
    return [line for line in shift.lines if isinstance(line.channel, KnowsEverything)]


async def _has_lines(shift: Shift) -> bool:
    return bool(_lines(shift))


@SLICE.job(JOB, every_s=_EVERY_S, when=_has_lines)
async def read_on(shift: Shift) -> bool:
    """Reads one portion of each account that is due."""
    lines = {_id(line): line for line in _lines(shift)}
    known = await shift.store.by_ids(ACCOUNT_PASTS, lines)
    now = shift.clock()
    pasts = {key: known.get(key) or {"_id": key, "due_at": now, **_BEGUN} for key in lines}
    due = [(lines[key], past) for key, past in pasts.items() if past["due_at"] <= now]
    # Each comes to its end, whatever becomes of another account's.
    for failure in await asyncio.gather(*(_read(shift, line, past) for line, past in due), return_exceptions=True):
        if isinstance(failure, BaseException):
            raise failure
    return False


def _id(line: Line) -> Any:
    channel, account = line.place
    return ACCOUNT_PASTS.id_of({"channel": channel, "account": account})


async def _read(shift: Shift, line: Line, past: Document) -> None:
    try:
        found = await _asked(line, past)
        await _take(shift, line, past, found)
    except ChannelError as error:
        await _failed(shift, line, past, error)
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001  one account's odd answer must not keep others waiting
        await _failed(shift, line, past, _unforeseen(line, error))


async def _failed(shift: Shift, line: Line, past: Document, error: ChannelError) -> None:
    channel, account = line.place
    tries = past["tries"] + 1
    _log.warning("account's past failed", channel=channel, account=account, kind=error.kind, tries=tries)
    due = shift.clock() + timedelta(seconds=_pause_s(error, tries))
    await _keep(shift, line, past, {"tries": tries, "reason": error.kind, "due_at": due})


def _pause_s(error: ChannelError, tries: int) -> float:
    told = error.retry_after_s if isinstance(error, ChannelBusy) else None
    return min(told or _FIRST_PAUSE_S * 2.0 ** min(tries - 1, 12), _LONGEST_PAUSE_S)


async def _asked(line: Line, past: Document) -> Found:
    """The portion behind the cursor; raises ChannelError."""
    channel: Any = line.channel
    try:
        async with asyncio.timeout(_CALL_S + _GRACE_S):
            with within(_CALL_S):
                found: Found = required(await channel.portion_of_all(past["cursor"]))
                return found
    except TimeoutError as error:
        raise ChannelDown(f"It did not answer within {_CALL_S:g} s.") from error
    except ChannelError:
        raise
    except Exception as error:
        raise _unforeseen(line, error) from error


def _unforeseen(line: Line, error: Exception) -> BadPayload:
    channel, account = line.place
    reference, kind = secrets.token_hex(6), type(error).__name__
    _log.error("unforeseen", reference=reference, channel=channel, account=account, exc_info=error)
    return BadPayload(f"It failed by {kind}; the log has it under {reference}.")


async def _take(shift: Shift, line: Line, past: Document, found: Found) -> None:
    """Takes in what is new of the portion; the last of it together with how far the account was read."""
    sound, wrong = sifted(found.records, line.place)
    told = {_digest(one): one for one in sound}
    seen = frozenset(past["seen"])
    news = [one for digest, one in told.items() if digest not in seen]
    said = _said(past, found, list(told), shift.clock())
    if unread := len(found.unread) + len(wrong):
        channel, account = line.place
        reasons = list(dict.fromkeys(wrong))
        _log.warning("account's past not read whole", channel=channel, account=account, unread=unread, reasons=reasons)
        said["unread"] = past["unread"] + unread

    async def along(_taken: TakenIn) -> None:
        await _keep(shift, line, past, said)

    await _take_all(shift, line, news, along)


async def _take_all(shift: Shift, line: Line, news: Sequence[HandedOver], along: Any) -> None:
    by, region = "/".join(line.place), shift.default_region
    parts = [news[n : n + _AT_ONCE] for n in range(0, len(news), _AT_ONCE)]
    for part in parts[:-1]:
        now = shift.clock()
        came = [now] * len(part)
        taken = await take(shift.store, part, at=now, by=by, default_region=region, is_lenient=True, came_at=came)
        _tell_refused(line, taken)
    if parts:
        now = shift.clock()
        came = [now] * len(parts[-1])
        taken = await take(
            shift.store, parts[-1], at=now, by=by, default_region=region, along=along, is_lenient=True, came_at=came
        )
        _tell_refused(line, taken)
    else:
        await along(TakenIn([]))


def _tell_refused(line: Line, taken: TakenIn) -> None:
    if unread := taken.counts.get(Outcome.REJECTED, 0):
        channel, account = line.place
        reasons = taken.reasons
        _log.warning("account's past not read whole", channel=channel, account=account, unread=unread, reasons=reasons)


def _said(past: Document, found: Found, digests: list[bytes], now: datetime) -> dict[str, Any]:
    """How far the account is read with this portion."""
    said = {"tries": 0, "reason": None, "portions": past["portions"] + 1}
    if found.after is None:
        # The cursor stays: behind it lies this portion, and what will be added to it.
        return said | {"seen": digests, "due_at": now + _AGAIN}
    if leads_nowhere(past, found.after):
        return said | {"reason": "CIRCLE", "seen": digests, "due_at": now + _AGAIN}
    return said | {"seen": [], "cursor": found.after, "mark": next_mark(past), "due_at": now}


async def _keep(shift: Shift, line: Line, past: Document, said: Document) -> None:
    channel, account = line.place
    begun = {name: value for name, value in past.items() if name != "_id"}
    document = {**begun, "channel": channel, "account": account, **said}
    await shift.store.upsert(ACCOUNT_PASTS, [(past["_id"], {"$set": document})])


def _digest(record: HandedOver) -> bytes:
    """The same for the same record: from it nobody reads what it says."""
    return hashlib.blake2b(repr(written_out(record)).encode("utf-8", "surrogatepass"), digest_size=12).digest()
