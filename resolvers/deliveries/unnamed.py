"""What waits for channel accounts that the settings here do not name, and how long does it wait for another process?

While a settings file is changed, some processes know an account and others do not yet: what is delivered to it waits
for one that does. Where none has come for a day, it is set aside, so that nothing waits for ever.
"""

from collections.abc import Container
from datetime import timedelta
from typing import Final

from adapters.mongo import Store
from adapters.records import Document
from resolvers.deliveries.intake import Intake
from resolvers.deliveries.waiting import DELIVERIES, WAITING
from resolvers.kit.shift import Shift

PATIENCE: Final = timedelta(hours=24)
"""How long a delivery waits for a process that names its account, from when it was first missed: a change of the
settings file is done by then, on however many machines."""

# Nothing of them is read, so their bodies are not loaded.
_SET_ASIDE_AT_ONCE: Final = 400
_NEEDED: Final = ("channel", "account", "received_at")


async def unnamed(store: Store, places: Container[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """How many deliveries wait for each channel account that is none of these; read from an index alone."""
    counted: list[Document] = [
        {"$match": {"state": WAITING}},
        {"$group": {"_id": {"channel": "$channel", "account": "$account"}, "count": {"$sum": 1}}},
        {"$sort": {"_id": 1}},
    ]
    found = await store.aggregate(DELIVERIES, counted)
    waiting = {(one["_id"]["channel"], one["_id"]["account"]): one["count"] for one in found}
    return {place: count for place, count in waiting.items() if place not in places}


async def set_unnamed_aside(shift: Shift) -> bool:
    """Sets aside what has waited too long for an account that nobody names; whether there may be more."""
    is_more = False
    for channel, account in await unnamed(shift.store, shift.lines.receivers):
        theirs = {"state": WAITING, "channel": channel, "account": account}
        now = shift.clock()
        # From when a gateway missed its account, not from when it came: nobody may have been there meanwhile.
        await shift.store.update_all(DELIVERIES, {**theirs, "unnamed_since": None}, {"$set": {"unnamed_since": now}})
        too_long = {**theirs, "unnamed_since": {"$lte": now - PATIENCE}}
        order = [("sequence", 1)]
        found = await shift.store.find(DELIVERIES, too_long, order=order, limit=_SET_ASIDE_AT_ONCE, only=_NEEDED)
        await Intake(shift).process(found)
        is_more |= len(found) == _SET_ASIDE_AT_ONCE
    return is_more
