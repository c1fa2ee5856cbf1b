"""Does each failure of the wire become the error that says what to do next?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, summed
from adapters.conformance.mutations import changed
from adapters.conformance.trial import Trial, raised
from adapters.conformance.vendor import Fault, Vendor, nobody, vendor
from adapters.contract.channel import Capability, Channel, Found, KnowsMany, Portion
from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
)
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Sent

Ask = Callable[[Any, Who], Awaitable[Any]]

_READS: Final[Mapping[Capability, Ask]] = {
    Capability.PROFILE: lambda channel, who: channel.person(who),
    Capability.HISTORY: lambda channel, who: channel.past(who, Portion()),
    Capability.TICKETS: lambda channel, who: channel.tickets(who, Portion()),
    Capability.PURCHASES: lambda channel, who: channel.purchases(who, Portion()),
    Capability.INTERESTS: lambda channel, who: channel.interests(who, Portion()),
}
_MUST: Final[Mapping[Fault, tuple[type[ChannelError], ...]]] = {
    Fault.HANGS: (ChannelDown,),
    Fault.GONE: (ChannelDown,),
    Fault.BROKEN: (ChannelDown,),
    Fault.BUSY: (ChannelBusy,),
    Fault.FORBIDS: (ChannelRefused,),
    Fault.PAGE: (BadPayload,),
    Fault.CUT: (ChannelDown, BadPayload),
}
_SENDING: Final[Mapping[Fault, tuple[type[ChannelError], ...]]] = {
    Fault.HANGS: (ChannelDown,),
    Fault.GONE: (ChannelDown,),
    Fault.BROKEN: (ChannelDown,),
    Fault.BUSY: (ChannelBusy,),
    Fault.FORBIDS: (ChannelRefused,),
}
ADDRESS_WANTED: Final = (
    "Name in `EXAMPLES.address` the setting that holds the vendor's address, so that a vendor that fails can be put "
    "there."
)
"""What is missing where no vendor can be put in the real one's place."""
# Whoever has not come back by then does not heed the way's bounds.
_PATIENCE_S: Final = 30.0
_NEVER: Final = 1_000_000
# An answer over the wire takes as long as twenty deliveries.
_FEWER: Final = 20
# Of each recorded answer, for each read that asks for it.
_MOST_ODD: Final = 50


async def answered(trial: Trial) -> Finding:
    """The vendor's recorded answers are read to records."""
    reads = _reads(trial)
    if isinstance(reads, Finding):
        return reads
    if trial.examples is None or not trial.examples.answers:
        return not_checked("Write recorded answers of the vendor into `EXAMPLES.answers`, by the path that asks.")
    wrong, count = [], 0
    async with vendor(trial.examples.answers) as double:
        for words, ask in reads.items():
            outcome = await _asked(trial, double, ask)
            for found in _founds(outcome):
                count += len(found.records)
                wrong += [f"{words}: {one.what} cannot be read: {one.why}" for one in found.unread]
            if isinstance(outcome, Exception) and not isinstance(outcome, NoSuchIdentity):
                wrong.append(f"{words}: {raised(outcome)} where the vendor answers well.")
    if not count and not wrong:
        wrong.append("No record came of the recorded answers. Are they those of `EXAMPLES.person`?")
    return summed(wrong, f"{count} records.")


async def failing(trial: Trial) -> Finding:
    """A vendor that hangs, is gone, broken, busy, refuses, or sends what cannot be read becomes its named error."""
    reads = _reads(trial)
    if isinstance(reads, Finding):
        return reads
    wrong = []
    async with vendor({}) as double:
        for fault, allowed in _MUST.items():
            double.fault = fault
            for words, ask in reads.items():
                double.seen.clear()
                outcome = await _asked(trial, double, ask)
                # What it answers without asking hangs on no vendor.
                was_asked = bool(double.seen) or fault is Fault.GONE
                if isinstance(outcome, Exception) and not isinstance(outcome, allowed):
                    wrong.append(f"{words}: where the vendor {fault}: {raised(outcome)}. Raise {names_of(allowed)}.")
                elif not isinstance(outcome, Exception) and was_asked:
                    wrong.append(f"{words}: where the vendor {fault}, it answers. Raise {names_of(allowed)}.")
    return summed(wrong, "Each failure becomes its named error.")


