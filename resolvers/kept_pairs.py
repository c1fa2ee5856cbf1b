"""How is it kept that two customers may be one person, and what stands when some become one, or several again?

Between two people at most one stands: of those who speak for themselves, and where nobody of either was told apart from
anybody of the other. What people dismissed stays under the ids of whom they said it, so that undoing a merge gives it
back; it binds whomever these went into.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from adapters.mongo import Store
from adapters.records import Concluded, Document, Index, Mention, Record, RecordId
from resolvers.aliases import ids_of
from resolvers.customers import CUSTOMERS

UNKNOWN: Document = {"bits": 0.0, "probability": 0.5, "is_sure": False, "reasons": []}
"""What stands in a pair that nobody has compared."""

PAIRS = Record(
    name="duplicate_suggestions",
    customer=None,
    key=("one_id", "other_id"),
    indexes=(
        Index(("is_dismissed", "bits", "_id")),
        Index(("one_id", "is_dismissed", "bits", "_id")),
        Index(("other_id", "is_dismissed", "bits", "_id")),
    ),
    mentions=Mention(fields=("one_id", "other_id")),
    concluded=Concluded(roles="reasons.role", stays="is_dismissed", emptied=UNKNOWN),
)

_ON_A_WORD: Document = {**UNKNOWN, "bits": 10.0, "probability": 0.999}
"""What stands in a pair that a channel itself says are one person: it comes before most that are alike."""
TOLD_BY = "told_by"
"""Who says so. Such a pair stays though no scan finds it."""

# Whoever has been told apart from so many others is a shop's own account.
MOST_DISMISSED = 1_000
# Who resembles more than so many is a shop's own account; the others are found again when asked for.
_MOST_MOVED = 100
_ENDS = ("one_id", "other_id")


def pair_of(one: str, other: str) -> tuple[str, str]:
    """Two customers as a pair: the smaller id first."""
    return (one, other) if one < other else (other, one)


async def pairs_of_one(store: Store, key: RecordId, ids: Sequence[RecordId]) -> None:
    """Has what stands for those who became one customer, who is `key` among them, stand for that one.

    Of two pairs with somebody else the stronger stays. Belongs into the transaction that makes them one.
    """
    gone = [one for one in ids if one != key]
    where = {"$or": [*_touching(gone, is_dismissed=False), *_touching(ids, is_dismissed=True)]}
    strongest_last = [("is_dismissed", -1), ("bits", -1)]
    found = await store.find(PAIRS, where, order=strongest_last, limit=MOST_DISMISSED + _MOST_MOVED)
    if not found:
        return
    own = set(ids)
    beside = {one["_id"]: end for one in found for end in _of(one) if end not in own}
    into = await gone_into(store, beside.values())
    others = {pair: into.get(end, end) for pair, end in beside.items()}
    apart = {others[one["_id"]] for one in found if one["is_dismissed"] and one["_id"] in others} - own
    told_apart = [{end: key, other: {"$in": list(apart)}, "is_dismissed": False} for end, other in (_ENDS, _ENDS[::-1])]
    await store.delete(PAIRS, {"$or": [*_touching(gone, is_dismissed=False), *told_apart]})
    strongest: dict[RecordId, Document] = {}
    for one in found:
        other = others.get(one["_id"])
        if other is not None and not one["is_dismissed"] and other not in apart | own:
            strongest.setdefault(other, one)
    await _keep_strongest(store, [_moved(one, key, other) for other, one in list(strongest.items())[:_MOST_MOVED]])


def _moved(pair: Document, key: RecordId, other: RecordId) -> Document:
    one_id, other_id = pair_of(str(key), str(other))
    ends = {"one_id": RecordId(one_id), "other_id": RecordId(other_id)}
    return {**pair, **ends, "_id": PAIRS.id_of(ends)}


async def _keep_strongest(store: Store, pairs: Sequence[Document]) -> None:
    known = await store.by_ids(PAIRS, [one["_id"] for one in pairs]) if pairs else {}
    await store.replace(
        PAIRS, [one for one in pairs if one["_id"] not in known or known[one["_id"]]["bits"] < one["bits"]]
    )


async def suggest(store: Store, one: Sequence[RecordId], other: Sequence[RecordId], *, at: datetime, by: str) -> bool:
    """Suggests two customers, each given by all of its ids, its own first, for one person on a channel's word.

    Whether that is news: not where it stands already, or where people said of any of them that they are two.
    """
    apart = [
        {one_end: {"$in": list(one)}, other_end: {"$in": list(other)}} for one_end, other_end in (_ENDS, _ENDS[::-1])
    ]
    if await store.count(PAIRS, {"is_dismissed": True, "$or": apart}):
        return False
    one_id, other_id = pair_of(str(one[0]), str(other[0]))
    ends = {"one_id": RecordId(one_id), "other_id": RecordId(other_id)}
    known = await store.first(PAIRS, {"_id": PAIRS.id_of(ends)})
    if known is not None:
        said = {name: _ON_A_WORD[name] for name in ("bits", "probability")}
        await store.update(PAIRS, {"_id": known["_id"]}, {"$set": {TOLD_BY: by}, "$max": said})
        return TOLD_BY not in known
    fresh = {"found_at": at, "is_dismissed": False, "dismissed_at": None, "dismissed_by": None}
    await store.insert(PAIRS, {"_id": PAIRS.id_of(ends), **ends, **_ON_A_WORD, **fresh, TOLD_BY: by})
    return True


async def settle_pairs(store: Store, ends: Sequence[RecordId]) -> None:
    """The same for each of these customers as it is now, whoever went into it."""
    into = await gone_into(store, ends)
    for one in (await store.by_ids(CUSTOMERS, [into.get(end, end) for end in ends])).values():
        await pairs_of_one(store, one["_id"], ids_of(one))


async def forget_pairs(store: Store, ids: Sequence[RecordId]) -> None:
    """Takes away what suggests any of these, who were one customer: of which of them it spoke, nobody knows."""
    await store.delete(PAIRS, {"$or": _touching(ids, is_dismissed=False)})


async def forget_overtaken(store: Store, pairs: Sequence[Document]) -> list[Document]:
    """Takes away those of these pairs that stand though one of the two went into another, and answers the others.

    Whoever was comparing while a merge was made may have written them behind it.
    """
    into = await gone_into(store, (end for one in pairs if not one["is_dismissed"] for end in _of(one)))
    if not into:
        return list(pairs)
    overtaken = {one["_id"] for one in pairs if not (one["is_dismissed"] or into.keys().isdisjoint(_of(one)))}
    await store.delete(PAIRS, {"_id": {"$in": list(overtaken)}, "is_dismissed": False})
    return [one for one in pairs if one["_id"] not in overtaken]


async def gone_into(store: Store, ids: Iterable[RecordId]) -> Mapping[RecordId, RecordId]:
    """Of these, those who went into another, each with the one who speaks for them."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    merged = {"_id": {"$in": wanted}, "merged_into": {"$ne": None}}
    return {one["_id"]: one["merged_into"] for one in await store.find(CUSTOMERS, merged, only=["merged_into"])}


def _of(pair: Document) -> tuple[RecordId, RecordId]:
    return pair["one_id"], pair["other_id"]


def _touching(ids: Sequence[RecordId], *, is_dismissed: bool) -> list[Document]:
    return [{end: {"$in": list(ids)}, "is_dismissed": is_dismissed} for end in _ENDS]
