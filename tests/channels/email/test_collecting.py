"""A mailbox is read on from where it was left: nothing twice, nothing left out, whatever the server does."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.channels.email.channel import Email
from adapters.channels.email.threads import own_id
from adapters.conformance.post_office import CUTS, HANGS
from adapters.contract.channel import Collected
from adapters.contract.deliveries import Delivery
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused
from adapters.contract.records import Utterance, Who
from tests.channels.email.letters import mail, only
from tests.channels.email.mailbox import Box, MailServer


def numbered(n: int) -> bytes:
    """One of many mails."""
    return mail(f"Mail {n}", message_id=f"<{n}@example.com>")


def texts(email: Email, deliveries: Sequence[Delivery]) -> list[str | None]:
    """What was written in mails that were fetched."""
    return [only(Utterance, event).text for one in deliveries for event in email.events(one)]


@pytest.fixture
def now(server: MailServer) -> datetime:
    """When mails come in."""
    server.now = datetime.now(UTC)
    return server.now


@pytest.mark.usefixtures("now")
async def test_reads_on(email: Email, server: MailServer) -> None:
    """What has come since is fetched, once."""
    server.comes(numbered(1))
    first = await email.collect(None)
    again = await email.collect(first.cursor)
    server.comes(numbered(2))
    later = await email.collect(again.cursor)
    assert [texts(email, one.deliveries) for one in (first, again, later)] == [["Mail 1"], [], ["Mail 2"]]
    assert not any("STORE" in one or one.startswith("SELECT") for one in server.commands)


@pytest.mark.usefixtures("now")
async def test_lost_is_fetched_again(email: Email, server: MailServer) -> None:
    """What was not kept is fetched again, under the same key."""
    server.comes(numbered(1))
    first, again = await email.collect(None), await email.collect(None)
    assert [[email.delivery_key(one) for one in found.deliveries] for found in (first, again)] == [["INBOX 1 1"]] * 2


async def test_where_to_begin(email: Email, server: MailServer, now: datetime) -> None:
    """A mailbox that was never read is read from some days back; an empty one from now on."""
    empty = await email.collect(None)
    server.comes(numbered(1), at=now - timedelta(days=40))
    server.comes(numbered(2), at=now - timedelta(days=20))
    assert texts(email, (await email.collect(None)).deliveries) == ["Mail 2"]
    assert texts(email, (await email.collect(empty.cursor)).deliveries) == ["Mail 1", "Mail 2"]


@pytest.mark.usefixtures("now")
async def test_new_era(email: Email, server: MailServer) -> None:
    """Where a folder was made anew its numbers mean other mails, and it is read anew."""
    server.comes(numbered(1))
    first = await email.collect(None)
    server.boxes["INBOX"] = Box(era=2)
    server.comes(numbered(2))
    assert texts(email, (await email.collect(first.cursor)).deliveries) == ["Mail 2"]


@pytest.mark.usefixtures("now")
async def test_some_at_once(email: Email, server: MailServer) -> None:
    """Of many mails some are fetched at once, and the others behind them."""
    for n in range(120):
        server.comes(numbered(n))
    found: list[Collected] = []
    cursor = None
    while not found or found[-1].is_more:
        found.append(await email.collect(cursor))
        cursor = found[-1].cursor
    assert [len(one.deliveries) for one in found] == [50, 50, 20]
    assert len({email.delivery_key(one) for some in found for one in some.deliveries}) == 120


@pytest.mark.usefixtures("now")
async def test_large_mails_are_cut(email: Email, server: MailServer) -> None:
    """Of a mail that is too large the beginning is fetched, in which people's words stand."""
    small = email.settings.model_copy(update={"largest_bytes": 4_096})
    box = Email("support", small, email.equipment)
    server.comes(mail("Words first\n" + "x" * 60 + "\n" * 100_000))
    (delivery,) = (await box.collect(None)).deliveries
    assert len(delivery.body) == 4_096
    assert texts(box, [delivery]) == ["Words first\n" + "x" * 60]


@pytest.mark.usefixtures("now")
async def test_marks_what_is_kept(email: Email, server: MailServer) -> None:
    """Where the settings say so, mails are marked as read, and only those that are kept by then."""
    box = Email("support", email.settings.model_copy(update={"marks_seen": True}), email.equipment)
    first = server.comes(numbered(1))
    found = await box.collect(None)
    assert first.flags == set()
    await box.collect(found.cursor)
    assert first.flags == {"\\Seen"}


