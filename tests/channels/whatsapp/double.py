"""Meta's Cloud API as it documents itself, on 127.0.0.1: sending, media, faults on demand."""

import asyncio
import copy
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests import planted

NUMBER = "106540352242922"
TOKEN = planted.WHATSAPP_TOKEN
SECRET = planted.WHATSAPP_SECRET
FORMER_SECRET = planted.WHATSAPP_FORMER_SECRET
VERIFY_TOKEN = planted.WHATSAPP_VERIFY_TOKEN
AT = 1_764_149_400
"""Seconds; a moment shortly before."""

FOLDER = Path(__file__).parent.parent / "payloads" / "whatsapp"


def sample(name: str) -> dict[str, Any]:
    """A delivery of the payload folder."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def value_of(told: Mapping[str, Any], *, number: str = NUMBER) -> dict[str, Any]:
    """The value of a change, as of that number of ours."""
    metadata = {"display_phone_number": "15550783881", "phone_number_id": number}
    return {"messaging_product": "whatsapp", "metadata": metadata, **told}


def enveloped(told: Mapping[str, Any], *, field_: str = "messages", number: str = NUMBER) -> dict[str, Any]:
    """A whole delivery that tells of one change."""
    change = {"field": field_, "value": value_of(told, number=number)}
    return {"object": "whatsapp_business_account", "entry": [{"id": "102290129340398", "changes": [change]}]}


def message(kind: str = "text", **more: Any) -> dict[str, Any]:
    """A message as WhatsApp tells of it; a text unless it is told otherwise."""
    plain = {"text": {"body": "Hello"}} if kind == "text" and "text" not in more else {}
    return {"from": planted.CALLER, "id": "wamid.1", "timestamp": str(AT), "type": kind, **plain, **more}


def status(name: str = "sent", **more: Any) -> dict[str, Any]:
    """A status as WhatsApp tells of it."""
    return {"id": "wamid.ours", "status": name, "timestamp": str(AT), "recipient_id": planted.CALLER, **more}


@dataclass
class Cloud:
    """What one number's vendor answers, and what it was asked."""

    url: str = ""
    sent: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    media: dict[str, dict[str, Any]] = field(default_factory=dict)
    bytes_of: dict[str, bytes] = field(default_factory=dict)
    """What stands at the addresses of media."""
    error: tuple[int, dict[str, Any]] | None = None
    """Status and error of the next answers."""
    about: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """The same for one person's messages, by their number."""
    answer: Any = None
    """Another good answer to a sending."""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    """Whether it takes what is sent, and answers nothing until it goes."""
    goes: asyncio.Event = field(default_factory=asyncio.Event)

    def fails(self, code: int, *, http: int = 400, to: str | None = None, **more: Any) -> None:
        """The next answers are that error of Meta's, or those about one person are."""
        told = {"message": f"(#{code}) +{planted.CALLER} is no number", "type": "OAuthException", "code": code, **more}
        error = (http, {"error": {**told, "fbtrace_id": "A4O5a8RAgePwbcGSu"}})
        if to is None:
            self.error = error
        else:
            self.about[to] = error

    async def take(self, request: web.Request) -> web.StreamResponse:
        """`POST /{version}/{number}/messages`."""
        self.tokens.append(request.headers.get("Authorization", ""))
        asked = await request.json()
        self.sent.append(copy.deepcopy(asked))
        if self.hangs:
            await self.goes.wait()
        to = asked.get("to") or asked.get("recipient")
        error = self.about.get(to, self.error)
        if error is not None:
            return web.json_response(error[1], status=error[0], headers=self.headers)
        good = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": f"wamid.sent-{len(self.sent)}", "message_status": "accepted"}],
        }
        return web.json_response(good if self.answer is None else self.answer, headers=self.headers)

    async def show(self, request: web.Request) -> web.Response:
        """`GET /{version}/{media id}`."""
        self.tokens.append(request.headers.get("Authorization", ""))
        found = self.media.get(request.match_info["id"])
        if self.error is not None:
            return web.json_response(self.error[1], status=self.error[0], headers=self.headers)
        if found is None:
            gone = {"message": "Unsupported get request.", "type": "GraphMethodException", "code": 100}
            return web.json_response({"error": {**gone, "error_subcode": 33}}, status=400)
        return web.json_response(found)

    def keep(self, key: str, body: bytes, *, sha256: str | None = None) -> None:
        """Has a file that may be fetched."""
        url, digest = f"{self.url}/media/{key}", sha256 or hashlib.sha256(body).hexdigest()
        self.media[key] = {"id": key, "url": url, "mime_type": "image/jpeg", "sha256": digest, "file_size": len(body)}
        self.bytes_of[key] = body

    async def give(self, request: web.Request) -> web.Response:
        """What stands at a file's address, for who brings the token."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        return web.Response(body=self.bytes_of[request.match_info["id"]], content_type="image/jpeg")


@asynccontextmanager
async def serving(cloud: Cloud) -> AsyncIterator[Cloud]:
    """The vendor, reachable as long as the block lasts."""
    app = web.Application()
    app.router.add_post("/v26.0/{number}/messages", cloud.take)
    app.router.add_get("/v26.0/{id}", cloud.show)
    app.router.add_get("/media/{id}", cloud.give)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        cloud.url = "http://{}:{}".format(*runner.addresses[0][:2])
        yield cloud
    finally:
        cloud.goes.set()
        await runner.cleanup()
