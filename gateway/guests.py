"""Who else works on the database of this folder, and does it stay for as long as they do?

A command that finds the database of another one running joins it. A command that has its own stays until those that
joined are done; a gateway that serves does not, and who joined it is told.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from adapters.failures import StoreDown
from gateway.mongod import is_held

_FILE: Final = "gateway.guests"
"""Locked, shared, by everyone who has joined."""
_LOOK_AGAIN_S: Final = 0.25
# Until it has started its database, or after it began to stop it, the other command answers nobody.
_PATIENCE_S: Final = 15.0

_log = structlog.get_logger("gateway.guests")


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
    """The URL of the other one's database, for as long as the block lasts; raises StoreDown when that one ends."""
    guests = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(guests, fcntl.LOCK_SH)
        async with _while_there(folder, address):
            yield _url(address)
    finally:
        os.close(guests)


@asynccontextmanager
async def _while_there(folder: Path, address: Path) -> AsyncIterator[None]:
    guest, is_lost = asyncio.current_task(), False

    async def watch() -> None:
        nonlocal is_lost
        while _is_told(address) and is_held(folder):  # noqa: ASYNC110 - another process sets no event
            await asyncio.sleep(_LOOK_AGAIN_S)
        is_lost = True
        _log.warning("The gateway whose database this command has joined has ended.")
        if guest is not None:
            guest.cancel()

    watching = asyncio.create_task(watch(), name="guest")
    try:
        yield
    except asyncio.CancelledError:
        if guest is None or not is_lost:
            raise
        guest.uncancel()
        raise StoreDown(
            "The gateway whose database this command had joined has ended, and its database with it. What was written "
            "stays; give the command again."
        ) from None
    finally:
        watching.cancel()


# Files of a few bytes, read at once.


def _is_told(address: Path) -> bool:
    return address.exists()


def _url(address: Path) -> str:
    return address.read_text("utf-8")


async def until_alone(folder: Path) -> None:
    """Returns when nobody who joined is there any more."""
    guests = os.open(folder / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    is_told = False
    try:
        while not _locked(guests):
            if not is_told:
                _log.warning("Another command works on this database; it stays until that one is done.")
                is_told = True
            await asyncio.sleep(_LOOK_AGAIN_S)
    finally:
        os.close(guests)


def _locked(guests: int) -> bool:
    try:
        fcntl.flock(guests, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
