"""Who lets others go on while the database works for them?

Whoever holds something that others wait for puts it down for as long as a read takes. Most readers hold nothing.
"""

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

T = TypeVar("T")


class Turn(Protocol):
    """What is put down before a read and picked up behind it. Several reads at once may be under way."""

    def put_down(self) -> None:
        """Lets others have it; of no effect where it is not held."""

    async def pick_up(self) -> None:
        """Returns when it is held again, or when waiting for it has taken too long."""


_turn: ContextVar[Turn | None] = ContextVar("turn", default=None)


@contextmanager
def holding(turn: Turn) -> Iterator[None]:
    """A block whose reads put the turn down, in whichever task of the block they are done."""
    token = _turn.set(turn)
    try:
        yield
    finally:
        _turn.reset(token)


async def read_of(answer: Awaitable[T]) -> T:
    """What a read answers; who waits for it holds up nobody meanwhile."""
    turn = _turn.get()
    if turn is None:
        return await answer
    turn.put_down()
    try:
        found = await answer
    except Exception:
        await turn.pick_up()
        raise
    await turn.pick_up()
    return found
