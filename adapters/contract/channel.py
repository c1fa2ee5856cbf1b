"""What may a channel offer? A class that inherits Channel, and any of the small protocols below.

A channel object stands for one channel account and lives as long as the process. It keeps no state of its own but its
settings and its way out: what must outlive a moment is kept by the house.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from adapters.contract.deliveries import Answer, Delivery, Event
from adapters.contract.found import Found, Portion
from adapters.contract.manners import Manners
from adapters.contract.records import Amount, Item, Who
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, Sent
from adapters.contract.way import Way
from adapters.quiet import quiet


@quiet
class ChannelSettings(BaseModel):
    """What a channel account needs, declared beside its adapter: each field described, secrets as SecretStr.

    Addresses are `VendorHost` or `WebAddress` (adapters/contract/addresses.py). A field with a `pattern` has
    `examples`, of which whoever wrote another value is told the first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    def other_accounts(self) -> Collection[str]:
        """Whose deliveries come to this account's address, too: each needs an entry of its own.

        Nobody's, unless an adapter says more. What comes for an account without an entry would make customers whom
        nobody can answer.
        """
        return ()


@runtime_checkable
class KnowsPeople(Protocol):
    """Capability PROFILE: who somebody is."""

    async def person(self, who: Who) -> Found:
        """One Person at most, and Say of theirs. Raises NoSuchIdentity where the channel knows nobody by that id."""


@runtime_checkable
class KnowsPasts(Protocol):
    """Capability HISTORY: conversations and messages, newest first where the channel can."""

    async def past(self, who: Who, portion: Portion) -> Found:
        """Talk, Utterance and File of the person."""


@runtime_checkable
class KnowsTickets(Protocol):
    """Capability TICKETS."""

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """Case and File of the person, newest first where the channel can."""


@runtime_checkable
class KnowsPurchases(Protocol):
    """Capability PURCHASES."""

    async def purchases(self, who: Who, portion: Portion) -> Found:
        """Order and Listing of the person, newest first where the channel can."""


@runtime_checkable
class KnowsInterests(Protocol):
    """Capability INTERESTS."""

    async def interests(self, who: Who, portion: Portion) -> Found:
        """Leaning and Place of the person."""


@runtime_checkable
class KnowsProducts(Protocol):
    """Capability PRODUCTS: what a shop sells, to be shown to customers."""

    async def products(self, words: str, portion: Portion) -> Found:
        """Listings that fit the words, the best first where the shop can tell; `words` may hold anything."""


@runtime_checkable
class KnowsMany(Protocol):
    """A channel that answers for several people in one call; beside the protocols above, never instead of them."""

    many_at_once: ClassVar[int]
    """For how many people one call asks at most."""

    async def of_many(self, capability: "Capability", people: Sequence[Who]) -> Mapping[Who, Found]:
        """What there is of each person, the first portion of it; who is absent is not known by the channel."""


@runtime_checkable
class KnowsEverything(Protocol):
    """A channel that gives out what it has of everybody, to be kept here; beside the protocols above."""

    async def portion_of_all(self, cursor: str | None) -> Found:
        """The records behind a `Found.after` of this very call, the earliest changed first; from the start for None.

        A record that changed meanwhile is given again later. At the end `after` is None.
        """


@runtime_checkable
class Sends(Protocol):
    """Capability SEND."""

    is_repeatable: ClassVar[bool]
    """Whether the vendor takes `Outgoing.key` for an idempotency key: handed over twice, a message goes out once.

    The house hands a message over again for 24 hours at most: True where the vendor remembers a key for that long.
    """
    begins_once_for: ClassVar[timedelta | None]
    """For how long the vendor does so where a message begins a conversation, if it does not for others; None: never."""
    longest_text: ClassVar[int | None]
    """How many characters of free words the vendor takes in one message; None: no such bound is known."""

    def talk_with(self, who: Who) -> str | None:
        """The id of the conversation in which a message to the person stands; None where only the vendor gives one.

        Then a message without `Outgoing.conversation` begins one, whose id `Sent.conversation` tells.
        """

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Returns where the vendor lets this be said to the person now, as far as that is known without asking.

        Raises WindowClosed where only other words are allowed, and ChannelRefused where none are.
        """

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands a message to the vendor once, and never again by itself; it has 4 seconds, whatever `manners` say.

        Raises ChannelRefused or ChannelBusy where it certainly went out to nobody; where nobody can know, it answers
        an outcome that is unknown. `ChannelRefused.is_of_account` has the message wait until people have mended the
        account; `ChannelBusy.is_of_person` has no other person's wait.
        """


