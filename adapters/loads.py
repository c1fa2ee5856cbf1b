"""What is read of the records of many owners at once, and how do several such loads become one command?

A load says which `$lookup`s it needs and what it makes of what they find. Loads for the same owners stand side by
side in one aggregation: one document per owner, a join per record kind, each bounded by an index of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from adapters.records import Document, Record, RecordId
from adapters.windows import Owner, Row, Strand, Window, branches, matching, named, stretch


class Load(Protocol):
    """Something that is read for each of several owners."""

    @property
    def owners(self) -> Sequence[Owner]:
        """To whom what is read belongs; answers come in their order."""

    def joins(self, name: str) -> list["Join"]:
        """The collections that are read; what each finds stands under its own name, which begins with this one."""

    def shown(self, name: str) -> Any:
        """The expression for what is answered of an owner, from what the joins found."""

    def read(self, shown: Any) -> Any:
        """An owner's answer, from what was shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Documents of one collection that belong to an owner."""

    name: str
    record: Record
    owner_field: str
    stages: Sequence[Document]


@dataclass(frozen=True, slots=True)
class WindowLoad:
    """The next rows of several collections merged: a list of Row per owner."""

    owners: Sequence[Owner]
    strands: Sequence[Strand]
    window: Window

    def joins(self, name: str) -> list[Join]:
        """A join for each stretch of each strand."""
        stretches = list(branches(self.strands, self.window))
        # To say of each document where it stands costs the database as much as to find it; alone, all is known.
        is_alone = len(stretches) == 1
        return [
            Join(
                name=f"{name}_{n}",
                record=strand.record,
                owner_field=strand.owner_field,
                stages=stretch(strand, bounds, self.window) + ([] if is_alone else [named(strand)]),
            )
            for n, (strand, bounds) in enumerate(stretches)
        ]

    def shown(self, name: str) -> Any:
        """The stretches in order, cut to the window; one of a single collection is in order as it was read."""
        found = [f"${one.name}" for one in self.joins(name)]
        if len(found) == 1:
            return found[0]
        way = -1 if self.window.is_descending else 1
        order = {"order": way, "kind": way, "_id": way}
        return {"$slice": [{"$sortArray": {"input": {"$concatArrays": found}, "sortBy": order}}, self.window.limit]}

    def read(self, shown: Any) -> list[Row]:
        """The rows."""
        if shown and "document" not in shown[0]:
            (strand,) = self.strands
            return [Row(one.get(strand.order), strand.kind, one) for one in shown]
        return [Row(row["order"], row["kind"], row["document"]) for row in shown]


@dataclass(frozen=True, slots=True)
class CountLoad:
    """How many rows there are over all strands: a number per owner."""

    owners: Sequence[Owner]
    strands: Sequence[Strand]

    def joins(self, name: str) -> list[Join]:
        """A counting join for each strand."""
        return [
            Join(
                name=f"{name}_{n}",
                record=strand.record,
                owner_field=strand.owner_field,
                stages=[*matching(strand.where), {"$count": "n"}],
            )
            for n, strand in enumerate(self.strands)
        ]

    def shown(self, name: str) -> Any:
        """Their sum."""
        return {"$sum": [{"$ifNull": [{"$first": f"${one.name}.n"}, 0]} for one in self.joins(name)]}

    def read(self, shown: Any) -> int:
        """The number."""
        return int(shown)


@dataclass(frozen=True, slots=True)
class CategoryLoad:
    """Facts grouped by category, `{_id, count, top: [document]}`: by record name for each owner.

    The strongest facts first, else the newest.
    """

    owners: Sequence[Owner]
    records: Sequence[Record]
    top: int

    def joins(self, name: str) -> list[Join]:
        """A grouping join for each record kind."""
        return [
            Join(
                name=f"{name}_{n}",
                record=record,
                owner_field=_customer_field(record),
                stages=[{"$group": self._group(record)}, {"$sort": {"_id": 1}}],
            )
            for n, record in enumerate(self.records)
        ]

    def shown(self, name: str) -> Any:
        """The groups, a list per record kind."""
        return [f"${one.name}" for one in self.joins(name)]

    def read(self, shown: Any) -> dict[str, list[Document]]:
        """The groups by record name."""
        return {record.name: groups for record, groups in zip(self.records, shown, strict=True)}

    def _group(self, record: Record) -> Document:
        facts = record.facts
        if facts is None:
            raise ValueError(f"The record {record.name!r} declares no facts, so it cannot be summarised.")
        best = {facts.score: -1} if facts.score else {}
        return {
            "_id": f"${facts.category}",
            "count": {"$sum": 1},
            "top": {"$topN": {"n": self.top, "sortBy": {**best, facts.at: -1, "_id": -1}, "output": "$$ROOT"}},
        }


@dataclass(frozen=True, slots=True)
class EveryLoad:
    """Every document of a record kind: a list per owner, in no order."""

    owners: Sequence[Owner]
    record: Record

    def joins(self, name: str) -> list[Join]:
        """One join."""
        return [Join(name=f"{name}_0", record=self.record, owner_field=_customer_field(self.record), stages=[])]

    def shown(self, name: str) -> Any:
        """All that it finds."""
        return f"${name}_0"

    def read(self, shown: Any) -> list[Document]:
        """The documents."""
        return list(shown)


def _customer_field(record: Record) -> str:
    if record.customer is None:
        raise ValueError(f"The record {record.name!r} belongs to no customer, so it cannot be read by customers.")
    return record.customer


def pipeline_of(loads: Sequence[Load]) -> list[Document]:
    """The aggregation over the whole database that answers all of the loads, whose owners are the same."""
    ids: list[list[Sequence[RecordId]]] = []
    lookups: list[Document] = []
    shown: dict[str, Any] = {"n": 1}
    for number, load in enumerate(loads):
        name = f"l{number}"
        for join in load.joins(name):
            of_owners = [owner[join.record.name] for owner in load.owners]
            if of_owners not in ids:
                ids.append(of_owners)
            lookups.append(_lookup(join, f"i{ids.index(of_owners)}"))
        shown[name] = load.shown(name)
    documents = [
        {"n": n, **{f"i{k}": list(column[n]) for k, column in enumerate(ids)}} for n in range(len(loads[0].owners))
    ]
    return [{"$documents": documents}, *lookups, {"$project": shown}]


def answers_of(loads: Sequence[Load], found: Sequence[Document]) -> list[list[Any]]:
    """Each load's answers in the order of its owners."""
    ordered = sorted(found, key=lambda one: int(one["n"]))
    return [[load.read(one[f"l{number}"]) for one in ordered] for number, load in enumerate(loads)]


def _lookup(join: Join, ids: str) -> Document:
    lookup = {"from": join.record.name, "localField": ids, "foreignField": join.owner_field, "as": join.name}
    return {"$lookup": lookup | ({"pipeline": list(join.stages)} if join.stages else {})}
