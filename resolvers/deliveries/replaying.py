"""What waits, what stands aside, and what becomes of the latter when it is read anew by today's code?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapters.mongo import Store
from adapters.records import Document
from resolvers.deliveries.intake import Intake, Tally
from resolvers.deliveries.waiting import ASIDE, DELIVERIES, WAITING
from resolvers.kit.shift import Shift


@dataclass(frozen=True, slots=True)
class Standing:
    """How the deliveries stand, for people."""

    waiting: int
    oldest: datetime | None
    """When the first of those that wait came in."""
    aside: int


async def standing(store: Store) -> Standing:
    """How many deliveries wait and stand aside."""
    oldest = await store.find(DELIVERIES, {"state": WAITING}, order=[("received_at", 1)], limit=1, only=["received_at"])
    return Standing(
        waiting=await store.count(DELIVERIES, {"state": WAITING}),
        oldest=oldest[0]["received_at"] if oldest else None,
        aside=await store.count(DELIVERIES, {"state": ASIDE}),
    )


def set_aside(*, channel: str | None = None, account: str | None = None, since: datetime | None = None) -> Document:
    """Which deliveries stand aside: of a channel, of an account, come in since then."""
    where: dict[str, object] = {"state": ASIDE}
    where |= {name: value for name, value in (("channel", channel), ("account", account)) if value is not None}
    return where if since is None else {**where, "received_at": {"$gte": since}}


async def replay(shift: Shift, where: Document, *, is_dry: bool = False) -> Tally:
    """What becomes of the deliveries that match, in the order in which they came in.

    Each is taken in, or stays aside with the reason that it has today, which the tally tells. `is_dry`: nothing is
    written.
    """
    found = await shift.store.find(DELIVERIES, where, order=[("sequence", 1)], only=["_id"])
    intake = Intake(shift, is_quiet=True)
    for one in found:
        documents: Sequence[Document] = await shift.store.find(DELIVERIES, {**where, "_id": one["_id"]})
        # One at a time: what is said in each holds from when it came in, and they may be days apart.
        for document in documents:
            await (intake.judge(document) if is_dry else intake.process([document]))
    return intake.tally
