"""Runs every benchmark in turn: `make bench`."""

import asyncio

from benchmarks import history, importing
from benchmarks.peers import running as peers


async def main() -> None:
    """Each prints its own table."""
    await history.main()
    await importing.main()
    await peers.main()


asyncio.run(main())
