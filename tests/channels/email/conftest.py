"""A mailbox of the company's between a server that takes mail and one that keeps it."""

from collections.abc import AsyncIterator

import pytest

from adapters.channels.email.channel import Email
from adapters.conformance.post_office import PostOffice, post_office
from adapters.contract.channel import Equipment
from adapters.contract.manners import Manners
from adapters.http.session import Outside
from tests.channels.email.letters import settings
from tests.channels.email.mailbox import MailServer, serving


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    """A server to which nothing was handed yet."""
    async with post_office(PostOffice()) as served:
        yield served


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    """A server in whose folders nothing lies yet."""
    async with serving(MailServer()) as served:
        yield served


@pytest.fixture
async def email(office: PostOffice, server: MailServer) -> AsyncIterator[Email]:
    """The mailbox, which waits for neither of them for long."""
    told = settings(
        smtp_url=f"smtp://127.0.0.1:{office.port}",
        imap_url=f"imap://127.0.0.1:{server.port}",
        sent_mailbox="Sent",
        past_days=30,
    )
    async with Outside() as outside:
        way = outside.way("email", "support", Manners(at_once=4, try_s=0.5, tries=1, rests_s=0.1))
        yield Email("support", told, Equipment(way=way))
