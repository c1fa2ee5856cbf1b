"""Does a short question wait behind a hundred long ones? One agent's panel, alone and beside a hundred inboxes at once.

    python -m benchmarks.fairness              twenty thousand customers, five rounds
    python -m benchmarks.fairness 500 2        fewer customers and rounds, for a quick look

Rounds are paired: the panel alone, then beside the inboxes. The load is made by a process for each of the two.
"""

import asyncio
import secrets
import shutil
import statistics
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import orjson

from benchmarks.bench import judged
from benchmarks.peers.filling import Wanted, filled, usual_folder
from benchmarks.peers.processes import Load, apart_from, installed, running
from benchmarks.peers.questions import bodies, headers, probe
from benchmarks.peers.roster import NODE, OURS, SERVERS
from benchmarks.peers.running import shared_environment
from gateway.mongod import Mongod

INBOXES = 100
MUST = 5.0
_WINDOW_S, _WARM_S = 8.0, 4.0
# Before the panel's window begins, all inboxes are under way; behind its end they still are.
_AROUND_S = 2.0


async def main() -> None:
    """Prints both p99, their ratio for each round, and the median of the ratios."""
    customers, rounds = (int(one) for one in (*sys.argv[1:], *("20000", "5")[len(sys.argv) - 1 :]))
    if shutil.which("npm") is None:
        print("fairness: left out, because npm is not installed; the load generator is npm's autocannon.")
        return
    await installed(NODE)
    async with filled(Wanted(customers, usual_folder())) as database:
        await _measured(database, customers, rounds)


async def _measured(database: Mongod, customers: int, rounds: int) -> None:
    secret = secrets.token_urlsafe(32)
    async with AsyncExitStack() as stack:
        server_core, other_core = stack.enter_context(apart_from(database.pid)) or (None, None)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name in ("W1", "W2"):
            (folder / f"{name}.json").write_bytes(orjson.dumps(bodies(name, customers, 1)))
        started = running(SERVERS[OURS], shared_environment(database.url, secret), server_core, probe(secret))
        server = await stack.enter_async_context(started)
        panels, inboxes = [await stack.enter_async_context(Load.opened(NODE, other_core)) for _ in range(2)]

        async def window(load: Load, workload: str, connections: int, seconds: float) -> dict[str, Any]:
            return await load.window(server, headers(secret), folder / f"{workload}.json", connections, seconds)

        await window(panels, "W1", 4, _WARM_S)
        await window(inboxes, "W2", 4, _WARM_S)
        ratios = []
        print(f"fairness: W1 on one connection, alone and beside {INBOXES} W2 at once; {customers:,} customers")
        for number in range(rounds):
            alone = await window(panels, "W1", 1, _WINDOW_S)
            around = asyncio.create_task(window(inboxes, "W2", INBOXES, _WINDOW_S + 2 * _AROUND_S))
            await asyncio.sleep(_AROUND_S)
            beside = await window(panels, "W1", 1, _WINDOW_S)
            crowd = await around
            ratios.append(beside["p99_ms"] / alone["p99_ms"])
            told = [f"{name} {_told(one)}" for name, one in (("W1 alone", alone), ("beside", beside), ("W2", crowd))]
            print(f"  round {number + 1}: {', '.join(told)}; {ratios[-1]:.1f} times", flush=True)
        median = statistics.median(ratios)
        print(
            f"{judged(median < MUST)}: p99 beside {INBOXES} inboxes is {median:.1f} times that alone (under {MUST:g})"
        )


def _told(seen: dict[str, Any]) -> str:
    return f"{seen['per_s']:.0f}/s, p50 {seen['p50_ms']:.1f} ms, p99 {seen['p99_ms']:.1f} ms"


if __name__ == "__main__":
    asyncio.run(main())
