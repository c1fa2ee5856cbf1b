"""What do a message, a status and a preference of WhatsApp's mean in the house's records?

Each reader here raises BadPayload with the place of what is wrong; whoever calls it sets that one aside and goes on.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from adapters.channels.meta_parts import body_of
from adapters.channels.whatsapp.people import Crowd, Ids, Known
from adapters.channels.whatsapp.shapes import Message, Original, Preference, Status, System, Trouble
from adapters.channels.whatsapp.words import Said, said
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import (
    File,
    HandedOver,
    Person,
    Progress,
    Renaming,
    Say,
    Talk,
    Utterance,
    Withdrawal,
)
from adapters.payload import shaped

_CHANGED_NUMBER: Final = frozenset({"user_changed_number", "customer_changed_number"})
_CHANGED_ID: Final = frozenset({"user_changed_user_id", "user_id_update"})
_NEW_KEYS: Final = frozenset({"customer_identity_changed", "user_identity_changed"})

_STATUSES: Final[Mapping[str, str]] = {
    "sent": "SENT",
    "delivered": "DELIVERED",
    "read": "READ",
    # A voice message that was heard.
    "played": "READ",
    "failed": "FAILED",
}
_OF_OTHER_THINGS: Final = frozenset({"payment", "call"})
_NO_PROGRESS: Final[Mapping[str, str]] = {
    "warning": "something that our message shows is not to be had",
    "accepted": "a message of ours waits at WhatsApp",
    "pending": "a message of ours waits at WhatsApp",
}
_OF_THE_PAST: Final[Mapping[str, str]] = {
    "PENDING": "SENT",
    "SENT": "SENT",
    "DELIVERED": "DELIVERED",
    "READ": "READ",
    "PLAYED": "READ",
    "ERROR": "FAILED",
}
_SAID: Final[Mapping[str, str]] = {"stop": "WITHDRAWN", "resume": "GRANTED", "signup": "GRANTED"}
_MARKETING: Final = "marketing_messages"
PURPOSE: Final = "marketing"
"""For which purpose a stop or a resumption of marketing messages is a word."""


class Way(NamedTuple):
    """Which way a list of messages went."""

    crowd: Crowd
    is_ours: bool = False
    """Whether the company wrote them, on its phone."""
    customer: Ids | None = None
    """With whom the past was shared, where it is one person's."""


def message(raw: Any, place: str, way: Way) -> Event:
    """What somebody wrote, changed or took back."""
    body = body_of(raw, place)
    told = shaped(Message, body, place)
    if told.type == "system":
        return _system(told, body, place, way.crowd)
    known = way.crowd.known(way.customer or _ids(told, is_ours=way.is_ours))
    if known is None:
        names = ("to", "to_user_id") if way.is_ours else ("from", "from_user_id")
        raise BadPayload(f"{place} names nobody: neither {names[0]} nor {names[1]}")
    is_placeholder = told.type == "media_placeholder"
    return Event(
        # The file of a message of the past is told of later, under the same id.
        key=f"{'placeholder' if is_placeholder else 'message'}:{told.id}",
        order_by=known.who.value,
        at=told.timestamp,
        records=_records(told, body, place, way, known),
        who=known.who,
    )


def _ids(told: Message, *, is_ours: bool) -> Ids:
    if is_ours:
        return Ids(told.to, told.to_user_id, told.to_parent_user_id)
    return Ids(told.sender, told.from_user_id, told.from_parent_user_id)