async def odd(trial: Trial) -> Finding:
    """Where the vendor answers with JSON of another shape, that is BadPayload or an empty answer, and nothing else."""
    reads = _reads(trial)
    if isinstance(reads, Finding):
        return reads
    answers = trial.examples.answers if trial.examples else {}
    wrong, count = [], 0
    async with vendor(answers) as double:
        asks_for = {words: await _paths(trial, double, ask) for words, ask in reads.items()}
        for path in oddities(double, min(trial.mutations // _FEWER, _MOST_ODD)):
            for words, ask in reads.items():
                if path is not None and path not in asks_for[words]:
                    continue
                count += 1
                outcome = await _asked(trial, double, ask)
                if isinstance(outcome, Exception) and not isinstance(outcome, ChannelError):
                    wrong.append(f"{words}: {raised(outcome)} where the answer is odd. Raise BadPayload.")
    return summed(wrong, f"{count} odd answers; nothing but the errors of the contract.")


async def _paths(trial: Trial, double: Vendor, ask: Ask) -> frozenset[str]:
    """What is asked for by one read where the vendor answers well."""
    double.seen.clear()
    await _asked(trial, double, ask)
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


async def sent_once(trial: Trial) -> Finding:
    """A message is handed over once, whatever the vendor answers, and what nobody can know is called unknown."""
    channel = trial.channel()
    if Capability.SEND not in channel.capabilities():
        return not_checked("It sends nothing, so that there is nothing to check.")
    if trial.examples is None or trial.examples.address is None:
        return not_checked(ADDRESS_WANTED)
    wrong = []
    async with vendor(trial.examples.answers) as double:
        for fault, allowed in _SENDING.items():
            double.fault = fault
            double.seen.clear()
            outcome = await _sent(trial, double)
            again = [path for (method, path), times in double.seen.items() if method == "POST" and times > 1]
            if again:
                wrong.append(f"Where the vendor {fault}, it is sent again. Do not repeat what has effects.")
            if isinstance(outcome, Sent):
                if outcome.state is not SendState.UNKNOWN:
                    wrong.append(f"Where the vendor {fault}, a message is called taken. Answer SendState.UNKNOWN.")
            elif not isinstance(outcome, allowed):
                wrong.append(f"Where the vendor {fault}: {raised(outcome)}. Raise {names_of(allowed)}.")
    return summed(wrong, "Each message was handed over once.")


def _reads(trial: Trial) -> Any:
    """What can be asked of the channel; a Finding where that is nothing, or nobody can be put in the vendor's place."""
    offered = trial.channel().capabilities()
    reads: dict[str, Ask] = {one: _READS[one] for one in _READS if one in offered}
    if isinstance(trial.channel(), KnowsMany):
        reads |= {f"{one} of many": _of_many(one) for one in _READS if one in offered}
    if not reads:
        return not_checked("It can be asked for nothing, so that there is nothing to check.")
    if trial.examples is None or trial.examples.address is None:
        return not_checked(ADDRESS_WANTED)
    return reads


def _of_many(capability: Capability) -> Ask:
    return lambda channel, who: channel.of_many(capability, [who])


def _founds(outcome: Any) -> list[Found]:
    """What was found, of one or of many."""
    if isinstance(outcome, Mapping):
        return list(outcome.values())
    return [outcome] if isinstance(outcome, Found) else []


async def _asked(trial: Trial, double: Vendor, ask: Ask) -> Any:
    """What the channel answers, or the error that it raises."""
    person = trial.examples.person if trial.examples else ""
    async with channel_at(trial, double) as channel:
        who = Who(channel.name, trial.account, person)
        return await outcome_of(trial, ask(channel, who))


async def _sent(trial: Trial, double: Vendor) -> Any:
    now = datetime.now(UTC)
    person = trial.examples.person if trial.examples else ""
    async with channel_at(trial, double) as channel:
        who = Who(channel.name, trial.account, person)
        outgoing = Outgoing(who=who, key="sample-key", text="Hello", last_heard_at=now, now=now)
        sending: Any = channel
        return await outcome_of(trial, sending.send(outgoing))


@asynccontextmanager
async def channel_at(trial: Trial, double: Vendor) -> AsyncIterator[Channel]:
    """A new channel whose vendor is the double, or nobody; it gives up soon, and its breaker never opens."""
    examples = trial.examples
    address = nobody() if double.fault is Fault.GONE else double.url
    settings = trial.settings_with({examples.address: address} if examples and examples.address else {})
    try_s = trial.deadline_s if double.fault is Fault.HANGS else _PATIENCE_S
    manners = replace(trial.cls.manners_for(settings), try_s=try_s, tries=1, trips_after=_NEVER)
    async with trial.ways((trial.cls.name, trial.account), manners) as way:
        yield trial.channel(way=way, settings=settings)


async def outcome_of(trial: Trial, asked: Awaitable[Any]) -> Any:
    """What came of it, or the error that it raised."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            found = await asked
    except Exception as error:  # noqa: BLE001  whatever a channel does
        trial.heard.error("where the vendor failed", error)
        return error
    for one in _founds(found):
        trial.heard.note("why a record is unread", *(f"{record.what} {record.why}" for record in one.unread))
    return found


def names_of(allowed: tuple[type[ChannelError], ...]) -> str:
    """The errors, for people."""
    return " or ".join(one.__name__ for one in allowed)
