"""What do conversations and messages from outside mean in storage, in whichever order they are told of?

A message is known by what was ever said of it: its words, how far it came, whether its author took it back. Each of
these is joined by a rule that gives the same in any order and however often it is told.
"""

from datetime import datetime
from typing import Any, Final

from adapters.contract.bounds import EDITION, LONGEST_TEXT
from adapters.contract.records import Progress, Talk, Utterance
from adapters.records import CAME_BY, Document, RecordId, derived_id
from resolvers.conversations import (
    BY_OTHER,
    CONVERSATIONS,
    HEARD_AT,
    MESSAGES,
    SAID,
    UNPROVEN,
    ConversationStatus,
    MessageDirection,
    MessageStatus,
)
from resolvers.ingest.company import Company
from resolvers.ingest.fields import dated, is_older, maybe, one_of, place_of
from resolvers.ingest.parts import entry_point_document
from resolvers.ingest.report import NotTaken, bounded, require_text, stored_moment, whole_number
from resolvers.ingest.turns import until

REACHED: Final = ("UNKNOWN", "QUEUED", "SENT", "FAILED", "DELIVERED", "READ", "RECEIVED")
"""How far a message came, the least first: a status only climbs. Whatever a vendor says is more than not to know. What
was sent may fail yet; what has reached the customer has not failed, whoever says so later. What came in came in."""

REACHED_UNTIL: Final = "reached_until"
"""The field of a conversation that says until when all that was sent in it is DELIVERED, and until when READ."""
CLAIMS: Final = "taken_back_by"
"""The field of a stand-in that says who has taken the message back, as long as nobody knows whose it is."""
MOST_CLAIMS: Final = 8
"""One person says so, by one id or another; nothing inside one document grows without bound."""

_TOLD = frozenset({"SENT", "DELIVERED", "READ", "FAILED"})
_FAILURE = ("failed_at", "failure_reason")
_STATE = ("status", *_FAILURE, "withdrawn_at", CLAIMS)
# Between the parts of the id of a message that we sent stands this word, so that no vendor's id is ever the same.
_SENT = "sent by key"
_SINCE = "of one who has the id since"


def conversation_id(channel: str, account: str, external_id: str, since: datetime | None = None) -> RecordId:
    """The id of a conversation, stored or not.

    `since`: that of whoever has an id since then that was somebody else's before, and may name the conversation.
    """
    if since is not None:
        return derived_id(CONVERSATIONS.name, _SINCE, channel, account, external_id, since.isoformat())
    return CONVERSATIONS.id_of({"channel": channel, "account": account, "external_id": external_id})


def message_id(channel: str, account: str, external_id: str) -> RecordId:
    """The id of a message that the channel named, stored or not."""
    return MESSAGES.id_of({"channel": channel, "account": account, "external_id": external_id})


def sent_message_id(channel: str, account: str, key: str) -> RecordId:
    """The id of a message that we sent under that key (`Outgoing.key`), for ever: before the channel named it, too.

    Whoever sends stores the message under it first, and hands over a Progress with the key and the channel's id as soon
    as that is known. From then on what the channel says by its id alone is found, too.
    """
    return derived_id(MESSAGES.name, _SENT, channel, account, key)


def begun_conversation_id(channel: str, account: str, key: str) -> RecordId:
    """The id of a conversation that begins with the message of that key, as long as its channel has not named it."""
    return derived_id(CONVERSATIONS.name, _SENT, channel, account, key)


def conversation(one: Talk, company: Company) -> dict[str, Any]:
    """The conversation as it is stored; raises NotTaken."""
    said = _said_by(one)
    return {
        **place_of(one),
        "subject": bounded(one.subject, "subject"),
        "status": said["status"] if said else ConversationStatus.OPEN.value,
        "entry_point": entry_point_document(one.entry_point) if one.entry_point else None,
        "started_at": stored_moment(one.started_at, "started_at"),
        "last_message_at": stored_moment(one.last_message_at, "last_message_at"),
        "resolved_at": maybe(one.resolved_at, "resolved_at"),
        "assigned_agent_id": company.agent(one.agent) if one.agent else None,
        **dated(one.updated_at),
        **({SAID: said} if said else {}),
    }


