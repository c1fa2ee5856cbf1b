"""Does a chat end for whoever leaves it, and for nobody begin that does not ask for one?"""

import pytest
from playwright.async_api import BrowserContext, expect

from resolvers.conversations import MESSAGES
from resolvers.kit.viewer import Role
from resolvers.webchat.chats import CHATS
from tests.gateway.conftest import OpenGate
from tests.gateway.shop import Shop, Tab, shop_of
from tests.gateway.widget.test_visitor import element, signed
from tests.waiting import until

_SESSION = """(change) => { const kept = Object.keys(localStorage).find((one) => one.endsWith(":session"));
  localStorage[kept] = JSON.stringify({ ...JSON.parse(localStorage[kept]), ...change }); }"""


async def chatting(shop: Shop, browser: BrowserContext, user: str | None = None) -> Tab:
    """A tab in which somebody has written, proven to be that user."""
    shop.attributes = f'identity="{signed(user)}"' if user else ""
    tab = await (await shop.enter(browser)).open()
    await tab.write("A secret")
    await tab.shows("A secret")
    if user:
        await until(lambda: element(tab, "isVerified"))
    return tab


async def keeps_nothing(tab: Tab) -> bool:
    """Whether the browser keeps nothing of the site."""
    return bool(await tab.page.evaluate("Object.keys(localStorage).length === 0"))


async def chats(shop: Shop) -> int:
    """How many chats the gateway has."""
    return await shop.gate.house.store.count(CHATS, {})


async def shop_has(shop: Shop, count: int) -> bool:
    """Whether the gateway has so many chats."""
    return await chats(shop) == count


@pytest.mark.browser
async def test_next_person(shop: Shop, browser: BrowserContext) -> None:
    """Who signs in behind somebody has a chat of their own, whatever the browser has kept, however the page says it."""
    tab = await chatting(shop, browser, "4711")
    await tab.page.evaluate(_SESSION, {"user": None, "claimed": None})
    shop.attributes = f'identity="{signed("4712")}"'
    await tab.page.reload()
    await tab.open()
    await until(lambda: element(tab, "isVerified"))
    await tab.write("Hello")
    await tab.shows("Hello")
    await element(tab, "setAttribute('identity', given)", signed("4713"))
    await expect(tab.messages).to_have_count(0)
    await until(lambda: element(tab, "isVerified"))
    await element(tab, "identify({ signed: given })", signed("4714"))
    assert await element(tab, "isVerified")
    await until(lambda: shop_has(shop, 1))
    assert len(await shop.talks()) == 4
    assert sorted(await shop.kept()) == ["A secret", "Hello"]


@pytest.mark.browser
@pytest.mark.parametrize(
    "how", ["removeAttribute('identity')", *(pytest.param(one, marks=pytest.mark.deep) for one in ("end()", "reload"))]
)
async def test_signed_out(shop: Shop, browser: BrowserContext, how: str) -> None:
    """Where somebody signs out nothing of the chat stays, neither here nor at the gateway."""
    tab = await chatting(shop, browser, "4711")
    await tab.page.get_by_label("Your message").fill("A draft")
    if how == "reload":
        shop.attributes = 'identity=""'
        await tab.page.reload()
    else:
        await element(tab, how)
        await expect(tab.page.get_by_role("dialog")).to_be_hidden()
        assert await tab.page.locator("#words").input_value() == ""
    await until(lambda: keeps_nothing(tab))
    await until(lambda: shop_has(shop, 0))


@pytest.mark.browser
async def test_storage_cleared(shop: Shop, browser: BrowserContext) -> None:
    """Where a site signs somebody out by clearing what the browser keeps, who comes next begins a chat of their own."""
    tab = await chatting(shop, browser, "4711")
    shop.attributes = ""
    await tab.page.evaluate("localStorage.clear()")
    await tab.page.reload()
    await (await tab.open()).write("I am somebody else")
    await tab.shows("I am somebody else")
    assert await tab.page.evaluate("indexedDB.databases()") == []
    assert len(await shop.talks()) == 2


