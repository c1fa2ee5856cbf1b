"""What does a delivery of Shopify's tell?

Its kind stands in a header, `X-Shopify-Topic`. Where that is missing the body says what it is.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from adapters.channels.shopify.reading import COMPLETED, OURS, Reader, draft_id
from adapters.channels.shopify.words import Buyer, Choices, CustomerId, Draft, Numbered, Sale, Someone, Ware, as_id
from adapters.contract.deliveries import Delivery, Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Departure, HandedOver, Person, Who
from adapters.readings import read

_BY_ITSELF: Final = "The order itself tells how it stands after that: have `orders/updated` delivered, too."
_TAGS: Final = "The next look at the customer tells their tags."
_COMPANY: Final = "It is the shop's own matter."
# Of each kind of delivery that is none of the house's business, why.
_LEFT_ALONE: Final[Mapping[str, str]] = {
    **dict.fromkeys(("refunds", "fulfillments", "fulfillment_events", "order_transactions", "returns"), _BY_ITSELF),
    **dict.fromkeys(("fulfillment_orders", "orders/edited", "order/transactions"), _BY_ITSELF),
    **dict.fromkeys(("checkouts", "carts"), "A checkout or cart is no order yet."),
    **dict.fromkeys(
        (
            *("app", "app_subscriptions", "bulk_operations", "collections", "discounts", "disputes", "domains"),
            *("inventory_items", "inventory_levels", "locales", "locations", "markets", "shop", "themes", "variants"),
            *("tender_transactions", "subscription_contracts", "customer_payment_methods", "customer_groups"),
            *("collection_listings", "product_listings", "selling_plan_groups", "scheduled_product_listings"),
            *("profiles", "companies", "company_contacts", "company_locations", "segments", "events"),
        ),
        _COMPANY,
    ),
    "products/delete": "A product that is listed no more stays on the orders that name it.",
    **dict.fromkeys(("customer_tags", "customer.tags_added", "customer.tags_removed"), _TAGS),
    "customers/disable": "Whether somebody may sign in to the shop changes nothing that is kept here.",
}
_GONE_CART: Final = "The draft is one of the shop's own: it is no order yet."
_NOBODY: Final = "The order names no customer."
_TRIAL: Final = "It was sent or ordered for a trial: nobody bought that."
_NO_CHOICE: Final = "The customer has chosen nothing yet."
_NOT_LISTED: Final = "The product is not for sale."
_EXPORT: Final = (
    "A customer asks the shop for what is kept about them. Find the customer by the account, and give them what "
    "`profile-gateway export` writes."
)
_SHOP_GONE: Final = (
    "The app was removed from the shop, and Shopify asks that what is kept of it be erased. Look whether that is meant "
    "for this company: `eraseCustomer` erases its customers."
)
# What somebody has to look at, of each kind what they do.
_FOR_PEOPLE: Final[Mapping[str, str]] = {"customers/data_request": _EXPORT, "shop/redact": _SHOP_GONE}
_OTHER_SHOP: Final = "It is of another shop than this account's."
# What an old answer of the REST API has around it, and which kind of thing stands there.
_AROUND: Final[Mapping[str, str]] = {
    "order": "orders",
    "customer": "customers",
    "draft_order": "draft_orders",
    "product": "products",
    "checkout": "checkouts",
    "refund": "refunds",
    "fulfillment": "fulfillments",
    "fulfillment_event": "fulfillment_events",
    "transaction": "order_transactions",
    "shop": "shop",
}
# By what a body is known that says no topic, the first that fits.
_MARKS: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("customers/data_request", frozenset({"data_request", "customer"})),
    ("customers/redact", frozenset({"orders_to_redact"})),
    ("customers/merge", frozenset({"admin_graphql_api_customer_kept_id"})),
    ("draft_orders/update", frozenset({"invoice_url"})),
    ("checkouts/update", frozenset({"abandoned_checkout_url"})),
    ("orders/updated", frozenset({"line_items", "financial_status"})),
    ("orders/updated", frozenset({"line_items", "order_number"})),
    ("refunds/create", frozenset({"refund_line_items"})),
    ("fulfillment_events/create", frozenset({"fulfillment_id"})),
    ("fulfillments/update", frozenset({"order_id", "tracking_company"})),
    ("order_transactions/create", frozenset({"gateway", "amount"})),
    ("products/update", frozenset({"variants", "title"})),
    ("customers/update", frozenset({"first_name", "last_name", "verified_email"})),
    ("customers/update", frozenset({"orders_count", "email"})),
    ("shop/update", frozenset({"myshopify_domain"})),
    ("shop/redact", frozenset({"shop_id", "shop_domain"})),
    ("carts/update", frozenset({"token", "line_items"})),
)
_CUSTOMER_ID: Final = TypeAdapter(CustomerId)
_LONGEST_SHOWN = 60

Handed = tuple[HandedOver, ...] | str
"""The records; or why it is left alone."""


class Telling:
    """Reads the deliveries of one shop."""

    def __init__(self, reader: Reader, domain: str) -> None:
        self._reader = reader
        self._domain = domain.casefold()
        changed = {
            "orders": ("create", "updated", "update", "paid", "partially_fulfilled", "fulfilled", "cancelled"),
            "draft_orders": ("create", "update"),
            "products": ("create", "update"),
            "customers": ("create", "update", "enable"),
        }
        reading = {"orders": self._order, "draft_orders": self._draft, "products": self._ware, "customers": self._buyer}
        self._by_topic: Mapping[str, Callable[[Any, datetime], Handed]] = {
            **{f"{kind}/{act}": reading[kind] for kind, acts in changed.items() for act in acts},
            "orders/delete": lambda told, at: (self._reader.gone(_number(told), at),),
            "draft_orders/delete": lambda told, at: (self._reader.gone(draft_id(_number(told)), at),),
            "customers/delete": lambda told, at: (Departure(who=self._reader.who(_someone(told)), at=at),),
            "customers/redact": lambda told, at: (Departure(who=self._reader.who(_customer(told)), at=at),),
            "customers/merge": self._merged,
            "customers_marketing_consent/update": self._choice,
            "customers_email_marketing_consent/update": self._choice,
        }

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """The event of the delivery; raises BadPayload where it is no object, or nobody knows what it is."""
        told = delivery.json()
        if not isinstance(told, dict):
            raise BadPayload("the payload is no object")
        kind, told = _unwrapped(told)
        topic = delivery.headers.get("x-shopify-topic", "").strip().casefold() or _topic(kind, told)
        return [self._event(topic, told, delivery)]

    def _event(self, topic: str, told: Mapping[str, Any], delivery: Delivery) -> Event:
        who, at = self._whom(topic, told), _triggered(delivery)
        reading = self._by_topic.get(topic)
        # One order is one event, told by whichever of its topics; what is gone is another.
        act = "changed" if reading is not None and not topic.endswith(("/delete", "/redact")) else topic
        key = hashlib.sha256(f"{topic.partition('/')[0]} {act} ".encode("utf-8", "replace") + delivery.body).hexdigest()
        event = Event(key=key, order_by=who.value if who else _thing(topic, told) or key, at=at, who=who)
        if not self._is_ours(told, delivery):
            return replace(event, who=None, unread=_OTHER_SHOP)
        if delivery.headers.get("x-shopify-test", "").strip().casefold() == "true":
            return replace(event, left_alone=_TRIAL)
        if topic in _FOR_PEOPLE:
            return replace(event, unread=_FOR_PEOPLE[topic])
        if reading is None:
            why = _LEFT_ALONE.get(topic) or _LEFT_ALONE.get(topic.partition("/")[0])
            return replace(event, left_alone=why or f"Deliveries {_shown(topic)} are not known here.")
        try:
            handed = reading(told, at or delivery.received_at)
        except BadPayload as error:
            return replace(event, unread=error.reason)
        return replace(event, left_alone=handed) if isinstance(handed, str) else replace(event, records=handed)

    def _is_ours(self, told: Mapping[str, Any], delivery: Delivery) -> bool:
        """Whether it is of this shop, as far as it says: one app's secret signs the deliveries of all its shops."""
        said = (delivery.headers.get("x-shopify-shop-domain"), told.get("shop_domain"))
        return all(one.strip().casefold() == self._domain for one in said if isinstance(one, str) and one.strip())

    def _whom(self, topic: str, told: Mapping[str, Any]) -> Who | None:
        is_person = topic.startswith("customers/") and "customer" not in told
        value = told if is_person else told.get("customer", {"id": told.get("customer_id")})
        try:
            return self._reader.who(
                _CUSTOMER_ID.validate_python(value.get("id") if isinstance(value, Mapping) else None)
            )
        except (ValidationError, RecursionError):
            return None

    # Orders and drafts

    def _order(self, told: Any, _at: datetime) -> Handed:
        sale = read(Sale, told)
        if not self._reader.is_sale(sale):
            return _TRIAL
        if sale.customer is None:
            sale.require_nobody()
            return _NOBODY
        who = self._reader.who(sale.customer.id)
        order = self._reader.order(sale, who)
        return self._reader.person(sale.customer, reaches=self._reader.contact(sale)), order

    def _draft(self, told: Any, at: datetime) -> Handed:
        draft = read(Draft, told)
        if draft.status == COMPLETED:
            # What was ordered here as a draft is an order with a number of its own now.
            return (self._reader.gone(draft_id(draft.id), draft.updated_at or at),) if _is_of_us(draft) else _GONE_CART
        if not _is_of_us(draft):
            return _GONE_CART
        if draft.customer is None:
            return _NOBODY
        return (self._reader.draft(draft, self._reader.who(draft.customer.id)),)

    # Products and people

    def _ware(self, told: Any, _at: datetime) -> Handed:
        ware = read(Ware, told)
        return (self._reader.listing(ware),) if ware.status in {None, "active"} else _NOT_LISTED

    def _buyer(self, told: Any, at: datetime) -> Handed:
        return self._reader.person(read(Buyer, told)), *self._reader.says(read(Choices, told), at)

    def _choice(self, told: Any, at: datetime) -> Handed:
        return tuple(self._reader.says(read(Choices, told), at)) or _NO_CHOICE

    def _merged(self, told: Any, _at: datetime) -> Handed:
        status = told.get("status")
        if isinstance(status, str) and status.casefold() not in {"completed", ""}:
            return "Two customers of the shop are not one yet."
        kept, gone = (
            self._reader.who(_someone({"id": told.get(f"admin_graphql_api_customer_{one}_id")}))
            for one in ("kept", "deleted")
        )
        if kept == gone:
            raise BadPayload("the customer that was deleted is the one that was kept")
        return (Person(who=kept, also=(gone,)),)


