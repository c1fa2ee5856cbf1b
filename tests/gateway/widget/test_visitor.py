"""Who is the visitor of the example's widget: the same for how long, proven by whom, and on which device no more?"""

import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import jwt
import pytest
from playwright.async_api import Browser, BrowserContext, Error, expect

from resolvers.kit.viewer import Role
from tests.gateway.conftest import OpenGate
from tests.gateway.shop import SECRET, Shop, Tab, shop_of
from tests.waiting import until

# The widget's own place in the browser's storage.
_WITH = "JSON.stringify({ ...JSON.parse(localStorage[kept]), token });"
_SESSION = "Object.keys(localStorage).find((one) => one.endsWith(':session'))"


@pytest.fixture
async def browser(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A phone's browser profile of one visitor, who likes it dark."""
    context = await chromium.new_context(
        viewport={"width": 390, "height": 780}, color_scheme="dark", reduced_motion="reduce", has_touch=True
    )
    yield context
    await context.close()


def signed(user: str, secret: str = SECRET, *, for_s: int = 300) -> str:
    """What the company's backend has signed of its user."""
    return jwt.encode({"sub": user, "aud": "main", "exp": int(time.time()) + for_s}, secret, algorithm="HS256")


async def element(tab: Tab, does: str, given: Mapping[str, Any] | int | None = None) -> Any:
    """What the element answers to a page's script."""
    return await tab.page.evaluate(f"(given) => document.querySelector('customer-chat').{does}", given)


@pytest.mark.browser
async def test_token_renewed(shop: Shop, browser: BrowserContext) -> None:
    """When the token has ended another one is fetched by the word that the browser keeps, and the chat goes on."""
    tab = await (await shop.enter(browser)).open()
    await tab.write("One")
    await tab.shows("One")
    ended = shop.gate.token(Role.VISITOR, "visitor", for_s=-600)
    change = f"(token) => {{ const kept = {_SESSION}; localStorage[kept] = {_WITH} }}"
    await tab.page.evaluate(change, ended)
    await tab.write("Two")
    await tab.shows("One", "Two")
    await tab.page.evaluate(change, ended)
    await tab.page.reload()
    await (await tab.open()).shows("One", "Two")
    await shop.answer("Three")
    await tab.shows("One", "Two", "Three")
    assert len(await shop.talks()) == 1


@pytest.mark.browser
async def test_typed_and_signed(shop: Shop, browser: BrowserContext) -> None:
    """What a visitor types proves nothing; what the company's backend has signed proves who it is."""
    tab = await (await shop.enter(browser)).open()
    await tab.page.get_by_text("About you").click()
    await tab.page.get_by_label("Name").fill("Ann Lee")
    await tab.page.get_by_label("E-mail").fill("ann@example.com")
    await tab.page.get_by_role("button", name="Tell us").click()
    await expect(tab.page.get_by_text("Thank you.")).to_be_visible()
    assert await tab.violations() == []
    assert await element(tab, "identify(given)", {"name": "Ann Lee"}) is False
    for claim, why in ((signed("4711", SECRET[::-1]), "signature"), ("x.e30.y", "names nobody")):
        with pytest.raises(Error, match=why):
            await element(tab, "identify(given)", {"signed": claim})
    await tab.page.evaluate("(given) => document.querySelector('customer-chat').setAttribute('identity', given)", "x")
    await until(lambda: any("names nobody" in line for line in shop.complaints()))
    assert await element(tab, "identify(given)", {"signed": signed("4711")}) is True
    await tab.write("It is me")
    await tab.shows("It is me")


@pytest.mark.deep
@pytest.mark.browser
async def test_somebody_else_signs_in(shop: Shop, browser: BrowserContext) -> None:
    """A page names its user to the widget; who signs in next on the device does not read what the one before wrote."""
    shop.attributes = f'identity="{signed("4711")}"'
    tab = await (await shop.enter(browser)).open()
    await tab.write("A secret")
    await until(lambda: element(tab, "isVerified"))
    await tab.page.reload()
    await (await tab.open()).shows("A secret")
    shop.attributes = f'identity="{signed("4712")}"'
    await tab.page.reload()
    await (await tab.open()).write("Hello")
    await until(lambda: element(tab, "isVerified"))
    await tab.shows("Hello")
    assert len(await shop.talks()) == 2


@pytest.mark.browser
async def test_chat_ended_on_device(shop: Shop, browser: BrowserContext) -> None:
    """Whoever ends the chat leaves nothing of it in the browser, in no tab; who comes next begins another one."""
    tab = await (await shop.enter(browser)).open()
    await tab.write("A secret")
    await tab.shows("A secret")
    other = await (await shop.enter(browser)).open()
    await other.shows("A secret")
    await tab.page.get_by_text("About you").click()
    await tab.page.get_by_role("button", name="End the chat on this device").click()
    await expect(tab.page.get_by_role("dialog")).to_be_hidden()
    await expect(other.messages).to_have_count(0)
    assert await tab.page.evaluate("Object.keys(localStorage).length") == 0
    await tab.page.reload()
    await (await tab.open()).write("Hello")
    await tab.shows("Hello")
    assert len(await shop.talks()) == 2


@pytest.mark.browser
async def test_files_by_reference(shop: Shop, browser: BrowserContext) -> None:
    """A file is named by its address and shown as a link that tells nothing of its page; no script is one."""
    tab = await (await shop.enter(browser)).open()
    file = {"url": "https://files.shop.example/a.png", "name": "a.png", "mediaType": "image/png", "sizeBytes": 1234}
    await element(tab, "send('Look', [given])", file)
    link = tab.page.get_by_role("link", name="a.png")
    await expect(link).to_have_attribute("href", file["url"])
    await expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    await element(tab, "send('Click', [given])", file | {"url": "javascript:alert(1)"})
    await expect(tab.page.get_by_text("Not sent: its file cannot be sent.")).to_be_visible()
    await expect(tab.page.get_by_role("link")).to_have_count(1)
    assert await tab.violations() == []
    await tab.page.get_by_role("button", name="Remove").click()
    await tab.shows("Look")


@pytest.mark.browser
async def test_too_long(shop: Shop, browser: BrowserContext) -> None:
    """What is too long for the site, or for the gateway where the site has not told, is said to be, and tried once."""
    tab = await (await shop.enter(browser)).open()
    await tab.write("One")
    await tab.shows("One")
    await element(tab, "send('x'.repeat(given))", 3_001)
    await expect(tab.page.get_by_text("Not sent: it is too long.")).to_be_visible()
    assert all("TOO_LARGE: At most 3000" in line for line in shop.complaints())
    await tab.page.get_by_role("button", name="Remove").click()
    forget = f"(longestText) => {{ const kept = {_SESSION}; localStorage[kept] = {_WITH} }}"
    await tab.page.evaluate(forget.replace("token", "longestText"), None)
    await tab.page.reload()
    await element(await tab.open(), "send('x'.repeat(given))", 300_000)
    await expect(tab.page.get_by_text("Not sent: it is too long.")).to_be_visible()
    assert any("TOO_LARGE: The request" in line for line in shop.complaints())
    await tab.write("Two")
    await expect(tab.messages).to_have_text(["One", "Two", "x" * 300_000])
    assert await shop.kept() == ["One", "Two"]


@pytest.mark.browser
async def test_demo_without_manifests(open_gate: OpenGate, browser: BrowserContext) -> None:
    """A gateway that does not know the documents, as the demo's, is sent their texts; earlier ones stand by moment."""
    async with shop_of(open_gate) as shop:
        tab = await (await shop.enter(browser)).open()
        await tab.write("Hello")
        await tab.shows("Hello")
        words = [f"Message {n}" for n in range(70)]
        await shop.answered(*words)
        await tab.page.reload()
        await (await tab.open()).shows(*words[-19:], "Hello")
        await tab.page.get_by_role("button", name="Show earlier messages").click()
        await tab.shows(*words[-39:], "Hello")
        await tab.page.get_by_role("button", name="Show earlier messages").click()
        await tab.shows(*words, "Hello")
        await expect(tab.page.get_by_role("button", name="Show earlier messages")).to_be_hidden()
