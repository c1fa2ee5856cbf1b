"""A customer of whom everything is known, each value marked, and a look into the whole database for the marks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.contract.deliveries import Delivery
from adapters.records import Document, Record, RecordId, key_hash, new_id
from resolvers.accesses import ACCESSES
from resolvers.accounts import HOLDINGS
from resolvers.acts import ACTS
from resolvers.attachments import ATTACHMENTS
from resolvers.customers import CUSTOMERS
from resolvers.deliveries.waiting import ASIDE, DELIVERIES, delivery_document
from resolvers.identities import UNLINKED
from resolvers.kit.erased import ERASING
from resolvers.kit.slice import Declared
from resolvers.merging.ledger import MERGES
from resolvers.privacy.receipts import ERASURES
from resolvers.privacy.removing import DOOMED_FILES
from tests.crowd import account, attachment, double, everything, merge, related
from tests.makers import BEGIN, Made, Makers

# What tells of erasures holds the former ids, and nothing else of the customer.
RECEIPTS = frozenset({ERASURES.name, ERASING.name, DOOMED_FILES.name, ACCESSES.name, ACTS.name})


@dataclass
class Planted:
    """A customer with an alias, and everything that was planted."""

    customer: Made
    alias: Made
    other: Made
    marks: list[str] = field(default_factory=list)
    """Each stands once somewhere."""
    files: list[RecordId] = field(default_factory=list)

    @property
    def ids(self) -> list[RecordId]:
        """The ids under which anything of the customer stands."""
        return [self.customer.key, self.alias.key]


async def planted(make: Makers, declared: Declared) -> Planted:
    """A customer with an alias and rows in everything that is declared, related to another one."""
    found = Planted(await make.customer(), await make.customer("Anne"), await make.customer("Bob", "Ray"))
    await make.merged(found.alias, found.customer, "NOTES", "CONVERSATIONS")
    for n, one in enumerate((found.customer, found.alias)):
        await make.identity(one, "whatsapp", f"+1415555010{n}")
        await everything(make, one, 2)
        await make.put(UNLINKED, one, digest=f"{n}" * 64, unlinked_at=BEGIN, unlinked_by="agent")
        await related(make, found.other, other_id=one.key)
        await double(make, one_id=one.key, other_id=found.other.key)
        await double(make, one_id=found.other.key, other_id=one.key)
    await account(make, found.customer, "alone")
    shared = await account(make, found.customer, "shared")
    await make.put(HOLDINGS, found.other, account_id=shared, held_since=BEGIN)
    await merge(make, found.customer, others=[{"id": found.alias.key, "carried": []}])
    await everything(make, found.other, 1)
    await _file(make, found)
    await _delivery(make, found)
    await _mark(make, declared, found, shared)
    return found


async def _file(make: Makers, found: Planted) -> None:
    """A file with bytes."""
    key = new_id()
    message = await make.message(found.alias, await make.conversation(found.alias))
    await attachment(make, found.alias, message, name="../a b.pdf", file_id=key)
    await make.store.files.put(key, _bytes(b"PLANTED-in-a-file"))
    found.files.append(key)


async def _delivery(make: Makers, found: Planted) -> None:
    """Something that a channel delivered of the alias and could not be read."""
    found.marks.append("PLANTED-in-a-delivery")
    came = Delivery(method="POST", query={}, headers={}, body=found.marks[-1].encode(), received_at=BEGIN)
    kept = delivery_document(came, channel="whatsapp", account="main", key="planted", sequence=1)
    named = {"customer_ids": [found.alias.key], "identities": [key_hash("whatsapp", "main", "+14155550101")]}
    await make.store.insert(DELIVERIES, {**kept, "state": ASIDE, "aside_at": BEGIN, "reasons": ["unread"], **named})


async def _bytes(*pieces: bytes) -> Any:
    for one in pieces:
        yield one


async def _mark(make: Makers, declared: Declared, found: Planted, shared: RecordId) -> None:
    """A mark in each document of the customer's, in each part, and in what others hold of the customer."""
    for record in declared.records:
        for document in await make.store.find(record, {str(record.customer): {"$in": found.ids}}):
            mark = f"PLANTED-{record.name}-{len(found.marks)}"
            change: dict[str, Any] = {"planted": {"deep": [mark]}}
            if record.customer == "_id":
                parts = {part.name: [{"planted": f"{mark}-{part.name}"}] for part in declared.customers.parts}
                change |= parts | {"removed": {"contact_points": [f"{mark}-removed"]}}
                found.marks += [f"{mark}-{name}" for name in (*parts, "removed")]
            found.marks.append(mark)
            await make.store.update(record, {"_id": document["_id"]}, {"$set": change})
    for kept in (record for record in declared.records if record.held_by and record.held_by.record == HOLDINGS.name):
        own = await make.store.find(HOLDINGS, {"customer_id": {"$in": found.ids}, "account_id": {"$ne": shared}})
        for n, one in enumerate(own):
            found.marks.append(f"PLANTED-account-{n}")
            await make.store.update(kept, {"_id": one["account_id"]}, {"$set": {"planted": found.marks[-1]}})
    found.marks.append("PLANTED-in-another-ledger")
    entry = [{"part": "contact_points", "entries": [{"value": found.marks[-1]}]}]
    await merge(make, found.other, others=[{"id": found.customer.key, "carried": [found.alias.key]}], added=entry)


async def whole(make: Makers) -> dict[str, dict[Any, Document]]:
    """Every document of every collection of the database, by collection and id."""
    database = make.store._database
    names = await database.list_collection_names()
    return {name: {one["_id"]: one for one in await database[name].find({}).to_list()} for name in sorted(names)}


def traces(value: Any, of: Planted, place: str = "") -> Iterator[str]:
    """Where marks or ids of the customer stand in documents."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from traces(name, of, place)
            yield from traces(inner, of, f"{place}.{name}")
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from traces(inner, of, place)
    elif (isinstance(value, str) and "PLANTED" in value) or (isinstance(value, bytes) and b"PLANTED" in value):
        yield f"{place}: {value!r}"
    elif value in of.ids:
        yield f"{place}: an id"


def unmarked(declared: Declared, of: Planted) -> list[str]:
    """Declared records of customers in which nothing was planted."""
    names = [record.name for record in declared.records if record.customer is not None]
    return [name for name in names if not any(mark.startswith(f"PLANTED-{name}-") for mark in of.marks)]


def is_about(record: Record, document: Document, of: Planted) -> bool:
    """Whether a document is the customer's, or names the customer."""
    return any(traces(document, of)) or document.get(str(record.customer)) in of.ids


__all__ = [
    "ATTACHMENTS",
    "CUSTOMERS",
    "MERGES",
    "RECEIPTS",
    "Planted",
    "is_about",
    "planted",
    "traces",
    "unmarked",
    "whole",
]
