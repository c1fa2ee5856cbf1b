"""What somebody ordered, as the shop tells it when it is asked."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.errors import NoSuchIdentity
from adapters.contract.found import Portion
from adapters.contract.records import Amount, Order, Parcel, Person, Reach, Who
from tests.channels.shopify.double import DEAREST, Shop, delivery
from tests.channels.shopify.making import bag, buyer, goods, sale, told_sale

ANN = Who("shopify", "acme", "7")


async def orders(shopify: Shopify, who: Who = ANN) -> list[Order]:
    """The orders of the first page."""
    found = await shopify.purchases(who, Portion())
    assert found.unread == ()
    return [one for one in found.records if isinstance(one, Order)]


async def test_order_whole(shop: Shop, shopify: Shopify) -> None:
    """Lines, exact money, discounts, parcels, notes and moments of an order are read."""
    taken_off = [{"allocatedAmountSet": bag("1.33")}, {"allocatedAmountSet": bag("0.47")}]
    line = goods(81, quantity=2, discountAllocations=taken_off)
    track = {"company": "DHL", "number": "00340", "url": "https://track.example/00340"}
    sent = {"status": "SUCCESS", "displayStatus": "IN_TRANSIT", "trackingInfo": [track]}
    data = [{"key": "engraving", "value": "Happy Birthday"}, {"key": "profile_gateway_key", "value": "k-1"}]
    more = {"totalPriceSet": bag("22.90"), "currentTotalPriceSet": bag("22.90"), "note": "Ring twice"}
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, line, fulfillments=[sent], customAttributes=data, **more)]
    (one,) = await orders(shopify)
    (item,) = one.items
    assert (item.total, item.unit_price) == (Amount(Decimal("18.00"), "EUR"), Amount(Decimal("9.90"), "EUR"))
    assert (item.quantity, item.sku, item.product) == (2, "S-81", "91")
    # Shipping stands in the total alone.
    assert one.total == Amount(Decimal("22.90"), "EUR")
    assert one.parcels == (
        Parcel(company="DHL", number="00340", url="https://track.example/00340", status="in transit"),
    )
    assert one.custom_data == {"note": "Ring twice", "engraving": "Happy Birthday"}
    assert (one.external_id, one.number, one.key, one.who) == ("1", "#1", "k-1", ANN)


STATES: list[tuple[dict[str, Any], str]] = [
    ({"displayFinancialStatus": "PENDING"}, "PLACED"),
    ({"displayFinancialStatus": "AUTHORIZED"}, "PLACED"),
    ({"displayFinancialStatus": "PARTIALLY_PAID"}, "PLACED"),
    ({"displayFinancialStatus": None}, "PLACED"),
    ({"displayFinancialStatus": "SOMETHING_NEW"}, "PLACED"),
    ({}, "PAID"),
    ({"displayFinancialStatus": "PARTIALLY_REFUNDED"}, "PAID"),
    ({"displayFulfillmentStatus": "PARTIALLY_FULFILLED"}, "PAID"),
    ({"displayFulfillmentStatus": "FULFILLED"}, "FULFILLED"),
    ({"displayFulfillmentStatus": "FULFILLED", "displayFinancialStatus": "PENDING"}, "FULFILLED"),
    ({"displayFulfillmentStatus": "FULFILLED", "displayFinancialStatus": "REFUNDED"}, "REFUNDED"),
    ({"displayFinancialStatus": "VOIDED"}, "CANCELLED"),
    ({"cancelledAt": "2026-11-02T10:00:00Z", "displayFinancialStatus": "REFUNDED"}, "CANCELLED"),
]


@pytest.mark.parametrize(("said", "status"), STATES, ids=range(len(STATES)))
async def test_states(shop: Shop, shopify: Shopify, said: dict[str, Any], status: str) -> None:
    """What was paid, sent, paid back and called off together say how far an order is."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, **said)]
    assert [one.status for one in await orders(shopify)] == [status]


