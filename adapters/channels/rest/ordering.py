"""How is an order placed, and money asked for, by a mapping's request?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.channels.rest.asking import Asking, gaps_of
from adapters.channels.rest.expressions import Expression, Scene
from adapters.channels.rest.paths import JsonPath, text_of
from adapters.channels.rest.plan import Ordering, Paying
from adapters.channels.rest.reading import read_all
from adapters.channels.rest.requests import Gaps, Made
from adapters.contract.channel import NewOrder, PaymentAsked, PaymentRequest
from adapters.contract.errors import BadPayload, ChannelRefused
from adapters.contract.found import Found
from adapters.contract.records import Amount, Item, Order
from adapters.contract.reply import Reply
from adapters.currencies import in_minor_units
from adapters.making import EXACT
from adapters.values import BadValue

# Ids and addresses of pages are shorter; what is longer is neither.
_LONGEST = 2_000


async def place(plan: Ordering, asking: Asking, order: NewOrder) -> Found:
    """The order as the shop has it, or as it was placed where the shop gives its id alone.

    Asked once, also where the shop knows it by its key: whoever asks again knows that it may stand already.
    """
    gaps: dict[str, str | int | None] = {**gaps_of(asking, order.who), "key": order.key, "note": order.note}
    currencies = {one.total.currency for one in order.items}
    if len(currencies) != 1:
        raise ChannelRefused(f"The lines of an order are in {len(currencies)} currencies. Place one for each.")
    total = _sum(order.items)
    gaps |= {"currency": total.currency, "total": _plain(total)}
    made = plan.request.made_of([_line(one) for one in order.items], _said(gaps))
    reply = await _answered(asking, made)
    if plan.id is not None:
        named = _found(plan.id, reply.json(), "the order")
        bare = Order(external_id=named, who=order.who, placed_at=reply.as_of, items=order.items, key=order.key)
        return Found(records=(bare,), as_of=reply.as_of)
    answer = reply.json()
    read = read_all(plan.sections, answer, answer, asking.around(order.who, reply))
    if len(read.records) != 1 or read.unread:
        why = f" {read.unread[0].what}: {read.unread[0].why}" if read.unread else ""
        raise BadPayload(f"The answer to an order holds {len(read.records)} orders that can be read.{why}")
    return Found(records=tuple(read.records), as_of=reply.as_of)


async def ask_money(plan: Paying, asking: Asking, request: PaymentRequest) -> PaymentAsked:
    """The page on which the customer pays; asked for once."""
    amount = request.amount
    minor = in_minor_units(amount.amount, amount.currency)
    if minor is None:
        raise ChannelRefused("The amount is none that can be paid: it has parts of the currency's smallest unit.")
    gaps: dict[str, str | int | None] = {**gaps_of(asking, request.who), "key": request.key, "words": request.words}
    gaps |= {"amount": _plain(amount), "amount_minor": minor, "currency": amount.currency, "order": request.order}
    reply = await _answered(asking, plan.request.made(_said(gaps)))
    answer = reply.json()
    named, url = _found(plan.id, answer, "the payment"), _found(plan.url, answer, "the page")
    if not url.startswith(("https://", "http://")):
        raise BadPayload("The answer to a payment names a page that is no web address.")
    scene = Scene(answer, answer, answer, asking.around(request.who, reply).asked)
    return PaymentAsked(external_id=named, url=url, expires_at=_moment(plan.expires_at, scene))


async def _answered(asking: Asking, made: Made) -> Reply:
    """The good answer; what the way cannot tell is unknown, and a word for nothing is a refusal."""
    # Never repeated by the way itself: its last failure would hide that an earlier try may have arrived.
    reply = await asking.sent(made, is_repeatable=False)
    if asking.says_nothing(reply):
        raise ChannelRefused(f"It answered with {reply.status}: it knows nothing of that.", code=str(reply.status))
    return reply


def _line(item: Item) -> Gaps:
    price = item.unit_price
    return _said(
        {
            "line": item.line,
            "product": item.product,
            "sku": item.sku,
            "title": item.title,
            "quantity": item.quantity,
            "unit_price": _plain(price) if price else None,
            "line_total": _plain(item.total),
        }
    )


def _said(gaps: Mapping[str, str | int | None]) -> Gaps:
    return {name: value for name, value in gaps.items() if value is not None}


def _plain(money: Amount) -> str:
    """The digits, never as a number of JSON, which readers take for a float."""
    return format(money.amount, "f")


def _sum(items: tuple[Item, ...]) -> Amount:
    amount = items[0].total.amount
    for one in items[1:]:
        amount = EXACT.add(amount, one.total.amount)
    return Amount(amount, items[0].total.currency)


def _found(path: JsonPath, answer: Any, what: str) -> str:
    try:
        text = text_of(path.find(answer))
    except BadValue as error:
        raise BadPayload(f"The answer names {what} at {path.text!r} by what is none: {error}.") from error
    if not text or len(text) > _LONGEST:
        raise BadPayload(f"The answer does not name {what} at {path.text!r}.")
    return text


def _moment(said: Expression | None, scene: Scene) -> datetime | None:
    """When the page ends; None where the answer does not say it, or not so that it can be read."""
    try:
        found: datetime | None = said.give(scene) if said else None
    except (BadValue, ArithmeticError, ValueError):
        return None
    return found
