"""Telegram's Bot API as it documents itself, on 127.0.0.1: people, sending, faults on demand, deliveries."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from adapters.contract.deliveries import Delivery
from tests import planted

BOT = "bike_shop_bot"
TOKEN = planted.TELEGRAM_TOKEN
SECRET = planted.TELEGRAM_SECRET
FORMER_SECRET = planted.TELEGRAM_FORMER_SECRET
HEADER = "x-telegram-bot-api-secret-token"
NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
AT = 1_764_149_400
"""Seconds; a year before."""
MIA = {"id": 7300123456, "is_bot": False, "first_name": "Mia", "last_name": "Brand", "username": "mia_brand"}

FOLDER = Path(__file__).parent.parent / "payloads" / "telegram"


def sample(name: str) -> dict[str, Any]:
    """A delivery of the payload folder."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def chat(**more: Any) -> dict[str, Any]:
    """The private chat with Mia."""
    return {"id": MIA["id"], "type": "private", "first_name": "Mia", **more}


def update(told: Any, kind: str = "message", number: int = 480_000_001) -> dict[str, Any]:
    """A whole update that tells of one thing."""
    return {"update_id": number, kind: told}


def message(**more: Any) -> dict[str, Any]:
    """A message of Mia's; a text unless more is told."""
    plain = {"message_id": 7, "from": MIA, "chat": chat(), "date": AT}
    return {**plain, **(more or {"text": "Hello"})}


def blocking(status: str = "kicked", at: int = AT) -> dict[str, Any]:
    """That Mia blocked the bot, or no longer does."""
    bot = {"id": 7100000001, "is_bot": True, "first_name": "Bike Shop"}
    return {"chat": chat(), "from": MIA, "date": at, "new_chat_member": {"user": bot, "status": status}}


def delivered(body: Any, secret: str | None = None) -> Delivery:
    """A request as it comes in, with the word that setWebhook was told where one is given."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {} if secret is None else {HEADER: secret}
    return Delivery(method="POST", query={}, headers=headers, body=raw, received_at=NOW)


@dataclass
class BotApi:
    """What one bot's server answers, and what it was asked."""

    url: str = ""
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Chats by id, of those who began to write to the bot."""
    blocked: set[str] = field(default_factory=set)
    sent: list[dict[str, Any]] = field(default_factory=list)
    """What sendMessage was told, whatever came of it."""
    asked: list[str] = field(default_factory=list)
    """The methods that were called, in order."""
    failure: tuple[int, dict[str, Any]] | None = None
    """Status and body of the next answers."""
    answer: Any = None
    """Another good answer, as text or JSON."""
    hangs: bool = False
    """Whether it takes what it is asked, and answers nothing until it goes."""
    goes: asyncio.Event = field(default_factory=asyncio.Event)

    def fails(self, code: int, description: str, **parameters: Any) -> None:
        """The next answers are that error."""
        told = {"ok": False, "error_code": code, "description": description}
        self.failure = (code, {**told, "parameters": parameters} if parameters else told)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """`/bot{token}/{method}`, asked in whatever way: parameters stand in the query or in JSON."""
        method = request.match_info["method"]
        self.asked.append(method)
        told = {**request.query, **(await request.json() if request.can_read_body else {})}
        if method == "sendMessage":
            self.sent.append(told)
        if self.hangs:
            await self.goes.wait()
        if request.match_info["token"] != TOKEN:
            return _failed(401, "Unauthorized")
        if self.failure is not None:
            return web.json_response(self.failure[1], status=self.failure[0])
        if self.answer is not None:
            text = self.answer if isinstance(self.answer, str) else json.dumps(self.answer)
            return web.Response(text=text, content_type="application/json")
        person = self.people.get(str(told.get("chat_id")))
        if person is None:
            return _failed(400, "Bad Request: chat not found")
        good = web.json_response({"ok": True, "result": person})
        return self._sending(person, told) if method == "sendMessage" else good

    def _sending(self, person: Mapping[str, Any], told: Mapping[str, Any]) -> web.Response:
        if str(told["chat_id"]) in self.blocked:
            return _failed(403, "Forbidden: bot was blocked by the user")
        if not told.get("text"):
            return _failed(400, "Bad Request: message text is empty")
        if len(told["text"]) > 4096:
            return _failed(400, "Bad Request: message is too long")
        bot = {"id": 7100000001, "is_bot": True, "first_name": "Bike Shop"}
        made = {"message_id": 500 + len(self.sent), "date": AT, "chat": person, "from": bot, "text": told["text"]}
        return web.json_response({"ok": True, "result": made})


def _failed(code: int, description: str) -> web.Response:
    return web.json_response({"ok": False, "error_code": code, "description": description}, status=code)


@asynccontextmanager
async def serving(api: BotApi) -> AsyncIterator[BotApi]:
    """The vendor, reachable as long as the block lasts."""
    app = web.Application()
    app.router.add_route("*", "/bot{token}/{method}", api.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        api.url = "http://{}:{}".format(*runner.addresses[0][:2])
        yield api
    finally:
        api.goes.set()
        await runner.cleanup()
