"""Does whoever holds up others put that down while the database reads, whichever way it is asked?"""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.courtesy import holding
from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.windows import Strand, Window
from resolvers.tickets import TICKETS

OWNERS = [{TICKETS.name: [TICKETS.id_of({"channel": "desk", "account": "main", "external_id": "1"})]}]
STRANDS = [Strand(record=TICKETS, order="created_at")]
READS: dict[str, Callable[[Store], Awaitable[Any]]] = {
    "find": lambda store: store.find(TICKETS, {}),
    "first": lambda store: store.first(TICKETS, {}),
    "aggregate": lambda store: store.aggregate(TICKETS, [{"$limit": 1}]),
    "count": lambda store: store.count(TICKETS, {}),
    "windows": lambda store: store.windows(OWNERS, STRANDS, Window(limit=1)),
    "counts": lambda store: store.counts(OWNERS, STRANDS),
    "every": lambda store: store.every(OWNERS, TICKETS),
    "in a transaction": lambda store: store.transact(lambda: store.counts(OWNERS, STRANDS)),
}


class _Turn:
    """Tells what was done with it."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def put_down(self) -> None:
        self.told.append("down")

    async def pick_up(self) -> None:
        self.told.append("up")


@pytest.mark.parametrize("way", READS)
async def test_put_down(store: Store, way: str) -> None:
    """Before the database is asked the turn is put down, and behind the answer it is picked up."""
    turn = _Turn()
    with holding(turn):
        await READS[way](store)
    assert turn.told == ["down", "up"]
    await READS[way](store)
    assert turn.told == ["down", "up"]


async def test_picked_up_behind_a_failure(store: Store) -> None:
    """Also what fails is made something of: the turn is picked up again."""
    turn = _Turn()
    with holding(turn), pytest.raises(StoreError):
        await store.aggregate(TICKETS, [{"$noSuchStage": 1}])
    assert turn.told == ["down", "up"]
