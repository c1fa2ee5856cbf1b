"""How is logged what may come without end: at once, and while it goes on every few seconds, with how many there were?

Whoever plays with the process shall not fill its disk, too.
"""

import math
import time
from typing import Final

_EVERY_S: Final = 10.0


class Seldom:
    """One kind of line."""

    def __init__(self, every_s: float = _EVERY_S) -> None:
        self._every_s = every_s
        self._count = 0
        self._told_at = -math.inf

    def count(self) -> int:
        """Counts one more; how many there were since the line before, where it is time for another, and else 0."""
        self._count += 1
        if time.monotonic() - self._told_at < self._every_s:
            return 0
        count, self._count, self._told_at = self._count, 0, time.monotonic()
        return count
