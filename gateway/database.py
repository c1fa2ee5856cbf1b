"""On which database does this process work: the one that MONGODB_URL names, or one of the gateway's own?"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import structlog

from adapters.mongo import Store
from adapters.observing import CommandObserver
from adapters.records import Record
from adapters.serverfacts import ServerFacts, server_facts
from adapters.veil import Veil
from gateway import guests
from gateway.mongod import FolderInUse, Mongod, is_held
from gateway.settings import BadSettings, Settings

URL_FILE: Final = "gateway.url"
"""In the data folder while the gateway's own database runs: where its commands find it."""

DATABASE_FILE: Final = "gateway.database"
"""In the data folder: the name of the database in which the gateway that serves from there works, as `demo`."""

OLDEST_SERVER: Final = (5, 2)
"""It brought $documents, $sortArray and $topN, with which lists of many customers are read in one command."""

# Servers that are started together with the gateway, or choose a primary anew, are ready by then.
_PATIENCE_MS: Final = 10_000

_log = structlog.get_logger("gateway.database")


@asynccontextmanager
async def database(settings: Settings, *, may_join: bool = False) -> AsyncIterator[str]:
    """The URL of the database, for as long as the block lasts; one of its own is started and stopped around it.

    Where another gateway runs one in the same folder, FolderInUse is raised; with `may_join` the URL is that one's,
    and StoreDown is raised when it ends. Who may join also waits, at the end, for those who joined, unless it is
    cancelled.
    """
    if settings.mongodb_url is not None:
        yield settings.mongodb_url.get_secret_value()
        return
    folder, address = settings.data_folder, settings.data_folder / URL_FILE
    mongod = Mongod(folder, cache_gb=settings.mongod_cache_gb, on_event=_heard)
    while True:
        try:
            await mongod.start()
            break
        except FolderInUse:
            if not may_join:
                raise
            if await guests.appears(address, lambda: not is_held(folder)):
                # Where it ended between two looks, the folder is free, or will be.
                with suppress(guests.Gone):
                    async with guests.joined(folder, address) as url:
                        yield url
                        return
            elif is_held(folder):
                raise
    try:
        guests.tell(address, mongod.url)
        _note_database(settings, is_serving=not may_join)
        trouble: Exception | None = None
        try:
            yield mongod.url
        except Exception as error:  # noqa: BLE001  it is raised below; Ctrl-C, which is none, keeps nobody waiting
            trouble = error
        if may_join:
            async with guests.alone(folder):
                await _ended(mongod, address)
        if trouble is not None:
            raise trouble
    finally:
        await _ended(mongod, address)


def _note_database(settings: Settings, *, is_serving: bool) -> None:
    if is_serving:
        (settings.data_folder / DATABASE_FILE).write_text(settings.database, "utf-8")


def as_served(settings: Settings) -> Settings:
    """The settings of a command: unless a database is named, that of the gateway that serves from the data folder."""
    named = settings.data_folder / DATABASE_FILE
    if settings.mongodb_url is not None or "database" in settings.model_fields_set or not named.is_file():
        return settings
    return settings.model_copy(update={"database": named.read_text("utf-8")})


async def _ended(mongod: Mongod, address: Path) -> None:
    guests.forget(address)
    await mongod.stop()


@asynccontextmanager
async def opened_store(
    url: str, settings: Settings, records: Sequence[Record], *, observer: CommandObserver | None = None
) -> AsyncIterator[Store]:
    """The store, its collections and indexes made, its held records followed; closed behind the block.

    Raises BadSettings, before anything is written, where the server cannot do what the gateway needs.
    """
    if reason := unfit(await server_facts(url, patience_ms=_PATIENCE_MS)):
        raise BadSettings(reason)
    store = await Store.open(url, settings.database, records, observer=observer)
    store.veil = Veil(settings.secret.get_secret_value() if settings.secret else None)
    try:
        await store.prepare()
        store.held.follow()
        yield store
    finally:
        await store.close()


def unfit(facts: ServerFacts) -> str | None:
    """Why a server cannot be worked on, and what to do; None where it can."""
    if facts.version < OLDEST_SERVER:
        return f"MongoDB {dotted(facts)}; 5.2 or newer is needed, best a supported release: upgrade the server."
    if not facts.has_transactions:
        return (
            "MONGODB_URL names a server that stands alone: no transactions, no change streams. Make it a replica set "
            "(of one is enough): start it with --replSet and run rs.initiate()."
        )
    return None


def dotted(facts: ServerFacts) -> str:
    """The server's version as people write it."""
    return ".".join(map(str, facts.version))


def _heard(event: str, facts: Mapping[str, object]) -> None:
    is_trouble = event in {"mongod.died", "mongod.restart_failed", "mongod.gave_up"}
    (_log.error if is_trouble else _log.info)(event, **facts)
