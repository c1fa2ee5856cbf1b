"""Every sample is read, or left alone with a reason."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.contract.deliveries import Event
from adapters.contract.records import Amount, Departure, Listing, Order, Person, Who
from tests.channels.shopify.double import delivery
from tests.channels.shopify.test_telling import SHOPIFY

FOLDER = Path(__file__).parents[1] / "payloads" / "shopify"
BOB = Who("shopify", "acme", "207119551")


def sample(name: str) -> Any:
    """What stands in a sample."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def told(name: str) -> Event:
    """The event of a sample that names its kind itself, or by what it is."""
    body = json.dumps(sample(name)).replace("sample-account.myshopify.com", "acme.myshopify.com").encode()
    (event,) = SHOPIFY.events(delivery(None, body))
    return event


def test_old_order() -> None:
    """An order as the old REST API wrote it: its lines, money and attributes; what failed to be sent is no parcel."""
    person, order = told("rest_order").records
    assert isinstance(person, Person)
    assert isinstance(order, Order)
    assert (order.who, order.external_id, order.number, order.status) == (BOB, "450789469", "#1001", "PLACED")
    assert [(one.line, one.sku, one.total) for one in order.items] == [
        ("466157049", "IPOD2008GREEN", Amount(Decimal("199.00"), "USD")),
        ("518995019", "IPOD2008RED", Amount(Decimal("199.00"), "USD")),
        ("703073504", "IPOD2008BLACK", Amount(Decimal("199.00"), "USD")),
    ]
    assert order.total == Amount(Decimal("409.94"), "USD")
    assert order.custom_data == {"custom engraving": "Happy Birthday", "colour": "green"}
    assert order.parcels == ()
    # Its phone number, of the area 555, is one that nobody has.
    assert [one.value for one in person.reaches if one.type != "POSTAL"] == ["bob.norman@hostmail.com"]


def test_order_without_lines() -> None:
    """An order of which only some fields are told is set aside: it must not take the lines of the whole one away."""
    for body in sample("rest_orders")["orders"]:
        (event,) = SHOPIFY.events(delivery("orders/updated", body))
        assert event.unread == "line_items is missing"
        _, order = SHOPIFY.events(delivery("orders/updated", {**body, "line_items": []}))[0].records
        assert isinstance(order, Order)
        assert (order.total, order.status) == (Amount(Decimal("598.94"), "USD"), "PAID")


def test_old_people() -> None:
    """Customers of the old API are people, found by search or alone."""
    found = [*told("rest_customer").records]
    for body in sample("rest_customers_search")["customers"]:
        found += SHOPIFY.events(delivery("customers/update", body))[0].records
    assert [isinstance(one, Person) and one.who for one in found] == [BOB, BOB]
    assert isinstance(found[0], Person)
    home = next(one for one in found[0].reaches if one.type == "POSTAL")
    assert home.value == "Chestnut Street 92, Louisville, Kentucky, 40202, US"


def test_old_product() -> None:
    """A product of the old API is listed, its markup as words."""
    (listing,) = told("rest_product").records
    assert isinstance(listing, Listing)
    assert (listing.name, listing.sku, listing.category) == ("IPod Nano - 8GB", "IPOD2008PINK", "Cult Products")
    assert listing.description
    assert listing.description.startswith("It's the small iPod")


ALONE = (
    *("rest_draft_order", "rest_fulfillment", "rest_fulfillment_event", "rest_refund", "rest_shop", "rest_transaction"),
    *("rest_graphql", "webhook_refunds_create", "webhook_fulfillments_update"),
)


@pytest.mark.parametrize("name", ALONE)
def test_left_alone(name: str) -> None:
    """What says nothing of its own is left alone, with a reason."""
    assert told(name).left_alone


def test_checkouts_left_alone() -> None:
    """A checkout is no order."""
    for body in sample("rest_checkouts")["checkouts"]:
        assert SHOPIFY.events(delivery("checkouts/create", body))[0].left_alone


def test_order_through_its_life() -> None:
    """One order as it was placed, sent and called off: one id, each time with its status and what it comes to."""
    lives = [told(f"webhook_orders_{one}").records[1] for one in ("create", "fulfilled", "cancelled")]
    assert [(one.external_id, one.status, one.total) for one in lives if isinstance(one, Order)] == [
        ("820982911946154508", status, Amount(Decimal("204.00"), "USD"))
        for status in ("PAID", "FULFILLED", "CANCELLED")
    ]
    first = lives[0]
    assert isinstance(first, Order)
    assert first.items[0].total == Amount(Decimal("194.00"), "USD")
    assert first.custom_data == {"note": "Please ring twice.", "engraving": "For Ann"}


def test_privacy_samples() -> None:
    """Of the mandatory topics one is a departure, and two stand aside."""
    (gone,) = told("webhook_customers_redact").records
    assert isinstance(gone, Departure)
    assert told("webhook_customers_data_request").unread
    assert told("webhook_shop_redact").unread
