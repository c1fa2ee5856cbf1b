"""A Shopify shop on this machine: its Admin API over a real schema, a real bucket of points, and faults on demand."""

import asyncio
import base64
import hashlib
import hmac
import itertools
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from aiohttp import web
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from adapters.contract.deliveries import Delivery
from tests.channels.shopify.costs import cost_of, objects_in
from tests.channels.shopify.making import BEGUN, bag, goods, moment, sale

SCHEMA = build_schema((Path(__file__).parent / "admin.graphql").read_text("utf-8"))
TOKEN, SECRET, OLD_SECRET = "sample access token", "sample client secret", "sample old client secret"
DOMAIN = "acme.myshopify.com"
DEAREST = 1000
"""Points that one question may cost."""
LARGEST = 2**63 - 1


@dataclass
class Bucket:
    """The points that a shop's questions may cost: they drain in, and come back by the second."""

    most: float = 2000.0
    rate: float = 100.0
    left: float = 2000.0
    lowest: float = 2000.0
    spent: float = 0.0
    at: float = field(default_factory=time.monotonic)

    def restore(self) -> None:
        """What has come back since."""
        now = time.monotonic()
        self.left = min(self.most, self.left + (now - self.at) * self.rate)
        self.at = now

    def take(self, points: float) -> None:
        """So much is used."""
        self.left -= points
        self.spent += points
        self.lowest = min(self.lowest, self.left)

    def standing(self) -> dict[str, float]:
        """As Shopify tells it: numbers with and without places behind the point."""
        return {"maximumAvailable": self.most, "currentlyAvailable": int(self.left), "restoreRate": self.rate}


