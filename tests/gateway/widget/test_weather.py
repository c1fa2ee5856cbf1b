"""Is no message of a chat lost or doubled, whatever happens to the network, the tabs and the gateway?"""

import asyncio
from random import Random
from urllib.parse import urlsplit

import pytest
from playwright.async_api import BrowserContext, expect

from tests.gateway.conftest import OpenGate, served
from tests.gateway.shop import WIDGET, Shop, Tab, shop_of
from tests.waiting import until

STEPS = 40


class Weather:
    """Whatever may happen, one thing behind the other."""

    def __init__(self, shop: Shop, browser: BrowserContext, random: Random) -> None:
        self.shop, self.browser, self.random = shop, browser, random
        self.tabs: list[Tab] = []
        self.written: list[str] = []
        self.is_offline = False

    async def step(self) -> None:
        """One of them."""
        does = (self.writes, self.writes, self.writes, self.answers, self.turns, self.opens, self.closes, self.loses)
        await self.random.choice(does)()
        await asyncio.sleep(self.random.choice((0, 0, 0.05, 0.3)))

    async def writes(self) -> None:
        """The visitor writes in one of the tabs."""
        self.written.append(f"visitor {len(self.written)}")
        await self.random.choice(self.tabs).write(self.written[-1])

    async def answers(self) -> None:
        """The agent does."""
        self.written.append(f"agent {len(self.written)}")
        await self.shop.answer(self.written[-1])

    async def turns(self) -> None:
        """The network goes, or comes."""
        self.is_offline = not self.is_offline
        await self.browser.set_offline(self.is_offline)

    async def opens(self) -> None:
        """One more tab, or the last one anew."""
        if self.is_offline:
            return
        if len(self.tabs) < 3:
            self.tabs.append(await (await self.shop.enter(self.browser)).open())
        else:
            await self.tabs[-1].page.reload()
            await self.tabs[-1].open()

    async def closes(self) -> None:
        """A tab is closed, whatever it was about to do."""
        if len(self.tabs) > 1:
            await self.tabs.pop(self.random.randrange(len(self.tabs))).page.close()

    async def is_all_kept(self) -> bool:
        """Whether as many messages are kept as were written."""
        return len(await self.shop.kept()) >= len(self.written)

    async def loses(self) -> None:
        """The next answer of the gateway is lost."""
        assert self.shop.wire
        self.shop.wire.loses += 1


@pytest.mark.deep
@pytest.mark.browser
@pytest.mark.parametrize("seed", [1, 3, 5, 21])
async def test_any_weather(open_gate: OpenGate, browser: BrowserContext, seed: int) -> None:
    """Behind any weather each message is kept once, and shown once, in one order, in every tab."""
    async with shop_of(open_gate, trusted_documents=WIDGET, lookups_per_minute=0) as shop:
        weather = Weather(shop, browser, Random(seed))
        await weather.opens()
        await weather.writes()
        await weather.tabs[0].shows(*weather.written)
        for _ in range(STEPS):
            await weather.step()
        if weather.is_offline:
            await weather.turns()
        assert shop.wire
        shop.wire.loses = 0
        await until(weather.is_all_kept, within_s=60)
        kept = await shop.kept()
        assert sorted(kept) == sorted(weather.written)
        for tab in weather.tabs:
            # A stream that was lost without a word is missed only when its next sign of life does not come.
            await expect(tab.messages.last).to_have_text(kept[-1], timeout=60_000)
            # A page that was opened late shows the newest twenty.
            if await (more := tab.page.get_by_role("button", name="Show earlier messages")).is_visible():
                await more.click()
            await tab.shows(*kept, within_s=60)


@pytest.mark.deep
@pytest.mark.browser
async def test_gateway_away(open_gate: OpenGate, browser: BrowserContext) -> None:
    """While the gateway is away what is written waits, and is sent when it is back."""
    async with shop_of(open_gate, trusted_documents=WIDGET) as shop:
        port = urlsplit(shop.api).port or 0
        # Nobody asks the one that stands there: the page is told of another.
        async with served(shop.gate.app) as api:
            shop.api = api
            port = urlsplit(api).port or 0
            tab = await (await shop.enter(browser)).open()
            await tab.write("One")
            await tab.shows("One")
            shop.gate.house.subscriptions.close()
        await tab.write("Two")
        await expect(tab.sending).to_have_count(1)
        await expect(tab.page.get_by_text("Connecting again")).to_be_visible()
        again = open_gate(lines=shop.gate.house.lines, trusted_documents=WIDGET)
        async with served(again.app, port=port):
            await tab.shows("One", "Two")
            await shop.answer("Three")
            await tab.shows("One", "Two", "Three")
            again.house.subscriptions.close()
    assert await shop.kept() == ["One", "Two", "Three"]
