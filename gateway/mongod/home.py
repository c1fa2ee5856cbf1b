"""Where does a mongod of our own live, and who else may come in?

In a folder that keeps: `data/`, `mongod.log`, and `gateway.lock` with the pid of the gateway that owns it. And in a
short runtime folder of mode 0700 that holds nothing but the socket, so that no other user of the machine can connect.
"""

import asyncio
import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gateway.mongod.guard import GRACE_S
from gateway.mongod.trouble import CannotStart, PathTooLong, in_use, unusable
from gateway.processes import is_alive

__all__ = ["LOCK_FILE", "Home", "pid_in"]

LOCK_FILE = "gateway.lock"
"""Held by the gateway that owns the folder; its pid stands in it."""

# macOS allows 104 bytes with the closing NUL, Linux 108: the lower one, so that a setting works on both.
LONGEST_SOCKET_PATH = 103
# Two logs of this size at most, plus what one run writes: mongod has no limit of its own.
LOG_BYTES = 16 * 1024 * 1024
# What is quoted in an error comes from the end; a start writes about 60 kB.
_TAIL_BYTES = 64 * 1024
_LOOK_AGAIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Home:
    """A folder that is ours until `leave`, and the path of the socket in it."""

    folder: Path
    socket: Path
    lock: int

    @classmethod
    async def enter(cls, folder: Path) -> Self:
        """Make the folders and take the lock.

        Where the owner is gone and its guard is still ending mongod, waits for that. Raises FolderInUse, PathTooLong,
        FolderUnusable, CannotStart. The path is to be absolute and resolved: it names the socket.
        """
        socket = _socket_path(folder)
        try:
            _make(folder)
            lock = await _locked(folder)
            try:
                _make(folder / "data")
                _close_to_others(socket.parent)
            except BaseException:
                os.close(lock)
                raise
        except OSError as error:
            raise unusable(folder, error) from error
        return cls(folder, socket, lock)

    def leave(self) -> None:
        """Remove the runtime folder and give the lock back. The data stays."""
        with contextlib.suppress(OSError):  # a folder that someone else's file keeps full, stays
            self.socket.unlink(missing_ok=True)
            self.socket.parent.rmdir()
        os.close(self.lock)

    @property
    def data(self) -> Path:
        """The folder of the database's files."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """The file that mongod and its guard write to."""
        return self.folder / "mongod.log"

    def open_log(self) -> int:
        """Open the log for appending, the full one put aside as `mongod.log.1`."""
        try:
            if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
                self.log.replace(self.log.with_name("mongod.log.1"))
            return os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unusable(self.folder, error) from error

    def logged_since(self, start: int) -> str:
        """Give what was logged after this position, at most the last 64 kB."""
        with self.log.open("rb") as log:
            log.seek(max(start, self.log.stat().st_size - _TAIL_BYTES))
            return log.read().decode(errors="replace")


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)


async def _locked(folder: Path) -> int:
    """Give a descriptor that holds the folder's lock; the guard inherits it, so the lock outlives a killed gateway."""
    lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        await _take(lock, folder)
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except BaseException:
        os.close(lock)
        raise
    return lock


async def _take(lock: int, folder: Path) -> None:
    # A guard whose gateway is gone ends mongod within its grace, then the lock is free.
    patience = time.monotonic() + GRACE_S + 1
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise
            owner = _pid_in(lock)
            if (owner is not None and is_alive(owner)) or time.monotonic() > patience:
                raise in_use(folder, owner) from error
            await asyncio.sleep(_LOOK_AGAIN_S)
        else:
            return


def pid_in(file: Path) -> int | None:
    """Give the pid that stands in a lock file, None when there is none."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _pid_in(lock: int) -> int | None:
    # A newcomer may look between the lock and the pid; then the file is empty.
    text = os.pread(lock, 32, 0).strip()
    return int(text) if text.isdigit() else None


def _socket_path(folder: Path) -> Path:
    """Give the same path for the same folder, so that a restart finds its member's host unchanged."""
    # The user's number: in a shared /tmp two users never meet in one name.
    name = f"profile-gateway-{os.geteuid()}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
    path = _runtime_folder() / name / "mongodb-27017.sock"
    if (size := len(os.fsencode(path))) > LONGEST_SOCKET_PATH:
        raise PathTooLong(
            f"The database's socket would be {path}: {size} bytes, and a socket's path has at most "
            f"{LONGEST_SOCKET_PATH}. Set XDG_RUNTIME_DIR to a folder of yours with a shorter path."
        )
    return path


def _runtime_folder() -> Path:
    """Give the first of XDG_RUNTIME_DIR, the folder for temporary files and /tmp that can hold a member's host.

    PyMongo lowers the case of the hosts that a replica set names, and both it and mongod split at `:` and `,`.
    """
    candidates = [Path(os.environ.get("XDG_RUNTIME_DIR", "")), Path(tempfile.gettempdir()), Path("/tmp")]  # noqa: S108
    for path in candidates:
        if path.is_absolute() and str(path) == str(path).lower() and not set(":,") & set(str(path)) and _is_open(path):
            return path
    raise CannotStart(
        f"Neither {candidates[1]} nor {candidates[2]} can hold the database's socket: it must be writable, "
        "without capitals, commas and colons. Set XDG_RUNTIME_DIR to such a folder of yours."
    )


def _is_open(folder: Path) -> bool:
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def _close_to_others(folder: Path) -> None:
    """Make the folder with mode 0700, or make sure that the one that is there is ours and closed."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()  # not what a link of someone else's points to
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise CannotStart(
            f"{folder} is to hold the database's socket, but belongs to user {found.st_uid} or is no folder. "
            "Remove it, or set XDG_RUNTIME_DIR to a folder of yours."
        )
    if stat.S_IMODE(found.st_mode) != stat.S_IRWXU:
        folder.chmod(0o700)
