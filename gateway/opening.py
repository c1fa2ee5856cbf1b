"""How does a command get at the store: of the gateway that runs on this data folder, or of one of its own?"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.mongo import Store
from gateway.app import records_of
from gateway.database import as_served, database, opened_store
from gateway.kept_secrets import with_secrets
from gateway.settings import load_settings
from gateway.telemetry import configure_logs
from resolvers.schema import graph

T = TypeVar("T")


def with_store(work: Callable[[Store], Awaitable[T]], *, needs_secret: bool = False) -> T:
    """What the work gives with the store open: of the gateway that runs on this data folder, if one does.

    `needs_secret`: whether it erases, or takes in what channels say; raises BadSettings where the secret is missing.
    """

    async def inside() -> T:
        settings = as_served(load_settings())
        if needs_secret:
            settings = with_secrets(settings)
        configure_logs("warning")
        async with (
            database(settings, may_join=True) as url,
            opened_store(url, settings, records_of(graph(), settings)) as store,
        ):
            return await work(store)

    return asyncio.run(inside())
