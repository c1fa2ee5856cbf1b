"""What of a mail that the server does not give out, while it may give out the others?

One damaged mail shall not stop all behind it, and a server's passing trouble shall lose none. So the others are read,
and it is asked for again in each look. It is given up where it was refused for an hour and others were given meanwhile,
or for a day: then it is told of, and people can look for it in the mailbox.
"""

import time
from collections.abc import Iterable
from typing import Final, NamedTuple

from adapters.contract.errors import BadPayload
from adapters.quiet import quiet

# A server that is mended, or starts anew, takes minutes.
_PATIENCE_S: Final = 3_600
_LONGEST_PATIENCE_S: Final = 86_400
# They are asked for in each look, and where so many are refused it is hardly a matter of the mails.
_MOST: Final = 50


class NotGivenOut(BadPayload):
    """The server does not give out this one mail."""


@quiet
class Withheld(NamedTuple):
    """A mail that the server does not give out, and that is not asked for any more."""

    folder: str
    era: int
    number: int


class Owed:
    """The mails of a folder that the server owes us, each with the second in which it first refused it."""

    def __init__(self, known: Iterable[tuple[int, int]]) -> None:
        self._since = dict(known)
        self._known = dict(self._since)
        self._refused: list[int] = []

    def numbers(self) -> tuple[int, ...]:
        """Those that are asked for again."""
        return tuple(self._since)

    def told(self) -> tuple[tuple[int, int], ...]:
        """What is to be remembered of them."""
        return tuple(self._since.items())

    def given(self, number: int) -> None:
        """That one was given out, or is gone."""
        self._since.pop(number, None)

    def refused(self, number: int) -> bool:
        """Whether one that was refused is remembered; False where there are too many already."""
        if len(self._since) >= _MOST and number not in self._since:
            return False
        self._since.setdefault(number, int(time.time()))
        self._refused.append(number)
        return True

    def given_up(self, *, are_others_given: bool) -> list[int]:
        """Those for which nobody asks again, as of this look's end."""
        patience_s = _PATIENCE_S if are_others_given else _LONGEST_PATIENCE_S
        found = [one for one in self._refused if time.time() - self._since[one] >= patience_s]
        for one in found:
            del self._since[one]
        return found

    @property
    def is_stuck(self) -> bool:
        """Whether there are as many as can be, and none of them is new or gone."""
        return len(self._since) >= _MOST and self._since == self._known
