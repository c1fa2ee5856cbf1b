"""With what is the Shopify channel tried out? Shapes as Shopify documents them, with values of our own."""

import json
from collections.abc import Mapping
from typing import Any, Final

from adapters.channels.shopify.settings import ShopifySettings
from adapters.contract.deliveries import Delivery
from adapters.contract.examples import Examples
from adapters.signatures import hmac_sha256_base64

_LAST: Final = {"hasNextPage": False, "endCursor": None}


def _bag(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "EUR"}}


_BUYER: Final = {
    "id": "gid://shopify/Customer/7001",
    "firstName": "Ann",
    "lastName": "Lee",
    "verifiedEmail": True,
    "state": "ENABLED",
    "note": None,
    "locale": "en",
    "tags": ["vip"],
    "createdAt": "2025-01-08T10:00:00Z",
    "updatedAt": "2026-01-08T10:00:00Z",
    "defaultEmailAddress": {
        "emailAddress": "ann.lee@sample-shop.example",
        "marketingState": "UNSUBSCRIBED",
        "marketingUpdatedAt": "2026-01-07T10:00:00Z",
    },
    "defaultPhoneNumber": {
        "phoneNumber": "+14155550177",
        "marketingState": "NOT_SUBSCRIBED",
        "marketingUpdatedAt": None,
    },
    "defaultAddress": {"address1": "1 Main Street", "city": "Springfield", "zip": "12345", "countryCodeV2": "US"},
}
_LINE: Final = {
    "id": "gid://shopify/LineItem/81",
    "title": "A bell",
    "sku": "B-1",
    "quantity": 2,
    "currentQuantity": 2,
    "originalUnitPriceSet": _bag("9.90"),
    "discountAllocations": [{"allocatedAmountSet": _bag("1.80")}],
    "product": {"id": "gid://shopify/Product/91"},
}


def _sale(number: int, day: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/Order/{number}",
        "name": f"#{number}",
        "processedAt": f"2026-01-{day:02}T10:00:00Z",
        "createdAt": f"2026-01-{day:02}T10:00:00Z",
        "updatedAt": f"2026-01-{day:02}T12:00:00Z",
        "cancelledAt": None,
        "displayFinancialStatus": "PAID",
        "displayFulfillmentStatus": "FULFILLED",
        "email": "ann.lee@sample-shop.example",
        "phone": None,
        "note": "Leave it at the door.",
        "customAttributes": [{"key": "engraving", "value": "Happy Birthday"}],
        "billingAddress": {"phone": "+14155550178"},
        "totalPriceSet": _bag("22.90"),
        "currentTotalPriceSet": _bag("22.90"),
        "lineItems": {"pageInfo": _LAST, "nodes": [_LINE]},
        "fulfillments": [
            {
                "status": "SUCCESS",
                "displayStatus": "IN_TRANSIT",
                "trackingInfo": [{"company": "DHL", "number": "00340", "url": "https://track.example.com/00340"}],
            }
        ],
        **more,
    }


