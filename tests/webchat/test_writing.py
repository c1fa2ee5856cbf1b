"""Is what a visitor writes kept once and for good, and seen by agents as every other channel's words?"""

import asyncio
from typing import Any

import pytest

from adapters.lines import Lines
from adapters.records import Document
from gateway.limits import RateLimit
from resolvers.attachments import ATTACHMENTS
from resolvers.kit.viewer import Role
from resolvers.webchat.chats import CHATS
from tests.desks import site
from tests.webchat.conftest import SEND, Browser, answered, messages

FILE = {"url": "https://files.shop.example/a.png", "name": "a.png", "mediaType": "image/png", "sizeBytes": 9}


async def test_agents_have_it(browser: Browser) -> None:
    """What a visitor writes stands in the history, in the conversation and is the customer's last word."""
    got = await browser.says("Hello!")
    assert (got["sent"]["text"], got["sent"]["direction"], got["sent"]["status"]) == ("Hello!", "IN", "RECEIVED")
    seen = """{ customers { nodes { history(last: 5, filter: {kinds: [MESSAGE]}) { nodes { channel item {
      ... on Message { text } } } } conversations { nodes { messages { nodes { text } } } } } } }"""
    (one,) = (await browser.ask(seen)).data["customers"]["nodes"]
    assert one["history"]["nodes"] == [{"channel": "webchat", "item": {"text": "Hello!"}}]
    assert one["conversations"]["nodes"][0]["messages"]["nodes"] == [{"text": "Hello!"}]


async def test_kept_once(browser: Browser) -> None:
    """Sent again with its key, a message is kept once, and answered as it was."""
    first = await browser.says("Hello", key="1")
    again = await browser.says("Hello", key="1")
    assert first == again
    assert await messages(browser.ask) == [("IN", "Hello")]


async def test_kept_once_at_once(browser: Browser) -> None:
    """Sent by many tabs at once with one key, it is kept once; with other keys each is."""
    got = await asyncio.gather(*[browser.says("Hello", key="1") for _ in range(3)])
    assert got == [got[0]] * 3
    await asyncio.gather(*[browser.says(str(n), key=f"other {n}") for n in range(3)])
    assert sorted(text for _, text in await messages(browser.ask)) == ["0", "1", "2", "Hello"]


async def test_one_key_at_once(browser: Browser) -> None:
    """Of two texts that are sent at once with one key one is kept, and the other one's sender is told."""
    got = await asyncio.gather(*[browser.says(text, key="1") for text in "ab"])
    kept = [one["sent"]["text"] for one in got if one["__typename"] == "SendChatMessagePayload"]
    assert [one["code"] for one in got if one["__typename"] != "SendChatMessagePayload"] == ["CONFLICT"]
    assert await messages(browser.ask) == [("IN", *kept)]


async def test_key_of_another(browser: Browser) -> None:
    """A key under which something else was written is refused, and what was written stays."""
    await browser.says("Hello", key="1")
    assert (await browser.says("Bye", key="1"))["code"] == "CONFLICT"
    again = await browser.does(SEND, key="1", text="Hello", attachments=[FILE])
    assert again["code"] == "CONFLICT"
    assert await messages(browser.ask) == [("IN", "Hello")]


async def test_keys_are_ones_own(browser: Browser) -> None:
    """Two visitors with one key have a message each."""
    other = Browser(browser.ask)
    await other.start()
    await browser.says("Hello", key="1")
    assert (await other.says("Good day", key="1"))["sent"]["text"] == "Good day"
    assert [one["text"] for one in (await other.sees())["messages"]] == ["Good day"]


async def test_files_by_reference(browser: Browser) -> None:
    """A file is kept by its address, and shown to agents and to the visitor."""
    got = await browser.does(SEND, key="1", attachments=[FILE])
    shown = {"name": "a.png", "mediaType": "image/png", "url": FILE["url"]}
    assert (got["sent"]["text"], got["sent"]["attachments"]) == (None, [shown])
    (one,) = (await browser.ask("{ customers { nodes { attachments { nodes { url sizeBytes } } } } }")).data[
        "customers"
    ]["nodes"]
    assert one["attachments"]["nodes"] == [{"url": FILE["url"], "sizeBytes": 9}]
    await browser.does(SEND, key="1", attachments=[FILE])
    assert await browser.ask.store.count(ATTACHMENTS, {}) == 1


