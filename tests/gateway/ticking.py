"""A slice of things to follow, as no shop has them: they tick, stay silent and break."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import strawberry

from adapters.failures import StoreDown
from resolvers.customers import Customer, customer_by_id
from resolvers.kit.context import Info
from resolvers.kit.described import graph_type, told
from resolvers.kit.errors import BadUserInput
from resolvers.kit.ids import require_key
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import ADMINISTRATORS, EVERYONE

SLICE = Slice("ticking")

STARTED = asyncio.Event()
ENDED = asyncio.Event()
MADE: Counter[str] = Counter()
"""How many ticks were asked for."""


@graph_type
class Tick:
    """Something that happened."""

    number: int = told("Which.")


@SLICE.field(Tick, may=EVERYONE)
def seen_before(tick: Tick, info: Info) -> bool:
    """Whether the answer's context was that of another tick before."""
    rows = info.context.budget.rows
    info.context.budget.spend(tick.number)
    return rows > 0


@SLICE.field(Tick, may=EVERYONE)
async def trouble(tick: Tick, info: Info) -> str | None:
    """Raises what nobody foresaw at every second tick, and takes too long at every third."""
    del info
    if tick.number % 3 == 0:
        await asyncio.sleep(30)
    if tick.number % 2 == 0:
        raise KeyError("the phone number of Ana")
    return "none"


@SLICE.subscription(may=EVERYONE)
async def ticks(info: Info, times: int, every_s: float = 0) -> AsyncGenerator[Tick, None]:
    """So many of them."""
    del info
    STARTED.set()
    try:
        for number in range(1, times + 1):
            await asyncio.sleep(every_s)
            MADE["ticks"] += 1
            yield Tick(number=number)
    finally:
        ENDED.set()


@SLICE.subscription(may=EVERYONE)
async def passing(info: Info, id: strawberry.ID, times: int) -> AsyncGenerator[Customer, None]:
    """The customer, so many times."""
    for _ in range(times):
        customer = await customer_by_id(info.context, require_key(id, "Customer", "id"))
        assert customer is not None
        yield customer


@SLICE.subscription(may=EVERYONE)
async def breaks(info: Info, how: str) -> AsyncGenerator[Tick, None]:
    """Breaks behind the first."""
    del info
    yield Tick(number=1)
    raise {
        "down": StoreDown("The database does not answer."),
        "refused": BadUserInput("The cursor is too old."),
        "hint": BadUserInput("The cursor is too old. Did you mean 'aSecret'?"),
    }.get(how, KeyError("the phone number of Ana"))


@SLICE.subscription(may=ADMINISTRATORS)
async def for_administrators(info: Info) -> AsyncGenerator[Tick, None]:
    """Is for few."""
    del info
    yield Tick(number=1)
