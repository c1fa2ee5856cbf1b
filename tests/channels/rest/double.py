"""A vendor in three shapes on 127.0.0.1: an enrichment source, a CRM, and a small shop, with faults on demand."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

ENRICHED = {
    "status": 200,
    "likelihood": 8,
    "data": {
        "id": "qEnOZ5Oh0poWnQ1luFBfVw_0000",
        "full_name": "ada lovett",
        "industry": "wireless",
        "job_title": "tax adviser",
        "interests": ["Golf", "dogs", "competitive whistling"],
    },
}
CONTACT = {
    "id": "51",
    "properties": {"email": "ada@example.com", "firstname": "Ada", "lastname": "Lovett", "phone": "+4930123456"},
    "createdAt": "2024-02-26T22:16:38.741Z",
    "updatedAt": "2024-03-01T10:00:00Z",
    "archived": False,
}
CRM_TICKETS = [
    {
        "id": str(number),
        "properties": {
            "subject": f"Question {number}",
            "hs_pipeline_stage": stage,
            "createdate": f"2024-05-0{number}T09:00:00Z",
            "hs_lastmodifieddate": f"2024-05-0{number}T12:00:00.123Z",
        },
    }
    for number, stage in ((3, "1"), (2, "4"), (1, "99887766"))
]
DEALS = [
    {"id": "9001", "properties": {"dealname": "A bicycle", "amount": "1299.90", "deal_currency_code": "EUR"}},
    {"id": "9002", "properties": {"dealname": "Two bells", "amount": "18", "deal_currency_code": None}},
]
for deal, stage in zip(DEALS, ("closedwon", "appointmentscheduled"), strict=True):
    deal["properties"] |= {"dealstage": stage, "closedate": "2024-06-01T00:00:00Z"}
ORDERS = [
    {
        "number": number,
        "placed": "24.12.2024 18:30",
        "changed": 1735066800,
        "state": "sent",
        "lines": [
            {"position": 1, "name": "Saddle", "sku": "S-1", "count": 2, "price": "1.049,50"},
            {"position": 2, "name": "Bell", "sku": "-", "price": "9,99"},
        ],
        "shipments": [{"carrier": "DHL", "code": "JD014600"}],
    }
    for number in range(1001, 1004)
]
DESK = [
    {
        "id": 7,
        "title": "Late",
        "is_done": False,
        "opened": 1735066800123,
        "files": [{"id": "f1", "name": "a.pdf", "bytes": 10}],
    },
    {"id": 8, "title": "Broken", "is_done": True, "opened": 1735066900000, "files": []},
]


@dataclass
class Seen:
    """One request as it came."""

    method: str
    raw_path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Fault = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


@dataclass
class Double:
    """The vendor; `fault` answers instead of it while it is set."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    fault: Fault | None = None
    tokens: int = 0
    page_size: int = 2
    next_link: str | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def answers(self, body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answers so from now on."""
        text = body if isinstance(body, str) else json.dumps(body)

        async def fault(_request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(0)
            return web.Response(status=status, text=text, headers=headers, content_type="application/json")

        self.fault = fault

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        told = json.loads(body) if body[:1] in {b"{", b"["} else body.decode()
        raw_path = request.raw_path.partition("?")[0]
        headers = {name.lower(): value for name, value in request.headers.items()}
        seen = Seen(request.method, raw_path, dict(request.query), headers, told)
        self.seen.append(seen)
        if self.fault and (answer := await self.fault(request)):
            return answer
        found = self._of_path(seen)
        return (
            web.json_response({"error": {"code": "unknown"}}, status=404) if found is None else web.json_response(found)
        )

    def _of_path(self, seen: Seen) -> Any:
        """What stands at a path; None for 404."""
        path = seen.raw_path
        if path == "/v5/person/enrich":
            return ENRICHED if seen.query.get("email") == "ada@example.com" else None
        if path.startswith("/crm/v3/objects/"):
            return self._crm(path.removeprefix("/crm/v3/objects/"), seen)
        if path == "/oauth/token":
            self.tokens += 1
            return {"access_token": f"token-{self.tokens}", "token_type": "Bearer", "expires_in": 3600}
        return self._shop(path.removeprefix("/api/v2/"), seen)

    def _crm(self, path: str, seen: Seen) -> Any:
        if path == "contacts/search":
            value = seen.body["filterGroups"][0]["filters"][0]["value"]
            return {"total": 1, "results": [CONTACT] if value in CONTACT["properties"].values() else []}
        if path == "contacts/batch/read":
            return {"results": [CONTACT for one in seen.body["inputs"] if one["id"] == "51"]}
        if path == "contacts/51":
            return CONTACT
        listed = {"tickets/search": CRM_TICKETS, "deals/search": DEALS}.get(path)
        if listed is None:
            return None
        start = int(seen.body.get("after", 0))
        end = start + min(self.page_size, seen.body["limit"])
        more = {"paging": {"next": {"after": str(end)}}} if end < len(listed) else {}
        return {"total": len(listed), "results": listed[start:end], **more}

    def _shop(self, path: str, seen: Seen) -> Any:
        if path == "customers":
            return {"customers": [{"number": "K-7"}] if seen.query["email"] == "ada@example.com" else []}
        if seen.method == "POST":
            link = {"id": "L-1", "url": "https://pay.shop.example/L-1", "ends": 1735066900}
            made = {"customers/K-7/orders": {"order": {"number": 1004}}, "customers/K-7/payment-links": {"link": link}}
            return made.get(path)
        if path == "customers/K-7/orders":
            size, page = int(seen.query["per_page"]), int(seen.query["page"])
            return {"orders": ORDERS[size * (page - 1) : size * page]}
        if path == "customers/K-7/tickets":
            start = int(seen.query.get("from", 0))
            following = self.next_link or f"{self.url}/api/v2/customers/K-7/tickets?from={start + 1}"
            return {"tickets": DESK[start : start + 1], "links": {"next": following if start == 0 else None}}
        return None
