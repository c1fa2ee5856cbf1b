"""Are deliveries read, as often as one likes to the same, and spoilt ones set aside?"""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, cast

from adapters.conformance.findings import Finding, failed, not_checked, not_offered, passed, summed
from adapters.conformance.mutations import WHOLLY_ODD, spoilt
from adapters.conformance.trial import Payload, Trial, raised
from adapters.contract.channel import Capability, Receives
from adapters.contract.deliveries import Delivery, Event, NotProven
from adapters.contract.errors import BadPayload

_NO_PAYLOADS: Final = (
    "There are no recorded deliveries. Put their bodies into the payload folder (--payloads), or into "
    "EXAMPLES.deliveries."
)
# Some vendors deliver lists.
_NO_EVENTS: Final = b"[]"
_LATER: Final = timedelta(hours=7)
_MOST_TOLD: Final = 5
_OF_IDS: Final = re.compile(r"((event|delivery|notification)_?)?(uu)?id", re.IGNORECASE)
_OF_EVENTS: Final = (
    "They tell of different things, and the later would be dropped as a repeat. Make the key of the vendor's id of the "
    "event, or of the record's id and the moment of its change."
)
_OF_DELIVERIES: Final = (
    "They tell of different things, and the later would be dropped as a repeat. Give the vendor's id of the delivery, "
    "or None."
)


async def read(trial: Trial) -> Finding:
    """Each recorded delivery is read to events that can be kept."""
    channel = _receiving(trial)
    if isinstance(channel, Finding):
        return channel
    wrong, count, unread = [], 0, 0
    for payload in trial.payloads:
        delivery = trial.delivery(payload.body)
        try:
            events = channel.events(delivery)
        except BadPayload as error:
            trial.heard.error("on a recorded delivery", error)
            wrong.append(
                f"{payload.name} cannot be read: {_sentence(error.reason)} Where it is no delivery, keep it elsewhere "
                "or set `EXAMPLES.deliveries_named`."
            )
            continue
        except Exception as error:  # noqa: BLE001  whatever a channel does
            wrong.append(f"{payload.name}: {raised(error)}. Raise BadPayload where something cannot be read.")
            continue
        wrong += [f"{payload.name}: {one}" for one in _unsound(trial, events)]
        if not events:
            wrong.append(f"{payload.name}: it tells of nothing. Say why, as an event that is `left_alone` or `unread`.")
        count += len(events)
        unread += sum(one.unread is not None for one in events)
    if count and unread == count:
        wrong.append("No event of any delivery could be read. See to `unread`.")
    found = f"{_counted(len(trial.payloads), 'delivery', 'deliveries')}, {_counted(count, 'event', 'events')}"
    return summed(wrong, f"{found}, {unread} of them set aside.")


def _sentence(words: str) -> str:
    return words if words.endswith((".", "!", "?")) else f"{words}."


