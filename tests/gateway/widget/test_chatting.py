"""Does a visitor chat by the example's widget, whatever the network, the tabs and the agent do?"""

import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from graphql import parse, validate
from playwright.async_api import BrowserContext, expect

from gateway.manifests import read_manifests
from gateway.trusted import Trusted
from resolvers.kit.graph import Graph
from tests.gateway.shop import WIDGET, Shop
from tests.waiting import until
from tools import widget_documents


@pytest.fixture(autouse=True)
async def no_complaints(shop: Shop) -> AsyncIterator[None]:
    """Nothing is said in the browser's console by the end."""
    yield
    assert shop.complaints() == []


@pytest.mark.browser
async def test_visitor_chats(shop: Shop, browser: BrowserContext) -> None:
    """A visitor writes without an account, the agent's answer is there at once; the campaign that led there is kept."""
    tab = await (await shop.enter(browser)).open()
    await expect(tab.page.get_by_text("How can we help?")).to_be_visible()
    await expect(tab.page.get_by_label("Your message")).to_have_attribute("maxlength", "3000")
    await tab.write("Is my <b>bicycle</b> ready?")
    await tab.shows("Is my <b>bicycle</b> ready?")
    await tab.page.get_by_label("Your message").press_sequentially("Is")
    await until(shop.is_visitor_typing)
    await shop.types()
    await expect(tab.page.get_by_text("is typing")).to_be_visible()
    await shop.answer("Since this morning.")
    await tab.shows("Is my <b>bicycle</b> ready?", "Since this morning.")
    await expect(tab.page.get_by_text("is typing")).to_be_hidden()
    await until(lambda: shop.is_read("Since this morning."))
    assert await tab.violations() == []
    (talk,) = await shop.talks()
    assert talk["entry_point"]["page"] == f"{shop.address}/?utm_source=letter"
    assert shop.hosts() == {urlsplit(shop.address).netloc, urlsplit(shop.api).netloc}


@pytest.mark.browser
async def test_tabs_share_visitor(shop: Shop, browser: BrowserContext) -> None:
    """A second tab is the same visitor's, one of them follows for both, and the other goes on when that is closed."""
    first = await (await shop.enter(browser)).open()
    await first.write("One")
    await first.shows("One")
    second = await (await shop.enter(browser)).open()
    await second.shows("One")
    await second.write("Two")
    await second.shows("One", "Two")
    await shop.answer("Three")
    for tab in (first, second):
        await tab.shows("One", "Two", "Three")
    assert len(shop.gate.house.subscriptions) == 1
    await first.page.close()
    await shop.answer("Four")
    await second.shows("One", "Two", "Three", "Four")
    assert await shop.kept() == ["One", "Two", "Three", "Four"]
    assert len(await shop.talks()) == 1


@pytest.mark.browser
async def test_offline_and_reload(shop: Shop, browser: BrowserContext) -> None:
    """What is written offline is said to wait, and is sent once and in order by whichever page is there next."""
    tab = await (await shop.enter(browser)).open()
    await tab.write("One")
    await tab.shows("One")
    await browser.set_offline(True)
    await tab.write("Two", "Three")
    await expect(tab.page.get_by_text("You are offline.")).to_be_visible()
    await expect(tab.sending).to_have_count(2)
    await shop.answer("Meanwhile")
    await browser.set_offline(False)
    await tab.shows("One", "Meanwhile", "Two", "Three")
    await browser.set_offline(True)
    await tab.write("Four")
    await tab.page.close()
    await browser.set_offline(False)
    tab = await (await shop.enter(browser)).open()
    await tab.shows("One", "Meanwhile", "Two", "Three", "Four")
    await tab.page.reload()
    await (await tab.open()).shows("One", "Meanwhile", "Two", "Three", "Four")
    assert await shop.kept() == ["One", "Meanwhile", "Two", "Three", "Four"]
    # The browser tells of requests that it could not send.
    assert all("ERR_INTERNET_DISCONNECTED" in one for one in shop.complaints())
    for visit in shop.visits:
        visit.complaints.clear()


@pytest.mark.browser
async def test_lost_answer(shop: Shop, browser: BrowserContext) -> None:
    """A message whose answer was lost is sent again, and stands there once."""
    tab = await (await shop.enter(browser)).open()
    await tab.write("One")
    await tab.shows("One")
    assert shop.wire
    shop.wire.loses = 2
    await tab.write("Two")
    await tab.shows("One", "Two")
    await until(lambda: shop.wire and shop.wire.loses == 0)
    await tab.write("Three")
    await tab.shows("One", "Two", "Three")
    assert await shop.kept() == ["One", "Two", "Three"]
    for visit in shop.visits:
        visit.complaints.clear()


def test_manifest_is_current(house: Graph) -> None:
    """The manifest and the module's names are made of the documents as they stand, and the graph answers them."""
    made = widget_documents.manifest((WIDGET / "documents.graphql").read_text("utf-8"))
    assert json.loads((WIDGET / "documents.json").read_text("utf-8")) == made, "Run tools/widget_documents.py."
    module = (WIDGET / "customer-chat.js").read_text("utf-8")
    assert widget_documents.with_names(module, made) == module, "Run tools/widget_documents.py."
    assert len(Trusted(read_manifests(WIDGET / "documents.json"))) == len(made["operations"])
    wrong = [str(error) for one in made["operations"] for error in validate(house._schema, parse(one["body"]))]
    assert wrong == []
