"""How does a change come about where others change the same at the same time?"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.failures import Overtaken, Taken
from adapters.mongo import Store

T = TypeVar("T")

# Whoever comes second finds what the first has stored; more in a row mean that something else is wrong.
_ATTEMPTS = 10


async def settled(store: Store, work: Callable[[], Awaitable[T]]) -> T:
    """What the work answers, done whole in one transaction: again where somebody else was first, upon what they stored.

    Raises Taken or Overtaken where that has no end.
    """
    for _ in range(_ATTEMPTS - 1):
        try:
            return await store.transact(work)
        except (Taken, Overtaken):
            continue
    return await store.transact(work)
