"""How is one request brought to a vendor: let through, sent, judged, and sent again where that does no harm?"""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
    OutcomeUnknown,
)
from adapters.contract.manners import Manners
from adapters.contract.reply import Reply
from adapters.contract.way import Breaker, Standing, Step
from adapters.http.flights import Patience
from adapters.http.fuse import Fuse, Pass
from adapters.http.requests import Request
from adapters.http.throttles import LONGEST_REST_S, Gate, RetryBudget
from adapters.http.wire import Trace, Wire

T = TypeVar("T")

_FIRST_PAUSE_S = 0.1
"""Before the first retry, up to; doubled before each further one (full jitter: any time between nothing and that)."""
_FIRST_PAUSE_WHEN_BUSY_S = 0.5
"""The same where the vendor is throttled and does not say for how long."""
_LONGEST_PAUSE_S = 30.0
"""Whoever has no deadline is told ChannelBusy beyond it, and comes back by itself."""
_FAIR_S = 0.2
"""A request that its caller's deadline cut off sooner says nothing about the vendor."""


@dataclass(slots=True)
class Tally:
    """What became of one call so far."""

    tries: int = 0
    status: int | None = None
    may_have_arrived: bool = False
    is_final: bool = False
    """Whether the last failure is the last word: it was not let through, or would fail in the same way again."""