async def test_what_came_back(shop: Shop, shopify: Shopify) -> None:
    """Of goods that came back the rest is left, with its part of the discount; what is all gone is no line."""
    off = [{"allocatedAmountSet": bag("1.00")}]
    lines = [goods(81, quantity=3, currentQuantity=2, discountAllocations=off), goods(82, currentQuantity=0)]
    more = {"displayFinancialStatus": "PARTIALLY_REFUNDED", "currentTotalPriceSet": bag("19.13")}
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, *lines, **more)]
    (one,) = await orders(shopify)
    assert [(item.line, item.quantity, item.total.amount) for item in one.items] == [("81", 2, Decimal("19.13"))]
    assert one.total == Amount(Decimal("19.13"), "EUR")


async def test_what_was_called_off(shop: Shop, shopify: Shopify) -> None:
    """An order that was called off shows what it had been."""
    more = {"cancelledAt": "2026-11-02T10:00:00Z", "currentTotalPriceSet": bag("0.00")}
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, goods(81, quantity=2, currentQuantity=0), **more)]
    (one,) = await orders(shopify)
    assert (one.items[0].quantity, one.total) == (2, Amount(Decimal("19.80"), "EUR"))


async def test_shops_own_currency(shop: Shop, shopify: Shopify) -> None:
    """Money is the shop's, whatever currency the customer was shown."""
    line = goods(81, originalUnitPriceSet=bag("9.90", shown="1600"))
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, line, totalPriceSet=bag("9.90", shown="1600"))]
    (one,) = await orders(shopify)
    assert {one.total, one.items[0].total} == {Amount(Decimal("9.90"), "EUR")}


async def test_no_trials(shop: Shop, shopify: Shopify) -> None:
    """An order for a trial is none of the person's, and its number none of theirs."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7), sale(2, 7, test=True, phone="+14155550100")]
    for found in (await shopify.purchases(ANN, Portion()), await shopify.portion_of_all(None)):
        assert [one.external_id for one in found.records if isinstance(one, Order)] == ["1"]
        assert "+14155550100" not in [
            way.value for one in found.records if isinstance(one, Person) for way in one.reaches
        ]


async def test_trials_of_a_development_store(shop: Shop, opened: Callable[..., Shopify]) -> None:
    """Where the settings say so, orders for a trial are told like others, and what they are is noted on them."""
    said = [{"key": "shopify_test", "value": "false"}]
    shop.buyers, shop.sales = (
        [buyer(7)],
        [sale(1, 7, customAttributes=said), sale(2, 7, test=True, customAttributes=said)],
    )
    shopify = opened(takes_tests=True)
    signed = delivery("orders/paid", told_sale(shop.sales[1], buyer(7)))
    trial = [{"shopify_test": "true", "attribute shopify_test": "false"}]
    for found in (await shopify.purchases(ANN, Portion()), await shopify.portion_of_all(None)):
        noted = {one.external_id: one.custom_data for one in found.records if isinstance(one, Order)}
        assert ("shopify_test" in noted["1"], [noted["2"]]) == (False, trial)
    (event,) = shopify.events(signed)
    assert [one.custom_data for one in event.records if isinstance(one, Order)] == trial
    tried = delivery("orders/paid", told_sale(shop.sales[1], buyer(7)), x_shopify_test="true")
    assert "trial" in (shopify.events(tried)[0].left_alone or "")


async def test_how_to_reach(shop: Shop, shopify: Shopify) -> None:
    """The e-mail address and numbers of an order are ways to reach the person, unproven; no identities."""
    said = {"email": "ann@work.example", "phone": "+14155550100", "billingAddress": {"phone": "(415) 555-0101"}}
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, **said), sale(2, 7, **said | {"phone": "no number"})]
    (person,) = [one for one in (await shopify.purchases(ANN, Portion())).records if isinstance(one, Person)]
    mail, *phones = ("ann@work.example", "+14155550101", "+14155550100")
    assert set(person.reaches) == {
        Reach(type="EMAIL", value=mail), *(Reach(type="PHONE", value=one) for one in phones)
    }  # fmt: skip
    assert person.also == ()


async def test_sixty_days(shop: Shop, opened: Callable[..., Shopify]) -> None:
    """Without the scope for all orders it is said from when on there are any; with it there is no such bound."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, days=-70), sale(2, 7)]
    found = await opened().purchases(ANN, Portion())
    assert found.complete_since is not None
    assert found.as_of is not None
    assert found.as_of - found.complete_since == timedelta(days=60)
    assert len([one for one in found.records if isinstance(one, Order)]) == 1
    shop.sees_all_orders = True
    all_of_them = await opened(read_all_orders=True, orders_at_once=9).purchases(ANN, Portion())
    assert (all_of_them.complete_since, len(all_of_them.records)) == (None, 2)


