"""On what does a benchmark stand: a mongod of its own, a prepared store, a way to ask, and paired medians."""

import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphql import parse
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from adapters.mongo import CommandObserver, Store
from adapters.records import Record
from gateway.execution import Known, Plans
from gateway.mongod import Mongod
from resolvers.kit.context import Context
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role, Viewer
from resolvers.schema import graph

DATABASE = "bench"


class Bench:
    """A graph over an empty store."""

    def __init__(self, house: Graph, store: Store, database: AsyncDatabase[Any], url: str) -> None:
        self.graph = house
        self.store = store
        self.url = url
        self.plans = Plans(house)
        self._known: dict[str, Known] = {}
        self._database = database

    async def ask(self, query: str, **variables: Any) -> Any:
        """The data that an agent is answered; raises where there are errors."""
        context = Context(
            viewer=Viewer(subject="bench", role=Role.AGENT),
            store=self.store,
            declared=self.graph.declared,
            seal=CursorSeal("a sample secret for benchmarks"),
            clock=lambda: datetime.now(UTC),
        )
        known = self._known.get(query)
        if known is None:
            # As the gateway does, which reads the same words once.
            known = self._known[query] = Known(parse(query))
        result = (await self.plans.execute(known, context=context, variables=variables)).result
        if result.errors:
            raise RuntimeError(result.errors[0])
        return result.data

    async def size(self, record: Record) -> int:
        """How many documents a collection has, without counting them one by one."""
        return await self._database[record.name].estimated_document_count()

    async def command(self, name: str) -> None:
        """Has the server do what an administrator asks of it."""
        await self._database.client.admin.command(name)

    async def run(self, pipeline: Sequence[Mapping[str, Any]]) -> None:
        """Runs an aggregation that fills collections, however long that takes."""
        await self._database.command({"aggregate": 1, "pipeline": list(pipeline), "cursor": {}})


@asynccontextmanager
async def bench(cache_gb: float = 1.0, observer: CommandObserver | None = None) -> AsyncIterator[Bench]:
    """A graph over a store on a database server that goes when the benchmark ends; `observer` hears its commands."""
    house = graph()
    with tempfile.TemporaryDirectory() as folder:
        async with Mongod(Path(folder) / "data", cache_gb=cache_gb) as server:
            store = await Store.open(server.url, DATABASE, house.declared.records, observer=observer)
            await store.prepare()
            store.held.follow()
            filling: AsyncMongoClient[Any] = AsyncMongoClient(server.url)
            try:
                yield Bench(house, store, filling[DATABASE], server.url)
            finally:
                await filling.close()
                await store.close()


async def interleaved(
    tasks: Mapping[str, Callable[[], Awaitable[object]]], *, rounds: int, calls: int
) -> dict[str, list[float]]:
    """Milliseconds a call of each task, one figure a round; the tasks take turns in every round (A B C A B C)."""
    for task in tasks.values():
        for _ in range(3):
            await task()
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            begin = time.perf_counter()
            for _ in range(calls):
                await task()
            times[name].append((time.perf_counter() - begin) / calls * 1000)
    return times


def ratio(times: Mapping[str, Sequence[float]], name: str, against: str) -> float:
    """The median of the rounds' paired ratios."""
    return statistics.median(a / b for a, b in zip(times[name], times[against], strict=True))


def report(times: Mapping[str, Sequence[float]], against: str) -> None:
    """Prints each task's median and its ratio to one of them."""
    width = max(map(len, times))
    for name, figures in times.items():
        median = statistics.median(figures)
        print(f"  {name:<{width}}  {median:8.2f} ms   {ratio(times, name, against):5.2f} x {against}")


def judged(is_met: bool) -> str:
    """How a benchmark's last line begins; the exit status stays 0, since figures of a busy machine are no failure."""
    return "goal met" if is_met else "GOAL MISSED"
