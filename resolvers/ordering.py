"""How does an agent place an order for a customer, in a shop that takes orders from here?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Final

import strawberry
import structlog

from adapters.contract.channel import Capability, NewOrder, TakesOrders
from adapters.contract.errors import BadPayload
from adapters.contract.found import Found
from adapters.contract.records import Amount, Item, Order, Who
from adapters.contract.soundness import sifted
from adapters.making import EXACT
from adapters.records import Document, RecordId, decimal_of, key_hash
from resolvers.customers import require_customer
from resolvers.ingest.batch import take
from resolvers.ingest.money import stored_amount
from resolvers.ingest.report import Outcome, TakenIn
from resolvers.kit.amounts import MoneyInput, price, require_whole_coins
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, accepted, invalid, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.lists import hidden_from
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.texts import plain_line, plain_text
from resolvers.kit.viewer import STAFF
from resolvers.order_requests import DONE, ORDER_REQUESTS, OrderRequest, order_request_id
from resolvers.products import PRODUCTS
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

SLICE = Slice("ordering")

MOST_ITEMS: Final = 100
LARGEST_QUANTITY: Final = 100_000
LONGEST_NOTE: Final = 2_000
_LONGEST_TITLE, _LONGEST_SKU = 500, 200

_log = structlog.get_logger("resolvers.ordering")


@graph_input
class OrderItemInput:
    """One line of an order."""

    product_id: strawberry.ID | None = told(
        "A product of the shop, whose name, stock keeping unit and list price are taken where you say none.",
        default=None,
    )
    title: str | None = told("What it is called; needed where no product is named.", default=None)
    sku: str | None = told("The stock keeping unit.", default=None)
    quantity: int = told(f"How many, 1 to {LARGEST_QUANTITY:,}.")
    unit_price: MoneyInput | None = told(
        "The price of one; needed where no product with a price is named.", default=None
    )


@graph_input
class CreateOrderInput:
    """An order for a customer."""

    key: str = told(
        f"A word of your own, at most {LONGEST_KEY} characters, that is another one for each order: asked for twice "
        "with one key, there is one order."
    )
    customer_id: strawberry.ID = told("For whom.")
    channel: str | None = told("In which shop, where several take orders and know the customer.", default=None)
    account: str | None = told("Which account of that channel.", default=None)
    identity_id: strawberry.ID | None = told(
        "By which identity of the customer, where the shop knows several.", default=None
    )
    items: list[OrderItemInput] = told(f"What is ordered, 1 to {MOST_ITEMS} lines, all in one currency.")
    note: str | None = told(f"A word to the shop, at most {LONGEST_NOTE:,} characters.", default=None)


@graph_type
class CreateOrderPayload:
    """The order as it was asked for, and with it the shop's own where it has one."""

    request: OrderRequest = told(
        "What became of it: its `order` is the shop's own where `status` is `DONE`. `UNDER_WAY` and `UNKNOWN` are "
        "settled by themselves once the shop tells of the order."
    )


@SLICE.mutation(may=STAFF)
async def create_order(
    info: Info, input: Annotated[CreateOrderInput, about("For whom, and what.")]
) -> CreateOrderPayload | NotFound | InvalidInput | Conflict | ChannelFailed:
    """Places an order for a customer in a shop that takes orders from here.

    The shop's order stands among the customer's purchases at once. Where the shop does not say whether it has it,
    `status` is `UNKNOWN`, and nobody places it again; the shop's own word on the order settles it.
    """
    context = info.context
    key = plain_key(input.key)
    note = accepted(plain_text, input.note, "input", "note", longest=LONGEST_NOTE) if input.note else None
    if not 1 <= len(input.items) <= MOST_ITEMS:
        raise invalid(f"`items` has {len(input.items)} lines; an order has 1 to {MOST_ITEMS}.", "input", "items")
    customer = await require_customer(context, input.customer_id)
    place = await place_for(context, customer, Capability.ORDER, Wish(input.channel, input.account, input.identity_id))
    lines = await _lines(context, place.who, input.items)
    told_as = key_hash(context.viewer.subject, key)[:32]
    wanted = {
        "_id": order_request_id(place.who.channel, place.who.account, told_as),
        **place.document(),
        **document_of(context, told_as),
        "lines": lines,
        "total": _total(lines),
        "note": note,
    }
    stands = await ask_once(context, PLACING, place.channel, wanted, input.key)
    hidden = hidden_from(context.viewer, ORDER_REQUESTS)
    return CreateOrderPayload(request=reader_of(OrderRequest).read(stands, hidden))


# What is ordered


async def _lines(context: Context, shop: Who, items: Sequence[OrderItemInput]) -> list[dict[str, Any]]:
    keys = [key_of(one.product_id, "Product") for one in items if one.product_id is not None]
    products = await context.store.by_ids(PRODUCTS, [key for key in keys if key])
    lines = [_line(n, one, shop, products) for n, one in enumerate(items)]
    currencies = {one["total"]["currency"] for one in lines}
    if len(currencies) > 1:
        raise invalid(
            f"The items are in {', '.join(sorted(currencies))}; an order is in one currency. Place one for each.",
            *("input", "items"),
        )
    return lines


