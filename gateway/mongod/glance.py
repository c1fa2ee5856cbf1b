"""What can be told of a database folder from outside, without entering it?"""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from gateway.mongod.home import LOCK_FILE, pid_in

__all__ = ["Glance", "glance", "is_held"]


@dataclass(frozen=True, slots=True)
class Glance:
    """A database folder as it stands."""

    is_there: bool
    is_held: bool
    """Whether a gateway owns it now, or its guard still ends the database of one that was killed."""
    owner: int | None
    """The process that holds it, or held it last."""
    barred: Path | None
    """The first file or folder in it that this user may not read and write."""
    was_closed: bool
    """Whether the database was ended in good order; else its next start repairs it."""


def glance(folder: Path) -> Glance:
    """The folder as it stands; nothing in it is changed, and whoever serves from it goes on."""
    data = folder / "data"
    return Glance(
        is_there=data.is_dir(),
        is_held=is_held(folder),
        owner=pid_in(folder / LOCK_FILE),
        barred=next((path for path in _all_of(folder) if not _is_ours(path)), None),
        # mongod empties the file when it ends in good order.
        was_closed=pid_in(data / "mongod.lock") is None,
    )


def is_held(folder: Path) -> bool:
    """Whether a gateway owns the folder now, or its guard still ends the database of one that was killed."""
    try:
        opened = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # Shared and given back at once: a gateway that starts at this very moment looks again soon after.
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(opened)
    return False


def _all_of(folder: Path) -> list[Path]:
    """The folder and what is in it, as far as it can be read; a bar is met before what lies behind it."""
    return [folder, *sorted(folder.rglob("*"))] if folder.is_dir() else []


def _is_ours(path: Path) -> bool:
    # What was removed meanwhile bars nobody: a database that serves makes and removes files.
    needed = os.R_OK | os.W_OK | (os.X_OK if path.is_dir() else 0)
    return os.access(path, needed) or not path.exists()
