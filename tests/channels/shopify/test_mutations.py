"""However Shopify's words are spoilt: everything is read or unread, and nothing else is raised."""

import json
import random
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.bounds import beyond
from adapters.contract.errors import BadPayload, ChannelError
from adapters.contract.found import Portion
from adapters.contract.records import Who
from adapters.contract.soundness import unsound
from tests.channels.shopify.double import Shop, delivery
from tests.channels.shopify.making import buyer, goods, sale, ware
from tests.channels.shopify.test_telling import SHOPIFY
from tests.channels.zendesk.test_mutations import spoilt

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "payloads" / "shopify").glob("*.json"))]
TOPICS = (None, "orders/updated", "customers/update", "draft_orders/update", "products/update", "customers/redact")


def _texts(value: Any) -> None:
    """Every text in it can be kept by a database."""
    if isinstance(value, str):
        value.encode()
    elif is_dataclass(value) and not isinstance(value, type):
        _texts([getattr(value, one.name) for one in fields(value)])
    elif isinstance(value, dict):
        _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for one in value:
            _texts(one)


def told_of(count: int) -> None:
    """Reads so many spoilt deliveries."""
    chance = random.Random(20_261_127)
    for n in range(count):
        sample = SAMPLES[n % len(SAMPLES)]
        body = sample
        if n % 4:
            told = json.loads(sample)
            for _ in range(chance.randint(1, 3)):
                told = spoilt(told, chance) if isinstance(told, dict) else told
            body = json.dumps(told).encode()
        else:
            spot = chance.randrange(len(sample))
            body = sample[:spot] + bytes(chance.randrange(256) for _ in range(3)) + sample[spot + 1 :]
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
        _texts(event.records)


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
        shop.fault(name, 200, json.dumps(spoilt(good, chance)) if n % 3 else json.dumps(good)[: chance.randrange(99)])
        try:
            found = await ask(Who("shopify", "acme", str(n + 1)))
        except ChannelError as error:
            str(error).encode()
            continue
        assert unsound(found) is None
        for record in found.records:
            assert unsound(record, ("shopify", "acme")) is None
        _texts(found.records)


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
