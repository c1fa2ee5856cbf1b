"""Are the records that a channel reads such as are kept, and what do they say?"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from adapters.conformance.findings import Finding, not_checked, summed
from adapters.conformance.following import LISTS, pages
from adapters.conformance.trial import Trial
from adapters.conformance.vendor import vendor
from adapters.conformance.wire import asked, founds, reads_of
from adapters.contract.bounds import beyond
from adapters.contract.channel import Capability
from adapters.contract.found import Found
from adapters.quiet import quiet


@quiet
@dataclass(frozen=True, slots=True)
class Said:
    """A record that a channel read of what is recorded, an Unread, or an Event without records."""

    source: str
    told: Any


async def taken(trial: Trial) -> Finding:
    """What is read is kept: texts are no longer, numbers no other, and lines of orders no more than the house takes."""
    reads = reads_of(trial)
    takes = Capability.WEBHOOK in trial.channel().capabilities()
    if isinstance(reads, Finding) and not takes:
        return reads
    if not trial.answers and not trial.payloads:
        return not_checked("There are neither recorded answers nor deliveries. Write some into EXAMPLES.")
    wrong, count = [], 0
    async for one in said_in(trial):
        count += 1
        if (words := _beyond(one.told)) is not None:
            wrong.append(f"{one.source}: {type(one.told).__name__} would not be kept: {words}")
    return summed(wrong, f"{count} records, all such as are kept.")


def _beyond(told: Any) -> str | None:
    try:
        return beyond(told)
    except (AttributeError, TypeError, ValueError, ArithmeticError):
        # It is not of the types of the contract: `read` and `answered` tell of that.
        return None


async def said_in(trial: Trial) -> AsyncIterator[Said]:
    """Whatever the channel reads of the recorded answers, page after page, and of the recorded deliveries."""
    reads = reads_of(trial)
    if not isinstance(reads, Finding):
        async with vendor(trial.answers) as double:
            for words, ask in reads.items():
                if words in LISTS:
                    async for found in pages(trial, double, Capability(words), trial.own):
                        for one in _in_answer(words, found):
                            yield one
                else:
                    for found in founds(await asked(trial, double, ask)):
                        for one in _in_answer(words, found):
                            yield one
    for one in _in_deliveries(trial):
        yield one


def _in_answer(words: str, found: Found) -> Iterator[Said]:
    for told in (*found.records, *found.unread):
        yield Said(words, told)


def _in_deliveries(trial: Trial) -> Iterator[Said]:
    channel: Any = trial.channel()
    if Capability.WEBHOOK not in channel.capabilities():
        return
    for payload in trial.payloads:
        # What raises, other checks tell of.
        with suppress(Exception):
            for event in channel.events(trial.delivery(payload.body)):
                for told in event.records or (event,):
                    yield Said(payload.name, told)
