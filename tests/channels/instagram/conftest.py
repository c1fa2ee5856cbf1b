"""An account on Instagram and its vendor, for every test here."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.channels.instagram import Instagram
from adapters.channels.meta_messaging.channel import MetaMessaging
from tests.channels.instagram.double import ACCOUNT, SAMPLE_ACCOUNT
from tests.channels.meta_graph import Graph, reaching, serving


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    """A vendor to whom nothing was sent yet."""
    async with serving(Graph()) as served:
        yield served


@pytest.fixture
async def instagram(graph: Graph) -> AsyncIterator[MetaMessaging]:
    """The account; another one's deliveries come here, too."""
    async with reaching(graph, Instagram, ACCOUNT, also_accounts=[SAMPLE_ACCOUNT]) as channel:
        yield channel


@pytest.fixture
async def impatient(graph: Graph) -> AsyncIterator[MetaMessaging]:
    """The same account, which does not wait for long."""
    async with reaching(graph, Instagram, ACCOUNT, replace(Instagram.manners, try_s=0.3, rests_s=0.1)) as channel:
        yield channel
