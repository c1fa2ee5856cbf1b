"""What do limits, budgets, metrics and the log cost an answer?

    python -m benchmarks.front_door [customers] [pairs]

The gateway as it guards itself by default, with metrics and one log line per request, against one that counts nothing
and logs nothing; or against another checkout's, whose `profile-gateway` FRONT_DOOR_BEFORE names. Windows in turns,
of several pairs of processes.
"""

import asyncio
import os
import secrets
import shutil
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import orjson

from benchmarks.bench import judged
from benchmarks.peers.filling import Wanted, filled, usual_folder
from benchmarks.peers.processes import Load, Running, apart_from, cpu_s, installed, running
from benchmarks.peers.questions import bodies, headers, probe
from benchmarks.peers.roster import NODE, OURS, SERVERS, Server
from benchmarks.peers.running import UNREACHED, shared_environment
from gateway.mongod import Mongod

MOST: Final = 1.05
_WINDOW_S, _WARM_S = 4.0, 4.0
_ROUNDS: Final = 2
_GUARDED: Final = {
    **UNREACHED,
    "GATEWAY_LOOKUPS_PER_MINUTE": "10000000",
    "GATEWAY_LOG_LEVEL": "info",
    "GATEWAY_METRICS_TOKEN": "a sample token for metrics, long enough",
}
_PLAIN: Final = {"GATEWAY_REQUESTS_PER_MINUTE": "0", "GATEWAY_COST_PER_MINUTE": "0", "GATEWAY_LOG_LEVEL": "warning"}


def servers() -> tuple[Server, Server]:
    """The one that guards itself, and the other."""
    other = replace(SERVERS[OURS], name="plain", environment=_PLAIN)
    if before := os.environ.get("FRONT_DOOR_BEFORE"):
        other = replace(other, name="before", command=(before, "serve"), environment={})
    return replace(SERVERS[OURS], environment=_GUARDED), other


async def main() -> None:
    """Prints what each answers a second and its time on a core, and the medians of the ratios, for panel and inbox."""
    customers, pairs = (int(one) for one in (*sys.argv[1:], *("20000", "5")[len(sys.argv) - 1 :]))
    if shutil.which("npm") is None:
        print("front door: left out, because npm is not installed; the load generator is npm's autocannon.")
        return
    await installed(NODE)
    async with filled(Wanted(customers, usual_folder())) as database:
        await _measured(database, customers, pairs)


async def _measured(database: Mongod, customers: int, pairs: int) -> None:
    secret = secrets.token_urlsafe(32)
    found: dict[str, list[_Ratio]] = {"W1": [], "W2": []}
    async with AsyncExitStack() as stack:
        server_core, other_core = stack.enter_context(apart_from(database.pid)) or (None, None)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in found:
            (folder / f"{name}.json").write_bytes(orjson.dumps(bodies(name, customers, 1)))
        load = await stack.enter_async_context(Load.opened(NODE, other_core))
        shared = shared_environment(database.url, secret)
        print(f"front door: guarded against {servers()[1].name}; {customers:,} customers, one connection")
        for number in range(pairs):
            # Two processes of the very same words differ by some percent for as long as they live.
            async with AsyncExitStack() as pair:
                both = [
                    await pair.enter_async_context(running(one, shared, server_core, probe(secret)))
                    for one in servers()
                ]
                for name, ratios in found.items():
                    ratios.extend(await _compared(both, load, folder / f"{name}.json", secret))
                    for one in ratios[-_ROUNDS:]:
                        print(f"  pair {number + 1}, {name}: {one.took:.3f}; on a core {one.on_core:.3f}", flush=True)
    for name, ratios in found.items():
        took, on_core = (statistics.median(kind) for kind in zip(*ratios, strict=True))
        met = judged(took <= MOST)
        print(f"{met}: {name} takes {took:.3f} times as long (at most {MOST:g}), and {on_core:.3f} of the core")


class _Ratio(NamedTuple):
    """The guarded one's time for an answer over the other's, and the same of its time on a core."""

    took: float
    on_core: float


async def _compared(both: list[Running], load: Load, path: Path, secret: str) -> list[_Ratio]:
    for one in both:
        await load.window(one, headers(secret), path, 1, _WARM_S)
    ratios = []
    for number in range(_ROUNDS):
        spent = {}
        for one in both if number % 2 else both[::-1]:
            before = cpu_s(one.pid)
            per_s = (await load.window(one, headers(secret), path, 1, _WINDOW_S))["per_s"]
            spent[one.pid] = _Ratio(1 / per_s, (cpu_s(one.pid) - before) / (per_s * _WINDOW_S))
        guarded, other = (spent[one.pid] for one in both)
        ratios.append(_Ratio(guarded.took / other.took, guarded.on_core / other.on_core))
    return ratios


if __name__ == "__main__":
    asyncio.run(main())
