"""Is each change in a chat told once, whoever made it and however long the widget was away?"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from adapters.lines import Lines
from adapters.records import new_id
from resolvers.agents import AGENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.webchat.chats import CHATS
from tests.conftest import Commands
from tests.desks import site
from tests.webchat.conftest import CHANGED, Browser, answered, many, message

TYPES = "mutation ($input: TypeToVisitorInput!) { typeToVisitor(input: $input) { __typename } }"
READ = """mutation ($input: ReadChatInput!) { readChat(input: $input) { __typename
  ... on ReadChatPayload { marked } ... on Refusal { code inputPath } } }"""
INSIDE = "{ chat { messages { authorName } conversation { messages { nodes { authorName } } } } }"
BY_WHOM = "query ($id: ID!) { node(id: $id) { ... on Message { authorName } } }"
IS_TYPING = "mutation ($input: TypeInChatInput!) { typeInChat(input: $input) { __typename } }"


async def test_told_at_once(browser: Browser) -> None:
    """What an agent answers is told while the widget waits for it; the visitor's own words come with their key."""
    async with browser.follows(after=browser.cursor) as following:
        waiting = asyncio.ensure_future(following.next())
        await asyncio.sleep(0)
        await answered(browser, "How can I help?")
        told = await asyncio.wait_for(waiting, 5)
        assert (told["__typename"], told["message"]["text"]) == ("ChatMessageWritten", "How can I help?")
        assert told["key"] is None
        await browser.says("Hello", key="from another tab")
        told = await following.next()
        while told["__typename"] == "ChatMessageChanged":
            told = await following.next()
        assert (told["key"], told["message"]["text"]) == ("from another tab", "Hello")


async def test_offline_and_back(browser: Browser) -> None:
    """Whoever comes back with a cursor is told of everything since, once and in order, and of nothing before."""
    await browser.says("before")
    await browser.start()
    for n in range(3):
        await browser.says(f"away {n}")
    async with browser.follows(after=browser.cursor) as following:
        first = await following.next()
        assert first["message"]["text"] == "away 0"
    async with browser.follows(after=first["cursor"]) as following:
        assert await following.texts(2) == ["away 1", "away 2"]
        await browser.says("now")
        assert await following.texts(1) == ["now"]


async def test_long_absence(browser: Browser) -> None:
    """Of more than are remembered, or come at once, each is told once."""
    await browser.start()
    await many(browser, 210)
    async with browser.follows(after=browser.cursor) as following:
        told = [await following.next() for _ in range(210)]
    assert [one["message"]["text"] for one in told] == [f"{n:03}" for n in range(210)]
    async with browser.follows(after=told[-11]["cursor"]) as following:
        assert await following.texts(10) == [f"{n:03}" for n in range(200, 210)]
        await browser.says("and on")
        assert await following.texts(1) == ["and on"]


async def test_stored_late(browser: Browser) -> None:
    """A message that was written before others and stored behind them is told all the same."""
    await browser.says("one")
    late = browser.ask.now + timedelta(seconds=1)
    await browser.says("two")
    await browser.start()
    await browser.ask.store.insert(MESSAGES, message(await _talk(browser), "late", late))
    async with browser.follows(after=browser.cursor) as following:
        assert await following.texts(1) == ["late"]


async def test_changes_told(browser: Browser) -> None:
    """A message that was taken back, or has come further, is told as changed: also to whoever was away."""
    await answered(browser, "Goodbye")
    await browser.start()
    async with browser.follows(after=browser.cursor) as following:
        waiting = asyncio.ensure_future(following.next())
        gone = {"$set": {"withdrawn_at": browser.ask.now, "text": None}}
        await browser.ask.store.update(MESSAGES, {"text": "Goodbye"}, gone)
        told = await asyncio.wait_for(waiting, 5)
        assert told["__typename"] == "ChatMessageChanged"
        assert (told["message"]["text"], told["message"]["isWithdrawn"]) == (None, True)
    async with browser.follows(after=browser.cursor) as following:
        again = await following.next()
    assert again == told


async def test_read_marks(browser: Browser) -> None:
    """What has arrived and what was read climbs as the widget says, and agents see it."""
    await answered(browser, "one")
    await answered(browser, "two")
    first, second = (one["id"] for one in (await browser.sees())["messages"])
    assert (await browser.does(READ, upTo=second, isRead=False))["marked"] == 2
    assert (await browser.does(READ, upTo=first))["marked"] == 1
    assert (await browser.does(READ, upTo=second, isRead=False))["marked"] == 0
    assert [one["status"] for one in (await browser.sees())["messages"]] == ["READ", "DELIVERED"]
    other = Browser(browser.ask)
    await other.start()
    assert (await other.does(READ, upTo=second))["code"] == "NOT_FOUND"


async def test_typing(browser: Browser) -> None:
    """Each side is shown that the other is typing, and that it ended; nobody keeps it."""
    named = (await browser.sees())["conversation"]["id"]
    async with browser.follows(after=browser.cursor) as following:
        waiting = asyncio.ensure_future(following.next())
        await browser.ask(TYPES, input={"conversationId": named, "isTyping": True})
        told = await asyncio.wait_for(waiting, 5)
        assert (told["__typename"], told["isTyping"]) == ("ChatTyping", True)
        await browser.ask(TYPES, input={"conversationId": named, "isTyping": False})
        assert not (await following.next())["isTyping"]
    await browser.does(IS_TYPING, isTyping=True)
    browser.ask.now -= timedelta(minutes=1)
    seen = "query ($id: ID!) { node(id: $id) { ... on Conversation { isVisitorTyping } } }"
    assert (await browser.ask(seen, id=named)).data["node"] == {"isVisitorTyping": True}
    assert (await browser.ask(seen, id=named)).data["node"] == {"isVisitorTyping": False}


