"""Which events does one delivery of Messenger's or Instagram's tell of?

One address may be told of several accounts. An event of another account than this one is placed on that one where the
settings name it (`also_accounts`), and set aside else: nobody else would take it in.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from adapters.channels.meta_messaging import comments, messages
from adapters.channels.meta_messaging.messages import Spot, customer_of
from adapters.channels.meta_messaging.shapes import Moment
from adapters.channels.meta_parts import (
    LONGEST_FIELD,
    Part,
    envelope_of,
    events_of,
    leaving,
    listed,
    refusing,
    unread,
    unreadable,
)
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.payload import Shape, shaped

_OF_A_TEST: Final = frozenset({"0", 0})
"""The id of an entry that the app's dashboard sends to try the address out; what is in it has other shapes."""
_LISTS: Final = ("messaging", "standby", "changes")
_SPOKEN: Final = frozenset({"message", "postback"})
_MESSAGING: Final = frozenset(
    {
        *("messages", "message_edits", "message_edit", "message_reactions", "message_deliveries", "message_reads"),
        *("message_echoes", "messaging_postbacks", "messaging_seen", "messaging_optins", "messaging_referrals"),
        *("messaging_referral", "messaging_feedback", "standby"),
    }
)
"""Fields of changes whose value is what else stands in `messaging`."""


_Reads = Callable[[Any, str, Spot], Event]


class _Clock(Shape):
    time: Moment | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Reader:
    """How deliveries to one account are read."""

    channel: str
    account: str
    kind: str
    """What Meta calls the channel: `page` or `instagram`."""
    also_accounts: Collection[str] = ()
    app_id: str | None = None

    def events(self, body: Any) -> list[Event]:
        """Every event of the delivery, in the order told. Raises BadPayload where its envelope cannot be read."""
        envelope = envelope_of(body, self.kind)
        return events_of(self._parts(envelope), self._set_aside)

    def _set_aside(self, one: Part, error: BadPayload) -> Event:
        who = customer_of(one.raw, one.beside) if one.beside else None
        return unread(one.raw, error.reason, order_by=who.value if who else self.account, who=who)

    def _parts(self, envelope: Mapping[str, Any]) -> Iterator[Part]:
        entries = [*listed(envelope, "entry", "", unreadable)]
        if not entries:
            yield Part(envelope, "entry", self._left_alone("a delivery without entries"))
        for entry in entries:
            raw, place = entry.raw, entry.place
            if not isinstance(raw, dict):
                yield Part(raw, place, refusing("is no object"))
            elif _is_test(raw.get("id")):
                yield Part(raw, place, self._left_alone("a test of Meta's dashboard"))
            else:
                yield from self._of_entry(raw, place)

    def _of_entry(self, raw: Mapping[str, Any], place: str) -> Iterator[Part]:
        if not {*_LISTS, "field"} & raw.keys():
            yield Part(raw, place, refusing("has neither messaging nor standby nor changes"))
            return
        try:
            time = shaped(_Clock, raw, place).time
        except BadPayload:
            # What has a moment of its own needs none of its entry's.
            time = None
        spot = Spot(self.channel, _word(raw.get("id")), self.app_id, time)
        found = [*self._of_lists(raw, place, spot)]
        yield from found or [Part(raw, place, self._left_alone("an entry in which nothing is told"))]

    def _of_lists(self, raw: Mapping[str, Any], place: str, spot: Spot) -> Iterator[Part]:
        for name in ("messaging", "standby"):
            for one in listed(raw, name, place, unreadable):
                yield self._said(one, spot) if one.place.endswith("]") else one
        for one in listed(raw, "changes", place, unreadable):
            yield self._change(one, spot) if one.place.endswith("]") else one
        if "field" in raw:
            # As Instagram's own page of samples writes it: an entry that is its one change.
            yield self._change(Part(raw, place, unreadable), spot)

    def _said(self, one: Part, spot: Spot) -> Part:
        """A part of `messaging`, as of the account to which it came."""
        placed = self._placed(spot, one.raw)
        if placed is None:
            return Part(one.raw, one.place, refusing(_OF_ANOTHER))
        return Part(one.raw, one.place, partial(_read, messages.item, placed), placed)

    def _change(self, one: Part, spot: Spot) -> Part:
        raw, place = one.raw, one.place
        if not isinstance(raw, dict) or not isinstance(raw.get("field"), str):
            return Part(raw, place, refusing("names no field"))
        field, value = raw["field"], raw.get("value")
        if field in _MESSAGING and isinstance(value, dict):
            return self._said(Part(value, f"{place}.value", unreadable), spot)
        read = comments.READERS.get(field)
        if read is not None and isinstance(value, dict):
            return self._commented(Part(value, f"{place}.value", unreadable), read, spot)
        if read is not None or field in _MESSAGING:
            return Part(raw, place, refusing("has no object as its value"))
        if isinstance(value, dict) and any(isinstance(value.get(name), dict) for name in _SPOKEN):
            return Part(raw, place, refusing("tells of messages in a field that is not known"))
        return Part(raw, place, self._left_alone(f"the field {field[:LONGEST_FIELD]}"))

    def _commented(self, one: Part, read: _Reads, spot: Spot) -> Part:
        placed = self._placed(spot, {})
        if placed is None:
            return one._replace(read=refusing(_OF_ANOTHER))
        return one._replace(read=partial(_read, read, placed), beside=placed)

    def _placed(self, spot: Spot, raw: Any) -> Spot | None:
        """The same at the account to which it came: the entry's own, else the side of it that is ours."""
        sides = (raw.get(name) for name in ("recipient", "sender")) if isinstance(raw, dict) else ()
        named = [spot.account, *(_word(one.get("id")) for one in sides if isinstance(one, dict))]
        ours = next((one for one in named if one == self.account or one in self.also_accounts), None)
        return replace(spot, account=ours) if ours is not None else None

    def _left_alone(self, why: str) -> Callable[[Any, str], Event]:
        return leaving(why, self.account)


_OF_ANOTHER: Final = "is of another account, which also_accounts does not name"


def _read(read: _Reads, spot: Spot, raw: Any, place: str) -> Event:
    return read(raw, place, spot)


def _is_test(said: Any) -> bool:
    return isinstance(said, str | int) and not isinstance(said, bool) and said in _OF_A_TEST


def _word(said: Any) -> str:
    return str(said) if isinstance(said, str | int) and not isinstance(said, bool) else ""
