"""What did customers buy, where is it, and how much does it come to?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any

import strawberry

from adapters.contract.channel import Capability
from adapters.records import Document, Index, Record, RecordId, Timeline, decimal_of
from adapters.windows import Strand
from resolvers.customers import Customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_input, graph_type, told
from resolvers.kit.lists import between, customer_lists, hidden_from, ids_of, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.proofs import shown
from resolvers.kit.scalars import CurrencyCode, Money, Url
from resolvers.kit.slice import CUSTOMER_FILTER, Having, Slice
from resolvers.kit.stored import Node, Redacted, inner, kept, reader_of
from resolvers.kit.viewer import EVERYONE
from resolvers.products import Product, products_by_id

SLICE = Slice("purchases")

PURCHASES = Record(
    name="purchases",
    key=("channel", "account", "external_id"),
    element="PURCHASES",
    arrives=True,
    indexes=(Index(("placed_at", "customer_id")),),
    # Whoever ordered writes there what they like: an address, or who is to get it. Colleagues do, too.
    personal=frozenset({"custom_data"}),
    of_staff=frozenset({"custom_data"}),
    timeline=Timeline(kind="PURCHASE", at="placed_at", channel="channel"),
    news=frozenset({"status", "tracking"}),
)


@graph_enum(
    {
        "PLACED": "Ordered, not yet paid.",
        "PAID": "Paid, not yet sent.",
        "FULFILLED": "Sent or handed over.",
        "CANCELLED": "Called off.",
        "REFUNDED": "Paid back.",
    }
)
class PurchaseStatus(Enum):
    """How far an order is."""

    PLACED = "PLACED"
    PAID = "PAID"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


# What was called off or paid back is no turnover.
_COUNTED = ("PLACED", "PAID", "FULFILLED")


@graph_type
class PurchaseLine:
    """One line of an order: a product and how many of it."""

    title: str = kept("What the shop called the product.")
    sku: str | None = kept("The stock keeping unit.")
    quantity: int = kept("How many.")
    unit_price: Money | None = kept("The price of one; null where the shop gives the line's total alone.")
    total: Money = kept("What the line comes to.")
    product_id: strawberry.Private[RecordId | None] = inner()


@graph_type
class Tracking:
    """Where a parcel is."""

    company: str | None = kept("The carrier.")
    number: str | None = kept("The carrier's number of the parcel.")
    url: Url | None = kept("The carrier's page about it.")
    status: str | None = kept("How far it is, in the shop's words.")


@graph_type
class OrderDatum:
    """Something that was noted on an order by a name: an engraving, a wish, a word to the shop."""

    name: str = kept("The name.")
    value: str = kept("What was noted.")


@SLICE.keeps(PURCHASES, keys=["id"], may=EVERYONE, live=Capability.PURCHASES)
class Purchase(Node, Redacted):
    """An order of a customer in a shop."""

    number: str = kept("The number by which people speak of it.")
    status: PurchaseStatus = kept("How far it is.")
    placed_at: datetime = kept("When it was placed.")
    total: Money = kept("What the order comes to.")
    channel: str = kept("The channel on which the shop is.")
    account: str = kept("Which of our shops.")
    lines: list[PurchaseLine] = kept("What was bought, in the order's own order.")
    tracking: list[Tracking] = kept("The parcels that were sent.")
    custom_data: list[OrderDatum] | None = kept(
        "What was noted on the order; null where the shop notes nothing, or where it is hidden from you."
    )


@graph_type
class PurchaseTotal:
    """What a customer's orders come to, in one currency and one stretch of time.

    Cancelled and refunded orders do not count.
    """

    since: date | None = told("The first day of the stretch; null where all time is one.")
    orders: int = told("How many orders.")
    amount: Money = told("What they come to.")
    first_placed_at: datetime = told("When the first of them was placed.")
    last_placed_at: datetime = told("When the last of them was placed.")


@graph_enum({"ALL": "All time as one.", "YEAR": "One total a year.", "MONTH": "One total a month."})
class Stretch(Enum):
    """Into which stretches of time totals are cut. Years and months are those of UTC."""

    ALL = "ALL"
    YEAR = "YEAR"
    MONTH = "MONTH"


@graph_input
class PurchaseFilter:
    """Which purchases: those that fulfil every condition given. An empty list sets none."""

    statuses: list[PurchaseStatus] | None = told("Only orders that stand in one of these ways.", default=None)
    since: datetime | None = told("Only orders placed at this moment or later.", default=None)
    until: datetime | None = told("Only orders placed before this moment.", default=None)

    def match(self) -> dict[str, Any]:
        """What a stored order must match; raises BadUserInput."""
        where: dict[str, Any] = {}
        if self.statuses:
            where["status"] = {"$in": [one.value for one in self.statuses]}
        if self.since or self.until:
            where["placed_at"] = between(self.since, self.until)
        return where


@SLICE.column(Customer, may=EVERYONE, reads=())
async def purchases(
    customers: list[Customer],
    info: Info,
    page: Page,
    filter: Annotated[PurchaseFilter | None, about("Which purchases; left out: all.")] = None,
) -> list[Connection[Purchase]]:
    """The customer's orders, newest first."""
    strand = Strand(record=PURCHASES, order="placed_at", where=filter.match() if filter else {})
    return await customer_lists(info, customers, listing_of(Purchase, strand, info), page)


