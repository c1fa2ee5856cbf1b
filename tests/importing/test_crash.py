"""Does an import that was killed in the middle end as if it had not been?"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from adapters.mongo import Store
from adapters.records import Document
from gateway.importing import IMPORTS
from gateway.mongod import Mongod
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.purchases import PURCHASES
from resolvers.schema import graph

ROOT = Path(__file__).parent.parent.parent
ROWS = 6_000
WHOLE, KILLED = "crash_whole", "crash_killed"

# An import in a process of its own. Small batches, so that there are many places to die between.
IMPORTER = """
import asyncio, contextlib, io, pathlib, sys
from rich.console import Console
from adapters.mongo import Store
from gateway.importing import Crew, Options, run, run_import
from resolvers.schema import graph

run.BATCH = 50

async def main(hands, url, database, folder):
    store = await Store.open(url, database, graph().declared.records)
    folder = pathlib.Path(folder)
    options = Options(rejects_folder=folder / "rejects" / database, crew=hands)
    files = [folder / "sales.csv"]
    summary = await run_import(
        store, folder / "shop.toml", files, console=Console(file=io.StringIO()), options=options
    )
    print(sorted(summary.sections[0].counts.items()))
    await store.close()

with Crew(3) if sys.argv[1] == "crew" else contextlib.nullcontext() as hands:
    asyncio.run(main(hands, *sys.argv[2:]))
"""


def _sales() -> str:
    """Orders of two rows, of which the second comes much later, and some bad rows."""
    orders = ROWS // 2
    rows = [f"O{n % orders},{n % orders % 997},03.01.2026,Bell,1,{n}.50" for n in range(ROWS)]
    rows[7::500] = [f"X{n},{n},never,Bell,1,1" for n in range(len(rows[7::500]))]
    return "order,customer,day,product,pieces,price\n" + "\n".join(rows) + "\n"


async def _start(by: str, url: str, database: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", IMPORTER, by, url, database, str(folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def _killed_after(store: Store, process: asyncio.subprocess.Process, records: int) -> None:
    """Kills the import once so many more records are committed."""
    goal = await store.count(PURCHASES, {}) + records
    while await store.count(PURCHASES, {}) < goal:
        assert process.returncode is None
        await asyncio.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


async def _state(store: Store) -> dict[str, Any]:
    """Everything but random ids and the moment of the import."""
    names = {one["customer_id"]: one["value"] for one in await store.find(IDENTITIES, {})}

    def told(one: Document) -> list[tuple[str, Any]]:
        apart = {"customer_id", "created_at", "updated_at", "observed"}
        ours = {"who": names.get(one.get("customer_id", one["_id"])), "external_id": one.get("external_id")}
        return sorted((key, str(value)) for key, value in {**one, "_id": None, **ours}.items() if key not in apart)

    return {
        record.name: sorted(told(one) for one in await store.find(record, {})) for record in (CUSTOMERS, PURCHASES)
    } | {record.name: await store.count(record, {}) for record in (IDENTITIES, IDENTITY_KEYS, IMPORTS)}


async def _imported(store: Store, by: str, url: str, folder: Path, database: str) -> bytes:
    """What the import prints, which was killed twice before where the database is named so."""
    for records in (300, 700) if database == KILLED else ():
        await _killed_after(store, await _start(by, url, database, folder), records)
    process = await _start(by, url, database, folder)
    printed, _ = await process.communicate()
    assert process.returncode == 0
    return printed


# Crashes are for `make deep`.
pytestmark = pytest.mark.deep


@pytest.fixture
async def stores(mongod: Mongod) -> AsyncIterator[dict[str, Store]]:
    """Two databases; a transaction whose client was killed is given up after a second, not after a minute."""
    limit = "transactionLifetimeLimitSeconds"
    async with AsyncMongoClient(mongod.url) as client:
        before = await client.admin.command({"setParameter": 1, limit: 1})
        opened = {name: await Store.open(mongod.url, name, graph().declared.records) for name in (WHOLE, KILLED)}
        for store in opened.values():
            await store.prepare()
        yield opened
        for store in opened.values():
            await store.drop()
            await store.close()
        await client.admin.command({"setParameter": 1, limit: before["was"]})


@pytest.mark.parametrize("by", ["one process", "crew"])
async def test_killed_import_resumes(shop, mongod, stores, by: str) -> None:
    """Killed twice with -9 and run again, an import ends where an uninterrupted one ends."""
    shop.write("sales.csv", _sales())
    shop.write("shop.toml", shop.mapping)
    printed = [await _imported(store, by, mongod.url, shop.folder, name) for name, store in stores.items()]
    assert b"('inserted', 2994)" in printed[0]
    assert printed[0] == printed[1]
    assert await _state(stores[WHOLE]) == await _state(stores[KILLED])
    rejects = [shop.folder / "rejects" / name / "sales.orders.rejected.csv" for name in stores]
    assert rejects[0].read_text() == rejects[1].read_text()
    assert len(list(rejects[1].parent.iterdir())) == 1
