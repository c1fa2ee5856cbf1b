"""What does a change of the customer schema mean for the customers who are there already?

Each is changed in bounded batches, and doing it again does no harm: a change that is interrupted is finished by
sending it once more.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.records import Document
from resolvers.kit.context import Context
from resolvers.search_words import search_words

# Some tens of milliseconds of the database's time, in which nobody else's change waits.
BATCH = 500


async def how_many_have(context: Context, name: str) -> int:
    """How many customers have a value of the attribute."""
    return await context.store.count(context.declared.customers, {f"attributes.{name}": {"$exists": True}})


async def how_many_lack(context: Context, name: str) -> int:
    """How many customers have no value of the attribute, those who went into another left out."""
    everyone = await context.store.count(context.declared.customers, {"merged_into": None})
    return max(everyone - await how_many_have(context, name), 0)


async def remove_values(context: Context, name: str, known: Mapping[str, Document]) -> int:
    """Takes the attribute's value from every customer, and what was searchable of it; answers from how many."""
    left = {key: one for key, one in known.items() if key != name}
    return await _rewrite(context, name, left, {"$unset": {f"attributes.{name}": "", f"observed.{name}": ""}})


async def search_anew(context: Context, name: str, known: Mapping[str, Document]) -> None:
    """Makes customers who have the attribute found by it, or by it no longer, as its definition says now."""
    await _rewrite(context, name, known, {})


async def _rewrite(context: Context, name: str, known: Mapping[str, Document], more: Document) -> int:
    customers, path = context.declared.customers, f"attributes.{name}"
    searchable = [one for one in known.values() if one["is_searchable"]]
    done, last = 0, None
    while True:
        where: dict[str, Any] = {path: {"$exists": True}} | ({"_id": {"$gt": last}} if last else {})
        batch = await context.store.find(customers, where, order=[("_id", 1)], limit=BATCH)
        if not batch:
            return done
        await context.store.upsert(customers, [(one["_id"], _change(one, searchable, more, context)) for one in batch])
        done, last = done + len(batch), batch[-1]["_id"]


def _change(customer: Document, searchable: Sequence[Document], more: Document, context: Context) -> Document:
    words = search_words(customer["attributes"], customer.get("contact_points", ()), searchable)
    return {
        "$set": {"search": words, "updated_at": context.clock(), "updated_by": context.viewer.subject},
        "$inc": {"version": 1},
        **more,
    }
