"""Who of a batch's people went into another, and what does that one get when more is heard of them?

What a source says of somebody who was merged stays that one's own, so that the same word again is nothing new and an
undone merge gives it back; the survivor is given what the merge would have brought (resolvers/merging/carrying.py).
"""

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.customers import following
from resolvers.ingest.parts import SPOKEN, changed
from resolvers.ingest.report import NotTaken, Visit, too_many
from resolvers.ingest.shelf import Shelf
from resolvers.merging.beneath import Lifting, beneath
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
        ahead = [one for key in keys if (one := self._customers.get(key)) and _was_merged(one)]
        while ahead:
            into = filter(None, (one.get("merged_into") for one in ahead))
            survivors = [found for key in into if (found := self._customers.get(key))]
            wanted = {one.get("merge_id") for one in ahead}
            wanted |= {alias.get("merge_id") for one in (*ahead, *survivors) for alias in one.get("aliases") or ()}
            await self._merges.load(store, [key for key in wanted if key])
            takers = {entry["survivor_id"] for one in ahead if (entry := self._entry(one))}
            await self._customers.load(store, takers)
            ahead = [one for key in takers if (one := self._customers.get(key)) and one.get("merged_into")]

    def own(self, customer: Document) -> Document:
        """What the customer's record holds without what its merges brought: the very same where there are none."""
        merges = self._merges_of(customer)
        return beneath(customer, merges, SPOKEN) if merges else customer

    def told(self, customer: Document, own: Document, said: Document) -> tuple[Document, Sequence[Carried]]:
        """What is new in the customer's document when a source has said this of what is its own, and what others get.

        Raises NotTaken, and changes nothing yet.
        """
        if not said or not _was_merged(customer):
            return said, ()
        first = self._lifted(customer, own, {**own, **said})
        return news_of(customer, first.survivor), [
            Carried(customer, first.entries),
            *self._steps(customer, first.survivor),
        ]

    def _lifted(self, customer: Document, own: Document, said: Document) -> Carried:
        """The customer's document when a source has said something of what is its own, and what the ledger is told."""
        if own is customer:
            return Carried(said, {})
        merges = self._merges_of(customer)
        lifting = Lifting(old=own, new=said, survivor=customer, merges=merges, parts=SPOKEN)
        try:
            step = lifting.lifted()
        except Overfull as error:
            raise _too_many(error) from error
        return Carried({**step.survivor, **following(step.survivor, self._visit.definitions)}, step.entries)

    def _merges_of(self, customer: Document) -> list[Document]:
        """The merges by which others went into the customer and that hold, in their order."""
        order = dict.fromkeys(alias.get("merge_id") for alias in customer.get("aliases") or ())
        return [found for key in order if key and (found := self._merges.get(key))]

    def _steps(self, old: Document, new: Document) -> Sequence[Carried]:
        """What each of those into whom the customer went, one after the other, is given; raises NotTaken."""
        steps: list[Carried] = []
        while old is not new and (entry := self._entry(old)) and (taker := self._customers.get(entry["survivor_id"])):
            later = self._later(entry, taker)
            carrying = Carrying(old=old, new=new, survivor=taker, merge=entry, later=later, parts=SPOKEN)
            try:
                step = carrying.carried()
            except Overfull as error:
                raise _too_many(error) from error
            if step.survivor is not taker:
                step = Carried(self._touched(taker, step.survivor), step.entries)
            steps.append(step)
            old, new = taker, step.survivor
        return steps

    def apply(self, steps: Iterable[Carried]) -> bool:
        """Gives it to them, and tells the ledger; whether the ledger was told anything."""
        told = False
        for step in steps:
            if step.survivor is not self._customers.get(step.survivor["_id"]):
                self._customers.put(dict(step.survivor))
            for key, fields in step.entries.items():
                self._merges.copy(key).update(fields)
                told = True
        return told

    async def write(self, store: Store) -> None:
        """Writes what the ledger is told."""
        await self._merges.write(store)

    def _entry(self, customer: Document) -> Document | None:
        """The entry of the ledger by which the customer went into another; None where there is none."""
        return self._merges.get(customer["merge_id"]) if customer.get("merge_id") else None

    def _later(self, entry: Document, taker: Document) -> list[Document]:
        """The merges of the same taker that came later and hold."""
        merges = self._merges_of(taker)
        place = next((n for n, one in enumerate(merges) if one["_id"] == entry["_id"]), len(merges))
        return merges[place + 1 :]

    def _touched(self, old: Document, new: Document) -> Document:
        version, visit = old["version"] + 1, self._visit
        touched = {"version": version, "updated_at": visit.at, "updated_by": visit.by}
        return {**new, **following(new, visit.definitions), **touched, **changed(version, old, new)}


def news_of(old: Document, new: Document) -> dict[str, Any]:
    """The fields in which a document differs from what it was."""
    return {name: value for name, value in new.items() if name not in old or old[name] != value}


def _was_merged(customer: Document) -> bool:
    return bool(customer.get("merged_into") or customer.get("aliases"))


def _too_many(error: Overfull) -> NotTaken:
    return too_many(error.count, error.part.name.replace("_", " "), error.part.at_most)