def _records(told: Message, body: Mapping[str, Any], place: str, way: Way, known: Known) -> tuple[HandedOver, ...]:
    crowd = way.crowd
    if told.type == "revoke":
        original = shaped(Original, body.get("revoke"), f"{place}.revoke").original_message_id
        return (
            Withdrawal(
                channel=crowd.channel,
                account=crowd.account,
                external_id=original,
                at=told.timestamp,
                who=known.who,
                direction="OUT" if way.is_ours else "IN",
            ),
        )
    if told.type == "edit":
        edit = body_of(body.get("edit"), f"{place}.edit")
        original = shaped(Original, edit, f"{place}.edit").original_message_id
        anew = body_of(edit.get("message"), f"{place}.edit.message")
        kind = anew.get("type")
        if not isinstance(kind, str):
            raise BadPayload(f"{place}.edit.message.type is no text")
        return _spoken(told, said(kind, anew, f"{place}.edit.message"), way, known, edited=original)
    return _spoken(told, said(told.type, body, place), way, known)


def _spoken(told: Message, words: Said, way: Way, known: Known, *, edited: str | None = None) -> tuple[HandedOver, ...]:
    """The person, the conversation, the message, and its file."""
    crowd = way.crowd
    channel, account = crowd.channel, crowd.account
    external_id = edited or told.id
    # A conversation is one customer's: what each says in a group is one of their own.
    talk = f"{told.group_id}/{known.who.value}" if told.group_id else known.who.value
    came_by = told.referral.source_url if told.referral else None
    person = known.person(seen_at=None if way.is_ours else told.timestamp, source_url=came_by)
    conversation = Talk(
        channel=channel,
        account=account,
        external_id=talk,
        who=known.who,
        started_at=told.timestamp,
        last_message_at=told.timestamp,
        entry_point=person.entry_point,
    )
    utterance = Utterance(
        channel=channel,
        account=account,
        external_id=external_id,
        talk=talk,
        who=known.who,
        direction="OUT" if way.is_ours else "IN",
        sent_at=told.timestamp,
        text=words.text,
        status=_reached(told) if way.is_ours else "RECEIVED",
        updated_at=told.timestamp if edited else None,
    )
    if words.file is None:
        return person, conversation, utterance
    file = File(
        channel=channel,
        account=account,
        external_id=words.file.id,
        who=known.who,
        of=external_id,
        of_kind="message",
        name=words.file.name,
        media_type=words.file.media_type,
        size_bytes=None,
        created_at=told.timestamp,
    )
    return person, conversation, utterance, file


def _reached(told: Message) -> str:
    past = told.history_context.status if told.history_context else None
    return _OF_THE_PAST.get((past or "").upper(), "SENT")


def _system(told: Message, body: Mapping[str, Any], place: str, crowd: Crowd) -> Event:
    """That somebody has other ids now, and their number with them."""
    at = f"{place}.system"
    change = shaped(System, body.get("system"), at)
    key = f"message:{told.id}"
    old_id, old_parent = change.previous_user_id, change.previous_parent_user_id
    new_number = change.wa_id or change.new_wa_id
    if change.type in _NEW_KEYS:
        left = "somebody has new encryption keys"
        return Event(key=key, order_by=told.sender or told.from_user_id or crowd.account, left_alone=left)
    if change.type not in _CHANGED_NUMBER | _CHANGED_ID:
        raise BadPayload(f"{at}.type is none of the values that are known")
    pairs = [(old_id or told.from_user_id, change.user_id), (old_parent, change.parent_user_id)]
    if change.type in _CHANGED_NUMBER:
        pairs.append((told.sender, new_number))
    renamings = [
        Renaming(was=crowd.who(was), who=crowd.who(now), at=told.timestamp)
        for was, now in pairs
        if was and now and was != now
    ]
    known = crowd.known(Ids(new_number, change.user_id, change.parent_user_id))
    if not renamings or known is None:
        raise BadPayload(f"{at} names no former id beside the new one")
    return Event(
        key=key,
        order_by=renamings[0].was.value,
        at=told.timestamp,
        records=(*renamings, Person(who=known.who, also=known.also, reaches=known.person().reaches)),
        who=known.who,
    )


