"""Is an entry of a list told that cannot be read, or does it vanish?"""

import copy
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

from adapters.conformance.findings import Finding, not_checked, summed
from adapters.conformance.trial import Trial, raised
from adapters.conformance.vendor import vendor
from adapters.conformance.wire import Ask, asked, founds, reads_of
from adapters.contract.channel import Capability
from adapters.contract.errors import BadPayload, ChannelError
from adapters.contract.found import Found
from adapters.contract.records import Case, Leaning, Order, Say, Talk

# Nothing that a vendor means by it, whatever else may be left out for a reason.
_ODD: Final[tuple[Any, ...]] = (7, {"planted": "entry"})
_KINDS: Final = (Case, Leaning, Order, Say, Talk)
# Of each recorded body; most have one list that counts.
_MOST_LISTS: Final = 8
_WANTED: Final = "Put an Unread into `Found.unread` for it, or raise BadPayload."
_EVENT_WANTED: Final = "Answer an event that is `unread` for it, or raise BadPayload."


async def kept(trial: Trial) -> Finding:
    """An entry of a list that cannot be read is told as unread, or is BadPayload: it is never dropped in silence."""
    wrong = dict.fromkeys(_of_deliveries(trial))
    reads = reads_of(trial)
    if isinstance(reads, Finding) or not trial.answers:
        if not trial.payloads:
            if isinstance(reads, Finding) and Capability.WEBHOOK not in trial.channel().capabilities():
                return reads
            return not_checked("There are neither recorded answers nor deliveries. Write some into EXAMPLES.")
        return summed(list(wrong), "No entry of a delivery is dropped.")
    for words, ask in reads.items():
        wrong |= dict.fromkeys([one async for one in _of_answers(trial, words, ask)])
    return summed(list(wrong), "No entry is dropped.")


async def _of_answers(trial: Trial, words: str, ask: Ask) -> AsyncIterator[str]:
    """What vanishes from what is recorded of the vendor's answers to one read."""
    async with vendor(trial.answers) as double:
        good = _counted(await asked(trial, double, ask))
        if not good:
            return
        paths = {one.path for one in double.asked}
        for address, body in trial.answers.items():
            if address.partition("?")[0] not in paths:
                continue
            for place, other in _with_odd_entries(body):
                double.answers = {**trial.answers, address: other}
                outcome = await asked(trial, double, ask)
                if isinstance(outcome, Exception) and not isinstance(outcome, ChannelError):
                    yield f"{words}: {raised(outcome)} where an entry of `{place}` is odd. {_WANTED}"
                    return
                if not _is_told(outcome) and _counted(outcome) < good:
                    yield f"{words}: an odd entry of `{place}` is dropped without a word. {_WANTED}"
                    return


def _of_deliveries(trial: Trial) -> Iterator[str]:
    """What vanishes from recorded deliveries."""
    channel: Any = trial.channel()
    if Capability.WEBHOOK not in channel.capabilities():
        return
    for payload in trial.payloads:
        try:
            good = len(channel.events(trial.delivery(payload.body)))
        except Exception:  # noqa: BLE001, S112  `read` tells of it
            continue
        for place, other in _with_odd_entries(payload.body):
            try:
                events = channel.events(trial.delivery(other))
            except BadPayload:
                continue
            except Exception as error:  # noqa: BLE001  whatever a channel does
                yield f"{payload.name}: {raised(error)} where an entry of `{place}` is odd. {_EVENT_WANTED}"
                break
            if len(events) < good and all(one.unread is None for one in events):
                yield f"{payload.name}: an odd entry of `{place}` is dropped without a word. {_EVENT_WANTED}"
                break


def _is_told(outcome: Any) -> bool:
    """Whether it is said that something could not be read."""
    return isinstance(outcome, ChannelError) or any(found.unread for found in founds(outcome))


def _counted(outcome: Any) -> int:
    """How many things of which there may be several were found."""
    found: list[Found] = founds(outcome)
    return sum(isinstance(record, _KINDS) for one in found for record in one.records)


def _with_odd_entries(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The body with one odd entry at the end of one of its lists in place of a good one, and the list's name."""
    try:
        whole = json.loads(body)
    except ValueError:
        return
    for way in list(_lists(whole, ()))[:_MOST_LISTS]:
        for odd in _ODD:
            other = copy.deepcopy(whole)
            held = other
            for step in way:
                held = held[step]
            held[-1] = odd
            yield (
                str(next((step for step in reversed(way) if isinstance(step, str)), "the list")),
                json.dumps(other).encode(),
            )


def _lists(value: Any, way: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Where lists of objects stand, the outermost first."""
    if isinstance(value, list) and value and isinstance(value[-1], dict):
        yield way
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, one in inside:
        yield from _lists(one, (*way, step))
