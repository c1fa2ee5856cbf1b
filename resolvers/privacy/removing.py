"""How is much removed: in batches, each whole, together with what belongs to it?

A batch is one transaction: documents, what is a piece of them, what goes with its last holder, and the count of all of
it. Bytes of files stand in no transaction; so their ids are noted in it, and the bytes are removed behind it, also by
whoever comes after one that was killed in between.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.mongo import Store
from adapters.records import Document, Record, RecordId

DOOMED_FILES = Record(name="doomed_files", customer=None)
"""The ids of files whose records are gone and whose bytes are not yet."""

BATCH = 2_000
"""Documents of one transaction: at about 0.1 ms each it is over long before the database gives one up."""

FILES = "files"
"""Under which name the bytes of files are counted."""

Counts = Counter[str]
"""How many documents of each collection."""


class Removing:
    """Removes documents of declared records with all that goes with them."""

    def __init__(self, store: Store, records: Iterable[Record]) -> None:
        self._store = store
        known = list(records)
        self._pieces = [record for record in known if record.belongs]
        self._held = [record for record in known if record.held_by]

    async def some(self, record: Record, where: Mapping[str, Any], room: int) -> Counts:
        """What was removed of the documents that match, at most about so many; belongs into a transaction.

        Pieces go before what they are pieces of, so a document with very many may still be there: none are left when
        nothing is removed any more.
        """
        only = ["_id", *([record.file] if record.file else ())]
        held = [one for one in self._held if one.held_by and one.held_by.record == record.name]
        only += [one.held_by.field for one in held if one.held_by]
        found = await self._store.find(record, where, limit=room, only=only)
        if not found:
            return Counter()
        keys = [one["_id"] for one in found]
        counts = await self._pieces_of(record, keys, room)
        if counts.total() >= room:
            return counts
        # By their ids alone, which no index but that of the ids is tried for: who changed one of them since it was
        # found makes the transaction begin anew.
        counts[record.name] += await self._store.delete(record, {"_id": {"$in": keys}})
        if record.file:
            counts[FILES] += await self._doom(one.get(record.file) for one in found)
        for one in held:
            counts += await self._left_alone(one, record, found)
        return counts

    async def _pieces_of(self, record: Record, keys: Sequence[RecordId], room: int) -> Counts:
        counts: Counts = Counter()
        for piece in self._pieces:
            if piece.belongs and record.name in piece.belongs.to and counts.total() < room:
                counts += await self.some(piece, {piece.belongs.field: {"$in": keys}}, room - counts.total())
        return counts

    async def _left_alone(self, held: Record, holders: Record, gone: Sequence[Document]) -> Counts:
        """What nobody holds any more goes with its last holder."""
        holding = held.held_by
        if holding is None:
            return Counter()
        keys = {one[holding.field] for one in gone}
        await self._store.update_all(held, {"_id": {"$in": list(keys)}}, {"$inc": {holding.written: -1}})
        others = await self._store.find(holders, {holding.field: {"$in": list(keys)}}, only=[holding.field])
        alone = list(keys - {one[holding.field] for one in others})
        return await self.some(held, {"_id": {"$in": alone}}, len(alone)) if alone else Counter()

    async def _doom(self, files: Iterable[RecordId | None]) -> int:
        keys = [key for key in files if key is not None]
        await self._store.upsert(DOOMED_FILES, [(key, {"$set": {"is_gone": True}}) for key in keys])
        return len(keys)


async def remove_doomed(store: Store, most: int = BATCH) -> int:
    """Removes the bytes of files whose records are gone; answers how many files that were."""
    doomed = await store.find(DOOMED_FILES, {}, order=[("_id", 1)], limit=most)
    for one in doomed:
        await store.files.remove(one["_id"])
        await store.delete(DOOMED_FILES, {"_id": one["_id"]})
    return len(doomed)
