"""A page on Messenger and its vendor, for every test here."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from adapters.channels.messenger import Messenger
from adapters.channels.meta_messaging.channel import MetaMessaging
from tests.channels.messenger.double import OTHER_PAGE, PAGE
from tests.channels.meta_graph import Graph, reaching, serving


@pytest.fixture
async def graph() -> AsyncIterator[Graph]:
    """A vendor to whom nothing was sent yet."""
    async with serving(Graph()) as served:
        yield served


@pytest.fixture
async def messenger(graph: Graph) -> AsyncIterator[MetaMessaging]:
    """The page; another page's deliveries come here, too."""
    async with reaching(graph, Messenger, PAGE, also_accounts=[OTHER_PAGE]) as channel:
        yield channel


@pytest.fixture
async def impatient(graph: Graph) -> AsyncIterator[MetaMessaging]:
    """The same page, which does not wait for long."""
    async with reaching(graph, Messenger, PAGE, replace(Messenger.manners, try_s=0.3)) as channel:
        yield channel
