"""How are the next rows of lists read: of one list or of fifty, each of one collection or of several merged?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from adapters.loads import UNREAD, Join, Sweep, Unread, ids_of, one_match, one_of
from adapters.records import Document, RecordId
from adapters.windows import Owner, Row, Strand, Window, branches, matching, named, picked, stretch, worth

# A sweep for many owners reads no more than this many documents, or this many times what is wanted of them.
_MOST_SWEPT, _SWEPT_PER_WANTED = 1_000, 4
# Beside a document of a merged list: by what it stands there, and of which kind it is.
_ORDER, _KIND = "_order", "_kind"


@dataclass(frozen=True, slots=True, repr=False)
class WindowLoad:
    """The next rows of several collections merged: a list of Row per owner."""

    owners: Sequence[Owner]
    strands: Sequence[Strand]
    window: Window

    def sweeps(self) -> Sequence[Sweep]:
        """One owner's stretches merged; of many owners the first rows of a whole collection, within the bound."""
        if len(self.owners) == 1:
            return [self._merged(self._stretches())]
        if len(self.strands) > 1 or self.strands[0].where or self.window.beyond:
            return []
        (strand,) = self.strands
        way = -1 if self.window.is_descending else 1
        by = strand.owner_field
        stages, row = picked(self._only(strand), strand.order, by)
        stages = [
            {"$match": {by: one_of(ids_of(self.owners, strand.record))}},
            {"$sort": {by: way, strand.order: way, "_id": way}},
            {"$limit": self._most_swept},
            *stages,
            {
                "$group": {
                    "_id": f"${by}",
                    "read": {"$sum": 1},
                    "rows": {"$firstN": {"n": self.window.limit, "input": row}},
                }
            },
        ]
        return [Sweep(strand.record, stages)]

    def _stretches(self) -> list[tuple[Strand, Document]]:
        (owner,) = self.owners
        return list(branches(self.strands, self.window, owner))

    def _only(self, strand: Strand) -> frozenset[str] | None:
        return worth(strand.only, len(self.owners) * self.window.limit)

    @property
    def _most_swept(self) -> int:
        return max(_MOST_SWEPT, _SWEPT_PER_WANTED * self.window.limit * len(self.owners))

    def _merged(self, stretches: Sequence[tuple[Strand, Document]]) -> Sweep:
        (owner,) = self.owners
        reads = [
            (strand, [*matching(_of(owner, strand)), *stretch(strand, bounds, self.window, self._only(strand))])
            for strand, bounds in stretches
        ]
        first, stages = reads[0]
        if len(reads) == 1:
            return Sweep(first.record, one_match(stages))
        united = [
            (strand, [*one_match(each), {"$set": {_ORDER: f"${strand.order}", _KIND: {"$literal": strand.kind}}}])
            for strand, each in reads
        ]
        way = -1 if self.window.is_descending else 1
        others = [{"$unionWith": {"coll": strand.record.name, "pipeline": each}} for strand, each in united[1:]]
        order = {_ORDER: way, _KIND: way, "_id": way}
        return Sweep(first.record, [*united[0][1], *others, {"$sort": order}, {"$limit": self.window.limit}])

    def gathered(self, swept: Sequence[list[dict[str, Any]]]) -> list[Any]:
        """The rows of each owner in order."""
        (found,) = swept
        if len(self.owners) > 1:
            return self._of_many(found)
        if len(self._stretches()) == 1:
            (strand,) = self.strands
            rows = [Row(one.get(strand.order), strand.kind, one) for one in found]
        else:
            rows = [Row(one.pop(_ORDER, None), one.pop(_KIND), one) for one in found]
        return [self._in_order(rows)]

    def _of_many(self, groups: Sequence[Document]) -> list[list[Row] | Unread]:
        (strand,) = self.strands
        order, kind, limit = strand.order, strand.kind, self.window.limit
        found = {group["_id"]: group["rows"] for group in groups}
        unread = self._unread(groups)
        answers: list[list[Row] | Unread] = []
        for owner in self.owners:
            keys = owner[strand.record.name]
            if unread and not unread.isdisjoint(keys):
                answers.append(UNREAD)
                continue
            rows = [Row(one.get(order), kind, one) for key in keys for one in found.get(key, ())]
            # What was found of one id is in order, and no more than was wanted.
            answers.append(rows if len(keys) == 1 else self._in_order(rows)[:limit])
        return answers

    def _unread(self, groups: Sequence[Document]) -> set[RecordId]:
        """The ids that a sweep did not come to, which goes along them and ends somewhere inside the last."""
        if sum(group["read"] for group in groups) < self._most_swept:
            return set()
        (strand,) = self.strands
        is_descending = self.window.is_descending
        last = (min if is_descending else max)(groups, key=lambda group: group["_id"])
        end = last["_id"]
        ids = ids_of(self.owners, strand.record)
        behind = {key for key in ids if (key < end if is_descending else key > end)}
        return behind if len(last["rows"]) >= self.window.limit else behind | {end}

    def _in_order(self, rows: list[Row]) -> list[Row]:
        """In which order united documents come, MongoDB does not promise."""
        rows.sort(key=_place, reverse=self.window.is_descending)
        return rows

    def of(self, owners: Sequence[Owner]) -> "WindowLoad":
        """The same for other owners."""
        return replace(self, owners=owners)

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
                stages=stretch(strand, bounds, self.window, self._only(strand)) + ([] if is_alone else [named(strand)]),
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


def _of(owner: Owner, strand: Strand) -> Document:
    return {strand.owner_field: one_of(owner[strand.record.name])}


def _place(row: Row) -> tuple[bool, Any, str, RecordId]:
    return row.order is not None, row.order, row.kind, row.document["_id"]
