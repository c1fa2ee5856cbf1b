"""What deliveries tell, and what is left alone or set aside."""

from decimal import Decimal
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.channels.shopify.settings import ShopifySettings
from adapters.contract.channel import Equipment, Receives
from adapters.contract.deliveries import Event, NotProven
from adapters.contract.errors import BadPayload
from adapters.contract.records import Amount, Departure, Listing, Order, Person, Removal, Say, Who
from tests.channels.shopify.double import DOMAIN, OLD_SECRET, SECRET, TOKEN, delivery, signed
from tests.channels.shopify.making import bag, buyer, goods, sale, told_buyer, told_sale

ANN = Who("shopify", "acme", "7")
SETTINGS = ShopifySettings.model_validate({"access_token": TOKEN, "client_secrets": [SECRET, OLD_SECRET]})
SHOPIFY = Shopify("acme", SETTINGS, Equipment(way=None, default_region="US"))  # type: ignore[arg-type]  nobody is asked
ORDER = told_sale(sale(1, 7), buyer(7))


def told(topic: str | None, body: Any, **headers: str) -> Event:
    """The one event of a delivery."""
    (event,) = SHOPIFY.events(delivery(topic, body, **headers))
    return event


@pytest.mark.parametrize("topic", ["create", "updated", "paid", "cancelled", "fulfilled", "partially_fulfilled"])
def test_order_told(topic: str) -> None:
    """An order is told by each of its topics: the order, and who placed it."""
    event = told(f"orders/{topic}", ORDER)
    person, order = event.records
    assert isinstance(person, Person)
    assert isinstance(order, Order)
    assert (person.who, order.who, order.external_id, order.status) == (ANN, ANN, "1", "PAID")
    assert (event.order_by, event.who) == ("7", ANN)


def test_money_of_old_formats() -> None:
    """Bare amounts in the order's currency, a discount of the whole line, and no part of GraphQL's are read, too."""
    line = {"id": 5, "title": "Bell", "quantity": 2, "price": "9.90", "total_discount": "1.80"}
    old = {"id": 1, "currency": "usd", "created_at": "2008-01-10T11:00:00-05:00", "customer": {"id": 7}}
    (_, order) = told("orders/create", {**old, "line_items": [line], "total_price": "20.00"}).records
    assert isinstance(order, Order)
    assert (order.items[0].total, order.total) == (Amount(Decimal("18.00"), "USD"), Amount(Decimal("20.00"), "USD"))


def test_numbers_of_orders() -> None:
    """The number of an order that names no address is one of the customer's own country, not of this house's."""
    customer = {"id": 7, "phone": "55 1234 5678", "default_address": {"country_code": "MX"}}
    (person, _) = told("orders/create", {**ORDER, "customer": customer, "phone": "5512345678"}).records
    assert isinstance(person, Person)
    assert [one.value for one in person.reaches if one.type == "PHONE"] == ["+525512345678"]


def test_huge_ids() -> None:
    """Ids of any size stay whole."""
    body = {**ORDER, "id": 820982911946154508, "customer": {"id": 10**24 + 1}}
    (person, order) = told("orders/create", body).records
    assert isinstance(person, Person)
    assert isinstance(order, Order)
    assert (order.external_id, person.who.value) == ("820982911946154508", str(10**24 + 1))


