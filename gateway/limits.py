"""How often may one viewer ask who stands behind an identity, and how often may anybody do what needs no sign-in?

A look-up is an oracle for every number there is: without a bound, whoever may ask could learn by trying which of
them belong to customers. Counted in this process, over a window that slides.
"""

import math
import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from resolvers.kit.errors import LimitExceeded
from resolvers.kit.viewer import Viewer

_NAME: Final = "lookups"
_SWEEP_EVERY_S: Final = 60.0


class _Counts(MemoryStorage):
    """Counts in this process. The library's own looks at every viewer's count at each look-up, to drop old ones.

    With a thousand viewers that costs 0.15 ms, ten times the counting; here it is done once a minute.
    """

    def __init__(self) -> None:
        super().__init__()
        self._swept_at = time.time()

    async def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Raises a count, which ends so many seconds after it began; answers it."""
        now = time.time()
        if now - self._swept_at > _SWEEP_EVERY_S:
            self._swept_at = now
            for known in list(self.expirations):
                # Asking for one that is over drops it.
                await self.get(known)
        if await self.get(key) == 0:
            self.expirations[key] = now + expiry
        self.storage[key] += amount
        return self.storage[key]


class RateLimit:
    """Counts whatever is bounded, by name (resolvers.kit.context.Rates)."""

    def __init__(self) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(_Counts())

    async def take(self, what: str, whose: str, per_minute: int) -> int | None:
        """Counts one; where the last minute had as many as there may be, in how many seconds there may be another."""
        item = RateLimitItemPerMinute(per_minute)
        if await self._limiter.hit(item, what, whose):
            return None
        free_at = (await self._limiter.get_window_stats(item, what, whose)).reset_time
        return max(1, math.ceil(free_at - time.time()))


class LookUpLimit:
    """Counts the look-ups of each viewer (resolvers.kit.context.LookUps)."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._rates = RateLimit()

    async def take(self, viewer: Viewer) -> None:
        """Counts one look-up; raises LimitExceeded where the last minute had as many as there may be."""
        whose = f"{viewer.role.value}/{viewer.key_handle or viewer.subject}"
        wait_s = await self._rates.take(_NAME, whose, self._per_minute)
        if wait_s is None:
            return
        raise LimitExceeded(
            f"You have looked people up by an identity {self._per_minute} times within a minute, which is the most. "
            f"Try again in {wait_s} s; keep the customers' ids, by which `customer` asks as often as you like."
        )
