"""Which rows come next: several collections read as one list, for several customers, in one command.

MongoDB's `$lookup` with an equality on the customer and a sorted, limited pipeline walks the index
`(customer, order, _id)` and touches one key more than it returns documents, whatever the length of the
list and however many aliases a customer has. A position splits into `order = x and _id beyond y` and
`order beyond x`, because an `$or` of the two inside one branch loses that bound (measured on 6.0.5 with
two aliases: 25,002 keys for 21 rows, against 24).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.records import Document, Record, RecordId

Owner = Mapping[str, Sequence[RecordId]]
"""To whom rows belong: by record name, the customer ids under which its records were written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strand:
    """One collection's share in a merged list."""

    record: Record
    order: str
    """The field by which the list is sorted; ties are broken by kind, then id."""
    kind: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None
    """The field that holds the owner's id; the record's customer field unless said otherwise."""

    @property
    def owner_field(self) -> str:
        """The field by which rows are found to be an owner's."""
        found = self.by or self.record.customer
        if found is None:
            raise ValueError(f"The record {self.record.name!r} belongs to no customer; say by which field to read it.")
        return found


@dataclass(frozen=True, slots=True)
class Position:
    """A place between two rows of a merged list: just after (in list order) the row that it names."""

    order: Any
    kind: str
    id: RecordId

    @property
    def sort_key(self) -> tuple[Any, str, RecordId]:
        """What two positions of a list compare by, as the database does."""
        return self.order, self.kind, self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which rows are wanted: `limit` of them, going up or down, beyond a position."""

    limit: int
    is_descending: bool = False
    beyond: Position | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a merged list."""

    order: Any
    kind: str
    document: Document

    @property
    def position(self) -> Position:
        """Where a reader stands who has just read this row."""
        return Position(self.order, self.kind, self.document["_id"])


def window_pipeline(owners: Sequence[Owner], strands: Sequence[Strand], window: Window) -> list[Document]:
    """The aggregation that answers each owner's rows in order, under `rows`: one document per owner."""
    way = -1 if window.is_descending else 1
    branches = [_lookup(f"s{n}", strand, where, window) for n, (strand, where) in enumerate(_branches(strands, window))]
    joined = {"$concatArrays": [f"$s{n}" for n in range(len(branches))]}
    ordered = {"$sortArray": {"input": joined, "sortBy": {"order": way, "kind": way, "_id": way}}}
    return [
        _documents(owners),
        *branches,
        {"$project": {"n": 1, "rows": {"$slice": [ordered, window.limit]}}},
    ]


def rows_of(answer: Sequence[Document]) -> list[list[Row]]:
    """The rows that the aggregation answered, a list per owner."""
    return [
        [Row(row["order"], row["kind"], row["document"]) for row in found["rows"]]
        for found in sorted(answer, key=lambda one: int(one["n"]))
    ]


def count_pipeline(owners: Sequence[Owner], strands: Sequence[Strand]) -> list[Document]:
    """The aggregation that counts each owner's rows, under `total`."""
    branches: list[Document] = [
        {
            "$lookup": {
                "from": strand.record.name,
                "localField": f"ids.{strand.record.name}",
                "foreignField": strand.owner_field,
                "as": f"s{n}",
                "pipeline": [*_match(strand.where), {"$count": "n"}],
            }
        }
        for n, strand in enumerate(strands)
    ]
    total = {"$sum": [{"$ifNull": [{"$first": f"$s{n}.n"}, 0]} for n in range(len(strands))]}
    return [
        _documents(owners),
        *branches,
        {"$project": {"n": 1, "total": total}},
    ]


def category_pipeline(owners: Sequence[Owner], records: Sequence[Record], top: int) -> list[Document]:
    """The aggregation that groups each owner's facts by category: `{category, count, top: [document]}`.

    One field `s0`, `s1`, ... per record kind, in the order given; the strongest facts first, else the newest.
    """
    branches: list[Document] = []
    for n, record in enumerate(records):
        facts = record.facts
        if facts is None:
            raise ValueError(f"The record {record.name!r} declares no facts, so it cannot be summarised.")
        best = {facts.score: -1} if facts.score else {}
        group = {
            "_id": f"${facts.category}",
            "count": {"$sum": 1},
            "top": {"$topN": {"n": top, "sortBy": {**best, facts.at: -1, "_id": -1}, "output": "$$ROOT"}},
        }
        branches.append(
            {
                "$lookup": {
                    "from": record.name,
                    "localField": f"ids.{record.name}",
                    "foreignField": record.customer,
                    "as": f"s{n}",
                    "pipeline": [{"$group": group}, {"$sort": {"_id": 1}}],
                }
            }
        )
    return [_documents(owners), *branches]


def _documents(owners: Sequence[Owner]) -> Document:
    owned = [{name: list(ids) for name, ids in owner.items()} for owner in owners]
    return {"$documents": [{"n": n, "ids": ids} for n, ids in enumerate(owned)]}


def _branches(strands: Sequence[Strand], window: Window) -> Iterator[tuple[Strand, Document]]:
    """Each strand with the index-bounded ranges that a position leaves of it."""
    beyond = "$lt" if window.is_descending else "$gt"
    place = window.beyond
    for strand in strands:
        if place is None:
            yield strand, {}
            continue
        comes_later = strand.kind < place.kind if window.is_descending else strand.kind > place.kind
        if comes_later:
            yield strand, {strand.order: {f"{beyond}e": place.order}}
            continue
        if strand.kind == place.kind:
            yield strand, {strand.order: place.order, "_id": {beyond: place.id}}
        yield strand, {strand.order: {beyond: place.order}}


def _lookup(name: str, strand: Strand, bounds: Document, window: Window) -> Document:
    way = -1 if window.is_descending else 1
    row = {"order": f"${strand.order}", "kind": {"$literal": strand.kind}, "document": "$$ROOT"}
    pipeline = [
        *_match(_both(strand.where, bounds)),
        {"$sort": {strand.order: way, "_id": way}},
        {"$limit": window.limit},
        {"$project": row},
    ]
    return {
        "$lookup": {
            "from": strand.record.name,
            "localField": f"ids.{strand.record.name}",
            "foreignField": strand.owner_field,
            "as": name,
            "pipeline": pipeline,
        }
    }


def _both(where: Document, bounds: Document) -> Document:
    return {"$and": [where, bounds]} if where and bounds else where or bounds


def _match(where: Document) -> list[Document]:
    return [{"$match": where}] if where else []
