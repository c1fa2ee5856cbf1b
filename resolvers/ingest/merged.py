"""Who of a batch's people went into another, and what does that one get when more is heard of them?

What a source says of somebody who was merged stays that one's own, so that the same word again is nothing new and an
undone merge gives it back; the survivor is given what the merge would have brought (resolvers/merging/carrying.py).
"""

from collections.abc import Iterable, Sequence

from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.customers import changed_at, following
from resolvers.ingest.parts import SPOKEN
from resolvers.ingest.report import Visit, too_many
from resolvers.ingest.shelf import Shelf
from resolvers.merging.carrying import Carried, Carrying, Overfull
from resolvers.merging.ledger import MERGES


class Merged:
    """The merges by which people of one batch went into others."""

    def __init__(self, visit: Visit, customers: Shelf[RecordId]) -> None:
        self._visit = visit
        self._customers = customers
        self._merges: Shelf[RecordId] = Shelf(MERGES)

    async def load(self, store: Store, keys: Iterable[RecordId]) -> None:
        """Reads by which merges these customers, and those who took them in, went into others; no more commands else.

        The survivors were read before.
        """
        ahead = [one for key in keys if (one := self._customers.get(key)) and one.get("merged_into")]
        while ahead:
            survivors = [found for one in ahead if (found := self._customers.get(one["merged_into"]))]
            wanted = {one.get("merge_id") for one in ahead}
            wanted |= {alias.get("merge_id") for one in (*ahead, *survivors) for alias in one.get("aliases") or ()}
            await self._merges.load(store, [key for key in wanted if key])
            entries = [entry for one in ahead if (entry := self._entry(one))]
            takers = {entry["survivor_id"] for entry in entries}
            await self._customers.load(store, takers)
            ahead = [one for key in takers if (one := self._customers.get(key)) and one.get("merged_into")]

    def steps(self, old: Document, new: Document) -> Sequence[Carried]:
        """What each of those into whom the customer went, one after the other, is given; raises NotTaken."""
        steps: list[Carried] = []
        while old is not new and (entry := self._entry(old)) and (taker := self._customers.get(entry["survivor_id"])):
            later = self._later(entry, taker)
            carrying = Carrying(old=old, new=new, survivor=taker, merge=entry, later=later, parts=SPOKEN)
            try:
                step = carrying.carried()
            except Overfull as error:
                raise too_many(error.count, error.part.name.replace("_", " "), error.part.at_most) from error
            if step.survivor is not taker:
                step = Carried(self._touched(taker, step.survivor), step.entries)
            steps.append(step)
            old, new = taker, step.survivor
        return steps

    def apply(self, steps: Iterable[Carried]) -> None:
        """Gives it to them."""
        for step in steps:
            if step.survivor is not self._customers.get(step.survivor["_id"]):
                self._customers.put(dict(step.survivor))
            for key, fields in step.entries.items():
                self._merges.copy(key).update(fields)

    async def write(self, store: Store) -> None:
        """Writes what the ledger is told."""
        await self._merges.write(store)

    def _entry(self, customer: Document) -> Document | None:
        """The entry of the ledger by which the customer went into another; None where there is none."""
        return self._merges.get(customer["merge_id"]) if customer.get("merge_id") else None

    def _later(self, entry: Document, taker: Document) -> list[Document]:
        """The merges of the same taker that came later and hold: in the order of its aliases."""
        order = list(dict.fromkeys(alias.get("merge_id") for alias in taker.get("aliases") or ()))
        behind = order[order.index(entry["_id"]) + 1 :] if entry["_id"] in order else []
        return [found for key in behind if key and (found := self._merges.get(key))]

    def _touched(self, old: Document, new: Document) -> Document:
        version, visit = old["version"] + 1, self._visit
        touched = {"version": version, "updated_at": visit.at, "updated_by": visit.by}
        changed = {**old.get("changed", {}), **changed_at(version, old, new["attributes"])}
        return {**new, **following(new, visit.definitions), **touched, **({"changed": changed} if changed else {})}