def status(raw: Any, place: str, crowd: Crowd) -> Event:
    """How far a message of ours came; and, where the recipient is named by several ids, that these are one person's."""
    body = body_of(raw, place)
    told = shaped(Status, body, place)
    known = crowd.known(_recipient(told))
    if (other := _no_progress(told, crowd, known)) is not None:
        return other
    reached = _STATUSES.get(told.status)
    if reached is None:
        raise BadPayload(f"{place}.status is none of the values that are known")
    progress = Progress(
        channel=crowd.channel,
        account=crowd.account,
        external_id=told.id,
        status=reached,
        at=told.timestamp,
        who=known.who if known else None,
        reason=_reason(body.get("errors")) if reached == "FAILED" else None,
        key=told.biz_opaque_callback_data or None,
    )
    is_group = told.recipient_type == "group"
    suffix = f":{_hidden(known.who.value)}" if is_group and known else ""
    return Event(
        key=f"status:{told.id}:{told.status}{suffix}",
        order_by=known.who.value if known else crowd.account,
        at=told.timestamp,
        records=(known.person(), progress) if known and known.also else (progress,),
        who=known.who if known else None,
    )


def _no_progress(told: Status, crowd: Crowd, known: Known | None) -> Event | None:
    """What a status tells of that is not how far a message came; None for all others."""
    whose = known.who.value if known else crowd.account
    key = f"status:{told.id}:{told.type or ''}:{told.status}"
    if told.type in _OF_OTHER_THINGS:
        # Its id is that of the message, whose own way is told of beside: a payment that failed is no message that did.
        return Event(key=key, order_by=whose, at=told.timestamp, left_alone=f"how a {told.type} went")
    if told.status == "deleted":
        # The customer deleted what they had written.
        who = known.who if known else None
        gone = Withdrawal(channel=crowd.channel, account=crowd.account, external_id=told.id, at=told.timestamp, who=who)
        return Event(key=key, order_by=whose, at=told.timestamp, records=(gone,), who=who)
    why = _NO_PROGRESS.get(told.status)
    return Event(key=key, order_by=whose, at=told.timestamp, left_alone=why) if why else None


def _recipient(told: Status) -> Ids:
    if told.recipient_type == "group":
        # Its `recipient_id` is the group's.
        return Ids(
            told.recipient_participant_id,
            told.recipient_participant_user_id,
            told.recipient_participant_parent_user_id,
        )
    return Ids(told.recipient_id, told.recipient_user_id, told.parent_recipient_user_id)


def _reason(errors: Any) -> str | None:
    """Code and title of the first error; None where WhatsApp gave none that can be read."""
    first = errors[0] if isinstance(errors, list) and errors else None
    return trouble(first) if isinstance(first, dict) else None


def trouble(raw: Any, place: str = "errors[0]") -> str | None:
    """An error as code and title."""
    try:
        told = shaped(Trouble, raw, place)
    except BadPayload:
        return None
    return f"{told.code} {told.title}" if told.title else str(told.code)


def preference(raw: Any, place: str, crowd: Crowd) -> Event:
    """What somebody said about marketing messages."""
    told = shaped(Preference, body_of(raw, place), place)
    known = crowd.known(Ids(told.wa_id, told.user_id, told.parent_user_id))
    if known is None:
        raise BadPayload(f"{place} names nobody: neither wa_id nor user_id")
    key = f"preference:{_hidden(known.who.value)}:{told.category}:{told.value}:{int(told.timestamp.timestamp())}"
    if told.category != _MARKETING:
        left = "a preference about messages other than marketing"
        return Event(key=key, order_by=known.who.value, at=told.timestamp, left_alone=left, who=known.who)
    stands = _SAID.get(told.value)
    if stands is None:
        raise BadPayload(f"{place}.value is none of the values that are known")
    word = Say(who=known.who, purpose=PURPOSE, status=stands, at=told.timestamp)
    records: tuple[HandedOver, ...] = (known.person(), word)
    return Event(key=key, order_by=known.who.value, at=told.timestamp, records=records, who=known.who)


def _hidden(value: str) -> str:
    """The same word for the same person, which is no number: keys of events may stand in a log."""
    return hashlib.sha256(value.encode()).hexdigest()[:32]
