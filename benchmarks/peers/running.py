"""How is one comparison run, from the filled database to the table?"""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient

from benchmarks.peers.filling import DATABASE, Wanted, filled, usual_folder
from benchmarks.peers.machine import Machine, machine
from benchmarks.peers.processes import ROOT, Load, Running, apart_from, installed, memory_mb, running
from benchmarks.peers.questions import WORKLOADS, bodies, compared, headers, probe, samples
from benchmarks.peers.report import Report, printed, written
from benchmarks.peers.roster import NODE, OURS, SERVERS
from benchmarks.peers.rounds import Bench, Course, commands_of, measured
from gateway.mongod import Mongod

RESULTS = ROOT / "benchmarks" / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is compared, on what, and how thoroughly."""

    customers: int = 20_000
    seed: int = 1
    servers: Sequence[str] = tuple(SERVERS)
    workloads: Sequence[str] = tuple(WORKLOADS)
    course: Course = field(default_factory=Course)
    is_check_only: bool = False
    cache_gb: float = 2.0
    folder: Path = field(default_factory=usual_folder)
    output: Path | None = RESULTS


async def main(options: Options | None = None) -> Report | None:
    """Runs the comparison and answers what was found; None, and says why, where it cannot be run."""
    asked = options or Options()
    if missing := [name for name in ("node", "npm") if shutil.which(name) is None]:
        print(f"peers: left out, because {' and '.join(missing)} is not installed; Node 20.19 or newer is needed.")
        return None
    await installed(NODE)
    wanted = Wanted(asked.customers, asked.folder, asked.seed, asked.cache_gb)
    print(f"peers: {asked.customers:,} customers, {len(asked.servers)} servers", flush=True)
    async with filled(wanted) as database:
        return await _compared(asked, database)


async def _compared(asked: Options, database: Mongod) -> Report | None:
    secret = secrets.token_urlsafe(32)
    async with AsyncExitStack() as stack:
        # What is started from here on and says nothing else stays off the measured core.
        apart = stack.enter_context(apart_from(database.pid))
        server_core, other_core = apart or (None, None)
        servers = [
            await stack.enter_async_context(
                running(SERVERS[name], shared_environment(database.url, secret), server_core, probe(secret))
            )
            for name in asked.servers
        ]
        count = await compared(servers, samples(asked.customers, asked.seed), secret)
        print(f"  {count} answers compared: the same from every server", flush=True)
        if asked.is_check_only:
            return None
        load = await stack.enter_async_context(Load.opened(NODE, other_core))
        with tempfile.TemporaryDirectory() as folder:
            requests = {name: bodies(name, asked.customers, asked.seed) for name in asked.workloads}
            bench = Bench(load, headers(secret), requests, database.pid or 0, Path(folder))
            report = await _measured(asked, bench, servers, database.url, await machine(database.url, pinned=apart))
        # Nothing broke meanwhile.
        await compared(servers, samples(asked.customers, asked.seed + 1), secret)
    printed(report)
    if asked.output:
        written(report, asked.output)
    return report


async def _measured(asked: Options, bench: Bench, servers: Sequence[Running], url: str, on: Machine) -> Report:
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    try:
        commands = {
            name: {
                one.server.name: await commands_of(one, client[DATABASE], requests, bench.headers) for one in servers
            }
            for name, requests in bench.requests.items()
        }
    finally:
        await client.close()
    print("  commands a request counted", flush=True)
    found = await measured(bench, servers, asked.course)
    memory = {one.server.name: memory_mb(one.pid) for one in servers}
    return Report(
        machine=on,
        customers=asked.customers,
        course=asked.course,
        ours=OURS,
        samples=found,
        commands=commands,
        memory=memory,
        load_after=os.getloadavg()[0],
    )


UNREACHED: Final = {"GATEWAY_REQUESTS_PER_MINUTE": "10000000", "GATEWAY_COST_PER_MINUTE": "10000000000"}
"""Budgets that are counted, as everybody's are, and that no benchmark uses up."""


def shared_environment(url: str, secret: str) -> Mapping[str, str]:
    """What every server is told by its environment."""
    return {
        "MONGODB_URL": url,
        "GATEWAY_DATABASE": DATABASE,
        "GATEWAY_SECRET": secret,
        "GATEWAY_JWT_SECRET": secret,
        # No server writes a line for each request.
        "GATEWAY_LOG_LEVEL": "warning",
        "GATEWAY_PLAYGROUND": "false",
        "GATEWAY_WORKERS": "1",
        # One token asks for everybody, as often as it can.
        "GATEWAY_LOOKUPS_PER_MINUTE": "0",
        **UNREACHED,
    }


def run(options: Options) -> None:
    """Runs the comparison from a command line."""
    asyncio.run(main(options))
