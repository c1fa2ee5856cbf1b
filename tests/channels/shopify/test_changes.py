"""What has changed in the shop is found by asking, whatever its deliveries missed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.errors import BadPayload
from adapters.contract.found import Found
from adapters.contract.records import HandedOver, Order, Person, Removal
from adapters.lines import Lines
from resolvers.consents import CONSENT_WORDS
from resolvers.customers import CUSTOMERS
from resolvers.kit.shift import Shift
from resolvers.live.account_pasts import ACCOUNT_PASTS, read_on
from resolvers.purchases import PURCHASES
from tests.channels.shopify.double import Bucket, Shop, delivery
from tests.channels.shopify.making import buyer, mailbox, moment, sale, told_buyer, told_sale
from tests.conftest import Asking
from tests.taking_in import bring


async def read_all(shopify: Shopify, cursor: str | None = None) -> tuple[list[HandedOver], str | None, int]:
    """Everything behind the cursor, the cursor that leads on later, and how many portions it took."""
    records: list[HandedOver] = []
    for n in range(1, 40):
        found: Found = await shopify.portion_of_all(cursor)
        assert found.unread == ()
        records += found.records
        if found.after is None:
            return records, cursor, n
        cursor = found.after
    raise AssertionError("there is no end")


def orders(records: list[HandedOver]) -> set[tuple[str, str]]:
    """The orders, with how far they are."""
    return {(one.external_id, one.status) for one in records if isinstance(one, Order)}


async def test_everything(shop: Shop, shopify: Shopify) -> None:
    """From the start all customers and orders come, in portions, and there is an end."""
    shop.buyers = [buyer(n, updatedAt=moment(n / 100)) for n in range(1, 61)]
    shop.sales = [sale(n, 7, days=n / 100) for n in range(1, 33)]
    records, _, portions = await read_all(shopify)
    assert len({one.who.value for one in records if isinstance(one, Person)}) == 60
    assert orders(records) == {(str(n), "PAID") for n in range(1, 33)}
    assert portions < 10


async def test_news_only(shop: Shop, shopify: Shopify) -> None:
    """Asked again later, what has changed since comes, and little else."""
    shop.buyers, shop.sales = [buyer(7)], [sale(n, 7, days=n) for n in range(1, 16)]
    _, cursor, _ = await read_all(shopify)
    assert cursor is not None
    assert orders((await read_all(shopify, cursor))[0]) == {("15", "PAID")}
    shop.sales[3] |= {"updatedAt": moment(17), "displayFulfillmentStatus": "FULFILLED"}
    shop.buyers.append(buyer(8, updatedAt=moment(17)))
    records, later, _ = await read_all(shopify, cursor)
    assert orders(records) == {("15", "PAID"), ("4", "FULFILLED")}
    assert "8" in {one.who.value for one in records if isinstance(one, Person)}
    assert orders((await read_all(shopify, later))[0]) == {("4", "FULFILLED")}


async def test_found_late(shop: Shop, shopify: Shopify) -> None:
    """Shopify's search learns of a change some seconds later: what then lies before the newest comes, too."""
    shop.sales = [sale(1, 7, days=1)]
    _, cursor, _ = await read_all(shopify)
    shop.sales.append(sale(2, 7, days=1 - 0.001))
    assert ("2", "PAID") in orders((await read_all(shopify, cursor))[0])


async def test_many_at_one_moment(shop: Shop, shopify: Shopify) -> None:
    """Where more than a page was changed in one second, all of it comes, and reading ends; so does what comes later."""
    shop.bucket = Bucket(most=1e6, left=1e6)
    shop.sales = [sale(n, 7) for n in range(1, 26)]
    records, cursor, _ = await read_all(shopify)
    assert len(orders(records)) == 25
    shop.sales += [sale(n, 7, days=0.001) for n in range(46, 58)]
    again = orders((await read_all(shopify, cursor))[0])
    assert {(str(n), "PAID") for n in range(46, 58)} <= again


async def test_paid_draft_goes(shop: Shop, shopify: Shopify) -> None:
    """A draft of ours that became an order is removed, also where no delivery said so."""
    ours = {
        "id": "gid://shopify/DraftOrder/61",
        "status": "COMPLETED",
        "updatedAt": moment(),
        "tags": ["profile-gateway"],
    }
    theirs = {**ours, "id": "gid://shopify/DraftOrder/62", "tags": []}
    shop.drafts = [ours, theirs, {**ours, "id": "gid://shopify/DraftOrder/63", "status": "OPEN"}]
    records, _, _ = await read_all(shopify)
    assert {one.external_id for one in records if isinstance(one, Removal)} == {"draft-61"}


