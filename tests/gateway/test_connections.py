"""Does who holds connections without end shut nobody out, and is one too many told so?"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from structlog.testing import capture_logs

from gateway import connections
from gateway.heads import Heads
from gateway.limit_settings import LimitSettings
from gateway.meters import measured
from gateway.seldom import Seldom
from tests.gateway.conftest import ME, Gate, served
from tests.gateway.socket_client import opened
from tests.waiting import until

MOST = 10
PROBE = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def address(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """Where the gate is, which holds ten connections."""
    before = Heads.settings
    Heads.bound(LimitSettings(connections=MOST))
    for name in ("_refused", "_closed"):
        monkeypatch.setattr(connections, name, Seldom())
    async with served(gate.app) as found:
        yield found
    Heads.bound(before)
    assert (Heads._idle, Heads._leaving) == ({}, set())


async def connected(address: str, *sent: bytes) -> Ends:
    """A connection on which this was sent."""
    host, port = address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"".join(sent))
    return reader, writer


async def many(address: str, count: int, *sent: bytes) -> list[Ends]:
    """So many of them."""
    return [await connected(address, *sent) for _ in range(count)]


async def status(ends: Ends) -> bytes:
    """The status of the next answer."""
    head = await asyncio.wait_for(ends[0].readuntil(b"\r\n\r\n"), 10)
    length = re.search(rb"content-length: (\d+)", head)
    await ends[0].readexactly(int(length[1]) if length else 0)
    return head.split(b" ")[1]


def close(*several: Ends) -> None:
    """Closes them all."""
    for _, writer in several:
        writer.close()


def asked(gate: Gate, query: str) -> bytes:
    """A question as it is sent."""
    body = json.dumps({"query": query}).encode()
    lines = [b"host: a", b"content-type: application/json", b"content-length: %d" % len(body)]
    signed = b"authorization: " + gate.bearer()["Authorization"].encode()
    return b"POST /graphql HTTP/1.1\r\n%b\r\n\r\n%b" % (b"\r\n".join([*lines, signed]), body)


def hits(limit: str) -> float:
    """How often it was hit."""
    found = re.search(rf'gateway_limits_hit_total{{limit="{limit}"}} (\S+)', measured().decode())
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", PROBE, b"POST /graphql HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n{"], ids=len
)
async def test_idle_give_way(address: str, gate: Gate, sent: bytes) -> None:
    """Connections without a whole request shut nobody out: who waits for an answer gets it, and who comes is served."""
    before = hits("idle_connections")
    busy = await connected(address, asked(gate, "{ slow(seconds: 1.5) }"))
    await until(lambda: len(Heads._idle) == 0)
    regular = await connected(address)
    silent: list[Ends] = []
    with capture_logs() as lines:
        async with opened(address, said=gate.bearer()) as socket:
            for _ in range(10):
                silent += await many(address, 4, sent)
                regular[1].write(asked(gate, ME))
                assert await status(regular) == b"200"
            newcomer = await connected(address, PROBE)
            assert await status(newcomer) == b"200"
            assert await status(busy) == b"200"
            await socket.ask(ME)
            assert (await socket.hear())["type"] == "next"
    assert hits("idle_connections") - before >= 30
    told = [one for one in lines if one["event"] == "idle connections give way"]
    assert [(one["log_level"], one["most"], one["count"]) for one in told] == [("warning", MOST, 1)]
    close(busy, regular, newcomer, *silent)


async def test_one_too_many(address: str, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all wait for answers, one more is told so and closed; they get theirs, and then there is place."""
    monkeypatch.setattr(connections, "_MOST_LEAVING", 2)
    before = hits("connections")
    busy = await many(address, MOST, asked(gate, "{ slow(seconds: 2) }"))
    await until(lambda: len(Heads._idle) == 0)
    with capture_logs() as lines:
        first, *others = await many(address, 5)
        # As a client does, that has not seen yet what is said.
        first[1].write(PROBE)
        head, _, body = (await asyncio.wait_for(first[0].read(), 5)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\n")
        assert json.loads(body)["errors"][0]["extensions"] == {"code": "LIMIT_EXCEEDED"}
        assert [await status(one) for one in others] == [b"503"] * 4
    assert hits("connections") - before == 5
    assert [one["count"] for one in lines if one["event"] == "connections are refused"] == [1]
    assert [await status(one) for one in busy] == [b"200"] * MOST
    newcomer = await connected(address, PROBE)
    assert await status(newcomer) == b"200"
    close(newcomer, first, *others, *busy)


async def test_sockets_are_held(address: str, gate: Gate) -> None:
    """A WebSocket is held until it ends, however silent it is."""
    async with AsyncExitStack() as held:
        for _ in range(MOST - 1):
            await held.enter_async_context(opened(address, said=gate.bearer()))
        async with opened(address, said=gate.bearer()):
            refused = await connected(address, PROBE)
            assert await status(refused) == b"503"
        newcomer = await connected(address, PROBE)
        assert await status(newcomer) == b"200"
    close(refused, newcomer)


async def test_ahead_is_not_idle(address: str, gate: Gate) -> None:
    """Who has asked more ahead of an answer waits for that, too."""
    ahead = await connected(address, asked(gate, ME), asked(gate, "{ slow(seconds: 1) }"), asked(gate, ME))
    assert await status(ahead) == b"200"
    silent = await many(address, 3 * MOST)
    assert [await status(ahead) for _ in range(2)] == [b"200"] * 2
    close(ahead, *silent)