class Tries:
    """The bounds of one channel account, and what it has answered lately."""

    def __init__(self, wire: Wire, manners: Manners, clock: Callable[[], datetime]) -> None:
        self._wire = wire
        self._manners = manners
        self._clock = clock
        self._places = asyncio.Semaphore(manners.at_once)
        self._fuse = Fuse(trips_after=manners.trips_after, rests_s=manners.rests_s)
        self._gate = Gate()
        self._retries = RetryBudget()
        self._throttled_until = -math.inf
        self._answered_at: datetime | None = None
        self._failed_at: datetime | None = None
        self._failure: str | None = None

    def standing(self) -> Standing:
        """How the channel account has answered lately."""
        now = time.monotonic()
        wait_s = max(self._gate.closed_for_s(now), self._throttled_until - now)
        return Standing(
            breaker=self._fuse.state(now),
            answered_at=self._answered_at,
            failed_at=self._failed_at,
            failure=self._failure,
            retry_after_s=wait_s if wait_s > 0 else None,
        )

    async def good_answer(self, request: Request, patience: Patience, tally: Tally) -> Reply:
        """The good answer, tried for as often and as long as the bounds allow. Raises ChannelError."""
        if patience.left_s() == 0.0:
            raise ChannelDown("The time for it was up before it was asked.")
        self._retries.earn()
        while True:
            try:
                return await self._once(request, patience, tally)
            except (ChannelDown, ChannelBusy) as error:
                pause_s = self._pause_s(error, request, patience, tally)
                if pause_s is None:
                    raise
                if isinstance(error, ChannelBusy) and not error.is_of_person:
                    self._throttled_until = time.monotonic() + pause_s
            await asyncio.sleep(pause_s)

    async def converse(self, talk: Callable[[Step], Awaitable[T]], patience: Patience, tally: Tally) -> T:
        """What a talk by another protocol gives, once, within the same bounds. Raises ChannelError."""
        if patience.left_s() == 0.0:
            raise ChannelDown("The time for it was up before it was asked.")
        self._check()
        async with self._places:
            self._check()
            given = self._fuse.admit(time.monotonic())
            if given is None:
                raise _resting()
            tally.tries += 1
            return await self._talked(talk, patience, tally, given)

    async def _talked(self, talk: Callable[[Step], Awaitable[T]], patience: Patience, tally: Tally, given: Pass) -> T:
        step, began = Step(), time.monotonic()
        failure: ChannelError
        try:
            async with asyncio.timeout(self._manners.try_s):
                answer = await talk(step)
        except TimeoutError:
            failure = ChannelDown(f"It did not answer within {self._manners.try_s:g} s.")
        except ChannelError as error:
            failure = error
        except BaseException:
            tally.may_have_arrived |= step.may_have_arrived
            self._given_up(given, patience, time.monotonic() - began)
            raise
        else:
            tally.status = step.status
            self._settle(given, None, Trace(status=step.status))
            return answer
        tally.status = step.status
        tally.may_have_arrived |= step.may_have_arrived
        self._settle(given, failure, Trace(status=step.status))
        if step.may_have_arrived and isinstance(failure, ChannelDown | BadPayload):
            raise OutcomeUnknown(f"What was handed over may have arrived: {failure}")
        raise failure

    async def _once(self, request: Request, patience: Patience, tally: Tally) -> Reply:
        """One try."""
        tally.is_final = True
        self._check()
        async with self._places:
            # Meanwhile the vendor may have said to wait, or failed once too often.
            self._check()
            given = self._fuse.admit(time.monotonic())
            if given is None:
                raise _resting()
            tally.is_final = False
            tally.tries += 1
            return await self._sent(request, patience, tally, given)

    def _check(self) -> None:
        now = time.monotonic()
        closed_for_s = self._gate.closed_for_s(now)
        if closed_for_s:
            raise ChannelBusy("It asked to wait before the next request.", retry_after_s=closed_for_s)
        if not self._fuse.would_admit(now):
            raise _resting()

    async def _sent(self, request: Request, patience: Patience, tally: Tally, given: Pass) -> Reply:
        """The good answer to a request that was let through; gives the pass back in any case."""
        trace = Trace()
        began = time.monotonic()
        failure: ChannelError | None
        try:
            async with asyncio.timeout(self._manners.try_s):
                reply = await self._wire.ask(request, largest_body=self._manners.largest_body, trace=trace)
            failure = self._judged(reply)
        except TimeoutError:
            failure = ChannelDown(f"It did not answer within {self._manners.try_s:g} s.")
        except ChannelError as error:
            failure = error
        except BaseException:
            tally.may_have_arrived |= trace.may_have_arrived
            self._given_up(given, patience, time.monotonic() - began)
            raise
        tally.status = trace.status
        tally.may_have_arrived |= trace.may_have_arrived
        tally.is_final = trace.is_hopeless
        self._settle(given, failure, trace)
        if failure is None:
            return reply
        if trace.may_have_arrived and not request.is_repeatable and isinstance(failure, ChannelDown | BadPayload):
            raise OutcomeUnknown(f"A request with effects may have arrived: {failure}")
        raise failure

    def _judged(self, reply: Reply) -> ChannelError | None:
        try:
            return self._manners.judge(reply)
        except ChannelError as error:
            return error
        except Exception as error:  # noqa: BLE001  a judge reads what a stranger sent; its words may quote it
            return BadPayload(f"The answer (status {reply.status}) cannot be judged ({type(error).__name__}).")

    def _settle(self, given: Pass, failure: ChannelError | None, trace: Trace) -> None:
        """Remembers what the answer says about the channel account."""
        now = time.monotonic()
        if isinstance(failure, ChannelDown):
            self._fuse.failed(given, now)
        elif trace.status is None and isinstance(failure, ChannelRefused):
            # It could not even be written: that says nothing about the vendor.
            self._fuse.let_go(given)
        else:
            self._fuse.answered(given)
        if isinstance(failure, ChannelBusy):
            failure.retry_after_s = _sensible(failure.retry_after_s)
            if failure.retry_after_s is not None and not failure.is_of_person:
                self._gate.close(failure.retry_after_s, now)
        self._note(failure)

    def _note(self, failure: ChannelError | None) -> None:
        if failure is None or _is_of_person(failure):
            self._answered_at = self._clock()
            self._failure = None
        else:
            self._failed_at = self._clock()
            self._failure = failure.kind

    def _given_up(self, given: Pass, patience: Patience, took_s: float) -> None:
        """The call was stopped while this request was under way."""
        if patience.has_run_out and took_s >= _FAIR_S:
            self._fuse.failed(given, time.monotonic())
            self._failed_at = self._clock()
            self._failure = ChannelDown.kind
        else:
            self._fuse.let_go(given)

    def _pause_s(self, failure: ChannelError, request: Request, patience: Patience, tally: Tally) -> float | None:
        """How long to wait before the next try; None where there is none."""
        if tally.is_final or not request.is_repeatable or tally.tries >= self._manners.tries:
            return None
        pause_s = _pause_after(failure, tally.tries)
        left_s = patience.left_s()
        if pause_s >= (_LONGEST_PAUSE_S if left_s is None else left_s):
            return None
        if self._fuse.state(time.monotonic()) is Breaker.OPEN:
            return None
        return pause_s if self._retries.take() else None


def _is_of_person(failure: ChannelError) -> bool:
    """Whether it says of one person what it says, and nothing of the channel account."""
    return isinstance(failure, NoSuchIdentity) or (isinstance(failure, ChannelBusy) and failure.is_of_person)


def _pause_after(failure: ChannelError, tries: int) -> float:
    if isinstance(failure, ChannelBusy):
        if failure.retry_after_s is not None:
            # A little later than asked, each at another time, so that all who wait do not come at once.
            return failure.retry_after_s + random.uniform(0.01, 0.1)  # noqa: S311  chance, no secret
        return random.uniform(0, _FIRST_PAUSE_WHEN_BUSY_S * 2 ** (tries - 1))  # noqa: S311  chance, no secret
    return random.uniform(0, _FIRST_PAUSE_S * 2 ** (tries - 1))  # noqa: S311  chance, no secret


def _sensible(seconds: float | None) -> float | None:
    """The wait that a vendor asked for; None where it is no number of seconds at all."""
    if seconds is None or math.isnan(seconds):
        return None
    return min(max(0.0, seconds), LONGEST_REST_S)


def _resting() -> ChannelDown:
    return ChannelDown("It failed too often in a row; nothing is sent until it has rested.")
