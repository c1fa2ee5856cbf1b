"""Which orders that the outside tells of were placed here, so that it is known by now that the shop has them?"""

from collections.abc import Mapping

from adapters.mongo import Store
from adapters.records import RecordId
from resolvers.order_requests import DONE, ORDER_REQUESTS


async def settle_placed(store: Store, placed: Mapping[RecordId, RecordId]) -> None:
    """Marks what was ordered as done, by the ids of requests and of the orders; no command where there are none.

    The shop's latest word stands: what was a draft there becomes an order with an id of its own.
    """
    if not placed:
        return
    found = await store.find(ORDER_REQUESTS, {"_id": {"$in": list(placed)}}, only=("status", "purchase_id"))
    news = [one["_id"] for one in found if one["purchase_id"] != placed[one["_id"]]]
    said = [(key, {"status": DONE, "purchase_id": placed[key]}) for key in news]
    await store.update_each(ORDER_REQUESTS, [({"_id": key}, {"$set": change}) for key, change in said])
