"""Attacks a gateway, and measures what they cost it and others: `make conformance`.

Each attack must be refused, within 50 ms of the server's time; and while they go on, the slowest of an agent's panels
may take twice what it takes in quiet. Times are of this machine, beside whatever else runs.
"""

import asyncio
import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
import orjson
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.sockets import PROTOCOL
from tests.gateway.processes import Running
from tests.gateway.raw_socket import PIECE, PING, PONG, TEXT, closed_with, flooded, frame
from tests.workloads import W1

SECRET: Final = "a sample secret for conformance, long enough"
MOST_S: Final = 0.050
MOST_TIMES: Final = 2.0
_PANELS: Final = 1_000
_TRIES: Final = 10
WHOM: Final = "{ customers(first: 50) { nodes { identities { channel account value } } } }"


def _chain(of: str, levels: int = 40) -> str:
    links = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {links} fragment F{levels} on Query {{ {of} }}"


_ROUNDS: Final = 5
# From another one each time: where frames came without end, nobody is let in again for a moment.
_ADDRESSES: Final = (f"127.0.{n}.{m}" for n in itertools.count(1) for m in range(1, 250))


def attacks() -> Iterator[tuple[str, bytes]]:
    """Each by its name, with the body."""
    overlapping = "{" + " ".join(f"a: customers(first: {n}) {{ nodes {{ id }} }}" for n in range(1, 200)) + "}"
    questions = {
        "aliases": "{ viewer {" + " ".join(f"a{n}: role" for n in range(600)) + " } }",
        "aliases at the top": "{" + " ".join(f"a{n}: viewer {{ role }}" for n in range(300)) + " }",
        "fragments": _chain("viewer { role }"),
        "fragments of aliases": _chain("a: viewer { b: role }"),
        "fragments of lists": _chain("customers(first: 100) { nodes { history(first: 100) { nodes { at } } } }"),
        "circular fragments": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "many fragments": "{ viewer { role } }"
        + "".join(f" fragment F{n} on Query {{ __typename }}" for n in range(300)),
        "directives": "{ viewer { role" + " @include(if: true)" * 300 + " } }",
        "unknown directives": "{ viewer { role" + " @a" * 900 + " } }",
        "fields": "{ viewer {" + " role" * 1_900 + " } }",
        "overlapping fields": overlapping,
        "depth": "{ customer(id: 1) {" + " relations { nodes { other {" * 60 + " id" + " } } }" * 60 + " } }",
        "inline fragments": "{" + " ... {" * 900 + " __typename" + " }" * 900 + " }",
        "width": "{ customers(first: 100) { nodes {" + " id createdAt version" * 200 + " } } }",
        "cost": "{ customers(first: 100) { nodes { tickets(first: 100) { nodes { id } } } } }",
        "operations": " ".join(f"query Q{n} {{ viewer {{ role }} }}" for n in range(300)),
        "comments": "#" + "a" * 60_000 + "\n{ viewer { role } " + "#\n" * 2_000 + "}",
        "a number": "{ customers(first: " + "9" * 60_000 + ") { totalCount } }",
        "a string": '{ customer(id: "' + "a" * 70_000 + '") { id } }',
        "brackets": "{ nodes(ids: " + "[" * 900 + "]" * 900 + ") { id } }",
        "objects": "{ customers(filter: " + "{ all: [" * 400 + "] }" * 400 + ") { totalCount } }",
        "introspection": "{ __schema { types {" + " fields { type {" * 12 + " name" + " } }" * 12 + " } } }",
        "suggestions": "{" + " ".join(f"custome{n} {{ i }}" for n in range(400)) + " }",
        "variables": "query (" + " ".join(f"$v{n}: Int" for n in range(400)) + ") { viewer { role } }",
    }
    for name, text in questions.items():
        yield name, orjson.dumps({"query": text})
    yield "a batch", orjson.dumps([{"query": "{ viewer { role } }"}] * 2_000)
    yield "a huge body", b'{"query": "{ viewer { role } }", "a": "' + b"a" * 300_000 + b'"}'
    yield "deep JSON", b'{"query": "{ viewer { role } }", "variables": ' + b'{"a":' * 20_000 + b"1" + b"}" * 20_001
    yield "a huge integer", b'{"query": "{ viewer { role } }", "variables": {"a": ' + b"9" * 200_000 + b"}}"
    yield (
        "many ids",
        orjson.dumps({"query": "query ($i: [ID!]!) { nodes(ids: $i) { id } }", "variables": {"i": ["a"] * 40_000}}),
    )
    filtered = "query ($f: CustomerFilter) { customers(filter: $f) { totalCount } }"
    for name, filter_ in (
        ("a filter of many words", {"tagged": [f"a{n}" for n in range(20_000)]}),
        ("a filter of many filters", {"attributes": [{}] * 50_000}),
        ("a filter of one word often", {"withTickets": ["OPEN"] * 20_000}),
    ):
        yield name, orjson.dumps({"query": filtered, "variables": {"f": filter_}})
    searched = "query ($s: String) { customers(search: $s) { totalCount } }"
    yield "a search for many words", orjson.dumps({"query": searched, "variables": {"s": "a " * 120_000}})
    referred = " ".join(f"a{n}: _entities(representations: $r) {{ __typename }}" for n in range(4))
    bad = {"r": [{"__typename": "Customer", "id": "x"}] * 1_000}
    yield "bad references", orjson.dumps({"query": f"query ($r: [_Any!]!) {{ {referred} }}", "variables": bad})
    yield "a forged cursor", orjson.dumps({"query": '{ customers(after: "' + "A" * 2_000 + '") { totalCount } }'})
    yield "a forged id", orjson.dumps({"query": '{ node(id: "' + "Q3VzdG9tZXI6" * 200 + '") { id } }'})
    yield "bad UTF-8", b'{"query": "{ viewer { role } }\xff"}'
    yield "no JSON", b"{" * 200_000


