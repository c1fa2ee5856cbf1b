"""How does a server run beside the others: pinned to a core, watched from outside, gone when the benchmark goes?"""

import asyncio
import contextlib
import os
import shutil
import socket
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import orjson

from benchmarks.peers.roster import Server

ROOT = Path(__file__).parent.parent.parent
_START_S = 60.0
_STOP_S = 10.0
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cores() -> tuple[int, int] | None:
    """The core of the measured server, and that of the database and the load; None where they cannot be told apart."""
    if shutil.which("taskset") is None or not hasattr(os, "sched_getaffinity"):
        return None
    mine = sorted(os.sched_getaffinity(0))
    return (mine[0], mine[1]) if len(mine) > 1 else None


def pinned(command: Sequence[str], core: int | None) -> list[str]:
    """The command, run on one core, and ended by the kernel when whoever started it ends."""
    words = list(command)
    if core is not None:
        words = ["taskset", "--cpu-list", str(core), *words]
    if shutil.which("setpriv"):
        words = ["setpriv", "--pdeathsig", "KILL", *words]
    return words


def pin_process(pid: int, core: int) -> None:
    """Puts a process that runs already on a core, with every thread of it; those it starts later follow."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        # A thread may have ended meanwhile.
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), {core})


@contextmanager
def apart_from(database_pid: int | None) -> Iterator[tuple[int, int] | None]:
    """The server's core, and that of all else: the database, this process, and whatever it starts and puts nowhere.

    None where cores cannot be told apart.
    """
    found = cores()
    if found is None:
        yield None
        return
    if database_pid:
        pin_process(database_pid, found[1])
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {found[1]})
    try:
        yield found
    finally:
        os.sched_setaffinity(0, before)


def cpu_s(pid: int) -> float:
    """The time that a process has had on any core; 0 where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    # Fields 14 and 15 of proc(5), counted behind the command's name, which may hold blanks.
    words = stat.read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS_A_SECOND


def busy_s() -> float:
    """The time that anything at all has had on any core since the machine began; 0 where the system does not tell."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    # proc(5): user, nice, system, idle, iowait, irq, softirq, steal; what a neighbour stole is lost to us too.
    words = [int(word) for word in stat.read_text().splitlines()[0].split()[1:9]]
    return (sum(words) - words[3] - words[4]) / _TICKS_A_SECOND


def memory_mb(pid: int) -> dict[str, float]:
    """A process's memory: its proportional share (PSS), and all that it has mapped in memory (RSS)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup")
    if not rollup.exists():
        return {}
    kept = {line.split(":")[0]: line.split()[1] for line in rollup.read_text().splitlines()[1:]}
    return {name.lower(): int(kept[name]) / 1024 for name in ("Pss", "Rss")}


@dataclass(frozen=True, slots=True)
class Running:
    """A server that answers."""

    server: Server
    pid: int
    url: str


@asynccontextmanager
async def running(
    server: Server, shared: Mapping[str, str], core: int | None, probe: "Probe"
) -> AsyncIterator[Running]:
    """The server, once it answers the probe; it is stopped behind the block."""
    port = _free_port()
    environment = {
        **os.environ,
        **shared,
        **server.environment,
        "PEER": server.name,
        "PORT": str(port),
        "GATEWAY_PORT": str(port),
        "NODE_ENV": "production",
    }
    with tempfile.TemporaryFile() as log:
        # Node's servers end with their standard input, the others with this process.
        process = await asyncio.create_subprocess_exec(
            *pinned(server.command, core), stdin=PIPE, stdout=log, stderr=log, env=environment, cwd=ROOT
        )
        try:
            url = f"http://127.0.0.1:{port}/graphql"
            await _answers(process, url, probe, server, log)
            yield Running(server, process.pid, url)
        finally:
            await ended(process)


@dataclass(frozen=True, slots=True)
class Probe:
    """A question that every server must answer before it counts as running."""

    body: str
    headers: Mapping[str, str]


async def _answers(process: Process, url: str, probe: Probe, server: Server, log: IO[bytes]) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_START_S):
                while process.returncode is None:
                    with contextlib.suppress(httpx.TransportError):
                        answer = await client.post(url, content=probe.body, headers=dict(probe.headers))
                        if answer.status_code == 200:
                            return
                    await asyncio.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"{server.title} does not answer. It said:\n{log.read()[-4000:].decode(errors='replace')}")


async def ended(process: Process) -> None:
    """Ends a process that was started here, by force where it does not end by itself."""
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


async def installed(folder: Path) -> None:
    """The npm packages that the lock file names, installed without running anything of theirs."""
    done, lock = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = ("npm", "--prefix", str(folder), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    process = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL)
    if await process.wait():
        raise RuntimeError("npm could not install the packages of benchmarks/peers/node; its words stand above.")
    done.touch()


class Load:
    """The load generator: one process, told window by window."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @classmethod
    @asynccontextmanager
    async def opened(cls, folder: Path, core: int | None) -> "AsyncIterator[Load]":
        """A load generator that runs for as long as the block lasts."""
        command = pinned(("node", str(folder / "load.js")), core)
        process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
        try:
            yield cls(process)
        finally:
            await ended(process)

    async def window(
        self, server: Running, headers: Mapping[str, str], bodies: Path, connections: int, seconds: float
    ) -> dict[str, Any]:
        """What was seen in one window; raises RuntimeError where a request was refused. `bodies` is a list in JSON."""
        where = {"url": server.url, "headers": headers, "bodies": str(bodies)}
        line = where | {"connections": connections, "seconds": seconds}
        seen: dict[str, Any] = orjson.loads(await self._told(orjson.dumps(line), seconds))
        if seen["refused"]:
            raise RuntimeError(
                f"{server.server.title} did not answer {bodies.stem} on {connections} connections: {seen}"
            )
        return seen

    async def _told(self, line: bytes, seconds: float) -> bytes:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + b"\n")
        await self._process.stdin.drain()
        # Behind its end autocannon waits for the last answers.
        told = await asyncio.wait_for(self._process.stdout.readline(), seconds + 60)
        if not told:
            raise RuntimeError("The load generator ended. Its words stand above.")
        return told
