"""May a request go to a channel account now, or does the account rest because it failed too often?

Own code, for what was found either counts exceptions around a whole function (a trial that is cancelled then leaves
it half open for ever) or cannot be asked how it stands. It keeps no time of its own: whoever asks says how late it is.
"""

from dataclasses import dataclass

from adapters.contract.way import Breaker


@dataclass(frozen=True, slots=True)
class Pass:
    """That one request was let through; it is handed back once, with what became of it."""

    era: int
    is_trial: bool


class Fuse:
    """The breaker of one channel account: opened by failures in a row, closed again by one request that is answered."""

    def __init__(self, *, trips_after: int, rests_s: float) -> None:
        self._trips_after = trips_after
        self._rests_s = rests_s
        self._era = 0
        self._failures = 0
        self._opened_at: float | None = None
        self._has_trial = False

    def state(self, now: float) -> Breaker:
        """How it stands."""
        if self._opened_at is None:
            return Breaker.CLOSED
        return Breaker.HALF_OPEN if now - self._opened_at >= self._rests_s else Breaker.OPEN

    def would_admit(self, now: float) -> bool:
        """Whether a request would be let through now."""
        state = self.state(now)
        return state is Breaker.CLOSED or (state is Breaker.HALF_OPEN and not self._has_trial)

    def admit(self, now: float) -> Pass | None:
        """A pass for one request; None where it is not let through."""
        if not self.would_admit(now):
            return None
        is_trial = self._opened_at is not None
        self._has_trial = is_trial
        return Pass(self._era, is_trial)

    def answered(self, given: Pass) -> None:
        """The channel answered, be it with a refusal: it is there."""
        if given.era != self._era:
            return
        self._failures = 0
        if given.is_trial:
            self._turn(opened_at=None)

    def failed(self, given: Pass, now: float) -> None:
        """The channel did not answer."""
        if given.era != self._era:
            return
        self._failures += 1
        if given.is_trial or self._failures >= self._trips_after:
            self._turn(opened_at=now)

    def let_go(self, given: Pass) -> None:
        """The request was given up before anybody could know: it counts for nothing, and another may try."""
        if given.era == self._era and given.is_trial:
            self._has_trial = False

    def _turn(self, *, opened_at: float | None) -> None:
        # What comes back from requests of before the turn says nothing about the time after it.
        self._era += 1
        self._failures = 0
        self._has_trial = False
        self._opened_at = opened_at
