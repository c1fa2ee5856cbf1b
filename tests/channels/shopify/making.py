"""What stands in a shop, as its Admin API shows it and as its deliveries tell it: one thing, two ways to write it."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

BEGUN = datetime(2026, 11, 1, 10, tzinfo=UTC)
BELL = "gid://shopify/Product/91"


def moment(days: float = 0) -> str:
    """A moment so many days after the first."""
    return (BEGUN + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def bag(amount: str, currency: str = "EUR", *, shown: str | None = None) -> dict[str, Any]:
    """An amount in the shop's currency, and in another that the customer was shown."""
    other = {"amount": shown or amount, "currencyCode": "JPY" if shown else currency}
    return {"shopMoney": {"amount": amount, "currencyCode": currency}, "presentmentMoney": other}


def mailbox(address: str, state: str = "NOT_SUBSCRIBED", at: str | None = None) -> dict[str, Any]:
    """An address, and whether its owner wants mail there."""
    return {"emailAddress": address, "marketingState": state, "marketingUpdatedAt": at}


def line(number: str, state: str = "NOT_SUBSCRIBED", at: str | None = None) -> dict[str, Any]:
    """A phone number, and whether its owner wants messages there."""
    return {"phoneNumber": number, "marketingState": state, "marketingUpdatedAt": at}


def buyer(number: int, **more: Any) -> dict[str, Any]:
    """A customer."""
    return {
        "id": f"gid://shopify/Customer/{number}",
        "firstName": "Ann",
        "lastName": "Lee",
        "displayName": "Ann Lee",
        "verifiedEmail": True,
        "state": "DISABLED",
        "note": None,
        "locale": "en",
        "tags": [],
        "createdAt": moment(-400),
        "updatedAt": moment(),
        "numberOfOrders": "0",
        "defaultEmailAddress": mailbox(f"customer{number}@example.com"),
        "defaultPhoneNumber": None,
        "defaultAddress": None,
        **more,
    }


def goods(number: int, title: str = "A bell", price: str = "9.90", **more: Any) -> dict[str, Any]:
    """A line of an order."""
    return {
        "id": f"gid://shopify/LineItem/{number}",
        "title": title,
        "sku": f"S-{number}",
        "quantity": 1,
        "currentQuantity": more.get("quantity", 1),
        "originalUnitPriceSet": bag(price),
        "discountAllocations": [],
        "product": {"id": BELL},
        **more,
    }


def sale(number: int, of: int, *lines: dict[str, Any], days: float = 0, **more: Any) -> dict[str, Any]:
    """An order of a customer: paid, and with one bell where no lines are given."""
    bought = list(lines) or [goods(number * 10)]
    total = sum(Decimal(one["originalUnitPriceSet"]["shopMoney"]["amount"]) * one["quantity"] for one in bought)
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "processedAt": moment(days),
        "createdAt": moment(days),
        "updatedAt": moment(days),
        "cancelledAt": None,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "UNFULFILLED",
        "email": None,
        "phone": None,
        "note": None,
        "customAttributes": [],
        "billingAddress": None,
        "test": False,
        "customer": {"id": f"gid://shopify/Customer/{of}"},
        "totalPriceSet": bag(str(total)),
        "currentTotalPriceSet": bag(str(total)),
        "totalOutstandingSet": bag("0.00"),
        "paymentCollectionDetails": {"additionalPaymentCollectionUrl": None},
        "lineItems": bought,
        "fulfillments": [],
        **more,
    }


def ware(number: int, title: str, price: str = "9.90", *skus: str, **more: Any) -> dict[str, Any]:
    """A product."""
    kinds = [
        {"id": f"gid://shopify/ProductVariant/{number * 10 + n}", "sku": sku, "price": price}
        for n, sku in enumerate(skus or (f"S-{number}",))
    ]
    least = {"amount": price, "currencyCode": "EUR"}
    return {
        "id": f"gid://shopify/Product/{number}",
        "title": title,
        "status": "ACTIVE",
        "productType": "Bells",
        "description": "It rings.",
        "updatedAt": moment(),
        "variants": kinds,
        "priceRangeV2": {"minVariantPrice": least, "maxVariantPrice": least},
        "featuredMedia": {"preview": {"image": {"url": "https://cdn.example.com/bell.png"}}},
        **more,
    }