_DRAFT: Final = {
    "id": "gid://shopify/DraftOrder/61",
    "name": "#D61",
    "status": "OPEN",
    "createdAt": "2026-01-08T10:00:00Z",
    "updatedAt": "2026-01-08T10:00:00Z",
    "invoiceUrl": "https://shop.example.com/1/invoices/61",
    "email": "ann.lee@sample-shop.example",
    "customer": {"id": "gid://shopify/Customer/7001"},
    "customAttributes": [{"key": "profile_gateway_key", "value": "sample-key"}],
    "totalPriceSet": _bag("29.70"),
    "lineItems": {
        "nodes": [
            {**_LINE, "id": "gid://shopify/DraftOrderLineItem/1", "discountedTotalSet": _bag("19.80")},
            {**_LINE, "id": "gid://shopify/DraftOrderLineItem/2", "quantity": 1, "discountedTotalSet": _bag("9.90")},
        ]
    },
}
_WARE: Final = {
    "id": "gid://shopify/Product/91",
    "title": "A bell",
    "status": "ACTIVE",
    "productType": "Bells",
    "description": "It rings.",
    "variants": {"nodes": [{"id": "gid://shopify/ProductVariant/92", "sku": "B-1", "price": "9.90"}]},
    "priceRangeV2": {"minVariantPrice": {"amount": "9.90", "currencyCode": "EUR"}},
    "featuredMedia": {"preview": {"image": {"url": "https://cdn.example.com/bell.png"}}},
}
_SALES: Final = [_sale(1002, 9), _sale(1001, 2)]
_EDGES: Final = [{"cursor": f"behind {one['name']}", "node": {"id": one["id"]}} for one in _SALES]
_ORDERS: Final = {"pageInfo": _LAST, "nodes": _SALES, "edges": _EDGES}
_FOUND: Final = {"pageInfo": _LAST, "nodes": [{**_BUYER, "orders": _ORDERS}]}
# Every question goes to one address: what each of them is answered stands in one answer.
_ANSWER: Final = {
    "data": {
        "customer": {**_BUYER, "orders": _ORDERS},
        "customers": _FOUND,
        "p0": _FOUND,
        "orders": {"pageInfo": _LAST, "nodes": [_sale(1001, 2, customer={"id": "gid://shopify/Customer/7001"})]},
        "draftOrders": {"pageInfo": _LAST, "nodes": []},
        "products": {"pageInfo": _LAST, "nodes": [_WARE]},
        "nodes": [{**_BUYER, "orders": _ORDERS}, *_SALES, _WARE],
        "draftOrderCreate": {"draftOrder": _DRAFT, "userErrors": []},
    },
    "extensions": {
        "cost": {
            "requestedQueryCost": 790,
            "actualQueryCost": 82,
            "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 1918, "restoreRate": 100.0},
        }
    },
}
_EMPTY: Final = {"pageInfo": _LAST, "nodes": []}
_NOBODY: Final = {"data": {"customer": None, "customers": _EMPTY, "p0": _EMPTY, "nodes": [None]}}
_TOLD_BUYER: Final = {
    "id": 7001,
    "email": "ann.lee@sample-shop.example",
    "first_name": "Ann",
    "last_name": "Lee",
    "verified_email": True,
    "state": "enabled",
    "tags": "vip",
    "phone": None,
    "created_at": "2025-01-08T10:00:00Z",
    "updated_at": "2026-01-08T10:00:00Z",
}
_TOLD_ORDER: Final = {
    "id": 1001,
    "name": "#1001",
    "order_number": 1001,
    "currency": "EUR",
    "processed_at": "2026-01-02T11:00:00+01:00",
    "created_at": "2026-01-02T11:00:00+01:00",
    "updated_at": "2026-01-02T13:00:00+01:00",
    "cancelled_at": None,
    "financial_status": "paid",
    "fulfillment_status": None,
    "email": "ann.lee@sample-shop.example",
    "total_price": "22.90",
    "note_attributes": [{"name": "engraving", "value": "Happy Birthday"}],
    "customer": _TOLD_BUYER,
    "line_items": [
        {
            "id": 81,
            "title": "A bell",
            "sku": "B-1",
            "quantity": 2,
            "price": "9.90",
            "product_id": 91,
            "discount_allocations": [{"amount": "1.80"}],
        }
    ],
    "fulfillments": [],
}
_REDACT: Final = {
    "shop_id": 1,
    "shop_domain": "sample-account.myshopify.com",
    "customer": {"id": 7001, "email": "ann.lee@sample-shop.example", "phone": None},
    "orders_to_redact": [1001],
}


def _sign(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    """As Shopify signs: the raw body, by the app's client secret."""
    if not isinstance(settings, ShopifySettings):
        raise TypeError(f"These are settings of a {type(settings).__name__}.")
    return {"x-shopify-hmac-sha256": hmac_sha256_base64(settings.client_secrets[0], delivery.body)}


EXAMPLES: Final = Examples(
    settings={"access_token": "sample-access-token", "client_secrets": ["sample-client-secret"]},
    address="base_url",
    person="7001",
    persons={"email": "ann.lee@sample-shop.example"},
    answers={"/admin/api/2026-10/graphql.json": json.dumps(_ANSWER).encode()},
    absent=json.dumps(_NOBODY).encode(),
    deliveries=tuple(json.dumps(one).encode() for one in (_TOLD_ORDER, _TOLD_BUYER, _REDACT)),
    deliveries_named="webhook_*.json",
    sign=_sign,
)
