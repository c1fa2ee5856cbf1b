"""How does a customer become an alias of another one, and who speaks for a customer that is written about?

The document of an alias stays as it was and names its survivor; the survivor's names its aliases with the kinds of
records that each brings along. Every function here writes in the transaction of its caller.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.records import Document, RecordId
from resolvers.customers import CUSTOMERS
from resolvers.kit.context import Context
from resolvers.kit.parts import touch
from resolvers.kit.slice import Declared

MOST_ALIASES = 100
"""How many a customer may have: each is a place more at which every list of the customer is read."""


def ids_of(customer: Document) -> list[RecordId]:
    """The ids under which anything of the customer may be written: its own and those of all its aliases."""
    return [customer["_id"], *(one["id"] for one in customer.get("aliases") or ())]


def every_element(declared: Declared) -> Sequence[str]:
    """The names of all that a merge can bring along."""
    whats = [keeping.what for keeping in declared.keepings]
    return sorted({what.element for what in whats if what.element})


async def standing(context: Context, key: RecordId) -> Document | None:
    """The document that speaks for the customer: its own, or that of the survivor of its merge; None without one."""
    found = await context.store.first(CUSTOMERS, {"_id": key})
    if found is None or not found.get("merged_into"):
        return found
    return await context.store.first(CUSTOMERS, {"_id": found["merged_into"]})


async def touched(context: Context, key: RecordId, *, climbs: Document | None = None) -> Document | None:
    """The customer, or the survivor of its merge, marked as changed by this viewer; None where there is none.

    Whoever merges or removes the customer at the same time is overtaken by it, or overtakes. `climbs`: fields to be
    raised to a value where they are lower.
    """
    found = await standing(context, key)
    if found is None:
        return None
    change = touch(context) | ({"$max": climbs} if climbs else {})
    return await context.store.update(CUSTOMERS, {"_id": found["_id"], "merged_into": None}, change)


async def become_alias(
    context: Context, customer: Document, survivor: RecordId, elements: Iterable[str]
) -> Document | None:
    """The survivor's document with the customer as an alias that brings these elements along, and with its aliases.

    None where the survivor has no room for them or is none; then nothing is changed.
    """
    brought = frozenset(elements)
    # What an alias of the customer did not bring to it, it brings to nobody else.
    others = ((one["id"], brought.intersection(one["elements"])) for one in customer.get("aliases") or ())
    news = [{"id": key, "elements": sorted(some)} for key, some in [(customer["_id"], brought), *others]]
    room = f"aliases.{MOST_ALIASES - len(news)}"
    free = {"_id": survivor, "merged_into": None, room: {"$exists": False}}
    heard = {"last_interaction_at": customer["last_interaction_at"]}
    change: dict[str, Any] = {"$push": {"aliases": {"$each": news}}, "$max": heard} | touch(context)
    found = await context.store.update(CUSTOMERS, free, change) if len(news) <= MOST_ALIASES else None
    if found is None:
        return None
    marks = {"merged_into": survivor, "merged_at": context.clock()}
    await context.store.update(CUSTOMERS, {"_id": customer["_id"]}, {"$set": marks})
    # Old ids are resolved in one step, however often people were merged.
    await context.store.update_all(CUSTOMERS, {"merged_into": customer["_id"]}, {"$set": {"merged_into": survivor}})
    return found
