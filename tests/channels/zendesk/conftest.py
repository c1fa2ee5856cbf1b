"""A desk and its channel, for every test here."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from adapters.channels.zendesk import Zendesk
from adapters.channels.zendesk.settings import ZendeskSettings
from adapters.contract.channel import Equipment
from tests.channels.zendesk.double import CLIENT, SIGNING_SECRET, Desk, serving
from tests.channels.zendesk.plain_way import PlainWay


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """An empty desk."""
    async with serving(Desk()) as served:
        yield served


@pytest.fixture
async def zendesk(desk: Desk) -> AsyncIterator[Zendesk]:
    """The channel account `acme`, signed in as an OAuth client."""
    settings = ZendeskSettings.model_validate(
        {
            "base_url": desk.url,
            "signing_secrets": [SIGNING_SECRET],
            "agents": {"900": "anna"},
            "sends_as": "900",
            "internal_notes": True,
            **CLIENT,
        }
    )
    async with aiohttp.ClientSession() as session:
        equipment = Equipment(way=PlainWay(session, Zendesk.manners), default_region="DK")
        yield Zendesk("acme", settings, equipment)
