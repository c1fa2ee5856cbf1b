"""Orders that agents place in the shop, and the pages on which customers pay, as the graph gives them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.records import Listing
from adapters.lines import Lines
from resolvers.ingest.batch import take
from resolvers.kit.ids import global_id
from resolvers.kit.shift import Shift
from resolvers.ordering import settle_orders
from resolvers.products import PRODUCTS
from resolvers.purchases import PURCHASES
from tests.channels.shopify.double import Shop, delivery
from tests.channels.shopify.making import bag, buyer, sale, told_sale, ware
from tests.conftest import Asking
from tests.makers import Made, Makers

ORDER = """mutation ($input: CreateOrderInput!) { createOrder(input: $input) {
  ... on CreateOrderPayload { request { status order { id number status total { amount } } } }
  ... on Refusal { code message } } }"""
PAY = """mutation ($input: RequestPaymentInput!) { requestPayment(input: $input) {
  ... on RequestPaymentPayload { request { status url order { number } } }
  ... on Refusal { code message } } }"""
SHOWN = """query ($id: ID!) { customer(id: $id) {
  purchases { nodes { id number status } } purchaseTotals { orders amount { amount } }
  orderRequests(first: 9) { nodes { status order { number status } } } } }"""
BELLS = {"title": "A bell", "sku": "B-1", "quantity": 2, "unitPrice": {"amount": "9.95", "currency": "EUR"}}


@dataclass
class Till:
    """Where an agent serves a customer of the shop."""

    ask: Asking
    shop: Shop
    customer: Made
    shopify: Shopify

    async def order(self, **more: Any) -> Any:
        """What an agent is answered who orders two bells."""
        given = {"key": "first", "customerId": self.customer.id, "items": [BELLS]} | more
        return (await self.ask(ORDER, input=given)).data["createOrder"]

    async def pay(self, amount: str = "19.90", **more: Any) -> Any:
        """What an agent is answered who asks for money."""
        money = {"amount": amount, "currency": "EUR"}
        given = {"key": "first", "customerId": self.customer.id, "amount": money, "description": "Two bells"} | more
        return (await self.ask(PAY, input=given)).data["requestPayment"]

    async def shown(self) -> Any:
        """What an agent sees of it."""
        return (await self.ask(SHOWN, id=self.customer.id)).data["customer"]

    async def tells(self, topic: str, body: Any) -> None:
        """Has a delivery of the shop's taken in."""
        (event,) = self.shopify.events(delivery(topic, body))
        assert event.records, event
        await take(self.ask.store, event.records, at=self.ask.now, by="shopify/acme")


@pytest.fixture
def till(ask: Asking, make: Makers, shop: Shop, opened: Callable[..., Shopify]) -> Callable[..., Any]:
    """Makes a till, with a customer who is known in the shop."""

    async def made(**more: Any) -> Till:
        customer = await make.customer()
        await make.identity(customer, "shopify", "7", "acme")
        shop.buyers = [buyer(7)]
        shopify = opened(**more)
        ask.lines = Lines([shopify])
        return Till(ask, shop, customer, shopify)

    return made


async def test_draft_then_order(till: Any, shop: Shop) -> None:
    """What is ordered is a draft with a page; once it is paid one order stands for it, and totals count it once."""
    one = await till()
    placed = (await one.order())["request"]
    assert (placed["status"], placed["order"]["number"], placed["order"]["status"]) == ("DONE", "#D501", "PLACED")
    asked = (await one.pay(orderId=placed["order"]["id"]))["request"]
    assert asked["url"] == shop.drafts[0]["invoiceUrl"]
    paid = shop.pays(shop.drafts[0])
    told = {**shop.drafts[0], "order": None, "updated_at": shop.drafts[0]["updatedAt"], "line_items": []}
    told["note_attributes"] = [{"name": "profile_gateway_key", "value": "k"}]
    await one.tells("orders/create", told_sale(paid, shop.buyers[0]))
    await one.tells("draft_orders/update", told)
    shown = await one.shown()
    assert [(p["number"], p["status"]) for p in shown["purchases"]["nodes"]] == [(paid["name"], "PAID")]
    assert shown["purchaseTotals"] == [{"orders": 1, "amount": {"amount": "19.90"}}]
    assert shown["orderRequests"]["nodes"] == [{"status": "DONE", "order": {"number": paid["name"], "status": "PAID"}}]


async def test_order_at_once(till: Any, shop: Shop) -> None:
    """Where the settings say so, the draft is completed at once: an order whose payment is pending."""
    one = await till(completes_drafts=True)
    placed = (await one.order())["request"]
    assert (placed["order"]["number"], placed["order"]["status"]) == (shop.sales[0]["name"], "PLACED")
    shop.sales[0]["totalOutstandingSet"] = bag("19.90")
    shop.sales[0]["paymentCollectionDetails"] = {"additionalPaymentCollectionUrl": "https://acme.example/pay/1"}
    asked = (await one.pay(orderId=placed["order"]["id"]))["request"]
    assert (asked["url"], asked["order"]["number"]) == ("https://acme.example/pay/1", shop.sales[0]["name"])


