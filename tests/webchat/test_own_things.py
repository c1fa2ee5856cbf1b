"""Is what is a merged visitor's own found by its id, and nobody else's?"""

from typing import Any

import pytest

from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.files import NotGiven, Why, file_of
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.webchat.conftest import SEND, Browser, ChatAsking, signed

KINDS = {"Attachment": ATTACHMENTS, "Conversation": CONVERSATIONS, "Identity": IDENTITIES, "Message": MESSAGES}
FILE = {"url": "https://files.example/a.pdf", "name": "a.pdf", "mediaType": "application/pdf"}
NODES = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename } }"


async def _wrote(gateway: ChatAsking) -> Browser:
    browser = Browser(gateway)
    await browser.start()
    assert (await browser.does(SEND, key="1", text="Hello", attachments=[FILE]))[
        "__typename"
    ] == "SendChatMessagePayload"
    return browser


@pytest.fixture
async def laptop(gateway: ChatAsking) -> Browser:
    """The first device of somebody who has signed in."""
    browser = await _wrote(gateway)
    await browser.identifies(signed=signed(gateway.now, jti="1"))
    return browser


@pytest.fixture
async def phone(gateway: ChatAsking, laptop: Browser) -> Browser:
    """Their second one, whose chat went into the same customer."""
    browser = await _wrote(gateway)
    before = browser.viewer["customer_id"]
    await browser.identifies(signed=signed(gateway.now, jti="2"))
    assert before != browser.viewer["customer_id"] == laptop.viewer["customer_id"]
    return browser


async def _ids(browser: Browser) -> list[str]:
    stored = [(name, await browser.ask.store.find(record, {})) for name, record in KINDS.items()]
    return [global_id(name, one["_id"]) for name, found in stored for one in found]


async def _found(browser: Browser, ids: list[str]) -> list[Any]:
    answer = await browser.ask(NODES, as_=Role.VISITOR, viewer=browser.viewer, ids=ids)
    assert not answer.errors
    return [one and one["__typename"] for one in answer.data["nodes"]]


async def _why(browser: Browser, id: str) -> Why:
    with pytest.raises(NotGiven) as told:
        await file_of(browser.ask.context(Role.VISITOR, **browser.viewer), id)
    return told.value.why


async def test_found_by_id(laptop: Browser, phone: Browser) -> None:
    """Whatever is the customer's own is found by its id on either device, under whichever id it was written."""
    ids = await _ids(phone)
    assert len(ids) == 9
    for browser in (laptop, phone):
        assert None not in await _found(browser, ids)


async def test_own_files(laptop: Browser, phone: Browser) -> None:
    """So are the files of both chats; of one that lies elsewhere it is told, not that there is none."""
    files = [one for one in await _ids(phone) if one.startswith(global_id("Attachment", "")[:8])]
    whys = [await _why(browser, one) for browser in (laptop, phone) for one in files]
    assert whys == [Why.NOWHERE] * 4


async def test_not_by_strangers(phone: Browser) -> None:
    """Others find nothing of it."""
    ids = await _ids(phone)
    thief = Browser(phone.ask)
    await thief.start()
    await thief.identifies(signed=signed(phone.ask.now, sub="4712"))
    assert set(await _found(thief, ids)) == {None}


async def test_not_unproven(laptop: Browser, phone: Browser) -> None:
    """Who came back by the word alone reaches no file of another device."""
    await laptop.start()
    mine = phone.viewer["customer_id"]
    found = await laptop.ask.store.find(ATTACHMENTS, {})
    whys = {one["customer_id"] == mine: await _why(laptop, global_id("Attachment", one["_id"])) for one in found}
    assert whys == {True: Why.NOWHERE, False: Why.UNKNOWN}


async def test_costs_nothing_else(laptop: Browser) -> None:
    """Where nothing was merged it costs no command more."""
    (one,) = await laptop.ask.store.find(MESSAGES, {})
    given = {"viewer": laptop.viewer, "ids": [global_id("Message", one["_id"])]}
    with laptop.ask.commands.counted() as sent:
        await laptop.ask(NODES, as_=Role.VISITOR, **given)
    assert len(sent) == 2
