"""A shop and its channel, for every test here."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.channels.shopify.settings import ShopifySettings
from adapters.contract.channel import Equipment
from adapters.http.session import Outside
from tests.channels.shopify.double import OLD_SECRET, SECRET, TOKEN, Shop, serving


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """An empty shop."""
    async with serving(Shop()) as served:
        yield served


def settings_for(shop: Shop, **more: Any) -> ShopifySettings:
    """Those of the sample shop."""
    given = {"base_url": shop.url or None, "access_token": TOKEN, "client_secrets": [SECRET, OLD_SECRET]}
    return ShopifySettings.model_validate({**given, "currency": "EUR", **more})


@pytest.fixture
async def opened(shop: Shop) -> AsyncIterator[Callable[..., Shopify]]:
    """Makes the channel account `acme` with other settings, and with manners of its own for `tries`."""
    async with Outside() as outside:

        def made(*, tries: int = 1, **more: Any) -> Shopify:
            manners = replace(Shopify.manners, tries=tries)
            way = outside.way("shopify", "acme", manners)
            return Shopify("acme", settings_for(shop, **more), Equipment(way=way, default_region="US"))

        yield made


@pytest.fixture
def shopify(opened: Callable[..., Shopify]) -> Shopify:
    """The channel account `acme`."""
    return opened()
