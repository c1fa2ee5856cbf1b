"""What does the database's server say of itself, before anything is kept in it?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from adapters.failures import StoreDown, StoreError, plain_errors
from adapters.mongo import Store

# Someone waits for the answer in a terminal; a server that is there answers in milliseconds.
PATIENCE_MS = 3_000
_INITIATE = "The server waits to be made a replica set: run rs.initiate() in it, once."


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """One server, or a router of a sharded cluster."""

    version: tuple[int, ...]
    has_transactions: bool
    """Whether it is a replica set or sharded: there alone are transactions and change streams."""
    clock: datetime


class NotInitiated(StoreError):
    """The server was started as a member of a replica set, and nobody has made the set."""


async def server_facts(url: str, *, patience_ms: int = PATIENCE_MS) -> ServerFacts:
    """What the server behind the URL says.

    Raises StoreDown where none answers in time, NotInitiated, or StoreError where the URL or the rights do not do.
    """
    client = _client(url, patience_ms)
    async with client:
        try:
            with plain_errors():
                hello = await client.admin.command("hello")
                build = await client.admin.command("buildInfo")
        except StoreDown as error:
            raise _why_silent(client) or error from error.__cause__
    # Asked directly, a member without its set answers, too.
    if hello.get("isreplicaset"):
        raise NotInitiated(_INITIATE)
    return ServerFacts(
        version=tuple(build["versionArray"][:3]),
        has_transactions="setName" in hello or hello.get("msg") == "isdbgrid",
        clock=hello["localTime"].replace(tzinfo=UTC),
    )


def _client(url: str, patience_ms: int) -> AsyncMongoClient[dict[str, Any]]:
    try:
        return AsyncMongoClient(url, serverSelectionTimeoutMS=patience_ms)
    except (PyMongoError, ValueError) as error:
        # The driver's words may quote the password.
        raise StoreError(
            "The URL cannot be read. Write one such as mongodb://host:27017/?replicaSet=name, with user and password "
            "percent-encoded."
        ) from error


def _why_silent(client: AsyncMongoClient[dict[str, Any]]) -> StoreError | None:
    """Why no server was chosen though one answered, if that is so."""
    seen = client.topology_description.server_descriptions()
    if any(one.server_type_name == "RSGhost" for one in seen.values()):
        return NotInitiated(_INITIATE)
    if not seen:
        # The driver forgets servers that are of no set, or of another one.
        return StoreError(
            "The server is no member of the replica set that the URL names. Check `replicaSet=` in the URL, and that "
            "the server runs with --replSet and that name."
        )
    return None


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
