"""Meta's Graph API as its pages describe it for Messenger and Instagram, on 127.0.0.1, with faults on demand."""

import asyncio
import copy
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.contract.channel import Equipment
from adapters.contract.manners import Manners
from adapters.http.addresses import Borders
from adapters.http.session import Outside
from tests import planted

SECRET, FORMER_SECRET = planted.META_SECRET, planted.META_FORMER_SECRET
VERIFY_TOKEN, TOKEN = planted.META_VERIFY_TOKEN, planted.META_TOKEN
APP = "1517776481860111"
AT = 1_764_149_400_000
"""Milliseconds; a moment of the year before, as all samples have it."""
SHOWN = 20
"""Of how many messages of a conversation what was said is shown."""
_ASKED = re.compile(r"messages\.limit\((\d+)\)(?:\.after\((\w+)\))?\{")


@dataclass
class Graph:
    """What one account's vendor answers, and what it was asked."""

    url: str = ""
    people: dict[str, Any] = field(default_factory=dict)
    """Profiles by id; whoever is not there does not exist."""
    ungranted: frozenset[str] = frozenset()
    """Fields of a profile to which the app has no right: asked for, the whole question is refused."""
    threads: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Messages with each person, the newest first."""
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What messages hold beside their words, by their ids."""
    unknown_field: str | None = None
    """A field of messages that this version does not know: asked for, the whole question is refused."""
    errors: dict[str, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    """Status and error of the answers to `profile`, `conversations`, `thread` or `send`."""
    headers: dict[str, str] = field(default_factory=dict)
    answer: Any = None
    """Another good answer to a sending."""
    hangs: bool = False
    """Whether it takes what is sent, and answers nothing until it goes."""
    goes: asyncio.Event = field(default_factory=asyncio.Event)
    sent: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and query of every question."""
    tokens: set[str] = field(default_factory=set)

    def fails(self, what: str, code: int, subcode: int | None = None, *, http: int = 400, **more: Any) -> None:
        """From now on the answers to that are this error of Meta's."""
        told = {"message": f"(#{code}) It is {planted.MARK}'s", "type": "OAuthException", "code": code, **more}
        told |= {"error_subcode": subcode} if subcode else {}
        self.errors[what] = http, {"error": {**told, "fbtrace_id": "A4O5a8RAgePwbcGSu"}}

    def used(self, percent: int, minutes: int = 0) -> None:
        """From now on the answers say that so much of the allowance is used up, and for how long to wait."""
        case = {"type": "messenger", "call_count": percent, "total_cputime": 1, "total_time": 1}
        told = {"112130216863063": [{**case, "estimated_time_to_regain_access": minutes}]}
        self.headers = {"X-Business-Use-Case-Usage": json.dumps(told)}

    async def show(self, request: web.Request) -> web.Response:
        """`GET /{version}/{id}`: a person, or a conversation with its messages."""
        key = self._note(request)
        if key.startswith("t_"):
            return self._thread(request, key.removeprefix("t_"))
        if key in self.held:
            return self._files(request, key)
        if (wrong := self._wrong("profile")) is not None:
            return wrong
        fields = set(request.query.get("fields", "").split(","))
        if fields & self.ungranted:
            self.fails("refused", 100)
            return self._wrong("refused") or web.Response()
        if key not in self.people:
            self.fails("gone", 100, 33)
            return self._wrong("gone") or web.Response()
        found = self.people[key]
        shown = {name: one for name, one in found.items() if name in fields} if isinstance(found, dict) else found
        return self._good(shown)

    def _files(self, request: web.Request, message: str) -> web.Response:
        asked = request.query.get("fields", "").split(",")
        if self.unknown_field in asked:
            return web.json_response({"error": {"message": "(#100)", "code": 100}}, status=400)
        return self._good({name: one for name, one in self.held[message].items() if name in {"id", *asked}})

    async def give(self, request: web.Request) -> web.Response:
        """What stands at a file's address, for who brings the token."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        return web.Response(body=request.match_info["name"].encode(), content_type="image/jpeg")

    def _thread(self, request: web.Request, person: str) -> web.Response:
        if (wrong := self._wrong("thread")) is not None:
            return wrong
        asked = _ASKED.match(request.query.get("fields", ""))
        if asked is None or (self.unknown_field and self.unknown_field in request.query["fields"]):
            return web.json_response({"error": {"message": "(#100)", "code": 100}}, status=400)
        whole, begin = self.threads[person], int((asked[2] or "c0")[1:])
        end = min(begin + int(asked[1]), len(whole))
        page = [_shown(one, n) for n, one in enumerate(whole[begin:end], begin)]
        paging: dict[str, Any] = {"cursors": {"before": f"c{begin}", "after": f"c{end}"}}
        if end < len(whole):
            paging["next"] = f"{self.url}/next"
        return self._good({"id": f"t_{person}", "messages": {"data": page, "paging": paging}})

    async def list(self, request: web.Request) -> web.Response:
        """`GET /{version}/{node}/conversations`."""
        self._note(request)
        if (wrong := self._wrong("conversations")) is not None:
            return wrong
        person = request.query.get("user_id", "")
        found = [{"id": f"t_{person}", "updated_time": "2025-11-26T09:31:00+0000"}] if person in self.threads else []
        return self._good({"data": found})

    async def take(self, request: web.Request) -> web.StreamResponse:
        """`POST /{version}/{node}/messages`."""
        self._note(request)
        asked = await request.json()
        self.sent.append(copy.deepcopy(asked))
        if self.hangs:
            await self.goes.wait()
        if (wrong := self._wrong("send")) is not None:
            return wrong
        good = {"recipient_id": asked["recipient"]["id"], "message_id": f"m_sent-{len(self.sent)}"}
        return self._good(good if self.answer is None else self.answer)

    def _note(self, request: web.Request) -> str:
        self.tokens.add(request.headers.get("Authorization", ""))
        self.asked.append((request.path, dict(request.query)))
        return request.match_info.get("id", "")

    def _wrong(self, what: str) -> web.Response | None:
        if what not in self.errors:
            return None
        status, body = self.errors[what]
        return web.json_response(body, status=status, headers=self.headers)

    def _good(self, body: Any) -> web.Response:
        return web.json_response(body, headers=self.headers)


def _shown(one: Mapping[str, Any], n: int) -> dict[str, Any]:
    """A message of a conversation: of those behind the latest nothing but id and moment."""
    return {name: value for name, value in one.items() if n < SHOWN or name in {"id", "created_time"}}


def spoken(n: int, sender: str, text: str | None = None, **more: Any) -> dict[str, Any]:
    """The message of a conversation that was said so many minutes after its first one."""
    at = datetime(2026, 11, 20, 8, tzinfo=UTC) + timedelta(minutes=n)
    told = {"id": f"m_{n}", "created_time": at.strftime("%Y-%m-%dT%H:%M:%S+0000"), "from": {"id": sender}}
    return {**told, "message": f"Word {n}" if text is None else text, **more}


@asynccontextmanager
async def serving(graph: Graph) -> AsyncIterator[Graph]:
    """The vendor, reachable as long as the block lasts."""
    app = web.Application()
    app.router.add_post("/v26.0/{node}/messages", graph.take)
    app.router.add_get("/v26.0/{node}/conversations", graph.list)
    app.router.add_get("/v26.0/{id}", graph.show)
    app.router.add_get("/media/{name}", graph.give)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        graph.url = "http://{}:{}".format(*runner.addresses[0][:2])
        yield graph
    finally:
        graph.goes.set()
        await runner.cleanup()


@asynccontextmanager
async def reaching(
    graph: Graph, cls: type[MetaMessaging], account: str, manners: Manners | None = None, **more: Any
) -> AsyncIterator[MetaMessaging]:
    """An account of that channel, reaching its vendor."""
    told = {"access_token": TOKEN, "app_secrets": [SECRET, FORMER_SECRET], "verify_token": VERIFY_TOKEN, "app_id": APP}
    settings = cls.Settings.model_validate({"base_url": graph.url, **told, **more})
    # Its files' addresses are on this machine, too.
    async with Outside(borders=Borders(has_loopback=True)) as outside:
        way = outside.way(cls.name, account, manners or cls.manners)
        yield cls(account, settings, Equipment(way=way, default_region="US"))
