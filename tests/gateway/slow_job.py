"""A process that is at work on a job, in a transaction, and does not come to its end: it is there to be killed."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from adapters.mongo import Store
from gateway import work
from gateway.work import JOBS, Worker
from resolvers.kit.jobs import Job
from resolvers.kit.shift import Shift
from resolvers.schema import graph


class _Nobody:
    """Who hears nothing."""

    def job_ended(self, name: str, outcome: str, *, steps: int, took_s: float) -> None:
        """Nothing is done."""


async def endless(shift: Shift) -> bool:
    """A step that takes for ever, and holds a document meanwhile."""

    async def hold() -> None:
        await shift.store.upsert(JOBS, [(JOBS.id_of({"name": "held"}), {"$set": {"name": "held"}})])
        sys.stdout.write("holds it\n")
        sys.stdout.flush()
        await asyncio.sleep(3600)

    await shift.store.transact(hold)
    return False


async def main(url: str, database: str) -> None:
    """Works until it is killed."""
    # Nobody waits for its end.
    work.LEASE_S = 3600.0  # type: ignore[misc]
    declared = graph().declared
    store = await Store.open(url, database, [JOBS])
    shift = Shift(store=store, declared=declared, clock=lambda: datetime.now(UTC))
    Worker(shift, [Job("slow", 60, endless)], _Nobody()).start()
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
