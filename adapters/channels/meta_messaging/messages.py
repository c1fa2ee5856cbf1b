"""What does one part of `messaging` or `standby` mean in the house's records?

Each reader here raises BadPayload with the place of what is wrong; whoever calls it sets that one aside and goes on.
Whose thread it is, this app's or another's (`standby`), makes no difference: what was said is kept, and nothing here
answers.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from adapters.channels.meta_messaging.shapes import (
    Arrived,
    Edit,
    Feedback,
    Frame,
    Message,
    OptIn,
    Postback,
    Reaction,
    Read,
    Referral,
)
from adapters.channels.meta_messaging.words import Said, answers, bracketed, reaction, said
from adapters.channels.meta_parts import body_of, digest, left_alone
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import (
    File,
    HandedOver,
    Person,
    Progress,
    Say,
    Talk,
    Utterance,
    Watermark,
    Who,
    Withdrawal,
)
from adapters.payload import shaped

PURPOSE: Final = "marketing"
"""For which purpose a word on marketing messages is one."""
_MARKETING: Final = "notification_messages"
_CHOICES: Final[Mapping[str, str]] = {"stop notifications": "WITHDRAWN", "resume notifications": "GRANTED"}
_OF_A_TEST: Final = ("12334", "23245")
"""Between whom a message is that the dashboard sends to try a field out, in an entry of our own account."""
_LONGEST_WORD: Final = 2_000
# So many edits nobody makes.
_MOST_DIGITS: Final = 9
_NONE_OF_OURS: Final = (
    *("pass_thread_control", "take_thread_control", "request_thread_control", "app_roles", "account_linking"),
    *("policy_enforcement", "policy-enforcement", "game_play", "response_feedback", "typing"),
)
"""Kinds that tell of threads, accounts and apps, and of nothing that anybody said."""


@dataclass(frozen=True, slots=True, repr=False)
class Spot:
    """Where a part of a delivery stands."""

    channel: str
    account: str
    app_id: str | None = None
    """Our app's: what another one sent was not sent by us."""
    time: datetime | None = None
    """That of its entry, for parts without a moment of their own."""

    def who(self, value: str) -> Who:
        """That id on our account."""
        return Who(self.channel, self.account, value)


@dataclass(frozen=True, slots=True, repr=False)
class _Told:
    """One part: with whom it was, and what of it."""

    spot: Spot
    who: Who
    is_ours: bool
    at: datetime
    body: Any
    place: str
    referral: Referral | None = None
    """How the person came, where that stands beside what they said."""

    def event(self, key: str, *records: HandedOver) -> Event:
        """What happened, as an event of the person's."""
        return Event(key=key, order_by=self.who.value, at=self.at, records=records, who=self.who)

    def hidden(self, *more: Any) -> str:
        """A word for it that gives nobody away, where Meta gives it no id."""
        return digest([self.who.value, self.is_ours, int(self.at.timestamp() * 1000), *more])


def item(raw: Any, place: str, spot: Spot) -> Event:
    """What happened between the company and one person."""
    body = body_of(raw, place)
    kind = next((one for one in _READERS if body.get(one) is not None), None)
    if kind is None:
        for one in _NONE_OF_OURS:
            if one in body:
                return left_alone(raw, one.replace("_", " "), spot.account)
        raise BadPayload(f"{place} is of no kind that is known")
    frame = shaped(Frame, body, place)
    if (frame.sender and frame.sender.id, frame.recipient and frame.recipient.id) == _OF_A_TEST:
        return left_alone(raw, "a test of Meta's dashboard", spot.account)
    at = frame.timestamp or spot.time
    if at is None:
        raise BadPayload(f"{place}.timestamp is missing")
    is_echo = isinstance(body[kind], dict) and body[kind].get("is_echo") is True
    customer, is_ours = _sides(frame, spot, is_echo=is_echo)
    if _is_between_others(frame, spot):
        raise BadPayload(f"{place} is between two others: neither sender.id nor recipient.id is the account's")
    if customer is None:
        raise BadPayload(f"{place} names nobody: neither sender.id nor recipient.id is a customer's")
    beside = body.get("referral") if kind != "referral" else None
    came_by = shaped(Referral, beside, f"{place}.referral") if beside is not None else None
    return _READERS[kind](_Told(spot, spot.who(customer), is_ours, at, body[kind], f"{place}.{kind}", came_by))


def customer_of(raw: Any, spot: Spot) -> Who | None:
    """Whom a part is about that cannot be read, where it says so all the same."""
    try:
        body = body_of(raw, "")
        message = body.get("message")
        frame = shaped(Frame, {name: body.get(name) for name in ("sender", "recipient")})
    except BadPayload:
        return None
    is_echo = isinstance(message, dict) and message.get("is_echo") is True
    customer, _ = _sides(frame, spot, is_echo=is_echo)
    return spot.who(customer) if customer and not _is_between_others(frame, spot) else None


