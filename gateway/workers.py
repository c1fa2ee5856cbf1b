"""Which of several processes on one port is dead or hangs, and do they all end in time?

uvicorn's own supervisor asks one after the other and waits for each: behind one that hangs it sees no other die, and
hears no signal.
"""

import pickle
import time
from socket import socket
from typing import Any, Final

import structlog
import uvicorn
from uvicorn.supervisors import Multiprocess, multiprocess

# Behind its answers a worker closes the house. With the grace before it that is less than the 30 s after which
# orchestrators end everything by force.
_CLOSING_S: Final = 5.0

_log = structlog.get_logger("gateway.workers")


class Worker(multiprocess.Process):
    """One process that answers."""

    _asked_at: float | None = None
    _ends_by: float | None = None

    def is_alive(self, timeout: float = 5) -> bool:
        """Whether it is there, and has said so within that time; asks it once more, and waits for nothing."""
        if not self.process.is_alive():
            return False
        try:
            while self.parent_conn.poll():
                self.parent_conn.recv()
                self._asked_at = None
            if self._asked_at is None:
                self._asked_at = time.monotonic()
                self.parent_conn.send(b"ping")
        except (OSError, EOFError, pickle.UnpicklingError):
            return False
        return time.monotonic() - self._asked_at < timeout

    def terminate(self) -> None:
        """Asks it to end."""
        self._ends_by = time.monotonic() + (self.config.timeout_graceful_shutdown or 0) + _CLOSING_S
        super().terminate()

    def join(self) -> None:
        """Returns when it has ended; by force, where it was asked to and has not in time."""
        if self._ends_by is not None:
            self.process.join(max(0.0, self._ends_by - time.monotonic()))
            if self.process.is_alive():
                _log.warning("worker ended by force", process=self.pid)
                self.kill()
        super().join()


class Workers(Multiprocess):
    """Several processes that answer on one port: who dies or hangs is replaced."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        # It asks nobody of what kind its workers are to be.
        made: Any = multiprocess
        made.Process = Worker
