"""Which relations come next of a customer who may have thousands: each once, whatever was merged?

Which of them are one depends on into whom the others were merged. So each that is read along the index is asked whether
a newer one is the same; where too few are left for the page, more are read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.mongo import Store
from adapters.records import Document, Record, RecordId
from adapters.windows import Position, Window
from resolvers.customers import CUSTOMERS

_WORKING = ("other", "survivor", "speaking", "others", "newer")


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What is read next for one customer."""

    ids: Sequence[RecordId]
    window: Window


async def related(
    store: Store, record: Record, owners: Sequence[Sequence[RecordId]], window: Window
) -> list[list[Document]]:
    """Each customer's next relations in the window's order: none to itself, and no two that are one.

    One command for all of them, and one more each time that merges left too few of what was read. `owners`: of each
    customer the own id first, then those under which relations were written that are its own, too.
    """
    found: dict[RecordId, list[Document]] = {ids[0]: [] for ids in owners}
    wanted = [_Stretch(ids, window) for ids in owners]
    while wanted:
        rows = await _read(store, record, wanted)
        further: list[_Stretch] = []
        for one in wanted:
            key, read = one.ids[0], rows.get(one.ids[0], [])
            found[key] += [row for row in read if row["is_shown"]]
            if len(found[key]) < window.limit and len(read) == one.window.limit:
                last = Position(read[-1]["created_at"], "", read[-1]["_id"])
                further.append(_Stretch(one.ids, replace(one.window, limit=2 * one.window.limit, beyond=last)))
        wanted = further
    return [found[ids[0]][: window.limit] for ids in owners]


async def _read(store: Store, record: Record, wanted: Sequence[_Stretch]) -> Mapping[RecordId, list[Document]]:
    """What stands there of each customer, in the window's order, with whether it is shown."""
    first, *others = [_rows(record, one.ids, one.window) for one in wanted]
    stages = [*first, *({"$unionWith": {"coll": record.name, "pipeline": one}} for one in others)]
    found: dict[RecordId, list[Document]] = {}
    for one in await store.aggregate(record, stages):
        found.setdefault(one["of"], []).append(one)
    # In which order united documents come, MongoDB does not promise.
    for rows in found.values():
        rows.sort(key=lambda one: (one["created_at"], one["_id"]), reverse=wanted[0].window.is_descending)
    return found


async def counts(store: Store, record: Record, owners: Sequence[Sequence[RecordId]]) -> list[int]:
    """How many relations each customer has, each once: all of them are looked at."""
    pipelines: list[list[Document]] = [
        [
            {"$match": {"customer_id": {"$in": list(ids)}}},
            *_speaking(),
            {"$match": {"speaking": {"$ne": ids[0]}}},
            {"$group": {"_id": ["$speaking", "$type_id", "$is_inverse"]}},
            {"$count": "count"},
            {"$set": {"of": ids[0]}},
        ]
        for ids in owners
    ]
    first, *others = pipelines
    united = [*first, *({"$unionWith": {"coll": record.name, "pipeline": one}} for one in others)]
    found = {one["of"]: int(one["count"]) for one in await store.aggregate(record, united)}
    return [found.get(ids[0], 0) for ids in owners]


def _rows(record: Record, ids: Sequence[RecordId], window: Window) -> list[Document]:
    way = -1 if window.is_descending else 1
    return [
        {"$match": {"customer_id": {"$in": list(ids)}, **_beyond(window)}},
        {"$sort": {"created_at": way, "_id": way}},
        {"$limit": window.limit},
        *_speaking(),
        _newer(record, ids),
        {"$set": {"of": ids[0], "is_shown": {"$and": [{"$ne": ["$speaking", ids[0]]}, {"$eq": ["$newer", []]}]}}},
        {"$unset": list(_WORKING)},
    ]


def _beyond(window: Window) -> Document:
    place = window.beyond
    if place is None:
        return {}
    beyond = "$lt" if window.is_descending else "$gt"
    ties, further = {"created_at": place.order, "_id": {beyond: place.id}}, {"created_at": {beyond: place.order}}
    # The first bounds the index, the second leaves out what stands at the very moment.
    return {"created_at": {f"{beyond}e": place.order}, "$or": [ties, further]}


def _speaking() -> list[Document]:
    """Says of each relation who speaks for the other by now, and under which ids."""
    people = {"from": CUSTOMERS.name, "foreignField": "_id"}
    shown = [{"$project": {"merged_into": 1, "aliases.id": 1}}]
    ids = {"$ifNull": [{"$first": "$survivor.aliases.id"}, {"$first": "$other.aliases.id"}, []]}
    return [
        {"$lookup": {**people, "localField": "other_id", "pipeline": shown, "as": "other"}},
        {"$lookup": {**people, "localField": "other.merged_into", "pipeline": shown, "as": "survivor"}},
        {"$set": {"speaking": {"$ifNull": [{"$first": "$other.merged_into"}, "$other_id"]}}},
        {"$set": {"others": {"$concatArrays": [["$speaking"], ids]}}},
    ]


def _newer(record: Record, ids: Sequence[RecordId]) -> Document:
    """Finds one that is the same and was noted later."""
    later = {"$gt": ["$created_at", "$$at"]}
    same_moment = {"$and": [{"$eq": ["$created_at", "$$at"]}, {"$gt": ["$_id", "$$id"]}]}
    alike = [{"$eq": ["$type_id", "$$type"]}, {"$eq": ["$is_inverse", "$$inverse"]}]
    return {
        "$lookup": {
            "from": record.name,
            "localField": "others",
            "foreignField": "other_id",
            "let": {"at": "$created_at", "id": "$_id", "type": "$type_id", "inverse": "$is_inverse"},
            "pipeline": [
                {"$match": {"customer_id": {"$in": list(ids)}}},
                {"$match": {"$expr": {"$and": [*alike, {"$or": [later, same_moment]}]}}},
                {"$limit": 1},
                {"$project": {"_id": 1}},
            ],
            "as": "newer",
        }
    }
