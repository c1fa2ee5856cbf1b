"""A small shop on 127.0.0.1 that takes orders and asks for payments, with faults on demand."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

MAPPING: dict[str, Any] = {
    "base_url": "https://shop.example.com",
    "auth": {"scheme": "bearer"},
    "source": {"currency": "EUR"},
    "errors": {"code": "code"},
    "order": {
        "path": "/people/{who}/orders",
        "headers": {"Idempotency-Key": "{key}"},
        "body": {
            "reference": "{key}",
            "note": "{note}",
            "total": "{total}",
            "lines": [{"title": "{title}", "sku": "{sku}", "count": "{quantity}", "price": "{unit_price}"}],
        },
    },
    "payment": {
        "path": "/people/{who}/payments",
        "headers": {"Idempotency-Key": "{key}"},
        "body": {"cents": "{amount_minor}", "currency": "{currency}", "text": "{words}", "order": "{order}"},
        "id": "id",
        "url": "page",
        "expires_at": {"path": "ends", "styles": ["unix"]},
    },
    "ask": [{"capability": "purchases", "path": "/people/{who}/orders", "records": []}],
}
READ = {
    "record": "orders",
    "list": "orders",
    "lines": "lines",
    "fields": {
        "id": "id",
        "key": "reference",
        "placed_at": {"path": "at", "styles": ["unix"]},
        "line": {"title": "title", "quantity": "count", "unit_price": "price"},
    },
}
MAPPING["ask"][0]["records"] = [READ]
MAPPING["order"]["records"] = [{**READ, "list": "order"}]


@dataclass
class Shop:
    """What was ordered and asked for, and what goes wrong."""

    url: str = ""
    orders: list[dict[str, Any]] = field(default_factory=list)
    pages: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    """How often anything was asked for."""
    fault: str | None = None
    """`lost`: it does it, and the line breaks; `junk`: it does it, and says so in HTML; or a status."""
    knows_keys: bool = False

    async def post(self, request: web.Request) -> web.StreamResponse:
        """An order or a payment."""
        self.asked += 1
        if self.fault and self.fault.isdigit():
            return web.json_response({"code": "no_stock"}, status=int(self.fault))
        body = await request.json()
        is_order = request.path.endswith("/orders")
        kept = self.orders if is_order else self.pages
        key = request.headers["Idempotency-Key"]
        found = next((one for one in kept if one["key"] == key), None) if self.knows_keys else None
        if found is None:
            found = {"id": f"no-{len(kept) + 1}", "key": key, **body}
            found |= {"at": 1795000000} if is_order else {"page": "https://pay.example.com/1", "ends": 1796000000}
            kept.append(found)
        if self.fault == "lost" and request.transport:
            request.transport.abort()
        if self.fault == "junk":
            return web.Response(text="<html>", content_type="text/html")
        return web.json_response({"order": found} if is_order else found)

    async def get(self, _request: web.Request) -> web.StreamResponse:
        """The orders."""
        return web.Response(text=json.dumps({"orders": self.orders}), content_type="application/json")


@asynccontextmanager
async def serving(shop: Shop) -> AsyncIterator[Shop]:
    """The shop for as long as the block lasts."""
    app = web.Application()
    app.router.add_post("/{path:.*}", shop.post)
    app.router.add_get("/{path:.*}", shop.get)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield shop
    finally:
        await runner.cleanup()
