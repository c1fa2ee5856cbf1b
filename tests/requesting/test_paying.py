"""Is a customer asked for money once, on the channel's own page, and does nobody else see it?"""

from datetime import timedelta

import pytest

from adapters.channels.rest.channel import Rest
from adapters.contract.channel import PaymentAsked, PaymentRequest
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.payment_requests import PAYMENT_REQUESTS
from tests.makers import Makers
from tests.requesting.conftest import PAY, Counter
from tests.requesting.shop import Shop


async def test_page_at_once(counter: Counter, shop: Shop) -> None:
    """The answer names the page and its end; it is kept on the customer, for the same key once."""
    counter.opens()
    asked = (await counter.pay())["request"]
    assert (asked["status"], asked["url"]) == ("DONE", "https://pay.example.com/1")
    assert asked["expiresAt"] == "2026-11-30T00:53:20Z"
    assert (await counter.pay())["request"]["id"] == asked["id"]
    (kept,) = (await counter.shown())["paymentRequests"]["nodes"]
    assert (kept["url"], kept["hiddenFields"]) == ("https://pay.example.com/1", [])
    (page,) = shop.pages
    assert (page["cents"], page["currency"], page["text"]) == (1990, "EUR", "Two bells")


async def test_for_an_order(counter: Counter, shop: Shop) -> None:
    """A payment for an order names it to the shop, and shows it."""
    counter.opens()
    order = (await counter.order())["request"]["order"]["id"]
    asked = (await counter.pay(orderId=order))["request"]
    assert asked["order"]["id"] == order
    assert shop.pages[0]["order"] == "no-1"


async def test_of_anothers_order(counter: Counter, shop: Shop, make: Makers) -> None:
    """An order of another customer, or of a channel that was not meant, is refused; nobody is asked."""
    counter.opens()
    stranger = await make.customer("Bob", "Lee")
    theirs = global_id("Purchase", await make.purchase(stranger, "5.00"))
    assert (await counter.pay(orderId=theirs))["code"] == "NOT_FOUND"
    own = global_id("Purchase", await make.purchase(counter.customer, "5.00", channel="store"))
    assert "store/main" in (await counter.pay(orderId=own, channel="shop"))["message"]
    assert "asks for payments" in (await counter.pay(orderId=own))["message"]
    assert shop.asked == 0


@pytest.mark.parametrize("fault", ["lost", "junk"])
async def test_unknown_is_not_asked_again(counter: Counter, shop: Shop, fault: str) -> None:
    """Where nobody knows whether there is a page, that is said, and nobody asks again."""
    counter.opens()
    shop.fault = fault
    asked = (await counter.pay())["request"]
    await counter.settle(timedelta(hours=1))
    assert (asked["status"], asked["url"], shop.asked) == ("UNKNOWN", None, 1)


async def test_asked_again_by_its_key(counter: Counter, shop: Shop) -> None:
    """A vendor that knows requests by their keys is asked again, also after a kill, and has one page."""
    counter.opens(repeatable=True)
    shop.fault = "lost"
    assert (await counter.pay())["request"]["status"] == "UNDER_WAY"
    shop.fault = None
    await counter.settle()
    (kept,) = (await counter.shown())["paymentRequests"]["nodes"]
    assert (kept["status"], kept["url"]) == ("DONE", "https://pay.example.com/1")
    assert (shop.asked, len(shop.pages)) == (2, 1)


class Careless(Rest):
    """An adapter that hands on whatever stands there."""

    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        """Names no page."""
        return PaymentAsked(external_id=request.key, url="javascript:alert(1)")


async def test_no_page_on_the_web(counter: Counter) -> None:
    """What is no web address is never shown as a page."""
    counter.opens(cls=Careless)
    asked = (await counter.pay())["request"]
    assert (asked["status"], asked["url"]) == ("UNKNOWN", None)


BAD_PAYMENTS: list[tuple[dict[str, object], str]] = [
    ({"amount": {"amount": "0", "currency": "EUR"}}, "is 0"),
    ({"amount": {"amount": "-5", "currency": "EUR"}}, "between 0"),
    ({"amount": {"amount": "19.999", "currency": "EUR"}}, "at most 2 decimal"),
    ({"amount": {"amount": "0.5", "currency": "JPY"}}, "at most 0 decimal"),
    ({"amount": {"amount": "5", "currency": "ABC"}}, "'ABC'"),
    ({"description": " "}, "`description`"),
    ({"orderId": "UHVyY2hhc2U6MQ"}, "no such order"),
]


async def test_bad_payments(counter: Counter, shop: Shop) -> None:
    """Each bad value is refused with what to send instead, and nobody is asked."""
    counter.opens()
    for given, told in BAD_PAYMENTS:
        assert told in (await counter.pay(**given))["message"]
    assert shop.asked == 0


@pytest.mark.parametrize("role", [Role.PARTNER, Role.VISITOR])
async def test_staff_alone(counter: Counter, role: Role) -> None:
    """Nobody but the staff asks for money, or sees by its id what was asked for."""
    counter.opens()
    asked = (await counter.pay())["request"]
    viewer = {"customer_id": counter.customer.key} if role is Role.VISITOR else {}
    amount = {"amount": "19.90", "currency": "EUR"}
    given = {"key": "k", "customerId": counter.customer.id, "amount": amount, "description": "Bells"}
    assert (await counter.ask(PAY, as_=role, viewer=viewer, input=given)).codes == ["FORBIDDEN"]
    found = await counter.ask("query ($id: ID!) { node(id: $id) { id } }", as_=role, viewer=viewer, id=asked["id"])
    assert (found.data or {}).get("node") is None
    assert await counter.ask.store.count(PAYMENT_REQUESTS, {}) == 1