def socket_attacks() -> Iterator[tuple[str, list[str]]]:
    """Each by its name, with the messages of one connection on which nobody has said who asks."""
    yield "pings without end", ['{"type": "ping"}'] * 5_000
    yield "a deep ping", ['{"type": "ping", "payload": {"a": ' + "[" * 900 + "]" * 900 + "}}"]
    yield "a giant message", ["x" * 1_000_000]
    yield "questions before the sign-in", ['{"type": "subscribe", "id": "1", "payload": {"query": "{ a }"}}'] * 1_000
    yield "no JSON on a WebSocket", ["{" * 200_000]
    yield "inits without end", ['{"type": "connection_init", "payload": {"Authorization": "Bearer x"}}'] * 1_000


def frame_floods() -> Iterator[tuple[str, list[bytes]]]:
    """Each by its name, with the frames that are sent, the last ones again and again, until the gateway closes."""
    yield "bare pongs without end", [frame(PONG) * 10_000]
    yield "bare pings without end", [frame(PING) * 10_000]
    yield (
        "a message of empty pieces without end",
        [frame(TEXT, b"[", is_last=False), frame(PIECE, is_last=False) * 10_000],
    )
    yield "signs of life without end", [frame(TEXT, b'{"type": "pong"}') * 10_000]


async def main() -> int:
    """0 where each attack is refused in time and others are hardly slower."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        more = {"GATEWAY_JWT_SECRET": SECRET, "GATEWAY_REQUESTS_PER_MINUTE": "0", "GATEWAY_COST_PER_MINUTE": "0"}
        running = await asyncio.to_thread(
            lambda: Running(Path(folder), "demo", GATEWAY_LOOKUPS_PER_MINUTE="0", GATEWAY_LOG_LEVEL="warning", **more)
        )
        try:
            await asyncio.to_thread(running.ready)
            return await _attacked(running)
        finally:
            running.end()
            running.kill()


async def _attacked(running: Running) -> int:
    url, failed = f"{running.address}/graphql", 0
    numbers = itertools.count()
    async with httpx.AsyncClient(headers=headers_of("anna"), trust_env=False, timeout=30) as client:

        async def posted(body: bytes) -> bool:
            # Each by somebody else: who did it a moment ago is not even looked at.
            answer = await client.post(url, content=body, headers=headers_of(f"attacker{next(numbers)}"))
            told = answer.json()
            data = told.get("data") or {}
            return bool(told.get("errors")) and not any(data.values()) and answer.status_code < 500

        for name, body in attacks():
            failed += not await _is_bounced(running.process.pid, name, partial(posted, body))
        for name, messages in socket_attacks():
            failed += not await _is_bounced(running.process.pid, name, partial(_is_closed, url, messages))
        for name, frames in frame_floods():
            failed += not await _is_bounced(running.process.pid, name, partial(_is_cut, url, frames))
        failed += not await _others_go_on(client, url)
    say("failed" if failed else "Every attack bounces.")
    return 1 if failed else 0


async def _is_bounced(pid: int, name: str, is_refused: Callable[[], Awaitable[bool]]) -> bool:
    """Whether an attack is refused each time, in little of the server's time."""
    before = _worked_s(pid)
    refused = [await is_refused() for _ in range(_TRIES)]
    took_s = (_worked_s(pid) - before) / _TRIES
    is_good = all(refused) and took_s < MOST_S
    words = "refused" if all(refused) else "NOT REFUSED"
    say(f"  {'ok  ' if is_good else 'FAIL'}  {name}: {words}, {took_s * 1000:.0f} ms of the server's time")
    return is_good


