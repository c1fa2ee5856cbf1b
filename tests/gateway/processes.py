"""A gateway in a process of its own, as people start it; and whether a process is still there."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.net import NET

# What the machine says is no setting of a test, and nobody's Python writes to pipes without a buffer.
_NOT_OURS = ("GATEWAY_", "MONGODB_URL", "PYTHONUNBUFFERED")


class Running:
    """A gateway in a process of its own, and the lines that it wrote."""

    def __init__(self, folder: Path, *words: str, **settings: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
        self.environment = {**kept, "GATEWAY_DATA_FOLDER": str(folder), **settings}
        start = [sys.executable, "-c", "from gateway.cli import main; main()", *words, "--port", "0"]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(start, env=self.environment, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        self.lines: list[str] = []
        self.address = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(r"questions (http\S+)/graphql", line):
                self.address = found[1]
                break
        self.rest = threading.Thread(target=lambda: self.lines.extend(self.process.stdout or ()))
        self.rest.start()

    def end(self) -> int:
        """Asks it to end; its exit status."""
        self.process.terminate()
        return self.process.wait(60)

    def kill(self) -> None:
        """Ends it at once, whatever it is about to do."""
        self.process.kill()
        self.process.wait()
        self.rest.join()
        NET.hear("a gateway's stdout and stderr", "".join(self.lines))
        if self.process.stdout:
            self.process.stdout.close()

    def ready(self) -> None:
        """Returns when questions are answered."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.address}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise AssertionError("".join(self.lines))

    def is_gone(self) -> bool:
        """Whether nobody listens any more."""
        try:
            httpx.get(f"{self.address}/healthz", timeout=1)
        except httpx.TransportError:
            return True
        return False


def hands_of(process: subprocess.Popen[str]) -> list[int]:
    """The three processes of a large import, once each of them is in the middle of a batch."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        busy = [int(pid) for pid in children if _cpu_s(int(pid)) > 0.2]
        if len(busy) == 3:
            return busy
        time.sleep(0.05)
    raise AssertionError("The import has no three processes that work.")


def _cpu_s(pid: int) -> float:
    try:
        facts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(facts[11]) + int(facts[12])) / os.sysconf("SC_CLK_TCK")


def is_running(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet reaped does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() != "" and not state.startswith("Z")


@contextmanager
def running(folder: Path, *words: str) -> Iterator[Running]:
    """A gateway that is ended behind the block, if it has not ended by then."""
    gateway = Running(folder, *words)
    try:
        yield gateway
    finally:
        gateway.kill()
