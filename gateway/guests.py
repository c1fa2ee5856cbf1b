"""Who else works on the database of this folder, and does it stay for as long as they do?

A command that finds the database of another one running joins it. A command that has its own stays until those that
joined are done. One that is stopped with Ctrl-C does not, nor does a gateway that serves: who joined it is told.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import structlog

from adapters.failures import StoreDown, StoreError
from gateway.mongod import is_held

_FILE: Final = "gateway.guests"
"""Locked, shared, by everyone who has joined."""
_LOOK_AGAIN_S: Final = 0.25
# Until it has started its database, or after it began to stop it, the other command answers nobody.
_PATIENCE_S: Final = 15.0

_log = structlog.get_logger("gateway.guests")


class Gone(Exception):
    """The database that was to be joined has ended meanwhile."""


async def appears(address: Path, is_free: Callable[[], bool]) -> bool:
    """Whether there is a database to join, once the other command has started it; False when the folder is free."""
    ends = time.monotonic() + _PATIENCE_S
    while not _is_told(address):
        if is_free() or time.monotonic() > ends:
            return False
        await asyncio.sleep(_LOOK_AGAIN_S)
    return True


@asynccontextmanager
async def joined(folder: Path, address: Path) -> AsyncIterator[str]:
    """The URL of the other one's database, for as long as the block lasts; raises StoreDown when that one ends.

    Raises Gone where it has ended already.
    """
    with _opened(folder) as guests:
        await _lock(guests, fcntl.LOCK_SH)
        try:
            url = _url(address)
        except FileNotFoundError as error:
            raise Gone from error
        async with _while_there(folder, address):
            yield url


@asynccontextmanager
async def alone(folder: Path) -> AsyncIterator[None]:
    """A block that begins when nobody who joined is there any more, and in which nobody joins."""
    with _opened(folder) as guests:
        if not _locked(guests, fcntl.LOCK_EX):
            _log.warning("Another command works on this database; it stays until that one is done.")
            await _lock(guests, fcntl.LOCK_EX)
        yield


@asynccontextmanager
async def _while_there(folder: Path, address: Path) -> AsyncIterator[None]:
    guest, is_lost = asyncio.current_task(), False

    def is_there() -> bool:
        return _is_told(address) and is_held(folder)

    async def watch() -> None:
        nonlocal is_lost
        while is_there():  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(_LOOK_AGAIN_S)
        is_lost = True
        _log.warning("The command whose database this one has joined has ended.")
        if guest is not None:
            guest.cancel()

    watching = asyncio.create_task(watch(), name="guest")
    try:
        yield
    except asyncio.CancelledError:
        if guest is None or not is_lost:
            raise
        guest.uncancel()
        raise _ended() from None
    except StoreError as error:
        # The database may have said so in its own words before the next look.
        if not is_lost and is_there():
            raise
        if is_lost and guest is not None:
            guest.uncancel()
        raise _ended() from error
    finally:
        watching.cancel()


def _ended() -> StoreDown:
    return StoreDown(
        "The command whose database this one had joined has ended, and its database with it. What was written stays; "
        "give the command again."
    )


# Files of a few bytes, read at once.


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    guests = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield guests
    finally:
        os.close(guests)


async def _lock(guests: int, kind: int) -> None:
    while not _locked(guests, kind):  # noqa: ASYNC110 - another process sets no event
        await asyncio.sleep(_LOOK_AGAIN_S)


def _locked(guests: int, kind: int) -> bool:
    try:
        fcntl.flock(guests, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def tell(address: Path, url: str) -> None:
    """Writes where the database is: whole or not at all, for others read it at any moment."""
    fresh = address.with_name(f".{address.name}.fresh")
    fresh.write_text(url, "utf-8")
    fresh.replace(address)


def forget(address: Path) -> None:
    """Tells nobody any more."""
    address.unlink(missing_ok=True)


def _is_told(address: Path) -> bool:
    return address.exists()


def _url(address: Path) -> str:
    return address.read_text("utf-8")
