"""A desk that answers as Zendesk documents it, on 127.0.0.1, with faults on demand."""

import base64
import hashlib
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from adapters.contract.deliveries import Delivery
from tests import planted

SIGNING_SECRET = planted.ZENDESK_SIGNING_SECRET
CLIENT = {"client_id": "gateway", "client_secret": planted.ZENDESK_CLIENT_SECRET}
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


def user(id_: int, **more: Any) -> dict[str, Any]:
    """A user as REST shows one."""
    return {
        "id": id_,
        "name": f"Customer {id_}",
        "email": f"customer{id_}@example.com",
        "phone": None,
        "role": "end-user",
        "active": True,
        "verified": True,
        "external_id": None,
        "organization_id": None,
        "tags": [],
        "locale": "en-US",
        "time_zone": "Copenhagen",
        "photo": None,
        "user_fields": {},
        "created_at": "2025-01-08T10:00:00Z",
        "updated_at": "2025-01-08T10:00:00Z",
        "last_login_at": None,
    } | more


def ticket(id_: int, requester: int, **more: Any) -> dict[str, Any]:
    """A ticket as REST shows one."""
    return {
        "id": id_,
        "subject": f"Ticket {id_}",
        "status": "open",
        "priority": None,
        "requester_id": requester,
        "submitter_id": requester,
        "assignee_id": None,
        "tags": [],
        "via": {"channel": "web"},
        "created_at": f"2026-01-01T10:{id_ % 60:02}:00Z",
        "updated_at": "2026-02-01T10:00:00Z",
    } | more


def comment(id_: int, author: int, **more: Any) -> dict[str, Any]:
    """A comment as REST shows one, with the personal data that it carries."""
    return {
        "id": id_,
        "type": "Comment",
        "author_id": author,
        "body": f"Words {id_}",
        "html_body": f"<p>Words {id_}</p>",
        "plain_body": f"Words {id_}",
        "public": True,
        "attachments": [],
        "metadata": {
            "system": {"ip_address": "203.0.113.7", "location": "Lyngby", "client": "Mozilla", "latitude": 55.8},
            "custom": {},
        },
        "created_at": f"2026-01-02T10:{id_ % 60:02}:00Z",
    } | more