ODD = ("", "x", "[]", "[[1,2]]", "[[null,null],[null,null],[7,null]]", '[["x",null]]', "9" * 99)


@pytest.mark.parametrize("cursor", ODD, ids=range(len(ODD)))
async def test_odd_cursor(shopify: Shopify, cursor: str) -> None:
    """A cursor that is none of ours is refused, and nobody is asked by it."""
    with pytest.raises(BadPayload):
        await shopify.portion_of_all(cursor)


async def test_subscription_gone(ask: Asking, shop: Shop, shopify: Shopify) -> None:
    """Where no delivery comes any more, the hourly look finds what has changed, and takes it in once."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7)]
    now = ask.now

    async def hour() -> list[tuple[str, str]]:
        nonlocal now
        lines, declared = Lines([shopify]), ask.graph.declared
        for _ in range(4):
            await read_on(Shift(store=ask.store, declared=declared, clock=lambda: now, lines=lines))
        now += timedelta(hours=1)
        kept = await ask.store.find(PURCHASES, {}, order=[("placed_at", 1)])
        return [(one["external_id"], one["status"]) for one in kept]

    assert await hour() == [("1", "PAID")]
    shop.sales[0] |= {"updatedAt": moment(2), "displayFulfillmentStatus": "FULFILLED"}
    shop.sales.append(sale(2, 7, days=3))
    assert await hour() == [("1", "FULFILLED"), ("2", "PAID")]
    asked = shop.asked["Changes"]
    assert await hour() == [("1", "FULFILLED"), ("2", "PAID")]
    # An hour in which nothing happened costs one question.
    assert shop.asked["Changes"] == asked + 1
    (past,) = await ask.store.find(ACCOUNT_PASTS, {})
    assert past["reason"] is None


async def test_parcels_stay(ask: Asking, shop: Shop, shopify: Shopify) -> None:
    """The look at what has changed takes no parcel away that a delivery told."""
    track = {"company": "DHL", "url": None}
    parcels = [
        {"status": "SUCCESS", "displayStatus": "IN_TRANSIT", "trackingInfo": [{**track, "number": str(n)}]}
        for n in range(6)
    ]
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, fulfillments=parcels)]
    (event,) = shopify.events(delivery("orders/updated", told_sale(shop.sales[0], shop.buyers[0])))
    await bring(ask.store, *event.records)
    await read_on(Shift(store=ask.store, declared=ask.graph.declared, clock=lambda: ask.now, lines=Lines([shopify])))
    (kept,) = await ask.store.find(PURCHASES, {})
    assert [one["number"] for one in kept["tracking"]] == [str(n) for n in range(6)]


@pytest.mark.parametrize("at", [moment(2), None])
async def test_choice_found(ask: Asking, shop: Shop, shopify: Shopify, at: str | None) -> None:
    """Whoever has unsubscribed while no delivery came has withdrawn, and is told of once however often one looks."""
    shift = Shift(store=ask.store, declared=ask.graph.declared, clock=lambda: ask.now, lines=Lines([shopify]))
    shop.buyers = [buyer(7, defaultEmailAddress=mailbox("ann@example.com", "SUBSCRIBED", moment(1)))]
    (event,) = shopify.events(delivery("customers/update", told_buyer(shop.buyers[0])))
    await bring(ask.store, *event.records)
    shop.buyers[0] |= {"defaultEmailAddress": mailbox("ann@example.com", "UNSUBSCRIBED", at), "updatedAt": moment(3)}
    for _ in range(3):
        await read_on(shift)
        await read_on(replace(shift, clock=lambda: ask.now + timedelta(hours=2)))
    (customer,) = await ask.store.find(CUSTOMERS, {})
    assert [(one["purpose"], one["status"]) for one in customer["consents"]] == [("e-mail marketing", "WITHDRAWN")]
    assert await ask.store.count(CONSENT_WORDS, {}) == 2


async def test_throttled_waits(ask: Asking, shop: Shop, shopify: Shopify) -> None:
    """A throttled portion is asked for again when Shopify allows, and none is lost."""
    shop.sales = [sale(1, 7)]
    shop.fault("Changes", 200, {"errors": [{"extensions": {"code": "THROTTLED"}}]})
    shift = Shift(store=ask.store, declared=ask.graph.declared, clock=lambda: ask.now, lines=Lines([shopify]))
    await read_on(shift)
    (past,) = await ask.store.find(ACCOUNT_PASTS, {})
    assert (past["reason"], past["due_at"] - ask.now) == ("BUSY", timedelta(seconds=1))
