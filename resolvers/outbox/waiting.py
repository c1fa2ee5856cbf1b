"""What waits to be handed over, in whose turn, and how long does a channel account take nothing?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from adapters.mongo import Store
from adapters.quiet import quiet
from adapters.records import Document, Index, Record
from resolvers.kit.slice import Slice

OUTBOX: Final = Record(
    name="outbox",
    indexes=(
        # By this the oldest of each person is found without a look at what waits behind it.
        Index(("state", "channel", "account", "value", "queued_at", "_id", "due_at")),
        Index(("state", "channel", "account", "due_at")),
        Index(("state", "queued_at")),
        Index(("customer_id",)),
    ),
    personal=frozenset({"value", "template"}),
    of_staff=frozenset({"queued_by"}),
)
"""A message that was not taken yet, under the message's own id."""

PAUSES: Final = Record(name="outbox_pauses", customer=None, key=("channel", "account"))
"""One document for each channel account that took nothing when something was handed over last: until when it is left
alone, and why."""

SLICE: Final = Slice("outbox", unshown=[OUTBOX, PAUSES])

JOB: Final = "outbox"
WAITING, HANDED_OVER = "WAITING", "HANDED_OVER"

GIVES_UP_AFTER: Final = timedelta(hours=24)
"""Nobody wants yesterday's answer."""

FIRST_PAUSE_S: Final = 5.0
LONGEST_PAUSE_S: Final = 300.0
# A vendor that says to come back at once would else be asked without end.
_SHORTEST_PAUSE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Place:
    """One channel account."""

    channel: str
    account: str

    @property
    def where(self) -> dict[str, Any]:
        """What is said of it in documents."""
        return {"channel": self.channel, "account": self.account}


def place_of(row: Document) -> Place:
    """For which channel account it waits."""
    return Place(row["channel"], row["account"])


def job_name(channel: str, account: str) -> str:
    """The job that hands over what waits for the channel account."""
    return f"{JOB} {channel}/{account}"


async def is_any_due(store: Store, place: Place, now: datetime) -> bool:
    """Whether a message can be handed over, or was left by a process that is gone; mostly a look along an index."""
    due = {"state": {"$in": [HANDED_OVER, WAITING]}, **place.where, "due_at": {"$lte": now}}
    found = await store.find(OUTBOX, due, order=[("state", 1)], limit=1, only=["state"])
    if not found or found[0]["state"] == HANDED_OVER:
        return bool(found)
    # What is due may stand behind something of the same person that is not.
    return not is_resting(await pause_of(store, place), now) and bool(await due_firsts(store, place, now, limit=1))


async def due_firsts(store: Store, place: Place, now: datetime, *, limit: int) -> list[Document]:
    """The oldest message of each person, where that is due, in the order in which they were queued.

    Of a person whose oldest is not due there is none: what was queued later waits with it, whoever queued it and when.
    """
    firsts = await store.aggregate(
        OUTBOX,
        [
            {"$match": {"state": WAITING, **place.where}},
            {"$sort": {"value": 1, "queued_at": 1, "_id": 1}},
            {
                "$group": {
                    "_id": "$value",
                    "first": {"$first": "$_id"},
                    "queued_at": {"$first": "$queued_at"},
                    "due_at": {"$first": "$due_at"},
                }
            },
            {"$match": {"due_at": {"$lte": now}}},
            {"$sort": {"queued_at": 1, "first": 1}},
            {"$limit": limit},
            {"$project": {"_id": "$first"}},
        ],
    )
    rows = await store.by_ids(OUTBOX, [one["_id"] for one in firsts])
    return [rows[one["_id"]] for one in firsts if one["_id"] in rows]


# Pauses


async def pause_of(store: Store, place: Place) -> Document | None:
    """Until when the channel account is left alone, and why; None where it took what it was handed last."""
    return await store.first(PAUSES, {"_id": PAUSES.id_of(place.where)})


def is_resting(pause: Document | None, now: datetime) -> bool:
    """Whether the channel account is left alone now."""
    return pause is not None and bool(pause["until"] > now)


async def leave_alone(store: Store, place: Place, *, until: datetime, times: int, why: str) -> None:
    """Nothing is handed to the channel account until then, whatever is queued meanwhile.

    `times`: how often in a row it took nothing.
    """
    pause: dict[str, Any] = {**place.where, "until": until, "times": times, "why": why}
    await store.upsert(PAUSES, [(PAUSES.id_of(place.where), {"$set": pause})])


async def is_well(store: Store, place: Place) -> None:
    """The channel account takes messages again."""
    await store.delete(PAUSES, {"_id": PAUSES.id_of(place.where)})


def pause_s(times: int, told: float | None = None) -> float:
    """How long to wait after so many failures, or as the vendor told."""
    usual = FIRST_PAUSE_S * 2.0 ** min(times, 10)
    return min(max(told or usual, _SHORTEST_PAUSE_S), LONGEST_PAUSE_S)


# For people


@quiet
@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for a channel account."""

    place: Place
    count: int
    oldest: datetime
    """When the first of them was queued."""
    why: str | None
    """Why the channel account took nothing when it was handed something last."""


async def queues(store: Store, *, queued_before: datetime | None = None) -> Sequence[Queue]:
    """What waits, by the channel account."""
    by_place: Document = {"channel": "$channel", "account": "$account"}
    until = {} if queued_before is None else {"queued_at": {"$lte": queued_before}}
    found = await store.aggregate(
        OUTBOX,
        [
            {"$match": {"state": WAITING, **until}},
            {"$group": {"_id": by_place, "count": {"$sum": 1}, "oldest": {"$min": "$queued_at"}}},
            {"$sort": {"_id": 1}},
        ],
    )
    places = [Place(one["_id"]["channel"], one["_id"]["account"]) for one in found]
    pauses = await store.by_ids(PAUSES, [PAUSES.id_of(one.where) for one in places])
    return [
        Queue(place, one["count"], one["oldest"], pauses.get(PAUSES.id_of(place.where), {}).get("why"))
        for place, one in zip(places, found, strict=True)
    ]
