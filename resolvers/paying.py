"""How does an agent ask a customer for money, on a page of a channel that asks for payments?"""

from typing import Annotated, Any, Final

import strawberry

from adapters.contract import channel as contract
from adapters.contract.channel import AsksPayments, Capability, PaymentAsked
from adapters.contract.errors import BadPayload
from adapters.contract.records import Amount, Who
from adapters.records import Document, decimal_of, key_hash
from resolvers.aliases import ids_of
from resolvers.customers import Customer, require_customer
from resolvers.ingest.money import stored_amount
from resolvers.kit.amounts import MoneyInput, payable
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, accepted, invalid, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.lists import hidden_from
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.texts import plain_text
from resolvers.kit.viewer import STAFF
from resolvers.order_requests import DONE
from resolvers.payment_requests import PAYMENT_REQUESTS, PaymentRequest, payment_request_id
from resolvers.purchases import PURCHASES
from resolvers.requesting import (
    LONGEST_KEY,
    ChannelFailed,
    Doing,
    Hand,
    ask_once,
    document_of,
    guarded,
    plain_key,
    settle_open,
)
from resolvers.whereto import Wish, place_for

SLICE = Slice("paying")

LONGEST_DESCRIPTION: Final = 1_000
_LONGEST_URL = 2_000


@graph_input
class RequestPaymentInput:
    """Money that a customer is asked for."""

    key: str = told(
        f"A word of your own, at most {LONGEST_KEY} characters, that is another one for each request: asked for twice "
        "with one key, the customer is asked once."
    )
    customer_id: strawberry.ID = told("Who is asked.")
    channel: str | None = told("On which channel, where several ask for payments and know the customer.", default=None)
    account: str | None = told("Which account of that channel.", default=None)
    identity_id: strawberry.ID | None = told(
        "By which identity of the customer, where the channel knows several.", default=None
    )
    amount: MoneyInput = told("How much: more than nothing.")
    description: str = told(f"What the customer is told that it is for, at most {LONGEST_DESCRIPTION:,} characters.")
    order_id: strawberry.ID | None = told("The order that it is for, one of the customer's there.", default=None)


@graph_type
class RequestPaymentPayload:
    """What the customer was asked for."""

    request: PaymentRequest = told(
        "What became of it: its `url` is the page on which the customer pays where `status` is `DONE`."
    )


@SLICE.mutation(may=STAFF)
async def request_payment(
    info: Info, input: Annotated[RequestPaymentInput, about("Whom, for how much, and what for.")]
) -> RequestPaymentPayload | NotFound | InvalidInput | Conflict | ChannelFailed:
    """Asks a customer for money: answers the page of the channel on which the customer pays.

    Nothing is sent to the customer: that is yours to do. Where the channel does not say whether there is a page,
    `status` is `UNKNOWN`, and nobody asks again.
    """
    context = info.context
    key = plain_key(input.key)
    description = accepted(plain_text, input.description, "input", "description", longest=LONGEST_DESCRIPTION)
    amount = payable(input.amount, "input", "amount")
    customer = await require_customer(context, input.customer_id)
    order = await _order(context, customer, input) if input.order_id is not None else None
    channel, account = (order["channel"], order["account"]) if order else (input.channel, input.account)
    place = await place_for(context, customer, Capability.PAYMENT, Wish(channel, account, input.identity_id))
    told_as = key_hash(context.viewer.subject, key)[:32]
    wanted = {
        "_id": payment_request_id(place.who.channel, place.who.account, told_as),
        **place.document(),
        **document_of(context, told_as),
        "amount": stored_amount(amount, "amount"),
        "description": description,
        "order": order["external_id"] if order else None,
        "purchase_id": order["_id"] if order else None,
        "external_id": None,
        "url": None,
        "expires_at": None,
    }
    stands = await ask_once(context, ASKING, place.channel, wanted, input.key)
    hidden = hidden_from(context.viewer, PAYMENT_REQUESTS)
    return RequestPaymentPayload(request=reader_of(PaymentRequest).read(stands, hidden))


async def _order(context: Context, customer: Customer, given: RequestPaymentInput) -> Document:
    """The order, where it is the customer's, and stands where the payment is asked for."""
    path = ("input", "orderId")
    key = key_of(str(given.order_id), "Purchase")
    found = await context.store.first(PURCHASES, {"_id": key}) if key else None
    if found is None or found["customer_id"] not in ids_of(customer.document, PURCHASES):
        # Whose else it is, is not told.
        raise not_found("order", path, check="Send the id of an order of this customer.")
    if given.channel not in {None, found["channel"]} or given.account not in {None, found["account"]}:
        raise invalid(
            f"The order stands on {found['channel']}/{found['account']}. Ask for its payment there, or leave out "
            "`orderId`.",
            *path,
        )
    return found


async def _ask(channel: Any, row: Document) -> PaymentAsked:
    """The page on which the customer pays."""
    amount = Amount(decimal_of(row["amount"]["amount"]), row["amount"]["currency"])
    request = contract.PaymentRequest(
        who=Who(row["channel"], row["account"], row["value"]),
        key=row["key"],
        amount=amount,
        words=row["description"],
        order=row["order"],
    )
    asked: PaymentAsked = await guarded(channel, channel.ask_payment(request))
    if not asked.url.startswith(("https://", "http://")) or len(asked.url) > _LONGEST_URL:
        raise BadPayload("The answer to a payment names no page on the web.")
    if asked.expires_at is not None and asked.expires_at.tzinfo is None:
        raise BadPayload("The answer to a payment says when it ends without a time zone.")
    return asked


async def _keep(hand: Hand, row: Document, asked: PaymentAsked) -> None:
    said = {"status": DONE, "external_id": asked.external_id, "url": asked.url, "expires_at": asked.expires_at}
    await hand.store.update(PAYMENT_REQUESTS, {"_id": row["_id"]}, {"$set": said})


ASKING: Final = Doing(
    record=PAYMENT_REQUESTS,
    offered_by=AsksPayments,
    is_repeatable=lambda channel: channel.is_payment_repeatable,
    same=("value", "amount", "description", "order"),
    ask=_ask,
    keep=_keep,
)


@SLICE.job("payment requests", every_s=30.0)
async def settle_payments(shift: Shift) -> bool:
    """Settles payments of which whoever asked for them heard nothing."""
    return await settle_open(shift, ASKING)
