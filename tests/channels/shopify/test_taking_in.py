"""What Shopify hands over is kept once, whichever way it came."""

from collections.abc import Sequence
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.found import Portion
from adapters.contract.records import Departure, HandedOver, Order, Person, Who
from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.ingest.report import Outcome
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.purchases import PURCHASES
from tests.channels.shopify.double import Shop, delivery
from tests.channels.shopify.making import bag, buyer, goods, sale, told_sale
from tests.conftest import Asking
from tests.taking_in import bring

ANN = Who("shopify", "acme", "7")
DATA = [{"key": "engraving", "value": "For Ann"}, {"key": "profile_gateway_key", "value": "k"}]
SENT = {
    "status": "SUCCESS",
    "displayStatus": "DELIVERED",
    "trackingInfo": [{"company": "DHL", "number": "1", "url": "https://track.example/1"}],
}
MONEY = {"totalPriceSet": bag("22.90", shown="3700"), "currentTotalPriceSet": bag("22.90", shown="3700")}
SAID = {"email": "ann@work.example", "phone": "+14155550100", "note": "Ring twice", "customAttributes": DATA}


def whole() -> dict[str, object]:
    """An order with everything."""
    off = [{"allocatedAmountSet": bag("1.80")}]
    lines = [goods(81, quantity=2, discountAllocations=off), goods(82, "A lamp", "4.90", quantity=1)]
    return sale(1, 7, *lines, fulfillments=[SENT], displayFulfillmentStatus="FULFILLED", **MONEY, **SAID)


async def ways(shop: Shop, shopify: Shopify) -> list[Sequence[HandedOver]]:
    """The same order as it is asked for, delivered, and found by what has changed."""
    order = whole()
    shop.buyers, shop.sales = [buyer(7)], [order]
    live = (await shopify.purchases(ANN, Portion())).records
    told = shopify.events(delivery("orders/updated", told_sale(order, shop.buyers[0])))[0].records
    changed = (await shopify.portion_of_all(None)).records
    return [live, told, changed]


async def test_one_order_three_ways(shop: Shop, shopify: Shopify) -> None:
    """Asked for, delivered and found by its change, an order is the same to the last coin."""
    found = [next(one for one in some if isinstance(one, Order)) for some in await ways(shop, shopify)]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1)], ids=str)
async def test_one_node(store: Store, shop: Shop, shopify: Shopify, order: tuple[int, ...]) -> None:
    """In whichever order the three come, there is one customer, one order, and nothing is rejected."""
    three = await ways(shop, shopify)
    taken = [await bring(store, *three[n]) for n in order]
    assert all(one.outcome is not Outcome.REJECTED for part in taken for one in part.results)
    assert [await store.count(record, {}) for record in (PURCHASES, CUSTOMERS)] == [1, 1]
    (kept,) = await store.find(PURCHASES, {})
    assert kept["custom_data"] == [{"name": "note", "value": "Ring twice"}, {"name": "engraving", "value": "For Ann"}]


async def test_older_word_comes_late(store: Store, shop: Shop, shopify: Shopify) -> None:
    """A delivery that comes late does not undo what is known since."""
    live, _, _ = await ways(shop, shopify)
    await bring(store, *live)
    old = {
        **whole(),
        "updatedAt": "2026-10-01T10:00:00Z",
        "displayFulfillmentStatus": "UNFULFILLED",
        "fulfillments": [],
    }
    await bring(store, *shopify.events(delivery("orders/create", told_sale(old, buyer(7))))[0].records)
    (kept,) = await store.find(PURCHASES, {})
    assert (kept["status"], len(kept["tracking"])) == ("FULFILLED", 1)


@pytest.mark.parametrize(
    ("topic", "then", "now", "status"),
    [
        ("orders/paid", {"displayFinancialStatus": "PAID"}, {"displayFinancialStatus": "REFUNDED"}, "REFUNDED"),
        ("orders/paid", {"displayFinancialStatus": "PAID"}, {"cancelledAt": "2026-11-09T10:00:00Z"}, "CANCELLED"),
        ("orders/cancelled", {"cancelledAt": "2026-11-08T10:00:00Z"}, {"cancelledAt": None}, "FULFILLED"),
    ],
)
async def test_topic_comes_late(
    store: Store, shopify: Shopify, topic: str, then: dict[str, Any], now: dict[str, Any], status: str
) -> None:
    """What was paid or called off, and is told of behind a later `orders/updated`, undoes nothing of that."""

    async def told(topic: str, day: int, said: dict[str, Any]) -> None:
        order = told_sale({**whole(), "updatedAt": f"2026-11-{day:02}T10:00:00Z", **said}, buyer(7))
        await bring(store, *shopify.events(delivery(topic, order))[0].records)

    await told("orders/updated", 10, now)
    await told(topic, 8, then)
    (kept,) = await store.find(PURCHASES, {})
    assert kept["status"] == status
    # And a later one of that very topic is not passed over.
    await told("orders/cancelled", 12, {"cancelledAt": "2026-11-12T10:00:00Z"})
    (kept,) = await store.find(PURCHASES, {})
    assert kept["status"] == "CANCELLED"