async def test_one_command(browser: Browser, commands: Commands) -> None:
    """Who is typing costs one command, however many conversations are shown; a chat costs three."""
    await Browser(browser.ask).start()
    shown = "{ customers { nodes { conversations { nodes { isVisitorTyping } } } } }"
    with commands.counted() as seen:
        answer = await browser.ask(shown)
    assert len(answer.data["customers"]["nodes"]) == 2
    assert [one.get("find") for _, one in seen].count("chats") == 1
    with commands.counted() as seen:
        await browser.sees()
    assert [one.get("find") for _, one in seen if "find" in one] == ["chats", "conversations", "messages"]


async def test_agent_told(browser: Browser) -> None:
    """Who serves the visitor is told when that changes, and not again."""
    key = new_id()
    await browser.ask.store.insert(AGENTS, {"_id": key, "subject": "b", "name": "Berta", "role": "agent"})
    await browser.ask.store.update(CONVERSATIONS, {}, {"$set": {"assigned_agent_id": key}})
    async with browser.follows(after=browser.cursor) as following:
        told = await following.next()
        assert (told["__typename"], told["agentName"]) == ("ChatAgentChanged", "Berta")
    async with browser.follows(after=told["cursor"]) as following:
        await browser.says("Hello")
        assert await following.texts(1) == ["Hello"]


async def test_cursors_of_others(browser: Browser) -> None:
    """A cursor of another chat, and what is none, is refused."""
    other = Browser(browser.ask)
    await other.start()
    for cursor in (other.cursor, "x", "", "A" * 5_000):
        async with browser.follows(after=cursor) as following:
            assert await _failure(following) == "BAD_USER_INPUT"


async def test_chats_that_end(browser: Browser) -> None:
    """Nobody follows a chat that has ended; who does already is told so."""
    async with browser.follows() as following:
        waiting = asyncio.ensure_future(_failure(following))
        await asyncio.sleep(0.1)
        await browser.ask.store.delete(CHATS, {})
        assert await asyncio.wait_for(waiting, 5) == "UNAUTHENTICATED"
    async with browser.follows() as following:
        assert await _failure(following) == "UNAUTHENTICATED"


async def test_agents_do_not(browser: Browser) -> None:
    """Chats are followed by visitors alone."""
    from graphql import parse, subscribe  # noqa: PLC0415

    context = browser.ask.context(Role.AGENT)
    result: Any = subscribe(browser.ask.graph._schema, parse(CHANGED), context_value=context)
    result = await result if hasattr(result, "__await__") else result
    assert result.errors[0].extensions["code"] == "FORBIDDEN"


async def _failure(following: Any) -> str:
    try:
        result = await anext(following.events)
    except Exception as error:  # noqa: BLE001 - whatever ends the events
        return str(getattr(error, "code", type(error).__name__))
    return str((result.errors or [pytest.fail("it went on")])[0].extensions["code"])


async def _talk(browser: Browser) -> Any:
    return await browser.ask.store.first(CONVERSATIONS, {})


async def test_unnamed_agents(browser: Browser) -> None:
    """Where a site does not tell who serves visitors, no message does, either; agents see who wrote."""
    browser.ask.lines = Lines([site(shows_agents=False)])
    await answered(browser, "Hello")
    seen = (await browser.ask(INSIDE, as_=Role.VISITOR, viewer=browser.viewer)).data["chat"]
    names = [one["authorName"] for one in (*seen["messages"], *seen["conversation"]["messages"]["nodes"])]
    async with browser.follows(after=browser.cursor) as following:
        names.append((await following.next())["message"]["authorName"])
    assert names == [None, None, None]
    (one,) = await browser.ask.store.find(MESSAGES, {})
    asked = await browser.ask(BY_WHOM, id=global_id("Message", one["_id"]))
    assert asked.data["node"]["authorName"]


async def test_sign_ins_are_no_names(browser: Browser) -> None:
    """By what an agent signs in is the staff's alone: a visitor is not shown it where their token has no name."""
    await answered(browser, "Hello")
    (agent,) = await browser.ask.store.find(AGENTS, {})
    await browser.ask.store.update(AGENTS, {"_id": agent["_id"]}, {"$set": {"name": agent["subject"]}})
    await browser.ask.store.update(MESSAGES, {"text": "Hello"}, {"$set": {"author_name": agent["subject"]}})
    await browser.ask.store.update(CONVERSATIONS, {}, {"$set": {"assigned_agent_id": agent["_id"]}})
    seen = (await browser.ask(INSIDE, as_=Role.VISITOR, viewer=browser.viewer)).data["chat"]
    names = [one["authorName"] for one in (*seen["messages"], *seen["conversation"]["messages"]["nodes"])]
    assert [*names, (await browser.sees())["agentName"]] == [None, None, None]
    (one,) = await browser.ask.store.find(MESSAGES, {})
    asked = await browser.ask(BY_WHOM, id=global_id("Message", one["_id"]))
    assert asked.data["node"]["authorName"] == agent["subject"]
