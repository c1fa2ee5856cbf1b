"""Does each failure of the wire become the error that says what to do next?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, not_offered, summed
from adapters.conformance.leaks import QUERY, WHICH
from adapters.conformance.mutations import changed
from adapters.conformance.patience import NeverBack
from adapters.conformance.trial import Trial, raised
from adapters.conformance.vendor import Fault, Vendor, nobody, vendor
from adapters.contract.channel import Capability, Channel, KnowsMany
from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
)
from adapters.contract.found import Found, Portion
from adapters.contract.records import Case, Order, Talk, Who

Ask = Callable[[Any, Who], Awaitable[Any]]

_READS: Final[Mapping[Capability, Ask]] = {
    Capability.PROFILE: lambda channel, who: channel.person(who),
    Capability.HISTORY: lambda channel, who: channel.past(who, Portion()),
    Capability.TICKETS: lambda channel, who: channel.tickets(who, Portion()),
    Capability.PURCHASES: lambda channel, who: channel.purchases(who, Portion()),
    Capability.INTERESTS: lambda channel, who: channel.interests(who, Portion()),
    Capability.PRODUCTS: lambda channel, _who: channel.products("bell", Portion()),
}
_OF_PEOPLE: Final = tuple(one for one in _READS if one is not Capability.PRODUCTS)
_LISTED: Final = frozenset({Capability.HISTORY, Capability.TICKETS, Capability.PURCHASES})
_MOMENTS: Final[Mapping[type, tuple[str, ...]]] = {
    Order: ("placed_at",),
    Case: ("created_at", "updated_at"),
    Talk: ("started_at", "last_message_at"),
}
NEWEST_WANTED: Final = (
    "Ask for the newest first, or turn them round; where the vendor cannot, write `EXAMPLES.newest_first = False`."
)
"""What to do where the oldest stands first."""
MUST: Final[Mapping[Fault, tuple[type[ChannelError], ...]]] = {
    Fault.HANGS: (ChannelDown,),
    Fault.GONE: (ChannelDown,),
    Fault.BROKEN: (ChannelDown,),
    Fault.BUSY: (ChannelBusy,),
    Fault.FORBIDS: (ChannelRefused,),
    Fault.ABSENT: (NoSuchIdentity,),
    Fault.PAGE: (BadPayload,),
    Fault.CUT: (ChannelDown, BadPayload),
}
"""Which errors a vendor that fails so may become."""
ADDRESS_WANTED: Final = (
    "Name in `EXAMPLES.address` the setting that holds the vendor's address, so that a vendor that fails can be put "
    "there."
)
"""What is missing where no vendor can be put in the real one's place."""
# Of the time that a step may take: an alarm rings only where nothing else can end it.
_PART_OF_STEP: Final = 0.6
_NEVER: Final = 1_000_000
_RETRY_WANTED: Final = "`retry_after_s(reply)` of adapters/contract/manners.py reads it."
# An answer over the wire takes as long as twenty deliveries.
_FEWER: Final = 20
# Of each recorded answer, for each read that asks for it.
_MOST_ODD: Final = 50


async def answered(trial: Trial) -> Finding:
    """The vendor's recorded answers are read to records."""
    reads = reads_of(trial)
    if isinstance(reads, Finding):
        return reads
    if trial.examples is None or not trial.examples.answers:
        return not_checked("Write recorded answers of the vendor into `EXAMPLES.answers`, by the path that asks.")
    wrong, count = [], 0
    async with vendor(trial.answers) as double:
        for words, ask in reads.items():
            double.unrecorded.clear()
            outcome = await asked(trial, double, ask)
            for found in founds(outcome):
                count += len(found.records)
                wrong += [f"{words}: {one.what} cannot be read: {one.why}" for one in found.unread]
                wrong += [f"{words}: {one}" for one in unsound_in(trial, found)]
                if words in _LISTED and trial.examples.newest_first and is_oldest_first(found):
                    wrong.append(f"{words}: the oldest stands first. {NEWEST_WANTED}")
            if isinstance(outcome, Exception) and not isinstance(outcome, NoSuchIdentity):
                wrong.append(f"{words}: {raised(outcome)} where the vendor answers well.{double.hint()}")
            elif not isinstance(outcome, Exception | Found | Mapping):
                wrong.append(f"{words}: it answers {type(outcome).__name__}. Answer Found.")
    if not count and not wrong:
        wrong.append(f"No record came of the recorded answers. Are they those of `EXAMPLES.person`?{double.hint()}")
    return summed(wrong, f"{count} records, sound and of its own account.")


def unsound_in(trial: Trial, found: Found) -> Iterator[str]:
    """What is wrong with an answer and its records, in words."""
    yield from filter(None, map(trial.amiss, (found, *found.records)))


def is_oldest_first(found: Found) -> bool:
    """Whether what was found goes up in time, by whatever moment one looks at it."""
    for kind, moments in _MOMENTS.items():
        kept = [one for one in found.records if isinstance(one, kind)]
        rows = [[getattr(one, name) for one in kept] for name in moments]
        if len(kept) > 1 and all(row == sorted(row) and row[0] != row[-1] for row in rows):
            return True
    return False


