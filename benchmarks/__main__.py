"""Runs every benchmark in turn: `make bench`."""

import asyncio

import uvloop

from benchmarks import (
    fairness,
    fields,
    five_channels,
    front_door,
    history,
    importing,
    indicators,
    intake,
    ledger,
    matching,
    memory,
    merging,
    outside,
    pivots,
    suggestions,
    trouble,
    workers,
)
from benchmarks.peers import running as peers
from gateway.importing import Crew
from gateway.importing.taking import LANES


async def main() -> None:
    """Each prints its own table."""
    await fields.main()
    await history.main()
    await pivots.main()
    await indicators.main()
    await merging.main()
    await memory.main()
    await ledger.main([])
    matching.main([])
    await suggestions.main()
    await peers.main()
    await outside.main()
    await trouble.main()
    await intake.main()
    await five_channels.main()
    await fairness.main()
    await front_door.main()
    await workers.main()


# An import's processes are forked before a loop runs.
with Crew(LANES) as crew:
    uvloop.run(importing.main(crew))
asyncio.run(main())