def _counted(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


async def repeated(trial: Trial) -> Finding:
    """A delivery that comes again is the same: equal events, and equal keys however much later it comes."""
    first, again = _receiving(trial), _receiving(trial)
    if isinstance(first, Finding) or isinstance(again, Finding):
        return cast("Finding", first)
    wrong = []
    keys_of: dict[bytes, tuple[frozenset[str], str | None]] = {}
    for payload in trial.payloads:
        delivery = trial.delivery(payload.body)
        later = replace(delivery, received_at=delivery.received_at + _LATER)
        try:
            events, same, afterwards = first.events(delivery), again.events(delivery), again.events(later)
            keys = first.delivery_key(delivery), again.delivery_key(later)
        except Exception:  # noqa: BLE001, S112  `read` tells of it
            continue
        if list(events) != list(same):
            wrong.append(f"{payload.name}: read twice, it gives other events. Make them of the delivery alone.")
        elif [one.key for one in events] != [one.key for one in afterwards]:
            wrong.append(f"{payload.name}: an event's key hangs on when it came. Make it of the vendor's ids.")
        keys_of[payload.body] = frozenset(one.key for one in events), keys[0]
        if keys[0] != keys[1]:
            wrong.append(f"{payload.name}: `delivery_key` is another one each time. Give the vendor's id, or None.")
    wrong += [*_confounded(keys_of), *islice(_swallowed(trial, first), _MOST_TOLD)]
    return summed(wrong, "Read again, and later, each delivery is the same.")


def _confounded(keys_of: Mapping[bytes, tuple[frozenset[str], str | None]]) -> Iterator[str]:
    """What is wrong with keys by which all deliveries are one."""
    found = list(keys_of.values())
    if len(found) > 1 and all(events and events == found[0][0] for events, _ in found):
        yield "all deliveries tell of one event: their keys are the same. Make them of the vendor's ids."
    if len(found) > 1 and all(delivery is not None and delivery == found[0][1] for _, delivery in found):
        yield "`delivery_key` is the same for all deliveries, so that all but one would be dropped. Answer None."


def _swallowed(trial: Trial, channel: Receives) -> Iterator[str]:
    """What is wrong with keys by which one delivery is taken for another that tells of something else."""
    told: dict[str, tuple[Payload, Event]] = {}
    named: dict[str, tuple[Payload, list[Event]]] = {}
    at = datetime.now(UTC)
    own = trial.examples.deliveries if trial.examples else ()
    for payload in trial.payloads:
        delivery = trial.delivery(payload.body, at=at)
        try:
            events, name = list(channel.events(delivery)), channel.delivery_key(delivery)
        except Exception:  # noqa: BLE001, S112  `read` tells of it
            continue
        for one in events:
            before, other = told.setdefault(one.key, (payload, one))
            if (one.records, one.unread) != (other.records, other.unread) and _are_two(before, payload, own):
                yield f"{before.name} and {payload.name} have an event of one key. {_OF_EVENTS}"
        before, others = named.setdefault(name, (payload, events)) if name is not None else (payload, events)
        if events != others and _are_two(before, payload, own):
            yield f"{before.name} and {payload.name} have one `delivery_key`. {_OF_DELIVERIES}"


def _are_two(one: Payload, other: Payload, own: Sequence[bytes]) -> bool:
    """Whether two recorded deliveries are two to the vendor, as far as anyone can tell.

    The author's examples are. Of the folder only those are that the vendor itself gives other ids: into the samples
    that vendors publish they write one for all.
    """
    if one.body in own and other.body in own:
        return True
    first, second = _ids(one.body), _ids(other.body)
    return any(first[name] != second[name] for name in first.keys() & second.keys())


def _ids(body: bytes) -> dict[str, Any]:
    """The ids of a delivery as a whole."""
    try:
        whole = json.loads(body)
    except ValueError:
        return {}
    return {name: one for name, one in whole.items() if _OF_IDS.fullmatch(name)} if isinstance(whole, dict) else {}


async def junk(trial: Trial) -> Finding:
    """A spoilt delivery is read in part, or raises BadPayload, and nothing else."""
    channel = _receiving(trial, needs_payloads=False)
    if isinstance(channel, Finding):
        return channel
    wrong: dict[str, None] = {}
    count = 0
    for body in (one for one in WHOLLY_ODD if trial.mutations and one != _NO_EVENTS):
        with contextlib.suppress(Exception):
            if not channel.events(trial.delivery(body)):
                wrong["`events` finds nothing in junk, and does not say so. Raise BadPayload."] = None
    for body in spoilt([one.body for one in trial.payloads], trial.mutations):
        count += 1
        wrong.update(dict.fromkeys(_tried(trial, channel, trial.delivery(body))))
        if len(wrong) >= _MOST_TOLD:
            break
    return (
        failed(*wrong)
        if wrong
        else passed(f"{_counted(count, 'spoilt delivery', 'spoilt deliveries')}; nothing but BadPayload.")
    )


def _tried(trial: Trial, channel: Receives, delivery: Delivery) -> Iterator[str]:
    """What is wrong with how a spoilt delivery is taken."""
    asked: dict[str, Any] = {
        "handshake": channel.handshake,
        "delivery_key": channel.delivery_key,
        "events": channel.events,
    }
    for name, function in asked.items():
        try:
            found = function(delivery)
        except (BadPayload, NotProven) as error:
            trial.heard.error("on a spoilt delivery", error)
            continue
        except Exception as error:  # noqa: BLE001  whatever a channel does
            yield f"`{name}` of a spoilt delivery: {raised(error)}. Raise BadPayload where something cannot be read."
            continue
        if name == "events":
            yield from _unsound(trial, found)


def _unsound(trial: Trial, events: Sequence[Event]) -> Iterator[str]:
    """What is wrong with events that were read."""
    for one in events:
        trial.heard.note("why an event is unread or left alone", one.unread, one.left_alone)
        if sum((bool(one.records), one.unread is not None, one.left_alone is not None)) != 1:
            yield "an event has not one of `records`, `unread` and `left_alone`. It has exactly one."
        yield from filter(None, map(trial.amiss, (one, *one.records)))


def _receiving(trial: Trial, *, needs_payloads: bool = True) -> Any:
    """The channel that takes deliveries; a Finding where there is none, or nothing to try it with."""
    channel = trial.channel()
    if Capability.WEBHOOK not in channel.capabilities():
        return not_offered("It takes no deliveries, so that there is nothing to check.")
    if needs_payloads and not trial.payloads:
        return not_checked(_NO_PAYLOADS)
    return channel
