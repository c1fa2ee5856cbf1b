"""What is read of the records of many owners at once?

A load can say two ways. A *sweep* reads a collection once for all owners, along an index that begins with them: MongoDB
plans it once. A *join* (`$lookup`) reads it for each owner: MongoDB plans it for every one of them, which costs 0.1 ms
each and four times what the reading costs. So a load is joined only where a sweep has no bound, where it came to its
bound, and inside transactions, where MongoDB does not unite collections.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final, Protocol

from adapters.records import Document, Record, RecordId
from adapters.windows import Owner, Strand, excerpt, matching, worth

# Of a kind that is read whole, such as identities, an owner has a few.
_RECORDS_OF_ONE = 3


class Unread(Enum):
    """Stands for the answer of an owner whom a sweep did not come to."""

    UNREAD = "unread"


UNREAD: Final = Unread.UNREAD


class Load(Protocol):
    """Something that is read for each of several owners."""

    @property
    def owners(self) -> Sequence[Owner]:
        """To whom what is read belongs; answers come in their order."""

    def sweeps(self) -> Sequence["Sweep"]:
        """The reads that serve all owners at once; none where each owner has to be read by itself."""

    def gathered(self, swept: Sequence[list[dict[str, Any]]]) -> list[Any]:
        """The owners' answers, UNREAD among them, from what each sweep found; the documents may be changed."""

    def of(self, owners: Sequence[Owner]) -> "Load":
        """The same for other owners."""

    def joins(self, name: str) -> list["Join"]:
        """The collections that are read; what each finds stands under its own name, which begins with this one."""

    def shown(self, name: str) -> Any:
        """The expression for what is answered of an owner, from what the joins found."""

    def read(self, shown: Any) -> Any:
        """An owner's answer, from what was shown."""


@dataclass(frozen=True, slots=True, repr=False)
class Sweep:
    """Documents of one collection, of whichever owner."""

    record: Record
    stages: Sequence[Document]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Join:
    """Documents of one collection that belong to an owner."""

    name: str
    record: Record
    owner_field: str
    stages: Sequence[Document]


@dataclass(frozen=True, slots=True, repr=False)
class CountLoad:
    """How many rows there are over all strands: a number per owner."""

    owners: Sequence[Owner]
    strands: Sequence[Strand]

    def sweeps(self) -> Sequence[Sweep]:
        """A counting sweep for each strand."""
        return [
            Sweep(
                strand.record,
                [
                    *one_match([*matching(_of_all(self.owners, strand)), *matching(strand.where)]),
                    {"$group": {"_id": f"${strand.owner_field}", "n": {"$sum": 1}}},
                ],
            )
            for strand in self.strands
        ]

    def gathered(self, swept: Sequence[list[dict[str, Any]]]) -> list[Any]:
        """The sum of each owner's strands."""
        counts = [{one["_id"]: one["n"] for one in found} for found in swept]
        return [
            sum(
                found.get(key, 0)
                for strand, found in zip(self.strands, counts, strict=True)
                for key in owner[strand.record.name]
            )
            for owner in self.owners
        ]

    def of(self, owners: Sequence[Owner]) -> "CountLoad":
        """The same for other owners."""
        return replace(self, owners=owners)

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


@dataclass(frozen=True, slots=True, repr=False)
class CategoryLoad:
    """Facts grouped by category, `{_id, count, top: [document]}`: by record name for each owner.

    The strongest facts first, else the newest.
    """

    owners: Sequence[Owner]
    records: Sequence[Record]
    top: int

    def sweeps(self) -> Sequence[Sweep]:
        """A grouping sweep for each record kind of one owner."""
        if len(self.owners) > 1:
            return []
        (owner,) = self.owners
        return [
            Sweep(
                record,
                [{"$match": {_customer_field(record): one_of(owner[record.name])}}, {"$group": self._group(record)}],
            )
            for record in self.records
        ]

    def gathered(self, swept: Sequence[list[dict[str, Any]]]) -> list[Any]:
        """The groups by record name, in the order of their categories."""
        named = zip(self.records, swept, strict=True)
        return [{record.name: sorted(groups, key=lambda one: _or_first(one["_id"])) for record, groups in named}]

    def of(self, owners: Sequence[Owner]) -> "CategoryLoad":
        """The same for other owners."""
        return replace(self, owners=owners)

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
        only = worth(facts.reads, len(self.owners) * self.top)
        shown: Any = {path: f"${path}" for path in only} if only else "$$ROOT"
        return {
            "_id": f"${facts.category}",
            "count": {"$sum": 1},
            "top": {"$topN": {"n": self.top, "sortBy": {**best, facts.at: -1, "_id": -1}, "output": shown}},
        }


@dataclass(frozen=True, slots=True, repr=False)
class EveryLoad:
    """Every document of a record kind: a list per owner, in no order."""

    owners: Sequence[Owner]
    record: Record
    only: frozenset[str] | None = None
    """Which fields are wanted, as dotted paths, beside the id; None: all."""

    @property
    def _only(self) -> frozenset[str] | None:
        return worth(self.only, len(self.owners) * _RECORDS_OF_ONE)

    def sweeps(self) -> Sequence[Sweep]:
        """One sweep."""
        field = _customer_field(self.record)
        match = {field: one_of(ids_of(self.owners, self.record))}
        return [Sweep(self.record, [{"$match": match}, *excerpt(self._only, field)])]

    def gathered(self, swept: Sequence[list[dict[str, Any]]]) -> list[Any]:
        """The documents of each owner."""
        (found,) = swept
        if len(self.owners) == 1:
            return [found]
        field, name = _customer_field(self.record), self.record.name
        by_key: dict[RecordId, list[Document]] = {}
        for one in found:
            by_key.setdefault(one[field], []).append(one)
        return [[one for key in owner[name] for one in by_key.get(key, ())] for owner in self.owners]

    def of(self, owners: Sequence[Owner]) -> "EveryLoad":
        """The same for other owners."""
        return replace(self, owners=owners)

    def joins(self, name: str) -> list[Join]:
        """One join."""
        field = _customer_field(self.record)
        return [Join(name=f"{name}_0", record=self.record, owner_field=field, stages=excerpt(self._only))]

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


def ids_of(owners: Sequence[Owner], record: Record) -> Sequence[RecordId]:
    """All ids under which records of the kind were written, each once."""
    return list(dict.fromkeys(key for owner in owners for key in owner[record.name]))


def one_of(ids: Sequence[RecordId]) -> Any:
    """What a field must match to hold one of the ids."""
    return ids[0] if len(ids) == 1 else {"$in": list(ids)}


def _of_all(owners: Sequence[Owner], strand: Strand) -> Document:
    return {strand.owner_field: one_of(ids_of(owners, strand.record))}


def one_match(stages: Sequence[Document]) -> list[Document]:
    """The stages, those that match made one at their beginning."""
    matches = [one["$match"] for one in stages if "$match" in one]
    others = [one for one in stages if "$match" not in one]
    return [{"$match": matches[0] if len(matches) == 1 else {"$and": matches}}, *others]


def _or_first(value: Any) -> tuple[bool, Any]:
    """Sorts nothing ahead of everything, as the database does."""
    return value is not None, value