def _line(n: int, given: OrderItemInput, shop: Who, products: Mapping[RecordId, Document]) -> dict[str, Any]:
    path = ("input", "items", str(n))
    product = _product(given, shop, products, path)
    if not 1 <= given.quantity <= LARGEST_QUANTITY:
        raise invalid(f"`quantity` is {given.quantity}; it lies between 1 and {LARGEST_QUANTITY}.", *path, "quantity")
    title, sku = given.title or product.get("name"), given.sku or product.get("sku")
    if not title:
        raise invalid("Send the `title` of what is ordered, or the `productId` of a product.", *path, "title")
    unit = price(given.unit_price, *path, "unitPrice") if given.unit_price else _list_price(product, path)
    total = Amount(EXACT.multiply(unit.amount, given.quantity), unit.currency)
    return {
        "line": str(n + 1),
        "title": accepted(plain_line, title, *path, "title", longest=_LONGEST_TITLE),
        "sku": accepted(plain_line, sku, *path, "sku", longest=_LONGEST_SKU) if sku else None,
        "quantity": given.quantity,
        "unit_price": stored_amount(unit, "unit_price"),
        "total": stored_amount(total, "total"),
        "product_id": product.get("_id"),
        "product": product.get("external_id"),
    }


def _product(
    given: OrderItemInput, shop: Who, products: Mapping[RecordId, Document], path: tuple[str, ...]
) -> Document:
    """The product that the line names; an empty document where it names none."""
    if given.product_id is None:
        return {}
    key = key_of(given.product_id, "Product")
    found = products.get(key) if key else None
    if found is None:
        raise not_found("product", (*path, "productId"))
    if (found["channel"], found["account"]) != shop[:2]:
        raise invalid(
            f"The product is of {found['channel']}/{found['account']}, and the order goes to "
            f"{shop.channel}/{shop.account}. Name one of that shop.",
            *(*path, "productId"),
        )
    return found


def _list_price(product: Document, path: tuple[str, ...]) -> Amount:
    listed = product.get("price")
    if not listed:
        raise invalid("Send the `unitPrice`, or the `productId` of a product with a price.", *path, "unitPrice")
    return Amount(decimal_of(listed["amount"]), listed["currency"])


def _total(lines: Sequence[Document]) -> dict[str, Any]:
    total = sum((decimal_of(one["total"]["amount"]) for one in lines), start=decimal_of(0))
    if total <= 0:
        raise invalid("The order comes to 0. Send items that cost something.", "input", "items")
    found = Amount(total, lines[0]["total"]["currency"])
    # A piece may cost parts of a coin; nobody pays any.
    require_whole_coins(found, "input", "items", of=f"What the order comes to, {total:f},")
    return stored_amount(found, "total")


# How it is placed


def _money(stored: Document) -> Amount:
    return Amount(decimal_of(stored["amount"]), stored["currency"])


async def _place(channel: Any, row: Document) -> Order:
    """The order as the shop has it."""
    who = Who(row["channel"], row["account"], row["value"])
    items = tuple(
        Item(
            line=one["line"],
            title=one["title"],
            quantity=one["quantity"],
            total=_money(one["total"]),
            unit_price=_money(one["unit_price"]),
            sku=one["sku"],
            product=one["product"],
        )
        for one in row["lines"]
    )
    order = NewOrder(who=who, key=row["key"], items=items, note=row["note"])
    found: Found = await guarded(channel, channel.place_order(order))
    sound, _ = sifted(found.records, who[:2])
    orders = [one for one in sound if isinstance(one, Order)]
    if len(orders) != 1 or orders[0].who != who:
        raise BadPayload("The answer to an order is no single order of the person for whom it was placed.")
    # Whether the shop gives the key back or not: it answers to it.
    return replace(orders[0], key=row["key"])


class _Erased(Exception):
    """The request is gone, and with it the customer: what the shop answers is not taken in."""


async def _keep(hand: Hand, row: Document, order: Order) -> None:
    """Takes the order in, which settles the request by its key; where it cannot be kept, that it was placed."""
    by = f"{row['channel']}/{row['account']}"

    async def along(taken: TakenIn) -> None:
        stands = await hand.store.first(ORDER_REQUESTS, {"_id": row["_id"]})
        if stands is None:
            raise _Erased
        if taken.results[0].outcome is Outcome.REJECTED:
            _log.warning("order not kept", channel=row["channel"], account=row["account"], why=taken.results[0].reason)
            await hand.store.update(ORDER_REQUESTS, {"_id": row["_id"]}, {"$set": {"status": DONE}})

    try:
        await take(hand.store, [order], at=hand.clock(), by=by, default_region=hand.default_region, along=along)
    except _Erased:
        return


PLACING: Final = Doing(
    record=ORDER_REQUESTS,
    offered_by=TakesOrders,
    is_repeatable=lambda channel: channel.is_order_repeatable,
    same=("value", "lines", "note"),
    ask=_place,
    keep=_keep,
)


@SLICE.job("order requests", every_s=30.0)
async def settle_orders(shift: Shift) -> bool:
    """Settles orders of which whoever placed them heard nothing."""
    return await settle_open(shift, PLACING)
