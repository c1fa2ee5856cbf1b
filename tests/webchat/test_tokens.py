"""What opens the token of a chat: the chat, for a while, and nothing else until somebody is proven?"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from graphql import OperationDefinitionNode, parse

from adapters.lines import Lines
from adapters.mongo import Store
from gateway.app import House
from gateway.auth import NotSignedIn
from gateway.settings import Settings
from gateway.tokens import signed_token
from gateway.touching import beyond, touched_fields
from resolvers.conversations import MESSAGES
from resolvers.identities import IDENTITIES
from resolvers.kit.context import Context
from resolvers.kit.graph import Graph
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role, Viewer
from resolvers.merging.ledger import MERGES
from resolvers.webchat import CHAT_FIELDS
from resolvers.webchat.chats import CHATS, STATEMENTS, drop_ended
from tests.changing import change, refused
from tests.desks import site
from tests.makers import Made, Makers
from tests.sending.conftest import hand_over
from tests.webchat.conftest import ANSWER, CHANGED, CHAT, IDENTIFY, SEND, START, Browser, answered, signed

MORE = """mutation { readChat(input: {upTo: "", isRead: true}) { ... on ReadChatPayload { marked } }
  typeInChat(input: {isTyping: true}) { ... on TypeInChatPayload { isTyping } ... on TooOften { againAt } }
  endChat(input: {resume: ""}) { ... on EndChatPayload { endedAt } } }"""
EARLIER = "{ chat { conversation { messages(last: 20) { pageInfo { startCursor } edges { node { id } } } } } }"
END = "mutation ($input: EndChatInput!) { endChat(input: $input) { __typename ... on Refusal { code } } }"
SETTINGS = Settings(secret="s" * 32, jwt_secret="j" * 32)


def _beyond(graph: Graph, text: str) -> list[str]:
    document = parse(text)
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    return beyond(touched_fields(graph._schema, document, operation), CHAT_FIELDS)


@pytest.mark.parametrize("text", [START, CHAT, SEND, CHANGED, IDENTIFY, MORE, EARLIER], ids=range(7))
def test_widgets_questions(house: Graph, text: str) -> None:
    """Whatever a widget asks may be asked with a chat's token."""
    assert _beyond(house, text) == []


@pytest.mark.parametrize(
    "text",
    [
        "{ viewer { customer { id } } }",
        '{ node(id: "x") { id } }',
        "{ channels { name } }",
        "{ customers { nodes { id } } }",
        "{ chat { conversation { assignedAgent { name } } } }",
        "mutation { mintVisitorToken(input: {customerId: 1}) { __typename } }",
    ],
)
def test_nothing_else(house: Graph, text: str) -> None:
    """Nothing else may, for the customer may be somebody who signed in there before."""
    assert _beyond(house, text) != []


@pytest.fixture
async def gate(house: Graph, store: Store) -> House:
    """A gateway that signs tokens."""
    return House(SETTINGS, store=store, graph=house, lines=Lines([site()]))


async def _viewer(gate: House, token: str) -> Viewer:
    return await gate.auth.viewer_of({"authorization": f"Bearer {token}"})


def _context(gate: House) -> Context:
    return gate.context_for(Viewer(subject="stranger", role=Role.VISITOR))


async def test_signed_and_read(gate: House, browser: Browser) -> None:
    """The gate reads what it has signed: whose chat, and whether it is bounded."""
    customer, chat = browser.viewer["customer_id"], browser.viewer["chat_id"]
    sign = _context(gate).sign_chat
    assert sign is not None
    bounded, proven = [await _viewer(gate, sign(customer, chat, 60, one)) for one in (False, True)]
    assert (bounded.customer_id, bounded.chat_id, bounded.fields) == (customer, chat, CHAT_FIELDS)
    assert (proven.customer_id, proven.chat_id, proven.fields) == (customer, chat, frozenset())
    with pytest.raises(NotSignedIn, match="expired"):
        await _viewer(gate, sign(customer, chat, -60, False))


async def _end(browser: Browser) -> None:
    assert (await browser.does(END, resume=browser.resume))["__typename"] == "EndChatPayload"


async def _erase(browser: Browser) -> None:
    given = {"customerId": browser.customer, "version": 1, "reason": "REQUESTED"}
    await change(browser.ask, "eraseCustomer", "__typename", as_=Role.ADMINISTRATOR, **given)


async def _unlink(browser: Browser) -> None:
    (one,) = await browser.ask.store.find(IDENTITIES, {})
    await change(browser.ask, "unlinkIdentity", "__typename", id=global_id("Identity", one["_id"]))


async def _wait(browser: Browser) -> None:
    await browser.ask.store.update_all(CHATS, {}, {"$set": {"expires_at": datetime.now(UTC)}})


@pytest.mark.parametrize("over", [_end, _erase, _unlink, _wait], ids=["ended", "erased", "unlinked", "old"])
async def test_over_for_tokens(gate: House, browser: Browser, over: Callable[[Browser], Awaitable[None]]) -> None:
    """A token opens nothing from the moment on when its chat is over, whether it proves somebody or not."""
    sign = _context(gate).sign_chat
    assert sign is not None
    viewer = browser.viewer
    tokens = [sign(viewer["customer_id"], viewer["chat_id"], 60, one) for one in (False, True)]
    for one in tokens:
        await _viewer(gate, one)
    await over(browser)
    for one in tokens:
        with pytest.raises(NotSignedIn, match="over"):
            await _viewer(gate, one)


