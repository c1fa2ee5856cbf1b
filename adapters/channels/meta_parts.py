"""How is a delivery of Meta's taken apart, so that nothing of it is lost and one broken part spoils no other?

Each part becomes one event. Readers raise BadPayload with the place of what is wrong; whoever calls them sets that one
part aside and goes on.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, NamedTuple

from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Who
from adapters.quiet import quiet

LONGEST_FIELD: Final = 64
"""Characters of a field's name that are told."""


@quiet
class Part(NamedTuple):
    """A part of a delivery that is one event."""

    raw: Any
    place: str
    read: Callable[[Any, str], Event]
    beside: Any = None
    """What the reader needs besides, to say whom a part is about that cannot be read."""


def envelope_of(body: Any, kind: str) -> Mapping[str, Any]:
    """The body as Meta's envelope of that object, with its list of entries; raises BadPayload."""
    envelope = body_of(body, "the body")
    if envelope.get("object") != kind:
        raise BadPayload(f"object is not {kind}")
    if not isinstance(envelope.get("entry"), list):
        raise BadPayload("entry is no list")
    return envelope


def body_of(raw: Any, place: str) -> Mapping[str, Any]:
    """The object itself; raises BadPayload where it is none."""
    if not isinstance(raw, dict):
        raise BadPayload(f"{place} is no object")
    return raw


def listed(parent: Mapping[str, Any], name: str, place: str, read: Callable[[Any, str], Event]) -> Iterator[Part]:
    """Each element of a list that may be absent; what is no list is one element that cannot be read."""
    found = parent.get(name)
    where = f"{place}.{name}".lstrip(".")
    if isinstance(found, list):
        for n, one in enumerate(found):
            yield Part(one, f"{where}[{n}]", read)
    elif found is not None:
        yield Part(found, where, refusing("is no list"))


def refusing(what: str) -> Callable[[Any, str], Event]:
    """Reads nothing, as the part is what it must not be."""
    return partial(_refuse, what)


def failing(why: str) -> Callable[[Any, str], Event]:
    """Reads nothing, for a reason that lies beside the part."""
    return partial(_refuse_for, why)


def unreadable(raw: Any, place: str) -> Event:
    """Reads nothing: what stands there is looked into by others."""
    del raw
    raise BadPayload(f"{place} cannot be read")


def _refuse(what: str, raw: Any, place: str) -> Event:
    del raw
    raise BadPayload(f"{place} {what}")


def _refuse_for(why: str, raw: Any, place: str) -> Event:
    del raw
    raise BadPayload(f"{place}: {why}")


def events_of(parts: Iterator[Part], set_aside: Callable[[Part, BadPayload], Event]) -> list[Event]:
    """Each part as its event, in the order told; one that cannot be read is set aside.

    Raises BadPayload where they cannot be told apart, as they are nested too deeply.
    """
    try:
        return [_event(one, set_aside) for one in parts]
    except RecursionError as error:
        raise BadPayload("the body is nested too deeply") from error


def _event(one: Part, set_aside: Callable[[Part, BadPayload], Event]) -> Event:
    try:
        return one.read(one.raw, one.place)
    except BadPayload as error:
        return set_aside(one, error)


def unread(raw: Any, why: str, *, order_by: str, who: Who | None) -> Event:
    """A part that cannot be read, and whom it is about where that is known."""
    return Event(key=f"unread:{digest(raw)}", order_by=order_by, unread=why, who=who)


def left_alone(raw: Any, why: str, account: str) -> Event:
    """A part that is none of the house's business."""
    return Event(key=f"left:{digest(raw)}", order_by=account, left_alone=why)


def leaving(why: str, account: str) -> Callable[[Any, str], Event]:
    """Leaves the part alone, whatever stands there."""
    return lambda raw, _place: left_alone(raw, why, account)


def digest(raw: Any) -> str:
    """The same for the same part of a delivery, however often it is told; it gives nothing of it away."""
    text = json.dumps(raw, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
