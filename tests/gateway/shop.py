"""A shop's page with the chat widget, the gateway behind it, and the agent who answers."""

import gzip
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from playwright.async_api import BrowserContext, Locator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from adapters.channels.webchat import WebChat, WebChatSettings
from adapters.contract.channel import Equipment
from adapters.contract.way import Standing, Way
from adapters.lines import Lines
from adapters.records import new_id
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.kit.ids import global_id
from tests.desks import Stood
from tests.gateway.browsing import Visit
from tests.gateway.conftest import Gate, OpenGate, served
from tests.waiting import until

ROOT = Path(__file__).parent.parent.parent
WIDGET = ROOT / "examples" / "webchat"
AXE = ROOT / "tests" / "axe" / "axe.min.js.gz"
SECRET = "a made-up secret of the company's backend"
ANSWER = """mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename
  ... on Refusal { message } } }"""
TYPE = """mutation ($input: TypeToVisitorInput!) { typeToVisitor(input: $input) { __typename
  ... on Refusal { message } } }"""
# What people with a disability could not use, by the standards that axe-core knows, and by good practice.
_VIOLATIONS = """axe.run().then(({ violations }) => violations
  .filter(({ impact }) => ["serious", "critical"].includes(impact))
  .map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`))"""


class Losing:
    """The gateway over a network that loses answers: it hears everything, and its next answers go nowhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.loses = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers, or breaks the connection off where the answer would begin."""
        if not self.loses or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        self.loses -= 1

        async def nowhere(_message: Any) -> None:
            pass

        await self._app(scope, receive, nowhere)


@dataclass
class Shop:
    """The page, where it stands, and who answers behind it."""

    gate: Gate
    address: str = ""
    api: str = ""
    wire: Losing | None = None
    attributes: str = ""
    """More of them for the widget's element."""
    policy: str = ""
    """The page's content security policy, where it has one."""
    visits: list[Visit] = field(default_factory=list)
    _keys: Any = field(default_factory=itertools.count)

    async def enter(self, browser: BrowserContext) -> "Tab":
        """A tab on the shop's page."""
        visit = Visit(await browser.new_page())
        self.visits.append(visit)
        await visit.enter(f"{self.address}/?utm_source=letter&reset=s3cret")
        return Tab(visit.page)

    async def answer(self, text: str) -> None:
        """What the agent writes; returns when it was handed over."""
        talk = await self._talk()
        given = {"key": f"{next(self._keys)}", "conversationId": talk, "text": text}
        response = await self.gate.ask(ANSWER, variables={"input": given})
        assert response.json()["data"]["sendMessage"]["__typename"] == "SendMessagePayload", response.text
        store = self.gate.house.store

        async def is_sent() -> bool:
            return await store.first(MESSAGES, {"direction": "OUT", "status": "QUEUED"}) is None

        await until(is_sent)

    async def answered(self, *texts: str) -> None:
        """What agents wrote long ago, four in a second: of some the moment is written without a fraction."""
        (talk,) = await self.talks()
        place = {name: talk[name] for name in ("channel", "account", "customer_id")} | {"conversation_id": talk["_id"]}
        said = {"direction": "OUT", "status": "SENT", "author_name": "Berta", "external_id": None}
        began = talk["started_at"].replace(microsecond=0) - timedelta(days=1)
        await self.gate.house.store.insert(
            MESSAGES,
            *(
                {"_id": new_id(), "text": text, "sent_at": began + timedelta(seconds=n / 4), **place, **said}
                for n, text in enumerate(texts)
            ),
        )

    async def types(self) -> None:
        """The agent begins to write."""
        response = await self.gate.ask(
            TYPE, variables={"input": {"conversationId": await self._talk(), "isTyping": True}}
        )
        assert response.json()["data"]["typeToVisitor"]["__typename"] == "TypeToVisitorPayload", response.text

    async def is_visitor_typing(self) -> bool:
        """Whether the agent is told that the visitor types."""
        query = "query ($id: ID!) { node(id: $id) { ... on Conversation { isVisitorTyping } } }"
        response = await self.gate.ask(query, variables={"id": await self._talk()})
        return bool(response.json()["data"]["node"]["isVisitorTyping"])

    async def is_read(self, text: str) -> bool:
        """Whether the visitor has read the agent's message."""
        return await self.gate.house.store.first(MESSAGES, {"text": text, "status": "READ"}) is not None

    async def kept(self) -> list[str]:
        """The words of all messages, as they are stored, in order."""
        found = await self.gate.house.store.find(MESSAGES, {}, order=[("sent_at", 1), ("_id", 1)], limit=100)
        return [str(one["text"]) for one in found]

    async def talks(self) -> list[dict[str, Any]]:
        """The conversations that there are."""
        return list(await self.gate.house.store.find(CONVERSATIONS, {}, order=[("_id", 1)], limit=10))

    async def _talk(self) -> str:
        (talk,) = await self.talks()
        return global_id("Conversation", talk["_id"])

    def hosts(self) -> set[str]:
        """Every host that was asked for anything."""
        return set().union(*(visit.hosts for visit in self.visits))

    def complaints(self) -> list[str]:
        """What the pages complained of."""
        return [line for visit in self.visits for line in visit.complaints]

    async def _page(self, request: Request) -> Response:
        name = request.path_params.get("name") or "index.html"
        if name != "index.html":
            return FileResponse(WIDGET / name)
        text = (WIDGET / name).read_text("utf-8").replace("http://127.0.0.1:8000", self.api)
        headers = {"Content-Security-Policy": self.policy} if self.policy else None
        page = text.replace("<customer-chat ", f"<customer-chat {self.attributes} ")
        return Response(page, media_type="text/html", headers=headers)

    @property
    def site(self) -> Starlette:
        """The shop's own server."""
        return Starlette(routes=[Route("/", self._page), Route("/{name}", self._page)])


