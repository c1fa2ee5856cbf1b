"""The breaker, the shelf and the retry budget do what a simple model of them does, whatever happens to them."""

import math
from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from adapters.contract.reply import Reply
from adapters.contract.way import Breaker
from adapters.http.fuse import Fuse, Pass
from adapters.http.kept import Shelf
from adapters.http.throttles import Gate, RetryBudget

NOW = datetime(2026, 11, 1, tzinfo=UTC)
TRIPS_AFTER = 3
RESTS_S = 10.0
MOST = 4
MOST_BYTES = 8000
SECONDS = st.floats(0, 15)


class FuseMachine(RuleBasedStateMachine):
    """Any order of requests, outcomes and waiting."""

    passes = Bundle("passes")

    def __init__(self) -> None:
        super().__init__()
        self.fuse = Fuse(trips_after=TRIPS_AFTER, rests_s=RESTS_S)
        self.now = 0.0
        self.opened_at: float | None = None
        self.in_a_row = 0
        self.trial: Pass | None = None
        self.current: set[int] = set()

    @rule(target=passes)
    def ask(self) -> Pass | None:
        """Closed lets all through, open none, half open one at a time."""
        given = self.fuse.admit(self.now)
        state = self.fuse.state(self.now)
        expected = state is Breaker.CLOSED or (state is Breaker.HALF_OPEN and self.trial is None)
        assert (given is not None) == expected
        if given is not None:
            self.current.add(id(given))
            self.trial = given if state is Breaker.HALF_OPEN else None
        return given

    @rule(given=consumes(passes))
    def answer(self, given: Pass | None) -> None:
        """An answer of this era ends the row; that of the trial closes it."""
        if given is None:
            return
        self.fuse.answered(given)
        if id(given) in self.current:
            self.in_a_row = 0
            if given is self.trial:
                self._turn(None)

    @rule(given=consumes(passes))
    def fail(self, given: Pass | None) -> None:
        """A failure of this era counts; enough of them, or the trial's, open it."""
        if given is None:
            return
        self.fuse.failed(given, self.now)
        if id(given) in self.current:
            self.in_a_row += 1
            if given is self.trial or self.in_a_row >= TRIPS_AFTER:
                self._turn(self.now)

    @rule(given=consumes(passes))
    def leave(self, given: Pass | None) -> None:
        """A request given up counts for nothing, and lets another try."""
        if given is not None:
            self.fuse.let_go(given)
            if given is self.trial:
                self.trial = None

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        """Time goes by."""
        self.now += seconds

    def _turn(self, opened_at: float | None) -> None:
        self.opened_at, self.in_a_row, self.trial = opened_at, 0, None
        self.current.clear()

    @invariant()
    def state_is_known(self) -> None:
        """It stands as the model does."""
        if self.opened_at is None:
            expected = Breaker.CLOSED
        else:
            expected = Breaker.HALF_OPEN if self.now - self.opened_at >= RESTS_S else Breaker.OPEN
        assert self.fuse.state(self.now) is expected


class ShelfMachine(RuleBasedStateMachine):
    """Any order of keeping, finding, forgetting and waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf(most=MOST, most_bytes=MOST_BYTES)
        self.now = 0.0
        self.put: dict[bytes, tuple[Reply, float, float]] = {}

    @rule(key=st.sampled_from([b"a", b"b", b"c", b"d", b"e", b"f"]), size=st.integers(0, 3000), for_s=SECONDS)
    def keep(self, key: bytes, size: int, for_s: float) -> None:
        """The newest answer replaces the older one."""
        reply = Reply(status=200, headers={}, body=b"x" * size, as_of=NOW)
        self.shelf.keep(key, reply, for_s=for_s, now=self.now)
        self.put[key] = (reply, self.now, for_s)

    @rule(key=st.sampled_from([b"a", b"b", b"c", b"d", b"e", b"f"]), up_to_s=SECONDS)
    def find(self, key: bytes, up_to_s: float) -> None:
        """What is found is the last kept, no older than asked for, and no older than it was kept for."""
        found = self.shelf.find(key, up_to_s=up_to_s, now=self.now)
        if found is not None:
            reply, at, for_s = self.put[key]
            assert found is reply
            assert self.now - at <= min(up_to_s, for_s)

    @rule(key=st.sampled_from([b"a", b"b"]))
    def drop(self, key: bytes) -> None:
        """What is forgotten is gone."""
        self.shelf.drop(key)
        assert self.shelf.find(key, up_to_s=math.inf, now=self.now) is None

    @rule(seconds=SECONDS)
    def wait(self, seconds: float) -> None:
        """Time goes by, and what is too old for anybody is forgotten."""
        self.now += seconds
        self.shelf.drop_old(self.now)
        alive = [key for key, (_, at, for_s) in self.put.items() if self.now - at <= for_s]
        assert len(self.shelf) <= len(alive)

    @invariant()
    def bounds_hold(self) -> None:
        """Neither number nor bytes are ever more than allowed, and an empty shelf takes nothing."""
        assert len(self.shelf) <= MOST
        assert 0 <= self.shelf.size_bytes <= MOST_BYTES
        assert (len(self.shelf) == 0) == (self.shelf.size_bytes == 0)


_EVERYDAY = settings(max_examples=30, stateful_step_count=30, deadline=None, derandomize=True)
TestFuse = FuseMachine.TestCase
TestFuse.settings = _EVERYDAY
TestShelf = ShelfMachine.TestCase
TestShelf.settings = _EVERYDAY


def _reply(size: int = 10) -> Reply:
    return Reply(status=200, headers={}, body=b"x" * size, as_of=NOW)


def test_least_used_goes_first() -> None:
    """Of too many answers the one that nobody asked for goes."""
    shelf = Shelf(most=2, most_bytes=MOST_BYTES)
    shelf.keep(b"a", _reply(), for_s=9, now=0)
    shelf.keep(b"b", _reply(), for_s=9, now=0)
    shelf.find(b"a", up_to_s=9, now=1)
    shelf.keep(b"c", _reply(), for_s=9, now=1)
    assert [shelf.find(key, up_to_s=9, now=1) is not None for key in (b"a", b"b", b"c")] == [True, False, True]


def test_gate_keeps_longer_word() -> None:
    """Of two words of a vendor the one that asks for the longer wait stands, and none for more than an hour."""
    gate = Gate()
    gate.close(10, now=0)
    gate.close(1, now=0)
    assert gate.closed_for_s(4) == 6
    assert gate.closed_for_s(10) == 0
    gate.close(math.inf, now=0)
    assert gate.closed_for_s(0) == 3600


def test_budget_is_a_share() -> None:
    """In the long run there is one retry for ten requests."""
    budget = RetryBudget()
    taken = 0
    for _ in range(1000):
        budget.earn()
        taken += budget.take() + budget.take()
    assert 100 <= taken <= 110
