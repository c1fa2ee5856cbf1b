"""What does the database's server say of itself, before anything is kept in it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import AsyncMongoClient

from adapters.failures import plain_errors
from adapters.mongo import Store

# Someone waits for the answer in a terminal; a server that is there answers in milliseconds.
_PATIENCE_MS = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """One server, or a router of a sharded cluster."""

    version: tuple[int, ...]
    has_transactions: bool
    """Whether it is a replica set or sharded: there alone are transactions and change streams."""
    clock: datetime


async def server_facts(url: str) -> ServerFacts:
    """What the server behind the URL says; raises StoreDown, or StoreError where the URL or the rights do not do."""
    with plain_errors():
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url, serverSelectionTimeoutMS=_PATIENCE_MS)
        async with client:
            hello = await client.admin.command("hello")
            build = await client.admin.command("buildInfo")
    return ServerFacts(
        version=tuple(build["versionArray"][:3]),
        has_transactions="setName" in hello or hello.get("msg") == "isdbgrid",
        clock=hello["localTime"].replace(tzinfo=UTC),
    )


async def missing_indexes(store: Store) -> list[str]:
    """The declared indexes that the database does not have, as `collection: field, field`; a command per collection."""
    missing = []
    for record in store.records.values():
        with plain_errors(record.name):
            # The store's own database: this room is its next door.
            there = await store._database[record.name].index_information()  # noqa: SLF001
        keys = [_keys(one) for one in there.values()]
        missing += [
            f"{record.name}: {', '.join(index.fields)}" for index in record.all_indexes() if index.keys() not in keys
        ]
    return missing


def _keys(index: Mapping[str, Any]) -> list[tuple[str, int]]:
    return [(name, int(way)) for name, way in index["key"]]