def _said_by(one: Talk) -> dict[str, Any] | None:
    """What its channel says of where the conversation stands, and of when that is; None where it says nothing."""
    if one.status is None:
        return None
    status, at = one_of(ConversationStatus, one.status, "status"), one.updated_at or one.resolved_at
    return {
        "status": status,
        "at": stored_moment(at or one.last_message_at, "status"),
        "resolved_at": maybe(one.resolved_at, "resolved_at"),
        **dated(one.updated_at),
    }


def last_said(talk: Document) -> Document | None:
    """What was last said of where the conversation stands; None where nobody has said anything but that it is open."""
    said: Document | None = talk.get(SAID)
    if said or talk["status"] == ConversationStatus.OPEN.value:
        return said
    # As of one that was kept before it was kept who said so.
    at = talk.get("updated_at") or talk["resolved_at"] or talk["last_message_at"]
    return {"status": talk["status"], "at": at, "resolved_at": talk["resolved_at"], **_dated_as(talk)}


def _dated_as(talk: Document) -> Document:
    return {"updated_at": talk["updated_at"]} if talk.get("updated_at") else {}


def as_it_stands(said: Document | None, heard_at: datetime | None) -> dict[str, Any]:
    """Where a conversation stands: as was last said of it, and open again where the customer has written since."""
    if said is None:
        return {}
    if said["status"] == ConversationStatus.RESOLVED.value and heard_at is not None and heard_at > until(said["at"]):
        return {SAID: said, "status": ConversationStatus.OPEN.value, "resolved_at": None}
    return {SAID: said, "status": said["status"], "resolved_at": said["resolved_at"]}


def longer(old: Document, new: dict[str, Any]) -> dict[str, Any]:
    """The later word on a conversation; messages may have arrived before the conversation was told of."""
    before, now = last_said(old), new.get(SAID)
    said = before if now is None or (before is not None and is_older(now, before)) else now
    return (dict(old) if is_older(new, old) else new) | {
        "started_at": min(old["started_at"], new["started_at"]),
        "last_message_at": max(old["last_message_at"], new["last_message_at"]),
        "entry_point": old["entry_point"] or new["entry_point"],
        **as_it_stands(said, old.get(HEARD_AT)),
    }


def message(one: Utterance, _company: Company) -> dict[str, Any]:
    """The message as it is stored; raises NotTaken."""
    return {
        **place_of(one),
        "conversation_id": conversation_id(one.channel, one.account, require_text(one.talk, "talk")),
        "direction": one_of(MessageDirection, one.direction, "direction"),
        "text": bounded(one.text, "text", LONGEST_TEXT),
        "sent_at": stored_moment(one.sent_at, "sent_at"),
        "status": one_of(MessageStatus, one.status, "status"),
        # That of a customer is a personal value and stands in their own record.
        "author_name": bounded(one.author_name, "author_name") if one.direction == "OUT" else None,
        **_by_other(one),
        **({UNPROVEN: True} if one.is_unproven and one.direction == "IN" else {}),
        **dated(one.updated_at),
        **_edition(one),
    }


def _edition(one: Utterance) -> dict[str, Any]:
    """Which of the texts of one moment it is, where the channel says so."""
    return {} if one.edition is None else {"edition": whole_number(one.edition, "edition", *EDITION)}


def _by_other(one: Utterance) -> dict[str, Any]:
    """That somebody else wrote it, and who; nothing of what the customer or the company wrote."""
    if not one.is_by_other or one.direction != "IN":
        return {}
    return {BY_OTHER: True, "other_author": bounded(one.author_name, "author_name")}


def climbed(old: Document, new: dict[str, Any]) -> dict[str, Any]:
    """The message with the later of both texts, and as far as either says that it came."""
    later = dict(old) if is_older(new, old) or _is_lesser(new, old) else new
    return later | {
        "status": further(old["status"], new["status"]),
        # An echo does not name the agent who wrote.
        "author_name": later["author_name"] or old["author_name"] or new["author_name"],
        "sent_at": _written_at(old, new),
        # Of the same words one copy may have come by a server that vouches for them.
        **({UNPROVEN: old.get(UNPROVEN, False) and new.get(UNPROVEN, False)} if UNPROVEN in {*old, *new} else {}),
    }


