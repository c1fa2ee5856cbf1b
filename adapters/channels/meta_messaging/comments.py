"""What does a comment or a mention on Instagram mean in the house's records?

What somebody writes under a post is a conversation of its own beside the one of their messages: it is read here, and
answered where it stands.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from adapters.channels.meta_messaging.messages import Spot
from adapters.channels.meta_messaging.shapes import Comment
from adapters.channels.meta_parts import left_alone
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Person, Talk, Utterance
from adapters.payload import shaped

_PREFIX: Final = "comments/"


def is_of_comments(talk: str | None) -> bool:
    """Whether a conversation is one of comments."""
    return talk is not None and talk.startswith(_PREFIX)


def _comment(raw: Any, place: str, spot: Spot) -> Event:
    told = shaped(Comment, raw, place)
    key, sender = f"comment:{told.id}", told.sender
    if sender is None:
        raise BadPayload(f"{place}.from is missing")
    if spot.account in {sender.id, sender.self_ig_scoped_id}:
        return Event(key=key, order_by=spot.account, left_alone="a comment of the company's own")
    if spot.time is None:
        raise BadPayload(f"{place} has no moment: its entry names none")
    who, media = spot.who(sender.id), told.media
    on = (media.id if media else None) or told.parent_id or told.id
    ad = media.ad_id if media else None
    page = f"ad {ad}" if ad else f"post {media.id}" if media and media.id else None
    came_by = {"channel": spot.channel, "page": page, "referrer": "comment"}
    profile = {"username": sender.username} if sender.username else {}
    # Each person's comments on one post.
    talk = f"{_PREFIX}{on}/{who.value}"
    place_of: dict[str, Any] = {"channel": spot.channel, "account": spot.account}
    records = (
        Person(who=who, profile=profile, seen_at=spot.time, entry_point=came_by),
        Talk(
            **place_of,
            external_id=talk,
            who=who,
            started_at=spot.time,
            last_message_at=spot.time,
            subject="Comments",
            entry_point=came_by,
        ),
        Utterance(
            **place_of,
            external_id=told.id,
            talk=talk,
            who=who,
            direction="IN",
            sent_at=spot.time,
            text=told.text or None,
        ),
    )
    return Event(key=key, order_by=who.value, at=spot.time, records=records, who=who)


def _mention(raw: Any, place: str, spot: Spot) -> Event:
    """A mention names a post and a comment; who wrote it would have to be asked for, and stands there where it does."""
    if raw.get("from") is not None:
        return _comment({**raw, "id": raw.get("comment_id", raw.get("id"))}, place, spot)
    return left_alone(raw, "a mention that does not say by whom", spot.account)


READERS: Final[Mapping[str, Callable[[Any, str, Spot], Event]]] = {
    "comments": _comment,
    "live_comments": _comment,
    "mentions": _mention,
}
"""By the field of a change."""
