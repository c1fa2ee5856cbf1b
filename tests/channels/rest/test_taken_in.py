"""Does the house take in what REST channels hand over, each record once?"""

from datetime import UTC, datetime

import pytest

from adapters.contract.company import Place
from adapters.contract.found import Portion
from adapters.contract.records import Who
from adapters.mongo import Store
from resolvers.interests import INTERESTS
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.channels.rest.conftest import ADA
from tests.channels.rest.test_hooks import delivery
from tests.taking_in import bring, outcomes, the_customer


@pytest.fixture
def channels(make):
    """The three examples."""
    return (
        make("crm", "hubspot"),
        make("enrichment", "people_data_labs", "/v5"),
        make("shop", "shop", "/api/v2"),
    )


async def test_one_customer_from_three(store: Store, channels) -> None:
    """What a CRM, an enrichment source and a shop know of one address becomes one customer's."""
    crm, enrichment, shop = channels
    person = await crm.person(ADA)
    interests = await enrichment.interests(ADA, Portion())
    orders, tickets = await shop.purchases(ADA, Portion()), await shop.tickets(ADA, Portion())
    places = [
        Place(taxonomy="iab-audience-1.1", external_id=one.topic, name=one.topic, path=("Interest", one.topic))
        for one in interests.records
    ]
    told = (*places, *person.records, *interests.records, *orders.records, *tickets.records)
    # The enrichment source dates what it says by when it was asked.
    taken = await bring(store, *told, at=datetime.now(UTC))
    assert [one.reason for one in taken.results if one.reason] == []
    customer = await the_customer(store)
    for record, count in ((PURCHASES, 3), (TICKETS, 1), (INTERESTS, 2)):
        assert len(await store.find(record, {"customer_id": customer["_id"]})) == count


async def test_ticket_told_twice_is_one(store: Store, channels) -> None:
    """A ticket that was read live and is then delivered is one ticket, with the newer words."""
    shop = channels[2]
    live = await shop.tickets(Who("shop", "main", "K-7"), Portion())
    data = {"id": 7, "customer": "K-7", "title": "Very late", "is_done": True, "opened": 1735066800123}
    told = {"type": "ticket.changed", "timestamp": "2025-01-01T10:00:00Z", "data": data}
    (event,) = shop.events(delivery(told))
    await bring(store, *live.records)
    taken = await bring(store, *event.records)
    assert outcomes(taken) == ["updated"]
    (ticket,) = await store.find(TICKETS, {})
    assert (ticket["subject"], ticket["status"]) == ("Very late", "SOLVED")
