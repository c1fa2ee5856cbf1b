"""A vendor that fails in every way at once, under callers that come and go."""

import asyncio
import random
from collections import Counter

import pytest

from adapters.contract.errors import ChannelError
from adapters.contract.way import Breaker
from adapters.deadline import within
from adapters.http.ways import AccountWay
from tests.adapters.http.vendor import answer, drips, hangs, resets, says, says_and_closes

_PARTS = [
    says(answer(b"[1]")),
    says(answer(b"[1]")),
    says(answer(status=500)),
    says(answer(status=429, headers=("Retry-After: 0.01",))),
    says(answer(b"junk")),
    says_and_closes(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"),
    says_and_closes(b"\x00\x01\x02\r\n\r\n"),
    drips(0.01),
    hangs,
    resets,
]


async def _caller(way: AccountWay, chance: random.Random) -> str:
    path, age = f"/{chance.randrange(12)}", chance.choice([0.0, 0.05])
    with within(chance.uniform(0, 0.3)):
        try:
            if chance.random() < 0.7:
                await way.get(path, fresh_s=age, stale_s=age)
            else:
                await way.post(path, json={}, is_repeatable=chance.random() < 0.5)
        except ChannelError as error:
            return error.kind
    return "GOOD"


@pytest.mark.parametrize("seed", range(3))
async def test_storm_leaves_nothing(way, vendor, seed) -> None:
    """Whatever the vendor does and whoever leaves: only named errors, in time, and all is free afterwards."""
    chance = random.Random(seed)
    vendor.plays(*chance.choices(_PARTS, k=400))
    stormy = way(at_once=4, try_s=0.1, trips_after=6, rests_s=0.05)
    callers = []
    for _ in range(120):
        callers.append(asyncio.ensure_future(_caller(stormy, chance)))
        if chance.random() < 0.15:
            asyncio.get_running_loop().call_later(chance.uniform(0, 0.1), callers[-1].cancel)
        await asyncio.sleep(0.004)
    ended = await asyncio.wait_for(asyncio.gather(*callers, return_exceptions=True), 10)
    outcomes = Counter(one if isinstance(one, str) else type(one).__name__ for one in ended)
    assert set(outcomes) <= {"GOOD", "DOWN", "BUSY", "UNREADABLE", "OUTCOME_UNKNOWN", "CancelledError"}
    assert outcomes["GOOD"] > 0
    assert outcomes["DOWN"] > 0
    vendor.plays(_PARTS[0])
    await asyncio.sleep(0.1)
    # All four places are free again, and the breaker closes by itself.
    assert (await stormy.get("/after")).json() == [1]
    await asyncio.gather(*(stormy.get(f"/after{n}") for n in range(8)))
    assert stormy.standing().breaker is Breaker.CLOSED
    assert stormy._flights._under_way == {}
    assert stormy._tries._places._value == 4