_SHOWN = """query ($id: ID!) { customer(id: $id) {
  contactPoints { type value isVerified } identities { channel value }
  purchases { nodes { number customData { name value } hiddenFields tracking { number status }
    total { amount currency } lines { title quantity total { amount } } } } } }"""


async def test_end_to_end(ask: Asking, shop: Shop, shopify: Shopify) -> None:
    """What was ordered is shown whole; address and number are ways to reach the customer, unproven, no identities."""
    _, told, _ = await ways(shop, shopify)
    await bring(ask.store, *told)
    (customer,) = await ask.store.find(CUSTOMERS, {})
    shown = (await ask(_SHOWN, id=global_id("Customer", customer["_id"]))).data["customer"]
    assert shown["identities"] == [{"channel": "shopify", "value": "7"}]
    points = {(one["type"], one["value"]): one["isVerified"] for one in shown["contactPoints"]}
    assert points[("EMAIL", "ann@work.example")] is False
    assert points[("PHONE", "+14155550100")] is False
    (bought,) = shown["purchases"]["nodes"]
    assert bought["customData"] == [{"name": "note", "value": "Ring twice"}, {"name": "engraving", "value": "For Ann"}]
    assert bought["total"] == {"amount": "22.90", "currency": "EUR"}
    assert [line["total"]["amount"] for line in bought["lines"]] == ["18.00", "4.90"]
    assert bought["tracking"] == [{"number": "1", "status": "delivered"}]


async def test_notes_are_not_for_all(ask: Asking, shop: Shop, shopify: Shopify) -> None:
    """What was noted on an order is hidden from who may see no personal values, and from the customer."""
    _, told, _ = await ways(shop, shopify)
    await bring(ask.store, *told)
    (customer,) = await ask.store.find(CUSTOMERS, {})
    query = "query ($id: ID!) { customer(id: $id) { purchases { nodes { customData { value } hiddenFields } } } }"
    one = global_id("Customer", customer["_id"])
    for role, viewer in ((Role.PARTNER, {}), (Role.VISITOR, {"customer_id": customer["_id"]})):
        await ask.store.update_all(IDENTITIES, {}, {"$set": {"claim": "VERIFIED"}})
        (bought,) = (await ask(query, as_=role, viewer=viewer, id=one)).data["customer"]["purchases"]["nodes"]
        assert bought == {"customData": None, "hiddenFields": ["customData"]}


async def test_gid_is_same_customer(store: Store, shop: Shop, shopify: Shopify) -> None:
    """Who was imported under the Admin API's writing of the id is one with who is delivered by number."""
    gid = Who("shopify", "acme", "gid://shopify/Customer/7")
    await bring(store, Person(who=gid))
    shop.buyers = [buyer(7)]
    await bring(store, *(await shopify.person(gid)).records)
    _, told, _ = await ways(shop, shopify)
    await bring(store, *told)
    assert await store.count(CUSTOMERS, {}) == 1


async def test_redaction_waits_for_people(store: Store, shop: Shop, shopify: Shopify) -> None:
    """A request to redact is refused while the person is known, with the name of what erases them."""
    _, told, _ = await ways(shop, shopify)
    await bring(store, *told)
    body = {"shop_domain": "acme.myshopify.com", "customer": {"id": 7}, "orders_to_redact": [1]}
    (gone,) = shopify.events(delivery("customers/redact", body))[0].records
    assert isinstance(gone, Departure)
    (result,) = (await bring(store, gone)).results
    assert "eraseCustomer" in str(result.reason)


@pytest.mark.parametrize(("said", "kept"), [("Zoë-Ann O'Neil", "Zoë-Ann O'Neil"), ("3M", None), ("Ann 🌸", None)])
async def test_odd_names(store: Store, shopify: Shopify, said: str, kept: str | None) -> None:
    """A first name that is none stands in the profile alone, and keeps neither customer nor order out."""
    order = told_sale(whole(), buyer(7, firstName=said, lastName=None))
    taken = await bring(store, *shopify.events(delivery("orders/create", order))[0].records)
    assert [one.reason for one in taken.results if one.outcome is Outcome.REJECTED] == []
    (customer,) = await store.find(CUSTOMERS, {})
    assert customer["attributes"].get("firstName") == kept
    (identity,) = await store.find(IDENTITIES, {})
    assert identity["profile"]["name"] == said
