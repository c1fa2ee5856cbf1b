"""Where a provider takes no passwords, a token of its own is fetched, kept for as long as it is taken, and renewed."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from adapters.channels.email.channel import Email
from adapters.conformance.post_office import PostOffice
from adapters.conformance.vendor import Fault, Vendor, vendor
from adapters.contract.channel import Equipment
from adapters.contract.errors import BadPayload, ChannelDown, ChannelError, ChannelRefused
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing
from adapters.http.session import Outside
from tests.channels.email.letters import NOW, mail, settings
from tests.channels.email.mailbox import MailServer

BELL = Outgoing(who=Who("email", "support", "ann@example.com"), key="k1", text="Hello", now=NOW)


@pytest.fixture
async def provider() -> AsyncIterator[Vendor]:
    """Who gives out tokens."""
    async with vendor({"/token": b'{"access_token": "token-1", "token_type": "Bearer", "expires_in": 3599}'}) as one:
        yield one


@pytest.fixture
def box(email: Email, provider: Vendor, office: PostOffice, server: MailServer) -> Email:
    """The mailbox, which signs in by tokens."""
    told: dict[str, Any] = {
        "smtp_url": f"smtp://127.0.0.1:{office.port}",
        "imap_url": f"imap://127.0.0.1:{server.port}",
        "password": None,
        "token_url": f"{provider.url}/token",
        "client_id": "sample-client",
        "client_secret": "sample-client-secret",
        "refresh_token": "sample-refresh-token",
        "scope": "https://mail.example/",
    }
    return Email("support", settings(**told), email.equipment)


async def test_both_servers(box: Email, provider: Vendor, office: PostOffice, server: MailServer) -> None:
    """Both servers are shown the token, which is asked for once."""
    server.comes(mail())
    await box.send(BELL)
    await box.collect(None)
    said = base64.b64decode(next(one for one in office.mails[0].said if one.startswith("AUTH")).split()[2]).decode()
    assert said == "user=support@shop.example\x01auth=Bearer token-1\x01\x01"
    (asked,) = provider.asked
    assert dict(parse_qsl(asked.body)) == {
        "grant_type": "refresh_token",
        "client_id": "sample-client",
        "scope": "https://mail.example/",
        "client_secret": "sample-client-secret",
        "refresh_token": "sample-refresh-token",
    }


async def test_renewed_once(box: Email, provider: Vendor, server: MailServer) -> None:
    """A token that is not taken any more is renewed, once."""
    provider.answers = {"/token": b'{"access_token": "token-1", "expires_in": 99999}'}
    # To whoever looks at another clock everything was said an hour ago.
    async with Outside(clock=lambda: datetime.now(UTC) - timedelta(hours=1)) as outside:
        box = Email("support", box.settings, Equipment(way=outside.way("email", "support", Email.manners)))
        await box.collect(None)
        server.token = "token-2"
        provider.answers = {"/token": b'{"access_token": "token-2", "expires_in": 99999}'}
        await box.collect(None)
        assert [one.startswith("AUTHENTICATE") for one in server.commands].count(True) == 3
        server.token = "token-3"
        with pytest.raises(ChannelRefused) as raised:
            await box.collect(None)
    assert raised.value.is_of_account


async def test_new_one_is_not_renewed(box: Email, provider: Vendor, server: MailServer) -> None:
    """One that was given just now and is not taken is as good as it gets: an operator must look."""
    server.token = "another"
    with pytest.raises(ChannelRefused):
        await box.collect(None)
    assert len(provider.asked) == 1


async def test_short_lives(box: Email, provider: Vendor) -> None:
    """A token that lives for minutes is not kept for longer."""
    provider.answers = {"/token": b'{"access_token": "token-1", "expires_in": 60}'}
    for _ in range(2):
        await box.collect(None)
    assert len(provider.asked) > 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.FORBIDS, ChannelRefused), (Fault.BROKEN, ChannelDown), (Fault.PAGE, BadPayload), (Fault.LIST, BadPayload)],
)
async def test_no_token(
    box: Email, provider: Vendor, office: PostOffice, fault: Fault, error: type[ChannelError]
) -> None:
    """Where no token is given out, the servers are not talked to, and no secret is told."""
    provider.fault = fault
    with pytest.raises(error) as raised:
        await box.send(BELL)
    assert office.commands == []
    assert "sample" not in str(raised.value)


@pytest.mark.parametrize("token", ["", "a\r\nb", "ä", 7, None, "x" * 30_000])
async def test_odd_tokens(box: Email, provider: Vendor, office: PostOffice, token: object) -> None:
    """What can be no token is none."""
    provider.answers = {"/token": json.dumps({"access_token": token}).encode()}
    with pytest.raises(BadPayload):
        await box.send(BELL)
    assert office.commands == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"token_url": "https://example.com/token"},
        {"token_url": "https://example.com/token", "password": None},
        {"token_url": "ftp://example.com", "password": None, "client_id": "x"},
    ],
    ids=range(3),
)
def test_wrong_settings(wrong: dict[str, object]) -> None:
    """A password and a token are not named both, and a token needs a client."""
    with pytest.raises(ValueError, match="validation error"):
        settings(**wrong)
