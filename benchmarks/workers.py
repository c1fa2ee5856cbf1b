"""Do two worker processes answer twice as much as one?

    python -m benchmarks.workers              twenty thousand customers, five rounds
    python -m benchmarks.workers 500 2        fewer customers and rounds, for a quick look

On two cores the database and the load need their share, whoever answers. So the processor time is counted that the
workers had: what two of them answer in a second of their own time each, to what one answers in a second of its own.
Rounds are paired; the servers are not pinned, and have both cores.
"""

import asyncio
import secrets
import shutil
import statistics
import sys
import tempfile
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import orjson

from benchmarks.bench import judged
from benchmarks.peers.filling import Wanted, filled, usual_folder
from benchmarks.peers.processes import Load, Running, cpu_s, installed, running
from benchmarks.peers.questions import bodies, headers, probe
from benchmarks.peers.roster import NODE, OURS, SERVERS
from benchmarks.peers.running import shared_environment
from gateway.mongod import Mongod

MUST, GOAL = 1.6, 1.8
CONNECTIONS = 16
_WINDOW_S, _WARM_S = 5.0, 4.0


_Line = tuple[Mapping[str, str], Path, int]
"""Headers, the file of the bodies, and how many connections."""


async def main() -> None:
    """Prints for each workload how much more two workers answer than one."""
    customers, rounds = (int(one) for one in (*sys.argv[1:], *("20000", "5")[len(sys.argv) - 1 :]))
    if shutil.which("npm") is None:
        print("workers: left out, because npm is not installed; the load generator is npm's autocannon.")
        return
    await installed(NODE)
    async with filled(Wanted(customers, usual_folder())) as database:
        await _measured(database, customers, rounds)


async def _measured(database: Mongod, customers: int, rounds: int) -> None:
    secret = secrets.token_urlsafe(32)
    shared = shared_environment(database.url, secret)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [
            await stack.enter_async_context(
                running(SERVERS[OURS], {**shared, "GATEWAY_WORKERS": count}, None, probe(secret))
            )
            for count in "12"
        ]
        load = await stack.enter_async_context(Load.opened(NODE, None))
        print(f"workers: {CONNECTIONS} connections, {customers:,} customers")
        for workload in ("W1", "W2"):
            path = folder / f"{workload}.json"
            path.write_bytes(orjson.dumps(bodies(workload, customers, 1)))
            line = (headers(secret), path, CONNECTIONS)
            for server in servers:
                await _window(load, server, line, _WARM_S)
            pairs = [[await _window(load, one, line, _WINDOW_S) for one in servers] for _ in range(rounds)]
            _tell(workload, pairs)


async def _window(
    load: Load, server: Running, line: tuple[Mapping[str, str], Path, int], seconds: float
) -> tuple[float, float, float]:
    """Answers a second; the workers' seconds for one; the least busy worker's share of what the busiest did."""
    workers = _workers(server.pid)
    before = [cpu_s(pid) for pid in workers]
    seen = await load.window(server, *line, seconds)
    if _workers(server.pid) != workers:
        raise RuntimeError("A worker ended meanwhile, and another one took its place.")
    spent = [cpu_s(pid) - earlier for pid, earlier in zip(workers, before, strict=True)]
    return seen["per_s"], sum(spent) / seen["requests"], min(spent) / max(spent)


def _workers(pid: int) -> list[int]:
    """The processes that answer: those that the first one started, or itself where it started none."""
    children = [
        int(one) for task in Path(f"/proc/{pid}/task").iterdir() for one in (task / "children").read_text().split()
    ]
    # Python starts one more, which watches over what its processes share.
    return [one for one in children if b"resource_tracker" not in Path(f"/proc/{one}/cmdline").read_bytes()] or [pid]


def _tell(workload: str, pairs: list[list[tuple[float, float, float]]]) -> None:
    gains = [2 * one[1] / two[1] for one, two in pairs]
    raw = statistics.median(two[0] / one[0] for one, two in pairs)
    balance = statistics.median(two[2] for _, two in pairs)
    paces = [statistics.median(pair[n][0] for pair in pairs) for n in (0, 1)]
    gain = statistics.median(gains)
    print(f"  {workload}: {judged(gain >= MUST)}: {gain:.2f} times by their own time (at least {MUST}, goal {GOAL})")
    print(
        f"      beside database and load on the same cores {raw:.2f} times, {paces[0]:.0f}/s and {paces[1]:.0f}/s; "
        f"the less busy worker had {balance:.0%} of the other's time",
        flush=True,
    )


if __name__ == "__main__":
    asyncio.run(main())