@dataclass
class Tab:
    """A tab with the widget in it."""

    page: Page

    async def open(self) -> "Tab":
        """Opens the chat."""
        await self.page.get_by_role("button", name="Chat with us").click()
        await expect(self.page.get_by_role("dialog", name="Chat with us")).to_be_visible()
        return self

    async def write(self, *texts: str) -> None:
        """Writes messages, one behind the other."""
        for text in texts:
            await self.page.get_by_label("Your message").fill(text)
            await self.page.get_by_label("Your message").press("Enter")

    @property
    def messages(self) -> Locator:
        """The words of the messages that are shown."""
        return self.page.locator(".messages .text")

    @property
    def sending(self) -> Locator:
        """What is shown and not sent yet."""
        return self.page.get_by_text("Sending ...")

    async def shows(self, *texts: str, within_s: float = 20) -> None:
        """Waits until these messages are shown, in this order and no others, all of them sent."""
        await expect(self.messages).to_have_text(list(texts), timeout=within_s * 1000)
        await expect(self.sending).to_have_count(0)

    async def violations(self) -> list[str]:
        """What axe-core finds to be serious."""
        await self.page.evaluate(gzip.decompress(AXE.read_bytes()).decode())
        found: list[str] = await self.page.evaluate(_VIOLATIONS)
        return found


@asynccontextmanager
async def shop_of(open_gate: OpenGate, *, attributes: str = "", **settings: Any) -> AsyncIterator[Shop]:
    """A shop that is open, its gateway at work; with settings of the gateway's."""
    waiting = Shop(cast("Gate", None), attributes=attributes)
    async with served(waiting.site) as address:
        told = {
            "allowed_origins": [address],
            "identity_secrets": [SECRET],
            "greeting": "How can we help?",
            "longest_text": 3_000,
        }
        equipment = Equipment(way=cast("Way", Stood(Standing())))
        lines = Lines([WebChat("main", WebChatSettings.model_validate(told), equipment)])
        waiting.gate = open_gate(lines=lines, **settings)
        waiting.wire = Losing(waiting.gate.app)
        async with waiting.gate.house.working(), served(cast("Starlette", waiting.wire)) as api:
            waiting.address, waiting.api = address, api
            try:
                yield waiting
            finally:
                waiting.gate.house.subscriptions.close()
