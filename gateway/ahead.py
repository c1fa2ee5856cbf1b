"""How is something made as fast as it can be, whoever reads it?

So that what its making holds, such as a place among long questions, is not held for as long as a reader takes.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar

from gateway.cancelling import ended

T = TypeVar("T")


async def made_ahead(source: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """What the source gives, in its order, with what it raises behind that; it is read in a task of its own.

    Closed here, it is closed there, and nothing of it goes on behind that.
    """
    made: asyncio.Queue[T | _End] = asyncio.Queue()

    async def make() -> None:
        try:
            async with aclosing(source):
                async for one in source:
                    made.put_nowait(one)
        except Exception as error:  # noqa: BLE001  whatever it is, it is raised to whoever reads
            made.put_nowait(_End(error))
        else:
            made.put_nowait(_End(None))

    making = asyncio.create_task(make())
    try:
        while not isinstance(one := await made.get(), _End):
            yield one
        if one.error is not None:
            raise one.error
    finally:
        await ended([making])


class _End:
    """The source is at its end, or broke."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error
