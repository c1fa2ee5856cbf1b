"""A desk and its channel, for every test here."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.channels.zendesk.settings import ZendeskSettings
from adapters.contract.channel import Equipment
from adapters.http.addresses import Borders
from adapters.http.session import Outside
from tests.channels.zendesk.double import CLIENT, SIGNING_SECRET, Desk, serving


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
    # Its files' addresses are on this machine, too.
    async with Outside(borders=Borders(has_loopback=True)) as outside:
        # One try each: what is tried here is the channel, not how often the way knocks.
        manners = replace(Zendesk.manners, tries=1)
        equipment = Equipment(way=outside.way("zendesk", "acme", manners), default_region="DK")
        yield Zendesk("acme", settings, equipment)
