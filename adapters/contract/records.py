"""What does the outside hand over: plain records, whichever channel, file or delivery they came from?

An adapter reads its vendor's words into these; `resolvers/ingest/` gives them their meaning. Moments carry a time
zone, money is exact, and whatever the source did not say is None. How much of each is kept, `bounds.py` says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from adapters.contract.company import Class, Colleague, Effort, Place, Team
from adapters.quiet import quiet


# These are tuples, for there are several of each in every record, and people are looked up by them.
@quiet
class Who(NamedTuple):
    """A person as one channel knows them: channel, our account there, and the person's id on it."""

    channel: str
    account: str
    value: str


@quiet
class Amount(NamedTuple):
    """An exact amount of one currency (ISO 4217)."""

    amount: Decimal
    currency: str


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A way to reach a person: type PHONE, EMAIL or POSTAL, as one line, and for addresses in parts."""

    type: str
    value: str
    postal: Mapping[str, str | None] | None = None
    is_primary: bool = False
    is_verified: bool = False


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What a source says of one person."""

    who: Who
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """Values of the customer schema by attribute name: `firstName` and `lastName`, of which the customer's name is
    made, `phoneNumber`, and whatever the company defined (`addAttributeDefinition`). One of another name is not taken.
    """
    reaches: tuple[Reach, ...] = ()
    tags: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    """Labels by name; they must be defined."""
    custom_data: Mapping[str, str] = field(default_factory=dict)
    profile: Mapping[str, str | None] = field(default_factory=dict)
    """What the channel shows beside the identity: name, username, picture_url, gender, locale, time_zone. The name of
    the customer is not made of it."""
    assigned_agent: str | None = None
    """The agent's subject."""
    entry_point: Mapping[str, str | None] | None = None
    """channel, page, referrer."""
    created_at: datetime | None = None
    seen_at: datetime | None = None
    also: tuple[Who, ...] = ()
    """Other identities that the source says are the same person's.

    It proves those of its own channel; those of others are taken on its word where nobody has them yet.
    """
    is_asserted: bool = False
    """Whether `who` is only what somebody says of themselves, as the From of a mail that nobody has checked.

    An identity that is new stays ASSERTED then, with whatever else comes by it, until the channel proves who it is: it
    hands over the same person without this.
    """


