"""On which data do the servers answer: a database of our own, filled once and kept for later runs?

A million customers take half an hour to fill, so the folder stands outside the checkout and is used again as long as
seed, number and edition are the same.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import AsyncMongoClient, WriteConcern

from adapters.mongo import Store
from benchmarks.peers.people import EDITION, company, customers
from gateway.app import records_of
from gateway.mongod import Mongod
from resolvers.schema import graph

DATABASE = "peers"
# Some 50 documents a customer: 12,000 documents a round, a few MB, in several commands under way at once.
_AT_ONCE = 250
_MARK = "filled"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which data, and how much memory the database may use for it."""

    customers: int
    folder: Path
    seed: int = 1
    cache_gb: float = 2.0

    def mark(self) -> dict[str, Any]:
        """What a filled database says of itself."""
        return {"_id": DATABASE, "customers": self.customers, "seed": self.seed, "edition": EDITION}


def usual_folder() -> Path:
    """Where filled databases are kept: `PEERS_DATA`, else the user's folder for what can be made anew."""
    given = os.environ.get("PEERS_DATA")
    home = Path(os.environ.get("XDG_CACHE_HOME", ""))
    home = home if home.is_absolute() else Path.home() / ".cache"
    return Path(given) if given else home / "profile-gateway" / "peers"


@asynccontextmanager
async def filled(wanted: Wanted) -> AsyncIterator[Mongod]:
    """A running database that holds the data; it ends with the block, and the data stays."""
    folder = (wanted.folder / str(wanted.customers)).resolve()
    async with Mongod(folder, cache_gb=wanted.cache_gb) as server:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(server.url)
        try:
            if await client[DATABASE][_MARK].find_one({"_id": DATABASE}) != wanted.mark():
                await _fill(client, server.url, wanted)
        finally:
            await client.close()
        yield server


async def _fill(client: AsyncMongoClient[dict[str, Any]], url: str, wanted: Wanted) -> None:
    begun = time.monotonic()
    await client.drop_database(DATABASE)
    # Data that can be made anew need not wait for the journal.
    database = client.get_database(DATABASE, write_concern=WriteConcern(w=1, j=False))
    for record, documents in company().items():
        await database[record.name].insert_many(documents, ordered=False)
    under_way: set[asyncio.Task[Any]] = set()
    for begin in range(0, wanted.customers, _AT_ONCE):
        made = customers(wanted.seed, begin, min(begin + _AT_ONCE, wanted.customers))
        # The database writes one round while the next is made.
        if under_way:
            await asyncio.gather(*under_way)
        under_way = {
            asyncio.create_task(database[record.name].insert_many(documents, ordered=False))
            for record, documents in made.items()
        }
        await asyncio.sleep(0)
        if begin % 10_000 < _AT_ONCE:
            print(
                f"  filling: {begin:,} of {wanted.customers:,} customers, {time.monotonic() - begun:.0f} s", flush=True
            )
    await asyncio.gather(*under_way)
    # Over documents that are there an index is built sorted, several times faster than entry by entry.
    store = await Store.open(url, DATABASE, records_of(graph()))
    try:
        await store.prepare()
    finally:
        await store.close()
    await database[_MARK].insert_one(wanted.mark())
    print(f"  filled {wanted.customers:,} customers in {time.monotonic() - begun:.0f} s", flush=True)
