"""A number on WhatsApp and its vendor, for every test here."""

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.channels.whatsapp.settings import WhatsAppSettings
from adapters.contract.channel import Equipment
from tests.channels.whatsapp.double import FORMER_SECRET, NUMBER, SECRET, TOKEN, VERIFY_TOKEN, Cloud, serving
from tests.channels.whatsapp.plain_way import PlainWay


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    """A vendor to whom nothing was sent yet."""
    async with serving(Cloud()) as served:
        yield served


@pytest.fixture
async def whatsapp(cloud: Cloud) -> AsyncIterator[WhatsApp]:
    """The number, with two app secrets; another number's deliveries come here, too."""
    settings = WhatsAppSettings.model_validate(
        {
            "base_url": cloud.url,
            "access_token": TOKEN,
            "app_secrets": [SECRET, FORMER_SECRET],
            "verify_token": VERIFY_TOKEN,
            "also_accounts": ["1122334455667"],
        }
    )
    async with aiohttp.ClientSession() as session:
        way = PlainWay(session, replace(WhatsApp.manners, try_s=0.2))
        yield WhatsApp(NUMBER, settings, Equipment(way=way, default_region="US"))
