"""Who fetches people's pasts, a portion at a time, so that whoever is killed repeats one portion at most?

A portion is taken in together with the cursor behind it, in one transaction. A past is read from its newest portion
on, which a question has brought already: taken in again it changes nothing, and nothing is missed between the two.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from adapters.contract.channel import Capability
from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
)
from adapters.contract.found import Found, Portion
from adapters.contract.records import HandedOver, Who
from adapters.contract.soundness import required
from adapters.deadline import within
from adapters.failures import PASSING
from adapters.lines import Line
from adapters.records import Document
from resolvers.identities import IDENTITY_KEYS
from resolvers.ingest.batch import take
from resolvers.ingest.report import Outcome, TakenIn
from resolvers.kit.erased import being_erased
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Slice
from resolvers.kit.texts import storable
from resolvers.live.answers import BY, Landed, of_person, tell_unread
from resolvers.live.cursors import leads_nowhere, next_mark
from resolvers.live.pasts import NAMING, PASTS, WITH_PASTS, PastState, line_name, oldest_of, target_of

SLICE = Slice("pasts", unshown=[PASTS])

JOB: Final = "pasts"

# One portion of each account a second: questions at the moment and deliveries need the vendor's patience, too.
_EVERY_S: Final = 1.0
# A process that ends waits five seconds for what it has begun.
_CALL_S: Final = 4.0
_GRACE_S: Final = 0.5
# A hundred thousand things of one person: nobody has written so many.
MOST_PORTIONS: Final = 1_000
# What is wrong with one answer stays wrong; a refusal may be mended by an operator within a day.
_MOST_TRIES: Final = {BadPayload.kind: 3, ChannelRefused.kind: 30}
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 3_600.0
_LONGEST_REST_S: Final = 300.0

_ASKING: Final[Mapping[Capability, Callable[[Any, Who, Portion], Awaitable[Found]]]] = {
    Capability.HISTORY: lambda channel, who, portion: channel.past(who, portion),
    Capability.TICKETS: lambda channel, who, portion: channel.tickets(who, portion),
    Capability.PURCHASES: lambda channel, who, portion: channel.purchases(who, portion),
}

_log = structlog.get_logger("resolvers.live.fetching")


class _Gone(Exception):
    """The past or its person is not there any more, or is somebody else's: nothing of the portion is taken in."""


def _lines(shift: Shift) -> list[Line]:
    return [line for line in shift.lines if WITH_PASTS & line.capabilities]


def _due(shift: Shift, *lines: Line) -> Document:
    names = [line_name(line.place) for line in lines]
    return {"state": PastState.WAITING.value, "line": {"$in": names}, "due_at": {"$lte": shift.clock()}}


async def _is_wanted(shift: Shift) -> bool:
    """Whether a past is due: one look along an index, and none without a line that has pasts."""
    lines = _lines(shift)
    return bool(lines) and bool(await shift.store.find(PASTS, _due(shift, *lines), limit=1, only=["_id"]))


@SLICE.job(JOB, every_s=_EVERY_S, when=_is_wanted)
async def fetch(shift: Shift) -> bool:
    """Fetches one portion on each line, of whoever has waited for the longest time."""
    fetching = (_fetch_on(shift, line) for line in _lines(shift))
    # Each comes to its end, whatever becomes of another line's.
    for failure in await asyncio.gather(*fetching, return_exceptions=True):
        if isinstance(failure, BaseException):
            raise failure
    return False


async def _fetch_on(shift: Shift, line: Line) -> None:
    found = await shift.store.find(PASTS, _due(shift, line), order=[("due_at", 1)], limit=1)
    for past in found:
        capability = Capability(past["capability"])
        if capability in line.capabilities:
            await _fetch_one(shift, line, past)
        else:
            await _postpone(shift, past, _LONGEST_PAUSE_S)


async def _fetch_one(shift: Shift, line: Line, past: Document) -> None:
    customer = await _customer_of(shift, past)
    if customer is None:
        await shift.store.delete(PASTS, {"_id": past["_id"]})
        return
    target = target_of(past)
    try:
        found = await _asked(line, past)
        await _take(shift, past, Landed(target, found.records, found.as_of or shift.clock()), found)
    except _Gone:
        # Merged, erased or at another customer since: the next step sees how it is now.
        await _postpone(shift, past, 0.0)
    except NoSuchIdentity:
        await _end(shift, past, PastState.DONE, "The channel knows nobody by that id.")
    except (ChannelBusy, ChannelDown) as error:
        await _postpone_line(shift, past, error)
    except ChannelError as error:
        await _failed(shift, past, error)
    except PASSING:
        raise
    except Exception as error:  # noqa: BLE001  one line's odd answer must not keep the pasts of others waiting
        await _failed(shift, past, _unforeseen(past, error, "Taking it in failed"))


async def _customer_of(shift: Shift, past: Document) -> Any:
    """Whose the identity is now; None where it is gone, or its customer is being erased."""
    key = past["identity"]
    found = await shift.store.by_ids(IDENTITY_KEYS, [key])
    customer = found[key]["customer_id"] if key in found else None
    return None if customer in await being_erased(shift.store) else customer


async def _asked(line: Line, past: Document) -> Found:
    """The portion behind the past's cursor; raises ChannelError."""
    target = target_of(past)
    portion = Portion(after=past["cursor"])
    try:
        async with asyncio.timeout(_CALL_S + _GRACE_S):
            with within(_CALL_S):
                return required(await _ASKING[target.capability](line.channel, target.who, portion))
    except TimeoutError as error:
        raise ChannelDown(f"It did not answer within {_CALL_S:g} s.") from error
    except ChannelError:
        raise
    except Exception as error:
        raise _unforeseen(past, error, "The adapter failed") from error