@dataclass
class Desk:
    """What the desk holds, what it was asked, and what goes wrong with it."""

    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    tickets: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    organizations: list[dict[str, Any]] = field(default_factory=list)
    attachments: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Those that can be asked for one by one; each with its bytes at `/attachments/{id}`."""
    asked: Counter[str] = field(default_factory=Counter)
    """Requests by path."""
    faults: list[tuple[str, web.Response]] = field(default_factory=list)
    """For the next request whose path contains the word, this answer."""
    hurts_after: bool = False
    """Whether a fault of a change comes after it was made."""
    token: str = f"{planted.ZENDESK_TOKEN}1"
    tokens_given: int = 0
    expires_in: int = 3600
    written: list[dict[str, Any]] = field(default_factory=list)
    """The bodies of changes, as they came."""
    by_key: dict[str, dict[str, Any]] = field(default_factory=dict)
    lookups: list[str] = field(default_factory=list)
    pages_by_number: bool = False
    url: str = ""

    def fault(self, path: str, status: int, body: Any = None, **headers: str) -> None:
        """The next request to such a path is answered with that."""
        text = body if isinstance(body, str) else json.dumps(body or {"error": "Sample", "description": "Sample"})
        self.faults.append((path, web.Response(status=status, text=text, headers=headers)))

    def app(self) -> web.Application:
        """The desk as a server."""
        app = web.Application(middlewares=[self._gate])
        app.router.add_post("/oauth/tokens", self._tokens)
        app.router.add_get("/api/v2/users/show_many.json", self._show_many)
        app.router.add_get("/api/v2/users/{id:\\d+}.json", self._user)
        app.router.add_get("/api/v2/users/{id:\\d+}/tickets/requested.json", self._requested)
        app.router.add_get("/api/v2/tickets/{id:\\d+}/comments.json", self._comments)
        app.router.add_get("/api/v2/incremental/tickets/cursor.json", self._incremental)
        app.router.add_get("/api/v2/attachments/{id:\\d+}.json", self._attachment)
        app.router.add_get("/attachments/{id:\\d+}", self._bytes)
        app.router.add_post("/api/v2/tickets.json", self._create)
        app.router.add_put("/api/v2/tickets/{id:\\d+}.json", self._update)
        return app

    @web.middleware
    async def _gate(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked[request.path] += 1
        fault = next((one for one in self.faults if one[0] in request.path), None)
        if fault:
            self.faults.remove(fault)
            if self.hurts_after:
                await handler(request)
            return fault[1]
        if request.path != "/oauth/tokens" and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"error": "invalid_token", "error_description": "expired"}, status=401)
        return await handler(request)

    async def _tokens(self, request: web.Request) -> web.Response:
        told = await request.json()
        if told.get("client_secret") != CLIENT["client_secret"] or told.get("grant_type") != "client_credentials":
            return web.json_response({"error": "invalid_client"}, status=401)
        self.tokens_given += 1
        self.token = f"{planted.ZENDESK_TOKEN}{self.tokens_given}"
        return web.json_response(
            {"access_token": self.token, "token_type": "bearer", "scope": "read", "expires_in": self.expires_in}
        )

    async def _user(self, request: web.Request) -> web.Response:
        found = self.users.get(int(request.match_info["id"]))
        if not found:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        return web.json_response({"user": found, "organizations": self.organizations, "identities": []})

    async def _show_many(self, request: web.Request) -> web.Response:
        ids = [int(one) for one in request.query["ids"].split(",")]
        found = [self.users[one] for one in ids if one in self.users]
        return web.json_response({"users": found, "organizations": self.organizations, "identities": []})

    async def _requested(self, request: web.Request) -> web.Response:
        requester = int(request.match_info["id"])
        if requester not in self.users:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        mine = [one for one in self.tickets.values() if one.get("requester_id") == requester]
        return self._listed(request, "tickets", mine)

    async def _comments(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        if number not in self.tickets:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        said = self.comments.get(number, [])
        return self._listed(request, "comments", said[::-1], users=list(self.users.values()))

    async def _attachment(self, request: web.Request) -> web.Response:
        found = self.attachments.get(int(request.match_info["id"]))
        if found is None:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        url = f"{self.url}/attachments/{request.match_info['id']}"
        return web.json_response({"attachment": {"content_url": url, **found}})

    async def _bytes(self, request: web.Request) -> web.Response:
        return web.Response(body=f"file {request.match_info['id']}".encode(), content_type="text/plain")

    def _listed(self, request: web.Request, name: str, members: list[Any], **beside: Any) -> web.Response:
        if self.pages_by_number:
            page, size = int(request.query.get("page", 1)), int(request.query.get("per_page", 2))
            more = len(members) > page * size
            following = f"{self.url}{request.path}?page={page + 1}&per_page={size}" if more else None
            shown = members[(page - 1) * size : page * size]
            return web.json_response({name: shown, "count": len(members), "next_page": following, **beside})
        size, start = int(request.query["page[size]"]), int(request.query.get("page[after]", "0"))
        shown, end = members[start : start + size], start + size
        return web.json_response(
            {
                name: shown,
                "meta": {"has_more": end < len(members), "after_cursor": str(end), "before_cursor": str(start)},
                # The last page has one, too.
                "links": {"next": f"{self.url}{request.path}?page[after]={end}", "prev": None},
                **beside,
            }
        )

    async def _incremental(self, request: web.Request) -> web.Response:
        start = int(request.query.get("cursor", "0"))
        listed = sorted(self.tickets.values(), key=lambda one: one.get("updated_at", ""))
        shown = listed[start : start + 2]
        end = start + 2 >= len(listed)
        return web.json_response(
            {
                "tickets": shown,
                "users": list(self.users.values()),
                "after_url": f"{self.url}{request.path}?cursor={start + 2}",
                "after_cursor": str(start + 2),
                "end_of_stream": end,
            }
        )

    async def _create(self, request: web.Request) -> web.Response:
        key = request.headers.get("Idempotency-Key", "")
        self.lookups.append("hit" if key in self.by_key else "miss")
        if key not in self.by_key:
            told = (await request.json())["ticket"]
            self.written.append(told)
            if told["requester_id"] not in self.users:
                details = {"requester": [{"description": "Requester is invalid", "error": "InvalidValue"}]}
                body = {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
                return web.json_response(body, status=422)
            number = 1 + max(self.tickets, default=0)
            self.tickets[number] = ticket(number, told["requester_id"], subject=told["subject"])
            self.by_key[key] = self._said(number, told)
        return web.json_response(self.by_key[key], status=201, headers={"x-idempotency-lookup": self.lookups[-1]})

    async def _update(self, request: web.Request) -> web.Response:
        number = int(request.match_info["id"])
        if number not in self.tickets:
            return web.json_response({"error": "RecordNotFound", "description": "Not found"}, status=404)
        told = (await request.json())["ticket"]
        self.written.append(told)
        return web.json_response(self._said(number, told))

    def _said(self, number: int, told: Mapping[str, Any]) -> dict[str, Any]:
        id_ = 9_000 + len(self.written)
        said = comment(id_, told["comment"].get("author_id", 1), body=told["comment"]["body"], plain_body=None)
        said["metadata"]["custom"] = told["metadata"]["custom"]
        said["public"] = told["comment"]["public"]
        self.comments.setdefault(number, []).append(said)
        events = [{"id": id_ + 1, "type": "Notification"}, {"id": id_, "type": "Comment", "public": True}]
        return {"ticket": self.tickets[number], "audit": {"id": 1, "ticket_id": number, "events": events}}


@asynccontextmanager
async def serving(desk: Desk) -> AsyncIterator[Desk]:
    """The desk behind an address of its own on the loopback."""
    runner = web.AppRunner(desk.app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    desk.url = f"http://127.0.0.1:{port}"
    try:
        yield desk
    finally:
        await runner.cleanup()


def delivery(
    told: Any,
    *,
    secret: str = SIGNING_SECRET,
    timestamp: str = "2026-11-26T09:29:58Z",
    received_at: datetime = NOW,
    **headers: str,
) -> Delivery:
    """A delivery as Zendesk sends and signs it; bytes go as they are."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest())
    signed = {
        "x-zendesk-webhook-id": "01GK8E6BKWMJZD2T8Y5AXJQMG5",
        "x-zendesk-webhook-signature": signature.decode(),
        "x-zendesk-webhook-signature-timestamp": timestamp,
    }
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(method="POST", query={}, headers=signed | named, body=body, received_at=received_at)


