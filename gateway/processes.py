"""Is another process of this machine still there?"""

import hashlib
import os
import platform
import secrets
from functools import cache
from pathlib import Path


def is_alive(pid: int) -> bool:
    """Whether a process has this number, ours or another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def holder_name(sign: str) -> str:
    """As what a worker of this process holds leases, `machine:process:word`; `sign` is that of its store."""
    return f"{platform.node()}:{os.getpid()}:{_place()}-{sign}-{secrets.token_hex(4)}"


def sign_in(holder: str) -> str | None:
    """The sign of the store by which that holder works; None where its name has none."""
    _, _, word = holder.rpartition(":")
    parts = word.split("-")
    return parts[1] if len(parts) == _PARTS and parts[1] else None


def is_known_dead(holder: str) -> bool:
    """Whether the holder's process was of this machine and is there no more; False where that cannot be known."""
    head, _, word = holder.rpartition(":")
    pid = head.rpartition(":")[2]
    here = _place()
    return bool(here) and word.split("-")[0] == here and pid.isdecimal() and is_gone(int(pid))


def is_gone(pid: int) -> bool:
    """Whether the process is no more, or has ended and whoever started it has not noticed yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        # Of other users' processes one may be shown nothing.
        return not is_alive(pid)
    return state in _ENDED


_PARTS = 3
# Zombie and dead, in proc(5).
_ENDED = frozenset("ZX")


@cache
def _place() -> str:
    """Where numbers of processes mean the same processes: one run of the machine, and in it one container.

    Machines and containers are called alike at times. Empty where the system does not say.
    """
    try:
        run = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        container = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return ""
    return hashlib.sha256(f"{run} {container}".encode()).hexdigest()[:8]
