"""Does who sends a head slowly, or without end, hold nothing for long, and do others go on?"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from structlog.testing import capture_logs

from gateway import heads
from gateway.heads import MOST_HEADERS, Heads
from gateway.limit_settings import LimitSettings
from gateway.meters import measured
from tests.gateway import ticking, trouble
from tests.gateway.conftest import ME, Gate
from tests.gateway.socket_client import FOR_EVER, SLOW, opened
from tests.waiting import until

HEAD = b"POST /graphql HTTP/1.1\r\nhost: gate.example\r\n"


Opened = Callable[..., AbstractAsyncContextManager[tuple[str, int]]]


@pytest.fixture
async def listening(gate: Gate) -> AsyncIterator[Opened]:
    """Serves the gate with limits as the test says."""
    before = Heads.settings

    @asynccontextmanager
    async def serve(**limits: Any) -> AsyncIterator[tuple[str, int]]:
        Heads.bound(LimitSettings(**limits))
        config = uvicorn.Config(
            gate.app, port=0, lifespan="off", log_config=None, server_header=False, http=Heads, timeout_keep_alive=60
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
        try:
            yield server.servers[0].sockets[0].getsockname()[:2]
        finally:
            server.should_exit = True
            await serving

    yield serve
    Heads.bound(before)


async def said(place: tuple[str, int], *pieces: bytes, pause_s: float = 0) -> bytes:
    """What is answered to these pieces, until the server closes."""
    reader, writer = await asyncio.open_connection(*place)
    try:
        for one in pieces:
            writer.write(one)
            await asyncio.sleep(pause_s)
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize("pieces", [(), (b"G",), (HEAD,), (HEAD, b"x-slow: 1\r\n")], ids=len)
async def test_slow_heads(listening: Opened, pieces: tuple[bytes, ...]) -> None:
    """A head that does not come in time is answered 408 and closed, whether any of it came or none."""
    async with listening(head_read_s=0.2) as place:
        answer = await said(place, *pieces)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"LIMIT_EXCEEDED" in answer


async def test_slow_second_head(listening: Opened) -> None:
    """So it is with the second request of a connection; a quick one, and a silent connection, are not in its way."""
    async with listening(head_read_s=0.3) as place:
        whole = b"GET /healthz HTTP/1.1\r\nhost: gate.example\r\n\r\n"
        answer = await said(place, whole, whole, HEAD, pause_s=0.05)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert b"HTTP/1.1 408 " in answer


@pytest.mark.parametrize(
    "pieces",
    [
        (HEAD, b"x-long: " + b"a" * 9_000),
        (HEAD, *([b"x-%d: a\r\n" % n for n in range(1_000)])),
        (b"".join([HEAD, *([b"x-%d: a\r\n" % n for n in range(MOST_HEADERS)]), b"\r\n"]),),
    ],
    ids=["one header", "many headers", "many at once"],
)
async def test_endless_heads(listening: Opened, pieces: tuple[bytes, ...]) -> None:
    """A head that is too long, or of too many headers, is answered 431 and closed at once."""
    async with listening(head_bytes=8_192) as place:
        answer = await said(place, *pieces)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"LIMIT_EXCEEDED" in answer


@pytest.mark.parametrize(
    "pieces",
    [
        (b"GET /" + b"a" * 9_000,),
        (b"GET /", *[b"a" * 100] * 90),
        (b"GET /" + b"a" * 8_180, b" HTTP/1.1\r\n"),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nhost: gate.example\r\n\r\n",),
    ],
    ids=["at once", "in pieces", "just", "whole"],
)
async def test_long_address(listening: Opened, pieces: tuple[bytes, ...]) -> None:
    """A head that is too long by its address is answered 414, with the way out."""
    async with listening(head_bytes=8_192) as place:
        answer = await said(place, *pieces)
    assert answer.startswith(b"HTTP/1.1 414 URI Too Long\r\n")
    assert b"Ask by POST" in answer


@pytest.mark.parametrize(
    ("pieces", "limit"),
    [
        ((HEAD,), "head_read_s"),
        ((HEAD, b"x-long: " + b"a" * 9_000), "head_bytes"),
        ((b"".join([HEAD, *([b"x-%d: a\r\n" % n for n in range(MOST_HEADERS)]), b"\r\n"]),), "headers"),
        ((HEAD, *([b"x: a\r\n"] * 1_000)), "headers"),
    ],
    ids=["slow", "long", "many", "many more"],
)
async def test_refused_heads_counted(listening: Opened, pieces: tuple[bytes, ...], limit: str) -> None:
    """Each refused head is counted by the limit that it hit, and told once in a while."""

    def hit() -> int:
        found = re.search(rf'^gateway_limits_hit_total{{limit="{limit}"}} (\S+)$', measured().decode(), re.MULTILINE)
        return int(float(found[1])) if found else 0

    heads._seldom.clear()
    before = hit()
    async with listening(head_bytes=8_192, head_read_s=0.2) as place:
        with capture_logs() as lines:
            for _ in range(3):
                await said(place, *pieces)
    assert hit() - before == 3
    told = [one for one in lines if one["event"] == "heads are refused"]
    assert [(one["limit"], one["count"]) for one in told] == [(limit, 1)]


async def test_sends_on_when_refused(listening: Opened) -> None:
    """Whoever sends on without end behind a refusal is cut off."""
    async with listening(head_bytes=8_192) as place:
        _, writer = await asyncio.open_connection(*place)
        sent = 0
        with suppress(ConnectionError):
            while sent < 100_000_000:
                writer.write(HEAD + b"x" * 100_000)
                await writer.drain()
                sent += 100_000
        assert sent < 20_000_000


async def test_long_head_at_once(listening: Opened) -> None:
    """A head that comes whole, in one piece, may be no longer either."""
    async with listening(head_bytes=8_192) as place:
        whole = HEAD + b"x-long: " + b"a" * 9_000 + b"\r\ncontent-length: 2\r\n\r\n{}"
        answer = await said(place, whole)
    assert answer.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("piece", [b"\r\n", b"x"], ids=["blank lines", "a body that nobody reads"])
async def test_drips_behind_an_answer(listening: Opened, piece: bytes) -> None:
    """Who drips behind an answer, blank lines or the rest of a body, is let go as a slow head is."""
    early = HEAD + b"content-type: text/plain\r\ncontent-length: 100000\r\n\r\n"
    first = early if piece == b"x" else b"GET /healthz HTTP/1.1\r\nhost: gate.example\r\n\r\n"
    async with listening(head_read_s=0.3) as place:
        reader, writer = await asyncio.open_connection(*place)
        writer.write(first)
        assert (await asyncio.wait_for(reader.read(65_536), 10)).startswith(b"HTTP/1.1 ")
        async with asyncio.timeout(10):
            while not reader.at_eof():
                writer.write(piece)
                with suppress(TimeoutError, ConnectionError):
                    await asyncio.wait_for(reader.read(65_536), 0.05)
        writer.close()


@pytest.mark.parametrize(
    "first", [b"POST /graphql HTTP/1.1", b"PUT /graphql HTTP/1.1", b"GET /graphql HTTP/1.0"], ids=["POST", "PUT", "1.0"]
)
async def test_odd_upgrades(listening: Opened, first: bytes) -> None:
    """What asks for a WebSocket in a way that none begins in is answered as any request, and holds nothing."""
    asking = b"\r\nhost: a\r\nconnection: Upgrade, close\r\nupgrade: websocket\r\ncontent-length: 0\r\n\r\n"
    async with listening(head_read_s=0.3) as place:
        answer = await said(place, first + asking)
    assert answer.startswith(b"HTTP/1.1 4")


H2C = b"connection: Upgrade, HTTP2-Settings, close\r\nhttp2-settings: AAEAAEAAAAIAAAABAAMAAABk\r\nupgrade: h2c\r\n"
"""As Java's client asks for HTTP/2 with each first request."""