@SLICE.column(PurchaseLine, may=EVERYONE, reads=["product_id"])
async def product(lines: list[PurchaseLine], info: Info) -> list[Product | None]:
    """The product as the shop lists it now; null where it is listed no more."""
    found = await products_by_id(info.context, [one.product_id for one in lines if one.product_id])
    return [found.get(one.product_id) if one.product_id else None for one in lines]


@SLICE.column(Customer, may=EVERYONE, reads=())
async def purchase_totals(
    customers: list[Customer],
    info: Info,
    per: Annotated[Stretch, about("Into which stretches of time the totals are cut.")] = Stretch.ALL,
) -> list[list[PurchaseTotal]]:
    """What the customer's orders come to, oldest stretch first: one total per stretch and currency."""
    owned = ids_of(customers, PURCHASES)
    unit = {"year": "year", "month": "month"}.get(per.value.lower())
    since = {"$dateTrunc": {"date": "$placed_at", "unit": unit}} if unit else None
    theirs = {"customer_id": {"$in": [key for ids in owned for key in ids]}}
    groups = await info.context.store.aggregate(
        PURCHASES,
        [
            {"$match": {**theirs, "status": {"$in": _COUNTED}, **await shown(info.context, PURCHASES)}},
            {
                "$group": {
                    "_id": {"customer": "$customer_id", "since": since, "currency": "$total.currency"},
                    "orders": {"$sum": 1},
                    "amount": {"$sum": "$total.amount"},
                    "first": {"$min": "$placed_at"},
                    "last": {"$max": "$placed_at"},
                }
            },
        ],
    )
    return [_totals([one for one in groups if one["_id"]["customer"] in ids]) for ids in owned]


async def purchases_by_id(context: Context, keys: Sequence[RecordId | None]) -> list[Purchase | None]:
    """The orders of these ids, in their order; None for none, and for one that the shop has no more."""
    found = await context.store.by_ids(PURCHASES, [key for key in keys if key])
    read, hidden = reader_of(Purchase).read, hidden_from(context.viewer, PURCHASES)
    # What is gone at its source is nobody's.
    known = {key: read(one, hidden) for key, one in found.items() if one["customer_id"] is not None}
    return [known.get(key) if key else None for key in keys]


def _totals(groups: list[Document]) -> list[PurchaseTotal]:
    """The totals of one customer, whose orders may stand under several aliases."""
    by_stretch: Mapping[tuple[Any, str], list[Document]] = defaultdict(list)
    for one in groups:
        by_stretch[one["_id"]["since"], one["_id"]["currency"]].append(one)
    return [
        PurchaseTotal(
            since=since.date() if since else None,
            orders=sum(one["orders"] for one in same),
            amount=Money(
                amount=sum((decimal_of(one["amount"]) for one in same), Decimal(0)), currency=CurrencyCode(currency)
            ),
            first_placed_at=min(one["first"] for one in same),
            last_placed_at=max(one["last"] for one in same),
        )
        for (since, currency), same in sorted(by_stretch.items(), key=lambda item: (str(item[0][0]), item[0][1]))
    ]


@SLICE.condition(CUSTOMER_FILTER)
def bought(purchases: PurchaseFilter, context: Context) -> Having:
    """Customers who placed an order such as this."""
    del context
    return Having(PURCHASES, purchases.match())
