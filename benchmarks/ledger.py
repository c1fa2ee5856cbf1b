"""What does it cost to write down who read whose personal data?

    python -m benchmarks.ledger              25 rounds
    python -m benchmarks.ledger 5            fewer, for a quick look

The agent panel (W1) and the inbox (W2) over `/graphql`, without a network between: the same house with the ledger off,
buffered (its default) and strict takes turns in every round, eight questions at once. Beside the time of the clock
stands that of this process alone, which other programs of the machine change less, with its middle half of the rounds:
how far to trust it. Look-ups are not bounded here.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import uvloop
from pydantic import SecretStr

from adapters.mongo import Store
from benchmarks.bench import judged
from benchmarks.busy import busy_store, inbox, panels, quarters
from gateway.app import House
from gateway.incoming import Incoming
from gateway.ledger import Keeping
from gateway.memory import settle_memory
from gateway.settings import Settings
from gateway.tokens import signed_token
from resolvers.kit.viewer import Role

MUST: Final = 1.03
# As many panels a turn as are written together: each turn pays for what it gathered.
AT_ONCE, PANELS, INBOXES = 8, 100, 16
_WAYS: Final[tuple[Keeping, ...]] = ("off", "buffered", "strict")


async def main(words: Sequence[str]) -> None:
    """Prints milliseconds a question of each way, and what they are to those without a ledger."""
    rounds = int(words[0]) if words else 25
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store, built = await busy_store(stack, folder)
        houses = {way: _house(store, built, folder, way) for way in _WAYS}
        for name, bodies, count in (("W1", panels() * 4, PANELS), ("W2", [inbox()], INBOXES)):
            await _measured(name, houses, bodies, rounds=rounds, count=count)
        for house in houses.values():
            await house.ledger.close()


async def _measured(name: str, houses: dict[Keeping, House], bodies: list[bytes], *, rounds: int, count: int) -> None:
    """A figure a round of each way; in which order they take their turns is drawn for each round."""
    for house in houses.values():
        await _asked(house, bodies, 4 * AT_ONCE)
    wall: dict[Keeping, list[float]] = {way: [] for way in houses}
    own: dict[Keeping, list[float]] = {way: [] for way in houses}
    drawn = random.Random(1)
    settle_memory()
    for _ in range(rounds):
        for way in drawn.sample(list(houses), len(houses)):
            begin, began = time.perf_counter(), time.process_time()
            await _asked(houses[way], bodies, count)
            if houses[way].ledger.grouped is not None:
                # What is gathered belongs to the figure, too.
                await _written(houses[way])
            own[way].append((time.process_time() - began) / count * 1000)
            wall[way].append((time.perf_counter() - begin) / count * 1000)
    print(f"access ledger, {name}: {count} questions a turn, {AT_ONCE} at once, {rounds} rounds")
    for way in houses:
        low, middle, high = _ratios(own, way)
        print(
            f"  {way:<9} {statistics.median(wall[way]):7.3f} ms a question, {_ratios(wall, way)[1]:5.3f} x off;"
            f"  of this process {statistics.median(own[way]):7.3f} ms, {middle:5.3f} x off ({low:5.3f} to {high:5.3f})"
        )
    cost = _ratios(own, "buffered")[1]
    print(f"{judged(cost <= MUST)}: buffered costs {(cost - 1) * 100:.1f} % of {name} (at most 3 %)")


async def _written(house: House) -> None:
    grouped = house.ledger.grouped
    assert grouped is not None
    await grouped.flush()


def _ratios(times: dict[Keeping, list[float]], way: Keeping) -> list[float]:
    """What the way takes to the ledger off, round by round: a quarter of the rounds below, the middle, above."""
    return quarters([a / b for a, b in zip(times[way], times["off"], strict=True)])


def _house(store: Store, built: Any, folder: Path, way: Keeping) -> House:
    secret = SecretStr("a sample secret for benchmarks, long enough")
    unbound = {"lookups_per_minute": 0, "requests_per_minute": 0, "cost_per_minute": 0}
    settings = Settings(data_folder=folder, secret=secret, jwt_secret=secret, access_ledger=way, **unbound)
    return House(settings, store=store, graph=built)


async def _asked(house: House, bodies: list[bytes], count: int) -> None:
    at = house.clock().timestamp()
    token = signed_token(house.settings, Role.AGENT, "anna", at=at, for_s=3600, more={})
    headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
    endpoint = house.endpoint
    numbers = iter(range(count))

    async def one_after_the_other() -> None:
        for n in numbers:
            answer = await endpoint.answer(_incoming(headers, bodies[n % len(bodies)]))
            if answer.status != 200 or b'"errors"' in answer.body[:20]:
                raise RuntimeError(answer.body[:500])

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(one_after_the_other())


def _incoming(headers: dict[str, str], body: bytes) -> Incoming:
    async def sent() -> AsyncIterator[bytes]:
        yield body

    async def gone() -> None:
        await asyncio.Event().wait()

    return Incoming(method="POST", headers=headers, parameters={}, body=sent(), gone=gone)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
