"""Who takes in what waits: a leased job for each lane, so that one process at a time works on an account's deliveries.

Whoever is killed leaves its lane to another process, which begins with the first delivery that did not end. A process
takes in what came to accounts that its own settings name, and leaves the rest of the lane to those that know more.
"""

from itertools import accumulate
from typing import Final

from adapters.lines import Lines
from adapters.mongo import Store
from adapters.records import Document
from resolvers.channel_standing import note_delivery
from resolvers.deliveries.intake import Intake
from resolvers.deliveries.unnamed import set_unnamed_aside
from resolvers.deliveries.waiting import ASIDE, DELIVERIES, EVENT_KEYS, LANES, SLICE, WAITING, lane_of, too_old
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


def waiting_in(lane: int, lines: Lines) -> Document | None:
    """What waits in the lane for accounts that these lines know; None where they know none there."""
    # Account by account, so that each is a piece of the index, in the order in which its deliveries came.
    mine = [
        {"state": WAITING, "channel": channel, "account": account}
        for channel, account in lines.receivers
        if lane_of(channel, account) == lane
    ]
    return {"$or": mine} if mine else None


def _is_wanted(lane: int) -> Work:
    async def wanted(shift: Shift) -> bool:
        """Whether a delivery waits: one look along an index, which is less than the lease's and the log's trouble."""
        mine = waiting_in(lane, shift.lines)
        return mine is not None and bool(await shift.store.find(DELIVERIES, mine, limit=1, only=["_id"]))

    return wanted


def _work(lane: int) -> Work:
    async def take_in(shift: Shift) -> bool:
        """Takes in the first deliveries of the lane; whether there may be more."""
        mine = waiting_in(lane, shift.lines)
        if mine is None:
            return False
        documents, is_more = await first_waiting(shift.store, mine)
        await Intake(shift).process(documents)
        for (channel, account), at in {
            (one["channel"], one["account"]): one["received_at"] for one in documents
        }.items():
            await note_delivery(shift.store, channel, account, at)
        return is_more

    return take_in


async def first_waiting(store: Store, waiting: Document) -> tuple[list[Document], bool]:
    """Those of the waiting deliveries that came first, as many as may be held at once; whether there may be more."""
    firsts: list[Document] = [{"$match": waiting}, {"$sort": {"sequence": 1}}, {"$limit": _AT_ONCE}]
    # A reader that makes way meets what came meanwhile at the end of the lane, and not what came behind it just before.
    first = await store.aggregate(DELIVERIES, [*firsts, {"$project": {"size_bytes": 1}}], at_one_moment=True)
    sizes = list(accumulate(one["size_bytes"] for one in first))
    keys = [one["_id"] for one, size in zip(first, sizes, strict=True) if size <= max(_BYTES_AT_ONCE, sizes[0])]
    found = await store.by_ids(DELIVERIES, keys)
    return [found[key] for key in keys if key in found], len(keys) < len(first) or len(first) == _AT_ONCE


for _lane in range(LANES):
    # Not every process can do all of it, so nobody rests because another one has just done what it could.
    SLICE.job(lane_job(_lane), every_s=_EVERY_S, when=_is_wanted(_lane), is_urgent=True)(_work(_lane))


@SLICE.job("intake upkeep", every_s=_UPKEEP_S)
async def drop_what_is_old(shift: Shift) -> bool:
    """Drops deliveries that were set aside too long ago, and the keys of events that nobody tells again.

    What has waited too long for an account that nobody names is set aside.
    """
    before = too_old(shift.clock())
    await shift.store.delete(DELIVERIES, {"state": ASIDE, "aside_at": {"$lte": before}})
    await shift.store.delete(EVENT_KEYS, {"at": {"$lte": before}})
    return await set_unnamed_aside(shift)
