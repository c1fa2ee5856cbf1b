"""A browser that reaches nothing but this machine, and what a page does in it."""

import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium")
_COMPLAINTS = {"error", "warning"}

expect.set_options(timeout=20_000)  # The whole suite shares two cores.


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser for which no name but the loopback's resolves."""
    if CHROMIUM is None:
        pytest.skip("no `chromium` on the PATH; install Debian's package of that name")
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu", *quiet, alone]
        )
        yield browser
        await browser.close()


@dataclass
class Visit:
    """A page that was opened, and what it did to the network and the console."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    async def enter(self, address: str) -> "Visit":
        """Open a page."""
        self.page.context.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("websocket", lambda wire: self.hosts.add(urlsplit(wire.url).netloc))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type in _COMPLAINTS else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await self.page.goto(address)
        return self

    def rows(self, name: str) -> Locator:
        """What the agent panel lists under the name."""
        return self.page.locator(f".{name} li")

    async def open(self, address: str) -> "Visit":
        """Open the playground and wait for its editor."""
        await self.enter(address)
        await expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
        return self

    async def run(self) -> None:
        """Press run."""
        await self.page.get_by_role("button", name=re.compile("Execute query")).click()

    async def complete(self, word: str) -> None:
        """Ask for completion at the word until it is offered: the editor's language worker may not be up yet."""
        offered = self.page.locator(".suggest-widget").get_by_text(word).first
        for _ in range(10):
            await self.page.locator(".graphiql-query-editor").get_by_text(word, exact=True).click()
            await self.page.keyboard.press("Control+Space")
            try:
                await expect(offered).to_be_visible(timeout=3_000)
            except AssertionError:
                continue
            return
        pytest.fail(f"No completion was offered at {word!r}.")

    async def shows(self, text: str) -> None:
        """Wait until the answer holds the text."""
        await expect(self.page.locator(".graphiql-response")).to_contain_text(text)


@pytest.fixture
async def visit(chromium: Browser) -> AsyncIterator[Visit]:
    """Give a fresh browser profile at a laptop's size."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield Visit(await context.new_page())
    await context.close()
