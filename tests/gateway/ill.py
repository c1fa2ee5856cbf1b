"""A vendor of any protocol that is in one bad mood, and puts all that it knows and was told into what it answers."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from tests.planted import CALLER, FIRST, LAST, MARK

MOODS = ("hangs", "broken", "throttled", "refuses", "unknown", "gone", "junk", "odd")


class Ill:
    """A vendor in one mood."""

    def __init__(self, mood: str) -> None:
        self.mood = mood
        self.url = ""
        self.asked = 0
        self.goes = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        """The answer to whatever was asked."""
        self.asked += 1
        sent = (await request.read()).decode("utf-8", "replace")
        words = f"{FIRST} {LAST} +{CALLER} {MARK} {request.raw_path} {sent} {request.headers.get('Authorization')}"
        if self.mood == "hangs":
            await self.goes.wait()
        return _answer(self.mood, words)


def _answer(mood: str, words: str) -> web.Response:
    told = {MARK: words, "id": [words], "name": {words: words}, "email": 7}
    many = ("messages", "tickets", "comments", "results", "users", "contacts", "organizations")
    error = {"message": words, "details": words, "type": words, "error_data": {"details": words}}
    said: dict[str, tuple[int, Any]] = {
        "throttled": (429, words),
        "refuses": (401, {"error": {"code": 190, **error}, "description": words, "category": words}),
        "unknown": (400, {"error": {"code": f"{MARK} 131026", **error}, "description": words, "category": words}),
        "gone": (404, {"error": error}),
        "junk": (200, f"<html>{words}"),
        "odd": (200, {**{one: [told] for one in many}, "access_token": words, "user": told, "ticket": told}),
    }
    status, body = said.get(mood, (500, words))
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {"Retry-After": f"1 {MARK}", "X-Request-Id": words.partition("\n")[0]}
    reason = f"of {FIRST} {LAST}"
    return web.Response(status=status, reason=reason, text=text, headers=headers, content_type="application/json")


@asynccontextmanager
async def ill(mood: str) -> AsyncIterator[Ill]:
    """Such a vendor, on this machine."""
    vendor = Ill(mood)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", vendor.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    vendor.url = "http://{}:{}".format(*runner.addresses[0][:2])
    try:
        yield vendor
    finally:
        vendor.goes.set()
        await runner.cleanup()
