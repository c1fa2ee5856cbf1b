"""What was said before, as far as Messenger shows it, newest first, and from when on it is whole."""

import asyncio
from typing import Any

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.channels.meta_messaging.pacing import Pace
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelRefused, NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import File, Talk, Utterance, Who
from tests.channels.messenger.double import PAGE, PSID
from tests.channels.meta_graph import Graph, spoken

WHO = Who("messenger", PAGE, PSID)


def talked(count: int) -> list[dict[str, Any]]:
    """So many messages, by turns, the newest first."""
    return [spoken(n, PAGE if n % 2 else PSID) for n in range(count - 1, -1, -1)]


async def whole(messenger: MetaMessaging, at_most: int = 100) -> list[Found]:
    """Every portion of the past."""
    portions = [await messenger.past(WHO, Portion(at_most=at_most))]
    while portions[-1].after:
        assert len(portions) < 20
        portions.append(await messenger.past(WHO, Portion(at_most=at_most, after=portions[-1].after)))
    return portions


def words(found: list[Found]) -> list[str | None]:
    """What was said."""
    return [one.text for portion in found for one in portion.records if isinstance(one, Utterance)]


async def test_short_past(messenger: MetaMessaging, graph: Graph) -> None:
    """A short conversation comes whole, newest first, each side's words as its own, in the one that deliveries name."""
    graph.threads[PSID] = talked(3)
    (found,) = await whole(messenger)
    talk, *said = found.records
    assert isinstance(talk, Talk)
    assert (talk.external_id, talk.who) == (PSID, WHO)
    assert [(one.text, one.direction, one.status) for one in said if isinstance(one, Utterance)] == [
        ("Word 2", "IN", "RECEIVED"),
        ("Word 1", "OUT", "SENT"),
        ("Word 0", "IN", "RECEIVED"),
    ]
    assert (found.after, found.complete_since, found.unread) == (None, None, ())
    assert [path.rpartition("/")[2] for path, _ in graph.asked] == ["conversations", f"t_{PSID}"]


async def test_nothing_said(messenger: MetaMessaging, graph: Graph) -> None:
    """With whom nothing was said there is no past."""
    assert await whole(messenger) == [Found()]
    assert len(graph.asked) == 1


@pytest.mark.parametrize(("count", "portions"), [(20, 1), (21, 2), (60, 2)])
async def test_cut(messenger: MetaMessaging, graph: Graph, count: int, portions: int) -> None:
    """Of a long one the twenty latest are told; then it ends, and says from when on all is there."""
    graph.threads[PSID] = talked(count)
    found = await whole(messenger)
    assert words(found) == [f"Word {n}" for n in range(count - 1, count - 21, -1)]
    assert len(found) == portions
    last = found[-1].complete_since
    assert (last is not None) is (count > 20)
    if last is not None:
        assert last.minute * 60 + last.second == (count - 21) % 60 * 60 + 1


async def test_cut_within_a_page(messenger: MetaMessaging, graph: Graph) -> None:
    """Where the cut lies within a page, the oldest that is shown tells from when on all is there."""
    graph.threads[PSID] = talked(30)
    found = await whole(messenger, at_most=15)
    assert [len(words([one])) for one in found] == [15, 5]
    assert words(found) == [f"Word {n}" for n in range(29, 9, -1)]
    assert sum(path.endswith("conversations") for path, _ in graph.asked) == 1
    assert found[-1].complete_since is not None
    assert found[-1].complete_since.minute == 10


async def test_cut_by_an_error(messenger: MetaMessaging, graph: Graph) -> None:
    """Where Meta says of what lies further back that it was deleted, the past ends there."""
    graph.threads[PSID] = talked(30)
    first = await messenger.past(WHO, Portion())
    graph.fails("thread", 9000001)
    assert await messenger.past(WHO, Portion(after=first.after)) == Found()


