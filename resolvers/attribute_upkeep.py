"""What does a change of the customer schema mean for the customers who are there already?

Each is changed in bounded batches, and upon what was read of it: who was changed by someone else meanwhile is read
again. A change that is interrupted is finished by sending it once more.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from adapters.failures import StoreRefused
from adapters.records import Document, RecordId
from resolvers.attribute_rights import NAMES
from resolvers.attribute_rules import breaking
from resolvers.attribute_schema import DEFINITIONS, definitions_by_name, replace_rules
from resolvers.kit.context import Context
from resolvers.kit.errors import Refused, conflict, invalid
from resolvers.kit.parts import touch
from resolvers.matching import naming_definitions, sounds_kept
from resolvers.search_words import search_words, searchable_definitions
from resolvers.shown_names import SHOWN_AS

# Some tens of milliseconds of the database's time, in which nobody else's change waits.
BATCH = 500
FOUND_BY = frozenset({"is_searchable", "matching_role", "visible_to"})
"""The rules on which it depends by what a customer is found."""

# What the words of a customer are made of, and upon what they are written.
_READ = ("attributes", "contact_points", SHOWN_AS, "version")

T = TypeVar("T")
Change = tuple[Document, Document]
"""Upon what a customer's document is changed, and how."""


def standing_where(where: Document) -> Document:
    """What those match who speak for themselves: of who went into another nobody sees a value, or can mend one."""
    return {"$and": [where, {"merged_into": None}]}


def having(name: str) -> Document:
    """What a customer's document matches that has a value of the attribute."""
    return {f"attributes.{name}": {"$exists": True}}


async def how_many_have(context: Context, name: str) -> int:
    """How many customers' documents have a value of the attribute, those of who went into others among them."""
    return await context.store.count(context.declared.customers, having(name))


async def how_many_lack(context: Context, name: str) -> int:
    """How many customers have no value of the attribute, those who went into another left out."""
    everyone = await context.store.count(context.declared.customers, {"merged_into": None})
    return max(everyone - await context.store.count(context.declared.customers, standing_where(having(name))), 0)


def why_refused(name: str, *, broken: int, lacking: int, is_new: bool) -> Refused | None:
    """Why a definition is not written that so many customers' values break, and that so many lack; None where it is."""
    if lacking:
        # Nobody can be given a value of what is not there yet.
        otherwise = (
            "Or add it without `isRequired`, give its values, then change it."
            if is_new
            else "Or import their values first: `previewAttributeDefinition` shows whose."
        )
        return conflict(
            f"{lacking} customers have no value of {name!r}. Give the definition a `default`, which whoever is written "
            f"next without a value is given. {otherwise}",
            "input",
            "rules",
            "isRequired",
        )
    if broken:
        return conflict(
            f"{broken} customers have a value of {name!r} that breaks the new rules. Mend those values first, or widen "
            "the rules: `previewAttributeDefinition` shows whose they are.",
            "input",
            "rules",
        )
    return None


async def how_many_break(context: Context, definition: Document) -> int:
    """How many customers have a value that the definition refuses; refuses a pattern that the database cannot read."""
    where = breaking(definition)
    if not where:
        return 0
    try:
        return await context.store.count(context.declared.customers, standing_where(where))
    except StoreRefused as error:
        # RE2 and MongoDB (PCRE) differ in a few constructs; asking is the only proof that both read it.
        if definition["pattern"] is None:
            raise
        raise invalid(
            f"`pattern` is {definition['pattern']!r}. Two readers need it: RE2 for new values, which can read it, and "
            "the database (PCRE) for those that are stored, which cannot. Write it with what both know.",
            "input",
            "rules",
            "pattern",
        ) from error


async def remove_values(context: Context, name: str) -> int:
    """Takes the attribute's value from every customer, and what was searchable of it; answers from how many."""
    touched = touch(context)

    def change(customer: Document, known: Sequence[Document]) -> Change | None:
        if name not in customer["attributes"]:
            return None
        found = _found_by(customer, [one for one in known if one["name"] != name])
        gone = {f"{place}.{name}": "" for place in ("attributes", "observed", "changed")}
        return _as_read(customer), {**touched, "$set": {**touched["$set"], **found}, "$unset": gone}

    removed = 0
    # Whose value is gone is not found any more.
    while batch := await _batch(context, {f"attributes.{name}": {"$exists": True}}):
        removed += await _settle(context, batch, change)
    # An attribute that bears this name later is another one, which nobody has cleared.
    cleared = {"$pull": {"removed.attributes": name}, "$unset": {f"changed.{name}": ""}}
    await context.store.update_all(context.declared.customers, {"removed.attributes": name}, touched | cleared)
    return removed


async def forget_copies(context: Context, name: str) -> None:
    """Takes the attribute's values from wherever copies are kept of what customers held.

    A later attribute of this name is another one, in which they have nothing to do.
    """
    paths = [f"{place}.{name}" for place in ("attributes", "observed", "removed.attributes")]
    for record in context.declared.records:
        if record.copies:
            change = {"$pull": {record.copies: {"path": {"$in": paths}}}, "$addToSet": {"left_schema": name}}
            await context.store.update_all(record, {f"{record.copies}.path": {"$in": paths}}, change)


