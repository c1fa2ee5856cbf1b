"""Which documents were added to the database, and which of them retired?

A name means one text for ever: clients that nobody can change go on sending it. So nothing is removed; what is not to
be run any more is retired, and may be added again. Each process holds a fresh copy of them (adapters/held.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.held import Held
from adapters.mongo import Store
from adapters.records import Document, Record
from gateway.manifests import SHOWN, operations_of
from gateway.trusted import Trusted

TRUSTED_DOCUMENTS: Final = Record(name="trusted_documents", customer=None, key=("name",), is_held=True)


class BadDocument(Exception):
    """Why a document is not added, or not retired."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeptDocument:
    """A document that was added."""

    name: str
    operations: tuple[str, ...]
    """Of each its kind and name."""
    added_at: datetime
    """When it was added last."""
    retired_at: datetime | None


async def add_documents(store: Store, named: Mapping[str, str], *, at: datetime) -> int:
    """Keeps documents, and trusts again what was retired of them; answers how many were not trusted before.

    Raises BadDocument, and keeps none, where a name stands for another text.
    """
    fresh = [_document(name, text, at) for name, text in named.items()]
    known = await store.by_ids(TRUSTED_DOCUMENTS, [one["_id"] for one in fresh])
    for one in fresh:
        if one["_id"] in known and known[one["_id"]]["text"] != one["text"]:
            raise BadDocument(
                f"{one['name'][:SHOWN]!r} is the name of another document already. Clients may send that name: give "
                "yours another, or its hash for a name."
            )
    wanted = [one for one in fresh if one["_id"] not in known or known[one["_id"]]["retired_at"] is not None]
    # Another command may have added the same meanwhile, or another text of that name: the first stays.
    await store.upsert(
        TRUSTED_DOCUMENTS,
        [
            (
                one["_id"],
                {
                    "$setOnInsert": {key: one[key] for key in ("name", "text", "operations")},
                    "$set": {"added_at": at, "retired_at": None},
                },
            )
            for one in wanted
        ],
    )
    return len(wanted)


async def retire_document(store: Store, name: str, *, at: datetime) -> KeptDocument:
    """Ends the trust in a document, and answers it; retiring twice changes nothing. Raises BadDocument."""
    change = {"$set": {"retired_at": at}}
    changed = await store.update(TRUSTED_DOCUMENTS, {"name": name, "retired_at": None}, change)
    known = changed or await store.first(TRUSTED_DOCUMENTS, {"name": name})
    if known is None:
        raise BadDocument(
            f"There is no document {name[:SHOWN]!r} in the database. `profile-gateway documents list` shows their "
            "names; one of a manifest goes when the manifest is written without it."
        )
    return _read(known)


async def kept_documents(store: Store) -> list[KeptDocument]:
    """Every document that was ever added, the last one first."""
    order = [("added_at", -1), ("name", 1)]
    only = ["name", "operations", "added_at", "retired_at"]
    return [_read(one) for one in await store.find(TRUSTED_DOCUMENTS, {}, order=order, only=only)]


def trusted_of(manifests: Mapping[str, str], kept: Held) -> Trusted:
    """What manifests and database trust together; what is retired is so for the manifests, too."""
    live = {one["name"]: one["text"] for one in kept.values() if one["retired_at"] is None}
    gone = {one["name"]: (one["text"], one["retired_at"]) for one in kept.values() if one["retired_at"] is not None}
    return Trusted({**live, **manifests}, gone)


def _document(name: str, text: str, at: datetime) -> Document:
    operations = [f"{kind} {called or ''}".strip() for called, kind in operations_of(text)]
    document = {"name": name, "text": text, "operations": operations, "added_at": at, "retired_at": None}
    return {"_id": TRUSTED_DOCUMENTS.id_of(document), **document}


def _read(stored: Document) -> KeptDocument:
    return KeptDocument(
        name=stored["name"],
        operations=tuple(stored["operations"]),
        added_at=stored["added_at"],
        retired_at=stored["retired_at"],
    )
