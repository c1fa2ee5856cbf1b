"""Does a command join the database of another one, and what does each learn when the other ends?"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from adapters.failures import StoreDown
from gateway import guests
from gateway.database import URL_FILE, database
from gateway.mongod import FolderInUse
from gateway.settings import Settings


@pytest.fixture
async def settings(logs_as_before: None) -> AsyncIterator[Settings]:
    """A folder of the test's own, with a path that is short enough for a socket."""
    del logs_as_before
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        yield Settings(data_folder=Path(folder) / "data")


async def _joined(settings: Settings, inside: asyncio.Event, go_on: asyncio.Event) -> str:
    """A command that joins, or has its own; what it can ask."""
    async with database(settings, may_join=True) as url, AsyncMongoClient(url) as client:
        await client.admin.command("ping")
        inside.set()
        await go_on.wait()
        await client.admin.command("ping")
    return url


async def test_host_waits_for_guest(settings: Settings) -> None:
    """A command that is done stays until the one that joined its database is done, too."""
    inside, go_on, is_over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def host() -> str:
        async with database(settings, may_join=True) as url:
            await inside.wait()
        is_over.set()
        return url

    hosting = asyncio.create_task(host())
    while not (settings.data_folder / URL_FILE).exists():  # noqa: ASYNC110 - a file sets no event
        await asyncio.sleep(0.01)
    guest = asyncio.create_task(_joined(settings, inside, go_on))
    await inside.wait()
    await asyncio.sleep(0.5)
    assert not is_over.is_set()
    go_on.set()
    assert await guest == await hosting


async def test_guest_told_of_end(settings: Settings) -> None:
    """Whoever joined a gateway that serves is told in words when that one ends, and does not hang."""
    inside = asyncio.Event()
    async with database(settings):
        guest = asyncio.create_task(_joined(settings, inside, asyncio.Event()))
        await inside.wait()
    with pytest.raises(StoreDown, match="had joined has ended, and its database with it"):
        await asyncio.wait_for(guest, 10)


async def test_guest_waits_for_start(settings: Settings) -> None:
    """A command that comes while another one is just starting its database waits and joins."""
    found = await asyncio.gather(*(_joined(settings, asyncio.Event(), _set()) for _ in range(3)))
    assert len(set(found)) == 1


async def test_stopped_guest(settings: Settings) -> None:
    """A guest that is stopped itself is stopped, and told nothing else."""
    inside = asyncio.Event()
    async with database(settings):
        guest = asyncio.create_task(_joined(settings, inside, asyncio.Event()))
        await inside.wait()
        guest.cancel()
        with pytest.raises(asyncio.CancelledError):
            await guest


async def test_nothing_to_join(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the other one never tells of a database, the folder is in use, in words."""
    monkeypatch.setattr(guests, "_PATIENCE_S", 0.3)
    async with database(settings):
        (settings.data_folder / URL_FILE).unlink()
        with pytest.raises(FolderInUse, match="in use by process"):
            await _joined(settings, asyncio.Event(), _set())


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event