@pytest.mark.parametrize(
    "asking", [H2C, b"connection: upgrade, close\r\nupgrade: websocket\r\n"], ids=["h2c", "websocket"]
)
@pytest.mark.parametrize("size", [100_000, 7, 1])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["whole", "chunked"])
async def test_upgrades_in_vain(listening: Opened, gate: Gate, asking: bytes, size: int, *, is_chunked: bool) -> None:
    """Who posts a question and would like another protocol is answered in this one, however it comes in pieces."""
    signed = b"authorization: " + gate.bearer()["Authorization"].encode() + b"\r\ncontent-type: application/json\r\n"
    body = b'{"query": "{ viewer { subject } }"}'
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body
    length = b"transfer-encoding: chunked\r\n\r\n" if is_chunked else b"content-length: %d\r\n\r\n" % len(body)
    whole = HEAD + signed + asking + length + sent
    async with listening() as place:
        answer = await said(place, *(whole[n : n + size] for n in range(0, len(whole), size)))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b'"subject":"anna"' in answer


@pytest.mark.parametrize("pause_s", [0, 0.05])
async def test_body_is_no_request(listening: Opened, pause_s: float) -> None:
    """A body that looks like a request is none, also behind a head that asked for another protocol."""
    inner = b"GET /healthz HTTP/1.1\r\nhost: gate.example\r\n\r\n"
    head = HEAD + H2C + b"content-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(inner)
    async with listening() as place:
        answer = await said(place, head, inner, pause_s=pause_s)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 4")