@runtime_checkable
class Receives(Protocol):
    """Capability WEBHOOK. All four only compute: they ask nobody and change nothing."""

    def handshake(self, delivery: Delivery) -> Answer | None:
        """The answer to a vendor that checks whether the address is ours; None for every other request."""

    def prove(self, delivery: Delivery) -> None:
        """Returns where the delivery is the vendor's, by a signature on its raw bytes; raises NotProven else."""

    def delivery_key(self, delivery: Delivery) -> str | None:
        """The vendor's own id of the delivery, by which a repeated one is known; None where it gives none."""

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """What happened, in the order told. Raises BadPayload where nothing of it can be read."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What was fetched of what waits at the vendor."""

    deliveries: tuple[Delivery, ...] = field(default=(), repr=False)
    """In their order; of the method COLLECTED."""
    cursor: str = field(repr=False)
    """Where to go on: handed over again once these are kept for certain, and only then."""
    is_more: bool = False
    """Whether more waits there."""


@runtime_checkable
class Collects(Protocol):
    """A channel whose vendor delivers nothing by itself: what waits there is fetched, and read by `Receives.events`."""

    def collects(self) -> bool:
        """Whether there is something to look into, as the account's settings say."""

    async def collect(self, cursor: str | None) -> Collected:
        """What came behind a `Collected.cursor`; where to begin, the settings say. It has 25 seconds.

        What is fetched may be fetched again: it is one by its `delivery_key`. What the cursor leads behind is kept, so
        that it may be marked there as read. Raises ChannelError.
        """


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """An order that an agent places for a customer."""

    who: Who = field(repr=False)
    key: str
    """Ours, opaque, one per order: handed to the shop, so that the order is known by it when the shop tells of it."""
    items: tuple[Item, ...] = field(repr=False)
    """One or more, all in one currency."""
    note: str | None = field(default=None, repr=False)


@runtime_checkable
class TakesOrders(Protocol):
    """Capability ORDER."""

    is_order_repeatable: ClassVar[bool]
    """Whether the shop takes `NewOrder.key` for an idempotency key: asked twice with one, it has one order."""

    async def place_order(self, order: NewOrder) -> Found:
        """One Order, as the shop has it now; asks once, and never again by itself.

        Raises ChannelRefused, ChannelBusy or ChannelDown where it certainly was not placed, OutcomeUnknown where
        nobody can know, and BadPayload where the shop's yes cannot be read.
        """


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """Money that a customer is asked for."""

    who: Who = field(repr=False)
    key: str
    """Ours, opaque, one per request."""
    amount: Amount = field(repr=False)
    words: str = field(repr=False)
    """What the customer is told that it is for."""
    order: str | None = None
    """The order's id on the same channel account."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentAsked:
    """Where the customer pays."""

    external_id: str
    url: str = field(repr=False)
    """A page on the web. Whoever has it can pay, and may read for what."""
    expires_at: datetime | None = None


@runtime_checkable
class AsksPayments(Protocol):
    """Capability PAYMENT."""

    is_payment_repeatable: ClassVar[bool]
    """Whether the vendor takes `PaymentRequest.key` for an idempotency key: asked twice with one, it has one page."""

    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        """A page of the vendor's on which the customer pays; asks once, and raises as `place_order` does."""


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class WantedFile:
    """A file of which the channel has told (`File`), by the ids that it gave."""

    external_id: str
    of: str
    """The message's or ticket's id."""
    of_kind: str
    """`message` or `ticket`."""