ODD: list[dict[str, Any]] = [
    {"id": None}, {"id": "abc"}, {"id": -1}, {"id": True}, {"id": 1.5}, {"id": 10**30},
    {"line_items": None, "id": 0}, {"line_items": "x"}, {"line_items": [7]}, {"line_items": [{}]},
    {"line_items": [{"id": 1, "title": "x", "quantity": -1, "price": "1"}]},
    {"line_items": [{"id": 1, "title": "x", "quantity": 1, "price": "NaN"}]},
    {"line_items": [{"id": 1, "title": "x", "quantity": 1, "price": "1e400"}]},
    {"line_items": [{"id": 1, "title": "x", "quantity": 1}]},
    {"line_items": [{"id": 1, "quantity": 1, "price": "1"}]},
    {"total_price_set": {"shop_money": {"amount": None}}, "current_total_price_set": None},
    {"processed_at": "yesterday"}, {"processed_at": None, "created_at": None}, {"updated_at": {}},
    {"customer": "Ann"}, {"customer": {"id": None}}, {"customer": {}}, {"fulfillments": 7}, {"note_attributes": 7},
    {"currency": "EURO"}, {"email": ["x"]}, {"customer": {"id": "gid://shopify/Order/7"}},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_odd_orders(odd: dict[str, Any]) -> None:
    """What cannot be read of an order sets its delivery aside, and quotes nothing."""
    event = told("orders/updated", {**ORDER, **odd})
    assert event.unread
    assert event.records == ()
    assert not any(word in event.unread for word in ("yesterday", "EURO", "Ann", "abc"))


SPARE: list[dict[str, Any]] = [
    {"fulfillments": None}, {"note_attributes": None}, {"billing_address": None}, {"email": ""}, {"phone": None},
    {"note_attributes": [{"name": None, "value": "x"}, {"name": "a", "value": None}, {"name": "n", "value": 7}]},
    {"fulfillments": [{"tracking_numbers": ["1", None], "tracking_urls": None}, {"status": "cancelled"}]},
    {"name": None, "order_number": None}, {"updated_at": None}, {"financial_status": ""}, {"total_price_set": None},
    {"phone": 4155550123}, {"line_items": []}, {"total_price_set": None, "current_total_price_set": None},
]  # fmt: skip


@pytest.mark.parametrize("spare", SPARE, ids=range(len(SPARE)))
def test_what_may_be_missing(spare: dict[str, Any]) -> None:
    """What an order can do without spoils nothing of it."""
    event = told("orders/updated", {**ORDER, **spare})
    assert event.unread is None
    assert [type(one) for one in event.records] == [Person, Order]


def test_order_of_nobody() -> None:
    """An order over the counter, which names no customer, is left alone."""
    assert told("orders/create", {**ORDER, "customer": None}).left_alone
    assert told("orders/create", {name: one for name, one in ORDER.items() if name != "customer"}).left_alone


@pytest.mark.parametrize(
    "odd", [{"name": "n", "value": {"b": 1}}, {"name": "n", "value": True}, {"name": ["n"]}, 7, None]
)
def test_odd_notes(odd: Any) -> None:
    """One note of an app's that nobody can read costs an order nothing else; a number is kept as written."""
    notes = [odd, {"name": "gift", "value": "yes"}, {"name": "n", "value": 5}]
    (_, order) = told("orders/create", {**ORDER, "note_attributes": notes}).records
    assert isinstance(order, Order)
    assert (order.custom_data["gift"], order.custom_data["n"]) == ("yes", "5")


def test_failed_parcels() -> None:
    """A fulfilment that failed, or was called off, is no parcel."""
    words = ("success", "failure", "FAILURE", "error", "cancelled")
    sent = [{"status": one, "tracking_number": str(n)} for n, one in enumerate(words)]
    (_, order) = told("orders/updated", {**ORDER, "fulfillments": sent}).records
    assert isinstance(order, Order)
    assert [one.number for one in order.parcels] == ["0"]


@pytest.mark.parametrize("topic", ["customer.joined_segment", "metaobjects.tomorrow"])
def test_dotted_topics(topic: str) -> None:
    """A topic that is written with a dot is left alone under its own name; what becomes of tags is known."""
    assert topic in (told(topic, {"customerId": "gid://shopify/Customer/7"}).left_alone or "")
    assert "tags" in (told("customer.tags_added", {"customerId": "gid://shopify/Customer/7"}).left_alone or "")


REACHABLE: list[dict[str, str | None]] = [
    {"email": "ann@example.com"},
    {"phone": "+14155550100"},
    {"email": "", "contact_email": "ann@example.com"},
    {"email": None, "contact_email": "ann@example.com"},
    {"email": "ann@example.com", "contact_email": ""},
]


@pytest.mark.parametrize("said", REACHABLE, ids=range(len(REACHABLE)))
def test_order_of_somebody(said: dict[str, str | None]) -> None:
    """An order with a way to reach somebody, and no customer, is set aside for whoever finds out whose it is."""
    event = told("orders/create", {**ORDER, "customer": None, **said})
    assert event.unread == "customer is missing, though the order names an e-mail address or a phone number"
    assert event.records == ()


@pytest.mark.parametrize("topic", ["orders/create", "customers/update", "customers/redact", "shop/redact"])
def test_notifications_of_a_test(topic: str) -> None:
    """What Shopify's admin sends for a trial is of nobody who ever bought: nothing of it is kept or set aside."""
    for sign in ("true", " True"):
        assert "trial" in (told(topic, {**ORDER, **REDACT}, x_shopify_test=sign).left_alone or "")
    assert told("orders/create", ORDER, x_shopify_test="false").records


def test_orders_of_a_test() -> None:
    """An order that was paid with no money, for a trial, is no sale; an odd word on it spoils no order."""
    assert "trial" in (told("orders/paid", {**ORDER, "test": True}).left_alone or "")
    for odd in (None, False, "no", {}):
        assert told("orders/paid", {**ORDER, "test": odd}).records


def test_order_deleted() -> None:
    """An order that was deleted goes, at the moment that Shopify names."""
    event = told("orders/delete", {"id": 1}, x_shopify_triggered_at="2026-11-20T10:00:00.123456789Z")
    (gone,) = event.records
    assert isinstance(gone, Removal)
    assert (gone.kind, gone.external_id, gone.at, event.at) == ("order", "1", event.at, gone.at)


BESIDE = ("refunds/create", "fulfillments/create", "fulfillments/update", "checkouts/create", "checkouts/update")
OTHERS = ("app/uninstalled", "products/delete", "bulk_operations/finish", "something/new", "Ann Lee\r\n", "ann" * 99)


@pytest.mark.parametrize("topic", [*BESIDE, *OTHERS])
def test_left_alone(topic: str) -> None:
    """What an order tells by itself, and what is none of the house's business, is left alone with a reason."""
    event = told(topic, {"id": 5, "order_id": 1, "line_items": []})
    assert event.left_alone
    assert "ann" not in event.left_alone.casefold()


def test_customer_told() -> None:
    """A customer is told by each topic of customers; who was disabled is the same person."""
    for topic in ("create", "update", "enable"):
        (person,) = told(f"customers/{topic}", told_buyer(buyer(7, tags=["vip", "a b"]))).records
        assert isinstance(person, Person)
        assert (person.who, person.tags, person.attributes["firstName"]) == (ANN, ("vip",), "Ann")
    assert told("customers/disable", {"id": 7}).left_alone


def test_customers_merged() -> None:
    """Two customers of the shop who became one are one person."""
    names = {"kept": "gid://shopify/Customer/7", "deleted": "gid://shopify/Customer/8"}
    body = {f"admin_graphql_api_customer_{name}_id": one for name, one in names.items()}
    (person,) = told("customers/merge", {**body, "status": "completed"}).records
    assert isinstance(person, Person)
    assert (person.who, person.also) == (ANN, (Who("shopify", "acme", "8"),))
    assert told("customers/merge", {**body, "status": "in_progress"}).left_alone


REDACT = {"shop_id": 1, "shop_domain": DOMAIN, "customer": {"id": 7, "email": "ann@example.com", "phone": None}}


@pytest.mark.parametrize(
    ("topic", "body"),
    [("customers/redact", {**REDACT, "orders_to_redact": [1]}), ("customers/delete", {"id": 7, "email": None})],
)
def test_departures(topic: str, body: dict[str, Any]) -> None:
    """Whoever is to be redacted, or was deleted, has departed: an administrator erases them."""
    event = told(topic, body)
    (gone,) = event.records
    assert isinstance(gone, Departure)
    assert (gone.who, event.who) == (ANN, ANN)


def test_other_privacy_topics() -> None:
    """A request for what is kept, and the end of the shop, stand aside with what to do, named for whom they concern."""
    asked = told("customers/data_request", {**REDACT, "orders_requested": [1], "data_request": {"id": 9}})
    assert asked.unread
    assert (asked.who, "export" in asked.unread) == (ANN, True)
    ended = told("shop/redact", {"shop_id": 1, "shop_domain": DOMAIN})
    assert ended.unread
    assert ended.who is None


def test_products_told() -> None:
    """A product that is for sale is listed, in the shop's currency where that is set; another is left alone."""
    variants = [{"id": 1, "price": "29.99", "sku": "T-1"}]
    body = {
        "id": 91,
        "title": "Bell",
        "status": "active",
        "variants": variants,
        "body_html": "<p>It&amp;<b>rings</b></p>",
    }
    priced = Shopify("acme", SETTINGS.model_copy(update={"currency": "EUR"}), SHOPIFY.equipment)
    (event,) = priced.events(delivery("products/update", body))
    (listing,) = event.records
    assert isinstance(listing, Listing)
    assert (listing.name, listing.sku, listing.description) == ("Bell", "T-1", "It& rings")
    assert listing.price == Amount(Decimal("29.99"), "EUR")
    (bare,) = told("products/create", body).records
    assert isinstance(bare, Listing)
    assert bare.price is None
    assert told("products/update", {**body, "status": "draft"}).left_alone


def test_drafts_told() -> None:
    """A draft of ours is an order that is not paid, and goes when it became one; the shop's own are left alone."""
    lines = [{"id": 5, "title": "Bell", "quantity": 1, "price": "9.90", "applied_discount": {"amount": "0.90"}}]
    draft = {"id": 61, "name": "#D61", "status": "open", "currency": "EUR", "customer": {"id": 7}, "line_items": lines}
    draft |= {"created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z", "total_price": "9.00"}
    ours = {**draft, "note_attributes": [{"name": "profile_gateway_key", "value": "k-1"}]}
    (order,) = told("draft_orders/update", ours).records
    assert isinstance(order, Order)
    assert (order.external_id, order.status, order.key) == ("draft-61", "PLACED", None)
    assert order.items[0].total == Amount(Decimal("9.00"), "EUR")
    (gone,) = told("draft_orders/update", {**ours, "status": "completed", "order_id": 2}).records
    assert isinstance(gone, Removal)
    assert gone.external_id == "draft-61"
    assert told("draft_orders/update", draft).left_alone
    (dropped,) = told("draft_orders/delete", {"id": 61}).records
    assert isinstance(dropped, Removal)


def test_other_shop() -> None:
    """One app's secret signs for all its shops: what is of another shop stands aside."""
    assert told("orders/create", ORDER, x_shopify_shop_domain="other.myshopify.com").unread
    assert told("customers/redact", {**REDACT, "shop_domain": "other.myshopify.com"}).unread
    assert told("orders/create", ORDER, x_shopify_shop_domain="ACME.myshopify.com").records


def test_keys() -> None:
    """A delivery is known by its id, an event by what it tells: told twice, by whichever topic, it is one."""
    one, same = (delivery(f"orders/{topic}", ORDER, x_shopify_webhook_id="w-1") for topic in ("create", "updated"))
    assert SHOPIFY.delivery_key(one) == "w-1"
    assert SHOPIFY.events(one)[0].key == SHOPIFY.events(same)[0].key
    keys = {told(topic, {"id": 1}).key for topic in ("orders/delete", "draft_orders/delete", "orders/updated")}
    assert len(keys) == 3
    assert SHOPIFY.delivery_key(delivery("orders/create", ORDER, x_shopify_webhook_id="a b")) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"null", b'"x"', b"{}", b'{"a": 1}', b"\xff", b"[" * 100_000])
