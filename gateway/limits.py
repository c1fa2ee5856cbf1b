"""How often may one viewer ask who stands behind a phone number, an address or another identity?

Such a look-up is an oracle for every number there is: without a bound, whoever may ask could learn by trying which of
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


class LookUpLimit:
    """Counts the look-ups of each viewer (resolvers.kit.context.LookUps)."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def take(self, viewer: Viewer) -> None:
        """Counts one look-up; raises LimitExceeded where the last minute had as many as there may be."""
        whose = (_NAME, viewer.role.value, viewer.key_handle or viewer.subject)
        if await self._limiter.hit(self._item, *whose):
            return
        free_at = (await self._limiter.get_window_stats(self._item, *whose)).reset_time
        wait_s = max(1, math.ceil(free_at - time.time()))
        raise LimitExceeded(
            f"You have looked people up by an identity {self._per_minute} times within a minute, which is the most. "
            f"Try again in {wait_s} s; keep the customers' ids, by which `customer` asks as often as you like."
        )