def roles_left(before: Iterable[Document], now: Iterable[Document]) -> set[str]:
    """The roles in matching that some attributes had before and have no longer."""
    roles = {one["name"]: one.get("matching_role") for one in now}
    return {role for one in before if (role := one.get("matching_role")) and roles.get(one["name"]) != role}


async def put_rules(context: Context, old: Document, rules: Document) -> Document | None:
    """The definition with these rules in place of its own; None where someone has changed or removed it since."""
    left = roles_left([old], [{**old, **rules}])
    return await _forgetting(context, left, partial(replace_rules, context.store, old, rules))


async def take_definition(context: Context, old: Document) -> bool:
    """Takes the definition out of the schema; whether it was there still."""
    gone = partial(context.store.delete, DEFINITIONS, {"_id": old["_id"]})
    return bool(await _forgetting(context, roles_left([old], []), gone))


async def _forgetting(context: Context, roles: Collection[str], work: Callable[[], Awaitable[T]]) -> T:
    """What the work answers, which takes these roles from an attribute: with it goes what was concluded by them.

    Else it would be told, with the definition that hid it gone, to those from whom the attribute is hidden. It is found
    again where it still holds. Most of it goes beforehand, batch by batch, and what came meanwhile with the work.
    """
    if not roles:
        return await work()
    forget = partial(_forget, context, {"$in": list(roles)})

    async def both() -> T:
        done = await work()
        await forget()
        return done

    await forget()
    done = await context.store.transact(both)
    # What somebody was concluding by the roles while they were taken.
    await forget()
    return done


async def _forget(context: Context, role: Document) -> None:
    concluded = [(record, record.concluded) for record in context.declared.records if record.concluded]
    for record, how in concluded:
        while found := await context.store.find(record, {how.roles: role}, limit=BATCH, only=["_id"]):
            batch = {"_id": {"$in": [one["_id"] for one in found]}, how.roles: role}
            await context.store.delete(record, {**batch, how.stays: False})
            await context.store.update_all(record, batch, {"$set": how.emptied})


def upkeep_of(old: Document, given: Mapping[str, Any]) -> dict[str, Any]:
    """What a change of these rules sets beside them, so that `found_anew` knows where to begin, or to go on."""
    told = FOUND_BY.intersection(given)
    if not told:
        return {}
    if old.get("upkeep") and all(given[name] == old.get(name) for name in told):
        # The same was sent before and was interrupted.
        return {}
    # Told from any other upkeep by the version, which is never the same again.
    return {"upkeep": {"of": old.get("version"), "behind": None}}


def _found_through(name: str) -> Document:
    """What a customer's document matches that may be found by the attribute, or by what stands in its place."""
    return {"$or": [having(name), {SHOWN_AS: {"$exists": True}}]} if name in NAMES else having(name)


async def found_anew(context: Context, key: RecordId) -> None:
    """Makes customers who have the attribute found by it, or by it no longer, as its definition says now.

    By the search, and by the sound of a name. How far it came stands in the definition itself.
    """

    def change(customer: Document, known: Sequence[Document]) -> Change:
        # Also where the words stay: whoever is about to write others, by an older definition, has to read again.
        return _as_read(customer), {"$set": _found_by(customer, known), "$inc": {"version": 1}}

    while (definition := await context.store.first(DEFINITIONS, {"_id": key})) and (at := definition.get("upkeep")):
        ahead = {"_id": {"$gt": at["behind"]}} if at["behind"] else {}
        batch = await _batch(context, {**_found_through(definition["name"]), **ahead})
        await _settle(context, batch, change)
        reached: Document = {"$set": {"upkeep.behind": batch[-1]["_id"]}} if batch else {"$unset": {"upkeep": ""}}
        here = {"_id": key, "upkeep.of": at["of"], "upkeep.behind": at["behind"]}
        # No match where the rule was changed again meanwhile: then it begins anew.
        await context.store.update(DEFINITIONS, here, reached)


async def _settle(
    context: Context, batch: Sequence[Document], change: Callable[[Document, Sequence[Document]], Change | None]
) -> int:
    """Changes everyone of the batch who needs it, whoever else changes them meanwhile; answers how many."""
    customers, done = context.declared.customers, 0
    while True:
        # Read behind the customers: who makes another attribute searchable later comes by them later, too.
        known = list((await definitions_by_name(context.store)).values())
        changes = [found for one in batch if (found := change(one, known))]
        written = await context.store.update_each(customers, changes)
        done += written
        if written == len(changes):
            return done
        batch = await _batch(context, {"_id": {"$in": [one["_id"] for one in batch]}})


async def _batch(context: Context, where: Document) -> list[Document]:
    return await context.store.find(context.declared.customers, where, order=[("_id", 1)], limit=BATCH, only=_READ)


def _as_read(customer: Document) -> Document:
    # Not by `search`: with a second index to choose from, the database plans each write anew.
    return {"_id": customer["_id"], "version": customer["version"]}


def _found_by(customer: Document, known: Sequence[Document]) -> dict[str, Any]:
    points = customer.get("contact_points", ())
    return {
        "search": list(
            search_words(customer["attributes"], points, searchable_definitions(known), customer.get(SHOWN_AS))
        ),
        "sounds": sounds_kept(customer["attributes"], naming_definitions(known)),
    }
