"""A mail that the server does not give out stops none of the others, and is not lost without a word."""

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
import pytest

from adapters.channels.email.channel import Email
from adapters.conformance.post_office import CUTS
from adapters.contract.channel import Collected
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown
from adapters.contract.records import Utterance
from tests.channels.email.letters import mail, only
from tests.channels.email.mailbox import MailServer

DAMAGED = "TAG NO [SERVERBUG] Internal error occurred. Refer to server log for more information."
HOUR, DAY = 3_600, 86_400


@pytest.fixture(autouse=True)
def some_mails(server: MailServer) -> None:
    """Three of them, with the numbers 1 to 3."""
    server.now = datetime.now(UTC)
    for n in range(1, 4):
        comes(server, n)


def comes(server: MailServer, n: int) -> None:
    """One more."""
    server.comes(mail(f"Mail {n}", message_id=f"<{n}@example.com>"))


def texts(email: Email, found: Collected) -> Sequence[str | None]:
    """What was written in mails that were fetched."""
    return [only(Utterance, event).text for one in found.deliveries if one.body for event in email.events(one)]


def later(cursor: str, seconds: int) -> str:
    """The cursor as it is so long after it was given."""
    told = orjson.loads(cursor)
    told["INBOX"][3] = [[number, since - seconds] for number, since in told["INBOX"][3]]
    return orjson.dumps(told).decode()


@pytest.mark.parametrize("said", [DAMAGED, "TAG NO Server Unavailable. 15", "TAG BAD Command Error. 10"])
async def test_others_are_read(email: Email, server: MailServer, said: str) -> None:
    """What lies before it and behind it is read, once; it is read where the server gives it out later."""
    server.withheld[2] = said
    first = await email.collect(None)
    again = await email.collect(first.cursor)
    server.withheld.clear()
    mended = await email.collect(again.cursor)
    after = await email.collect(mended.cursor)
    read = [texts(email, one) for one in (first, again, mended, after)]
    assert read == [["Mail 1", "Mail 3"], [], ["Mail 2"], []]
    assert not any(one.is_more for one in (first, again, mended, after))


@pytest.mark.parametrize(("seconds", "are_others_given"), [(HOUR, True), (DAY, False)])
async def test_set_aside(email: Email, server: MailServer, seconds: int, *, are_others_given: bool) -> None:
    """After an hour in which others are given out, or a day, people are told of it, and it is not asked for again."""
    server.withheld[2] = DAMAGED
    cursor = later((await email.collect(None)).cursor, seconds)
    if are_others_given:
        comes(server, 4)
    found = await email.collect(cursor)
    aside = found.deliveries[-1]
    assert email.delivery_key(aside) == "INBOX 1 2"
    with pytest.raises(BadPayload, match="does not give out"):
        email.events(aside)
    assert (await email.collect(found.cursor)).deliveries == ()


@pytest.mark.parametrize(("seconds", "are_others_given"), [(HOUR // 2, True), (DAY // 2, False)])
async def test_not_given_up_yet(email: Email, server: MailServer, seconds: int, *, are_others_given: bool) -> None:
    """Before that, or where the server gives out nothing, it is a trouble that may pass."""
    server.withheld[2] = DAMAGED
    cursor = later((await email.collect(None)).cursor, seconds)
    if are_others_given:
        comes(server, 4)
    found = await email.collect(cursor)
    server.withheld.clear()
    assert texts(email, await email.collect(found.cursor)) == ["Mail 2"]


@pytest.mark.parametrize("said", [CUTS, "TAG NO [UNAVAILABLE] later", "TAG NO [THROTTLED] later"])
async def test_breaks_off(email: Email, server: MailServer, said: str) -> None:
    """Where the server fails at one, those before it are kept, and the reading goes on at that one."""
    server.comes(mail("Sent", message_id="<s@example.com>", to="bob@example.com"), "Sent")
    server.withheld[2] = said
    found = await email.collect(None)
    assert (texts(email, found), found.is_more) == (["Mail 1"], True)
    with pytest.raises((ChannelDown, ChannelBusy)):
        await email.collect(found.cursor)
    server.withheld.clear()
    assert texts(email, await email.collect(found.cursor)) == ["Mail 2", "Mail 3", "Sent"]


async def test_many_refused(email: Email, server: MailServer) -> None:
    """Where nothing but refusals comes it is the server that fails: operators learn of it, and no mail is passed."""
    for n in range(4, 61):
        comes(server, n)
    server.withheld = dict.fromkeys(range(1, 61), DAMAGED)
    found = await email.collect(None)
    assert found.deliveries == ()
    with pytest.raises(ChannelBusy):
        await email.collect(found.cursor)
    server.withheld.clear()
    read: list[str] = []
    while found.is_more:
        found = await email.collect(found.cursor)
        read += map(str, texts(email, found))
    rest = await email.collect(found.cursor)
    assert sorted([*read, *map(str, texts(email, rest))]) == sorted(f"Mail {n}" for n in range(1, 61))


async def test_gone_is_not_owed(email: Email, server: MailServer) -> None:
    """One that people delete meanwhile is asked for no more."""
    server.withheld[2] = DAMAGED
    first = await email.collect(None)
    del server.boxes["INBOX"].mails[1]
    found = await email.collect(first.cursor)
    assert (found.deliveries, orjson.loads(found.cursor)["INBOX"][3]) == ((), [])


async def test_cursor_of_before(email: Email) -> None:
    """A cursor that knows nothing of such mails is read on from."""
    assert texts(email, await email.collect('{"INBOX":[1,1,[1]]}')) == ["Mail 2", "Mail 3"]
