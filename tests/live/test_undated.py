"""Which word of an order stands, where a shop does not say when it changed it?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from pydantic import SecretStr

from adapters.contract.channel import Capability, Equipment
from adapters.contract.deliveries import Delivery
from adapters.contract.records import Order, Who
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.deliveries.reading import read
from resolvers.deliveries.waiting import delivery_document
from resolvers.ingest.batch import take
from resolvers.live.memory import Freshness
from resolvers.purchases import PURCHASES
from tests.channels.example_club import EXAMPLES, Club, ClubSettings
from tests.live.conftest import Panel
from tests.live.vendor import AcmeSettings, Vendor
from tests.makers import Makers
from tests.taking_in import AT, ORDER, bring

HOUR = timedelta(hours=1)
PURCHASES_OF = "query ($id: ID!) { customer(id: $id) { purchases { nodes { status } } } }"


async def status(store: Store) -> str:
    """How the one purchase stands."""
    (one,) = await store.find(PURCHASES, {})
    return str(one["status"])


@pytest.mark.parametrize(("moved", "expected"), [(-HOUR, "REFUNDED"), (HOUR, "FULFILLED")], ids=["before", "after"])
async def test_word_beside_live_answer(
    panel: Callable[..., Panel], vendor: Vendor, make: Makers, moved: timedelta, expected: str
) -> None:
    """A live answer is as of when it came: what a delivery tells of before is older, whenever it arrives."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("purchases", "1", {"id": "SO1", "amount": "12.50", "placed": 3, "status": "REFUNDED"})
    ask = panel(main=AcmeSettings(offers=(Capability.PURCHASES,)), freshness=Freshness(good_s=0))
    asked_at = ask.stored.now
    await ask(PURCHASES_OF, id=ann.id)
    word = replace(ORDER, who=Who("acme", "main", "1"), status="FULFILLED", updated_at=asked_at + moved)
    await take(make.store, [word], at=asked_at + 2 * HOUR, by="acme")
    assert await status(make.store) == expected


async def test_undated_word_forgets_nothing(store: Store) -> None:
    """Behind a word without a moment it is still known which words are older than what was known before."""
    for said, moment in (("PAID", AT - HOUR), ("REFUNDED", None), ("PLACED", AT - 2 * HOUR)):
        await bring(store, replace(ORDER, status=said, updated_at=moment))
    assert await status(store) == "REFUNDED"


@pytest.mark.parametrize("late", [HOUR, -HOUR], ids=["late", "ahead"])
def test_word_of_a_delivery(late: timedelta) -> None:
    """What a delivery tells of an undated order was so when it happened, and not later than it was received."""
    settings = ClubSettings(base_url="https://club.example", token=SecretStr("t" * 16), secret=SecretStr("s" * 16))
    lines = Lines([Club("main", settings, Equipment(way=None, default_region="US"))])  # type: ignore[arg-type]
    happened = datetime.fromisoformat("2026-03-02T09:00:01Z")
    delivery = Delivery(method="POST", query={}, headers={}, body=EXAMPLES.deliveries[1], received_at=happened + late)
    document = delivery_document(delivery, channel="club", account="main", key="1", sequence=1)
    (event,) = read(lines, document).events
    (order,) = event.records
    assert isinstance(order, Order)
    assert order.updated_at == min(happened, happened + late)
