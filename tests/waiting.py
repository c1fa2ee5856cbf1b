"""When does something hold of which nobody is told, such as what another process does?"""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any

# Between two looks: short beside what is waited for, and long beside a look.
_LOOK_S = 0.01


async def until(holds: Callable[[], Awaitable[Any] | Any], within_s: float = 10) -> None:
    """Returns as soon as it holds; raises TimeoutError where it does not hold in that time."""
    async with asyncio.timeout(within_s):
        while not await _answer(holds()):  # noqa: ASYNC110 - nobody sets an event for it
            await asyncio.sleep(_LOOK_S)


async def _answer(found: Awaitable[Any] | Any) -> Any:
    return await found if isawaitable(found) else found
