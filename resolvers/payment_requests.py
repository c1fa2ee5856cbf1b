"""For which money were customers asked, and where do they pay it?"""

from datetime import datetime

import strawberry

from adapters.records import Index, Record, RecordId, derived_id
from adapters.windows import Strand
from resolvers.customers import Customer
from resolvers.kit.context import Info
from resolvers.kit.lists import customer_lists, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.scalars import Money, Url
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, Redacted, inner, kept
from resolvers.kit.viewer import STAFF
from resolvers.order_requests import RequestStatus
from resolvers.purchases import Purchase, purchases_by_id

PAYMENT_REQUESTS = Record(
    name="payment_requests",
    indexes=(Index(("customer_id", "requested_at", "_id")), Index(("status", "due_at"))),
    # Whoever has the address can open the page, which says who is to pay for what.
    personal=frozenset({"description", "url"}),
    of_staff=frozenset({"requested_by"}),
    aged_by="requested_at",
)

SLICE = Slice("payment_requests")


@SLICE.keeps(PAYMENT_REQUESTS, may=STAFF)
class PaymentRequest(Node, Redacted):
    """Money for which an agent asked a customer."""

    status: RequestStatus = kept("Whether the channel has a page on which it is paid.")
    channel: str = kept("The channel that asks for it.")
    account: str = kept("Which of our accounts on it.")
    amount: Money = kept("How much.")
    description: str | None = kept("What the customer is told that it is for; null where that is hidden from you.")
    url: Url | None = kept("The page on which the customer pays; null until there is one, or where it is hidden.")
    expires_at: datetime | None = kept("When the page ends; null where the channel does not say.")
    requested_at: datetime = kept("When it was asked for.")
    purchase_id: strawberry.Private[RecordId | None] = inner()


@SLICE.column(Customer, may=STAFF, reads=())
async def payment_requests(customers: list[Customer], info: Info, page: Page) -> list[Connection[PaymentRequest]]:
    """The payments for which agents asked the customer, newest first."""
    strand = Strand(record=PAYMENT_REQUESTS, order="requested_at")
    return await customer_lists(info, customers, listing_of(PaymentRequest, strand, info), page)


@SLICE.column(PaymentRequest, may=STAFF, reads=["purchase_id"], name="order")
async def order_of_payment(requests: list[PaymentRequest], info: Info) -> list[Purchase | None]:
    """The order that it is for; null where it is for none, and once the shop has it no more."""
    return await purchases_by_id(info.context, [one.purchase_id for one in requests])


def payment_request_id(channel: str, account: str, key: str) -> RecordId:
    """The id of what was asked for under that key on a channel account."""
    return derived_id(PAYMENT_REQUESTS.name, channel, account, key)
