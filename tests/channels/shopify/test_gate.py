"""Deliveries of a shop at the gate, and what is there when they were taken in."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.deliveries.intake import Intake
from resolvers.deliveries.waiting import DELIVERIES
from resolvers.kit.graph import Graph
from resolvers.kit.shift import Shift
from resolvers.purchases import PURCHASES
from tests.channels.shopify.double import DOMAIN, SECRET, signed
from tests.channels.shopify.making import buyer, sale, told_sale
from tests.channels.shopify.test_samples import FOLDER, told
from tests.conftest import NOW
from tests.gateway.conftest import Gate, OpenGate, open_gate, troubled
from tests.taking_in import AT, DAY, bring, contents

__all__ = ["open_gate", "troubled"]

ORDER = told_sale(sale(1, 7), buyer(7))


@pytest.fixture
def gate(open_gate: OpenGate, opened: Callable[..., Shopify]) -> Gate:
    """A gate with the shop's line."""
    return open_gate(lines=Lines([opened()]))


async def post(gate: Gate, topic: str, told: Any, *, secret: str = SECRET, number: str = "w-1") -> httpx.Response:
    """Delivers as Shopify does."""
    body = json.dumps(told).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": topic,
        "X-Shopify-Hmac-Sha256": signed(body, secret),
        "X-Shopify-Shop-Domain": DOMAIN,
        "X-Shopify-Webhook-Id": number,
        "X-Shopify-Triggered-At": "2026-11-02T10:00:00Z",
    }
    return await gate.client.post("/webhooks/shopify/acme", content=body, headers=headers)


async def take_in(gate: Gate, store: Store, house: Graph) -> Any:
    """Takes in whatever waits."""
    shift = Shift(store=store, declared=house.declared, clock=lambda: NOW, lines=gate.house.lines)
    return await Intake(shift).process(await store.find(DELIVERIES, {"state": "waiting"}, order=[("sequence", 1)]))


async def test_bad_signature(gate: Gate, store: Store) -> None:
    """What the app's secret did not sign is answered 401, as Shopify asks of apps, and nothing of it is kept."""
    answer = await post(gate, "orders/create", ORDER, secret="another secret")
    assert answer.status_code == 401
    assert await store.count(DELIVERIES, {}) == 0


async def test_order_at_the_gate(gate: Gate, store: Store, house: Graph) -> None:
    """A delivery is kept and acknowledged; tried again it is one, and by each of its topics the order is one."""
    for topic, number in (("orders/create", "w-1"), ("orders/create", "w-1"), ("orders/paid", "w-2")):
        assert (await post(gate, topic, ORDER, number=number)).status_code == 200
    assert await store.count(DELIVERIES, {}) == 2
    await take_in(gate, store, house)
    assert [await store.count(record, {}) for record in (PURCHASES, CUSTOMERS, DELIVERIES)] == [1, 1, 0]


async def test_privacy_at_the_gate(gate: Gate, store: Store, house: Graph) -> None:
    """Each mandatory topic is acknowledged; what it asks of people stands aside, named for the customer."""
    await post(gate, "orders/create", ORDER, number="w-1")
    about = {"shop_id": 1, "shop_domain": DOMAIN, "customer": {"id": 7}}
    bodies = {
        "customers/data_request": {**about, "data_request": {"id": 9}},
        "customers/redact": {**about, "orders_to_redact": [1]},
        "shop/redact": {"shop_id": 1, "shop_domain": DOMAIN},
    }
    for n, (topic, body) in enumerate(bodies.items(), 2):
        assert (await post(gate, topic, body, number=f"w-{n}")).status_code == 200
    tally = await take_in(gate, store, house)
    assert (tally.taken, tally.set_aside) == (1, 3)
    (customer,) = await store.find(CUSTOMERS, {})
    aside = await store.find(DELIVERIES, {"state": "aside"}, order=[("sequence", 1)])
    assert [customer["_id"] in one["customer_ids"] for one in aside] == [True, True, False]


async def test_samples_are_taken(store: Store) -> None:
    """Each record of each sample is taken in, and coming again it changes nothing."""
    names = [path.stem for path in sorted(FOLDER.glob("*.json"))]
    lists = {"rest_orders", "rest_customers_search", "rest_checkouts", "rest_events", "rest_transactions"}
    records = [one for name in names if name not in lists for one in told(name).records]
    taken = await bring(store, *records, at=AT + 9 * DAY)
    assert [one.reason for one in taken.results if one.reason] == []
    held = await contents(store)
    await bring(store, *records, at=AT + 9 * DAY)
    assert await contents(store) == held
