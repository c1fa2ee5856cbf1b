"""How far is the comparing of a whole base?"""

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

Tell = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much: at the beginning, between, and at the end."""

# No bar is finer; and to tell costs nothing beside the hundredth part of a phase that takes seconds.
_TIMES = 100


def untold(what: str, done: int, total: int) -> None:
    """Tells nobody."""
    del what, done, total


def told(what: str, things: Collection[T], tell: Tell) -> Iterator[T]:
    """Each of them in turn, while it is told how many are done."""
    total, rest = len(things), iter(things)
    step = max(1, total // _TIMES)
    tell(what, 0, total)
    for done in range(0, total, step):
        yield from islice(rest, step)
        tell(what, min(done + step, total), total)