def test_junk_without_topic(body: bytes) -> None:
    """What is no object, or says nothing of its kind, is BadPayload."""
    with pytest.raises(BadPayload):
        SHOPIFY.events(delivery(None, body))


def test_two_secrets() -> None:
    """While the secret is changed both are good; every other one, and none, answers 401."""
    assert isinstance(SHOPIFY, Receives)
    for secret in (SECRET, OLD_SECRET):
        SHOPIFY.prove(delivery("orders/create", ORDER, secret=secret))
    body = delivery("orders/create", ORDER).body
    for signature in (
        signed(body, "sample other secret"),
        signed(b"other"),
        "",
        "é",
        signed(body) + "=",
        signed(body)[:-2],
    ):
        with pytest.raises(NotProven) as told:
            SHOPIFY.prove(delivery("orders/create", ORDER, x_shopify_hmac_sha256=signature))
        assert told.value.status == 401


def test_discount_of_shop_money() -> None:
    """Discounts, too, are those in the shop's own currency."""
    off = [{"allocatedAmountSet": bag("0.90", shown="150")}]
    body = told_sale(sale(1, 7, goods(81, discountAllocations=off)), buyer(7))
    (_, order) = told("orders/create", body).records
    assert isinstance(order, Order)
    assert order.items[0].total == Amount(Decimal("9.00"), "EUR")