@quiet
class Item(NamedTuple):
    """One line of an order. Nothing sold is no line, and goods that come back are no sale: `quantity` is 1 or more."""

    line: str
    """What makes the line one within its order: the shop's line number or id, else its position, from 1; none twice."""
    title: str
    quantity: int
    total: Amount
    unit_price: Amount | None = None
    sku: str | None = None
    product: str | None = None
    """The product's id in the same shop."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A parcel on its way."""

    company: str | None = None
    number: str | None = None
    url: str | None = None
    status: str | None = None


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order in a shop. Its channel and account are those of `who`."""

    external_id: str
    who: Who
    placed_at: datetime
    items: tuple[Item, ...]
    number: str | None = None
    status: str = "PLACED"
    """PLACED: ordered, and not known to be paid. PAID: paid, and the shop has something to do yet, as while goods are
    packed or ready for collection. FULFILLED: sent or handed over. CANCELLED: called off. REFUNDED: paid back."""
    total: Amount | None = None
    """None: the sum of the items, which then share one currency."""
    parcels: tuple[Parcel, ...] = ()
    updated_at: datetime | None = None
    """When the source last changed it: of two words the later stands. None: as of the answer or event that says it."""
    key: str | None = None
    """The word that we gave the shop when we placed it (`NewOrder.key`), where the shop gives it back."""
    custom_data: Mapping[str, str] | None = None
    """What was noted on it by a name: an engraving, a wish, a word to the shop. None: the source does not say."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A product as a shop lists it."""

    channel: str
    account: str
    external_id: str
    name: str
    sku: str | None = None
    category: str | None = None
    description: str | None = None
    price: Amount | None = None
    image_url: str | None = None


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A ticket on a desk."""

    channel: str
    account: str
    external_id: str
    who: Who
    number: str
    subject: str | None
    status: str
    """NEW, OPEN, PENDING, ON_HOLD, SOLVED or CLOSED."""
    created_at: datetime
    updated_at: datetime
    agent: str | None = None
    """The agent's subject."""
    campaign: str | None = None
    """The campaign's name."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A conversation."""

    channel: str
    account: str
    external_id: str
    who: Who
    started_at: datetime
    last_message_at: datetime
    status: str | None = None
    """OPEN, FOLLOW_UP or RESOLVED, which holds until the person writes again. None: the channel does not say, and it
    stands as was last said of it."""
    subject: str | None = None
    agent: str | None = None
    entry_point: Mapping[str, str | None] | None = None
    resolved_at: datetime | None = None
    updated_at: datetime | None = None
    """When the source last changed it: of two words on one conversation the later stands."""
    is_silent: bool = False
    """Whether nobody has written in it yet: then nobody was heard of by it."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A message of a conversation."""

    channel: str
    account: str
    external_id: str
    talk: str
    """The conversation's id on the same channel account."""
    who: Who
    direction: str
    """IN, from the customer, or OUT."""
    sent_at: datetime
    text: str | None
    status: str = "RECEIVED"
    """RECEIVED; of what went OUT: QUEUED, SENT, DELIVERED, READ, FAILED or UNKNOWN."""
    author_name: str | None = None
    """The agent's, of what went OUT, or of whoever else wrote it; that of a customer is not kept here."""
    is_by_other: bool = False
    """Whether it is IN, and yet no word of the person's own: somebody in copy wrote it, and `who` was not heard of."""
    is_unproven: bool = False
    """Whether it is IN, and nobody proves that the person wrote it: a mail for whose sender no server vouches."""
    key: str | None = None
    """The word that we gave the vendor when we sent it (`Outgoing.key`), where the vendor gives it back."""
    is_echo: bool = False
    """Whether the vendor says that this very account's sending made it, and gives no key back: of a message whose
    outcome is unknown, and that says the same in the conversation, it tells that it went out."""
    updated_at: datetime | None = None
    """When the text was last changed by its author: of two texts of one message the later stands."""
    edition: int | None = None
    """Of two texts that were changed at one moment the one of the greater number stands, 0 or more: what the channel
    counts its own news by, where its clock is too coarse to tell them apart. None: less than any number."""
    is_final: bool = False
    """Whether nobody can change a message on the channel, as a mail: other words by its id are no edit. They are not
    taken, and their delivery is set aside; a copy with a list's footer is the message that stands already."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """Something that a person is drawn to."""

    who: Who
    taxonomy: str
    topic: str
    """The place's id in the taxonomy."""
    score: float
    observed_at: datetime
    triggered_at: datetime | None = None


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A note of an agent."""

    external_id: str
    who: Who
    text: str
    created_at: datetime
    author: str | None = None
    """The agent\'s subject."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is known of a file that came with a message or ticket."""

    channel: str
    account: str
    external_id: str
    who: Who
    of: str
    """The message's or ticket's id on the same channel account."""
    of_kind: str
    """`message` or `ticket`."""
    name: str
    media_type: str
    size_bytes: int | None
    """None where the source does not say."""
    created_at: datetime
    url: str | None = None
    """Where everybody who knows the address finds it, for good; None for what the channel alone gives out."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a message came, as the channel says; told before the message itself at times."""

    channel: str
    account: str
    external_id: str
    """The message's."""
    status: str
    """SENT, DELIVERED, READ or FAILED."""
    at: datetime
    who: Who | None = None
    """To whom it went, where the channel says so."""
    reason: str | None = None
    """Why it failed: the vendor's code and title, never a personal value."""
    key: str | None = None
    """The word that we gave the vendor when we sent it, where the vendor gives it back."""
    talk: str | None = None
    """The id of the conversation that began with the message sent by that key, where the vendor has named it."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """How far a person has come in what the company wrote to them, where the channel names a moment and no message."""

    channel: str
    account: str
    who: Who
    talk: str
    """The conversation's id on the channel account."""
    status: str
    """DELIVERED or READ: so is all that was sent in the conversation until then."""
    until: datetime
    """By the channel's clock; what was sent at that very moment, too."""
    at: datetime
    """When the channel said so."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """An author took a message back: its text and files are dropped, and stay so whatever comes later."""

    channel: str
    account: str
    external_id: str
    """The message's."""
    at: datetime
    who: Who | None = None
    """Whose message it is; another's stays as it is. None: it is the vendor's own word, whoever wrote it."""
    direction: str = "IN"
    """OUT: it is one of the company's to that person."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """What a person said about being written to, or about another purpose."""

    who: Who
    purpose: str
    status: str
    """GRANTED, DENIED or WITHDRAWN."""
    at: datetime
    means: str = "MESSAGE"
    """MESSAGE, FLOW, AGENT, IMPORT or FORM."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Renaming:
    """A person's id on a channel account became another one."""

    was: Who
    who: Who
    """On the same channel account."""
    at: datetime


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Something is gone at its source, and goes here, too."""

    channel: str
    account: str
    kind: str
    """`ticket`, `order`, `message` or `conversation`."""
    external_id: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """A person was deleted at the channel, or asked there to be: `customers/redact`, a data deletion callback.

    No machine erases anybody here on a channel's word. While anything is known of the person, the delivery that says so
    stands aside, named for the customer: it goes when an administrator has erased them.
    """

    who: Who
    at: datetime
    """When the person was deleted there, or asked to be."""


OfCompany = Listing | Place | Colleague | Team | Effort | Class
ToldOf = Progress | Watermark | Withdrawal | Say | Renaming | Removal | Departure
HandedOver = Person | Order | Case | Talk | Utterance | Leaning | Remark | File | OfCompany | ToldOf
"""Everything that the outside hands over."""
