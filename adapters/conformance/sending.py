"""Does a message reach the vendor once and whole, and is it called unknown what nobody can know?"""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote_plus

from adapters.conformance.findings import Finding, not_checked, not_offered, summed
from adapters.conformance.trial import Trial, raised
from adapters.conformance.vendor import Fault, Vendor, vendor
from adapters.conformance.wire import ADDRESS_WANTED, channel_at, names_of, outcome_of
from adapters.contract.channel import Capability
from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
    OutcomeUnknown,
)
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Sent, Template
from adapters.contract.soundness import unsound

_KEY: Final = "sample-key"
_WORDS: Final = "Samplewords"
_TEMPLATE: Final = Template(name="sample_template", language="en")
# Where the answer itself is spoilt, the message went out.
_UNREADABLE: Final = (BadPayload, OutcomeUnknown)
_MUST: Final[dict[Fault, tuple[type[ChannelError], ...]]] = {
    Fault.HANGS: (OutcomeUnknown,),
    Fault.GONE: (ChannelDown,),
    Fault.BROKEN: (ChannelDown,),
    Fault.BUSY: (ChannelBusy,),
    Fault.FORBIDS: (ChannelRefused,),
    Fault.ABSENT: (ChannelRefused, NoSuchIdentity),
    Fault.CUT: _UNREADABLE,
    Fault.PAGE: _UNREADABLE,
    Fault.NULL: _UNREADABLE,
    Fault.LIST: _UNREADABLE,
    Fault.TEXT: _UNREADABLE,
}
# After these the vendor may have it, whatever it said.
_MAY_HAVE_IT: Final = frozenset({Fault.HANGS, Fault.BROKEN})
_ANSWERS_WELL: Final = frozenset({Fault.CUT, Fault.PAGE, Fault.NULL, Fault.LIST, Fault.TEXT})
_TRIES: Final = 2


async def sent(trial: Trial) -> Finding:
    """A message that the vendor takes goes out once and whole, with our key where the channel is called repeatable."""
    missing = _missing(trial)
    if missing is not None:
        return missing
    wrong = []
    is_repeatable = getattr(trial.channel(), "is_repeatable", None)
    if not isinstance(is_repeatable, bool):
        wrong.append("It does not say `is_repeatable`. Write True or False.")
    async with vendor(trial.answers, trial.scheme) as double:
        outcome = await _done(trial, double, outgoing_to(trial.own))
        handed_over = _saying(double, _WORDS)
        if len(handed_over) != 1:
            wrong.append(f"The words are handed to the vendor {len(handed_over)} times. Once is right.")
        if is_repeatable and not any(_KEY in one for one in handed_over):
            wrong.append("It is called repeatable, and the vendor is not told `Outgoing.key`.")
        wrong += _amiss(outcome, double)
        double.asked.clear()
        outcome = await _done(trial, double, replace(outgoing_to(trial.own), text=None, template=_TEMPLATE))
        if not isinstance(outcome, ChannelRefused) and not _saying(double, _TEMPLATE.name):
            wrong.append("A template is let through and not named to the vendor. Refuse it in `require_allowed`.")
    return summed(wrong, "It goes out once and whole.")


async def sent_once(trial: Trial) -> Finding:
    """A message is handed over once, whatever the vendor answers, and what nobody can know is called unknown."""
    missing = _missing(trial)
    if missing is not None:
        return missing
    is_repeatable = bool(getattr(trial.channel(), "is_repeatable", False))
    wrong = []
    async with vendor(trial.answers, trial.scheme) as double:
        for fault, allowed in _MUST.items():
            double.fault = fault
            double.asked.clear()
            # The way sends again only what it is told may be repeated.
            tries = _TRIES if fault is Fault.BROKEN else 1
            outcome = await _done(trial, double, outgoing_to(trial.own), tries=tries)
            most = tries if is_repeatable else 1
            if len(_saying(double, _WORDS)) > most:
                wrong.append(f"Where the vendor {fault}, it is sent again. Do not repeat what has effects.")
            # With our key it may be sent again by the house, so that it need not be called unknown.
            more = (ChannelDown,) if is_repeatable and fault in _MAY_HAVE_IT | _ANSWERS_WELL else ()
            wrong += _unfit(outcome, fault, (*allowed, *more))
    return summed(wrong, "Each message was handed over once.")


def _unfit(outcome: Any, fault: Fault, allowed: tuple[type[ChannelError], ...]) -> list[str]:
    """What is wrong with the outcome where the vendor fails."""
    if isinstance(outcome, Sent):
        if outcome.state is SendState.TAKEN and fault not in _ANSWERS_WELL:
            return [f"Where the vendor {fault}, a message is called taken. Answer SendState.UNKNOWN."]
        if outcome.state is SendState.UNKNOWN and fault not in _ANSWERS_WELL | _MAY_HAVE_IT:
            return [f"Where the vendor {fault}, a message is called unknown. Raise {names_of(allowed)}."]
        return []
    if not isinstance(outcome, allowed):
        told = raised(outcome) if isinstance(outcome, Exception) else f"it answers {type(outcome).__name__}"
        return [f"Where the vendor {fault}: {told}. Answer SendState.UNKNOWN, or raise {names_of(allowed)}."]
    if isinstance(outcome, ChannelBusy) and outcome.retry_after_s is None:
        return ["The vendor's Retry-After is lost. `retry_after_s(reply)` of adapters/contract/manners.py reads it."]
    return []


def _amiss(outcome: Any, double: Vendor) -> list[str]:
    """What is wrong with the outcome where the vendor answers well."""
    if isinstance(outcome, Exception):
        return [f"{raised(outcome)} where the vendor answers well.{double.hint()}"]
    if not isinstance(outcome, Sent):
        return [f"It answers {type(outcome).__name__}. Answer Sent."]
    if wrong := unsound(outcome):
        return [wrong]
    if outcome.state is SendState.UNKNOWN:
        return [f"It calls unknown what the vendor took. Is the vendor's answer recorded?{double.hint()}"]
    return []


def _saying(double: Vendor, words: str) -> list[str]:
    """The requests with effects in which the words stand."""
    return [one.said for one in double.asked if one.method != "GET" and words in unquote_plus(one.said)]


def _missing(trial: Trial) -> Finding | None:
    if Capability.SEND not in trial.channel().capabilities():
        return not_offered("It sends nothing, so that there is nothing to check.")
    if not trial.cls.has_vendor:
        return not_offered("It has no vendor to whom a message could be handed twice, or by halves.")
    return None if trial.is_reachable else not_checked(ADDRESS_WANTED)


def outgoing_to(who: Who) -> Outgoing:
    """A sample message to somebody who has just written."""
    now = datetime.now(UTC)
    return Outgoing(who=who, key=_KEY, text=_WORDS, last_heard_at=now, now=now)


async def _done(trial: Trial, double: Vendor, outgoing: Outgoing, *, tries: int = 1) -> Any:
    """What becomes of a message, as the house hands it over: asked first whether it may."""
    async with channel_at(trial, double, tries=tries) as channel:
        sending: Any = channel
        try:
            sending.require_allowed(outgoing)
        except Exception as error:  # noqa: BLE001  whatever a channel does
            trial.heard.error("where a message is not allowed", error)
            return error
        return await outcome_of(trial, sending.send(outgoing))
