"""Does a command join the database of another one, and what does each learn when the other ends?"""

import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import pytest
import structlog
from pymongo import AsyncMongoClient

from adapters.failures import StoreDown, StoreRefused
from gateway import guests
from gateway.database import URL_FILE, as_served, database
from gateway.mongod import FolderInUse
from gateway.settings import Settings
from tests.gateway.processes import hands_of, running
from tests.gateway.test_cli import MAPPING
from tests.waiting import until


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
    await until((settings.data_folder / URL_FILE).exists)
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
    # What comes after it is not taken for stopped.
    assert guest.cancelling() == 0


@pytest.mark.parametrize("rounds", [1, pytest.param(4, marks=pytest.mark.deep)])
async def test_many_at_once(settings: Settings, rounds: int) -> None:
    """Commands that come and go at once each find a database that answers until they are done."""
    for _ in range(rounds):
        await asyncio.gather(*(_joined(settings, asyncio.Event(), _set()) for _ in range(3)))


@pytest.mark.deep
def test_large_import_told_of_end(tmp_path: Path) -> None:
    """A large import that joined a gateway which ends says so soon, and nothing else, and leaves no process."""
    (tmp_path / "shop.toml").write_text(MAPPING)
    rows = "".join(f"{n},+57300{n}\n" for n in range(10**6, 10**6 + 80_000))
    (tmp_path / "people.csv").write_text("id,phone\n" + rows)
    with running(tmp_path / "data", "serve") as gateway:
        gateway.ready()
        words = [sys.executable, "-c", "from gateway.cli import main; main()", "import", "shop.toml", "people.csv"]
        process = Popen(words, cwd=tmp_path, env=gateway.environment, stderr=PIPE, text=True)
        hands = hands_of(process)
        assert gateway.end() == 0
        _, notes = process.communicate(timeout=40)
    assert process.returncode == 3, notes
    assert "had joined has ended, and its database with it" in " ".join(notes.split())
    assert "Traceback" not in notes
    assert "Stopped" not in notes
    assert not [one for one in hands if Path(f"/proc/{one}").exists()]


async def test_guest_waits_for_start(settings: Settings) -> None:
    """A command that comes while another one is just starting its database waits and joins."""
    inside, go_on = [asyncio.Event() for _ in range(3)], asyncio.Event()
    with structlog.testing.capture_logs() as logged:
        commands = [asyncio.create_task(_joined(settings, one, go_on)) for one in inside]
        await asyncio.gather(*(one.wait() for one in inside))
        go_on.set()
        await asyncio.gather(*commands)
    assert [one["event"] for one in logged].count("mongod.started") == 1


async def test_stopped_guest(settings: Settings) -> None:
    """A guest that is stopped itself is stopped, and told nothing else."""
    inside = asyncio.Event()
    async with database(settings):
        guest = asyncio.create_task(_joined(settings, inside, asyncio.Event()))
        await inside.wait()
        guest.cancel()
        with pytest.raises(asyncio.CancelledError):
            await guest


async def test_host_waits_in_trouble(settings: Settings) -> None:
    """A command that fails stays for its guest, too; one that is stopped does not, and the guest is told."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def failing() -> None:
        async with database(settings, may_join=True):
            await inside.wait()
            raise ValueError("a slip of the pen")

    hosting = asyncio.create_task(failing())
    guest = await _beside(settings, hosting, inside, go_on)
    assert not hosting.done()
    go_on.set()
    await guest
    with pytest.raises(ValueError, match="a slip of the pen"):
        await hosting

    hosting = asyncio.create_task(_joined(settings, asyncio.Event(), asyncio.Event()))
    inside = asyncio.Event()
    guest = await _beside(settings, hosting, inside, asyncio.Event())
    hosting.cancel()
    with pytest.raises(StoreDown, match="had joined has ended"):
        await asyncio.wait_for(guest, 10)


async def _beside(
    settings: Settings, host: asyncio.Task[Any], inside: asyncio.Event, go_on: asyncio.Event
) -> asyncio.Task[str]:
    """A guest that has joined the database of the host."""
    await until(lambda: (settings.data_folder / URL_FILE).exists() or host.done())
    guest = asyncio.create_task(_joined(settings, inside, go_on))
    await until(inside.is_set)
    # Time enough to leave, were it not for the guest.
    await asyncio.sleep(0.3)
    return guest


@pytest.mark.parametrize("is_first", [True, False], ids=["before the look", "behind it"])
async def test_guest_told_in_own_words(settings: Settings, is_first: bool) -> None:
    """Whatever the database said as it went, who joined is told that it has gone, and may go on with other things."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    async def guest() -> int:
        try:
            async with database(settings, may_join=True):
                inside.set()
                # What waits for the database may lose the cancellation, and tell its own error instead.
                with suppress(asyncio.CancelledError):
                    await go_on.wait()
                raise StoreRefused("The database refused a write.")
        except StoreDown:
            pass
        myself = asyncio.current_task()
        return myself.cancelling() if myself else -1

    async with database(settings):
        joined = asyncio.create_task(guest())
        await inside.wait()
        (settings.data_folder / URL_FILE).unlink()
        if is_first:
            go_on.set()
        assert await joined == 0


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


async def test_command_finds_database(settings: Settings) -> None:
    """A command works in the database of the gateway that serves from the folder, unless another one is named."""
    async with database(settings.model_copy(update={"database": "demo"})):
        assert as_served(settings).database == "demo"
        named = Settings(data_folder=settings.data_folder, database="other")
        assert as_served(named).database == "other"
    assert as_served(settings).database == "demo"