def test_null_beside_bare_amount() -> None:
    """Where the bag of two currencies is null, the bare amount counts."""
    body = {**ORDER, "total_price_set": None, "current_total_price_set": None}
    (_, order) = told("orders/create", body).records
    assert isinstance(order, Order)
    assert order.total == Amount(Decimal("9.90"), "EUR")


def test_choices() -> None:
    """What somebody chose about being written to is their word on it, of the moment that Shopify names."""
    at = "2026-11-20T10:00:00Z"
    mail, sms = ({"state": one, "consent_updated_at": at} for one in ("subscribed", "unsubscribed"))
    body = {**told_buyer(buyer(7)), "email_marketing_consent": mail, "sms_marketing_consent": sms}
    for event in (
        told("customers/update", body),
        told("customers_email_marketing_consent/update", {"customer_id": 7, "email_marketing_consent": mail}),
    ):
        said = [one for one in event.records if isinstance(one, Say)]
        assert (said[0].who, said[0].purpose, said[0].status) == (ANN, "e-mail marketing", "GRANTED")
        assert [one.status for one in said[1:]] in ([], ["WITHDRAWN"])
        assert event.who == ANN
    none = {"customer_id": 7, "sms_marketing_consent": {"state": "not_subscribed", "consent_updated_at": None}}
    assert told("customers_marketing_consent/update", none).left_alone