@pytest.mark.usefixtures("now")
async def test_copy_tells(email: Email, server: MailServer) -> None:
    """A copy in the folder of sent mails is the company's own, and one of ours says by which key it was sent."""
    sender: dict[str, str | None] = {"from": "Anna <support@shop.example>", "to": "Bob <bob@example.com>"}
    server.comes(mail("Ours", message_id=f"<{own_id('k1', 'root@x', 'shop.example')}>", **sender), "Sent")
    server.comes(mail("By hand", message_id="<by-hand@shop.example>", **sender), "Sent")
    found = await email.collect(None)
    told = [only(Utterance, event) for one in found.deliveries for event in email.events(one)]
    assert [(one.text, one.direction, one.key) for one in told] == [("Ours", "OUT", "k1"), ("By hand", "OUT", None)]
    assert {one.who for one in told} == {Who("email", "support", "bob@example.com")}
    assert [one.author_name for one in told] == ["Anna", "Anna"]


async def test_moment_of_the_mailbox(email: Email, server: MailServer, now: datetime) -> None:
    """A mail without a Date was sent when it came into the mailbox."""
    came = (now - timedelta(days=2)).replace(microsecond=0)
    server.comes(mail("x", date=None), at=came)
    ((event,),) = [email.events(one) for one in (await email.collect(None)).deliveries]
    assert only(Utterance, event).sent_at == came


@pytest.mark.usefixtures("now")
async def test_gone_meanwhile(email: Email, server: MailServer) -> None:
    """A mail that somebody deletes between two questions is left out, and the others are not."""
    gone, stays = server.comes(numbered(1)), server.comes(numbered(2))
    server.faults = {"UID SEARCH": f"* SEARCH {gone.uid} {stays.uid}\nTAG OK done"}
    server.boxes["INBOX"].mails.remove(gone)
    # The folder of sent mails is asked the same, and has none of them.
    assert texts(email, (await email.collect(None)).deliveries) == ["Mail 2"]


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"": "* BYE ann@example.com full"}, ChannelDown),
        ({"": "<html>"}, ChannelDown),
        ({"": "* OK"}, None),
        ({"CAPABILITY": HANGS}, ChannelDown),
        ({"CAPABILITY": "* CAPABILITY IMAP4rev1 LOGINDISABLED\nTAG OK done"}, ChannelRefused),
        ({"LOGIN": "TAG NO [AUTHENTICATIONFAILED] support@shop.example no"}, ChannelRefused),
        ({"LOGIN": "TAG NO [UNAVAILABLE] later"}, ChannelBusy),
        ({"LOGIN": "TAG NO support@shop.example"}, ChannelRefused),
        ({"LOGIN": HANGS}, ChannelDown),
        ({"LOGIN": CUTS}, ChannelDown),
        ({"EXAMINE": "TAG NO [NONEXISTENT] INBOX"}, ChannelRefused),
        ({"EXAMINE": "* 1 EXISTS\nTAG OK done"}, BadPayload),
        ({"EXAMINE": "* OK [UIDVALIDITY x] y\nTAG OK done"}, BadPayload),
        ({"UID SEARCH": "TAG BAD no"}, ChannelError),
        ({"UID SEARCH": "* SEARCH x 99999999999999 1\nTAG OK done"}, None),
        ({"UID SEARCH": CUTS}, ChannelDown),
        ({"UID FETCH": "* 1 FETCH (UID 1 RFC822.SIZE x)\nTAG OK done"}, None),
        ({"UID FETCH": "* 1 FETCH (RFC822.SIZE 5 BODY[] {99999999999}"}, ChannelError),
        ({"UID FETCH": "* 1 FETCH (UID 7 RFC822.SIZE 5 BODY[] {5}\n12345)\nTAG OK done"}, None),
        ({"UID FETCH": HANGS}, ChannelDown),
        ({"UID FETCH": "junk"}, ChannelDown),
        ({"LOGOUT": CUTS}, None),
    ],
    ids=range(22),
)
@pytest.mark.usefixtures("now")
async def test_named_failures(
    email: Email, server: MailServer, faults: dict[str, str], error: type[ChannelError] | None
) -> None:
    """Whatever the server does is a failure of the contract, or a mail is read; nothing that it says is quoted."""
    server.comes(numbered(1))
    server.faults = faults
    if error is None:
        assert (await email.collect(None)).cursor
        return
    with pytest.raises(error) as raised:
        await email.collect(None)
    assert "@" not in str(raised.value)


@pytest.mark.usefixtures("now")
async def test_promises_too_much(email: Email, server: MailServer) -> None:
    """A server that promises more than was asked for is not waited for."""
    server.comes(numbered(1))
    server.faults = {"UID FETCH": "* 1 FETCH (UID 1 RFC822.SIZE 5 BODY[] {99999999999}"}
    with pytest.raises(ChannelDown, match="broke off"):
        await email.collect(None)


async def test_nobody_there(email: Email) -> None:
    """A server that is gone is down."""
    gone = email.settings.model_copy(update={"imap_url": "imap://127.0.0.1:9"})
    with pytest.raises(ChannelDown):
        await Email("support", gone, email.equipment).collect(None)


def test_nothing_to_look_into(email: Email) -> None:
    """A mailbox that is not named is not looked into."""
    assert email.collects()
    assert not Email("support", email.settings.model_copy(update={"imap_url": None}), email.equipment).collects()