def _unforeseen(past: Document, error: Exception, what: str) -> BadPayload:
    reference = secrets.token_hex(6)
    _log.error("unforeseen", reference=reference, line=past["line"], what=what, exc_info=error)
    return BadPayload(f"{what} by {type(error).__name__}; the log has it under {reference}.")


async def _take(shift: Shift, past: Document, landed: Landed, found: Found) -> None:
    """Takes the portion in, together with how far the past is then; raises _Gone and StoreError."""
    customer = await _customer_of(shift, past)
    belonging = of_person(landed)
    records = [*belonging.links, *belonging.records]
    left = len(found.unread) + belonging.left
    change = _change(past, belonging.records, found, shift.clock())

    async def along(taken: TakenIn) -> None:
        # Read behind the taking in: it would have made a new customer for an identity that is gone.
        key = past["identity"]
        kept = await shift.store.by_ids(IDENTITY_KEYS, [key])
        if customer is None or key not in kept or kept[key]["customer_id"] != customer:
            raise _Gone
        unread = left + taken.counts.get(Outcome.REJECTED, 0)
        said = {**change, "customer_id": customer, "due_at": shift.clock(), "unread": past["unread"] + unread}
        place = {"_id": past["_id"], "state": PastState.WAITING.value, "cursor": past["cursor"]}
        if await shift.store.update(PASTS, place, _said(said)) is None:
            raise _Gone

    if records:
        now, region = shift.clock(), shift.default_region
        came = [now] * len(records)
        taken = await take(
            shift.store, records, at=now, by=BY, default_region=region, along=along, is_lenient=True, came_at=came
        )
    else:
        taken = TakenIn([])
        await shift.store.transact(lambda: along(taken))
    tell_unread(landed.target, found.unread)
    if unread := left + taken.counts.get(Outcome.REJECTED, 0):
        place = {"past": str(past["_id"]), "line": past["line"]}
        _log.warning("past not read whole", **place, unread=unread, reasons=taken.reasons)


def _said(told: dict[str, Any]) -> Document:
    """As it is written: of one that has ended, nothing that names the person is kept."""
    if told["state"] == PastState.WAITING.value:
        return {"$set": told}
    kept = {name: value for name, value in told.items() if name not in NAMING}
    return {"$set": kept, "$unset": dict.fromkeys(NAMING, "")}


def _change(past: Document, records: Sequence[HandedOver], found: Found, now: datetime) -> dict[str, Any]:
    """How far the past is once the portion is taken in."""
    moments = [at for at in (past["complete_since"], oldest_of(records)) if at]
    change = {
        "portions": past["portions"] + 1,
        "tries": 0,
        "complete_since": min(moments, default=None),
        "state": PastState.WAITING.value,
        "cursor": found.after,
        "mark": next_mark(past),
        "reason": None,
    }
    if found.after is None:
        since = found.complete_since or change["complete_since"]
        return change | {"state": PastState.DONE.value, "complete_since": since, "ended_at": now}
    reason = None
    if leads_nowhere(past, found.after):
        reason = "The channel's cursor leads in a circle: what lies behind it cannot be asked for."
    elif change["portions"] >= MOST_PORTIONS:
        reason = f"It has more than {MOST_PORTIONS} portions; older ones are not fetched."
    if reason is None:
        return change
    _log.warning("past given up", past=str(past["_id"]), line=past["line"], reason=reason)
    return change | {"state": PastState.FAILED.value, "reason": reason, "ended_at": now}


# What became of it


async def _end(shift: Shift, past: Document, state: PastState, reason: str) -> None:
    """Ends it; nothing that names the person is kept."""
    said = {"state": state.value, "reason": reason, "ended_at": shift.clock()}
    change = {"$set": said, "$unset": dict.fromkeys(NAMING, "")}
    await shift.store.update(PASTS, {"_id": past["_id"], "state": PastState.WAITING.value}, change)


async def _failed(shift: Shift, past: Document, error: ChannelError) -> None:
    """Tries it again later, or gives it up."""
    tries = past["tries"] + 1
    _log.warning("past failed", past=str(past["_id"]), line=past["line"], kind=error.kind, tries=tries)
    if tries >= _MOST_TRIES.get(error.kind, 3):
        await _end(shift, past, PastState.FAILED, storable(f"{error.kind}, {tries} times in a row: {error}"))
        return
    await _postpone(shift, past, min(_FIRST_PAUSE_S * 2.0 ** min(tries, 12), _LONGEST_PAUSE_S), tries=tries)


async def _postpone(shift: Shift, past: Document, pause_s: float, *, tries: int | None = None) -> None:
    due = shift.clock() + timedelta(seconds=pause_s)
    said = {"due_at": due} | ({} if tries is None else {"tries": tries})
    await shift.store.update(PASTS, {"_id": past["_id"], "state": PastState.WAITING.value}, {"$set": said})


async def _postpone_line(shift: Shift, past: Document, error: ChannelBusy | ChannelDown) -> None:
    """All that waits for the channel account waits longer."""
    told = error.retry_after_s if isinstance(error, ChannelBusy) else None
    pause_s = min(told or 30.0, _LONGEST_REST_S)
    where = {"state": PastState.WAITING.value, "line": past["line"]}
    await shift.store.update_all(PASTS, where, {"$max": {"due_at": shift.clock() + timedelta(seconds=pause_s)}})