def _written_at(old: Document, new: Document) -> datetime:
    """When it was written: as was said first, unless an edit said it, which knows no more than when it was edited."""
    came_edited = old.get("updated_at") is not None and new.get("updated_at") is None
    # Within a second thousandths tell by arrival, and stay.
    is_earlier = new["sent_at"] < old["sent_at"].replace(microsecond=0)
    moment: datetime = new["sent_at"] if came_edited and is_earlier else old["sent_at"]
    return moment


def _is_lesser(new: Document, old: Document) -> bool:
    """Of two texts of one moment one stands, always the same: the later edition, or else the greater text."""
    moment = old.get("updated_at")
    return moment is not None and moment == new.get("updated_at") and _rank(new) < _rank(old)


def _rank(one: Document) -> tuple[int, str]:
    return one.get("edition", -1), one["text"] or ""


def further(one: str, other: str) -> str:
    """The status that says that a message came further."""
    return max(one, other, key=REACHED.index)


def told_of(progress: Progress) -> dict[str, Any]:
    """What is said of how far a message came, as it is stored; raises NotTaken."""
    if progress.status not in _TOLD:
        told = ", ".join(one for one in REACHED if one in _TOLD)
        raise NotTaken(f"`status` is {progress.status[:64]!r}; a message's progress is one of {told}.")
    at = stored_moment(progress.at, "at")
    reason = bounded(progress.reason, "reason")
    why = {"failed_at": at, "failure_reason": reason} if progress.status == "FAILED" and reason else {}
    return {"status": progress.status, **why}


def with_state(message: Document, told: Document) -> dict[str, Any]:
    """What is known of the message, or of one that is not here yet, with what else was said of how it fared.

    Why it failed is kept while it counts as failed, in the words that were said first. Once taken back it has no text,
    and its author took it back when they first did.
    """
    both = [one for one in (message, told) if one.get("status")]
    joined = {name: value for name, value in message.items() if name not in _STATE}
    if both:
        joined["status"] = max((one["status"] for one in both), key=REACHED.index)
    reasons = [(one["failed_at"], one["failure_reason"]) for one in both if one.get("failed_at")]
    if reasons and joined["status"] == "FAILED":
        joined |= zip(_FAILURE, min(reasons), strict=True)
    if withdrawn := [one["withdrawn_at"] for one in (message, told) if one.get("withdrawn_at")]:
        joined["withdrawn_at"] = min(withdrawn)
        if "text" in joined:
            joined["text"] = None
    if claims := [claim for one in (message, told) for claim in one.get(CLAIMS, ())]:
        joined[CLAIMS] = _first_words(claims)
    return joined


def _first_words(claims: list[Document]) -> list[Document]:
    """Of each who has taken it back, when they first did."""
    ranked = sorted(claims, key=lambda one: (one["at"], one["by"], one["direction"]))
    first = {(one["by"], one["direction"]): one for one in reversed(ranked)}
    return sorted(first.values(), key=lambda one: (one["at"], one["by"], one["direction"]))[:MOST_CLAIMS]


def state_of(message: Document) -> dict[str, Any]:
    """What is known of how the message fared, without its words."""
    return {name: message[name] for name in _STATE if message.get(name)}


def last_word_at(message: Document) -> datetime:
    """When anything of the message was last written by its author."""
    moments: list[datetime] = [message["sent_at"], message.get("updated_at") or message["sent_at"]]
    return max(moments)


def heard_by(message: Document) -> dict[str, datetime]:
    """When the customer wrote, where the message is a word of their own."""
    is_own = message["direction"] == MessageDirection.IN.value and not message.get(BY_OTHER)
    return {HEARD_AT: message["sent_at"]} if is_own else {}


def begun_by(message: Document) -> dict[str, Any]:
    """The conversation that a message begins which arrived before it."""
    return {
        "_id": message["conversation_id"],
        "customer_id": message["customer_id"],
        CAME_BY: message[CAME_BY],
        "channel": message["channel"],
        "account": message["account"],
        "subject": None,
        "status": ConversationStatus.OPEN.value,
        "entry_point": None,
        "started_at": message["sent_at"],
        "last_message_at": message["sent_at"],
        "resolved_at": None,
        "assigned_agent_id": None,
        **heard_by(message),
    }
