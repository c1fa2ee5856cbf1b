"""Is something made ahead of its reader, whole and in order, and ended with it?"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from gateway.ahead import made_ahead


async def test_made_before_it_is_read() -> None:
    """All is made while nobody reads, and read in its order."""
    done = asyncio.Event()

    async def source() -> AsyncGenerator[int, None]:
        for one in range(3):
            yield one
        done.set()

    async with aclosing(made_ahead(source())) as made:
        assert await anext(made) == 0
        await asyncio.wait_for(done.wait(), 1)
        assert [one async for one in made] == [1, 2]


async def test_error_comes_behind() -> None:
    """What the source raises is raised behind what it gave."""

    async def source() -> AsyncGenerator[int, None]:
        yield 1
        raise LookupError

    made = made_ahead(source())
    assert await anext(made) == 1
    with pytest.raises(LookupError):
        await anext(made)


@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_ended_with_its_reader(is_cancelled: bool) -> None:
    """Closed or cancelled, nothing of the source goes on, and it has cleaned up by then."""
    ended = asyncio.Event()

    async def source() -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.set()

    made = made_ahead(source())
    assert await anext(made) == 1
    if is_cancelled:
        reading = asyncio.ensure_future(anext(made))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait({reading})
        assert reading.cancelled()
    else:
        await made.aclose()
    assert ended.is_set()
