"""How does a bound on a whole collection hold when several add to it at once?"""

from adapters.mongo import Store
from adapters.records import Record

TURNS = Record(name="turns", customer=None, key=("of",))
"""One document for each bounded collection, which everyone who adds to it writes."""


async def take_turn(store: Store, record: Record) -> None:
    """Lets those who add to the collection follow one another; comes first in the transaction that counts and adds.

    All write the same document, so of two transactions at once MongoDB commits one, and repeats the other, which then
    counts what the first has added.
    """
    turn = {"of": record.name}
    await store.upsert(TURNS, [(TURNS.id_of(turn), {"$set": turn, "$inc": {"taken": 1}})])
