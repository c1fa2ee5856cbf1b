"""A process that is at work on a job and does not come to its end: it is there to be killed."""

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
    """A step that takes for ever."""
    del shift
    await asyncio.sleep(3600)
    return False


async def main(url: str, database: str) -> None:
    """Works until it is killed."""
    work.LEASE_S = 2.0  # type: ignore[misc]
    declared = graph().declared
    store = await Store.open(url, database, [JOBS])
    shift = Shift(store=store, declared=declared, clock=lambda: datetime.now(UTC))
    Worker(shift, [Job("slow", 60, endless)], _Nobody()).start()
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