# As deliveries tell it


def _told_choice(one: dict[str, Any] | None) -> dict[str, Any] | None:
    return one and {"state": one["marketingState"].lower(), "consent_updated_at": one["marketingUpdatedAt"]}


def _number(gid: str) -> int:
    return int(gid.rpartition("/")[2])


def told_buyer(one: dict[str, Any]) -> dict[str, Any]:
    """The customer as a delivery tells it."""
    mail, phone = one["defaultEmailAddress"], one["defaultPhoneNumber"]
    return {
        "id": _number(one["id"]),
        "admin_graphql_api_id": one["id"],
        "first_name": one["firstName"],
        "last_name": one["lastName"],
        "email": mail and mail["emailAddress"],
        "phone": phone and phone["phoneNumber"],
        "email_marketing_consent": _told_choice(mail),
        "sms_marketing_consent": _told_choice(phone),
        "verified_email": one["verifiedEmail"],
        "state": one["state"].lower(),
        "tags": ", ".join(one["tags"]),
        "created_at": one["createdAt"],
        "updated_at": one["updatedAt"],
    }


def _told_money(one: dict[str, Any], name: str) -> dict[str, Any]:
    of_shop, shown = one["shopMoney"], one["presentmentMoney"]
    pair = {
        "shop_money": {"amount": of_shop["amount"], "currency_code": of_shop["currencyCode"]},
        "presentment_money": {"amount": shown["amount"], "currency_code": shown["currencyCode"]},
    }
    return {name: of_shop["amount"], f"{name}_set": pair}


def _told_line(one: dict[str, Any]) -> dict[str, Any]:
    taken_off = [_told_money(part["allocatedAmountSet"], "amount") for part in one["discountAllocations"]]
    return {
        "id": _number(one["id"]),
        "title": one["title"],
        "name": f"{one['title']} - brass",
        "sku": one["sku"],
        "quantity": one["quantity"],
        "current_quantity": one["currentQuantity"],
        "product_id": _number(one["product"]["id"]),
        "discount_allocations": taken_off,
        **_told_money(one["originalUnitPriceSet"], "price"),
    }


def told_sale(one: dict[str, Any], customer: dict[str, Any]) -> dict[str, Any]:
    """The order as a delivery tells it."""
    sent = [
        {
            "id": 1,
            "status": part["status"].lower(),
            "shipment_status": part["displayStatus"].lower(),
            "tracking_company": part["trackingInfo"][0]["company"],
            "tracking_number": part["trackingInfo"][0]["number"],
            "tracking_numbers": [track["number"] for track in part["trackingInfo"]],
            "tracking_urls": [track["url"] for track in part["trackingInfo"]],
        }
        for part in one["fulfillments"]
    ]
    fulfilled = {"UNFULFILLED": None, "PARTIALLY_FULFILLED": "partial"}
    word = one["displayFulfillmentStatus"]
    return {
        "id": _number(one["id"]),
        "admin_graphql_api_id": one["id"],
        "name": one["name"],
        "order_number": _number(one["id"]),
        "currency": "EUR",
        "processed_at": one["processedAt"],
        "created_at": one["createdAt"],
        "updated_at": one["updatedAt"],
        "cancelled_at": one["cancelledAt"],
        "financial_status": one["displayFinancialStatus"].lower(),
        "fulfillment_status": fulfilled.get(word, word.lower()),
        "email": one["email"],
        "phone": one["phone"],
        "note": one["note"],
        "note_attributes": [{"name": part["key"], "value": part["value"]} for part in one["customAttributes"]],
        "billing_address": one["billingAddress"],
        "test": one["test"],
        "customer": told_buyer(customer),
        "line_items": [_told_line(line) for line in one["lineItems"]],
        "fulfillments": sent,
        "refunds": [],
        **_told_money(one["totalPriceSet"], "total_price"),
        **_told_money(one["currentTotalPriceSet"], "current_total_price"),
    }