async def test_many_upgrades_at_once(listening: Opened) -> None:
    """So many in one piece are answered one by one, in order, and with what stands behind them."""
    asking = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    last = b"GET /nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    async with listening() as place:
        answer = await said(place, asking * 1500 + last)
    assert answer.count(b"HTTP/1.1 200 ") == 1500
    assert answer.rindex(b"HTTP/1.1 404 ") > answer.rindex(b"HTTP/1.1 200 ")


async def test_trailers_are_no_headers(listening: Opened, gate: Gate) -> None:
    """Whoever signs in behind the body does not."""
    token = gate.bearer()["Authorization"].encode()
    head = HEAD + b"connection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    body = b'{"query": "{ viewer { subject } }"}'
    chunk = b"%x\r\n%s\r\n0\r\nauthorization: %s\r\n\r\n" % (len(body), body, token)
    async with listening() as place:
        answer = await said(place, head + chunk)
    assert answer.startswith(b"HTTP/1.1 401 ")


async def test_endless_trailers(listening: Opened) -> None:
    """What stands behind a body in chunks is not kept, and ends where a head would."""
    line = b"x-t: " + b"b" * 100 + b"\r\n"
    async with listening(head_bytes=8_192) as place:
        reader, writer = await asyncio.open_connection(*place)
        writer.write(HEAD + b"content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n0\r\n")
        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                while not reader.at_eof():
                    writer.write(line * 10)
                    await writer.drain()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(65_536), 0.02)
        writer.close()


async def test_socket_outlives_head(listening: Opened, gate: Gate) -> None:
    """A WebSocket is no head that comes slowly, however long it is silent or speaks."""
    async with listening(head_read_s=0.2) as place:
        address = f"http://{place[0]}:{place[1]}"
        async with opened(address, said=gate.bearer()) as silent, opened(address, said=gate.bearer()) as busy:
            for n in range(10):
                await busy.ask(ME, f"{n}")
                assert (await busy.hear())["type"] == "next"
                assert (await busy.hear())["type"] == "complete"
                await asyncio.sleep(0.06)
            await silent.ask(ME)
            assert (await silent.hear())["payload"]["data"] == {"viewer": {"subject": "anna"}}


async def test_usual_heads(listening: Opened, gate: Gate) -> None:
    """A body that is larger than a head may be, a browser's many headers, and kept connections are as ever."""
    async with listening(head_bytes=8_192, head_read_s=0.2) as place, httpx.AsyncClient(trust_env=False) as client:
        address = f"http://{place[0]}:{place[1]}/graphql"
        more = {f"x-{n}": "a" * 50 for n in range(40)}
        for _ in range(3):
            body = {"query": ME, "variables": {"filler": "a" * 50_000}}
            response = await client.post(address, json=body, headers=gate.bearer() | more)
            assert response.json()["data"] == {"viewer": {"subject": "anna"}}
            await asyncio.sleep(0.15)


@pytest.mark.parametrize(("version", "status"), [(b"1.1", b"400"), (b"1.0", b"401")])
async def test_host_is_named(listening: Opened, version: bytes, status: bytes) -> None:
    """A request that names no host is refused, as HTTP/1.1 has it."""
    head = (
        b"POST /graphql HTTP/%s\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}"
    )
    async with listening() as place:
        answer = await said(place, head % version)
    assert answer.partition(b"\r\n")[0].split(b" ")[1] == status