def _is_between_others(frame: Frame, spot: Spot) -> bool:
    """Whether both sides are named, and ours is none of them: then nobody can tell who said it to whom."""
    sides = [one.id for one in (frame.sender, frame.recipient) if one and one.id]
    return len(sides) > 1 and spot.account not in sides


def _sides(frame: Frame, spot: Spot, *, is_echo: bool) -> tuple[str | None, bool]:
    """The customer's id, and whether the company did what is told: of an echo the sides are exchanged."""
    sender = frame.sender.id if frame.sender else None
    recipient = frame.recipient.id if frame.recipient else None
    is_ours = is_echo or sender == spot.account
    customer, other = (recipient, sender) if is_ours else (sender, recipient)
    if customer == spot.account:
        customer = other if other != spot.account else None
    return customer, is_ours


def spoken(told: _Told, external_id: str, words: Said, **more: Any) -> tuple[HandedOver, ...]:
    """The person, the conversation, the message, and its files."""
    spot, came_by = told.spot, more.pop("came_by", None)
    place: dict[str, Any] = {"channel": spot.channel, "account": spot.account}
    person, talk = introduced(told, came_by)
    utterance = Utterance(
        **place,
        external_id=external_id,
        talk=talk.external_id,
        who=told.who,
        direction="OUT" if told.is_ours else "IN",
        sent_at=told.at,
        text=words.text,
        status="SENT" if told.is_ours else "RECEIVED",
        **more,
    )
    files = (
        File(
            **place,
            external_id=f"{external_id}/{n}",
            who=told.who,
            of=external_id,
            of_kind="message",
            name=one.name,
            media_type=one.media_type,
            size_bytes=None,
            created_at=told.at,
        )
        for n, one in enumerate(words.files)
    )
    return person, talk, utterance, *files


def introduced(told: _Told, referral: Referral | None) -> tuple[Person, Talk]:
    """The person and the conversation with them, of which there is one: Meta's deliveries do not name it."""
    referral = referral or told.referral
    came_by = _entry_point(told.spot.channel, referral) if referral else None
    person = Person(who=told.who, seen_at=None if told.is_ours else told.at, entry_point=came_by)
    talk = Talk(
        channel=told.spot.channel,
        account=told.spot.account,
        external_id=told.who.value,
        who=told.who,
        started_at=told.at,
        last_message_at=told.at,
        entry_point=came_by,
    )
    return person, talk


def _entry_point(channel: str, referral: Referral) -> Mapping[str, str | None]:
    """The page or advertisement, and the word of the link; its kind where it has none."""
    product = referral.product.id if referral.product else None
    ad, shown = (f"ad {referral.ad_id}" if referral.ad_id else None), (f"product {product}" if product else None)
    page = referral.referer_uri or ad or shown
    referrer = referral.ref or referral.source
    return {
        "channel": channel,
        "page": page[:_LONGEST_WORD] if page else None,
        "referrer": referrer[:_LONGEST_WORD] if referrer else None,
    }


def _message(told: _Told) -> Event:
    message = shaped(Message, told.body, told.place)
    if message.is_deleted:
        gone = Withdrawal(
            channel=told.spot.channel,
            account=told.spot.account,
            external_id=message.mid,
            at=told.at,
            who=told.who,
            direction="OUT" if told.is_ours else "IN",
        )
        return told.event(f"deleted:{message.mid}", gone)
    words = said(message)
    if not ((words.text or "").strip() or words.files or message.metadata):
        return _wordless(told, message)
    more: dict[str, Any] = {"came_by": message.referral}
    if message.attachments or words.text != (message.text or None):
        # Asked for what was said, Meta tells less of it: that must not stand in the place of this.
        more |= {"updated_at": told.at}
    if told.is_ours and (told.spot.app_id is None or message.app_id == told.spot.app_id):
        # Our own word comes back with what we sent, where the channel takes one; else the app's id says that we did.
        is_named = message.app_id is not None and message.app_id == told.spot.app_id
        more |= {"key": message.metadata or None, "is_echo": is_named and not message.metadata}
    return told.event(f"message:{message.mid}", *spoken(told, message.mid, words, **more))


def _wordless(told: _Told, message: Message) -> Event:
    """That somebody came, where it says by what; else nothing: who reads the conversation finds no empty message."""
    event = told.event(f"wordless:{told.hidden(message.mid)}")
    if message.referral is None and told.referral is None:
        return replace(event, left_alone="a message in which nothing is said")
    return replace(event, records=introduced(told, message.referral))


