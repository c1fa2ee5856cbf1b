"""Words go out once while the window is open, as a person's for longer; what nobody knows is called unknown."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.contract.channel import Capability
from adapters.contract.errors import ChannelBusy, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Template, WindowClosed
from tests.channels.messenger.double import PAGE, PSID
from tests.channels.meta_deliveries import NOW
from tests.channels.meta_graph import TOKEN, Graph

WHO = Who("messenger", PAGE, PSID)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def outgoing(**more: Any) -> Outgoing:
    """Words to somebody who wrote an hour ago."""
    return Outgoing(**{"who": WHO, "key": "key-1", "text": "Hello", "last_heard_at": NOW - HOUR, "now": NOW, **more})


def test_offers(messenger: MetaMessaging) -> None:
    """It knows people, pasts and files, hears and answers; everybody has one conversation with the page."""
    offered = {Capability.PROFILE, Capability.HISTORY, Capability.SEND, Capability.WEBHOOK, Capability.FILES}
    assert set(messenger.capabilities()) == offered
    assert messenger.talk_with(WHO) == PSID


async def test_text_goes_out(messenger: MetaMessaging, graph: Graph) -> None:
    """Words are handed over once, as an answer, with our key for the echo; Messenger names them."""
    sent = await messenger.send(outgoing())
    assert (sent.state, sent.external_id) == (SendState.TAKEN, "m_sent-1")
    assert graph.sent == [
        {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": {"text": "Hello", "metadata": "key-1"}}
    ]
    assert graph.asked == [(f"/v26.0/{PAGE}/messages", {})]
    assert graph.tokens == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("heard", "as_person", "allowed"),
    [
        (timedelta(), False, None),
        (DAY - MOMENT, False, None),
        (DAY - MOMENT, True, None),
        (DAY, False, ("human_agent",)),
        (DAY, True, None),
        (7 * DAY - MOMENT, False, ("human_agent",)),
        (7 * DAY - MOMENT, True, None),
        (7 * DAY, False, ()),
        (7 * DAY, True, ()),
        (None, False, ()),
        (None, True, ()),
    ],
    ids=str,
)
async def test_window(
    messenger: MetaMessaging, graph: Graph, heard: timedelta | None, *, as_person: bool, allowed: Any
) -> None:
    """A program may answer for 24 hours and a person for 7 days; else nothing is asked, and what may be is named."""
    late = outgoing(last_heard_at=None if heard is None else NOW - heard, as_human_agent=as_person)
    if allowed is None:
        assert (await messenger.send(late)).state is SendState.TAKEN
        is_tagged = heard is not None and heard >= DAY
        assert graph.sent[0].get("tag") == ("HUMAN_AGENT" if is_tagged else None)
        assert graph.sent[0]["messaging_type"] == ("MESSAGE_TAG" if is_tagged else "RESPONSE")
        return
    with pytest.raises(WindowClosed) as refused:
        await messenger.send(late)
    assert refused.value.allowed == allowed
    bound = DAY if allowed else 7 * DAY
    assert refused.value.closed_at == (None if heard is None else NOW - heard + bound)
    assert graph.sent == []


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"text": None, "template": Template(name="a", language="en")}, "no_template"),
        ({"text": None}, "no_text"),
        ({"text": " "}, "no_text"),
        ({"conversation": f"comments/1/{PSID}"}, "comments"),
    ],
)
async def test_refused_before(messenger: MetaMessaging, graph: Graph, more: dict[str, Any], code: str) -> None:
    """What the channel has no room for is refused before anybody is asked."""
    with pytest.raises(ChannelRefused) as refused:
        messenger.require_allowed(outgoing(**more))
    assert refused.value.code == code
    with pytest.raises(ChannelRefused):
        await messenger.send(outgoing(**more))
    assert graph.sent == []


async def test_hangs(impatient: MetaMessaging, graph: Graph) -> None:
    """Where the vendor takes it and does not answer, nobody knows whether it went out, and it is not sent again."""
    graph.hangs = True
    sent = await impatient.send(outgoing())
    assert (sent.state, sent.external_id) == (SendState.UNKNOWN, None)
    assert len(graph.sent) == 1


@pytest.mark.parametrize("answer", [{}, {"message_id": ""}, {"message_id": None}, [], "m_1"])
async def test_unnamed(messenger: MetaMessaging, graph: Graph, answer: Any) -> None:
    """Where a good answer names no message, nobody knows whether it went out."""
    graph.answer = answer
    assert (await messenger.send(outgoing())).state is SendState.UNKNOWN


ERRORS: list[tuple[int, int | None, type[ChannelError], bool]] = [
    (4, None, ChannelBusy, False),
    (613, None, ChannelBusy, False),
    (80006, None, ChannelBusy, False),
    (1200, None, ChannelBusy, False),
    (10, 2018278, WindowClosed, False),
    (10, 2018065, WindowClosed, False),
    (10, 2018108, ChannelRefused, False),
    (10, 2018300, ChannelRefused, False),
    (2018300, None, ChannelRefused, False),
    (2018321, None, ChannelBusy, False),
    (613, 2018338, ChannelBusy, False),
    (100, 2534029, ChannelRefused, True),
    (100, 2534037, ChannelRefused, False),
    (2022, None, ChannelRefused, True),
    (10, 1893063, ChannelRefused, True),
    (10, None, ChannelRefused, True),
    (100, None, ChannelRefused, False),
    (100, 2018001, NoSuchIdentity, False),
    (190, 463, ChannelRefused, True),
    (200, 1545041, ChannelRefused, False),
    (200, None, ChannelRefused, True),
    (230, None, ChannelRefused, True),
    (368, None, ChannelRefused, True),
    (551, 1545041, ChannelRefused, False),
    (999999, None, ChannelRefused, False),
]


@pytest.mark.parametrize(("code", "subcode", "kind", "is_of_account"), ERRORS)
async def test_errors(
    messenger: MetaMessaging,
    graph: Graph,
    code: int,
    subcode: int | None,
    kind: type[ChannelError],
    *,
    is_of_account: bool,
) -> None:
    """Each error is filed by what the caller does next, and names the code and nobody."""
    graph.fails("send", code, subcode)
    with pytest.raises(kind) as failed:
        await messenger.send(outgoing())
    assert type(failed.value) is kind
    assert str(code) in str(failed.value)
    assert PSID not in str(failed.value)
    if isinstance(failed.value, ChannelRefused):
        assert failed.value.is_of_account is is_of_account
    if isinstance(failed.value, ChannelBusy):
        assert failed.value.is_of_person is (2018321 in {code, subcode} or 2018338 in {code, subcode})
    assert len(graph.sent) == 1


@pytest.mark.parametrize(("code", "http"), [(1, 400), (2, 400), (2, 500), (777, 500)])
async def test_overload_is_unknown(messenger: MetaMessaging, graph: Graph, code: int, http: int) -> None:
    """Where Meta fails at its own, a message may have gone out all the same: it is not sent again."""
    graph.fails("send", code, http=http)
    assert (await messenger.send(outgoing())).state is SendState.UNKNOWN
    assert len(graph.sent) == 1


@pytest.mark.parametrize("error", [{"code": "4"}, {"code": True}, {}, {"code": 4, "error_subcode": "x"}, "text", None])
async def test_odd_errors(messenger: MetaMessaging, graph: Graph, error: Any) -> None:
    """An error in another shape is none that anybody trips over."""
    graph.errors["send"] = 400, {"error": error}
    with pytest.raises(ChannelError):
        await messenger.send(outgoing())
