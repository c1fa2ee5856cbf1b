"""Is every handshake answered, in JSON where it is refused, and does nobody hold a connection by one that is none?"""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from gateway.heads import Heads
from gateway.limit_settings import LimitSettings
from gateway.socket_frames import SocketFrames
from tests.gateway.conftest import ANSWERED, ME, Gate, served
from tests.gateway.raw_socket import PING, frame
from tests.gateway.socket_client import opened

KEY = b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
VERSION = b"Sec-WebSocket-Version: 13\r\n"
PROTOCOL = b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n"
LONG = b"a" * 9_000
NONE = {
    "a body": (400, "BAD_REQUEST", KEY + VERSION + b"Content-Length: 5\r\n"),
    "chunks": (400, "BAD_REQUEST", KEY + VERSION + b"Transfer-Encoding: chunked\r\n"),
    "a long line": (431, "LIMIT_EXCEEDED", KEY + VERSION + b"X-Long: " + LONG + b"\r\n"),
    "no key": (400, "BAD_REQUEST", VERSION),
    "two keys": (400, "BAD_REQUEST", KEY + KEY + VERSION),
    "a bad key": (400, "BAD_REQUEST", VERSION + b"Sec-WebSocket-Key: x\r\n"),
    "an old version": (426, "BAD_REQUEST", KEY + b"Sec-WebSocket-Version: 8\r\n"),
    "no version": (426, "BAD_REQUEST", KEY),
    "another protocol, too": (426, "BAD_REQUEST", b"Upgrade: h2c\r\nUpgrade: websocket\r\n" + KEY + VERSION),
    "an odd subprotocol": (400, "BAD_REQUEST", KEY + VERSION + b"Sec-WebSocket-Protocol: ,;=\r\n"),
}


@pytest.fixture
def hurried() -> Iterator[None]:
    """Heads come, and are answered, within a moment."""
    before = Heads.settings, SocketFrames.settings
    for one in (Heads, SocketFrames):
        one.bound(LimitSettings(head_read_s=0.3))
    yield
    Heads.settings, SocketFrames.settings = before


def asking(more: bytes, path: bytes = b"/graphql") -> bytes:
    """A head that would like a WebSocket."""
    return b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n%b\r\n" % (path, more)


async def told(address: str, head: bytes, then: bytes = b"", *, again: bool = False) -> bytes:
    """All that is said to who sends this, until the gate closes; raises TimeoutError where it does not."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    heard = b""
    try:
        async with asyncio.timeout(8):
            writer.write(head)
            with suppress(ConnectionError):
                while again or then:
                    writer.write(then)
                    await writer.drain()
                    await asyncio.sleep(0)
                    if not again:
                        break
            with suppress(ConnectionError):
                while part := await reader.read(65_536):
                    heard += part
    finally:
        writer.close()
    return heard


@pytest.mark.parametrize(("status", "code", "more"), NONE.values(), ids=NONE)
async def test_refused(address: str, status: int, code: str, more: bytes) -> None:
    """What begins no WebSocket is told why, as everything else is told, and the connection is closed."""
    head, _, body = (await told(address, asking(more))).partition(b"\r\n\r\n")
    first, *lines = head.decode().lower().split("\r\n")
    headers = dict(one.split(": ", 1) for one in lines)
    assert first.startswith(f"http/1.1 {status} ")
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers.get("sec-websocket-version") == ("13" if status == 426 else None)
    assert json.loads(body)["errors"][0]["extensions"]["code"] == code


async def test_long_address(address: str) -> None:
    """So it is with an address that is too long for one."""
    answer = await told(address, asking(KEY + VERSION, b"/graphql?" + LONG))
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(("status", "code", "more"), NONE.values(), ids=NONE)
async def test_floods_behind_it(gate: Gate, address: str, status: int, code: str, more: bytes) -> None:
    """Whoever sends on without end behind what was refused is cut off, and others are answered as before."""
    del status, code
    await told(address, asking(more), frame(PING) * 10_000, again=True)
    assert (await gate.ask(ME)).json() == ANSWERED


async def test_nothing_before_the_answer() -> None:
    """Whoever does not wait for the answer to a handshake is cut off (RFC 6455, section 4.1)."""
    async with served(silent()) as address:
        place = urlsplit(address)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(asking(KEY + VERSION))
        await asyncio.sleep(0.1)
        writer.write(frame(PING))
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


@pytest.mark.usefixtures("hurried")
async def test_never_answered() -> None:
    """A handshake that nobody answers is given up."""
    async with served(silent()) as address:
        assert await told(address, asking(KEY + VERSION)) == b""


@pytest.mark.usefixtures("hurried")
async def test_answered_in_time(gate: Gate, address: str) -> None:
    """What was answered is not given up."""
    async with opened(address, said=gate.bearer()) as client:
        await asyncio.sleep(0.6)
        await client.ask(ME)
        assert (await client.hear())["payload"] == ANSWERED


async def test_behind_another_question(address: str) -> None:
    """A handshake that is sent ahead of an answer is an ordinary request: its frames would stand in that answer."""
    first = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    second = asking(KEY + VERSION + PROTOCOL).replace(b"Connection: Upgrade", b"Connection: Upgrade, close")
    answer = await told(address, first + second)
    assert answer.count(b"HTTP/1.1 200 ") == 1
    assert b"HTTP/1.1 401 " in answer


def silent() -> Starlette:
    """An application that answers no handshake."""

    async def wait(_socket: WebSocket) -> None:
        await asyncio.sleep(2)

    return Starlette(routes=[WebSocketRoute("/graphql", wait)])
