"""A file that came with a message is fetched as long as Messenger shows the message."""

from typing import Any

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.contract.channel import WantedFile
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity
from tests.channels.messenger.double import PSID
from tests.channels.meta_graph import Graph


def wanted(key: str, of: str = "m_1") -> WantedFile:
    """A file of that id."""
    return WantedFile(external_id=key, of=of, of_kind="message")


def held(graph: Graph, *kinds: str, **more: Any) -> None:
    """Has a message with files, each named by its place."""
    at = [f"{graph.url}/media/{n}" for n in range(len(kinds))]
    files = [{kind: url if kind == "file_url" else {"url": url}} for kind, url in zip(kinds, at, strict=True)]
    graph.held["m_1"] = {"id": "m_1", "attachments": {"data": files}, **more}


@pytest.mark.parametrize("n", [0, 1, 2])
async def test_fetched(messenger: MetaMessaging, graph: Graph, n: int) -> None:
    """Its present address is asked for by its message, and its bytes by the address."""
    held(graph, "image_data", "video_data", "file_url")
    assert (await messenger.file(wanted(f"m_1/{n}"))).body == f"{n}".encode()


async def test_sticker(messenger: MetaMessaging, graph: Graph) -> None:
    """A sticker is a file that stands beside the others."""
    graph.held["m_1"] = {"id": "m_1", "sticker": f"{graph.url}/media/like"}
    assert (await messenger.file(wanted("m_1/0"))).body == b"like"


async def test_without_more(messenger: MetaMessaging, graph: Graph) -> None:
    """Where Meta knows no stickers of messages, the files are asked for alone."""
    held(graph, "image_data")
    graph.unknown_field = "sticker"
    assert (await messenger.file(wanted("m_1/0"))).body == b"0"


@pytest.mark.parametrize(
    ("key", "of"),
    [
        ("m_1/9", "m_1"),
        ("m_1/x", "m_1"),
        ("m_1", "m_1"),
        ("/0", ""),
        ("../0", ".."),
        ("a/b/0", "a/b"),
        (".../0", "..."),
    ],
)
async def test_no_such_file(messenger: MetaMessaging, graph: Graph, key: str, of: str) -> None:
    """An id that is none of a file's, or of none that is left, leads nowhere."""
    held(graph, "image_data")
    with pytest.raises(NoSuchIdentity):
        await messenger.file(wanted(key, of))
    assert [path for path, _ in graph.asked] in ([], ["/v26.0/m_1"])


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (9000001, None, NoSuchIdentity),
        (100, 33, NoSuchIdentity),
        (190, None, ChannelRefused),
        (100, None, ChannelRefused),
    ],
)
async def test_gone(
    messenger: MetaMessaging, graph: Graph, code: int, subcode: int | None, kind: type[Exception]
) -> None:
    """A message that Meta shows no more has no files; a dead token is another matter."""
    graph.fails("profile", code, subcode)
    with pytest.raises(kind) as failed:
        await messenger.file(wanted("m_9/0", "m_9"))
    assert PSID not in str(failed.value)


@pytest.mark.parametrize(
    "odd", [[], {"attachments": 7}, {"attachments": {"data": [7]}}, {"attachments": {"data": [{}]}}]
)
async def test_odd_answers(messenger: MetaMessaging, graph: Graph, odd: Any) -> None:
    """An answer that names no address is none that can be read."""
    graph.people["m_1"] = odd if isinstance(odd, list) else None
    if isinstance(odd, dict):
        graph.held["m_1"] = odd
    with pytest.raises(BadPayload):
        await messenger.file(wanted("m_1/0"))