async def _is_closed(url: str, messages: list[str]) -> bool:
    """Whether the gateway closes a connection on which this is said, by a code of the protocol."""
    place = {"local_addr": (next(_ADDRESSES), 0)}
    ws = url.replace("http:", "ws:")
    async with connect(ws, subprotocols=[Subprotocol(PROTOCOL)], proxy=None, **place) as socket:
        with suppress(ConnectionClosed):
            for one in messages:
                await socket.send(one)
        async with asyncio.timeout(10):
            with suppress(ConnectionClosed):
                async for _ in socket:
                    pass
    return socket.close_code is not None and socket.close_code not in {1000, 1005, 1006, 1011}


async def _is_cut(url: str, frames: list[bytes]) -> bool:
    """Whether the gateway closes a connection on which these are sent, by a code of the protocol."""
    return closed_with(await flooded(url, *frames, come_from=next(_ADDRESSES))) in {1008, 4400}


def _worked_s(pid: int) -> float:
    """For how long the process has worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def headers_of(subject: str) -> dict[str, str]:
    """What an agent of that subject sends ahead of a question."""
    claims = {"sub": subject, "name": subject, "role": "agent", "exp": int(time.time()) + 3_600}
    token = jwt.encode(claims, SECRET, algorithm="HS256")
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


async def _others_go_on(client: httpx.AsyncClient, url: str) -> bool:
    """Whether panels are hardly slower while somebody attacks, one attack behind the other without a pause.

    In the middle of some rounds, in each of which they are asked in quiet and beside.
    """
    panels = await panels_of(client, url)
    await p99_of(client, url, panels)
    rounds = [(await p99_of(client, url, panels), await _beside(client, url, panels)) for _ in range(_ROUNDS)]
    times = statistics.median(beside / quiet for quiet, beside in rounds)
    quiet, beside = (statistics.median(one) * 1000 for one in zip(*rounds, strict=True))
    say(f"  p99 of the panel: {quiet:.1f} ms in quiet, {beside:.1f} ms beside, {times:.2f} times")
    return times <= MOST_TIMES


async def _beside(client: httpx.AsyncClient, url: str, panels: list[bytes]) -> float:
    # In a process of its own, that takes no time from the gateway and from whoever measures but by what it asks: those
    # who attack have machines of their own.
    attacking = await asyncio.create_subprocess_exec(
        "nice", "-n", "19", sys.executable, "-m", "tests.conformance.attacks", url
    )
    try:
        await asyncio.sleep(2)
        return await p99_of(client, url, panels)
    finally:
        attacking.kill()
        await attacking.wait()


async def attack(url: str) -> None:
    """Attacks without a pause, by requests and on WebSockets, until somebody ends it."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_requests(url))
        group.create_task(_floods(url))


async def _floods(url: str) -> None:
    # As somebody does who has many addresses: one alone is shut out behind the first.
    for _, frames in itertools.cycle(frame_floods()):
        await flooded(url, *frames, come_from=next(_ADDRESSES))


async def _requests(url: str) -> None:
    bodies = [body for _, body in attacks()]
    async with httpx.AsyncClient(headers=headers_of("mallory"), trust_env=False, timeout=30) as client:
        for body in itertools.cycle(bodies):
            await client.post(url, content=body)


async def panels_of(client: httpx.AsyncClient, url: str) -> list[bytes]:
    """W1 of some customers, as it is sent."""
    found = (await client.post(url, content=orjson.dumps({"query": WHOM}))).json()["data"]["customers"]["nodes"]
    whom: list[dict[str, Any]] = [one["identities"][0] for one in found if one["identities"]]
    return [orjson.dumps({"query": W1, "variables": one, "operationName": "Panel"}) for one in whom]


async def p99_of(client: httpx.AsyncClient, url: str, panels: list[bytes], count: int = _PANELS) -> float:
    """Seconds within which 99 of a hundred of them are answered."""
    took = []
    for n in range(count):
        began = time.perf_counter()
        answer = await client.post(url, content=panels[n % len(panels)])
        took.append(time.perf_counter() - began)
        if "errors" in answer.json():
            raise SystemExit(f"The panel is refused: {answer.text[:300]}")
    return statistics.quantiles(took, n=100)[98]


def say(line: str) -> None:
    """Prints a line, now."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(attack(sys.argv[1]) if len(sys.argv) > 1 else main()))
