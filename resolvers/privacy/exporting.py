"""What is kept of one customer, whole and in plain words: one JSON document, however much it is?

It is written piece by piece while the records are read, so a million messages take no more memory than a thousand. What
never leaves are values of write-only attributes. Other customers stand in it by their ids alone.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any, Final

import orjson
from strawberry.utils.str_converters import to_camel_case

from adapters.mongo import Store
from adapters.records import Document, Mention, Record, RecordId
from resolvers.attribute_rules import AttributeType
from resolvers.attribute_schema import definitions_by_name
from resolvers.customers import NEVER
from resolvers.kit.ids import global_id
from resolvers.kit.slice import Declared
from resolvers.privacy.asking import held_by
from resolvers.privacy.naming import keys_of, names_others, naming, untold
from resolvers.privacy.wording import Wording

FORMAT: Final = "profile-gateway customer export 1"

# Follows from what is exported anyway: by what lists sort and searches find.
_DERIVED: Final = frozenset({"search", "shown_as", "sort_name", "sounds", "changed", "own_since"})
_LONGEST_NAME: Final = 100
_ATTRIBUTES: Final = "attributes."


def file_path(stored: Document, record: Record) -> str | None:
    """Where in the archive the bytes stand that belong to a document; None where none do."""
    key = stored.get(record.file) if record.file else None
    if key is None:
        return None
    name = str(stored.get("name") or "file")
    safe = "".join(one if one.isalnum() or one in "._- " else "_" for one in name).strip(" .")
    stem, suffix = PurePosixPath(safe or "file").stem, PurePosixPath(safe or "file").suffix
    return f"files/{key}/{stem[: _LONGEST_NAME - len(suffix)]}{suffix[:_LONGEST_NAME]}"


class Export:
    """The export of one customer, with all its aliases."""

    def __init__(
        self,
        store: Store,
        declared: Declared,
        ids: Sequence[RecordId],
        *,
        wording: Wording,
        definitions: Mapping[str, Document],
        keys: Sequence[str],
    ) -> None:
        self._store = store
        self._declared = declared
        self._ids = list(ids)
        self._wording = wording
        self._definitions = definitions
        self._keys = list(keys)

    @classmethod
    async def of(cls, store: Store, declared: Declared, ids: Sequence[RecordId]) -> "Export":
        """The export of the customer that these ids are: its own first, then its aliases'."""
        return cls(
            store,
            declared,
            ids,
            wording=await Wording.of(store, declared, ids),
            definitions=await definitions_by_name(store),
            keys=await keys_of(store, ids),
        )

    async def json(self, at: datetime) -> AsyncIterator[bytes]:
        """The JSON document in pieces."""
        head = {
            "format": FORMAT,
            "exportedAt": self._wording.value("at", at),
            "ids": [global_id("Customer", one) for one in self._ids],
        }
        yield orjson.dumps(head)[:-1]
        for record in self._own_records():
            yield b",\n" + _key(record.name)
            async for piece in self._list(record, self._batches(record, {str(record.customer): {"$in": self._ids}})):
                yield piece
        for record in self._declared.records:
            if record.held_by:
                yield b",\n" + _key(record.name)
                keys = set[RecordId]().union(*await held_by(self._store, self._declared, record, self._ids))
                async for piece in self._list(record, self._batches(record, {"_id": {"$in": list(keys)}})):
                    yield piece
        yield b',\n"mentionedBy": {'
        separator = b""
        for record in self._declared.records:
            if record.mentions:
                yield separator + _key(record.name)
                separator = b",\n"
                async for piece in self._list(record, self._mentioning(record)):
                    yield piece
        left = await untold(self._store, self._declared)
        told = [{"kind": to_camel_case(record.name), "count": count, "why": why} for record, count, why in left]
        yield b'},\n"untold": ' + orjson.dumps(told) + b"}\n"

    async def files(self) -> AsyncIterator[tuple[str, RecordId]]:
        """Each file's path in the archive, and the id of its bytes."""
        for record in self._own_records():
            if record.file:
                async for batch in self._batches(record, {str(record.customer): {"$in": self._ids}}):
                    for one in batch:
                        path = file_path(one, record)
                        if path is not None:
                            yield path, one[record.file]

    # Inside

    def _own_records(self) -> list[Record]:
        """What belongs to customers, they themselves first."""
        own = [record for record in self._declared.records if record.customer is not None]
        return sorted(own, key=lambda record: record.customer != "_id")

    async def _batches(self, record: Record, where: Mapping[str, Any]) -> AsyncIterator[list[Document]]:
        async for batch in self._store.stream(record, where):
            yield batch

    async def _mentioning(self, record: Record) -> AsyncIterator[list[Document]]:
        """Documents of others, or of nobody, that name the customer; without what they hold of others."""
        if record.mentions is None:
            return
        mentions = record.mentions
        wanted = {"_id", record.customer, *(path.partition(".")[0] for path in mentions.fields)}
        seen: set[Any] = set()
        for where in naming(mentions, self._ids, self._keys):
            async for batch in self._store.stream(record, where):
                fresh = [one for one in batch if one["_id"] not in seen and not self._is_own(record, one)]
                seen.update(one["_id"] for one in fresh)
                if mentions.emptied is not None:
                    # It belongs to somebody else: that it names the customer is all that is told.
                    fresh = [{name: value for name, value in one.items() if name in wanted} for one in fresh]
                yield fresh

    def _is_own(self, record: Record, stored: Document) -> bool:
        return record.customer is not None and stored[record.customer] in self._ids

    async def _list(self, record: Record, batches: AsyncIterator[list[Document]]) -> AsyncIterator[bytes]:
        """A JSON list of the documents, a piece for each batch."""
        yield b"["
        separator = b""
        async for batch in batches:
            pieces_of = await self._whose_pieces(record, batch)
            rows = [orjson.dumps(self._told(record, one, pieces_of)) for one in batch]
            if rows:
                yield separator + b",\n".join(rows)
                separator = b",\n"
        yield b"]"

    async def _whose_pieces(self, record: Record, batch: Sequence[Document]) -> Mapping[RecordId, str]:
        """Of which record each is of which the documents are pieces, where there are several that it may be."""
        if record.belongs is None or len(record.belongs.to) < 2:  # noqa: PLR2004  one needs no telling
            return {}
        keys = [one[record.belongs.field] for one in batch]
        found: dict[RecordId, str] = {}
        for other in self._declared.records:
            if other.name in record.belongs.to:
                there = await self._store.find(other, {"_id": {"$in": keys}}, only=["_id"])
                found |= dict.fromkeys((one["_id"] for one in there), other.name)
        return found

    def _told(self, record: Record, stored: Document, pieces_of: Mapping[RecordId, str]) -> dict[str, Any]:
        if record.customer == "_id":
            return self._customer(record, stored)
        if record.mentions:
            # What was joined with others and parted again holds what is theirs.
            left_out = self._of_others(record.mentions, stored)
            stored = {name: value for name, value in stored.items() if name not in left_out}
        if isinstance(stored.get("changed"), list):
            stored = {**stored, "changed": [self._change(one) for one in stored["changed"]]}
        if isinstance(stored.get("heard_at"), Mapping):
            stored = {**stored, "heard_at": {name: _heard(at) for name, at in stored["heard_at"].items()}}
        told = self._wording.document(record, stored, pieces_of)
        path = file_path(stored, record)
        if path is not None:
            told.pop(to_camel_case(str(record.file)))
            told["file"] = path
        return told

    def _of_others(self, mentions: Mention, stored: Document) -> set[str]:
        """The fields that hold what is somebody else's; hashes of identities never leave."""
        hashes = {mentions.identities} if mentions.identities else set()
        if _named(mentions, stored) <= set(self._ids) and not names_others(mentions, stored, self._keys):
            return hashes
        return hashes | mentions.shared | _of_others(mentions)

    def _customer(self, record: Record, stored: Document) -> dict[str, Any]:
        plain = {name: value for name, value in stored.items() if name not in _DERIVED | {"attributes", "observed"}}
        plain["last_interaction_at"] = _heard(plain.get("last_interaction_at"))
        told = self._wording.document(record, plain, {})
        values, seen = stored.get("attributes", {}), stored.get("observed", {})
        names = [*self._definitions, *(name for name in values if name not in self._definitions)]
        told["attributes"] = [
            self._attribute(name, values[name], seen.get(name, {})) for name in names if name in values
        ]
        return told

    def _attribute(self, name: str, value: Any, seen: Document) -> dict[str, Any]:
        definition = self._definitions.get(name, {})
        told = {"name": name, "label": definition.get("label"), **self._wording.value(name, seen)}
        if self._is_secret(name):
            return told | {"isWriteOnly": True}
        return told | {"value": self._wording.value(name, value)}

    def _change(self, change: Any) -> Any:
        """An entry of the merge ledger, without the values of a write-only attribute."""
        path = str(change.get("path", "")) if isinstance(change, Mapping) else ""
        if path.startswith(_ATTRIBUTES) and self._is_secret(path.removeprefix(_ATTRIBUTES)):
            return {"path": path, "is_write_only": True}
        return change

    def _is_secret(self, name: str) -> bool:
        return bool(self._definitions.get(name, {}).get("type") == AttributeType.PASSWORD.value)


def _heard(at: Any) -> Any:
    """When somebody was heard of; None for never."""
    return None if at == NEVER else at


def _of_others(mentions: Mention) -> set[str]:
    """The fields that may hold what is somebody else's: those that an erasure empties, but for whom they name."""
    return set(mentions.emptied or ()) - {path.partition(".")[0] for path in mentions.fields}


def _named(mentions: Mention, stored: Document) -> set[RecordId]:
    """The customers whom a document names."""
    return {one for path in mentions.fields for one in _values(stored, path.split("."))}


def _values(stored: Any, path: Sequence[str]) -> Iterator[Any]:
    if isinstance(stored, list):
        for one in stored:
            yield from _values(one, path)
    elif not path:
        yield stored
    elif isinstance(stored, Mapping) and stored.get(path[0]) is not None:
        yield from _values(stored[path[0]], path[1:])


def _key(name: str) -> bytes:
    return orjson.dumps(to_camel_case(name)) + b": "
