"""Which systems had a part in what is shown of one customer?"""

import asyncio

from resolvers.customers import Customer
from resolvers.kit.context import Info
from resolvers.kit.slice import Slice
from resolvers.kit.sources import Source, stored_source
from resolvers.kit.viewer import EVERYONE

SLICE = Slice("live")

# Where graphql-core executes, lists of the same level are asked for within the next turns of the loop.
_TURNS = 3


@SLICE.column(Customer, may=EVERYONE, reads=())
async def sources(customers: list[Customer], info: Info) -> list[list[Source]]:
    """Which systems had a part in the customer's lists beside this field: our own base, and channels asked live.

    One that is down makes lists short, and never an error. Where no list beside this field is fed live, it is our own
    base alone. So it speaks of the question that it stands in: where several questions of a page share a cache that
    keeps each customer once, as Apollo Client's does, let them ask for the `sources` of their lists instead.
    """
    context = info.context
    stored, live = stored_source(context.clock()), context.live
    if live is None:
        return [[stored] for _ in customers]
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    await live.asked()
    return [[stored, *live.told_of(customer, ())] for customer in customers]
