"""What do limits, budgets, metrics and the log cost an answer?

    python -m benchmarks.front_door              25 rounds
    python -m benchmarks.front_door 5            fewer, for a quick look

The agent panel (W1) and the inbox (W2) asked of the application, without a network between: the house as it guards
itself by default, counts for Prometheus and logs each request at `info` to a file, beside one that bounds, counts and
logs nothing. Both stand in this process, and take turns after a few questions each, so that whatever else the machine
does falls upon both.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple

import uvloop
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Message

from adapters.mongo import Store
from benchmarks.bench import judged
from benchmarks.busy import busy_store, inbox, panels, quarters
from gateway.app import Door, House, application
from gateway.endpoint import PATH
from gateway.logs import configure_logs
from gateway.memory import settle_memory
from gateway.settings import Settings
from gateway.tokens import signed_token
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role

MOST: Final = 1.05
WARM, BLOCKS = 50, 4
# The log and the meters hear of what ended within half of it (gateway/ends.py).
_LATER_S: Final = 0.1
_BOUNDS: Final = ("requests_per_minute", "cost_per_minute", "lookups_per_minute")
# As many as there may be a minute are counted against, and never reached.
_GUARDED: Final = {
    "requests_per_minute": 10_000_000,
    "cost_per_minute": 1_000_000_000,
    "lookups_per_minute": 10_000_000,
}
_PLAIN: Final = dict.fromkeys(_BOUNDS, 0)


class Spent(NamedTuple):
    """What questions took: on the clock, and of this process's time."""

    wall_s: float
    own_s: float


async def main(words: Sequence[str] = ()) -> None:
    """Prints milliseconds a question of both, and what the guarded one takes to the other."""
    rounds = int(words[0]) if words else 25
    if "tests.net" in sys.modules:
        raise RuntimeError("The tests' net reads each line of the log once more, and the gateway would pay for that.")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        configure_logs("info", stream=stack.enter_context((folder / "log").open("w")))
        store, built = await busy_store(stack, folder)
        guarded, plain = (_house(store, built, folder, bounds) for bounds in (_GUARDED, _PLAIN))
        asked = {"guarded": application(guarded), "plain": _unwatched(plain)}
        scope = _scope(guarded)
        for name, bodies, count in (("W1", panels(), 30), ("W2", [inbox()], 10)):
            await _measured(name, asked, scope, bodies, rounds=rounds, count=count)
        for house in (guarded, plain):
            await house.ledger.close()


async def _measured(
    name: str, asked: dict[str, ASGIApp], scope: dict[str, Any], bodies: list[bytes], *, rounds: int, count: int
) -> None:
    for app in asked.values():
        for n in range(WARM):
            await _ask(app, scope, bodies[n % len(bodies)])
    found: dict[str, list[Spent]] = {way: [] for way in asked}
    drawn = random.Random(1)
    settle_memory()
    for _ in range(rounds):
        turns: dict[str, list[Spent]] = {way: [] for way in asked}
        for n in range(BLOCKS):
            # Both are asked the same, one right behind the other.
            block = [bodies[(n * count + m) % len(bodies)] for m in range(count)]
            for way in drawn.sample(list(asked), len(asked)):
                turns[way].append(await _asked(asked[way], scope, block))
        for way, spent in turns.items():
            found[way].append(Spent(*(statistics.median(kind) / count for kind in zip(*spent, strict=True))))
    print(f"front door, {name}: {BLOCKS} times {count} questions of each a round, {rounds} rounds")
    for way, spent in found.items():
        wall, own = (statistics.median(kind) * 1000 for kind in zip(*spent, strict=True))
        print(f"  {way:<8} {wall:7.3f} ms a question, {own:7.3f} ms of this process")
    wall, own = (_ratios(found, kind) for kind in range(2))
    print(f"  of this process {own[1]:5.3f} times as much ({own[0]:5.3f} to {own[2]:5.3f})")
    print(
        f"{judged(wall[1] <= MOST)}: with limits, metrics and log {name} takes {wall[1]:.3f} times as long "
        f"({wall[0]:.3f} to {wall[2]:.3f}; at most {MOST:g})"
    )


def _ratios(found: dict[str, list[Spent]], kind: int) -> list[float]:
    """The guarded one's to the other's, round by round: a quarter of the rounds below, the middle, above."""
    return quarters([a[kind] / b[kind] for a, b in zip(found["guarded"], found["plain"], strict=True)])


def _house(store: Store, built: Graph, folder: Path, bounds: dict[str, int]) -> House:
    secret = SecretStr("a sample secret for benchmarks, long enough")
    bounded: dict[str, Any] = dict(bounds)
    return House(Settings(data_folder=folder, secret=secret, jwt_secret=secret, **bounded), store=store, graph=built)


def _unwatched(house: House) -> Starlette:
    door = Door()
    door.open(house)
    return Starlette(routes=[Route(PATH, door)])


def _scope(house: House) -> dict[str, Any]:
    token = signed_token(house.settings, Role.AGENT, "anna", at=house.clock().timestamp(), for_s=3600, more={})
    headers = [(b"content-type", b"application/json"), (b"authorization", f"Bearer {token}".encode())]
    place = {"path": PATH, "raw_path": PATH.encode(), "root_path": "", "query_string": b""}
    who = {"client": ("127.0.0.1", 50_000), "server": ("127.0.0.1", 8_000), "scheme": "http"}
    return {"type": "http", "http_version": "1.1", "method": "POST", "headers": headers, **place, **who}


async def _asked(app: ASGIApp, scope: dict[str, Any], block: list[bytes]) -> Spent:
    """What these questions took, one behind the other, with what is told and counted of them a moment later."""
    for body in block[:3]:
        # Behind the pause of the other's turn.
        await _ask(app, scope, body)
    begin, began = time.perf_counter(), time.process_time()
    for body in block:
        await _ask(app, scope, body)
    wall_s, ended = time.perf_counter() - begin, time.process_time()
    await asyncio.sleep(_LATER_S)
    later_s = time.process_time() - ended
    return Spent(wall_s + later_s, ended + later_s - began)


async def _ask(app: ASGIApp, scope: dict[str, Any], body: bytes) -> None:
    """One question; raises RuntimeError where it was refused."""
    status, sent, is_read = 0, b"", False

    async def receive() -> Message:
        nonlocal is_read
        if is_read:
            # Nobody leaves.
            await asyncio.Event().wait()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status, sent
        status = message.get("status", status)
        sent += message.get("body", b"")

    await app(dict(scope), receive, send)
    if status != 200 or b'"errors"' in sent[:20]:
        raise RuntimeError(sent[:500])


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