def _is_of_us(draft: Draft) -> bool:
    return any(one.name == OURS for one in draft.data)


def _number(value: Any) -> str:
    return read(Numbered, value).id


def _customer(told: Any) -> str:
    customer = told.get("customer")
    if not isinstance(customer, Mapping):
        raise BadPayload("customer is no object")
    return _someone(customer)


def _someone(value: Any) -> str:
    return read(Someone, value).id


def _unwrapped(told: Mapping[str, Any]) -> tuple[str | None, Mapping[str, Any]]:
    """The thing itself, and its kind where that stands around it."""
    if len(told) == 1:
        ((around, inner),) = told.items()
        if around in _AROUND and isinstance(inner, dict):
            return _AROUND[around], inner
    return None, told


def _topic(kind: str | None, told: Mapping[str, Any]) -> str:
    """The topic that the body is of; raises BadPayload where it is of none that is known."""
    if kind is not None:
        return f"{kind}/{'updated' if kind == 'orders' else 'update'}"
    found = next((topic for topic, marks in _MARKS if marks <= told.keys()), None)
    if found is None:
        raise BadPayload("X-Shopify-Topic is missing, and the payload is of no kind that is known")
    return found


def _triggered(delivery: Delivery) -> datetime | None:
    """When it happened, by Shopify's clock."""
    try:
        at = datetime.fromisoformat(delivery.headers.get("x-shopify-triggered-at", "").strip())
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def _thing(topic: str, told: Mapping[str, Any]) -> str | None:
    """The thing of which it tells, so that what happens to it is taken in in its order."""
    number = as_id(told.get("id"))
    is_number = isinstance(number, str) and number.isascii() and number.isdecimal()
    return f"{topic.partition('/')[0][:_LONGEST_SHOWN]} {number}"[:_LONGEST_SHOWN] if is_number else None


def _shown(topic: str) -> str:
    """The topic as it may be shown: a word of Shopify's own, not whatever somebody sends."""
    is_plain = re.fullmatch(r"[\w/.]+", topic) is not None and topic.isascii() and len(topic) <= _LONGEST_SHOWN
    return f"of the topic {topic!r}" if is_plain else "of an odd topic"
