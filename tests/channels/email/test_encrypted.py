"""What is said to mail servers is encrypted, and only said to the one that the settings name."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.channels.email.channel import Email
from adapters.conformance.post_office import PostOffice, post_office
from adapters.contract.channel import Equipment
from adapters.contract.errors import ChannelRefused
from adapters.contract.manners import Manners
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState
from adapters.http.session import Outside
from tests.adapters.http.certificates import certified
from tests.channels.email.letters import NOW, mail, settings
from tests.channels.email.mailbox import MailServer, serving

BELL = Outgoing(who=Who("email", "support", "ann@example.com"), key="k1", text="Hello", now=NOW)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side of a certificate for `localhost` that this machine trusts."""
    server, _ = certified("localhost", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
    return server


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    """Ways out."""
    async with Outside() as one:
        yield one


def box(outside: Outside, **urls: str) -> Email:
    """The mailbox at these servers."""
    way = outside.way("email", "support", Manners(try_s=2.0, tries=1))
    return Email("support", settings(**urls), Equipment(way=way))


@pytest.mark.parametrize("is_at_once", [True, False])
async def test_sending(outside: Outside, certificate: ssl.SSLContext, *, is_at_once: bool) -> None:
    """Sending is encrypted from the first byte, or by STARTTLS before anything is said."""
    extensions = ("AUTH PLAIN",) if is_at_once else ("AUTH PLAIN", "STARTTLS")
    async with post_office(PostOffice(tls=certificate, extensions=extensions)) as office:
        url = f"smtp{'s' if is_at_once else ''}://localhost:{office.port}"
        assert (await box(outside, smtp_url=url).send(BELL)).state is SendState.TAKEN
        assert office.commands.index("AUTH") > (0 if is_at_once else office.commands.index("STARTTLS"))


@pytest.mark.parametrize("is_at_once", [True, False])
async def test_collecting(outside: Outside, certificate: ssl.SSLContext, *, is_at_once: bool) -> None:
    """So is reading the mailbox."""
    server = MailServer(tls=certificate, capabilities="IMAP4rev1" if is_at_once else "IMAP4rev1 STARTTLS")
    async with serving(server):
        server.comes(mail())
        url = f"imap{'s' if is_at_once else ''}://localhost:{server.port}"
        assert (await box(outside, imap_url=url, past_days=30).collect(None)).cursor
        assert server.commands.index("LOGIN") > (0 if is_at_once else server.commands.index("STARTTLS"))


@pytest.mark.usefixtures("certificate")
async def test_another_server(outside: Outside, tmp_path: Path) -> None:
    """A server with another's certificate, or with one that nobody vouches for, is told nothing."""
    other, _ = certified("elsewhere.example", tmp_path)
    async with post_office(PostOffice(tls=other)) as office:
        with pytest.raises(ChannelRefused) as raised:
            await box(outside, smtp_url=f"smtps://localhost:{office.port}").send(BELL)
    assert (raised.value.code, raised.value.is_of_account, office.commands) == ("certificate", True, [])