@pytest.mark.browser
async def test_written_before_proven(shop: Shop, browser: BrowserContext) -> None:
    """What who has signed in writes at once goes neither into the chat of the one before, nor away with it."""
    tab = await chatting(shop, browser, "4711")
    await tab.page.evaluate(_SESSION, {"user": None, "claimed": None})
    shop.attributes = f'identity="{signed("4712")}"'
    await tab.page.reload()
    await tab.page.evaluate("const one = document.querySelector('customer-chat'); one.open(); one.send('Mine')")
    await tab.shows("Mine")
    await until(lambda: element(tab, "isVerified"))
    await expect(tab.sending).to_have_count(0)
    talks = {one["_id"] for one in await shop.talks()}
    said = {one["text"]: one["conversation_id"] for one in await shop.gate.house.store.find(MESSAGES, {})}
    assert (len(talks), len(set(said.values())), set(said)) == (2, 2, {"A secret", "Mine"})


@pytest.mark.browser
@pytest.mark.parametrize("is_heard", [False, True])
async def test_statement_used(shop: Shop, browser: BrowserContext, *, is_heard: bool) -> None:
    """A statement is good for one chat: for the next one the page is asked for another, and else the visitor told."""
    tab = await chatting(shop, browser, "4711")
    await element(tab, "end()")
    if is_heard:
        heard = """fresh => document.addEventListener("statementused", event => {
          event.preventDefault(); event.target.setAttribute("identity", fresh); })"""
        await tab.page.evaluate(heard, signed("4711", for_s=301))
    told = tab.page.get_by_text("load the page anew")
    await tab.open()
    if not is_heard:
        await expect(told).to_be_visible()
    await tab.write("Me again")
    await tab.shows("Me again")
    if not is_heard:
        # What is sent meanwhile does not wipe it away; being proven does.
        await expect(told).to_be_visible()
        await element(tab, f"setAttribute('identity', '{signed('4711', for_s=301)}')")
    await until(lambda: element(tab, "isVerified"))
    await expect(told).to_be_hidden()


@pytest.mark.browser
async def test_ended_offline(shop: Shop, browser: BrowserContext) -> None:
    """Whoever ends a chat without a network leaves nothing on the device; the gateway is told when it can be."""
    tab = await chatting(shop, browser)
    await browser.set_offline(offline=True)
    await tab.write("Not sent")
    await tab.page.evaluate(_SESSION, {"token": shop.gate.token(Role.VISITOR, "visitor", for_s=-600)})
    await tab.page.get_by_text("About you").click()
    await tab.page.get_by_role("button", name="End the chat on this device").click()
    await expect(tab.page.get_by_role("dialog")).to_be_hidden()
    assert await keeps_nothing(tab)
    await expect(tab.messages).to_have_count(0)
    await browser.set_offline(offline=False)
    await until(lambda: shop_has(shop, 0))
    assert await shop.kept() == ["A secret"]


@pytest.mark.browser
async def test_ended_elsewhere(shop: Shop, browser: BrowserContext) -> None:
    """Where the chat has ended at the gateway a tab says so, and begins another when the visitor writes."""
    tab = await chatting(shop, browser)
    await browser.set_offline(offline=True)
    await shop.gate.house.store.delete(CHATS, {})
    await browser.set_offline(offline=False)
    await expect(tab.page.get_by_text("This chat has ended.")).to_be_visible()
    await expect(tab.messages).to_have_count(0)
    assert (await chats(shop), len(await shop.talks())) == (0, 1)
    await tab.write("Again")
    await tab.shows("Again")
    assert (await chats(shop), len(await shop.talks())) == (1, 2)


@pytest.mark.browser
async def test_no_documents(open_gate: OpenGate, browser: BrowserContext) -> None:
    """Where the documents' texts cannot be fetched the visitor is told, and whoever built the page why."""
    async with shop_of(open_gate) as shop:
        shop.policy = f"connect-src {shop.api}"
        tab = await (await shop.enter(browser)).open()
        await expect(tab.page.get_by_text("The chat cannot be opened now.")).to_be_visible()
        assert any("documents.json" in line and "GATEWAY_TRUSTED_DOCUMENTS" in line for line in shop.complaints())
