"""What does a Shopify shop offer?"""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from adapters.channels.shopify import questions
from adapters.channels.shopify.asking import MANNERS, Page, Shop, domain_of
from adapters.channels.shopify.changes import Changes
from adapters.channels.shopify.many import Many
from adapters.channels.shopify.ordering import Counter
from adapters.channels.shopify.orders import Orders, by_address, number_in, quoted, with_address
from adapters.channels.shopify.people import found_person
from adapters.channels.shopify.reading import Reader, no_readings
from adapters.channels.shopify.settings import ShopifySettings
from adapters.channels.shopify.telling import Telling
from adapters.channels.shopify.words import Ware, gid
from adapters.contract.channel import (
    Capability,
    Channel,
    Equipment,
    NewOrder,
    PaymentAsked,
    PaymentRequest,
)
from adapters.contract.deliveries import Answer, Delivery, Event, NotProven
from adapters.contract.errors import NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import Who
from adapters.readings import read
from adapters.signatures import hmac_sha256_base64, is_signed_by_any

_KEY: Final = re.compile(r"[!-~]{1,200}")
_MOST_PRODUCTS: Final = 50
_BY_ADDRESS: Final = "email"


class Shopify(Channel):
    """A Shopify shop: customers by their numbers there or their verified e-mail address, orders, and products."""

    name: ClassVar[str] = "shopify"
    Settings = ShopifySettings
    manners = MANNERS
    many_at_once: ClassVar[int] = 50
    many_for = frozenset({Capability.PROFILE, Capability.PURCHASES})
    is_order_repeatable: ClassVar[bool] = False
    is_payment_repeatable: ClassVar[bool] = False
    """Shopify knows neither by a key of ours."""

    def __init__(self, account: str, settings: ShopifySettings, equipment: Equipment) -> None:
        super().__init__(account, settings, equipment)
        self._shop = Shop(account, settings, equipment.way)
        self._reader = Reader(self.name, account, equipment.default_region, settings.currency, settings.takes_tests)
        self._orders = Orders(self._shop, self._reader, settings.orders_at_once, settings.read_all_orders)
        self._many = Many(self._shop, self._reader, self._orders)
        self._changes = Changes(self._shop, self._reader, self._orders)
        self._counter = Counter(self._shop, self._reader, settings.completes_drafts)
        self._telling = Telling(self._reader, domain_of(account))

    def capabilities(self) -> tuple[Capability, ...]:
        """Deliveries are taken only where there is a secret by which they are proven."""
        offered = super().capabilities()
        return tuple(one for one in offered if one is not Capability.WEBHOOK or self.settings.client_secrets)

    def asked_by(self) -> tuple[str, ...]:
        """Its own customer numbers, and e-mail addresses, of which a shop has each once."""
        return (self.name, _BY_ADDRESS)

    # People and their orders

    async def person(self, who: Who) -> Found:
        """The customer; raises NoSuchIdentity where the shop has none by that id or address."""
        is_own = who.channel == self.name
        if is_own:
            answer = await self._shop.ask(questions.PERSON, {"id": gid("Customer", number_in(who))})
            customer = answer.found("customer")
        else:
            answer = await self._shop.ask(questions.PERSON_BY, {"query": by_address(who.value)})
            customer = with_address(answer, who.value)
        if customer is None:
            raise NoSuchIdentity("The shop has no such customer.")
        return found_person(self._reader, customer, who if is_own else None, answer)

    async def of_many(self, capability: Capability, people: Sequence[Who]) -> Mapping[Who, Found]:
        """Profiles or the newest orders of fifty people in a few questions, each of which costs what one may cost."""
        if capability is Capability.PROFILE:
            return await self._many.profiles(people)
        return await self._many.purchases(people) if capability is Capability.PURCHASES else {}

    async def purchases(self, who: Who, portion: Portion) -> Found:
        """A page of the customer's orders, the newest first."""
        return await self._orders.of(who, portion)

    async def portion_of_all(self, cursor: str | None) -> Found:
        """Customers, orders and our own drafts of which the cursor does not know yet that they were changed."""
        return await self._changes.portion(cursor)

    # Products

    async def products(self, words: str, portion: Portion) -> Found:
        """Products that are for sale and hold all of the words, the best first."""
        sought = " AND ".join(quoted(one) for one in words.split())
        first = max(1, min(portion.at_most, _MOST_PRODUCTS))
        query = f"({sought}) AND status:active" if sought else "status:active"
        asked = {"query": query, "first": first, "after": portion.after}
        answer = await self._shop.ask(questions.PRODUCTS, asked)
        page, readings = Page.of(answer.found("products"), "products", portion.after), no_readings()
        readings.take("product", page.members, lambda value: (self._reader.listing(read(Ware, value)),))
        return Found(
            records=tuple(readings.records),
            unread=tuple(readings.unread),
            after=page.after,
            as_of=answer.as_of,
            is_stale=answer.is_stale,
            withheld=answer.withheld,
        )

    # Orders that are placed here, and money that is asked for

    async def place_order(self, order: NewOrder) -> Found:
        """The order: a draft, on whose page the customer pays, or an order at once where the settings say so."""
        return await self._counter.place(order)

    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        """The page of the order or draft that is named, else that of a new draft over the amount."""
        return await self._counter.ask_money(request)

    # Deliveries

    def handshake(self, delivery: Delivery) -> Answer | None:
        """None: Shopify checks no address beforehand."""
        del delivery
        return None

    def prove(self, delivery: Delivery) -> None:
        """Returns where one of the client secrets signed the body; raises NotProven else, which answers 401."""
        signature = delivery.headers.get("x-shopify-hmac-sha256", "").strip()
        if not signature:
            raise NotProven("The delivery carries no signature. Only what Shopify signs is taken.")
        secrets = self.settings.client_secrets
        if not is_signed_by_any(secrets, delivery.body, signature, sign=hmac_sha256_base64):
            raise NotProven("The signature is of none of our client secrets. Compare them with the app's.")

    def delivery_key(self, delivery: Delivery) -> str | None:
        """The delivery's id, which stays when it is tried again."""
        found = delivery.headers.get("x-shopify-webhook-id", "").strip()
        return found if _KEY.fullmatch(found) else None

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """The event of a delivery."""
        return self._telling.events(delivery)
