"""Do long questions take turns, and do short ones pass them by?"""

import asyncio
import itertools
import time

import pytest

from adapters.courtesy import read_of
from gateway.execution import Known
from gateway.places import SHORT_ROWS, Places
from gateway.settings import Settings
from tests.gateway.conftest import OpenGate
from tests.makers import Makers

LONG = (
    "query Long { slow(seconds: 0.3) "
    + " ".join(f"a{n}: customers(first: 100) {{ nodes {{ id }} }}" for n in range(8))
    + " }"
)
SHORT = "query Short { viewer { subject } }"


COST = 4 * SHORT_ROWS
LONGER = SHORT_ROWS + 1


def _known() -> Known:
    return Known(None)  # type: ignore[arg-type]  # nobody looks at the document


async def test_long_take_turns(open_gate: OpenGate, make: Makers) -> None:
    """Once it was seen to load many rows, a question waits for its turn; a short one is answered meanwhile."""
    for n in range(SHORT_ROWS // 8 + 1):
        await make.customer(f"Ann{n}")
    gate, ends = open_gate(long_at_once=1), []

    async def asked(query: str) -> None:
        assert "errors" not in (await gate.ask(query)).json()
        ends.append((time.monotonic(), query))

    await asked(LONG)
    ends.clear()
    longs = [asyncio.create_task(asked(LONG)) for _ in range(3)]
    await asyncio.sleep(0.05)
    await asked(SHORT)
    await asyncio.gather(*longs)
    assert [query for _, query in ends] == [SHORT, LONG, LONG, LONG]
    assert min(b - a for (a, _), (b, _) in itertools.pairwise(ends[1:])) >= 0.3


async def test_places_in_order() -> None:
    """As many as there are places go on at once, the others in the order in which they came; whoever left is passed."""
    places, order, go_on = Places(2), [], asyncio.Event()

    async def long(name: str) -> None:
        async with places.take(_known(), LONGER):
            order.append(name)
            await read_of(go_on.wait())

    tasks = [asyncio.create_task(long(name)) for name in "abcd"]
    await asyncio.wait(tasks, timeout=0.05)
    assert order == ["a", "b"]
    async with places.take(_known(), SHORT_ROWS):
        order.append("short")
    tasks[2].cancel()
    tasks[0].cancel()
    await asyncio.wait(tasks, timeout=0.05)
    assert order == ["a", "b", "short", "d"]
    go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_place_given_back() -> None:
    """A question that fails leaves its place to the next one."""
    places = Places(1)
    for _ in range(3):
        with pytest.raises(RuntimeError):
            async with asyncio.timeout(1), places.take(_known(), LONGER):
                raise RuntimeError


async def test_few_rows_of_many_are_long() -> None:
    """A question that reads little waits for a place where the database goes through many for it."""
    places, known = Places(1), _known()
    known.share = 0.0
    async with places.take(known, 1, beyond=LONGER):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), places.take(known, 1, beyond=LONGER):
                pass
        async with places.take(known, LONGER):
            pass


async def test_no_caller_has_all() -> None:
    """One caller has half of the places, in the order in which they asked; nothing of them is kept behind it."""
    places, order, go_on = Places(4), [], asyncio.Event()

    async def long(name: str) -> None:
        async with places.take(_known(), LONGER, caller=name[0]):
            order.append(name)
            await read_of(go_on.wait())

    tasks = [asyncio.create_task(long(name)) for name in ("a1", "a2", "a3", "a4", "b1")]
    await asyncio.wait(tasks, timeout=0.05)
    assert order == ["a1", "a2", "b1"]
    tasks[2].cancel()
    go_on.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert order == ["a1", "a2", "b1", "a4"]
    assert places.callers == 0


def test_length_fades() -> None:
    """A question that was long counts as long for some answers more, and is short again when it stays so."""
    known = _known()
    known.loaded(COST, COST)
    known.loaded(1, COST)
    assert known.expected(COST) > SHORT_ROWS
    for _ in range(20):
        known.loaded(1, COST)
    assert known.expected(COST) < SHORT_ROWS


def test_unseen_is_as_long_as_it_may_be() -> None:
    """Nobody gets a turn for a text that nobody has seen, nor by asking it for little first."""
    known = _known()
    assert known.expected(COST) == COST
    for _ in range(50):
        known.loaded(2, 2)
    assert known.expected(COST) == COST


def test_bound_is_told() -> None:
    """The setting tells the bound that holds."""
    assert f"more than {SHORT_ROWS} rows" in (Settings.model_fields["long_at_once"].description or "")
