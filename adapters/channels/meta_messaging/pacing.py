"""How much of what Meta allows an account is used up? Who can wait, waits before Meta refuses anybody.

Both look at this process alone. Words to a customer never wait here: they are refused by Meta itself, and wait in the
outbox then.
"""

import asyncio
import time
from collections import deque
from typing import Final

from adapters.channels.meta import regains_in_s, usage_percent
from adapters.contract.errors import ChannelBusy
from adapters.contract.reply import Reply

MOST_PERCENT: Final = 80.0
"""From here on nothing is asked that can wait: the rest is for words to customers."""
_RESTS_S: Final = 60.0
"""How long, where Meta names no time: its windows roll, so that some of the allowance is back in a minute."""
_SECOND_S: Final = 1.1
"""With some room, for calls take their time on the way."""
_LONGEST_TURN_S: Final = 3.0
"""Whoever would wait longer for a turn comes back by itself: a call has four seconds."""


class Pace:
    """So many calls within a second, and no more."""

    def __init__(self, calls: int, within_s: float = _SECOND_S) -> None:
        self._within_s = within_s
        self._turns: deque[float] = deque(maxlen=calls)

    async def turn(self) -> None:
        """Comes back when it is one's turn; raises ChannelBusy where too many wait for theirs."""
        await asyncio.sleep(self.wait_s(time.monotonic()))

    def wait_s(self, now: float) -> float:
        """In how many seconds it is the turn of who asks now, which is theirs from then on; raises ChannelBusy."""
        is_full = len(self._turns) == self._turns.maxlen
        at = max(now, self._turns[0] + self._within_s) if is_full else now
        if at - now > _LONGEST_TURN_S:
            raise ChannelBusy("Too many conversations are asked for at once.", retry_after_s=at - now)
        self._turns.append(at)
        return at - now


class Allowance:
    """Whether there is enough left of an account's allowance for what can wait."""

    def __init__(self) -> None:
        self._rests_until = 0.0

    def note(self, reply: Reply) -> None:
        """Reads off an answer how much is used up."""
        if not reply.is_stale and usage_percent(reply) >= MOST_PERCENT:
            self._rests_until = time.monotonic() + (regains_in_s(reply) or _RESTS_S)

    def require_some(self) -> None:
        """Raises ChannelBusy where four fifths are used up."""
        left_s = self._rests_until - time.monotonic()
        if left_s > 0:
            raise ChannelBusy(
                f"More than {MOST_PERCENT:g} % of the account's allowance is used up; the rest is for messages.",
                retry_after_s=left_s,
            )
