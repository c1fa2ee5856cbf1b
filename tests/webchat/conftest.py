"""A site on which visitors chat, browsers that do, and an agent who answers them."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from graphql import parse, subscribe

from adapters.lines import Lines
from adapters.records import Document, RecordId, new_id
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.kit.context import Caller, Context
from resolvers.kit.ids import global_id, key_of
from resolvers.kit.shift import Shift
from resolvers.kit.viewer import Role
from resolvers.webchat import CHAT_FIELDS
from tests.conftest import Asking
from tests.desks import SIGNING_SECRET, site
from tests.sending.conftest import hand_over

ORIGIN = "https://www.shop.example"
PARTS = """fragment M on Message { id direction text sentAt status authorName isWithdrawn
  attachments { name mediaType url } }
fragment C on Chat { conversation { id } messages { ...M } hasEarlier cursor agentName isAgentTyping isVerified }"""
START = (
    """mutation ($input: StartChatInput!) { startChat(input: $input) { __typename
  ... on StartChatPayload { token expiresAt resume isResumed greeting chat { ...C } }
  ... on TooOften { retryAfterS againAt } ... on Refusal { code message inputPath } } }"""
    + PARTS
)
CHAT = "{ chat { ...C } }" + PARTS
SEND = """mutation ($input: SendChatMessageInput!) { sendChatMessage(input: $input) { __typename
  ... on SendChatMessagePayload { sent { ...M } }
  ... on TooOften { retryAfterS } ... on Refusal { code message inputPath } } }""" + PARTS.partition("fragment C")[0]
CHANGED = """subscription ($after: String) { chatChanged(after: $after) { __typename cursor
  ... on ChatMessageWritten { key message { ...M } } ... on ChatMessageChanged { message { ...M } }
  ... on ChatTyping { isTyping } ... on ChatAgentChanged { agentName } } }""" + PARTS.partition("fragment C")[0]
IDENTIFY = """mutation ($input: IdentifyVisitorInput!) { identifyVisitor(input: $input) { __typename
  ... on IdentifyVisitorPayload { isVerified token expiresAt }
  ... on TooOften { retryAfterS } ... on Refusal { code message inputPath } } }"""
ANSWER = """mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename
  ... on SendMessagePayload { sent { id status } } ... on Refusal { code message } } }"""


def signed(at: datetime, *, secret: str = SIGNING_SECRET, **claims: Any) -> str:
    """A statement of the company's backend."""
    usual = {"sub": "4711", "aud": "main", "exp": int((at + timedelta(minutes=5)).timestamp())}
    given = {name: value for name, value in (usual | claims).items() if value is not None}
    return jwt.encode(given, secret, algorithm="HS256")


@dataclass
class ChatAsking(Asking):
    """Asks as the gate does: with signed tokens, a caller, and counts."""

    caller: Caller = field(default_factory=lambda: Caller(address="192.0.2.1", origin=ORIGIN))

    def context(self, role: Role = Role.AGENT, **viewer: Any) -> Context:
        """The context of one request."""
        context = super().context(role, **viewer)
        return replace(context, sign_chat=_token, caller=self.caller)

    def shift(self) -> Shift:
        """A hand in the jobs, at the moment of the last question."""
        now = self.now
        return Shift(store=self.store, declared=self.graph.declared, clock=lambda: now, lines=self.lines)


def _token(customer: RecordId, chat: RecordId, for_s: float, is_proven: bool) -> str:
    return f"{global_id('Customer', customer)} {global_id('Chat', chat)} {int(for_s)} {is_proven}"


