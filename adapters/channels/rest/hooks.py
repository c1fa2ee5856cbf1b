"""What does a delivery tell of, as its mapping takes it apart?"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from adapters.channels.rest.expressions import Expression, Scene
from adapters.channels.rest.paths import JsonPath, text_of
from adapters.channels.rest.proving import STANDARD_ID
from adapters.channels.rest.reading import Circumstances, read_all
from adapters.channels.rest.sections import Section
from adapters.channels.rest.stated import StatedWebhook
from adapters.contract.deliveries import Delivery, Event
from adapters.contract.errors import BadPayload
from adapters.values import BadValue

_MOST_EVENTS = 10_000
_LONGEST_KEY = 256
_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.:/-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """The `[webhook]` of a mapping, checked."""

    stated: StatedWebhook
    events: JsonPath
    type: JsonPath
    key: Expression
    order_by: Expression
    at: Expression | None
    sections: Mapping[str, Sequence[Section]]
    """By the type of event."""

    def delivery_key(self, delivery: Delivery) -> str | None:
        """The vendor's own id of the delivery; None where it gives none."""
        is_standard = self.stated.signature.scheme == "standard_webhooks"
        header = self.stated.delivery_key or (STANDARD_ID if is_standard else None)
        said = delivery.headers.get(header.lower()) if header else None
        return _bounded(said) if said else None

    def told(self, delivery: Delivery, channel: str, account: str) -> Sequence[Event]:
        """What happened, in the order told; raises BadPayload where nothing of it can be read."""
        body = delivery.json()
        try:
            found = self.events.find(body)
        except BadValue as error:
            raise BadPayload(f"The events: {error}.") from error
        listed = [found] if isinstance(found, dict) else found
        if not isinstance(listed, list):
            raise BadPayload(f"The body has no events at {self.events.text!r}.")
        if len(listed) > _MOST_EVENTS:
            raise BadPayload(f"The body has more than {_MOST_EVENTS} events.")
        as_of = delivery.received_at.isoformat()
        around = Circumstances(channel=channel, account=account, who=None, as_of=as_of)
        return [self._event(one, body, around) for one in listed]

    def _event(self, element: Any, body: Any, around: Circumstances) -> Event:
        scene = Scene(element, body, body, around.asked)
        try:
            key, turn = _needed(self.key, scene), _needed(self.order_by, scene)
            at = self.at.give(scene) if self.at else None
            kind = text_of(self.type.find(element))
        except BadValue as error:
            # Kept under a word of its own, it can be replayed once the mapping is mended.
            own = _digest(element)
            return Event(key=own, order_by=own, unread=f"The event's key, turn, moment or type: {error}.")
        return self._of_kind(kind, scene, around, _Head(_bounded(key), _bounded(turn), at))

    def _of_kind(self, kind: str, scene: Scene, around: Circumstances, head: "_Head") -> Event:
        named = f"of type {kind}" if _TYPE.fullmatch(kind) else "of a type that is no word"
        sections = self.sections.get(kind)
        if sections is None:
            if any(fnmatchcase(kind, pattern) for pattern in self.stated.leave):
                return Event(key=head.key, order_by=head.turn, at=head.at, left_alone=f"event {named}")
            why = f"The mapping names no event {named}. Add it to a [[webhook.event]], or to `leave`."
            return Event(key=head.key, order_by=head.turn, at=head.at, unread=why)
        try:
            read = read_all(sections, scene.answer, scene.here, around)
        except BadPayload as error:
            return Event(key=head.key, order_by=head.turn, at=head.at, unread=error.reason)
        whose = [who for one in read.records if (who := getattr(one, "who", None))]
        who = whose[0] if whose else None
        if read.unread:
            why = "; ".join(f"{one.what}: {one.why}" for one in read.unread[:3])
            return Event(key=head.key, order_by=head.turn, at=head.at, unread=why, who=who)
        if not read.records:
            return Event(key=head.key, order_by=head.turn, at=head.at, left_alone=f"event {named} without records")
        return Event(key=head.key, order_by=head.turn, at=head.at, records=tuple(read.records), who=who)


@dataclass(frozen=True, slots=True, repr=False)
class _Head:
    """What is known of an event before its records."""

    key: str
    turn: str
    at: datetime | None


def _needed(expression: Expression, scene: Scene) -> str:
    said = expression.give(scene)
    if not isinstance(said, str):
        raise BadValue("`key` or `order_by` is empty")
    return said


def _bounded(text: str) -> str:
    """The text, or what stands for it where it is too long for a key."""
    return text if len(text) <= _LONGEST_KEY else _digest(text)


def _digest(element: Any) -> str:
    try:
        return hashlib.sha256(json.dumps(element).encode()).hexdigest()
    except RecursionError as error:
        raise BadPayload("An event is nested deeper than anything that can be read.") from error