async def failing(trial: Trial) -> Finding:
    """A vendor that hangs, is gone, broken, busy, refuses, or sends what cannot be read becomes its named error."""
    reads = reads_of(trial)
    if isinstance(reads, Finding):
        return reads
    wrong = []
    async with vendor(trial.answers) as double:
        double.absent = trial.examples.absent if trial.examples else None
        for fault, allowed in MUST.items():
            double.fault = fault
            for words, ask in reads.items():
                if fault is Fault.ABSENT and words == Capability.PRODUCTS:
                    # A search is about nobody.
                    continue
                double.seen.clear()
                outcome = await asked(trial, double, ask)
                # What it answers without asking hangs on no vendor.
                was_asked = bool(double.seen) or fault is Fault.GONE
                if isinstance(outcome, Exception) and not isinstance(outcome, allowed):
                    wrong.append(f"{words}: where the vendor {fault}: {raised(outcome)}. Raise {names_of(allowed)}.")
                elif fault is Fault.BUSY and isinstance(outcome, ChannelBusy) and outcome.retry_after_s is None:
                    wrong.append(f"{words}: the vendor's Retry-After is lost. Take it along: {_RETRY_WANTED}")
                elif not isinstance(outcome, Exception) and was_asked and not _is_nothing(words, fault, outcome):
                    wrong.append(f"{words}: where the vendor {fault}, it answers. Raise {names_of(allowed)}.")
    return summed(wrong, "Each failure becomes its named error.")


async def odd(trial: Trial) -> Finding:
    """Where the vendor answers with JSON of another shape, that is BadPayload or an empty answer, and nothing else."""
    reads = reads_of(trial)
    if isinstance(reads, Finding):
        return reads
    wrong, count = [], 0
    async with vendor(trial.answers) as double:
        asks_for = {words: await _paths(trial, double, ask) for words, ask in reads.items()}
        for path in oddities(double, min(trial.mutations // _FEWER, _MOST_ODD)):
            for words, ask in reads.items():
                if path is not None and path not in asks_for[words]:
                    continue
                count += 1
                outcome = await asked(trial, double, ask)
                if isinstance(outcome, Exception) and not isinstance(outcome, ChannelError):
                    wrong.append(f"{words}: {raised(outcome)} where the answer is odd. Raise BadPayload.")
    return summed(wrong, f"{count} odd answers; nothing but the errors of the contract.")


def _is_nothing(words: str, fault: Fault, outcome: Any) -> bool:
    """Whether it says of somebody who is unknown that there is nothing, where that is said of lists."""
    is_of_nobody = fault is Fault.ABSENT and words != Capability.PROFILE
    return is_of_nobody and not any(found.records for found in founds(outcome))


async def _paths(trial: Trial, double: Vendor, ask: Ask) -> frozenset[str]:
    """What is asked for by one read where the vendor answers well."""
    double.seen.clear()
    await asked(trial, double, ask)
    return frozenset(path for _, path in double.seen)


def oddities(double: Vendor, count: int) -> Iterator[str | None]:
    """Has the vendor answer in one odd way after the other; gives the path whose answer is odd, None for all."""
    for fault in (Fault.NULL, Fault.LIST, Fault.TEXT):
        double.fault = fault
        yield None
    double.fault = Fault.NONE
    good = double.answers
    for path, body in good.items():
        for other in changed([body], count):
            double.answers = {**good, path: other}
            yield path
    double.answers = good


def reads_of(trial: Trial) -> Any:
    """What can be asked of the channel; a Finding where that is nothing, or nobody can be put in the vendor's place."""
    offered = trial.channel().capabilities()
    reads: dict[str, Ask] = {one: _READS[one] for one in _READS if one in offered}
    if isinstance(trial.channel(), KnowsMany):
        reads |= {f"{one} of many": _of_many(one) for one in _OF_PEOPLE if one in offered}
    if not reads:
        return not_offered("It can be asked for nothing, so that there is nothing to check.")
    return reads if trial.is_reachable else not_checked(ADDRESS_WANTED)


def _of_many(capability: Capability) -> Ask:
    return lambda channel, who: channel.of_many(capability, [who])


def founds(outcome: Any) -> list[Found]:
    """What was found, of one or of many."""
    if isinstance(outcome, Mapping):
        return list(outcome.values())
    return [outcome] if isinstance(outcome, Found) else []


async def asked(trial: Trial, double: Vendor, ask: Ask, *, tries: int = 1) -> Any:
    """What the channel answers of the person of the examples, or the error that it raises."""
    async with channel_at(trial, double, tries=tries) as channel:
        return await outcome_of(trial, ask(channel, trial.own))


@asynccontextmanager
async def channel_at(trial: Trial, double: Vendor, *, tries: int = 1) -> AsyncIterator[Channel]:
    """A new channel whose vendor is the double, or nobody; it gives up soon, and its breaker never opens."""
    examples = trial.examples
    address = nobody() if double.fault is Fault.GONE else double.url
    settings = trial.settings_at(address)
    try_s = trial.deadline_s if double.fault is Fault.HANGS else trial.patience.step_s
    manners = replace(trial.cls.manners_for(settings), try_s=try_s, tries=tries, trips_after=_NEVER)
    before = len(double.asked)
    async with trial.ways((trial.cls.name, trial.account), manners) as way:
        yield trial.channel(way=way, settings=settings)
    if examples is None or not examples.has_token_in_query:
        trial.heard.note(QUERY, *(one.query for one in double.asked[before:]))


async def outcome_of(trial: Trial, answer: Awaitable[Any]) -> Any:
    """What came of it, or the error that it raised; raises NeverBack where nothing comes of it."""
    trial.patience.begin_step()
    bound = asyncio.timeout(_PART_OF_STEP * trial.patience.step_s)
    try:
        async with bound:
            found = await answer
    except Exception as error:
        if bound.expired():
            raise NeverBack from error
        trial.heard.error("where the vendor failed", error)
        return error
    for one in founds(found):
        trial.heard.note(WHICH, *(record.what for record in one.unread))
        trial.heard.note("why a record is unread", *(record.why for record in one.unread))
    return found


def names_of(allowed: tuple[type[ChannelError], ...]) -> str:
    """The errors, for people."""
    return " or ".join(one.__name__ for one in allowed)
