"""Does the log hold nothing that a client sent and no address of theirs, whatever they send, and no flood of lines?"""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus

from gateway import server_lines
from gateway.logs import configure_logs
from tests.gateway.conftest import Gate, served
from tests.gateway.raw_socket import TEXT, frame
from tests.gateway.socket_client import opened
from tests.waiting import until

SAID = "what-a-client-sent"
HOST = "127.0.0.77"
HANDSHAKE = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
_SAID = SAID.encode()
BROKEN = {
    "no HTTP": _SAID + b"\r\n\r\n",
    "odd header": b"GET / HTTP/1.1\r\nHost: x\r\n" + _SAID + b"\r\n\r\n",
    "odd path": b"GET /graphql?\xff" + _SAID + b" HTTP/1.1\r\nHost: x\r\n" + HANDSHAKE,
    "odd value": b"GET /graphql?" + _SAID + b" HTTP/1.1\r\nHost: x\r\nX-Odd: \xff" + _SAID + b"\r\n" + HANDSHAKE,
    "odd key": b"GET /graphql?" + _SAID + b" HTTP/1.1\r\nHost: x\r\nX-Odd: " + _SAID + b"\r\n"
    + HANDSHAKE.replace(b"AAAA==", _SAID),
    "no UTF-8": b"GET /graphql?" + _SAID + b" HTTP/1.1\r\nHost: x\r\n" + HANDSHAKE + frame(TEXT, b"\xff" + _SAID),
    "odd frame": b"GET /graphql HTTP/1.1\r\nHost: x\r\n" + HANDSHAKE + b"\xff\x12" + _SAID,
    "odd end": b"GET /graphql HTTP/1.1\r\nHost: x\r\n" + HANDSHAKE + frame(8, b"\x00\x01" + _SAID),
    "h2c": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: " + _SAID + b"\r\n\r\n",
}  # fmt: skip


@pytest.fixture
def written(logs_as_before: None) -> Iterator[StringIO]:
    """Where the log goes, with all that it may hold; nothing was told before."""
    del logs_as_before
    stream = StringIO()
    server_lines._seldom.clear()
    configure_logs("debug", stream=stream)
    yield stream
    server_lines._seldom.clear()


def lines_of(stream: StringIO) -> list[dict[str, Any]]:
    """The lines, each of which is JSON."""
    return [json.loads(one) for one in stream.getvalue().splitlines()]


async def send(address: str, *pieces: bytes) -> None:
    """Sends these, and reads until the gate closes."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, local_addr=(HOST, 0))
    with suppress(ConnectionError):
        for one in pieces:
            writer.write(one)
            await asyncio.sleep(0.05)
        writer.write_eof()
        await asyncio.wait_for(reader.read(), 10)
    writer.close()


async def test_no_query_string(gate: Gate, written: StringIO) -> None:
    """Of a WebSocket, taken or refused, the log has the request line alone; the server's beginning is told."""
    async with served(gate.app) as address:
        for origin in (None, "https://elsewhere.example"):
            with suppress(InvalidStatus):
                path = f"{address}/graphql?access_token={SAID}&rest="
                async with opened(path, origin=origin, local_addr=(HOST, 0)):
                    pass
        await until(lambda: sum(one["event"] == "request" for one in lines_of(written)) == 2)
    assert SAID not in written.getvalue()
    assert HOST not in written.getvalue()
    told = [one["event"] for one in lines_of(written) if one["logger"] == "uvicorn.error"]
    assert any(one.startswith("Started server process") for one in told)
    assert any(one.startswith("Finished server process") for one in told)


@pytest.mark.parametrize("name", BROKEN)
async def test_no_word_of_theirs(gate: Gate, written: StringIO, name: str) -> None:
    """What is broken is told without a word of it, an address, a traceback or an error."""
    async with served(gate.app) as address:
        head, end, rest = BROKEN[name].partition(b"\r\n\r\n")
        await send(address, head + end, rest)
    for word in (SAID, HOST, "Traceback"):
        assert word not in written.getvalue()
    assert [one for one in lines_of(written) if one["level"] == "error"] == []


async def test_told_seldom(gate: Gate, written: StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often somebody sends no HTTP, it is told once in a while, with how often it was."""
    async with served(gate.app) as address:
        for _ in range(20):
            await send(address, BROKEN["no HTTP"])
        monkeypatch.setattr(server_lines._seldom["broken HTTP"], "_told_at", 0.0)
        await send(address, BROKEN["no HTTP"])
    told = [one for one in lines_of(written) if one["event"] == "broken HTTP"]
    assert [(one["level"], one["count"]) for one in told] == [("warning", 1), ("warning", 20)]


def test_words_left_out(written: StringIO) -> None:
    """What a connection has to say in the words of somebody else is told without them."""
    path = "/x/uvicorn/protocols/http/httptools_impl.py"
    record = logging.LogRecord("uvicorn.error", logging.ERROR, path, 1, "Odd: '%s'.", (SAID,), None)
    logging.getLogger("uvicorn.error").handle(record)
    assert [one["event"] for one in lines_of(written)] == ["Odd: '%s'."]