@dataclass
class Browser:
    """One browser with the widget."""

    ask: ChatAsking
    token: str = ""
    resume: str | None = None
    cursor: str | None = None

    async def start(self, **given: Any) -> Any:
        """Begins a chat, or goes on with the one that it knows."""
        usual = {"account": "main", "page": "https://www.shop.example/shoes", "resume": self.resume}
        stranger = {"customer_id": key_of(GONE, "Customer")}
        answer = await self.ask(START, as_=Role.VISITOR, viewer=stranger, input=usual | given)
        assert not answer.errors
        got = answer.data["startChat"]
        if got["__typename"] == "StartChatPayload":
            self.token, self.resume, self.cursor = got["token"], got["resume"], got["chat"]["cursor"]
        return got

    @property
    def viewer(self) -> Mapping[str, Any]:
        """Whom the token proves."""
        customer, chat, _, is_proven = self.token.split()
        fields = frozenset() if is_proven == "True" else CHAT_FIELDS
        return {"customer_id": key_of(customer, "Customer"), "chat_id": key_of(chat, "Chat"), "fields": fields}

    @property
    def customer(self) -> str:
        """The customer of the token."""
        return self.token.split()[0]

    async def does(self, question: str, **input: Any) -> Any:
        """What is answered to a change or a question of the widget's."""
        answer = await self.ask(question, as_=Role.VISITOR, viewer=self.viewer, input=input)
        assert not answer.errors
        return next(iter(answer.data.values()))

    async def says(self, text: str, key: str | None = None) -> Any:
        """Writes something."""
        return await self.does(SEND, key=key or text, text=text)

    async def sees(self) -> Any:
        """The chat as it is."""
        answer = await self.ask(CHAT, as_=Role.VISITOR, viewer=self.viewer)
        assert not answer.errors
        return answer.data["chat"]

    async def identifies(self, **input: Any) -> Any:
        """Says who the visitor is."""
        got = await self.does(IDENTIFY, **input)
        self.token = got.get("token", self.token)
        return got

    @asynccontextmanager
    async def follows(self, *, after: str | None = None) -> AsyncIterator["Following"]:
        """What happens in the chat, as long as the block lasts."""
        context = self.ask.context(Role.VISITOR, **self.viewer)
        made = subscribe(
            self.ask.graph._schema, parse(CHANGED), context_value=context, variable_values={"after": after}
        )
        events: Any = await made if hasattr(made, "__await__") else made
        try:
            yield Following(events)
        finally:
            await events.aclose()


@dataclass
class Following:
    """A subscription under way."""

    events: AsyncGenerator[Any, None]

    async def next(self) -> Any:
        """What comes next."""
        result = await anext(self.events)
        assert not result.errors, result.errors
        return result.data["chatChanged"]

    async def texts(self, count: int) -> list[str]:
        """The words of the next messages."""
        return [(await self.next())["message"]["text"] for _ in range(count)]


GONE = "Q3VzdG9tZXI6NmE1YjRjM2QyZTFmMGE5YjhjN2Q2ZTVm"


@pytest.fixture
async def gateway(ask: Asking) -> ChatAsking:
    """A gateway with one site."""
    made = ChatAsking(ask.graph, ask.store, ask.agent_id, ask.commands)
    made.lines = Lines([site()])
    return made


@pytest.fixture
async def browser(gateway: ChatAsking) -> Browser:
    """A browser that has begun a chat."""
    made = Browser(gateway)
    assert (await made.start())["__typename"] == "StartChatPayload"
    return made


async def answered(browser: Browser, text: str) -> Any:
    """What an agent is answered who writes to the visitor; the message is handed over at once."""
    talk = (await browser.sees())["conversation"]["id"]
    answer = await browser.ask(ANSWER, input={"key": text, "conversationId": talk, "text": text})
    assert not answer.errors
    await hand_over(browser.ask.shift())
    return answer.data["sendMessage"]


def message(talk: Document, text: str, at: datetime) -> dict[str, Any]:
    """A message of an agent's, as it is stored."""
    place = {name: talk[name] for name in ("channel", "account", "customer_id")}
    said = {"text": text, "sent_at": at, "direction": "OUT", "status": "SENT", "author_name": "Berta"}
    return {"_id": new_id(), **place, **said, "external_id": None, "conversation_id": talk["_id"]}


async def many(browser: Browser, count: int) -> None:
    """So many messages from the last question on, each a millisecond later."""
    (talk,) = await browser.ask.store.find(CONVERSATIONS, {})
    at = [browser.ask.now + timedelta(milliseconds=n) for n in range(count)]
    await browser.ask.store.insert(MESSAGES, *(message(talk, f"{n:03}", one) for n, one in enumerate(at)))


async def messages(ask: Asking) -> list[tuple[str, str]]:
    """Which way each message went, and its words, in order."""
    found = await ask.store.find(MESSAGES, {"customer_id": {"$ne": None}}, order=[("sent_at", 1), ("_id", 1)])
    return [(one["direction"], one["text"]) for one in found]
