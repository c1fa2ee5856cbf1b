"""Runs every benchmark in turn: `make bench`."""

import asyncio

from benchmarks import fairness, fields, history, importing, workers
from benchmarks.peers import running as peers


async def main() -> None:
    """Each prints its own table."""
    await fields.main()
    await history.main()
    await importing.main()
    await peers.main()
    await fairness.main()
    await workers.main()


asyncio.run(main())
