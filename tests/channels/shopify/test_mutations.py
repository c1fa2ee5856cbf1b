"""However Shopify's words are spoilt: everything is read or unread, and nothing else is raised."""

import json
import random
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.bounds import beyond
from adapters.contract.channel import Capability
from adapters.contract.errors import BadPayload, ChannelError
from adapters.contract.found import Portion
from adapters.contract.records import Order, Who
from adapters.contract.soundness import unsound
from tests.channels.misread import assert_storable, misread_answer, misread_bodies
from tests.channels.shopify.double import Shop, delivery
from tests.channels.shopify.making import buyer, goods, sale, ware
from tests.channels.shopify.test_telling import SHOPIFY

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "payloads" / "shopify").glob("*.json"))]
TOPICS = (None, "orders/updated", "customers/update", "draft_orders/update", "products/update", "customers/redact")


def told_of(count: int) -> None:
    """Reads so many spoilt deliveries."""
    chance = random.Random(20_261_127)
    for body in misread_bodies(SAMPLES, count):
        signed = delivery(chance.choice(TOPICS), body)
        try:
            (event,) = SHOPIFY.events(signed)
        except BadPayload:
            continue
        assert [bool(event.records), bool(event.unread), bool(event.left_alone)].count(True) == 1, body
        json.dumps([event.key, event.order_by, event.unread], ensure_ascii=False).encode()
        for record in event.records:
            assert unsound(record, ("shopify", "acme")) is None, body
            beyond(record)
        assert_storable(event.records)


async def answered(shop: Shop, shopify: Shopify, count: int) -> None:
    """Asks so many times a shop whose answers are spoilt, as words or as bytes."""
    chance = random.Random(20_261_128)
    last = {"pageInfo": {"hasNextPage": True, "endCursor": "9"}}
    line = {**goods(1), "product": {"id": "gid://shopify/Product/1"}}
    order = {**sale(1, 7), "lineItems": {"nodes": [line]}}
    ann = {**buyer(7), "orders": {**last, "nodes": [order]}}
    wares = {**last, "nodes": [{**ware(1, "Bell"), "variants": {"nodes": [{"id": 5, "sku": "S", "price": "1"}]}}]}
    all_of_it = {"customers": {**last, "nodes": [ann]}, "orders": {**last, "nodes": [order]}, "draftOrders": wares}
    asks: list[tuple[str, Any, Any]] = [
        ("Person", {"customer": ann}, shopify.person),
        ("Purchases", {"customer": ann}, lambda who: shopify.purchases(who, Portion())),
        ("Products", {"products": wares}, lambda who: shopify.products(f"bell {who.value}", Portion())),
        ("Changes", all_of_it, lambda _: shopify.portion_of_all(None)),
    ]
    for n in range(count):
        name, data, ask = asks[n % len(asks)]
        good = {"data": data, "extensions": {"cost": {"requestedQueryCost": 1}}}
        shop.faults.clear()
        shop.fault(name, 200, misread_answer(good, n, chance))
        try:
            found = await ask(Who("shopify", "acme", str(n + 1)))
        except ChannelError as error:
            str(error).encode()
            continue
        assert unsound(found) is None
        for record in found.records:
            assert unsound(record, ("shopify", "acme")) is None
        assert_storable(found.records)


async def many_answered(shop: Shop, shopify: Shopify, count: int) -> None:
    """Asks so many times for three people at once a shop whose answers are spoilt."""
    chance = random.Random(20_261_129)
    for n in range(count):
        inbox = [Who("shopify", "acme", str(3 * n + m)) for m in (1, 2)]
        people = [*inbox, Who("email", "", f"customer{3 * n + 3}@example.com")]
        shop.buyers = [buyer(3 * n + m) for m in (1, 2, 3)]
        shop.sales = [sale(3 * n + m, 3 * n + m) for m in (1, 2, 3)]
        name = ("People", "PeopleBy", "Newest", "Orders")[n % 4]
        shop.spoils = {name: partial(misread_answer, n=n, chance=chance)}
        capability = Capability.PROFILE if name.startswith("People") else Capability.PURCHASES
        try:
            found = await shopify.of_many(capability, people)
        except ChannelError as error:
            str(error).encode()
            continue
        assert found.keys() <= set(people)
        for who, told in found.items():
            assert unsound(told) is None
            assert {one.who.value for one in told.records if isinstance(one, Order)} <= {who.value, _number(who)}
            assert_storable(told.records)


def _number(who: Who) -> str:
    """The shop's own number of whoever is known by an address."""
    return who.value.removeprefix("customer").partition("@")[0]


async def test_spoilt_answers_of_many(shop: Shop, shopify: Shopify) -> None:
    """A sample of what `make deep` tries."""
    await many_answered(shop, shopify, 120)


@pytest.mark.deep
async def test_spoilt_answers_of_many_deep(shop: Shop, shopify: Shopify) -> None:
    """Ten thousand spoilt answers."""
    await many_answered(shop, shopify, 10_000)


async def test_spoilt_answers(shop: Shop, shopify: Shopify) -> None:
    """A sample of what `make deep` tries."""
    await answered(shop, shopify, 200)


@pytest.mark.deep
async def test_spoilt_answers_deep(shop: Shop, shopify: Shopify) -> None:
    """Ten thousand spoilt answers."""
    await answered(shop, shopify, 10_000)


def test_spoilt_deliveries() -> None:
    """A sample of what `make deep` tries."""
    told_of(300)


@pytest.mark.deep
def test_spoilt_deliveries_deep() -> None:
    """Ten thousand spoilt deliveries."""
    told_of(10_000)


def test_long_words() -> None:
    """What is longer than is kept is told by the house, and the reader does not fail on it."""
    line = {"id": 1, "title": "x" * 5000, "quantity": 1, "price": "1"}
    body = {"id": 1, "customer": {"id": 7}, "currency": "EUR", "created_at": "2026-01-01T00:00:00Z"}
    (event,) = SHOPIFY.events(delivery("orders/create", {**body, "line_items": [line]}))
    assert "5000 characters" in str(beyond(event.records[1]))