@pytest.mark.parametrize("chat", ["x", "", 7, ["Chat"], global_id("Customer", Made)])  # type: ignore[arg-type]
async def test_odd_chats(gate: House, make: Makers, chat: object) -> None:
    """A token that names no chat, though it names something there, is refused."""
    more = {"customer_id": (await make.customer()).id, "chat": chat}
    now = datetime.now(UTC).timestamp()
    with pytest.raises(NotSignedIn, match="chat"):
        await _viewer(gate, signed_token(SETTINGS, Role.VISITOR, "somebody", at=now, for_s=60, more=more))


# What becomes of a chat


async def test_ended_chats(browser: Browser) -> None:
    """Who ends a chat shuts it for every tab; what was said stays, and nobody ends another's."""
    await browser.says("Hello")
    other = Browser(browser.ask)
    await other.start()
    assert (await other.does(END, resume=browser.resume))["code"] == "NOT_FOUND"
    assert (await browser.does(END, resume=browser.resume))["__typename"] == "EndChatPayload"
    assert (await browser.says("Hello?"))["code"] == "NOT_FOUND"
    assert (await browser.start())["code"] == "NOT_FOUND"
    assert await browser.ask.store.count(MESSAGES, {}) == 1


async def test_answers_to_nobody(browser: Browser) -> None:
    """An answer to a chat that is over is refused, and one that waited has failed: nobody would read it."""
    talk = (await browser.sees())["conversation"]["id"]
    for key, code in (("waits", None), ("late", "NOT_PERMITTED")):
        given = {"key": key, "conversationId": talk, "text": key}
        got = (await browser.ask(ANSWER, input=given)).data["sendMessage"]
        assert (got.get("code"), "over" in got.get("message", "")) == (code, code is not None)
        await browser.does(END, resume=browser.resume)
    await hand_over(browser.ask.shift())
    (one,) = await browser.ask.store.find(MESSAGES, {})
    assert (one["status"], "over" in one["failure_reason"]) == ("FAILED", True)


async def test_erased_visitors(browser: Browser) -> None:
    """Of an erased visitor nothing is left; token and word open nothing and bring nothing back."""
    await browser.says("Hello")
    await change(
        browser.ask,
        "eraseCustomer",
        "__typename",
        as_=Role.ADMINISTRATOR,
        customerId=browser.customer,
        version=1,
        reason="REQUESTED",
    )
    assert (await browser.says("Hello?"))["code"] == "NOT_FOUND"
    assert (await browser.start())["code"] == "NOT_FOUND"
    for record in (CHATS, MESSAGES, IDENTITIES):
        assert await browser.ask.store.count(record, {"customer_id": {"$ne": None}}) == 0


async def test_merged_visitors(browser: Browser, make: Makers) -> None:
    """A visitor whom an agent merges into a customer goes on in the chat, and agents have one history."""
    ann = await make.customer("Ann", "Lee")
    await browser.says("Hello")
    await change(browser.ask, "mergeCustomers", "__typename", survivorId=ann.id, otherIds=[browser.customer])
    await browser.says("Still here")
    await answered(browser, "Hello Ann")
    assert [one["text"] for one in (await browser.sees())["messages"]] == ["Hello", "Still here", "Hello Ann"]
    assert (await browser.start())["isResumed"]
    assert browser.customer != ann.id


async def test_parted_again(browser: Browser) -> None:
    """What a statement has joined, people part again, and each has the own chat."""
    phone = Browser(browser.ask)
    await phone.start()
    await phone.says("from the phone")
    await browser.identifies(signed=signed(browser.ask.now, jti="1"))
    await phone.identifies(signed=signed(browser.ask.now, jti="2"))
    (merge,) = await browser.ask.store.find(MERGES, {})
    assert "signed" in merge["reason"]
    (survivor,) = await browser.ask.store.find(browser.ask.graph.declared.customers, {"_id": merge["survivor_id"]})
    given = {"mergeId": global_id("Merge", merge["_id"]), "version": survivor["version"], "resolutions": []}
    assert (await change(browser.ask, "unmergeCustomers", "__typename", **given))["__typename"] != "EditedSince"
    assert [one["text"] for one in (await phone.sees())["messages"]] == ["from the phone"]


async def test_ended_are_dropped(browser: Browser) -> None:
    """Chats that no browser finds again any more are dropped, and statements that are good no longer."""
    await browser.identifies(signed=signed(browser.ask.now))
    shift = browser.ask.shift()
    await drop_ended(shift)
    assert [await browser.ask.store.count(one, {}) for one in (CHATS, STATEMENTS)] == [1, 1]
    browser.ask.now += timedelta(days=31)
    await drop_ended(browser.ask.shift())
    assert [await browser.ask.store.count(one, {}) for one in (CHATS, STATEMENTS)] == [0, 0]


async def test_typing_to_nobody(browser: Browser, make: Makers) -> None:
    """Nobody types to a visitor in a conversation that is no chat."""
    ann = await make.customer()
    talk = global_id("Conversation", await make.conversation(ann, "Hello"))
    given = {"conversationId": talk, "isTyping": True}
    assert await refused(browser.ask, "typeToVisitor", **given) == ("CONFLICT", "input.conversationId")
    assert await refused(browser.ask, "typeToVisitor", **given | {"conversationId": "x"}) == (
        "NOT_FOUND",
        "input.conversationId",
    )