@dataclass
class Shop:
    """What stands in the shop, and what goes wrong."""

    url: str = ""
    buyers: list[dict[str, Any]] = field(default_factory=list)
    sales: list[dict[str, Any]] = field(default_factory=list)
    drafts: list[dict[str, Any]] = field(default_factory=list)
    wares: list[dict[str, Any]] = field(default_factory=list)
    bucket: Bucket = field(default_factory=Bucket)
    today: datetime = BEGUN + timedelta(days=20)
    sees_all_orders: bool = False
    protected: frozenset[str] = frozenset()
    """Fields that are null for want of a right."""
    broken: frozenset[str] = frozenset()
    """Ids of what cannot be shown, for a fault of Shopify's own."""
    version: str | None = None
    """As which version it answers; None: as it is asked."""
    faults: list[tuple[str, int, Any]] = field(default_factory=list)
    """Operation, status and body of what stands in place of its next answer; 0 hangs, 1 does it and breaks off."""
    asked: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    dearest: int = 0
    """What the dearest question might have cost."""
    questions: list[Mapping[str, Any]] = field(default_factory=list)
    spoils: dict[str, Callable[[Any], str]] = field(default_factory=dict)
    """What becomes of the answers to an operation on their way."""
    _numbers: Any = field(default_factory=lambda: itertools.count(501))
    _ends: asyncio.Event = field(default_factory=asyncio.Event)

    def fault(self, operation: str, status: int, body: Any = "") -> None:
        """Has the next answer to that operation be another."""
        self.faults.append((operation, status, body))

    def end(self) -> None:
        """Nobody hangs any longer."""
        self._ends.set()

    # The wire

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Whatever is asked for."""
        if request.headers.get("X-Shopify-Access-Token") != TOKEN:
            return web.json_response({"errors": "[API] Invalid API key or access token"}, status=401)
        told = await request.json()
        document, operation, wrong = _read(told["query"])
        name = operation.name.value if operation.name else ""
        self.asked[name] += 1
        self.questions.append(told["variables"])
        fault = next((one for one in self.faults if one[0] in {name, ""}), None)
        if fault is not None:
            self.faults.remove(fault)
            _, status, body = fault
            if status == 0:
                await self._ends.wait()
            elif status == 1:
                self._executed(document, told["variables"])
                assert request.transport is not None
                request.transport.abort()
            text = body if isinstance(body, str) else json.dumps(body)
            return web.Response(status=max(status, 200), text=text, content_type="application/json")
        version = self.version or request.match_info["version"]
        if wrong:
            return web.json_response({"errors": wrong})
        body = self._answered(document, operation, told["variables"])
        if name in self.spoils:
            return web.Response(text=self.spoils[name](body), content_type="application/json")
        return web.json_response(body, headers={"X-Shopify-API-Version": version})

    def _answered(
        self, document: DocumentNode, operation: OperationDefinitionNode, variables: dict[str, Any]
    ) -> dict[str, Any]:
        if any(int(one.rpartition("/")[2]) > LARGEST for one in variables.get("ids", ())):
            # One such id, and nothing is answered.
            return {"errors": [{"message": "Variable $ids of type [ID!]! was provided invalid value"}]}
        asked = cost_of(document, operation, variables)
        self.dearest = max(self.dearest, asked)
        self.bucket.restore()
        if asked > DEAREST:
            told = {"code": "MAX_COST_EXCEEDED", "cost": asked, "maxCost": DEAREST}
            return {"errors": [{"message": "Query cost is too high", "extensions": told}]}
        cost: dict[str, Any] = {"requestedQueryCost": asked, "actualQueryCost": None}
        if asked > self.bucket.left:
            self.throttled += 1
            cost["throttleStatus"] = self.bucket.standing()
            told = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
            return {"errors": [told], "extensions": {"cost": cost}}
        body = self._executed(document, variables)
        cost["actualQueryCost"] = actual = min(asked, objects_in(body.get("data")))
        self.bucket.take(actual)
        cost["throttleStatus"] = self.bucket.standing()
        return {**body, "extensions": {"cost": cost}}

    def _executed(self, document: DocumentNode, variables: dict[str, Any]) -> dict[str, Any]:
        found = execute_sync(
            SCHEMA,
            document,
            root_value=self,
            variable_values=variables,
            field_resolver=self._resolve,
            type_resolver=lambda value, _info, _type: value["id"].split("/")[3],
        )
        errors = [{**one.formatted, "path": list(one.path or ())} for one in found.errors or ()]
        return {"data": found.data, **({"errors": errors} if errors else {})}

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        name = info.field_name
        if name in self.protected:
            denied = {"code": "ACCESS_DENIED", "documentation": "https://shopify.dev/api/usage/access-scopes"}
            raise GraphQLError(f"Access denied for {name} field.", extensions=denied)
        if source is self:
            roots: Mapping[str, Callable[..., Any]] = {
                "customer": partial(self._one, self.buyers),
                "order": partial(self._one, self._shown()),
                "draftOrder": partial(self._one, self.drafts),
                "nodes": lambda ids: [self._node(one) for one in ids],
                "customers": partial(self._many, self.buyers),
                "orders": partial(self._many, self._shown()),
                "draftOrders": partial(self._many, self.drafts),
                "products": partial(self._many, self.wares),
                "draftOrderCreate": self._draft,
                "draftOrderComplete": self._complete,
                "draftOrderDelete": self._drop,
            }
            return roots[name](**arguments)
        if name == "orders":
            return self._many([one for one in self._shown() if one["customer"]["id"] == source["id"]], **arguments)
        value = source.get(name)
        if name in {"lineItems", "variants"}:
            return _page(value, **arguments)
        return value[: arguments["first"]] if isinstance(value, list) and "first" in arguments else value

    # What is asked for

    def _shown(self) -> list[dict[str, Any]]:
        """The orders that an app sees."""
        oldest = (self.today - timedelta(days=60)).isoformat()
        return [one for one in self.sales if self.sees_all_orders or one["processedAt"] >= oldest]

    def _node(self, id: str) -> Any:
        """The thing of that id, null where there is none; what is broken fails alone."""
        if id in self.broken:
            return GraphQLError("Internal error", extensions={"code": "INTERNAL_SERVER_ERROR"})
        return self._one([*self.buyers, *self._shown(), *self.wares], id)

    def _one(self, among: list[dict[str, Any]], id: str) -> dict[str, Any] | None:
        return next((one for one in among if one["id"] == id), None)

    def _many(
        self,
        among: list[dict[str, Any]],
        first: int | None = None,
        after: str | None = None,
        query: str | None = None,
        sortKey: str = "ID",  # noqa: N803  its name there
        reverse: bool = False,
    ) -> dict[str, Any]:
        key = {"UPDATED_AT": "updatedAt", "PROCESSED_AT": "processedAt"}.get(sortKey, "id")
        found = [one for one in among if _fits(one, query or "")]
        found.sort(key=lambda one: (one[key], one["id"]), reverse=reverse)
        if after is not None:
            # Behind the place of the last one that was given, whatever has come or gone since.
            place = tuple(json.loads(base64.b64decode(after)))
            found = [
                one for one in found if ((one[key], one["id"]) < place) == reverse and (one[key], one["id"]) != place
            ]
        page = _page(found, first) | {"edges": []}
        if page["nodes"]:
            cursors = [base64.b64encode(json.dumps([one[key], one["id"]]).encode()).decode() for one in page["nodes"]]
            page["pageInfo"]["endCursor"] = cursors[-1]
            page["edges"] = [{"cursor": at, "node": one} for at, one in zip(cursors, page["nodes"], strict=True)]
        return page

    # What is changed

    def _draft(self, input: dict[str, Any]) -> dict[str, Any]:
        buyer = self._one(self.buyers, input["purchasingEntity"]["customerId"])
        if buyer is None:
            told = {"field": ["input", "customerId"], "message": "Customer ann@example.com does not exist"}
            return {"draftOrder": None, "userErrors": [told]}
        number = next(self._numbers)
        lines = [self._drafted(one, n) for n, one in enumerate(input["lineItems"])]
        total = sum(Decimal(one["discountedTotalSet"]["shopMoney"]["amount"]) for one in lines)
        made = {
            "id": f"gid://shopify/DraftOrder/{number}",
            "name": f"#D{number}",
            "status": "OPEN",
            "createdAt": moment(20),
            "updatedAt": moment(20),
            "invoiceUrl": f"https://{DOMAIN}/1/invoices/{number}",
            "email": None,
            "note2": input.get("note"),
            "customer": buyer,
            "tags": input.get("tags", []),
            "customAttributes": input.get("customAttributes", []),
            "totalPriceSet": bag(str(total)),
            "lineItems": lines,
            "order": None,
        }
        self.drafts.append(made)
        return {"draftOrder": made, "userErrors": []}

    def _drafted(self, given: dict[str, Any], n: int) -> dict[str, Any]:
        kinds = [(ware, kind) for ware in self.wares for kind in ware["variants"]]
        ware, kind = next((one for one in kinds if one[1]["id"] == given.get("variantId")), (None, None))
        price = given.get("priceOverride") or given.get("originalUnitPriceWithCurrency")
        assert price is not None
        total = bag(str(Decimal(price["amount"]) * given["quantity"]), price["currencyCode"])
        return {
            "id": f"gid://shopify/DraftOrderLineItem/{n + 1}",
            "title": ware["title"] if ware else given["title"],
            "sku": kind["sku"] if kind else given.get("sku"),
            "quantity": given["quantity"],
            "originalUnitPriceSet": bag(price["amount"], price["currencyCode"]),
            "discountedTotalSet": total,
            "product": {"id": ware["id"]} if ware else None,
        }

    def _complete(self, id: str, paymentPending: bool = False) -> dict[str, Any]:  # noqa: N803  its name there
        draft = self._one(self.drafts, id)
        assert draft is not None
        return {"draftOrder": {**draft, "order": self.pays(draft, pending=paymentPending)}, "userErrors": []}

    def _drop(self, input: dict[str, Any]) -> dict[str, Any]:
        self.drafts = [one for one in self.drafts if one["id"] != input["id"]]
        return {"deletedId": input["id"], "userErrors": []}

    def pays(self, draft: dict[str, Any], *, pending: bool = False) -> dict[str, Any]:
        """The order that comes of the draft when the customer pays, or when it is completed."""
        number = next(self._numbers) + 1000
        lines = [
            goods(number * 10 + n, one["title"], one["originalUnitPriceSet"]["shopMoney"]["amount"], sku=one["sku"])
            | {"quantity": one["quantity"], "currentQuantity": one["quantity"]}
            for n, one in enumerate(draft["lineItems"])
        ]
        order = sale(number, int(draft["customer"]["id"].rpartition("/")[2]), *lines, days=20.5)
        order["customAttributes"] = draft["customAttributes"]
        order["displayFinancialStatus"] = "PENDING" if pending else "PAID"
        draft |= {"status": "COMPLETED", "updatedAt": moment(20.5), "order": order}
        self.sales.append(order)
        return order


@lru_cache
def _read(text: str) -> tuple[DocumentNode, OperationDefinitionNode, list[dict[str, Any]]]:
    """The question, and what is wrong with it."""
    document = parse(text)
    operation = next(one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    told = {"code": "undefinedField"}
    return document, operation, [{"message": one.message, "extensions": told} for one in validate(SCHEMA, document)]


def _page(among: list[Any], first: int | None = None, after: str | None = None) -> dict[str, Any]:
    begin = int(base64.b64decode(after)) if after else 0
    end = begin + (first or 50)
    cursor = base64.b64encode(str(min(end, len(among))).encode()).decode() if among else None
    return {"nodes": among[begin:end], "pageInfo": {"hasNextPage": end < len(among), "endCursor": cursor}}


def _fits(one: dict[str, Any], query: str) -> bool:
    """Whether it is found by a search in Shopify's own language, as far as it is used."""
    for since in re.findall(r"updated_at:>='([^']+)'", query):
        if one["updatedAt"] < since:
            return False
    for mail in re.findall(r'email:"((?:[^"\\]|\\.)*)"', query):
        # A search finds more than was sought.
        known = (one.get("defaultEmailAddress") or {}).get("emailAddress", "").casefold()
        if known.partition("@")[0] != mail.casefold().partition("@")[0]:
            return False
    if (tag := re.search(r"tag:(\S+)", query)) and tag[1] not in one.get("tags", ()):
        return False
    if "status:active" in query and one["status"] != "ACTIVE":
        return False
    words = re.findall(r'(?<!:)"((?:[^"\\]|\\.)*)"', query)
    words = [re.sub(r"\\(.)", r"\1", word) for word in words]
    return all(word.casefold() in one.get("title", "").casefold() for word in words)


def signed(body: bytes, secret: str = SECRET) -> str:
    """How Shopify signs."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def delivery(topic: str | None, told: Any, *, secret: str = SECRET, **headers: str) -> Delivery:
    """A delivery as Shopify sends it; headers by name with underscores."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"x-shopify-topic": topic} if topic else {}
    said = {"x-shopify-hmac-sha256": signed(body, secret), "x-shopify-shop-domain": DOMAIN, **named, **more}
    return Delivery(method="POST", query={}, headers=said, body=body, received_at=datetime(2026, 11, 21, tzinfo=UTC))


@asynccontextmanager
async def serving(shop: Shop) -> AsyncIterator[Shop]:
    """The shop for as long as the block lasts."""
    app = web.Application()
    app.router.add_post("/admin/api/{version}/graphql.json", shop.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    shop.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield shop
    finally:
        shop.end()
        await runner.cleanup()
