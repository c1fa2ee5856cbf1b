"""Who takes in what waits: a leased job for each lane, so that one process at a time works on an account's deliveries.

Whoever is killed leaves its lane to another process, which begins with the first delivery that did not end.
"""

from itertools import accumulate
from typing import Final

from adapters.mongo import Store
from adapters.records import Document
from resolvers.channel_standing import note_delivery
from resolvers.deliveries.intake import Intake
from resolvers.deliveries.waiting import ASIDE, DELIVERIES, EVENT_KEYS, LANES, SLICE, WAITING, too_old
from resolvers.kit.jobs import Work
from resolvers.kit.shift import Shift

# Deliveries that one step reads: a step takes a second at most, and half as many would cost a seventh more each.
_AT_ONCE: Final = 400
# One of them may be as large as `GATEWAY_DELIVERY_BYTES` lets in.
_BYTES_AT_ONCE: Final = 8 * 1024 * 1024
# Who received a delivery knocks; others come by so often.
_EVERY_S: Final = 1.0
_UPKEEP_S: Final = 3_600.0


def lane_job(lane: int) -> str:
    """The name of the lane's job."""
    return f"intake {lane}"


def _waiting(lane: int) -> Document:
    return {"state": WAITING, "lane": lane}


def _is_wanted(lane: int) -> Work:
    async def wanted(shift: Shift) -> bool:
        """Whether a delivery waits: one look along an index, which is less than the lease's and the log's trouble."""
        return len(shift.lines) > 0 and bool(await shift.store.find(DELIVERIES, _waiting(lane), limit=1, only=["_id"]))

    return wanted


def _work(lane: int) -> Work:
    async def take_in(shift: Shift) -> bool:
        """Takes in the first deliveries of the lane; whether there may be more."""
        documents, is_more = await first_waiting(shift.store, lane)
        await Intake(shift).process(documents)
        for (channel, account), at in {
            (one["channel"], one["account"]): one["received_at"] for one in documents
        }.items():
            await note_delivery(shift.store, channel, account, at)
        return is_more

    return take_in


async def first_waiting(store: Store, lane: int) -> tuple[list[Document], bool]:
    """The deliveries of the lane that came first, as many as may be held at once, and whether there may be more."""
    firsts: list[Document] = [{"$match": _waiting(lane)}, {"$sort": {"sequence": 1}}, {"$limit": _AT_ONCE}]
    # A reader that makes way meets what came meanwhile at the end of the lane, and not what came behind it just before.
    waiting = await store.aggregate(DELIVERIES, [*firsts, {"$project": {"size_bytes": 1}}], at_one_moment=True)
    sizes = list(accumulate(one["size_bytes"] for one in waiting))
    keys = [one["_id"] for one, size in zip(waiting, sizes, strict=True) if size <= max(_BYTES_AT_ONCE, sizes[0])]
    found = await store.by_ids(DELIVERIES, keys)
    return [found[key] for key in keys if key in found], len(keys) < len(waiting) or len(waiting) == _AT_ONCE


for _lane in range(LANES):
    SLICE.job(lane_job(_lane), every_s=_EVERY_S, when=_is_wanted(_lane))(_work(_lane))


@SLICE.job("intake upkeep", every_s=_UPKEEP_S)
async def drop_what_is_old(shift: Shift) -> bool:
    """Drops deliveries that were set aside too long ago, and the keys of events that nobody tells again."""
    before = too_old(shift.clock())
    await shift.store.delete(DELIVERIES, {"state": ASIDE, "aside_at": {"$lte": before}})
    await shift.store.delete(EVENT_KEYS, {"at": {"$lte": before}})
    return False
