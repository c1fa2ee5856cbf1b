"""How are the bounded lists inside a customer's document read and changed?"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document, Part, RecordId
from resolvers.kit.context import Context
from resolvers.kit.errors import conflict
from resolvers.kit.lists import hidden_from
from resolvers.kit.stored import reader_of

_REMOVED = "removed"

BESIDE = {"entry_point": "entryPoint", "assigned_agent_id": "assignedAgent", "verified": "verification"}
"""What else of a customer's record people edit beside attributes and lists, with the field that shows it."""
# No attribute's name begins so: attributes are counted in the same place.
_MARK = "_"


class Holding(Protocol):
    """Whoever holds parts: a customer with its document."""

    @property
    def key(self) -> RecordId:
        """The storage id."""

    @property
    def document(self) -> Document:
        """The stored document."""


def parts_of(context: Context, customers: Sequence[Holding], part: Part, cls: type[Any]) -> list[list[Any]]:
    """Each customer's entries as objects of their type, in stored order, without what the viewer may not see."""
    read = reader_of(cls).reading(hidden_from(context.viewer, part))
    return [[read(entry) for entry in customer.document.get(part.name, ())] for customer in customers]


async def add_part(
    context: Context, key: RecordId, part: Part, entry: Mapping[str, Any], *, same: str, taken: str
) -> Document:
    """The customer's document with the entry added; raises Refused where one with the same field is there, or no room.

    `taken` is what the caller is told in the first case. One atomic command, so that of two adders at once one is told
    of the other.
    """
    free = {
        "_id": key,
        "merged_into": None,
        f"{part.name}.{same}": {"$ne": entry[same]},
        f"{part.name}.{part.at_most - 1}": {"$exists": False},
    }
    added = {"$concatArrays": [{"$ifNull": [f"${part.name}", []]}, [{"$literal": dict(entry)}]]}
    again = {part.name: _without(f"${_removed(part)}", "$$this", entry[same])}
    removed = {"$cond": [{"$isArray": f"${_removed(part)}"}, {"$mergeObjects": ["$removed", again]}, "$removed"]}
    change = _worked_out(context, part, {part.name: added, _REMOVED: removed})
    changed = await context.store.update(context.declared.customers, free, change)
    if changed is not None:
        return changed
    document = await context.store.first(context.declared.customers, {"_id": key}) or {}
    if document.get("merged_into"):
        # Merged at this very moment: whoever was meant is the survivor now.
        return await add_part(context, document["merged_into"], part, entry, same=same, taken=taken)
    if len(document.get(part.name, ())) >= part.at_most:
        words = part.name.replace("_", " ")
        raise conflict(f"The customer has {part.at_most} {words} already, the most that are kept. Remove one first.")
    raise conflict(taken, "input", to_camel_case(same))


async def remove_part(context: Context, key: RecordId, part: Part, match: Mapping[str, Any]) -> Document | None:
    """The customer's document without the entry; None where the entry was not there.

    `match` names the one field by which entries are told apart; its value is remembered, so that no source brings
    back what somebody took away.
    """
    ((field, value),) = match.items()
    there = {"_id": key, "merged_into": None, part.name: {"$elemMatch": match}}
    left = _without(f"${part.name}", f"$$this.{field}", value)
    removed = {"$concatArrays": [{"$ifNull": [f"${_removed(part)}", []]}, [{"$literal": value}]]}
    change = _worked_out(context, part, {part.name: left, _removed(part): {"$slice": [removed, -part.at_most]}})
    changed = await context.store.update(context.declared.customers, there, change)
    if changed is None:
        document = await context.store.first(context.declared.customers, {"_id": key}) or {}
        if document.get("merged_into"):
            return await remove_part(context, document["merged_into"], part, match)
    return changed


def removed_from(document: Document, part: Part) -> frozenset[Any]:
    """What people took off this customer and did not put on again, by the field that tells entries apart."""
    return frozenset(removed_in_order(document, part))


def removed_in_order(document: Document, part: Part) -> Sequence[Any]:
    """The same, in the order in which it was taken off."""
    found: Sequence[Any] = document.get(_REMOVED, {}).get(part.name, ())
    return found


def _removed(part: Part) -> str:
    return f"{_REMOVED}.{part.name}"


def _without(values: str, one: str, value: Any) -> Document:
    return {"$filter": {"input": values, "cond": {"$ne": [one, {"$literal": value}]}}}


def _worked_out(context: Context, part: Part, fields: Document) -> list[Document]:
    """The change that the database works out upon whatever stands there, the part's mark with the next version."""
    touched = touch(context)
    version = {"$add": ["$version", touched["$inc"]["version"]]}
    said = {name: {"$literal": value} for name, value in touched["$set"].items()}
    return [{"$set": {**fields, **said, "version": version, f"changed.{_MARK}{part.name}": version}}]


def fields_changed(version: int, old: Document, new: Document, names: Iterable[str]) -> dict[str, int]:
    """Marks for those of the fields that differ: kept beside those of attributes under `changed`, by the version."""
    differing = [name for name in names if (old.get(name) or None) != (new.get(name) or None)]
    return {f"{_MARK}{name}": version for name in differing}


def changed_since(document: Document, version: int) -> tuple[list[str], list[str]]:
    """The attributes, and the other fields as they are shown, that were changed after the version."""
    names = sorted(name for name, at in document.get("changed", {}).items() if at > version)
    fields = [name.removeprefix(_MARK) for name in names if name.startswith(_MARK)]
    shown = [BESIDE.get(name) or to_camel_case(name) for name in fields]
    return [name for name in names if not name.startswith(_MARK)], shown


def touch(context: Context) -> dict[str, Any]:
    """What every change of a customer's record also writes: who, when, and the next version."""
    return {"$set": {"updated_at": context.clock(), "updated_by": context.viewer.subject}, "$inc": {"version": 1}}
