"""Words to customers go out once: as a comment on a ticket, or as a new ticket."""

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.contract.errors import ChannelBusy, ChannelRefused
from adapters.contract.found import Portion
from adapters.contract.records import Utterance, Who
from adapters.contract.sending import Outgoing, SendState, Template
from tests.channels.zendesk.double import NOW, Desk, ticket, user

ANN = Who("zendesk", "acme", "1")


def words(**more: object) -> Outgoing:
    """A message to Ann."""
    return Outgoing(**({"who": ANN, "key": "key-1", "text": "It is on its way.\nAnna", "now": NOW} | more))  # type: ignore[arg-type]


@pytest.fixture
def open_desk(desk: Desk) -> Desk:
    """A desk on which Ann has a ticket."""
    desk.users, desk.tickets = {1: user(1)}, {11: ticket(11, 1)}
    return desk


async def test_comment_on_ticket(open_desk: Desk, zendesk: Zendesk) -> None:
    """With a conversation it is a public comment on that ticket, in the name that the settings say."""
    sent = await zendesk.send(words(conversation="11"))
    assert (sent.state, sent.external_id) == (SendState.TAKEN, "9001")
    assert open_desk.written == [
        {
            "comment": {"body": "It is on its way.\nAnna", "public": True, "author_id": 900},
            "metadata": {"custom": {"profile_gateway_key": "key-1"}},
        }
    ]


@pytest.mark.usefixtures("open_desk")
async def test_echo_tells_key(zendesk: Zendesk) -> None:
    """A comment that is read later says by which key it was sent, under the id that the sending told."""
    sent = await zendesk.send(words(conversation="11"))
    (echo,) = [one for one in (await zendesk.past(ANN, Portion())).records if isinstance(one, Utterance)]
    assert (echo.external_id, echo.key, echo.direction) == (sent.external_id, "key-1", "OUT")


async def test_new_ticket(open_desk: Desk, zendesk: Zendesk) -> None:
    """Without a conversation a ticket is opened for the person, once, however often it is asked for."""
    first, again = await zendesk.send(words()), await zendesk.send(words())
    assert (first, first.conversation) == (again, "12")
    assert open_desk.lookups == ["miss", "hit"]
    assert [(one["requester_id"], one["subject"]) for one in open_desk.written] == [(1, "It is on its way.")]


async def test_unknown_outcome_of_comment(open_desk: Desk, zendesk: Zendesk) -> None:
    """A comment has no key at Zendesk: where no good answer came it may be there, and is not sent again."""
    open_desk.hurts_after = True
    open_desk.fault("/api/v2/tickets/11.json", 502)
    sent = await zendesk.send(words(conversation="11"))
    assert (sent.state, sent.external_id) == (SendState.UNKNOWN, None)
    assert len(open_desk.written) == 1
    (echo,) = [one for one in (await zendesk.past(ANN, Portion())).records if isinstance(one, Utterance)]
    assert echo.key == "key-1"


async def test_unknown_outcome_of_ticket(open_desk: Desk, zendesk: Zendesk) -> None:
    """A ticket has a key: where no good answer came, whoever sends it again finds it there, once."""
    open_desk.hurts_after = True
    open_desk.fault("/api/v2/tickets.json", 502)
    assert (await zendesk.send(words())).state is SendState.UNKNOWN
    assert (await zendesk.send(words())).external_id == "9001"
    assert len(open_desk.written) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(429, ChannelBusy), (409, ChannelBusy), (404, ChannelRefused), (422, ChannelRefused)]
)
async def test_certainly_not_sent(open_desk: Desk, zendesk: Zendesk, status: int, error: type[Exception]) -> None:
    """Where Zendesk said no, nothing went out, and the error says what to do."""
    open_desk.fault("/api/v2/tickets", status)
    with pytest.raises(error):
        await zendesk.send(words(conversation="11"))
    assert open_desk.written == []


@pytest.mark.parametrize(
    "more",
    [
        {"text": None},
        {"text": " \n"},
        {"text": "é" * 33_000},
        {"text": None, "template": Template(name="hello", language="en")},
        {"conversation": "11/../12"},
        {"who": Who("zendesk", "acme", "ann")},
    ],
)
async def test_nothing_to_send(open_desk: Desk, zendesk: Zendesk, more: dict[str, object]) -> None:
    """What Zendesk has no room for is refused before anybody is asked."""
    with pytest.raises(ChannelRefused):
        zendesk.require_allowed(words(**more))
    with pytest.raises(ChannelRefused):
        await zendesk.send(words(**more))
    assert not open_desk.asked


@pytest.mark.usefixtures("open_desk")
async def test_unknown_requester(zendesk: Zendesk) -> None:
    """Zendesk's own reason comes along as its code, without its words."""
    with pytest.raises(ChannelRefused) as refusal:
        await zendesk.send(words(who=Who("zendesk", "acme", "404")))
    assert refusal.value.code == "RecordInvalid"
