"""Which orders that the outside tells of were placed here, so that it is known by now that the shop has them?"""

from collections.abc import Mapping

from adapters.mongo import Store
from adapters.records import RecordId
from resolvers.order_requests import DONE, ORDER_REQUESTS


async def settle_placed(store: Store, placed: Mapping[RecordId, RecordId]) -> None:
    """Marks what was ordered as done, by the ids of requests and of the orders; no command where there are none."""
    if not placed:
        return
    waiting = {"_id": {"$in": list(placed)}, "purchase_id": None}
    found = await store.find(ORDER_REQUESTS, waiting, only=("status",))
    said = [(one["_id"], {"status": DONE, "purchase_id": placed[one["_id"]]}) for one in found]
    await store.update_each(ORDER_REQUESTS, [({"_id": key}, {"$set": change}) for key, change in said])