async def test_draft_not_completed(till: Any, shop: Shop) -> None:
    """Where the draft certainly became no order, it goes, and the same key is free."""
    one = await till(completes_drafts=True)
    shop.fault("Complete", 200, {"errors": [{"extensions": {"code": "ACCESS_DENIED"}}]})
    assert (await one.order())["code"] == "CHANNEL_REFUSED"
    assert shop.drafts == []
    assert (await one.order())["request"]["status"] == "DONE"
    assert len(shop.sales) == 1


async def test_lost_answer(till: Any, shop: Shop) -> None:
    """Where nobody knows whether the draft is there, it is made once; the shop's word on the order settles it."""
    one = await till()
    shop.fault("Draft", 1)
    assert (await one.order())["request"] == {"status": "UNKNOWN", "order": None}
    later, ask = one.ask.now + timedelta(hours=1), one.ask
    await settle_orders(Shift(store=ask.store, declared=ask.graph.declared, clock=lambda: later, lines=ask.lines))
    assert len(shop.drafts) == 1
    await one.tells("orders/create", told_sale(shop.pays(shop.drafts[0]), shop.buyers[0]))
    (request,) = (await one.shown())["orderRequests"]["nodes"]
    assert request["status"] == "DONE"


async def test_throttled(till: Any, shop: Shop) -> None:
    """A throttled order was certainly not placed: when to try again is said, and there is none."""
    one = await till()
    shop.fault("Draft", 200, {"errors": [{"extensions": {"code": "THROTTLED"}}]})
    refused = await one.order()
    assert (refused["code"], "THROTTLED" in refused["message"]) == ("CHANNEL_BUSY", True)
    assert shop.drafts == []


async def test_shop_says_no(till: Any, shop: Shop) -> None:
    """What the shop does not take is named by its place, and its words, which quote an address, are not shown."""
    one = await till()
    shop.buyers = []
    refused = await one.order()
    assert refused["code"] == "CHANNEL_REFUSED"
    assert "`input.customerId`" in refused["message"]
    assert "@" not in refused["message"]


async def test_product_of_the_shop(till: Any, shop: Shop) -> None:
    """A product is ordered by the kind that has the stock keeping unit, at the price that was agreed on."""
    one = await till()
    shop.wares = [ware(91, "A bell", "9.90", "B-1", "B-2")]
    listing = Listing(channel="shopify", account="acme", external_id="91", name="A bell", sku="B-2")
    await take(one.ask.store, [listing], at=one.ask.now, by="test")
    key = PRODUCTS.id_of({"channel": "shopify", "account": "acme", "external_id": "91"})
    item = {"productId": global_id("Product", key), "quantity": 1, "unitPrice": {"amount": "8.00", "currency": "EUR"}}
    assert (await one.order(items=[item], note="Wrap it"))["request"]["order"]["total"]["amount"] == "8.00"
    assert [line["sku"] for line in shop.drafts[0]["lineItems"]] == ["B-2"]
    assert shop.drafts[0]["note2"] == "Wrap it"
    (kept,) = await one.ask.store.find(PURCHASES, {})
    assert kept["lines"][0]["product_id"] == key


async def test_money_alone(till: Any, shop: Shop) -> None:
    """Money for no order is a draft over the amount, with a page of its own, and nothing on top of it."""
    one = await till()
    asked = (await one.pay())["request"]
    (draft,) = shop.drafts
    assert asked["url"] == draft["invoiceUrl"]
    assert draft["totalPriceSet"]["shopMoney"] == {"amount": "19.90", "currencyCode": "EUR"}
    given = shop.questions[-1]["input"]["lineItems"][0]
    assert (given["title"], given["taxable"], given["requiresShipping"]) == ("Two bells", False, False)
    assert shop.questions[-1]["input"]["presentmentCurrencyCode"] == "EUR"


async def test_other_amount(till: Any) -> None:
    """The page of an order asks for what is to be paid: for another amount it is not given."""
    one = await till()
    placed = (await one.order())["request"]
    refused = await one.pay("5.00", orderId=placed["order"]["id"])
    assert (refused["code"], "another amount" in refused["message"]) == ("CHANNEL_REFUSED", True)


async def test_order_without_page(till: Any, shop: Shop) -> None:
    """An order for which the shop collects nothing has no page: that is said."""
    one = await till()
    shop.sales = [sale(1, 7)]
    await one.tells("orders/create", told_sale(shop.sales[0], shop.buyers[0]))
    (bought,) = (await one.shown())["purchases"]["nodes"]
    assert "collects no payment" in (await one.pay("9.90", orderId=bought["id"]))["message"]
