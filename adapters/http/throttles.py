"""How much may be asked of one channel account: has the vendor said to wait, and may anything be tried again?"""

import math

LONGEST_REST_S = 3600.0
"""What a vendor asks beyond it is asked of it again after an hour: a slip in a header must not switch a channel off."""
_SHARE_OF_RETRIES = 0.1
"""One retry is earned by ten requests: when a vendor is ill, it gets at most a tenth more than its usual load."""
_MOST_SAVED = 10.0
"""Retries that a quiet account may do at once; so the first ones of a process have some, too."""


class Gate:
    """Closed for as long as the vendor asked to wait. Whoever asks says how late it is."""

    def __init__(self) -> None:
        self._opens_at = -math.inf

    def close(self, seconds: float, now: float) -> None:
        """Lets nothing through for so long; an earlier word that asks for longer stands."""
        self._opens_at = max(self._opens_at, now + min(seconds, LONGEST_REST_S))

    def closed_for_s(self, now: float) -> float:
        """In how many seconds it opens; 0 where it is open."""
        return max(0.0, self._opens_at - now)


class RetryBudget:
    """How many retries one channel account has left: each request earns a part of one."""

    def __init__(self, share: float = _SHARE_OF_RETRIES, most: float = _MOST_SAVED) -> None:
        self._share = share
        self._most = most
        self._saved = most

    def earn(self) -> None:
        """A request was made for the first time."""
        self._saved = min(self._most, self._saved + self._share)

    def take(self) -> bool:
        """Whether one more retry is to be had; it is gone then."""
        if self._saved < 1.0:
            return False
        self._saved -= 1.0
        return True
