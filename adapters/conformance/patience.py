"""What if a channel never comes back, also where it computes for ever and lets nothing else run?"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

# Whoever has not come back by then heeds no bound: the way's own are far shorter where the suite sets them.
STEP_S: Final = 15.0
"""How long one step of a check may take: one delivery, or one question."""
_AGAIN_S: Final = 1.0


class NeverBack(BaseException):
    """A step did not end in time. No Exception, so that a channel that catches everything does not catch it."""


class Patience:
    """Ends a step that takes too long, by the system's alarm; only in the main thread, where there is one."""

    def __init__(self, step_s: float = STEP_S) -> None:
        self.step_s = step_s
        self._is_on = False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Inside, every step ends: NeverBack is raised in what runs too long."""
        if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.signal(signal.SIGALRM, _ring)
        self._is_on = True
        self.begin_step()
        try:
            yield
        finally:
            self._is_on = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def begin_step(self) -> None:
        """From now on a new step is under way."""
        if self._is_on:
            # It rings again where the channel catches even this.
            signal.setitimer(signal.ITIMER_REAL, self.step_s, _AGAIN_S)


def _ring(number: int, frame: FrameType | None) -> Any:
    del number, frame
    raise NeverBack