@pytest.mark.parametrize(
    ("coding", "status"),
    [(b"gzip, chunked", b"501"), (b"gzip\r\ntransfer-encoding: chunked", b"501"), (b"Chunked", b"401")],
)
async def test_codings_of_bodies(listening: Opened, coding: bytes, status: bytes) -> None:
    """A body that is packed for the way is not taken for what it is not: it is refused (RFC 9112, section 6.1)."""
    head = HEAD + b"content-type: application/json\r\nconnection: close\r\ntransfer-encoding: " + coding + b"\r\n\r\n"
    async with listening() as place:
        answer = await said(place, head + b"2\r\n{}\r\n0\r\n\r\n")
    assert answer.partition(b"\r\n")[0].split(b" ")[1] == status
    assert b'{"errors":' in answer


async def test_no_http(listening: Opened) -> None:
    """What is no HTTP is told so as everything else is told: in JSON, with a code, for no cache and no sniffing."""
    async with listening() as place:
        answer = await said(place, b"GET /\xff HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert (b"nosniff" in head, b"no-store" in head) == (True, True)
    assert json.loads(body)["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


@pytest.mark.parametrize("signs_in", [False, True])
@pytest.mark.parametrize(
    "body", [b"content-length: 99\r\n\r\n{", b"transfer-encoding: chunked\r\n\r\n5\r\n{"], ids=["sized", "chunked"]
)
async def test_upload_broken_off(listening: Opened, gate: Gate, body: bytes, *, signs_in: bool) -> None:
    """Who breaks off in the middle of a body is gone, and nothing of the gateway's is broken."""
    token = b"authorization: " + gate.bearer()["Authorization"].encode() + b"\r\n" if signs_in else b""
    with capture_logs() as lines:
        async with listening() as place:
            _, writer = await asyncio.open_connection(*place)
            writer.write(HEAD + token + b"content-type: application/json\r\n" + body)
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.close()
            await until(lambda: [one for one in lines if one["event"] == "request"])
    assert [one["status"] for one in lines if one["event"] == "request"] == [499]
    assert [one for one in lines if one["log_level"] == "error"] == []


def asked(query: str, *more: bytes, version: bytes = b"1.1") -> bytes:
    """A question as it is sent."""
    body = json.dumps({"query": query}).encode()
    lines = [b"host: a", b"content-type: application/json", b"content-length: %d" % len(body), *more]
    return b"POST /graphql HTTP/%b\r\n%b\r\n\r\n%b" % (version, b"\r\n".join(lines), body)


@pytest.mark.parametrize("ahead", [0, 1, 5])
@pytest.mark.parametrize("is_later", [False, True])
@pytest.mark.parametrize("question", [FOR_EVER, SLOW], ids=["subscription", "query"])
async def test_leaves_with_more_asked(
    listening: Opened, gate: Gate, question: str, ahead: int, *, is_later: bool
) -> None:
    """Who leaves is seen to leave, also where further requests came ahead of the answer; and that is no error."""
    events = ticking if question == FOR_EVER else trouble
    events.STARTED.clear()
    events.ENDED.clear()
    headers = [b"authorization: " + gate.bearer()["Authorization"].encode(), b"accept: text/event-stream"]
    more = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n" * ahead
    with capture_logs() as lines:
        async with listening() as place:
            _, writer = await asyncio.open_connection(*place)
            writer.write(asked(question, *headers) + (b"" if is_later else more))
            await asyncio.wait_for(events.STARTED.wait(), 10)
            if is_later:
                await asyncio.sleep(0.1)
                writer.write(more)
                await asyncio.sleep(0.05)
            writer.close()
            await asyncio.wait_for(events.ENDED.wait(), 2)
    assert [one for one in lines if one["log_level"] == "error"] == []


@pytest.mark.parametrize(
    ("question", "accept", "status"),
    [
        (ME, b"*/*", b"200"),
        ("subscription { ticks(times: 2) { number } }", b"text/event-stream", b"400"),
        ("{ viewer { ... @defer { subject } } }", b"multipart/mixed", b"200"),
    ],
)
async def test_no_pieces_of_old(listening: Opened, gate: Gate, question: str, accept: bytes, status: bytes) -> None:
    """HTTP/1.0 has no pieces: what would come in such comes whole, or is refused in words."""
    headers = [b"authorization: " + gate.bearer()["Authorization"].encode(), b"accept: " + accept]
    async with listening() as place:
        answer = await said(place, asked(question, *headers, version=b"1.0"))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == status
    assert b"transfer-encoding" not in head
    assert json.loads(body).get("data", {"viewer": {"subject": "anna"}}) == {"viewer": {"subject": "anna"}}
