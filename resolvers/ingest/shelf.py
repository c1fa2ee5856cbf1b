"""How do many records change one collection in two reads and writes, and not one by one?

A shelf holds the batch's working copies of a collection's documents: what is stored is read once, records change the
copies in memory one after the other, and what differs at the end is written at once.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

from adapters.mongo import Store
from adapters.records import Document, Record

K = TypeVar("K")


class Shelf(Generic[K]):
    """The working copies of one collection's documents, by id."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._stored: dict[K, Document] = {}
        self._copies: dict[K, dict[str, Any]] = {}
        self._added: list[dict[str, Any]] = []
        # Each document as it is by now. An id is hashed in Python, so it is looked up once.
        self._now: dict[K, Any] = {}
        self.get: Callable[[K], Document | None] = self._now.get
        """The document of an id as it is by now; None where there is none."""

    async def load(self, store: Store, ids: Iterable[K]) -> None:
        """Reads documents that are not on the shelf yet; those that are not stored stay absent."""
        self.place((await store.by_ids(self.record, [one for one in ids if one not in self._stored])).values())

    def place(self, documents: Iterable[Document]) -> None:
        """Puts documents on the shelf that were read in another way."""
        found = {one["_id"]: one for one in documents}
        self._stored.update(found)
        # What is changed or added already stays as it is by now.
        self._now.update({**found, **self._now} if self._now else found)

    def __contains__(self, key: object) -> bool:
        """Whether there is a document of that id, stored or added."""
        return key in self._now

    def copy(self, key: K) -> dict[str, Any]:
        """The document for changing; raises KeyError where there is none."""
        if key in self._stored and key not in self._copies:
            self._now[key] = self._copies[key] = dict(self._stored[key])
        found: dict[str, Any] = self._now[key]
        return found

    def add(self, document: dict[str, Any]) -> None:
        """Adds a document that is not stored."""
        self._added.append(document)
        self._now[document["_id"]] = document

    def put(self, document: dict[str, Any]) -> None:
        """Puts the document in the place of the one with its id."""
        there = self.copy(document["_id"])
        there.clear()
        there.update(document)

    async def climb(self, store: Store, field: str) -> None:
        """Raises the field, which only climbs, of the documents that nothing else of the batch changes."""
        climbed = {key: change[field] for key, change, gone in self._changes() if change.keys() == {field} and not gone}
        await store.climb(self.record, field, climbed)
        for key in climbed:
            del self._copies[key]

    async def write(self, store: Store) -> None:
        """Writes what was added and what differs from what is stored: a command for each of the two."""
        if self._added:
            await store.insert(self.record, *self._added)
        changes: list[tuple[Any, Document]] = [
            (key, ({"$set": change} if change else {}) | ({"$unset": dict.fromkeys(gone, "")} if gone else {}))
            for key, change, gone in self._changes()
        ]
        await store.upsert(self.record, changes)

    def _changes(self) -> Iterator[tuple[K, dict[str, Any], list[str]]]:
        """Which documents differ from what is stored: the fields that are new or other, and those that are gone."""
        for key, copy in self._copies.items():
            stored = self._stored[key]
            change = {name: value for name, value in copy.items() if name not in stored or stored[name] != value}
            gone = [name for name in stored if name not in copy]
            if change or gone:
                yield key, change, gone
