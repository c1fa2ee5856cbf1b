"""Fifty busy customers on a mongod that ends with the benchmark, and the panels and inboxes that agents ask of them."""

import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import orjson

from adapters.mongo import Store
from gateway.app import records_of
from gateway.mongod import Mongod
from gateway.traces import CommandCount
from resolvers.kit.graph import Graph
from resolvers.schema import graph
from tests.makers import Makers
from tests.workloads import W1, W2, busy_customers

CUSTOMERS: Final = 50
_ROWS: Final = 20


async def busy_store(stack: AsyncExitStack, folder: Path) -> tuple[Store, Graph]:
    """A store with the customers in it, and the graph of the house; both go with the stack."""
    server = await stack.enter_async_context(Mongod(folder / "data", cache_gb=0.5))
    built = graph()
    store = await Store.open(server.url, "bench", records_of(built), observer=CommandCount())
    stack.push_async_callback(store.close)
    await store.prepare()
    store.held.follow()
    await busy_customers(Makers(store), CUSTOMERS, _ROWS)
    return store, built


def panels() -> list[bytes]:
    """W1 of each customer, as it is sent."""
    return [_body_of(W1, channel="whatsapp", account="main", value=f"+1415555{n:04}") for n in range(CUSTOMERS)]


def inbox() -> bytes:
    """W2 of all of them, as it is sent."""
    return _body_of(W2, first=CUSTOMERS)


def _body_of(query: str, **variables: Any) -> bytes:
    return orjson.dumps({"query": query, "variables": variables})


def quarters(ratios: Sequence[float]) -> list[float]:
    """Below which a quarter of the rounds lies, the middle, and above which a quarter lies."""
    return statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [*ratios] * 3