ODD_FILES: list[Document] = [
    {"url": "http://files.shop.example/a.png"},
    {"url": "https://user:word@files.shop.example/"},
    {"url": "javascript:alert(1)"},
    {"url": "https://"},
    {"url": "https://."},
    {"url": "https://a..example/"},
    {"url": "https://.example/"},
    {"url": "https://files.shop.example/" + "x" * 2_000},
    {"url": "https://files.shop.example:99999/"},
    {"url": "https://пример.example/"},
    {"mediaType": "picture"},
    {"mediaType": "text/html; charset=utf-8"},
    {"sizeBytes": -1},
    {"name": " "},
    {"name": "a\n.png"},
]


async def test_odd_files(browser: Browser) -> None:
    """What is no file that an agent could safely click on is refused."""
    for wrong in ODD_FILES:
        got = await browser.does(SEND, key="1", attachments=[{**FILE, **wrong}])
        assert got["code"] == "INVALID_INPUT", wrong
    assert await messages(browser.ask) == []


ODD_WORDS: list[tuple[dict[str, Any], str]] = [
    ({"text": "  "}, "text"),
    ({}, "text"),
    ({"text": "x" * 4_001}, "text"),
    ({"text": "a\x00b"}, "text"),
    ({"text": "Hello", "key": ""}, "key"),
    ({"text": "Hello", "key": "k" * 101}, "key"),
    ({"text": "Hello", "attachments": [FILE] * 2}, "attachments"),
    ({"text": "Hello", "attachments": [FILE] * 6}, "attachments"),
]


async def test_odd_words(browser: Browser) -> None:
    """What is no message is refused by its place, and nothing is kept."""
    for given, path in ODD_WORDS:
        got = await browser.does(SEND, **({"key": "1"} | given))
        assert (got["code"], got["inputPath"]) == ("INVALID_INPUT", ["input", path])
    assert await messages(browser.ask) == []


@pytest.mark.usefixtures("one_minute")
async def test_messages_are_bounded(browser: Browser) -> None:
    """Who writes too often is told when again; what was sent before is answered all the same."""
    browser.ask.lines, browser.ask.rates = Lines([site(messages_per_minute=2)]), RateLimit()
    await browser.says("one")
    await browser.says("two")
    refused = await browser.says("three")
    assert (refused["code"], refused["retryAfterS"] > 0) == ("TOO_OFTEN", True)
    assert (await browser.says("one"))["sent"]["text"] == "one"


async def test_agents_answer(browser: Browser) -> None:
    """An agent answers as on every channel; the answer is sent once it is kept, and the visitor has it."""
    await browser.says("Hello")
    await answered(browser, "How can I help?")
    texts = [(one["direction"], one["text"], one["status"]) for one in (await browser.sees())["messages"]]
    assert texts == [("IN", "Hello", "RECEIVED"), ("OUT", "How can I help?", "SENT")]


async def test_others_see_nothing(browser: Browser) -> None:
    """Another visitor reads nothing of it, neither by the conversation's id nor by a message's."""
    sent = (await browser.says("My secret"))["sent"]["id"]
    talk = (await browser.sees())["conversation"]["id"]
    other = Browser(browser.ask)
    await other.start()
    both = "query ($a: ID!, $b: ID!) { a: node(id: $a) { id } b: node(id: $b) { id } }"
    answer = await browser.ask(both, as_=Role.VISITOR, viewer=other.viewer, a=sent, b=talk)
    assert (answer.data, answer.errors) == ({"a": None, "b": None}, [])
    assert (await other.sees())["messages"] == []


async def test_over_when_gone(browser: Browser) -> None:
    """In a chat that is no longer there nothing is written, and nothing is seen."""
    await browser.ask.store.delete(CHATS, {})
    got = await browser.says("Hello")
    assert (got["code"], got["message"].startswith("This chat is over")) == ("NOT_FOUND", True)
    assert await browser.sees() is None
    assert await messages(browser.ask) == []
