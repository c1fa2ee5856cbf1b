"""Until when does whoever asked still wait?"""

import asyncio

import pytest

from adapters.deadline import ends_at, left_s, within


def test_no_end_without_block() -> None:
    """Nobody waits in vain where no end was set."""
    assert left_s() is None
    assert ends_at() is None


def test_inner_block_shortens() -> None:
    """A block inside another one can only shorten the time."""
    with within(10):
        with within(1):
            assert left_s() <= 1
        with within(100):
            assert 9 < left_s() <= 10
    assert left_s() is None


@pytest.mark.parametrize("seconds", [0, -1])
def test_time_is_never_negative(seconds) -> None:
    """When the time is up, nothing is left."""
    with within(seconds):
        assert left_s() == 0


async def test_tasks_inherit_end() -> None:
    """Tasks of a block end with it; a task's own block does not reach back."""

    async def own() -> float | None:
        with within(1):
            await asyncio.sleep(0)
            return left_s()

    with within(10):
        inner = await asyncio.create_task(own())
        assert inner is not None
        assert inner <= 1
        assert left_s() > 9
