"""Which orders did agents place for customers, and does anybody know whether the shop has them?

What is asked for stands here before the shop is asked, so that whoever takes over from a process that was killed knows
of it. The order itself is a purchase like any other, under the shop's own id.
"""

from datetime import datetime
from enum import Enum
from typing import Final

import strawberry

from adapters.records import Index, Record, RecordId, derived_id
from adapters.windows import Strand
from resolvers.customers import Customer
from resolvers.kit.context import Info
from resolvers.kit.described import graph_enum
from resolvers.kit.lists import customer_lists, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.scalars import Money
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, Redacted, inner, kept
from resolvers.kit.viewer import STAFF
from resolvers.purchases import Purchase, PurchaseLine, purchases_by_id

ORDER_REQUESTS = Record(
    name="order_requests",
    indexes=(Index(("customer_id", "requested_at", "_id")), Index(("status", "due_at"))),
    personal=frozenset({"note"}),
    of_staff=frozenset({"requested_by"}),
    aged_by="requested_at",
)

SLICE = Slice("order_requests")

UNDER_WAY: Final = "UNDER_WAY"
DONE: Final = "DONE"
UNKNOWN: Final = "UNKNOWN"


@graph_enum(
    {
        "UNDER_WAY": "The channel is being asked, or will be again, which it takes for one request.",
        "DONE": "The channel did it.",
        "UNKNOWN": "Nobody knows: the channel did not say whether it did it. It is not asked again.",
    }
)
class RequestStatus(Enum):
    """How far something is that a channel was asked to do."""

    UNDER_WAY = UNDER_WAY
    DONE = DONE
    UNKNOWN = UNKNOWN


@SLICE.keeps(ORDER_REQUESTS, may=STAFF)
class OrderRequest(Node, Redacted):
    """An order that an agent placed for a customer, as it was asked for."""

    status: RequestStatus = kept("Whether the shop has it.")
    channel: str = kept("The channel on which the shop is.")
    account: str = kept("Which of our shops.")
    total: Money = kept("What its lines come to.")
    note: str | None = kept("What the agent wrote to the shop; null where that was nothing, or is hidden from you.")
    requested_at: datetime = kept("When it was asked for.")
    lines: list[PurchaseLine] = kept("What was ordered.")
    purchase_id: strawberry.Private[RecordId | None] = inner()


@SLICE.column(Customer, may=STAFF, reads=())
async def order_requests(customers: list[Customer], info: Info, page: Page) -> list[Connection[OrderRequest]]:
    """The orders that agents placed for the customer, newest first."""
    strand = Strand(record=ORDER_REQUESTS, order="requested_at")
    return await customer_lists(info, customers, listing_of(OrderRequest, strand, info), page)


@SLICE.column(OrderRequest, may=STAFF, reads=["purchase_id"])
async def order(requests: list[OrderRequest], info: Info) -> list[Purchase | None]:
    """The order as the shop has it; null as long as nobody knows of one, and once the shop has it no more."""
    return await purchases_by_id(info.context, [one.purchase_id for one in requests])


def order_request_id(channel: str, account: str, key: str) -> RecordId:
    """The id of what was ordered under that key (`NewOrder.key`) on a channel account."""
    return derived_id(ORDER_REQUESTS.name, channel, account, key)
