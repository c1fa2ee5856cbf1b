"""Who ends mongod when the gateway is gone?

A small process of its own, run as a script between the two. It starts mongod and holds a pipe (its standard input)
whose other end only the gateway has. The pipe closes however the gateway ends, by `kill -9` too, and then the guard
ends mongod. It lives in a session of its own, so Ctrl-C in a terminal reaches the gateway alone.

It reports on its standard output in lines: `pid 123` once mongod runs, `exit 0` when mongod has ended (`exit -9`: by
signal 9). It imports the standard library alone, since it runs without site-packages.
"""

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import sys
from types import FrameType

# A clean end takes a second; one that writes back a full cache of 256 MB to a slow disk takes longer.
GRACE_S = 20.0
# What a shell answers for a program that it found and could not execute.
CANNOT_EXECUTE = 126
# What a fork of the gateway holds open, the pipe cannot tell: so the parent's pid is compared this often, too.
_LOOK_S = 1.0
# mongod asks for 64,000 open files; macOS may refuse more than its OPEN_MAX.
_OPEN_FILES = (64_000, 10_240)
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main(gateway_pid: int, command: list[str]) -> int:
    """Run mongod until it ends or the gateway is gone; give the exit code of the guard itself."""
    asked: list[int] = []
    woken = _wake_on_signals(asked)
    _allow_open_files()
    try:
        mongod = subprocess.Popen(  # noqa: S603  the command comes from the gateway, by argument list
            command,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            preexec_fn=_end_with_guard,  # noqa: PLW1509  there are no threads in this process
        )
    except OSError as error:
        sys.stderr.write(f"cannot execute {command[0]}: {error.strerror}\n")
        _report(f"exit {CANNOT_EXECUTE}")
        return 0
    _report(f"pid {mongod.pid}")
    while mongod.poll() is None and not asked and os.getppid() == gateway_pid:
        ready, _, _ = select.select([sys.stdin.fileno(), woken], [], [], _LOOK_S)
        if sys.stdin.fileno() in ready:
            break
        if woken in ready:
            os.read(woken, 512)
    _end(mongod)
    _report(f"exit {mongod.returncode}")
    return 0


def _wake_on_signals(asked: list[int]) -> int:
    """Give a descriptor that is readable after a signal; SIGTERM is noted in `asked`, the others only wake."""

    def note(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            asked.append(number)

    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    # Handlers, not SIG_IGN: mongod would inherit what is ignored.
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, note)
    return woken


def _allow_open_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in _OPEN_FILES:
        reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        if soft == resource.RLIM_INFINITY or soft >= reachable:
            return
        with contextlib.suppress(ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
            return


def _end_with_guard() -> None:
    """Have Linux end mongod when the guard itself is killed; elsewhere the gateway does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(mongod: "subprocess.Popen[bytes]") -> None:
    if mongod.poll() is None:
        mongod.terminate()
    try:
        mongod.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        mongod.kill()
        mongod.wait()


def _report(line: str) -> None:
    # A gateway that is gone reads no report.
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{line}\n".encode())


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
