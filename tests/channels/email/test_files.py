"""A file of a mail is given for as long as the mail lies in the mailbox."""

import base64
from datetime import UTC, datetime

import pytest

from adapters.channels.email.channel import Email
from adapters.conformance.post_office import CUTS, HANGS
from adapters.contract.channel import Capability, WantedFile
from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
)
from adapters.contract.records import File
from tests.channels.email.letters import mail, part, parts
from tests.channels.email.mailbox import MailServer

PACKED = base64.encodebytes(b"%PDF" * 1_000)
INNER = mail("Inside", subject="Old", message_id="<inner@example.com>")
RAW = parts(
    part("text/plain", "See there."),
    part("application/pdf", PACKED, "Content-Transfer-Encoding: base64", "Content-Disposition: inline; filename=a.pdf"),
    part("message/rfc822", INNER),
)


def wanted(n: int = 1, of: str = "first@example.com") -> WantedFile:
    """The n-th file of a mail."""
    return WantedFile(external_id=f"{of}/{n}", of=of, of_kind="message")


@pytest.fixture
def told(server: MailServer) -> MailServer:
    """A mailbox in which the mail lies, with another one before it."""
    server.now = datetime.now(UTC)
    server.comes(mail("Another", message_id="<another@example.com>"))
    server.comes(RAW)
    return server


@pytest.mark.usefixtures("told")
async def test_as_told(email: Email) -> None:
    """Each file of which a mail tells is given, by the ids that it tells, and a mail inside as a mail."""
    events = [event for one in (await email.collect(None)).deliveries for event in email.events(one)]
    files = [one for event in events for one in event.records if isinstance(one, File)]
    bodies = [
        (await email.file(WantedFile(external_id=one.external_id, of=one.of, of_kind=one.of_kind))).body
        for one in files
    ]
    assert bodies[0] == b"%PDF" * 1_000
    assert files[0].size_bytes == len(bodies[0])
    assert b"Message-Id: <inner@example.com>" in bodies[1]
    assert bodies[1].rstrip().endswith(b"Inside")


async def test_with_each_reader(email: Email, server: MailServer) -> None:
    """A file of a mail that went to several is given to whoever looks at any of them."""
    server.now = datetime.now(UTC)
    server.comes(RAW.replace(b"To: support@shop.example", b"To: bob@example.com, carol@example.com"), "Sent")
    events = [event for one in (await email.collect(None)).deliveries for event in email.events(one)]
    files = [one for event in events for one in event.records if isinstance(one, File) and one.name == "a.pdf"]
    assert len({one.external_id for one in files}) == 2
    for one in files:
        found = await email.file(WantedFile(external_id=one.external_id, of=one.of, of_kind=one.of_kind))
        assert found.body == b"%PDF" * 1_000


async def test_in_any_folder(email: Email, server: MailServer) -> None:
    """A file of a mail that was sent is found, too."""
    server.comes(RAW, "Sent")
    assert (await email.file(wanted())).body == b"%PDF" * 1_000


@pytest.mark.parametrize(
    "odd",
    [
        wanted(of="gone@example.com"),
        wanted(of='x" OR ALL "'),
        wanted(of="x\r\nA1 LOGOUT"),
        wanted(of="sha256:0123"),
        wanted(0),
        WantedFile(external_id="1", of="another@example.com/1", of_kind="message"),
        WantedFile(external_id="first@example.com/x", of="first@example.com", of_kind="message"),
    ],
    ids=range(7),
)
async def test_gone(email: Email, told: MailServer, odd: WantedFile) -> None:
    """What is not there, or has an id by which nothing can be found, is gone; nobody writes into the question."""
    with pytest.raises(NoSuchIdentity):
        await email.file(odd)
    assert not any("ALL" in one or one.endswith(" LOGOUT") for one in told.commands)


@pytest.mark.usefixtures("told")
async def test_fewer_files(email: Email) -> None:
    """Where the mail under that id has fewer files it is another one."""
    with pytest.raises(BadPayload):
        await email.file(wanted(3))


async def test_anothers_mail(email: Email, told: MailServer) -> None:
    """A mail of another id is another mail, though the server gives it."""
    told.faults = {"UID SEARCH": "* SEARCH 2\nTAG OK done"}
    with pytest.raises(BadPayload):
        await email.file(wanted(of="another@example.com"))


async def test_size_of_what_is_cut(email: Email, server: MailServer) -> None:
    """Of a mail of which only the beginning was fetched, nobody says how large its last file is."""
    server.now = datetime.now(UTC)
    small = Email("support", email.settings.model_copy(update={"largest_bytes": 4_096}), email.equipment)
    server.comes(RAW)
    (delivery,) = (await small.collect(None)).deliveries
    (file,) = [one for one in small.events(delivery)[0].records if isinstance(one, File)]
    assert (file.name, file.size_bytes) == ("a.pdf", None)
    assert len((await small.file(wanted())).body) == 4_000


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        pytest.param({"": "* BYE no"}, ChannelDown, id="sends away"),
        pytest.param({"LOGIN": HANGS}, ChannelDown, id="hangs"),
        pytest.param({"UID FETCH": CUTS}, ChannelDown, id="cuts"),
        pytest.param({"LOGIN": "TAG NO [UNAVAILABLE] later"}, ChannelBusy, id="is busy"),
        pytest.param({"LOGIN": "TAG NO [AUTHENTICATIONFAILED] no"}, ChannelRefused, id="refuses"),
        pytest.param({"UID SEARCH": "TAG NO never"}, BadPayload, id="searches nothing"),
    ],
)
async def test_failing(email: Email, told: MailServer, faults: dict[str, str], error: type[ChannelError]) -> None:
    """A server that fails while a file is fetched becomes its named error, as the suite asks of those of HTTP."""
    told.faults = faults
    with pytest.raises(error):
        await email.file(wanted())


def test_offered(email: Email) -> None:
    """Files are offered where there is a mailbox to look into."""
    webhook_only = Email("support", email.settings.model_copy(update={"imap_url": None}), email.equipment)
    assert Capability.FILES in email.capabilities()
    assert Capability.FILES not in webhook_only.capabilities()
