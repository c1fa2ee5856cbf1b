"""Who speaks for a customer that is written about, and under which ids does anything of that one stand?"""

from adapters.mongo import Store
from adapters.records import Document, Record, RecordId
from resolvers.customers import CUSTOMERS
from resolvers.kit.context import Context
from resolvers.kit.parts import touch


def ids_of(customer: Document, record: Record | None = None) -> list[RecordId]:
    """The ids under which anything of the customer may be written: its own and those of all its aliases.

    `record`: those under which such records are the customer's; not all aliases bring everything.
    """
    aliases = customer.get("aliases")
    if not aliases:
        return [customer["_id"]]
    brought = [one for one in aliases if record is None or record.element is None or record.element in one["elements"]]
    return [customer["_id"], *(one["id"] for one in brought)]


async def speaking(store: Store, key: RecordId) -> Document | None:
    """The document that speaks for the customer: its own, or that of the survivor of its merge; None without one."""
    found = await store.first(CUSTOMERS, {"_id": key})
    if found is None or not found.get("merged_into"):
        return found
    return await store.first(CUSTOMERS, {"_id": found["merged_into"]})


async def standing(context: Context, key: RecordId) -> Document | None:
    """The same, for one request."""
    return await speaking(context.store, key)


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
