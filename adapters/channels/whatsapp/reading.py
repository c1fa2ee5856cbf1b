"""Which events does one delivery of WhatsApp's tell of?

Each message, status, preference and error is one event, and so is whatever cannot be read: one that is broken spoils
no other. A change that is none of the house's business is one event, too, which says so.

One address may be told of several numbers. An event of another number than the account's is placed on that number
where the settings name it (`also_accounts`), and set aside else: nobody else would take it in. So is what is addressed
to another business account, where the settings say which are ours.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

from adapters.channels.whatsapp import messages
from adapters.channels.whatsapp.messages import Way
from adapters.channels.whatsapp.people import Crowd, Ids
from adapters.channels.whatsapp.shapes import Contact, Metadata, Thread
from adapters.channels.whatsapp.words import body_of
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Who
from adapters.payload import shaped
from adapters.quiet import quiet

_OBJECT: Final = "whatsapp_business_account"
_LONGEST_FIELD: Final = 64
# Where parts name the customer. `to` stands only in what the company wrote, whose `from` is its own.
_NUMBERS: Final = ("to", "from", "recipient_id", "wa_id")
_USER_IDS: Final = ("to_user_id", "from_user_id", "recipient_user_id", "user_id")


@quiet
class _Element(NamedTuple):
    """A part of a delivery that is one event."""

    raw: Any
    place: str
    read: Callable[[Any, str], Event]
    crowd: Crowd | None = None
    """Everybody of whom its change tells."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How deliveries to one account are read."""

    channel: str
    account: str
    also_accounts: Collection[str] = ()
    business_accounts: Collection[str] = ()
    """To which of these it must be addressed; to any where there are none."""

    def events(self, body: Any) -> list[Event]:
        """Every event of the delivery, in the order told. Raises BadPayload where its envelope cannot be read."""
        envelope = body_of(body, "the body")
        if envelope.get("object") != _OBJECT:
            raise BadPayload(f"object is not {_OBJECT}")
        if not isinstance(envelope.get("entry"), list):
            raise BadPayload("entry is no list")
        try:
            return [self._event(one) for one in self._elements(envelope)]
        except RecursionError as error:
            raise BadPayload("the body is nested too deeply") from error

    def _event(self, one: _Element) -> Event:
        try:
            return one.read(one.raw, one.place)
        except BadPayload as error:
            who = _whom(one.raw, one.crowd)
            return Event(key=f"unread:{_digest(one.raw)}", order_by=self.account, unread=error.reason, who=who)

    def _elements(self, envelope: Mapping[str, Any]) -> Iterator[_Element]:
        for entry in _listed(envelope, "entry", "", _nothing):
            if not isinstance(entry.raw, dict) or not isinstance(entry.raw.get("changes"), list):
                yield _Element(entry.raw, entry.place, partial(_refuse, "has no list of changes"))
                continue
            if self.business_accounts and str(entry.raw.get("id")) not in self.business_accounts:
                other = "is of another business account than business_accounts names"
                yield _Element(entry.raw, entry.place, partial(_refuse, other))
                continue
            for change in _listed(entry.raw, "changes", entry.place, _nothing):
                yield from self._of_change(change)

    def _of_change(self, change: _Element) -> Iterator[_Element]:
        raw, place = change.raw, change.place
        if not isinstance(raw, dict) or not isinstance(raw.get("field"), str):
            yield _Element(raw, place, partial(_refuse, "names no field"))
            return
        field, value = raw["field"], raw.get("value")
        parts = _FIELDS.get(field)
        if field == "standby" and isinstance(value, dict) and isinstance(value.get("standby"), dict):
            value, place = {**value, **value["standby"]}, f"{place}.value.standby"
        if parts is None and isinstance(value, dict) and not _SPOKEN.isdisjoint(value):
            yield _Element(raw, place, partial(_refuse, "tells of messages in a field that is not known"))
        elif parts is None:
            yield _Element(raw, place, partial(self._left_alone, f"the field {field[:_LONGEST_FIELD]}"))
        elif not isinstance(value, dict):
            yield _Element(raw, place, partial(_refuse, "has no object as its value"))
        else:
            found = [*self._told(parts, value, f"{place}.value")]
            yield from found or [_Element(raw, place, partial(self._left_alone, f"the field {field}, told empty"))]

    def _told(self, parts: "_Parts", value: Mapping[str, Any], place: str) -> Iterator[_Element]:
        contacts: list[Contact] = []
        for one in _listed(value, "contacts", place, _nothing):
            try:
                contacts.append(shaped(Contact, one.raw, one.place))
            except BadPayload as error:
                yield one._replace(read=partial(_raise, error.reason))
        try:
            number = shaped(Metadata, value.get("metadata"), f"{place}.metadata").phone_number_id
            refusal = self._refusal(number)
        except BadPayload as error:
            number, refusal = self.account, error.reason
        crowd = Crowd(self.channel, number, contacts)
        for one in parts(value, place, crowd):
            known = one._replace(crowd=crowd)
            yield known._replace(read=partial(_raise, refusal)) if refusal else known
        yield from _listed(value, "errors", place, self._trouble)

    def _refusal(self, number: str) -> str | None:
        if number == self.account or number in self.also_accounts:
            return None
        # Digits are an id of the company's own; whatever else stands there may be anything.
        named = f", {number[:_LONGEST_FIELD]}," if number.isascii() and number.isdigit() else ""
        return f"it is of another number{named} which also_accounts does not name"

    def _trouble(self, raw: Any, place: str) -> Event:
        told = messages.trouble(raw, place)
        if told is None:
            raise BadPayload(f"{place} is no error with a code")
        return self._left_alone(f"an error of WhatsApp's: {told}", raw, place)

    def _left_alone(self, why: str, raw: Any, place: str) -> Event:
        del place
        return Event(key=f"left:{_digest(raw)}", order_by=self.account, left_alone=why)


