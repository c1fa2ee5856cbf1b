"""Are orders placed, and payments asked for, as the mapping says, and does each failure say what is known?"""

import copy
from decimal import Decimal

import pytest
from aiohttp import web

from adapters.channels.rest.loading import BadMapping, load
from adapters.contract.channel import Capability, NewOrder, PaymentRequest
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelRefused, OutcomeUnknown
from adapters.contract.records import Amount, Item, Who
from tests.channels.rest.test_loading import GOOD

WHO = Who("shop", "main", "p/1")
TITLE = 'A "bell"\n{who} \\ 😀'


def _eur(amount):
    return Amount(Decimal(amount), "EUR")


ITEMS = (
    Item(line="1", title=TITLE, quantity=3, total=_eur("0.30"), unit_price=_eur("0.10"), sku="B-1", product="77"),
    Item(line="2", title="Lamp", quantity=1, total=_eur("1E+2"), unit_price=_eur("1E+2")),
)
ORDER = NewOrder(who=WHO, key="k-1", items=ITEMS)
PAYMENT = PaymentRequest(who=WHO, key="k-2", amount=_eur("19.9"), words=TITLE, order="o-1")
LINE = {"n": "{line}", "title": "{title}", "sku": "{sku}", "product": "{product}", "each": "{unit_price}"}
PLACES = {
    "path": "/people/{who}/orders",
    "headers": {"Idempotency-Key": "{key}"},
    "body": {"note": "{note}", "sum": "{total} {currency}", "lines": [LINE | {"count": "{quantity}"}]},
    "id": "order.number",
}
ASKS = {
    "path": "/people/{who}/links",
    "body": {"cents": "{amount_minor}", "amount": "{amount}", "text": "{words}", "for": "{order}", "key": "{key}"},
    "id": "id",
    "url": "page",
    "expires_at": {"path": "ends", "styles": ["unix"]},
}


@pytest.fixture
def shop(make):
    """A shop that takes orders and asks for payments."""

    def made(order=None, payment=None):
        said = {name: value for name, value in (PLACES | (order or {})).items() if value is not None}
        return make("shop", copy.deepcopy(GOOD) | {"order": said, "payment": ASKS | (payment or {})})

    return made


async def test_placed_as_said(shop, double) -> None:
    """Each line stands in the body, amounts as exact texts, what was not said left out; the shop gives the id alone."""
    double.answers({"order": {"number": 4711}})
    (order,) = (await shop().place_order(ORDER)).records
    assert (order.external_id, order.who, order.items, order.key) == ("4711", WHO, ITEMS, "k-1")
    (seen,) = double.seen
    assert (seen.raw_path, seen.headers["idempotency-key"]) == ("/people/p%2F1/orders", "k-1")
    assert seen.body == {
        "sum": "100.30 EUR",
        "lines": [
            {"n": "1", "title": TITLE, "sku": "B-1", "product": "77", "each": "0.10", "count": 3},
            {"n": "2", "title": "Lamp", "each": "100", "count": 1},
        ],
    }


async def test_asked_as_said(shop, double) -> None:
    """The answer names the page and its end; the amount goes out in the smallest coin where that is wanted."""
    double.answers({"id": 9, "page": "https://pay.example/9", "ends": 1796000000})
    channel = shop()
    asked = await channel.ask_payment(PAYMENT)
    assert (asked.external_id, asked.url) == ("9", "https://pay.example/9")
    assert asked.expires_at is not None
    assert asked.expires_at.isoformat() == "2026-11-30T00:53:20+00:00"
    (seen,) = double.seen
    assert seen.body == {"cents": 1990, "amount": "19.9", "text": TITLE, "for": "o-1", "key": "k-2"}
    assert {Capability.ORDER, Capability.PAYMENT} <= set(channel.capabilities())


@pytest.mark.parametrize("repeatable", [False, True])
async def test_unknown_outcome(shop, double, repeatable) -> None:
    """Where the line breaks behind the request nobody knows, and the channel itself asks no second time."""

    async def fault(request):
        request.transport.abort()
        return web.Response()

    double.fault = fault
    channel = shop({"repeatable": repeatable}, {"repeatable": repeatable})
    assert channel.is_order_repeatable is channel.is_payment_repeatable is repeatable
    for asked in (channel.place_order(ORDER), channel.ask_payment(PAYMENT)):
        with pytest.raises(OutcomeUnknown):
            await asked
    assert len(double.seen) == 2


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (422, {}, ChannelRefused),
        (429, {}, ChannelBusy),
        (200, "<html>", BadPayload),
        (200, {"order": {}, "id": 1, "page": ""}, BadPayload),
        (200, {"order": {"number": []}, "id": 1, "page": "javascript:alert(1)"}, BadPayload),
    ],
)
async def test_failures_have_names(shop, double, status, answer, error) -> None:
    """What certainly was not done is refused or busy; a yes that cannot be read is BadPayload."""
    double.answers(answer, status=status)
    channel = shop()
    with pytest.raises(error):
        await channel.place_order(ORDER)
    with pytest.raises(error):
        await channel.ask_payment(PAYMENT)


async def test_whole_answer_is_read(shop, double) -> None:
    """With `records` the order is read as the shop has it, with the key that it gives back; two are one too many."""
    fields = {"id": "no", "key": "ref", "placed_at": "at", "currency": "cur"}
    fields |= {"line": {"title": "name", "total": "sum"}}
    read = {"record": "orders", "list": "orders", "lines": "lines", "fields": fields}
    one = {"no": 5, "ref": "k-1", "at": "2026-03-01T10:00:00Z", "cur": "EUR", "lines": [{"name": "Bell", "sum": "9"}]}
    double.answers({"orders": [one]})
    (order,) = (await shop({"id": None, "records": [read]}).place_order(ORDER)).records
    assert (order.external_id, order.key, order.items[0].total) == ("5", "k-1", _eur("9"))
    double.answers({"orders": [one, one]})
    with pytest.raises(BadPayload, match="2 orders"):
        await shop({"id": None, "records": [read]}).place_order(ORDER)


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"id": None}, "say either `id`"),
        ({"body": {"title": "{title}"}}, "stands in a list of one element"),
        ({"path": "/orders/{sku}"}, "stands in a list of one element"),
        ({"repeatable": True, "headers": {}}, "the vendor is not told the"),
        ({"body": {"lines": [{"t": "{titel}"}]}}, "did you mean|nothing that is filled in"),
        ({"method": "GET"}, "cannot stand here"),
    ],
)
def test_mistakes_are_told(order, told) -> None:
    """What is wrong with `order` is told when the mapping is loaded."""
    said = {name: value for name, value in (PLACES | order).items() if value is not None}
    with pytest.raises(BadMapping, match=told):
        load(copy.deepcopy(GOOD) | {"order": said})
