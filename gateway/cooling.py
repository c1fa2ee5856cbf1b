"""Who waits, because what they asked took long to be refused?

To find out that a long text is no good takes the process as long as it is long, and others wait meanwhile. So whoever
sent one has no other new text looked at for a hundred times as long: nobody notices who slipped in a panel's question,
and who sends one after the other has a hundredth of the process at most. What is known here goes on as ever.
"""

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gateway.limits import TooOften
from gateway.questions import NotAsked

_TIMES: Final = 100
# What takes less is everybody's: a slip of the pen.
_SHORT_S: Final = 0.012
_LONGEST_S: Final = 10.0
_MOST: Final = 10_000
LIMIT: Final = "refused"
"""How the wait is called in `extensions.limit`."""


class Cooling:
    """Who waits, in this process."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()

    @contextmanager
    def looked_at(self, whose: str, *, is_known: bool) -> Iterator[None]:
        """A block in which a question is looked at; raises TooOften where they have to wait for that."""
        if is_known:
            yield
            return
        self.require_cool(whose)
        # By the processor's time: who else is at work on the machine is nobody's fault here.
        began = time.thread_time()
        try:
            yield
        except NotAsked:
            took_s = time.thread_time() - began
            if took_s > _SHORT_S:
                self._until[whose] = time.monotonic() + min(took_s * _TIMES, _LONGEST_S)
                self._until.move_to_end(whose)
                if len(self._until) > _MOST:
                    self._until.popitem(last=False)
            raise

    def require_cool(self, whose: str) -> None:
        """Raises TooOften where they have to wait."""
        if (left_s := self._until.get(whose, 0.0) - time.monotonic()) > 0:
            raise TooOften(
                "What you asked a moment ago took long to be refused. Until that has cooled down no new question of "
                "yours is looked at, and none that is long; one that was answered before is.",
                limit=LIMIT,
                asked=1,
                most=0,
                wait_s=max(1, round(left_s)),
            )
