"""Is who takes nothing of what is sent let go, on every route and transport, and nobody who takes it slowly?"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from gateway import leaving, sockets
from gateway.answering import Answering
from tests.gateway.conftest import Gate, served
from tests.gateway.raw_socket import HEAD, TEXT, frame
from tests.waiting import until

TIMES = 20
LONG = "a" * 200_000
ECHOES = "query($text: String!) {" + "".join(f" e{n}: echo(text: $text)" for n in range(TIMES)) + " }"
ENDED = asyncio.Event()


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has much patience."""
    monkeypatch.setattr(leaving, "_PATIENCE_S", 0.3)
    monkeypatch.setattr(leaving, "_LEAVE_S", 0.3)


async def connected(address: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A client that takes some kilobytes of what it does not read."""
    place = urlsplit(address)
    mine = socket.socket()
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32_768)
    mine.setblocking(False)
    await asyncio.get_running_loop().sock_connect(mine, (place.hostname, place.port))
    return await asyncio.open_connection(sock=mine)


def posted(gate: Gate, text: str = LONG) -> bytes:
    """A question whose answer is twenty times as long as the text."""
    body = json.dumps({"query": ECHOES, "variables": {"text": text}}).encode()
    signed = gate.bearer()["Authorization"].encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nAuthorization: %b\r\n" % signed
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def rest(reader: asyncio.StreamReader) -> bytes:
    """All that is still to be heard."""
    heard = bytearray()
    with suppress(ConnectionError):
        async with asyncio.timeout(10):
            while part := await reader.read(65_536):
                heard += part
    return bytes(heard)


@pytest.mark.usefixtures("hurried")
@pytest.mark.parametrize("ends", [False, True], ids=["kept open", "half closed"])
async def test_takes_nothing(gate: Gate, address: str, *, ends: bool) -> None:
    """An answer that nobody takes is not kept for them."""
    reader, writer = await connected(address)
    writer.write(posted(gate))
    await asyncio.sleep(0.5)
    if ends:
        writer.write_eof()
    await asyncio.sleep(1.5)
    assert len(await rest(reader)) < TIMES * len(LONG)
    writer.close()


async def test_takes_too_long(gate: Gate, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is a whole answer kept for ever for who takes a little of it again and again."""
    monkeypatch.setattr("gateway.endpoint._WHOLE_S", 0.5)
    monkeypatch.setattr(leaving, "_LEAVE_S", 0.3)
    reader, writer = await connected(address)
    writer.write(posted(gate))
    for _ in range(10):
        await asyncio.sleep(0.2)
        await reader.read(100)
    assert len(await rest(reader)) < TIMES * len(LONG)
    writer.close()


@pytest.mark.usefixtures("hurried")
async def test_takes_it_slowly(gate: Gate, address: str) -> None:
    """Who takes an answer slowly has the whole of it."""
    reader, writer = await connected(address)
    writer.write(posted(gate, LONG[:100_000]))
    heard = bytearray(await reader.readuntil(b"\r\n\r\n"))
    async with asyncio.timeout(30):
        while len(heard) < TIMES * 100_000:
            await asyncio.sleep(0.02)
            heard += await reader.read(32_768)
        while not heard.endswith(b"}}}"):
            heard += await reader.read(32_768)
    assert json.loads(bytes(heard).partition(b"\r\n\r\n")[2])["data"]["e19"] == LONG[:100_000]
    writer.close()


@pytest.mark.usefixtures("hurried")
async def test_takes_nothing_of_a_stream() -> None:
    """What is sent while it is made is made no further."""
    ENDED.clear()
    async with served(Starlette(routes=[Route("/stream", stream), Route("/text", text)])) as address:
        _, writer = await connected(address)
        writer.write(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.wait_for(ENDED.wait(), 10)
        writer.close()


@pytest.mark.usefixtures("hurried")
async def test_takes_nothing_of_many() -> None:
    """So it is with many short answers on one connection, whoever gives them."""
    async with served(Starlette(routes=[Route("/text", text)])) as address:
        reader, writer = await connected(address)
        writer.write(b"GET /text HTTP/1.1\r\nHost: a\r\n\r\n" * 2_000)
        await asyncio.sleep(3)
        assert (await rest(reader)).count(b"HTTP/1.1 200") < 2_000
        writer.close()


async def test_waits_unwritten(gate: Gate, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a WebSocket one answer is written out at a time, and few are worked on before somebody takes them."""
    monkeypatch.setattr(sockets, "_PATIENCE_S", 1.0)
    monkeypatch.setattr(leaving, "_LEAVE_S", 0.3)
    answered, written_out = [], []
    answer, written = Answering.answer, sockets.written

    async def answering(*words: Any) -> Any:
        answered.append(words)
        return await answer(*words)

    def writing(message: Any, most: int) -> str:
        written_out.append(message["type"])
        return written(message, most)

    monkeypatch.setattr(Answering, "answer", answering)
    monkeypatch.setattr(sockets, "written", writing)
    reader, writer = await connected(address)
    writer.write(HEAD % b"a")
    init = {"type": "connection_init", "payload": gate.bearer()}
    # Whoever sends anything before the handshake is answered is cut off.
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    writer.write(frame(TEXT, json.dumps(init).encode()))
    for n in range(40):
        payload = {"query": ECHOES, "variables": {"text": LONG[:40_000]}}
        writer.write(frame(TEXT, json.dumps({"type": "subscribe", "id": f"{n}", "payload": payload}).encode()))
    await until(lambda: len(answered) >= 10)
    await asyncio.sleep(0.5)
    assert written_out.count("next") <= 5
    assert len(answered) <= 15
    await asyncio.sleep(2.5)
    assert len(await rest(reader)) < 20_000_000
    writer.close()


async def stream(_request: Request) -> StreamingResponse:
    """A stream without end."""

    async def pieces() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"a" * 60_000
                await asyncio.sleep(0)
        finally:
            ENDED.set()

    return StreamingResponse(pieces())


async def text(_request: Request) -> PlainTextResponse:
    """A short answer."""
    return PlainTextResponse("a" * 20_000)