@runtime_checkable
class GivesFiles(Protocol):
    """Capability FILES: the files that came with messages and tickets."""

    async def file(self, wanted: WantedFile) -> Reply:
        """The good answer whose body the file is, of at most `LARGEST_FILE` bytes.

        Raises NoSuchIdentity where the vendor has it no more, and BadPayload for another file than was told of.
        """


LARGEST_FILE: Final = 32 * 1024 * 1024
"""How many bytes of a file are fetched at most: it is held in memory until it is handed on."""


class Capability(StrEnum):
    """What a channel offers, as clients read it."""

    PROFILE = "PROFILE"
    HISTORY = "HISTORY"
    TICKETS = "TICKETS"
    PURCHASES = "PURCHASES"
    INTERESTS = "INTERESTS"
    PRODUCTS = "PRODUCTS"
    SEND = "SEND"
    WEBHOOK = "WEBHOOK"
    ORDER = "ORDER"
    PAYMENT = "PAYMENT"
    FILES = "FILES"


PROTOCOLS: Final[Mapping[Capability, type]] = {
    Capability.PROFILE: KnowsPeople,
    Capability.HISTORY: KnowsPasts,
    Capability.TICKETS: KnowsTickets,
    Capability.PURCHASES: KnowsPurchases,
    Capability.INTERESTS: KnowsInterests,
    Capability.PRODUCTS: KnowsProducts,
    Capability.SEND: Sends,
    Capability.WEBHOOK: Receives,
    Capability.ORDER: TakesOrders,
    Capability.PAYMENT: AsksPayments,
    Capability.FILES: GivesFiles,
}
"""What a channel implements to offer each capability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """What a channel is handed when it is made."""

    way: Way
    """The one way out, bounded and watched for this channel account."""
    default_region: str | None = None
    """The country (ISO 3166) by which phone numbers without a country code are read."""


class Channel:
    """One account of the company's on one channel. Adapters inherit it and add protocols."""

    name: ClassVar[str]
    """The channel's name, as `whatsapp`: small letters, digits, hyphens and underscores."""
    Settings: ClassVar[type[ChannelSettings]]
    manners: ClassVar[Manners] = Manners()
    """How the vendor wants to be called, and how it says that something went wrong."""
    many_for: ClassVar[frozenset[Capability]] = frozenset(Capability)
    """For which capabilities `of_many`, where there is one, takes a single call; others cost one for each person."""
    begins_once_for: ClassVar[timedelta | None] = None
    longest_text: ClassVar[int | None] = None
    """These two as Sends says it."""
    has_vendor: ClassVar[bool] = True
    """Whether anybody outside is asked; without one, what it sends is delivered by being kept here."""
    is_proven_by_headers: bool = False
    """Whether `handshake` and `prove` look at no body: then they are asked before it is read, and once more behind."""

    def __init__(self, account: str, settings: Any, equipment: Equipment) -> None:
        self.account = account
        self.settings = settings
        self.way = equipment.way
        self.equipment = equipment

    @classmethod
    def manners_for(cls, settings: Any) -> Manners:
        """How the vendor of an account with these settings is called; the class's own, unless an adapter says more."""
        del settings
        return cls.manners

    def accounts(self) -> tuple[str, ...]:
        """Of which of our accounts its deliveries may tell: its own, unless an adapter says more."""
        return (self.account,)

    def asked_by(self) -> tuple[str, ...]:
        """By identities of which channels people may be asked for: its own, unless an adapter says more.

        A CRM may find people by `email` or `phone`, too: then it takes a Who of that channel, and its records say
        under which id of its own it knows the person. It is asked so for customers who have a verified identity of
        that channel; an address among their contact points is not enough. Before `linkIdentity` takes such identities
        an administrator names their channel account (`addChannelAccount`). A new one counts at once.
        """
        return (self.name,)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name}/{self.account}>"

    def capabilities(self) -> tuple[Capability, ...]:
        """What this account offers; an adapter whose settings decide it says so itself."""
        return tuple(one for one, protocol in PROTOCOLS.items() if isinstance(self, protocol))
