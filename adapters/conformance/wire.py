"""Does each failure of the wire become the error that says what to do next?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, summed
from adapters.conformance.trial import ACCOUNT, Trial, raised
from adapters.conformance.vendor import Fault, Vendor, nobody, vendor
from adapters.contract.channel import Capability, Channel, Found, Portion
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

_READS: Final[Mapping[Capability, Callable[[Any, Who], Awaitable[Found]]]] = {
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
_ADDRESS_WANTED: Final = (
    "Name in `EXAMPLES.address` the setting that holds the vendor's address, so that a vendor that fails can be put "
    "there."
)
# Whoever has not come back by then does not heed the way's bounds.
_PATIENCE_S: Final = 30.0
_NEVER: Final = 1_000_000


async def answered(trial: Trial) -> Finding:
    """The vendor's recorded answers are read to records."""
    reads = _reads(trial)
    if isinstance(reads, Finding):
        return reads
    if trial.examples is None or not trial.examples.answers:
        return not_checked("Write recorded answers of the vendor into `EXAMPLES.answers`, by the path that asks.")
    wrong, count = [], 0
    async with vendor(trial.examples.answers) as double:
        for capability in reads:
            outcome = await _asked(trial, double, capability)
            if isinstance(outcome, Found):
                count += len(outcome.records)
                wrong += [f"{capability}: {one.what} cannot be read: {one.why}" for one in outcome.unread]
            elif not isinstance(outcome, NoSuchIdentity):
                wrong.append(f"{capability}: {raised(outcome)} where the vendor answers well.")
    if not count and not wrong:
        wrong.append("No record came of the recorded answers. Are they those of `EXAMPLES.person`?")
    return summed(wrong, f"{count} records.")


async def failing(trial: Trial) -> Finding:
    """A vendor that hangs, is gone, broken, busy, refuses, or sends what cannot be read becomes its named error."""
    return await _under(trial, _MUST, "Each failure becomes its named error.")


async def odd(trial: Trial) -> Finding:
    """Where the vendor answers with JSON of another shape, that is BadPayload or an empty answer, and nothing else."""
    allowed = dict.fromkeys((Fault.NULL, Fault.LIST, Fault.TEXT), (ChannelError,))
    return await _under(trial, allowed, "Odd answers raise nothing else.", may_answer=True)


async def sent_once(trial: Trial) -> Finding:
    """A message is handed over once, whatever the vendor answers, and what nobody can know is called unknown."""
    channel = trial.channel()
    if Capability.SEND not in channel.capabilities():
        return not_checked("It sends nothing, so that there is nothing to check.")
    if trial.examples is None or trial.examples.address is None:
        return not_checked(_ADDRESS_WANTED)
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
                wrong.append(f"Where the vendor {fault}: {raised(outcome)}. Raise {_names(allowed)}.")
    return summed(wrong, "Each message was handed over once.")


async def _under(
    trial: Trial,
    faults: Mapping[Fault, tuple[type[ChannelError], ...]],
    good: str,
    *,
    may_answer: bool = False,
) -> Finding:
    reads = _reads(trial)
    if isinstance(reads, Finding):
        return reads
    wrong = []
    async with vendor({}) as double:
        for fault, allowed in faults.items():
            double.fault = fault
            for capability in reads:
                double.seen.clear()
                outcome = await _asked(trial, double, capability)
                is_silent = not double.seen and fault is not Fault.GONE
                if isinstance(outcome, Found):
                    if not may_answer and not is_silent:
                        wrong.append(
                            f"{capability}: where the vendor {fault}, it answers all the same. {_raise(allowed)}"
                        )
                elif not isinstance(outcome, allowed):
                    wrong.append(f"{capability}: where the vendor {fault}: {raised(outcome)}. {_raise(allowed)}")
    return summed(wrong, good)


def _reads(trial: Trial) -> Any:
    """What can be asked of the channel; a Finding where that is nothing, or nobody can be put in the vendor's place."""
    offered = trial.channel().capabilities()
    reads = [one for one in _READS if one in offered]
    if not reads:
        return not_checked("It can be asked for nothing, so that there is nothing to check.")
    if trial.examples is None or trial.examples.address is None:
        return not_checked(_ADDRESS_WANTED)
    return reads


async def _asked(trial: Trial, double: Vendor, capability: Capability) -> Any:
    """What the channel answers, or the error that it raises."""
    person = trial.examples.person if trial.examples else ""
    async with _channel_at(trial, double) as channel:
        who = Who(channel.name, ACCOUNT, person)
        return await _outcome(trial, _READS[capability](channel, who))


async def _sent(trial: Trial, double: Vendor) -> Any:
    now = datetime.now(UTC)
    person = trial.examples.person if trial.examples else ""
    async with _channel_at(trial, double) as channel:
        who = Who(channel.name, ACCOUNT, person)
        outgoing = Outgoing(who=who, key="sample-key", text="Hello", last_heard_at=now, now=now)
        sending: Any = channel
        return await _outcome(trial, sending.send(outgoing))


@asynccontextmanager
async def _channel_at(trial: Trial, double: Vendor) -> AsyncIterator[Channel]:
    """A new channel whose vendor is the double, or nobody; it gives up soon, and its breaker never opens."""
    examples = trial.examples
    address = nobody() if double.fault is Fault.GONE else double.url
    settings = trial.settings_with({examples.address: address} if examples and examples.address else {})
    try_s = trial.deadline_s if double.fault is Fault.HANGS else _PATIENCE_S
    manners = replace(trial.cls.manners_for(settings), try_s=try_s, tries=1, trips_after=_NEVER)
    async with trial.ways((trial.cls.name, ACCOUNT), manners) as way:
        yield trial.channel(way=way, settings=settings)


async def _outcome(trial: Trial, asked: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            found = await asked
    except Exception as error:  # noqa: BLE001  whatever a channel does
        trial.heard.error("where the vendor failed", error)
        return error
    if isinstance(found, Found):
        trial.heard.note("why a record is unread", *(f"{one.what} {one.why}" for one in found.unread))
    return found


def _raise(allowed: tuple[type[ChannelError], ...]) -> str:
    return f"Raise {_names(allowed)}."


def _names(allowed: tuple[type[ChannelError], ...]) -> str:
    return " or ".join(one.__name__ for one in allowed)
