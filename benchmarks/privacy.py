"""What does it cost to export and to erase a customer with a long history, in time and in memory?

    python -m benchmarks.privacy            100,000 messages
    python -m benchmarks.privacy 1000000    more

A neighbour's panel (W1) is asked for all the while the erasure goes on. No figure is judged: they are told.
"""

import asyncio
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from adapters.failures import StoreError
from benchmarks.bench import Bench, bench
from benchmarks.merging import talk
from resolvers.aliases import ids_of, speaking
from resolvers.conversations import MESSAGES
from resolvers.kit.shift import Shift
from resolvers.privacy.archive import archive
from resolvers.privacy.asking import foresee
from resolvers.privacy.erasing import Request, begin, work_on
from resolvers.privacy.exporting import Export
from resolvers.privacy.receipts import ERASURES, SETTLING, ErasureReason
from tests.crowd import crowd, label
from tests.makers import Made, Makers
from tests.workloads import W1

LENGTH = 100_000


async def main() -> None:
    """Exports the customer, then erases the customer."""
    length = int(sys.argv[1]) if len(sys.argv) > 1 else LENGTH
    async with bench() as house:
        make = Makers(house.store)
        await label(make)
        neighbour, one = await crowd(make, 2, 25)
        await talk(house, one, length)
        print(f"privacy: a customer with {length:,} messages")
        await _exported(house, one)
        await _erased(house, one)
        left = await house.store.count(MESSAGES, {"customer_id": one.key})
        print(f"  {left} messages left; the neighbour has {await _count(house, neighbour)}")


async def _count(house: Bench, one: Made) -> int:
    return await house.store.count(MESSAGES, {"customer_id": one.key})


async def _exported(house: Bench, one: Made) -> None:
    document = await speaking(house.store, one.key)
    if document is None:
        raise RuntimeError("The customer is not there.")
    before = most = _resident_mb()
    began, size = time.perf_counter(), 0
    export = await Export.of(house.store, house.graph.declared, ids_of(document))
    async for piece in archive(house.store, export, datetime.now(UTC)):
        size += len(piece)
        most = max(most, _resident_mb())
    took = time.perf_counter() - began
    print(f"  export     {took:7.2f} s, {size / 1e6:.1f} MB packed, at most {most - before:.1f} MB of memory more")


async def _erased(house: Bench, one: Made) -> None:
    store, declared = house.store, house.graph.declared
    now = datetime.now(UTC).replace(microsecond=0)

    async def first() -> Any:
        document = await speaking(store, one.key)
        request = Request(by="bench", at=now, reason=ErasureReason.NO_PERSON)
        return await begin(store, declared, document, request) if document else None

    began = time.perf_counter()
    await foresee(store, declared, [one.key])
    print(f"  preview    {time.perf_counter() - began:7.2f} s")
    asked: list[float] = []
    asking = asyncio.create_task(_asking(house, asked))
    began, before = time.perf_counter(), _resident_mb()
    await store.transact(first)
    print(f"  first step {time.perf_counter() - began:7.2f} s, from then on nobody sees the customer")
    steps = [time.perf_counter()]
    while await work_on(Shift(store=store, declared=declared, clock=lambda: now)):
        steps.append(time.perf_counter())
    took = time.perf_counter() - began
    asking.cancel()
    slowest = max((b - a for a, b in pairwise(steps)), default=0.0)
    print(
        f"  erasure    {took:7.2f} s in {len(steps)} steps, the longest of {slowest:.2f} s, "
        f"{_resident_mb() - before:.1f} MB of memory more"
    )
    print(f"  a neighbour's panel meanwhile: {statistics.median(asked):.1f} ms, at most {max(asked):.1f}")
    later = now + SETTLING + timedelta(seconds=1)
    while await work_on(Shift(store=store, declared=declared, clock=lambda: later)):
        pass
    (receipt,) = await store.find(ERASURES, {})
    print(f"  receipt    {receipt['state']}, {receipt['removed']['messages']:,} messages")


async def _asking(house: Bench, took: list[float]) -> None:
    panel = {"channel": "whatsapp", "account": "main", "value": "+14155550000"}
    while True:
        began = time.perf_counter()
        try:
            await house.ask(W1, **panel)
        except StoreError:
            return
        took.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.02)


def _resident_mb() -> float:
    # The second number of proc(5)'s statm is what is resident, in pages.
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


if __name__ == "__main__":
    asyncio.run(main())
