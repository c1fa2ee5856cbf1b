"""How often may somebody ask, and for how much: each viewer's questions, look-ups, and what needs no sign-in?

Counted over a minute that slides: in this process, or in Redis for all processes together. A look-up is an oracle for
every number there is: without a bound, whoever may ask could learn by trying which of them belong to customers.
"""

import math
import time
from functools import lru_cache
from typing import Any, Final

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import ConfigurationError, StorageError

from gateway.limit_settings import PREFIX, LimitSettings
from gateway.traces import current_trace
from resolvers.kit.errors import LimitExceeded, Unavailable
from resolvers.kit.networks import network_of
from resolvers.kit.viewer import Role, Viewer

_LOOK_UPS: Final = "lookups"
_REQUESTS: Final = "requests"
_COST: Final = "cost"
_STRANGERS: Final = "strangers"
_SWEEP_EVERY_S: Final = 60.0
# How long a count may take: a question waits for it.
_PATIENCE_S: Final = 0.25
# For so long a Redis that did not answer is not asked again: else each question would wait for it.
_LEFT_ALONE_S: Final = 5.0
_OF_VISITORS: Final = 10
"""Anybody may be a visitor, and who is one writes and reads by hand: they have a tenth of what others have."""

_log = structlog.get_logger("gateway.limits")


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


class BadLimits(Exception):
    """Counts cannot be kept where the settings say; the message says why."""


class RateLimit:
    """Counts whatever is bounded, by name (resolvers.kit.context.Rates).

    `settings` without Redis, or none: in this process. While Redis is away it counts in this process, or refuses, as
    the settings say.
    """

    def __init__(self, settings: LimitSettings | None = None) -> None:
        self._here = SlidingWindowCounterRateLimiter(_Counts())
        self._redis = _redis(settings) if settings else None
        self._shared = SlidingWindowCounterRateLimiter(self._redis) if self._redis else None
        self._is_strict = settings is not None and settings.rates_without_redis == "refuse"
        self._away_until = -math.inf
        self._away_since: float | None = None

    async def take(self, what: str, whose: str, per_minute: int, amount: int = 1) -> int | None:
        """Counts; where the last minute had as many as there may be, in how many seconds there may be another.

        Raises Unavailable where nobody can tell.
        """
        if self._shared is None:
            return await _take(self._here, what, whose, per_minute, amount)
        if (asked_at := time.monotonic()) >= self._away_until:
            try:
                wait_s = await _take(self._shared, what, whose, per_minute, amount)
            except StorageError as error:
                self._is_away(error)
            else:
                self._is_there(asked_at)
                return wait_s
        if self._is_strict:
            raise Unavailable("Nobody can tell now how often you have asked. Try again in a few seconds.")
        return await _take(self._here, what, whose, per_minute, amount)

    def _is_away(self, error: StorageError) -> None:
        """Leaves it alone for a while; says so once, whoever asks and however often."""
        now = time.monotonic()
        self._away_until = now + _LEFT_ALONE_S
        if self._away_since is None:
            self._away_since = now
            # The error's own words may hold the address with its password.
            _log.warning("redis is away", error=type(error.__cause__ or error).__name__, refusing=self._is_strict)

    def _is_there(self, asked_at: float) -> None:
        """Says that it is back; an answer to what was asked before it went says nothing."""
        if self._away_since is not None and asked_at >= self._away_until:
            _log.warning("redis is back", away_s=round(time.monotonic() - self._away_since, 1))
            self._away_since = None

    async def away(self) -> str | None:
        """Of what kind the error is by which Redis does not answer; None where it does, or there is none."""
        try:
            if self._redis is not None:
                await self._redis.get("doctor")
        except StorageError as error:
            # The error's own words may hold the address with its password.
            return type(error.__cause__ or error).__name__
        return None

    async def close(self) -> None:
        """Lets go of Redis; nothing is counted behind this."""
        if self._redis is not None:
            # The library has no word of its own for it.
            bridge: Any = self._redis.bridge
            await bridge.storage.aclose()


def _redis(settings: LimitSettings) -> RedisStorage | None:
    if settings.redis_url is None:
        return None
    try:
        return RedisStorage(
            f"async+{settings.redis_url.get_secret_value()}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="profile-gateway",
            socket_timeout=_PATIENCE_S,
            socket_connect_timeout=_PATIENCE_S,
        )
    except ConfigurationError as error:
        raise BadLimits(
            f"{PREFIX}REDIS_URL is set, but there is no client for Redis here. Install `profile-gateway[redis]`."
        ) from error