def _edit(told: _Told) -> Event:
    edit = shaped(Edit, told.body, told.place)
    key = f"edit:{edit.mid}:{told.hidden(edit.num_edit)}"
    if not (edit.text or "").strip():
        if str(edit.num_edit) == "0":
            return Event(key=key, order_by=told.who.value, at=told.at, left_alone="no edit", who=told.who)
        raise BadPayload(f"{told.place}.text is missing")
    more = {"updated_at": told.at, "edition": _count(edit.num_edit)}
    return told.event(key, *spoken(told, edit.mid, Said(edit.text), **more))


def _count(said: int | str | None) -> int | None:
    """The how many-th edit it is: several in one delivery may have the moment of their entry alone."""
    digits = str(said)
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS else None


def _postback(told: _Told) -> Event:
    pressed = shaped(Postback, told.body, told.place)
    external_id = pressed.mid or f"postback:{told.hidden(pressed.title, pressed.payload)}"
    words = Said(pressed.title or pressed.payload or bracketed("postback"))
    return told.event(f"message:{external_id}", *spoken(told, external_id, words, came_by=pressed.referral))


def _reaction(told: _Told) -> Event:
    one = shaped(Reaction, told.body, told.place)
    external_id = f"reaction:{told.hidden(one.mid, one.action, one.emoji, one.reaction)}"
    words = Said(reaction(one.emoji, one.reaction, one.action))
    return told.event(external_id, *spoken(told, external_id, words))


def _feedback(told: _Told) -> Event:
    words = answers(shaped(Feedback, told.body, told.place))
    if words is None:
        raise BadPayload(f"{told.place} holds no answer")
    external_id = f"feedback:{told.hidden(told.body)}"
    return told.event(external_id, *spoken(told, external_id, Said(words)))


def _read(told: _Told) -> Event:
    """That the person read what we wrote: until then, or all up to one message, which is the last that they saw."""
    read = shaped(Read, told.body, told.place)
    until = read.watermark or (told.at if read.mid else None)
    return _reached(told, "READ", until, [read.mid] if read.mid else [])


def _delivery(told: _Told) -> Event:
    arrived = shaped(Arrived, told.body, told.place)
    return _reached(told, "DELIVERED", arrived.watermark, arrived.mids or [])


def _reached(told: _Told, status: str, until: datetime | None, mids: list[str]) -> Event:
    key = f"{status.lower()}:{told.hidden(str(until), mids)}"
    if told.is_ours:
        return Event(key=key, order_by=told.who.value, at=told.at, left_alone="the company read it", who=told.who)
    if until is None and not mids:
        raise BadPayload(f"{told.place} names neither a watermark nor a message")
    place: dict[str, Any] = {"channel": told.spot.channel, "account": told.spot.account}
    records: list[HandedOver] = [
        Progress(**place, external_id=mid, status=status, at=told.at, who=told.who) for mid in dict.fromkeys(mids)
    ]
    if until is not None:
        records.append(Watermark(**place, who=told.who, talk=told.who.value, status=status, until=until, at=told.at))
    return told.event(key, *records)


def _referral(told: _Told) -> Event:
    referral = shaped(Referral, told.body, told.place)
    return told.event(f"referral:{told.hidden(referral.ref, referral.ad_id)}", *introduced(told, referral))


def _optin(told: _Told) -> Event:
    word = shaped(OptIn, told.body, told.place)
    key = f"optin:{told.hidden(word.type, word.ref, word.notification_messages_status)}"
    person, talk = introduced(told, Referral(ref=word.ref) if word.ref else None)
    if word.type != _MARKETING:
        return told.event(key, person, talk)
    return told.event(key, person, Say(who=told.who, purpose=PURPOSE, status=_chosen(told, word), at=told.at))


def _chosen(told: _Told, word: OptIn) -> str:
    """What the person chose: Meta's pages write its word with a blank, and with a line; who first agrees has none."""
    if word.notification_messages_status is None:
        return "GRANTED"
    plain = " ".join(word.notification_messages_status.casefold().replace("_", " ").replace("-", " ").split())
    if plain not in _CHOICES:
        raise BadPayload(f"{told.place}.notification_messages_status is none of the values that are known")
    return _CHOICES[plain]


_READERS: Final[Mapping[str, Callable[[_Told], Event]]] = {
    "message": _message,
    "message_edit": _edit,
    "postback": _postback,
    "reaction": _reaction,
    "messaging_feedback": _feedback,
    "read": _read,
    "delivery": _delivery,
    "optin": _optin,
    "referral": _referral,
}
