"""In which order are the servers measured, and what is seen of each in a window?

Rounds are interleaved (A B C, then C B A, ...), because a machine is never equally fast for long: only what was
measured side by side in one round is compared, as a ratio.
"""

import asyncio
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import orjson
from pymongo.asynchronous.database import AsyncDatabase

from benchmarks.peers.filling import DATABASE
from benchmarks.peers.processes import Load, Running, busy_s, cpu_s
from resolvers.schema import graph

_COUNTED_REQUESTS = 20
_LONGEST_WINDOW_S = 60.0
_REST_S, _REST_AT_MOST = 0.1, 100
_PROFILE_BYTES = 32 * 1024 * 1024
_READING = {"$or": [{"command.find": {"$exists": True}}, {"command.aggregate": {"$exists": True}}]}
# What is held in the process is read by the clock, not by a request.
_HELD = [f"{DATABASE}.{one.name}" for one in graph().declared.records if one.is_held]


@dataclass(frozen=True, slots=True)
class Sample:
    """One window of one server."""

    server: str
    workload: str
    connections: int
    round: int
    requests: int
    per_s: float
    p50_ms: float
    p99_ms: float
    bytes: float
    server_us: float
    """The server's CPU time a request."""
    database_us: float
    """The database's CPU time a request."""
    server_busy: float
    """The share of its core that the server had."""
    others_busy: float
    """How many cores were busy with what does not belong here: near 0 on a machine that is fit for measuring."""
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How long and how often is measured."""

    rounds: int = 5
    seconds: float = 5.0
    warm_s: float = 4.0
    """Once for each server and workload: caches fill, JITs compile."""
    settle_s: float = 1.0
    """Before each window, not counted."""
    connections: Sequence[int] = (1, 8, 32)


@dataclass(frozen=True, slots=True)
class Bench:
    """What measures: the load generator, what it sends, and whose time is taken."""

    load: Load
    headers: Mapping[str, str]
    requests: Mapping[str, Sequence[str]]
    """The bodies by workload."""
    database_pid: int
    folder: Path


async def measured(bench: Bench, servers: Sequence[Running], course: Course) -> list[Sample]:
    """Every window of every round."""
    samples: list[Sample] = []
    for workload in bench.requests:
        for one in servers:
            await _window(bench, one, workload, 8, course.warm_s)
        for number in range(course.rounds):
            order = servers if number % 2 == 0 else servers[::-1]
            for connections in course.connections:
                samples += [await _sample(bench, one, workload, connections, number, course) for one in order]
            _tell(samples, workload, number)
    return samples


async def _sample(bench: Bench, one: Running, workload: str, connections: int, number: int, course: Course) -> Sample:
    await _window(bench, one, workload, connections, course.settle_s)
    before = _times(bench, one)
    seen = await _window(bench, one, workload, connections, course.seconds)
    spent = {name: after - before[name] for name, after in _times(bench, one).items()}
    await _rested(one)
    if not seen["requests"]:
        if course.seconds > _LONGEST_WINDOW_S:
            raise RuntimeError(f"{one.server.title} answers nothing to {workload} in {course.seconds:g} s.")
        # On a machine with much else to do the slowest need longer; all that was measured before is worth keeping.
        return await _sample(bench, one, workload, connections, number, replace(course, seconds=course.seconds * 2))
    elapsed = seen["requests"] / seen["per_s"]
    return Sample(
        server=one.server.name,
        workload=workload,
        connections=connections,
        round=number,
        server_us=spent["server"] / seen["requests"] * 1e6,
        database_us=spent["database"] / seen["requests"] * 1e6,
        server_busy=spent["server"] / elapsed,
        others_busy=max(0.0, spent["all"] - spent["server"] - spent["database"] - spent["load"]) / elapsed,
        **seen,
    )


def _times(bench: Bench, one: Running) -> dict[str, float]:
    """The processor time that everyone has had."""
    return {
        "server": cpu_s(one.pid),
        "database": cpu_s(bench.database_pid),
        "load": cpu_s(bench.load.pid),
        "all": busy_s(),
    }


async def _rested(one: Running) -> None:
    """Returns when the server has done with the questions whose askers left at the window's end, or after a while."""
    for _ in range(_REST_AT_MOST):
        before = cpu_s(one.pid)
        await asyncio.sleep(_REST_S)
        if cpu_s(one.pid) - before <= _REST_S / 10:
            return


async def _window(bench: Bench, one: Running, workload: str, connections: int, seconds: float) -> dict[str, Any]:
    bodies = bench.folder / f"{workload}.json"
    if not bodies.exists():
        bodies.write_bytes(orjson.dumps(bench.requests[workload]))
    return await bench.load.window(one, bench.headers, bodies, connections, seconds)


def _tell(samples: Iterable[Sample], workload: str, number: int) -> None:
    now = [one for one in samples if one.workload == workload and one.round == number and one.connections == 8]
    print(
        f"  {workload} round {number + 1}: " + ", ".join(f"{one.server} {one.per_s:.0f}/s" for one in now), flush=True
    )


async def commands_of(
    one: Running, database: AsyncDatabase[dict[str, Any]], requests: Sequence[str], headers: Mapping[str, str]
) -> float:
    """How many commands that read reach the database for each request, told by the database's own profiler."""
    async with httpx.AsyncClient(trust_env=False, timeout=30) as http:

        async def ask(count: int) -> None:
            for n in range(count):
                await http.post(one.url, content=requests[n % len(requests)], headers=dict(headers))

        # Whatever is done once for each document is done now.
        await ask(3)
        await database.command("profile", 0)
        await database.drop_collection("system.profile")
        # The usual megabyte would lose the first of them.
        await database.create_collection("system.profile", capped=True, size=_PROFILE_BYTES)
        await database.command("profile", 2, filter=_READING)
        try:
            await ask(_COUNTED_REQUESTS)
        finally:
            await database.command("profile", 0)
        of_requests = {"ns": {"$nin": _HELD}, "command.pipeline.$changeStream": {"$exists": False}}
        return await database["system.profile"].count_documents(of_requests) / _COUNTED_REQUESTS


# Figures from samples


def median(samples: Iterable[Sample], name: str) -> float:
    """The median over the rounds."""
    return statistics.median(getattr(one, name) for one in samples)


def paired_ratio(samples: Sequence[Sample], ours: str, theirs: Sequence[str]) -> float:
    """The median of the rounds' ratios of our pace to theirs; of several, to the one whose own median is the best."""
    by_server = {name: {one.round: one.per_s for one in samples if one.server == name} for name in (ours, *theirs)}
    best = max(theirs, key=lambda name: statistics.median(by_server[name].values()))
    return statistics.median(pace / by_server[best][number] for number, pace in by_server[ours].items())


def spread(samples: Sequence[Sample], ours: str, theirs: str) -> tuple[float, float]:
    """The smallest and the largest of the rounds' ratios."""
    paces = {name: {one.round: one.per_s for one in samples if one.server == name} for name in (ours, theirs)}
    ratios = [pace / paces[theirs][number] for number, pace in paces[ours].items()]
    return min(ratios), max(ratios)


def of(samples: Iterable[Sample], *, workload: str, connections: int, server: str | None = None) -> list[Sample]:
    """The samples of one cell of the table."""
    return [
        one
        for one in samples
        if one.workload == workload and one.connections == connections and server in {None, one.server}
    ]


def plain(samples: Iterable[Sample]) -> list[dict[str, Any]]:
    """The samples as they are written down."""
    return [asdict(one) for one in samples]
