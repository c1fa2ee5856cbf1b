"""A bot on Telegram and its vendor, for every test here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.channels.telegram import Telegram, TelegramSettings
from adapters.contract.channel import Equipment
from adapters.contract.manners import Manners
from adapters.http.session import Outside
from tests.channels.telegram.double import BOT, FORMER_SECRET, MIA, SECRET, TOKEN, BotApi, chat, serving


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    """A vendor to whom Mia has written, and nothing was sent yet."""
    people = {str(MIA["id"]): chat(last_name="Brand", username="mia_brand", bio="Rides", accent_color_id=3)}
    async with serving(BotApi(people=people)) as served:
        yield served


@pytest.fixture
async def telegram(api: BotApi) -> AsyncIterator[Telegram]:
    """The bot, with two words of its webhook."""
    async with reaching(api, replace(Telegram.manners, tries=1)) as channel:
        yield channel


@pytest.fixture
async def impatient(api: BotApi) -> AsyncIterator[Telegram]:
    """The same bot, which does not wait for long."""
    async with reaching(api, replace(Telegram.manners, try_s=0.3, tries=1)) as channel:
        yield channel


@asynccontextmanager
async def reaching(api: BotApi, manners: Manners, *, token: str = TOKEN) -> AsyncIterator[Telegram]:
    """The bot, reaching its vendor with these manners."""
    told = {"base_url": api.url, "bot_token": token, "webhook_secrets": [SECRET, FORMER_SECRET]}
    async with Outside() as outside:
        way = outside.way("telegram", BOT, manners)
        yield Telegram(BOT, TelegramSettings.model_validate(told), Equipment(way=way, default_region="DE"))
