"""Words go out once on Instagram, as long as its bytes and its window allow."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.channels.instagram import Instagram
from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.contract.errors import ChannelRefused, NoSuchIdentity
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, WindowClosed
from tests.channels.instagram.double import ACCOUNT, IGSID
from tests.channels.meta_deliveries import NOW
from tests.channels.meta_graph import Graph, reaching

WHO = Who("instagram", ACCOUNT, IGSID)


def outgoing(**more: Any) -> Outgoing:
    """Words to somebody who wrote an hour ago."""
    heard = NOW - timedelta(hours=1)
    return Outgoing(**{"who": WHO, "key": "key-1", "text": "Hello", "last_heard_at": heard, "now": NOW, **more})


async def test_text_goes_out(instagram: MetaMessaging, graph: Graph) -> None:
    """Words are handed over without a word of ours, for Instagram gives none back."""
    sent = await instagram.send(outgoing())
    assert (sent.state, sent.external_id) == (SendState.TAKEN, "m_sent-1")
    assert graph.sent == [{"recipient": {"id": IGSID}, "messaging_type": "RESPONSE", "message": {"text": "Hello"}}]
    assert graph.asked[0][0] == f"/v26.0/{ACCOUNT}/messages"


async def test_by_page(graph: Graph) -> None:
    """Where the account belongs to a page, words go out by that."""
    async with reaching(graph, Instagram, ACCOUNT, page_id="42") as instagram:
        await instagram.send(outgoing())
    assert graph.asked[0][0] == "/v26.0/42/messages"


@pytest.mark.parametrize(("text", "is_taken"), [("x" * 1000, True), ("é" * 500, True), ("é" * 501, False)])
async def test_bytes(instagram: MetaMessaging, graph: Graph, text: str, *, is_taken: bool) -> None:
    """A text is measured in bytes, and one that is too long is refused before anybody is asked."""
    if is_taken:
        assert (await instagram.send(outgoing(text=text))).state is SendState.TAKEN
        return
    with pytest.raises(ChannelRefused) as refused:
        await instagram.send(outgoing(text=text))
    assert (refused.value.code, graph.sent) == ("too_long", [])


@pytest.mark.parametrize(("days", "as_person", "is_open"), [(2, False, False), (2, True, True), (8, True, False)])
async def test_window(instagram: MetaMessaging, days: int, *, as_person: bool, is_open: bool) -> None:
    """A person may answer for seven days; a program for one."""
    late = outgoing(last_heard_at=NOW - timedelta(days=days), as_human_agent=as_person)
    if is_open:
        assert (await instagram.send(late)).state is SendState.TAKEN
        return
    with pytest.raises(WindowClosed):
        await instagram.send(late)


@pytest.mark.parametrize(("subcode", "kind"), [(2534022, WindowClosed), (2534014, NoSuchIdentity)])
async def test_own_errors(instagram: MetaMessaging, graph: Graph, subcode: int, kind: type[Exception]) -> None:
    """What Instagram says by subcodes of its own is filed by what the caller does next."""
    graph.fails("send", 10, subcode)
    with pytest.raises(kind) as failed:
        await instagram.send(outgoing())
    assert str(subcode) in str(failed.value)
