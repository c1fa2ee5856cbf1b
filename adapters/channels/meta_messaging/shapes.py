"""Which parts of a delivery of Messenger's or Instagram's are read, and of which types must they be?

After the pages messenger-platform/reference/webhook-events and instagram-platform/webhooks at developers.facebook.com
(read November 2026) and the samples of open source clients.
"""

import contextlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from adapters.payload import Shape

_EARLIEST: Final = datetime(2009, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
_MOST_DIGITS: Final = 16
_LATEST_S: Final = int(_LATEST.timestamp())
_MS: Final = 1000


def _moment(said: Any) -> datetime:
    """Milliseconds in messages, seconds in comments, and ISO 8601 in answers and in old samples."""
    found: datetime | None = None
    with contextlib.suppress(ValueError, OverflowError):
        if isinstance(said, str):
            is_count = said.isascii() and said.isdecimal() and len(said) <= _MOST_DIGITS
            found = _counted(int(said)) if is_count else datetime.fromisoformat(said)
        elif isinstance(said, int | float) and not isinstance(said, bool):
            found = _counted(said)
    if found is None or found.utcoffset() is None or not _EARLIEST <= found < _LATEST:
        raise PydanticCustomError("no_moment", "no moment")
    return found.astimezone(UTC)


def _counted(said: float) -> datetime:
    return datetime.fromtimestamp(said if abs(said) < _LATEST_S else said / _MS, UTC)


def _id(said: Any) -> Any:
    """Ids are words; some are written as numbers."""
    return str(said) if isinstance(said, int) and not isinstance(said, bool) and abs(said) < 10**_LONGEST_ID else said


_LONGEST_ID: Final = 512
UNTYPED: Final = "attachment"
"""What an attachment is told as that says of no type."""
Moment = Annotated[datetime, BeforeValidator(_moment)]
MaybeMoment = Annotated[Moment | None, BeforeValidator(lambda said: None if said == 0 else said)]
Id = Annotated[str, Field(min_length=1, max_length=_LONGEST_ID), BeforeValidator(_id)]
MaybeId = Annotated[Id | None, BeforeValidator(lambda said: None if said == "" else said)]


THREAD: Final = re.compile(r"\A[A-Za-z0-9_=+:-]{1,512}\Z")
"""How ids of conversations are written, which stand in addresses."""


class Party(Shape):
    """A side of a conversation."""

    id: MaybeId = None


class Frame(Shape):
    """What all parts of `messaging` have; what happened stands beside, under the name of its kind."""

    sender: Party | None = None
    recipient: Party | None = None
    timestamp: Moment | None = None


class Story(Shape):
    """A story that was answered; what it is stands at its address, for a day."""


class ReplyTo(Shape):
    """To what a message is an answer."""

    story: Story | None = None


class ProductOf(Shape):
    """A product that a message is about."""

    id: MaybeId = None


class Referral(Shape):
    """How somebody came: by a link with a word of ours, an advertisement, a plugin on a page, or a product."""

    ref: str | None = None
    source: str | None = None
    ad_id: MaybeId = None
    referer_uri: str | None = None
    product: ProductOf | None = None


class QuickReply(Shape):
    """An answer that was offered, and chosen."""

    payload: str | None = None


def _kind(said: Any) -> Any:
    known = _id(said)
    return known if isinstance(known, str) and 0 < len(known) <= _LONGEST_ID else UNTYPED


def _maybe_text(said: Any) -> Any:
    return said if isinstance(said, str) else None


def _maybe_object(said: Any) -> Any:
    return said if isinstance(said, dict) else None


class Attachment(Shape):
    """A file, a card, or something shared. Whatever is odd of it spoils none of the words beside it."""

    type: Annotated[str, BeforeValidator(_kind)] = UNTYPED
    title: Annotated[str | None, BeforeValidator(_maybe_text)] = None
    url: Annotated[str | None, BeforeValidator(_maybe_text)] = None
    payload: Annotated[dict[str, Any] | None, BeforeValidator(_maybe_object)] = None


def _attachments(said: Any) -> Any:
    return [_maybe_object(one) or {} for one in said] if isinstance(said, list) else said


class Message(Shape):
    """Body of `message`."""

    mid: Id
    text: str | None = None
    attachments: Annotated[list[Attachment] | None, BeforeValidator(_attachments)] = None
    quick_reply: QuickReply | None = None
    reply_to: ReplyTo | None = None
    referral: Referral | None = None
    is_echo: bool | None = None
    is_deleted: bool | None = None
    is_unsupported: bool | None = None
    app_id: MaybeId = None
    metadata: str | None = None


class Edit(Shape):
    """Body of `message_edit`."""

    mid: Id
    text: str | None = None
    num_edit: int | str | None = None


class Postback(Shape):
    """Body of `postback`: a button that was pressed."""

    mid: MaybeId = None
    title: str | None = None
    payload: str | None = None
    referral: Referral | None = None


class Reaction(Shape):
    """Body of `reaction`."""

    mid: Id
    action: str | None = None
    emoji: str | None = None
    reaction: str | None = None


class Read(Shape):
    """Body of `read`: until when on Messenger, which message on Instagram."""

    watermark: MaybeMoment = None
    mid: MaybeId = None


class Arrived(Shape):
    """Body of `delivery`."""

    watermark: MaybeMoment = None
    mids: list[Id] | None = None


class OptIn(Shape):
    """Body of `optin`. The tokens that come with it are secrets, and left out."""

    type: str | None = None
    ref: str | None = None
    notification_messages_status: str | None = None


class Followed(Shape):
    """What somebody wrote beside an answer to a survey."""

    payload: str | None = None


class Question(Shape):
    """An answer to a survey: a score, or free words."""

    type: str | None = None
    payload: str | int | None = None
    follow_up: Followed | None = None


class Screen(Shape):
    """A page of a survey, with its answers by the ids of the questions."""

    questions: dict[str, Question]


class Feedback(Shape):
    """Body of `messaging_feedback`: a survey that was filled in (Customer Feedback Template)."""

    feedback_screens: list[Screen]


class Commenter(Shape):
    """Who wrote a comment."""

    id: Id
    username: str | None = None
    self_ig_scoped_id: MaybeId = None


class Medium(Shape):
    """On what somebody commented."""

    id: MaybeId = None
    ad_id: MaybeId = None


class Comment(Shape):
    """The value of a change that tells of a comment."""

    id: Id
    text: str | None = None
    sender: Commenter | None = Field(None, alias="from")
    media: Medium | None = None
    parent_id: MaybeId = None


class Person(Shape):
    """A profile. Whatever a person or our app's rights keep back is missing, all of it at times."""

    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    username: str | None = None
    profile_pic: str | None = None
    gender: str | None = None
    locale: str | None = None
    timezone: int | float | str | None = None
    is_verified_user: bool | None = None
    follower_count: int | None = None
    is_user_follow_business: bool | None = None
    is_business_follow_user: bool | None = None


class Cursors(Shape):
    """Where a list goes on."""

    after: str | None = None


class Paging(Shape):
    """Whether and where a list goes on: its last page has a cursor, too, and no `next`."""

    cursors: Cursors | None = None
    next: str | None = None


class Listed(Shape):
    """A page of a list."""

    data: list[Any]
    paging: Paging | None = None


class Thread(Shape):
    """A conversation."""

    id: Annotated[str, Field(pattern=THREAD)]


class Threaded(Shape):
    """A conversation with a page of its messages."""

    messages: Listed | None = None


class Spoken(Shape):
    """A message of a conversation, as far as Meta still shows it: of older ones nothing but id and moment."""

    id: Id
    created_time: Moment
    sender: Party | None = Field(None, alias="from")
    message: str | None = None
    sticker: str | None = None
    attachments: Listed | None = None


class Kept(Shape):
    """A file of a message that was asked for."""

    name: str | None = None
    mime_type: str | None = None


class Picture(Shape):
    """Where a picture or a film stands."""

    url: str | None = None


class HeldFile(Shape):
    """A file of a message that is asked for by its id."""

    file_url: str | None = None
    image_data: Picture | None = None
    video_data: Picture | None = None


class Mention(Shape):
    """A story in which somebody mentioned us."""

    link: str | None = None


class HeldStory(Shape):
    """A story that a message is about."""

    mention: Mention | None = None


class Held(Shape):
    """What a message holds beside its words."""

    attachments: Listed | None = None
    sticker: str | None = None
    story: HeldStory | None = None
