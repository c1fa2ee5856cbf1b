"""Which events does one delivery of WhatsApp's tell of?

Each message, status, preference and error is one event, and so is whatever cannot be read: one that is broken spoils
no other. A change that is none of the house's business is one event, too, which says so.

One address may be told of several numbers. An event of another number than the account's is placed on that number
where the settings name it (`also_accounts`), and set aside else: nobody else would take it in. So is what is addressed
to another business account, where the settings say which are ours.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from adapters.channels.meta_parts import (
    LONGEST_FIELD,
    Part,
    body_of,
    envelope_of,
    events_of,
    failing,
    leaving,
    left_alone,
    listed,
    refusing,
    unread,
    unreadable,
)
from adapters.channels.whatsapp import messages
from adapters.channels.whatsapp.messages import Way
from adapters.channels.whatsapp.people import Crowd, Ids
from adapters.channels.whatsapp.shapes import Contact, Metadata, Thread
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Who
from adapters.payload import shaped

_OBJECT: Final = "whatsapp_business_account"
# Where parts name the customer. `to` stands only in what the company wrote, whose `from` is its own.
_NUMBERS: Final = ("to", "from", "recipient_id", "wa_id")
_USER_IDS: Final = ("to_user_id", "from_user_id", "recipient_user_id", "user_id")


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
        envelope = envelope_of(body, _OBJECT)
        return events_of(self._elements(envelope), self._set_aside)

    def _set_aside(self, one: Part, error: BadPayload) -> Event:
        return unread(one.raw, error.reason, order_by=self.account, who=_whom(one.raw, one.beside))

    def _elements(self, envelope: Mapping[str, Any]) -> Iterator[Part]:
        for entry in listed(envelope, "entry", "", unreadable):
            if not isinstance(entry.raw, dict) or not isinstance(entry.raw.get("changes"), list):
                yield Part(entry.raw, entry.place, refusing("has no list of changes"))
                continue
            if self.business_accounts and str(entry.raw.get("id")) not in self.business_accounts:
                other = "is of another business account than business_accounts names"
                yield Part(entry.raw, entry.place, refusing(other))
                continue
            for change in listed(entry.raw, "changes", entry.place, unreadable):
                yield from self._of_change(change)

    def _of_change(self, change: Part) -> Iterator[Part]:
        raw, place = change.raw, change.place
        if not isinstance(raw, dict) or not isinstance(raw.get("field"), str):
            yield Part(raw, place, refusing("names no field"))
            return
        field, value = raw["field"], raw.get("value")
        parts = _FIELDS.get(field)
        if field == "standby" and isinstance(value, dict) and isinstance(value.get("standby"), dict):
            value, place = {**value, **value["standby"]}, f"{place}.value.standby"
        if parts is None and isinstance(value, dict) and not _SPOKEN.isdisjoint(value):
            yield Part(raw, place, refusing("tells of messages in a field that is not known"))
        elif parts is None:
            yield Part(raw, place, leaving(f"the field {field[:LONGEST_FIELD]}", self.account))
        elif not isinstance(value, dict):
            yield Part(raw, place, refusing("has no object as its value"))
        else:
            found = [*self._told(parts, value, f"{place}.value")]
            yield from found or [Part(raw, place, leaving(f"the field {field}, told empty", self.account))]

    def _told(self, parts: "_Parts", value: Mapping[str, Any], place: str) -> Iterator[Part]:
        contacts: list[Contact] = []
        for one in listed(value, "contacts", place, unreadable):
            try:
                contacts.append(shaped(Contact, one.raw, one.place))
            except BadPayload as error:
                yield one._replace(read=failing(error.reason))
        try:
            number = shaped(Metadata, value.get("metadata"), f"{place}.metadata").phone_number_id
            refusal = self._refusal(number)
        except BadPayload as error:
            number, refusal = self.account, error.reason
        crowd = Crowd(self.channel, number, contacts)
        for one in parts(value, place, crowd):
            known = one._replace(beside=crowd)
            yield known._replace(read=failing(refusal)) if refusal else known
        yield from listed(value, "errors", place, self._trouble)

    def _refusal(self, number: str) -> str | None:
        if number == self.account or number in self.also_accounts:
            return None
        # Digits are an id of the company's own; whatever else stands there may be anything.
        named = f", {number[:LONGEST_FIELD]}," if number.isascii() and number.isdigit() else ""
        return f"it is of another number{named} which also_accounts does not name"

    def _trouble(self, raw: Any, place: str) -> Event:
        told = messages.trouble(raw, place)
        if told is None:
            raise BadPayload(f"{place} is no error with a code")
        return left_alone(raw, f"an error of WhatsApp's: {told}", self.account)


_Parts = Callable[[Mapping[str, Any], str, Crowd], Iterator[Part]]


def _messages(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[Part]:
    yield from listed(value, "messages", place, partial(_message, Way(crowd)))
    yield from listed(value, "statuses", place, lambda raw, at: messages.status(raw, at, crowd))


def _standby(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[Part]:
    """What is said in conversations that Meta's own agent or another app leads: the customer's words, and theirs."""
    yield from _messages(value, place, crowd)
    yield from _echoes(value, place, crowd)


def _echoes(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[Part]:
    """What the company wrote on its own phone, where number and app live side by side (coexistence)."""
    yield from listed(value, "message_echoes", place, partial(_message, Way(crowd, is_ours=True)))


def _history(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[Part]:
    """The past of such a phone, thread by thread; files come afterwards, as messages."""
    yield from listed(value, "messages", place, partial(_message, Way(crowd)))
    for chunk in listed(value, "history", place, unreadable):
        if not isinstance(chunk.raw, dict):
            yield chunk._replace(read=refusing("is no object"))
            continue
        for thread in listed(chunk.raw, "threads", chunk.place, unreadable):
            yield from _thread(thread, crowd)
        yield from listed(chunk.raw, "errors", chunk.place, partial(_declined, crowd))


def _thread(thread: Part, crowd: Crowd) -> Iterator[Part]:
    try:
        told = shaped(Thread, thread.raw, thread.place)
    except BadPayload as error:
        yield thread._replace(read=failing(error.reason))
        return
    context = told.context or Contact()
    ids = Ids(context.wa_id or told.id, context.user_id, context.parent_user_id)
    theirs = {one for one in (told.id, context.wa_id, context.user_id) if one}

    def read(raw: Any, place: str) -> Event:
        body = body_of(raw, place)
        is_theirs = body.get("from") in theirs or body.get("from_user_id") in theirs
        return messages.message(raw, place, Way(crowd, is_ours=not is_theirs, customer=ids))

    yield from listed(thread.raw, "messages", thread.place, read)


def _preferences(value: Mapping[str, Any], place: str, crowd: Crowd) -> Iterator[Part]:
    yield from listed(value, "user_preferences", place, lambda raw, at: messages.preference(raw, at, crowd))


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


def _message(way: Way, raw: Any, place: str) -> Event:
    return messages.message(raw, place, way)


def _declined(crowd: Crowd, raw: Any, place: str) -> Event:
    """That the company did not share the past of its phone, or that something of it went wrong."""
    told = messages.trouble(raw, place)
    if told is None:
        raise BadPayload(f"{place} is no error with a code")
    return left_alone(raw, f"no history: {told}", crowd.account)


def _whom(raw: Any, crowd: Crowd | None) -> Who | None:
    """Whom a part is about that cannot be read, where it says so all the same."""
    if crowd is None or not isinstance(raw, dict):
        return None
    number, user_id = (_first_text(raw, names) for names in (_NUMBERS, _USER_IDS))
    known = crowd.known(Ids(number, user_id))
    return known.who if known else None


def _first_text(raw: Mapping[str, Any], names: Collection[str]) -> str | None:
    return next((one for name in names if isinstance(one := raw.get(name), str) and one), None)
