"""Which commands do the Python servers send?

For many customers at once: a document per customer, and a `$lookup` per record kind that is sorted and limited, so
that an index bounds it. Where all kinds go in one command, it is the form that the gateway measured as the fastest:
each collection is swept once for all customers, along an index that begins with them, and the sweeps are united.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bson import ObjectId

Document = dict[str, Any]
Stages = list[Document]

# Kind, collection, moment: in the order in which entries of one moment stand.
TIMELINE = (
    ("NOTE", "notes", "created_at"),
    ("MESSAGE", "messages", "sent_at"),
    ("TICKET", "tickets", "created_at"),
    ("PURCHASE", "purchases", "placed_at"),
    ("INTEREST", "interests", "triggered_at"),
)
ORDERS = {"purchases": "placed_at", "tickets": "created_at", "interests": "score"}


def newest(order: str, limit: int) -> Stages:
    """The rows with the largest values."""
    return [{"$sort": {order: -1, "_id": -1}}, {"$limit": limit}]


def lookup(collection: str, name: str, stages: Sequence[Document] = ()) -> Document:
    """Reads a customer's records of one kind."""
    more = {"pipeline": list(stages)} if stages else {}
    return {"$lookup": {"from": collection, "localField": "_id", "foreignField": "customer_id", "as": name} | more}


def grouped(top: int) -> Stages:
    """Interests by category, with the strongest of each."""
    strongest = {"n": top, "sortBy": {"score": -1, "observed_at": -1, "_id": -1}, "output": "$$ROOT"}
    return [
        {"$group": {"_id": "$category", "count": {"$sum": 1}, "top": {"$topN": strongest}}},
        {"$sort": {"_id": 1}},
    ]


def strand(kind: str, at: str, limit: int) -> Stages:
    """One record kind's newest entries of the history."""
    return [
        *newest(at, limit),
        {"$project": {"order": f"${at}", "kind": {"$literal": kind}, "document": "$$ROOT"}},
    ]


def history(limit: int) -> tuple[list[Document], Mapping[str, Any]]:
    """The lookups of the history, and how what they find is merged: newest first."""
    lookups = [lookup(collection, f"h_{kind}", strand(kind, at, limit)) for kind, collection, at in TIMELINE]
    found = {"$concatArrays": [f"$h_{kind}" for kind, _, _ in TIMELINE]}
    order = {"order": -1, "kind": -1, "_id": -1}
    return lookups, {"history": {"$slice": [{"$sortArray": {"input": found, "sortBy": order}}, limit]}}


# A sweep for many customers reads no more than this; the benchmark's customers have far less.
MOST_SWEPT = 1_000


def swept(ids: Sequence[ObjectId], order: str, limit: int) -> Stages:
    """Each customer's rows with the largest values, as `{_id, read, rows}`; of one customer the rows themselves."""
    if len(ids) == 1:
        return [{"$match": {"customer_id": ids[0]}}, *newest(order, limit)]
    group = {"_id": "$customer_id", "read": {"$sum": 1}, "rows": {"$firstN": {"n": limit, "input": "$$ROOT"}}}
    sort = {"customer_id": -1, order: -1, "_id": -1}
    return [
        {"$match": {"customer_id": {"$in": list(ids)}}},
        {"$sort": sort},
        {"$limit": MOST_SWEPT},
        {"$group": group},
    ]


def swept_history(key: ObjectId, limit: int) -> tuple[str, Stages]:
    """The newest entries of one customer's history, and the collection with which it begins."""
    parts = [
        (name, [*swept([key], at, limit), {"$set": {"order": f"${at}", "kind": {"$literal": kind}}}])
        for kind, name, at in TIMELINE
    ]
    (first, stages), *others = parts
    unions = [{"$unionWith": {"coll": name, "pipeline": each}} for name, each in others]
    return first, [*stages, *unions, {"$sort": {"order": -1, "kind": -1, "_id": -1}}, {"$limit": limit}]


def united(sweeps: Mapping[str, tuple[str, Stages]]) -> Stages:
    """One command for all sweeps, each a collection and its stages; every row says in `_of` which one found it."""
    unions = [
        {"$unionWith": {"coll": collection, "pipeline": [*stages, {"$set": {"_of": name}}]}}
        for name, (collection, stages) in sweeps.items()
    ]
    return [{"$documents": []}, *unions]


def over(ids: Iterable[ObjectId], stages: Sequence[Document]) -> Stages:
    """The pipeline over the whole database that reads of these customers."""
    return [{"$documents": [{"_id": key} for key in ids]}, *stages]


def panel(key_hash: str) -> Stages:
    """The customer behind an identity."""
    join = {"from": "customers", "localField": "customer_id", "foreignField": "_id", "as": "own"}
    return [{"$match": {"_id": key_hash}}, {"$lookup": join}]