def told(kind: str, detail: Mapping[str, Any], event: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An event's envelope, as the documentation writes it."""
    domain = kind.partition(".")[0]
    return {
        "type": f"zen:event-type:{kind}",
        "account_id": 12514403,
        "id": "2b24ef10-19d4-4740-93cf-8f98ec4776c0",
        "time": "2026-11-26T09:29:57.123456789Z",
        "zendesk_event_version": "2022-11-06",
        "subject": f"zen:{domain}:{detail.get('id')}",
        "detail": dict(detail),
        "event": dict(event or {}),
    } | more


TICKET_DETAIL = {
    "id": "5158",
    "requester_id": "8447388090494",
    "assignee_id": "8447388090495",
    "subject": "Cannot sign in",
    "status": "ON_HOLD",
    "priority": "HIGH",
    "created_at": "2025-01-08T10:12:07Z",
    "updated_at": "2026-11-26T09:29:57Z",
    "tags": [],
    "via": {"channel": "web"},
}
USER_DETAIL = {
    "id": "6596848315901",
    "email": "ann@example.com",
    "external_id": "",
    "default_group_id": "0",
    "organization_id": "0",
    "role": "end-user",
    "created_at": "2026-07-04T05:27:58Z",
    "updated_at": "2026-07-04T05:33:18Z",
}
