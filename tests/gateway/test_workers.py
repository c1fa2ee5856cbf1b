"""Is a worker that dies or hangs replaced, and does the whole end in time, whatever its workers do?"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from gateway.workers import Worker
from tests.gateway.processes import Running, is_running

FEW = """
import socket, uvicorn
from gateway import workers
workers._CLOSING_S = 0.5
app = "starlette.applications:Starlette"
if __name__ == "__main__":
    config = uvicorn.Config(app, factory=True, workers=2, timeout_graceful_shutdown=1, timeout_worker_healthcheck=3)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        workers.Workers(config, [listener]).run()
"""


def soon(holds: Callable[[], object], within_s: float) -> float:
    """After how long it holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < within_s
        time.sleep(0.02)
    return time.monotonic() - began


def workers_of(pid: int) -> set[int]:
    """The processes that answer for this one; none where it has ended."""
    try:
        children = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return set()
    return {one for one in children if is_running(one) and b"spawn_main" in Path(f"/proc/{one}/cmdline").read_bytes()}


def is_busy(pid: int) -> bool:
    """Whether a worker has begun to answer: then it hears signals."""
    return len(list(Path(f"/proc/{pid}/task").iterdir())) > 1


@pytest.fixture
def worker() -> Iterator[Worker]:
    """A worker that answers."""
    config = uvicorn.Config("starlette.applications:Starlette", factory=True, timeout_graceful_shutdown=0)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Worker(config, [listener])
        one.start()
        try:
            assert one.wait_until_ready(30)
            yield one
        finally:
            one.process.kill()
            one.process.join()
            one.kill()


def test_silence_is_not_waited_for(worker: Worker) -> None:
    """Whoever asks whether a worker is there is told at once, by what it has said until then."""
    soon(lambda: worker.is_alive(0.5) and worker._asked_at, 5)
    os.kill(worker.pid or 0, signal.SIGSTOP)
    assert soon(lambda: not worker.is_alive(0.5), 5) > 0.3
    began = time.monotonic()
    assert [worker.is_alive(30), worker.is_alive(0.1)] == [True, False]
    assert time.monotonic() - began < 0.2
    os.kill(worker.pid or 0, signal.SIGCONT)
    soon(lambda: worker.is_alive(0.5), 5)
    os.kill(worker.pid or 0, signal.SIGKILL)
    soon(lambda: not worker.is_alive(30), 1)


def test_dead_beside_a_frozen_one(tmp_path: Path) -> None:
    """Beside a worker that hangs a dead one is replaced at once, and that one after a while; the end is heard."""
    (tmp_path / "few.py").write_text(FEW)
    process = subprocess.Popen([sys.executable, str(tmp_path / "few.py")], stderr=subprocess.DEVNULL)
    try:
        soon(lambda: len(workers_of(process.pid)) == 2 and all(map(is_busy, workers_of(process.pid))), 30)
        frozen, dead = sorted(workers_of(process.pid))
        os.kill(frozen, signal.SIGSTOP)
        os.kill(dead, signal.SIGKILL)
        assert soon(lambda: len(workers_of(process.pid) - {dead}) == 2, 10) < 2
        assert frozen in workers_of(process.pid)
        assert soon(lambda: frozen not in workers_of(process.pid), 10) > 1
        soon(lambda: len(workers_of(process.pid)) == 2 and all(map(is_busy, workers_of(process.pid))), 30)
        os.kill(min(workers_of(process.pid)), signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
    finally:
        for one in workers_of(process.pid):
            os.kill(one, signal.SIGKILL)
        process.kill()
        process.wait()


@pytest.mark.deep
def test_whole_house_ends_in_time(tmp_path: Path) -> None:
    """A worker of the gateway that is killed is replaced beside one that is frozen, and the end comes in time."""
    gateway = Running(tmp_path, "serve", "--workers", "2", GATEWAY_EXECUTION_S="1")
    pid = gateway.process.pid
    try:
        gateway.ready()
        soon(lambda: len(workers_of(pid)) == 2 and all(map(is_busy, workers_of(pid))), 30)
        frozen, dead = sorted(workers_of(pid))
        os.kill(frozen, signal.SIGSTOP)
        os.kill(dead, signal.SIGKILL)
        assert soon(lambda: len(workers_of(pid) - {dead}) == 2, 10) < 2
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(30) == 0
        assert time.monotonic() - began < 20
        assert not is_running(frozen)
    finally:
        for one in workers_of(pid):
            os.kill(one, signal.SIGKILL)
        gateway.kill()
