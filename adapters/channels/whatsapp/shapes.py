"""Which parts of a delivery of WhatsApp's are read, and of which types must they be?

After the reference of webhooks at developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference
(pages messages/*, smb_message_echoes, history, user_preferences; read November 2026) and the samples of pywa.
"""

from typing import Annotated

from pydantic import BeforeValidator, Field

from adapters.moments import UnixSeconds
from adapters.payload import Shape

Moment = UnixSeconds
"""As a text in messages, and as a number in preferences."""
Id = Annotated[str, Field(min_length=1, max_length=512)]
MaybeId = Annotated[Id | None, BeforeValidator(lambda said: None if said == "" else said)]


class Metadata(Shape):
    """Of which of our numbers a change tells."""

    phone_number_id: Id


class Profile(Shape):
    """What somebody shows of themselves."""

    name: str | None = None
    username: str | None = None


class Contact(Shape):
    """Somebody of whom a change tells."""

    profile: Profile | None = None
    wa_id: MaybeId = None
    user_id: MaybeId = None
    parent_user_id: MaybeId = None


class Referral(Shape):
    """The ad or post by which somebody came."""

    source_url: str | None = None
    source_id: str | None = None
    headline: str | None = None


class HistoryContext(Shape):
    """How far a message of the past came."""

    status: str | None = None


class Message(Shape):
    """What all messages have; their body stands beside, under the name of their type."""

    id: Id
    timestamp: Moment
    type: Id
    sender: MaybeId = Field(None, alias="from")
    from_user_id: MaybeId = None
    from_parent_user_id: MaybeId = None
    to: MaybeId = None
    to_user_id: MaybeId = None
    to_parent_user_id: MaybeId = None
    group_id: MaybeId = None
    referral: Referral | None = None
    history_context: HistoryContext | None = None


class Status(Shape):
    """How far a message of ours came; or, where it has a type, a payment or a call that it was about."""

    id: Id
    status: Id
    type: str | None = None
    timestamp: Moment
    recipient_id: MaybeId = None
    recipient_type: str | None = None
    recipient_user_id: MaybeId = None
    parent_recipient_user_id: MaybeId = None
    recipient_participant_id: MaybeId = None
    recipient_participant_user_id: MaybeId = None
    recipient_participant_parent_user_id: MaybeId = None
    biz_opaque_callback_data: str | None = None


class Trouble(Shape):
    """An error that a delivery tells of."""

    code: int
    title: str | None = None


class Preference(Shape):
    """What somebody said about a kind of messages."""

    category: Id
    value: Id
    timestamp: Moment
    wa_id: MaybeId = None
    user_id: MaybeId = None
    parent_user_id: MaybeId = None


class Thread(Shape):
    """The past with one person."""

    id: MaybeId = None
    context: Contact | None = None


class Text(Shape):
    """Body of `text`."""

    body: str


class Media(Shape):
    """Body of image, audio, video, document and sticker."""

    id: Id
    mime_type: str | None = None
    caption: str | None = None
    filename: str | None = None


class Location(Shape):
    """Body of `location`."""

    latitude: float | str
    longitude: float | str
    name: str | None = None
    address: str | None = None


class CardName(Shape):
    """How a contact card calls its person."""

    formatted_name: str | None = None
    first_name: str | None = None


class CardPhone(Shape):
    """A number on a contact card."""

    phone: str | None = None


class Card(Shape):
    """One of the body of `contacts`."""

    name: CardName | None = None
    phones: list[CardPhone] = Field(default_factory=list)


class Choice(Shape):
    """A button or a row that was chosen."""

    title: str
    description: str | None = None


class Form(Shape):
    """A flow that was filled in."""

    response_json: str | None = None
    body: str | None = None


class CallPermission(Shape):
    """What somebody answered when asked whether we may call."""

    response: str


class Interactive(Shape):
    """Body of `interactive`."""

    type: Id
    button_reply: Choice | None = None
    list_reply: Choice | None = None
    nfm_reply: Form | None = None
    call_permission_reply: CallPermission | None = None


class Button(Shape):
    """Body of `button`; what it says may be missing, and stands then in what we gave it to say."""

    text: str | None = None
    payload: str | None = None


class Reaction(Shape):
    """Body of `reaction`; without an emoji where it is taken back."""

    message_id: Id
    emoji: str | None = None


class Line(Shape):
    """A line of a cart."""

    product_retailer_id: str | None = None
    quantity: int | str
    item_price: int | float | str | None = None
    currency: str | None = None


class Cart(Shape):
    """Body of `order`."""

    text: str | None = None
    product_items: list[Line] = Field(default_factory=list)


class System(Shape):
    """Body of `system`."""

    type: Id
    wa_id: MaybeId = None
    new_wa_id: MaybeId = None
    user_id: MaybeId = None
    parent_user_id: MaybeId = None
    previous_user_id: MaybeId = None
    previous_parent_user_id: MaybeId = None


class Original(Shape):
    """Body of `edit` and `revoke`: which message it is about."""

    original_message_id: Id


class Unsupported(Shape):
    """Body of `unsupported`, where it has one."""

    type: str | None = None
