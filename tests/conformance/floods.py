"""Asks a gateway without end for what it allows, or never ends to ask: `make conformance`.

Nothing of this is wrong by itself, so that little of it can be refused. While it goes on, one kind at a time, the
slowest of an agent's panels may take twice what it takes in quiet, or 100 ms where that is more; the process's memory
may grow by 200 MB at most; and when the flood has ended, everybody is let in. Times are of this machine, beside
whatever else runs. Long lists side by side are measured by benchmarks/fairness.py.
"""

import asyncio
import itertools
import resource
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import orjson

from tests.conformance.attacks import SECRET, headers_of, p99_of, panels_of, say
from tests.gateway.processes import Running
from tests.gateway.raw_socket import HEAD

MOST_TIMES: Final = 2.0
ALWAYS_GOOD_S: Final = 0.100
MOST_GROWN_MB: Final = 200
_PANELS: Final = 400
_CONNECTIONS: Final = 1_500
_LONG: Final = "{ customers(first: 100) { nodes { tickets(first: 20) { nodes { id subject } } } } }"


async def new_questions(url: str) -> None:
    """Questions that nobody has asked before, good ones, and only for what they cost."""
    async with httpx.AsyncClient(headers=headers_of("mallory"), trust_env=False, timeout=60) as client:
        for n in itertools.count():
            fields = " ".join(f"a{n}_{m}: customers(first: 1) {{ nodes {{ id displayName }} }}" for m in range(15))
            await client.post(f"{url}/cost", json={"query": f"{{ {fields} }}"})


async def counts(url: str) -> None:
    """As many counts of customers by their records as a question may have, side by side."""
    bought = 'customers(first: 1, filter: {bought: {since: "2000-01-01T00:00:00Z"}}) { totalCount }'
    await _side_by_side(url, f"{{ a: {bought} b: {bought} }}", 16)


async def unread_parts(url: str) -> None:
    """Answers in parts that nobody reads."""
    query = f"{{ ...A @defer }} fragment A on Query {_LONG}"
    await _unread(url, query, 50, accept="multipart/mixed")


async def unread_answers(url: str) -> None:
    """Long answers that nobody reads."""
    fields = " ".join(f"{'a' * 120}{n}: displayName" for n in range(25))
    await _unread(url, f"{{ customers(first: 100) {{ nodes {{ {fields} }} }} }}", 200)


async def handshakes(url: str) -> None:
    """Handshakes of WebSockets with a body, and bytes behind them without end."""
    head = HEAD.replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\n")

    async def one() -> None:
        while True:
            with suppress(OSError):
                _, writer = await _connected(url)
                writer.write(head % urlsplit(url).netloc.encode())
                while True:
                    writer.write(b"x" * 65_536)
                    await writer.drain()

    await asyncio.gather(*(one() for _ in range(8)))


async def silence(url: str) -> None:
    """Connections on which nothing is said, and some on which a head never ends."""
    held = []
    for n in itertools.count():
        with suppress(OSError):
            held.append(await _connected(url))
            if n % 2:
                held[-1][1].write(b"POST /graphql HTTP/1.1\r\n")
        if len(held) > _CONNECTIONS:
            held.pop(0)[1].transport.abort()
        await asyncio.sleep(0.001)


async def readiness(url: str) -> None:
    """A crowd that asks each second whether the gateway is ready."""
    asked = b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    async def one() -> None:
        with suppress(OSError):
            reader, writer = await _connected(url)
            writer.write(asked)
            await reader.read()
            writer.close()

    while True:
        await asyncio.gather(*(one() for _ in range(200)), asyncio.sleep(1))