async def test_files_and_stickers(messenger: MetaMessaging, graph: Graph) -> None:
    """A file is told with its name and type, and a sticker in words."""
    files = {"data": [{"id": "1", "name": "bill.pdf", "mime_type": "application/pdf", "size": 9}, {}]}
    sticker = spoken(1, PSID, "", sticker="https://cdn.example.com/like.png")
    graph.threads[PSID] = [spoken(2, PSID, "", attachments=files), sticker]
    (found,) = await whole(messenger)
    assert words([found]) == [None, "[sticker]"]
    told = [(one.name, one.media_type, one.of) for one in found.records if isinstance(one, File)]
    assert told == [("bill.pdf", "application/pdf", "m_2"), ("file", "application/octet-stream", "m_2")]


async def test_unknown_fields(messenger: MetaMessaging, graph: Graph) -> None:
    """Where Meta knows no files of messages, their words are asked for without; what has none says so."""
    graph.unknown_field, graph.threads[PSID] = "attachments", [spoken(1, PSID, ""), spoken(0, PSID)]
    (found,) = await whole(messenger)
    assert words([found]) == ["[not shown]", "Word 0"]


async def test_odd_messages(messenger: MetaMessaging, graph: Graph) -> None:
    """A message that cannot be read is told by its place, and those beside it are good."""
    graph.threads[PSID] = [spoken(3, PSID), spoken(2, PSID) | {"created_time": "soon"}, spoken(1, PSID)]
    (found,) = await whole(messenger)
    assert words([found]) == ["Word 3", "Word 1"]
    assert [one.why for one in found.unread] == [
        "messages.data[1].created_time is no moment of an exchange of messages"
    ]


@pytest.mark.parametrize("after", ["x", "W10=", "bnVsbA==", "W1tdLG51bGxd", "W1siLi4vbWUiXSxudWxsXQ==", "é"])
async def test_foreign_cursors(messenger: MetaMessaging, graph: Graph, after: str) -> None:
    """A cursor that is none of this channel's is asked of nobody."""
    with pytest.raises(BadPayload):
        await messenger.past(WHO, Portion(after=after))
    assert graph.asked == []


@pytest.mark.parametrize(
    ("code", "kind"), [(190, ChannelRefused), (230, ChannelRefused), (10, ChannelRefused), (80006, ChannelBusy)]
)
async def test_failures(messenger: MetaMessaging, graph: Graph, code: int, kind: type[Exception]) -> None:
    """A missing right is our account's, and a throttle passes."""
    graph.fails("conversations", code)
    graph.used(100, minutes=3)
    with pytest.raises(kind) as failed:
        await messenger.past(WHO, Portion())
    if isinstance(failed.value, ChannelRefused):
        assert failed.value.is_of_account
    if isinstance(failed.value, ChannelBusy):
        assert failed.value.retry_after_s == 180


async def test_unknown_person(messenger: MetaMessaging) -> None:
    """Of what can be no id there is no past."""
    with pytest.raises(NoSuchIdentity):
        await messenger.past(Who("messenger", PAGE, "../me"), Portion())


def test_pace() -> None:
    """No more calls begin within the time than may, and whoever would wait too long is told when to come back."""
    pace = Pace(2, within_s=1)
    assert [pace.wait_s(now) for now in (10, 10, 10.25, 10.5, 11.5, 20, 20)] == [0, 0, 0.75, 0.5, 0.5, 0, 0]
    waits = [pace.wait_s(20) for _ in range(6)]
    assert waits == [1, 1, 2, 2, 3, 3]
    with pytest.raises(ChannelBusy) as refused:
        pace.wait_s(20.5)
    assert refused.value.retry_after_s == 3.5


async def test_two_calls_a_second(messenger: MetaMessaging, graph: Graph) -> None:
    """More pasts than may be asked for at once are told to wait; nobody asks for them meanwhile."""
    asking = (messenger.past(Who("messenger", PAGE, f"{n}"), Portion()) for n in range(40))
    answers = await asyncio.gather(*asking, return_exceptions=True)
    busy = [one for one in answers if isinstance(one, ChannelBusy)]
    assert len(busy) + len(graph.asked) == 40
    # Two at once, and two each second of the three that a call waits at most; more where this machine took its time.
    assert 6 <= len(graph.asked) < 40
