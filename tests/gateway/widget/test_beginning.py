"""When does the widget's visitor become a customer: with the first word, and not before?"""

import asyncio
import json

import pytest
from playwright.async_api import BrowserContext, expect

from resolvers.customers import CUSTOMERS
from resolvers.webchat.chats import CHATS
from tests.gateway.shop import Shop
from tests.gateway.widget.test_visitor import element, signed
from tests.waiting import until


async def customers(shop: Shop) -> int:
    """How many customers there are."""
    return await shop.gate.house.store.count(CUSTOMERS, {})


@pytest.mark.browser
async def test_first_word_begins(shop: Shop, browser: BrowserContext) -> None:
    """Who opens the panel is greeted and no customer, also while typing; the first word makes exactly one."""
    tab = await (await shop.enter(browser)).open()
    await expect(tab.page.get_by_text("How can we help?")).to_be_visible()
    await tab.page.get_by_label("Your message").press_sequentially("He")
    await tab.page.keyboard.press("Escape")
    await tab.open()
    assert await customers(shop) == 0
    await tab.write("Hello", "Again")
    await tab.shows("Hello", "Again")
    assert (await customers(shop), await shop.kept()) == (1, ["Hello", "Again"])


@pytest.mark.browser
async def test_first_word_offline(shop: Shop, browser: BrowserContext) -> None:
    """A first word that is written offline is said to wait, and is sent by the page that is there next, unopened."""
    tab = await (await shop.enter(browser)).open()
    await expect(tab.page.get_by_text("How can we help?")).to_be_visible()
    await browser.set_offline(True)
    await tab.write("Hello")
    await expect(tab.page.get_by_text("You are offline.")).to_be_visible()
    await tab.page.close()
    assert await customers(shop) == 0
    await browser.set_offline(False)
    tab = await shop.enter(browser)
    await tab.page.reload()
    await (await tab.open()).shows("Hello")
    assert (await customers(shop), await shop.kept()) == (1, ["Hello"])


@pytest.mark.browser
async def test_first_words_together(shop: Shop, browser: BrowserContext) -> None:
    """Two tabs whose first words come at the same time are one visitor's one chat, in both."""
    tabs = [await (await shop.enter(browser)).open() for _ in range(2)]
    await asyncio.gather(tabs[0].write("One"), tabs[1].write("Two"))
    for tab in tabs:
        await expect(tab.messages).to_have_count(2)
        await expect(tab.sending).to_have_count(0)
    assert (await customers(shop), len(await shop.talks())) == (1, 1)
    assert sorted(await shop.kept()) == ["One", "Two"]


@pytest.mark.browser
async def test_told_before_writing(shop: Shop, browser: BrowserContext) -> None:
    """What stands under `About you` before the first word makes no customer, and is told with that word."""
    tab = await (await shop.enter(browser)).open()
    assert await element(tab, "identify(given)", {"name": "Ann Lee", "email": None}) is False
    assert await customers(shop) == 0
    await tab.write("Hello")

    async def is_told() -> bool:
        return await shop.gate.house.store.first(CUSTOMERS, {"display_name": "Ann Lee"}) is not None

    await until(is_told)


@pytest.mark.browser
async def test_ended_while_signed_in(shop: Shop, browser: BrowserContext) -> None:
    """Where the chat has ended at the gateway no other begins though the page renews who it is, until a word."""
    shop.attributes = f'identity="{signed("4711")}"'
    tab = await (await shop.enter(browser)).open()
    await until(lambda: element(tab, "isVerified"))
    await browser.set_offline(True)
    await shop.gate.house.store.delete(CHATS, {})
    await browser.set_offline(False)
    await expect(tab.page.get_by_text("This chat has ended.")).to_be_visible()
    asked: list[str] = []
    tab.page.on("request", lambda request: asked.append(request.method))
    await element(tab, "setAttribute('identity', given)", signed("4711") + " ")
    await element(tab, "close()")
    await element(tab, "open()")
    # A way to the gateway and back is longer than a tab takes to ask.
    await tab.page.evaluate("(api) => fetch(api, { mode: 'no-cors' }).then(() => null)", shop.api)
    assert "POST" not in asked
    assert await shop.gate.house.store.count(CHATS, {}) == 0
    await tab.write("Again")
    await tab.shows("Again")
    assert await shop.gate.house.store.count(CHATS, {}) == 1


@pytest.mark.browser
async def test_wrong_address_before_chat(shop: Shop, browser: BrowserContext) -> None:
    """Of what was typed before there was a chat the visitor learns what was not taken; the rest is told."""
    tab = await (await shop.enter(browser)).open()
    await tab.page.get_by_text("About you").click()
    await tab.page.get_by_label("Name").fill("Ann Lee")
    await tab.page.get_by_label("E-mail").fill("ann@localhost")
    await tab.page.get_by_role("button", name="Tell us").click()
    await expect(tab.page.get_by_text("We are told with your first message.")).to_be_visible()
    await tab.write("Hello")
    await tab.shows("Hello")
    await expect(tab.page.get_by_text("That is no e-mail address.")).to_be_visible()

    async def is_named() -> bool:
        return await shop.gate.house.store.first(CUSTOMERS, {"display_name": "Ann Lee"}) is not None

    await until(is_named)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("referrer", "query", "kept"),
    [
        ("android-app://com.google.android.googlequicksearchbox/", "", None),
        ("about:client", "", None),
        (f"https://search.example/{'x' * 2_200}", f"?utm_content={'x' * 2_100}", "https://search.example/"),
    ],
)
async def test_odd_ways_in(shop: Shop, browser: BrowserContext, referrer: str, query: str, kept: str | None) -> None:
    """From wherever somebody comes, and however long the address, they can chat."""
    tab = await shop.enter(browser)
    await tab.page.add_init_script(f"Object.defineProperty(document, 'referrer', {{ value: {json.dumps(referrer)} }})")
    await tab.page.goto(tab.page.url.partition("?")[0] + query)
    await (await tab.open()).write("Hello")
    await tab.shows("Hello")
    await expect(tab.sending).to_have_count(0)
    (talk,) = await shop.talks()
    came = talk["entry_point"]
    assert (came.get("referrer"), came["page"]) == (kept, tab.page.url.partition("?")[0])
