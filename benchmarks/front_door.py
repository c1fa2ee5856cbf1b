"""What do limits, budgets, metrics and the log cost an answer?

    python -m benchmarks.front_door [customers] [rounds]

The gateway as it guards itself by default, with metrics and one log line per request, against one that counts nothing
and logs nothing; or against another checkout's, whose `profile-gateway` FRONT_DOOR_BEFORE names. Windows in turns.
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
from typing import Final

import orjson

from benchmarks.bench import judged
from benchmarks.peers.filling import Wanted, filled, usual_folder
from benchmarks.peers.processes import Load, Running, apart_from, installed, running
from benchmarks.peers.questions import bodies, headers, probe
from benchmarks.peers.roster import NODE, OURS, SERVERS, Server
from benchmarks.peers.running import UNREACHED, shared_environment
from gateway.mongod import Mongod

MOST: Final = 1.05
_WINDOW_S, _WARM_S = 4.0, 4.0
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
    """Prints what each answers a second, and the median of the ratios, for the panel and the inbox."""
    customers, rounds = (int(one) for one in (*sys.argv[1:], *("20000", "9")[len(sys.argv) - 1 :]))
    if shutil.which("npm") is None:
        print("front door: left out, because npm is not installed; the load generator is npm's autocannon.")
        return
    await installed(NODE)
    async with filled(Wanted(customers, usual_folder())) as database:
        await _measured(database, customers, rounds)


async def _measured(database: Mongod, customers: int, rounds: int) -> None:
    secret = secrets.token_urlsafe(32)
    async with AsyncExitStack() as stack:
        server_core, other_core = stack.enter_context(apart_from(database.pid)) or (None, None)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shared = shared_environment(database.url, secret)
        both: list[Running] = [
            await stack.enter_async_context(running(one, shared, server_core, probe(secret))) for one in servers()
        ]
        load = await stack.enter_async_context(Load.opened(NODE, other_core))
        print(f"front door: guarded against {both[1].server.name}; {customers:,} customers, one connection")
        for name in ("W1", "W2"):
            path = folder / f"{name}.json"
            path.write_bytes(orjson.dumps(bodies(name, customers, 1)))
            for one in both:
                await load.window(one, headers(secret), path, 1, _WARM_S)
            ratios = []
            for number in range(rounds):
                found = {}
                for one in both if number % 2 else both[::-1]:
                    found[one.server.name] = (await load.window(one, headers(secret), path, 1, _WINDOW_S))["per_s"]
                guarded, plain = found[both[0].server.name], found[both[1].server.name]
                ratios.append(plain / guarded)
                print(f"  {name} round {number + 1}: {guarded:.1f}/s, {plain:.1f}/s, {ratios[-1]:.3f}", flush=True)
            median = statistics.median(ratios)
            print(f"{judged(median <= MOST)}: {name} takes {median:.3f} times as long (at most {MOST:g})")


if __name__ == "__main__":
    asyncio.run(main())
