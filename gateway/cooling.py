"""Who waits, because what they asked of late was new here, and took long to be read and checked?

To find out what a text means takes the process as long as it is long, and others wait meanwhile. So each caller has a
share of it for texts that nobody has asked before, and a tenth of that for those that are no good: nobody notices who
slips now and then, and mends it, and who sends one after the other has that share at most. What is known here, good or
bad, goes on as ever.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

from gateway.limits import TooOften
from gateway.questions import NotAsked

_MOST: Final = 10_000
_LONGEST_S: Final = 10.0


@dataclass(frozen=True, slots=True, repr=False)
class _Kind:
    """What takes time, and how much of it is free."""

    limit: str
    """How the wait is called in `extensions.limit`; `asked` and `most` are milliseconds."""
    share: float
    """Of what a caller may take of each second."""
    free_s: float
    """How many seconds' share may be taken at once."""
    words: str
    way_out: str


_REFUSED: Final = _Kind(
    "refused",
    0.1,
    25.0,
    "What you asked of late took {taken} ms of the gateway to be refused; {free} are free.",
    "Until then no new question of yours is looked at, and none that is long; one that was answered before is.",
)
_NEW: Final = _Kind(
    "new",
    1.0,
    30.0,
    "Your questions that are new here took {taken} ms of the gateway to be checked; {free} are free.",
    "Send values as variables: a question whose text is known takes none of that.",
)


class _Taken(NamedTuple):
    """What was taken."""

    taken_s: float
    at: float


class Cooling:
    """Who waits, in this process. `ms_per_s`: what a caller may take of each second for new questions; 0: all of it."""

    def __init__(self, ms_per_s: float) -> None:
        self._budgets = [_Budget(kind, ms_per_s / 1000) for kind in (_REFUSED, _NEW)] if ms_per_s else []

    @contextmanager
    def looked_at(self, whose: str, *, is_known: bool) -> Iterator[None]:
        """A block in which a question is looked at; raises TooOften where they have to wait for that."""
        if is_known or not self._budgets:
            yield
            return
        self.require_cool(whose)
        # By the processor's time: who else is at work on the machine is nobody's fault here.
        began = time.thread_time()
        try:
            yield
        except NotAsked:
            self._budgets[0].take(whose, time.thread_time() - began)
            raise
        finally:
            self._budgets[1].take(whose, time.thread_time() - began)

    def require_cool(self, whose: str) -> None:
        """Raises TooOften where they have to wait."""
        for one in self._budgets:
            one.require_free(whose)


class _Budget:
    """What callers have taken of one kind, and who has to wait."""

    def __init__(self, kind: _Kind, share: float) -> None:
        self._kind = kind
        self._share = share * kind.share
        self._free_s = self._share * kind.free_s
        self._taken: OrderedDict[str, _Taken] = OrderedDict()

    def require_free(self, whose: str) -> None:
        """Raises TooOften where nothing is free for them."""
        left_s = self._left_s(whose)
        if left_s <= self._free_s:
            return
        wait_s = math.ceil((left_s - self._free_s) / self._share)
        taken, free = math.ceil(left_s * 1000), round(self._free_s * 1000)
        words = self._kind.words.format(taken=taken, free=free)
        message = f"{words} Try again in {wait_s} s. {self._kind.way_out}"
        raise TooOften(message, limit=self._kind.limit, asked=taken, most=free, wait_s=wait_s)

    def take(self, whose: str, took_s: float) -> None:
        """Counts it; nobody waits longer than ten seconds for it, however much that was."""
        most_s = self._free_s + _LONGEST_S * self._share
        self._taken[whose] = _Taken(min(most_s, took_s + self._left_s(whose)), time.monotonic())
        self._taken.move_to_end(whose)
        if len(self._taken) > _MOST:
            self._taken.popitem(last=False)

    def _left_s(self, whose: str) -> float:
        """What they have taken, without what time has given back."""
        before = self._taken.get(whose)
        return 0.0 if before is None else max(0.0, before.taken_s - (time.monotonic() - before.at) * self._share)