async def test_pages(shop: Shop, shopify: Shopify) -> None:
    """Page after page, the newest first, each order comes once."""
    shop.buyers, shop.sales = [buyer(7)], [sale(n, 7, days=n / 10) for n in range(1, 26)]
    seen: list[str] = []
    portion = Portion(at_most=10)
    while True:
        found = await shopify.purchases(ANN, portion)
        seen += [one.external_id for one in found.records if isinstance(one, Order)]
        if found.after is None:
            break
        portion = Portion(at_most=10, after=found.after)
    assert seen == [str(n) for n in range(25, 0, -1)]


async def test_many_lines(shop: Shop, shopify: Shopify) -> None:
    """An order of more lines than come along has all of them."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, *(goods(n) for n in range(1, 131)))]
    (one,) = await orders(shopify)
    assert [item.line for item in one.items] == [str(n) for n in range(1, 131)]
    assert shop.asked["MoreLines"] == 2


def sent(count: int, each: int = 1) -> list[dict[str, Any]]:
    """So many fulfillments, with so many parcels each."""
    tracks = [[{"company": "DHL", "number": f"{n}-{m}", "url": None} for m in range(each)] for n in range(count)]
    return [{"status": "SUCCESS", "displayStatus": "IN_TRANSIT", "trackingInfo": one} for one in tracks]


@pytest.mark.parametrize(("count", "each"), [(1, 3), (4, 1), (6, 1), (2, 9), (59, 14)])
async def test_many_parcels(shop: Shop, shopify: Shopify, count: int, each: int) -> None:
    """All parcels of an order come, however many were asked for at first, and nobody asks where there are few."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, fulfillments=sent(count, each)), sale(2, 7, fulfillments=sent(3))]
    found = {one.external_id: one for one in await orders(shopify)}
    assert [one.number for one in found["1"].parcels] == [f"{n}-{m}" for n in range(count) for m in range(each)]
    assert shop.asked["MoreParcels"] == 1
    assert shop.dearest <= DEAREST


@pytest.mark.parametrize(("count", "each"), [(60, 1), (1, 15)])
async def test_more_than_asked(shop: Shop, shopify: Shopify, count: int, each: int) -> None:
    """An order with more parcels than can be asked for is told as unread: no parcel is taken away in silence."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, fulfillments=sent(count, each)), sale(2, 7)]
    found = await shopify.purchases(ANN, Portion())
    assert [one.external_id for one in found.records if isinstance(one, Order)] == ["2"]
    assert [(one.what, one.why[:21]) for one in found.unread] == [("order 1", "fulfillments are more")]


async def test_by_address(shop: Shop, shopify: Shopify) -> None:
    """By their address the customer's orders are found, under their number; nobody else's."""
    shop.buyers, shop.sales = [buyer(6), buyer(7)], [sale(1, 7), sale(2, 6)]
    (one,) = await orders(shopify, Who("email", "", "customer7@example.com"))
    assert (one.external_id, one.who) == ("1", ANN)


async def test_by_gid(shop: Shop, shopify: Shopify) -> None:
    """Asked for by the other writing of the id, the orders are of that one: the profile says who else they are."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7)]
    who = Who("shopify", "acme", "gid://shopify/Customer/7")
    assert [one.who for one in await orders(shopify, who)] == [who]


async def test_one_odd_order(shop: Shop, shopify: Shopify) -> None:
    """One order that cannot be read is told, and spoils none of the others."""
    page = {"pageInfo": {"hasNextPage": False}, "nodes": [sale(1, 7), {**sale(2, 7), "lineItems": {"nodes": [7]}}]}
    shop.fault("Purchases", 200, {"data": {"customer": {"id": "gid://shopify/Customer/7", "orders": page}}})
    found = await shopify.purchases(ANN, Portion())
    assert [one.external_id for one in found.records if isinstance(one, Order)] == ["1"]
    assert [one.what for one in found.unread] == ["order 2"]


async def test_nobody(shop: Shop, shopify: Shopify) -> None:
    """Of nobody there are no orders."""
    del shop
    with pytest.raises(NoSuchIdentity):
        await shopify.purchases(ANN, Portion())