async def bodies(url: str) -> None:
    """Bodies of questions that lack their last byte: what the server reads ahead of the gate's budget counts, too."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers_of("mallory").items())
    size = 256 * 1024
    start = f"POST /graphql HTTP/1.1\r\nHost: a\r\n{head}Content-Length: {size}\r\n\r\n".encode()

    async def one() -> None:
        while True:
            with suppress(OSError):
                reader, writer = await _connected(url)
                writer.write(start + b" " * (size - 1))
                await reader.read()
                writer.close()

    await asyncio.gather(*(one() for _ in range(400)))


FLOODS: Final = {
    one.__name__: one
    for one in (
        new_questions,
        counts,
        unread_parts,
        unread_answers,
        handshakes,
        silence,
        readiness,
        bodies,
    )
}


async def _side_by_side(url: str, query: str, count: int) -> None:
    async with httpx.AsyncClient(headers=headers_of("mallory"), trust_env=False, timeout=60) as client:

        async def one() -> None:
            while True:
                await client.post(url, json={"query": query})

        await asyncio.gather(*(one() for _ in range(count)))


async def _unread(url: str, query: str, count: int, *, accept: str = "application/json") -> None:
    body = orjson.dumps({"query": query})
    head = "".join(f"{name}: {value}\r\n" for name, value in {**headers_of("mallory"), "Accept": accept}.items())
    asked = f"POST /graphql HTTP/1.1\r\nHost: a\r\n{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    async def one() -> None:
        while True:
            with suppress(OSError):
                _, writer = await _connected(url, limit=1024)
                writer.transport.pause_reading()
                writer.write(asked)
                await asyncio.sleep(30)
                writer.transport.abort()

    await asyncio.gather(*(one() for _ in range(count)))


async def _connected(url: str, *, limit: int = 65_536) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    place = urlsplit(url)
    return await asyncio.open_connection(place.hostname, place.port, limit=limit)


async def main() -> int:
    """0 where others go on beside each flood, and everybody is let in behind it."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        without = dict.fromkeys((f"GATEWAY_{one}_PER_MINUTE" for one in ("REQUESTS", "COST", "LOOKUPS")), "0")
        settings = {**without, "GATEWAY_JWT_SECRET": SECRET, "GATEWAY_CONNECTIONS": str(_CONNECTIONS * 2 // 3)}
        running = await asyncio.to_thread(
            lambda: Running(Path(folder), "demo", GATEWAY_LOG_LEVEL="warning", **settings)
        )
        try:
            await asyncio.to_thread(running.ready)
            failed = [name for name in FLOODS if not await _goes_on(running, name)]
        finally:
            running.end()
            running.kill()
    say(f"Failed: {', '.join(failed)}." if failed else "Beside each flood others go on.")
    return 1 if failed else 0


async def _goes_on(running: Running, name: str) -> bool:
    """Whether others go on beside a flood."""
    url = f"{running.address}/graphql"
    async with httpx.AsyncClient(headers=headers_of("anna"), trust_env=False, timeout=60) as client:
        panels = await panels_of(client, url)
        for _ in range(2):
            quiet_s = await p99_of(client, url, panels, _PANELS)
        before = _memory_mb(running.process.pid)
        beside: list[float] = []

        async def ask() -> None:
            beside.append(await p99_of(client, url, panels, _PANELS))

        await _beside(url, name, ask)
        grown_mb = _memory_mb(running.process.pid) - before
    # By a connection of its own, as somebody does who comes new.
    async with httpx.AsyncClient(headers=headers_of("ben"), trust_env=False, timeout=60) as client:
        is_let_in = (await client.post(url, json={"query": "{ viewer { role } }"})).status_code == httpx.codes.OK
    is_good = is_let_in and beside[0] <= max(MOST_TIMES * quiet_s, ALWAYS_GOOD_S) and grown_mb <= MOST_GROWN_MB
    say(
        f"  {'ok  ' if is_good else 'FAIL'}  {name}: p99 of the panel {quiet_s * 1000:.1f} ms in quiet, "
        f"{beside[0] * 1000:.1f} ms beside; {grown_mb:+.0f} MB; {'all' if is_let_in else 'NOBODY'} let in behind it"
    )
    return is_good


async def _beside(url: str, name: str, work: Callable[[], Awaitable[None]]) -> None:
    # In a process of its own, as in tests/conformance/attacks.py.
    flooding = await asyncio.create_subprocess_exec(
        "nice", "-n", "19", sys.executable, "-m", "tests.conformance.floods", url, name
    )
    try:
        await asyncio.sleep(3)
        await work()
        if flooding.returncode is not None:
            raise SystemExit(f"The flood {name} has ended by itself.")
    finally:
        with suppress(ProcessLookupError):
            flooding.kill()
        await flooding.wait()


def _memory_mb(pid: int) -> float:
    words = Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:", 1)[1].split()
    return int(words[0]) / 1024


def _flood(url: str, name: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, hard), hard))
    asyncio.run(FLOODS[name](url))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _flood(*sys.argv[1:])
    else:
        sys.exit(asyncio.run(main()))