@pytest.mark.parametrize("topic", ["customers/update", "customers_email_marketing_consent/update"])
def test_undated_choices(topic: str) -> None:
    """Who has unsubscribed has withdrawn, at the latest when that was told; a consent that has no moment is none."""
    body = {**told_buyer(buyer(7)), "email_marketing_consent": {"state": "unsubscribed", "consent_updated_at": None}}
    for headers, at in (({"x_shopify_triggered_at": "2026-11-20T10:00:00Z"}, "2026-11-20"), ({}, "2026-11-21")):
        (said,) = (one for one in told(topic, body, **headers).records if isinstance(one, Say))
        assert (said.status, str(said.at.date())) == ("WITHDRAWN", at)
    granted = told(topic, {**body, "email_marketing_consent": {"state": "subscribed", "consent_updated_at": None}})
    assert [one for one in granted.records if isinstance(one, Say)] == []


@pytest.mark.parametrize(
    ("state", "dated", "undated"),
    [
        ("redacted", ["WITHDRAWN"], ["WITHDRAWN"]),
        ("not_subscribed", ["WITHDRAWN"], []),
        ("invalid", ["WITHDRAWN"], []),
        ("pending", [], []),
        ("tomorrow", [], []),
    ],
)
def test_ended_choices(state: str, dated: list[str], undated: list[str]) -> None:
    """Whoever is not subscribed since a moment has withdrawn by then; who is asked has said nothing yet."""
    for at, wanted in (("2026-11-20T10:00:00Z", dated), (None, undated)):
        body = {"customer_id": 7, "email_marketing_consent": {"state": state.upper(), "consent_updated_at": at}}
        records = told("customers_email_marketing_consent/update", body).records
        assert [one.status for one in records if isinstance(one, Say)] == wanted