async def _take(
    limiter: SlidingWindowCounterRateLimiter, what: str, whose: str, per_minute: int, amount: int
) -> int | None:
    item = _a_minute(per_minute)
    if await limiter.hit(item, what, whose, cost=amount):
        return None
    free_at = (await limiter.get_window_stats(item, what, whose)).reset_time
    return max(1, math.ceil(free_at - time.time()))


@lru_cache
def _a_minute(most: int) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(most)


def whose(viewer: Viewer, of_address: str | None = None) -> str:
    """By what a viewer is counted; `of_address`: who has not signed in, for they are all one viewer."""
    if of_address is not None:
        return f"{_STRANGERS}/{network_of(of_address)}"
    return viewer.counted_as


class LookUpLimit:
    """Counts the look-ups of each viewer (resolvers.kit.context.LookUps)."""

    def __init__(self, per_minute: int, rates: RateLimit | None = None) -> None:
        self._per_minute = per_minute
        self._rates = rates or RateLimit()

    async def take(self, viewer: Viewer) -> None:
        """Counts one look-up; raises LimitExceeded where the last minute had as many as there may be."""
        wait_s = await self._rates.take(_LOOK_UPS, whose(viewer), self._per_minute)
        if wait_s is None:
            return
        raise LimitExceeded(
            f"You have looked people up by an identity {self._per_minute} times within a minute, which is the most. "
            f"Try again in {wait_s} s; keep the customers' ids, by which `customer` asks as often as you like."
        )


class TooOften(Exception):
    """A viewer has asked too often, or for too much, within a minute."""

    def __init__(self, message: str, *, limit: str, asked: int, most: int, wait_s: int | None) -> None:
        super().__init__(message)
        self.told = {"limit": limit, "asked": asked, "most": most}
        """What stands in the error's extensions."""
        self.wait_s = wait_s
        """None where no waiting helps."""
        if trace := current_trace():
            trace.limits.append(limit)


class Spending:
    """Counts what each viewer asks, and what it costs."""

    def __init__(self, settings: LimitSettings, rates: RateLimit) -> None:
        self._settings = settings
        self._rates = rates

    async def asked(self, viewer: Viewer, *, of_address: str | None = None) -> None:
        """Counts one question, sound or not; raises TooOften, and Unavailable where nobody can tell.

        `of_address`: by which they are counted who have not signed in, for they are all one viewer.
        """
        await self._take(_REQUESTS, self._settings.requests_per_minute, 1, viewer, of_address)

    async def costs(self, viewer: Viewer, cost: int, *, of_address: str | None = None) -> None:
        """Counts what a question costs that is about to be executed; raises as `asked` does."""
        await self._take(_COST, self._settings.cost_per_minute, cost, viewer, of_address)

    async def event(self, viewer: Viewer, cost: int) -> None:
        """Counts what an event costs that is about to be told; raises LimitExceeded, which ends what is followed."""
        try:
            await self.costs(viewer, cost)
        except TooOften as error:
            raise LimitExceeded(str(error)) from error

    async def _take(self, what: str, most: int, amount: int, viewer: Viewer, of_address: str | None) -> None:
        if not most or not amount:
            return
        may = max(most // _OF_VISITORS, 1) if viewer.role is Role.VISITOR else most
        if amount > may:
            raise _never(what, may, amount)
        wait_s = await self._rates.take(what, whose(viewer, of_address), may, amount)
        if wait_s is not None:
            raise _too_often(what, may, amount, wait_s)


def _never(what: str, most: int, amount: int) -> TooOften:
    return TooOften(
        f"This question costs {amount}, and yours may cost {most} within a minute, all together: it can never be "
        "answered. Ask for shorter pages, or for fewer rows in each of several questions.",
        limit=f"{what}_per_minute",
        asked=amount,
        most=most,
        wait_s=None,
    )


def _too_often(what: str, most: int, amount: int, wait_s: int) -> TooOften:
    words = f"You have asked {most} times" if what == _REQUESTS else f"Your questions have cost up to {most}"
    way_out = "Ask for several at once." if what == _REQUESTS else f"This one costs {amount}: ask for shorter pages."
    return TooOften(
        f"{words} within a minute, which is the most. Try again in {wait_s} s. {way_out}",
        limit=f"{what}_per_minute",
        asked=amount,
        most=most,
        wait_s=wait_s,
    )
