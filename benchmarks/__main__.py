"""Runs every benchmark in turn: `make bench`."""

import asyncio

from benchmarks import history, importing


async def main() -> None:
    """Each prints its own table."""
    await history.main()
    await importing.main()


asyncio.run(main())
