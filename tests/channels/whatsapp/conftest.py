"""A number on WhatsApp and its vendor, for every test here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.channels.whatsapp.settings import WhatsAppSettings
from adapters.contract.channel import Equipment
from adapters.contract.manners import Manners
from adapters.http.addresses import Borders
from adapters.http.session import Outside
from tests.channels.whatsapp.double import FORMER_SECRET, NUMBER, SECRET, TOKEN, VERIFY_TOKEN, Cloud, serving


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    """A vendor to whom nothing was sent yet."""
    async with serving(Cloud()) as served:
        yield served


@pytest.fixture
async def whatsapp(cloud: Cloud) -> AsyncIterator[WhatsApp]:
    """The number, with two app secrets; another number's deliveries come here, too."""
    async with reaching(cloud, WhatsApp.manners) as channel:
        yield channel


@pytest.fixture
async def impatient(cloud: Cloud) -> AsyncIterator[WhatsApp]:
    """The same number, which does not wait for long."""
    async with reaching(cloud, replace(WhatsApp.manners, try_s=1.0)) as channel:
        yield channel


@asynccontextmanager
async def reaching(cloud: Cloud, manners: Manners) -> AsyncIterator[WhatsApp]:
    """The number, reaching its vendor with these manners."""
    settings = WhatsAppSettings.model_validate(
        {
            "base_url": cloud.url,
            "access_token": TOKEN,
            "app_secrets": [SECRET, FORMER_SECRET],
            "verify_token": VERIFY_TOKEN,
            "also_accounts": ["1122334455667"],
        }
    )
    # Its files' addresses are on this machine, too.
    async with Outside(borders=Borders(has_loopback=True)) as outside:
        way = outside.way("whatsapp", NUMBER, manners)
        yield WhatsApp(NUMBER, settings, Equipment(way=way, default_region="US"))