_Parts = Callable[[Mapping[str, Any], str, Crowd], Iterator[_Element]]


def _messages(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[_Element]:
    yield from _listed(value, "messages", place, partial(_message, Way(crowd)))
    yield from _listed(value, "statuses", place, lambda raw, at: messages.status(raw, at, crowd))


def _standby(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[_Element]:
    """What is said in conversations that Meta's own agent or another app leads: the customer's words, and theirs."""
    yield from _messages(value, place, crowd)
    yield from _echoes(value, place, crowd)


def _echoes(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[_Element]:
    """What the company wrote on its own phone, where number and app live side by side (coexistence)."""
    yield from _listed(value, "message_echoes", place, partial(_message, Way(crowd, is_ours=True)))


def _history(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[_Element]:
    """The past of such a phone, thread by thread; files come afterwards, as messages."""
    yield from _listed(value, "messages", place, partial(_message, Way(crowd)))
    for chunk in _listed(value, "history", place, _nothing):
        if not isinstance(chunk.raw, dict):
            yield chunk._replace(read=partial(_refuse, "is no object"))
            continue
        for thread in _listed(chunk.raw, "threads", chunk.place, _nothing):
            yield from _thread(thread, crowd)
        yield from _listed(chunk.raw, "errors", chunk.place, partial(_declined, crowd))


def _thread(thread: _Element, crowd: Crowd) -> Iterator[_Element]:
    try:
        told = shaped(Thread, thread.raw, thread.place)
    except BadPayload as error:
        yield thread._replace(read=partial(_raise, error.reason))
        return
    context = told.context or Contact()
    ids = Ids(context.wa_id or told.id, context.user_id, context.parent_user_id)
    theirs = {one for one in (told.id, context.wa_id, context.user_id) if one}

    def read(raw: Any, place: str) -> Event:
        body = body_of(raw, place)
        is_theirs = body.get("from") in theirs or body.get("from_user_id") in theirs
        return messages.message(raw, place, Way(crowd, is_ours=not is_theirs, customer=ids))

    yield from _listed(thread.raw, "messages", thread.place, read)


def _preferences(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[_Element]:
    yield from _listed(value, "user_preferences", place, lambda raw, at: messages.preference(raw, at, crowd))


_FIELDS: Final[Mapping[str, _Parts]] = {
    "messages": _messages,
    "smb_message_echoes": _echoes,
    "message_echoes": _echoes,
    "standby": _standby,
    "history": _history,
    "user_preferences": _preferences,
}
"""By the field of a change. The others tell of accounts, templates and calls; account_update wakes nobody here."""
_SPOKEN: Final = frozenset({"messages", "message_echoes"})


def _listed(parent: Mapping[str, Any], name: str, place: str, read: Callable[[Any, str], Event]) -> Iterator[_Element]:
    """Each element of a list that may be absent; what is no list is one element that cannot be read."""
    found = parent.get(name)
    where = f"{place}.{name}".lstrip(".")
    if isinstance(found, list):
        for n, one in enumerate(found):
            yield _Element(one, f"{where}[{n}]", read)
    elif found is not None:
        yield _Element(found, where, partial(_refuse, "is no list"))


def _message(way: Way, raw: Any, place: str) -> Event:
    return messages.message(raw, place, way)


def _declined(crowd: Crowd, raw: Any, place: str) -> Event:
    """That the company did not share the past of its phone, or that something of it went wrong."""
    told = messages.trouble(raw, place)
    if told is None:
        raise BadPayload(f"{place} is no error with a code")
    return Event(key=f"left:{_digest(raw)}", order_by=crowd.account, left_alone=f"no history: {told}")


def _whom(raw: Any, crowd: Crowd | None) -> Who | None:
    """Whom a part is about that cannot be read, where it says so all the same."""
    if crowd is None or not isinstance(raw, dict):
        return None
    number, user_id = (_first_text(raw, names) for names in (_NUMBERS, _USER_IDS))
    known = crowd.known(Ids(number, user_id))
    return known.who if known else None


def _first_text(raw: Mapping[str, Any], names: Collection[str]) -> str | None:
    return next((one for name in names if isinstance(one := raw.get(name), str) and one), None)


def _refuse(what: str, raw: Any, place: str) -> Event:
    del raw
    raise BadPayload(f"{place} {what}")


def _raise(why: str, raw: Any, place: str) -> Event:
    del raw
    raise BadPayload(f"{place}: {why}")


def _nothing(raw: Any, place: str) -> Event:
    del raw
    raise BadPayload(f"{place} cannot be read")


def _digest(raw: Any) -> str:
    """The same for the same part of a delivery, however often it is told; it gives nothing of it away."""
    text = json.dumps(raw, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
