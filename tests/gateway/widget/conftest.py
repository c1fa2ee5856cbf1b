"""A shop with the example's widget, and a browser whose profile is one visitor's."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext

from tests.gateway.conftest import OpenGate
from tests.gateway.shop import WIDGET, Shop, shop_of


@pytest.fixture
async def browser(chromium: Browser) -> AsyncIterator[BrowserContext]:
    """A browser profile on a desktop, which several people may use one after the other."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield context
    await context.close()


@pytest.fixture
async def shop(open_gate: OpenGate) -> AsyncIterator[Shop]:
    """A shop whose visitors run the widget's documents and no others."""
    async with shop_of(open_gate, trusted_documents=WIDGET) as one:
        yield one
