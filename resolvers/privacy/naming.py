"""By what do documents that are not a customer's own name the customer: by an id, and by identities?

Something that came before anybody was known by its identities names these alone. So whoever looks for what names a
customer looks by the identities that the customer has, too; and an erasure writes the id beside them before it removes
them, by which everything is then found that goes on for longer.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.mongo import Store
from adapters.records import UNTOLD, Document, Mention, Record, RecordId
from resolvers.identities import IDENTITY_KEYS
from resolvers.kit.slice import Declared


async def keys_of(store: Store, ids: Sequence[RecordId]) -> list[str]:
    """The primary keys of the identities of these customers."""
    found = await store.find(IDENTITY_KEYS, {"customer_id": {"$in": list(ids)}}, only=["_id"])
    return [one["_id"] for one in found]


def naming(mentions: Mention, ids: Sequence[RecordId], keys: Sequence[str] = ()) -> list[Document]:
    """The ways in which a document may name the customer: it does where it matches any of them."""
    ways: list[Document] = [{name: {"$in": list(ids)}} for name in mentions.fields]
    if mentions.identities and keys:
        ways.append({mentions.identities: {"$in": list(keys)}})
    return ways


def names_others(mentions: Mention, stored: Mapping[str, Any], keys: Iterable[str]) -> bool:
    """Whether the document names by identities somebody else than whoever has these, or somebody who is untold."""
    return bool(mentions.identities) and not set(stored.get(str(mentions.identities)) or [UNTOLD]) <= set(keys)


async def write_down(store: Store, declared: Declared, key: RecordId, keys: Sequence[str]) -> None:
    """Writes the customer's id into what names it by these identities alone."""
    for record in declared.records:
        if record.mentions and record.mentions.identities and keys:
            where = {record.mentions.identities: {"$in": list(keys)}}
            await store.update_all(record, where, {"$addToSet": {record.mentions.fields[0]: key}})


async def untold(store: Store, declared: Declared) -> list[tuple[Record, int, str]]:
    """Of which records something is there of which nobody can tell whose it is: how many, and why so."""
    found = []
    for record in declared.records:
        mentions = record.mentions
        if mentions and mentions.identities and mentions.untold:
            count = await store.count(record, {mentions.identities: UNTOLD})
            if count:
                found.append((record, count, mentions.untold))
    return found
