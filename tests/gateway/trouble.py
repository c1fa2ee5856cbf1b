"""Fields that go wrong in every way that the gate has to tell apart."""

import asyncio

import strawberry

from adapters.failures import StoreDown, TooSlow
from resolvers.customers import CUSTOMERS
from resolvers.kit.context import Info
from resolvers.kit.described import graph_type, told
from resolvers.kit.errors import BadUserInput
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import ADMINISTRATORS, EVERYONE

SLICE = Slice("trouble")

STARTED = asyncio.Event()
ENDED = asyncio.Event()


@graph_type
class Waited:
    """What a slow mutation answers."""

    seconds: float = told("How long it took.")


@SLICE.query(may=EVERYONE)
async def slow(info: Info, seconds: float) -> float | None:
    """Takes its time."""
    del info
    STARTED.set()
    try:
        await asyncio.sleep(seconds)
    finally:
        ENDED.set()
    return seconds


@SLICE.query(may=EVERYONE)
async def bug(info: Info) -> str | None:
    """Raises what nobody foresaw."""
    del info
    raise KeyError("the phone number of Ana")


@SLICE.query(may=EVERYONE)
async def down(info: Info) -> str | None:
    """Finds the database gone."""
    del info
    raise StoreDown("The database does not answer.")


@SLICE.query(may=EVERYONE)
async def silent(info: Info) -> int | None:
    """Asks the database for what it does not answer for a while."""
    return len(await info.context.store.find(CUSTOMERS, {"$where": "sleep(1500) || true"}))


@SLICE.query(may=EVERYONE)
async def too_slow(info: Info) -> str | None:
    """Asks the database for too much."""
    del info
    raise TooSlow("Ask for less at once.")


@SLICE.query(may=EVERYONE)
async def refused(info: Info) -> str | None:
    """Is asked for something that cannot be."""
    del info
    raise BadUserInput("`first` is 0. Ask for 1 or more.")


@SLICE.query(may=EVERYONE)
async def never_null(info: Info) -> str:
    """Answers null where it must not."""
    del info
    return None  # type: ignore[return-value]


@SLICE.query(may=EVERYONE)
async def too_large(info: Info) -> int | None:
    """Answers a number that no Int holds."""
    del info
    return 2**40


@SLICE.query(may=EVERYONE)
async def echo(info: Info, text: str, number: int | None = None) -> str | None:
    """Answers what it was given."""
    del info, number
    return text


@SLICE.query(may=ADMINISTRATORS)
async def for_few(info: Info) -> str | None:
    """Is for administrators."""
    return info.context.viewer.subject


@SLICE.mutation(may=EVERYONE)
async def wait(info: Info, seconds: float) -> Waited:
    """Changes something, slowly."""
    await asyncio.sleep(seconds)
    del info
    return Waited(seconds=seconds)


@SLICE.mutation(may=EVERYONE, is_administrative=True)
async def stumble(info: Info) -> Waited:
    """Raises what nobody foresaw, halfway through an administrative act."""
    del info
    raise KeyError("the phone number of Ana")


@SLICE.query(may=EVERYONE)
async def own_id(info: Info) -> strawberry.ID | None:
    """The customer that a visitor is."""
    key = info.context.viewer.customer_id
    return strawberry.ID(str(key)) if key else None
