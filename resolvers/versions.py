"""How is a customer's record changed so that nobody's change is lost?

Every change counts a version, and is written only upon the version that was read. An edit that a client decided on by
what it saw carries that version, and is refused where there is a newer one. What needs no such decision (one more
phone number) is worked out anew upon the newer version.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.records import Document, RecordId
from resolvers.customers import CUSTOMERS, Customer, customer_reader, customers_by_id
from resolvers.kit.context import Context
from resolvers.kit.described import graph_type, told
from resolvers.kit.errors import Refusal, Refused, conflict, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.parts import BESIDE, changed_since, fields_changed, touch

# Each time that a change is overtaken, another one was kept; as many of one customer at once are no people's work.
_ATTEMPTS = 100

VERSION = "The `version` of the customer that you read and decided upon."
"""What the argument says that every edit has."""

Change = Mapping[str, Mapping[str, Any]]
"""A change of a document in MongoDB's operators."""


@dataclass(frozen=True, slots=True)
class Told:
    """In which words a change is refused that was made upon another version than the stored one."""

    upon: str = "The edit was made upon version {sent} of the customer"
    again: str = "Compare with `customer`, then send the edit again with version {stored}."


_EDIT = Told()


@graph_type
class StaleVersion(Refusal):
    """The customer's record was changed after the version that the edit was made upon.

    Compare what you sent with `customer`, or with what else the message names, then send it again with
    `storedVersion`.
    """

    sent_version: int = told("The version that the edit carried.")
    stored_version: int = told("The version that the record has.")
    changed_attributes: list[str] = told(
        "The attributes whose values are no longer those of the version sent, by name; none where other things were "
        "changed. Where the id meant another record then, by a merge or before one was undone, all that this one has."
    )
    changed_fields: list[str] = told(
        "What else of the record was changed since the version sent, as fields of Customer: `contactPoints`, "
        "`customData`, `entryPoint`. Changes of what belongs to it, as identities and accounts, count versions, too, "
        "and are not named."
    )
    customer: Customer = told("The customer as it is now.")


async def require_version(context: Context, customer: Customer, given: str, sent: int, words: Told = _EDIT) -> None:
    """Refuses with STALE_VERSION where the customer's record is of another version than the one sent.

    `given`: the id under which that one was seen. Merging and parting give everyone later versions than were seen of
    any of them, so that no number that was read of one record is ever another's.
    """
    if customer.version != sent:
        raise await stale(context, customer.document, sent, given, words)


async def write_upon(context: Context, customer: Customer, change: Change) -> Customer:
    """The customer with the change made; refuses with STALE_VERSION where somebody else was first."""
    written = await _written(context, customer.document, change)
    if written is None:
        raise await stale(context, await _current(context, customer.key), customer.version)
    return (await customer_reader(context))(written)


async def write_anew(context: Context, key: RecordId, work: Callable[[Document], Awaitable[Change | None]]) -> Customer:
    """The customer with the change made that `work` makes of the newest document; None changes nothing.

    `work` runs again where somebody else was first, and raises Refused.
    """
    for _ in range(_ATTEMPTS):
        document = await _current(context, key)
        change = await work(document)
        written = document if change is None else await _written(context, document, change)
        if written is not None:
            return (await customer_reader(context))(written)
    raise conflict("Others change this customer all the time. Send the same again.")


async def _written(context: Context, document: Document, change: Change) -> Document | None:
    touched = touch(context)
    both = {name: {**touched.get(name, {}), **change.get(name, {})} for name in {**touched, **change}}
    marks = fields_changed(document["version"] + 1, document, {**document, **both["$set"]}, _edited(context))
    if "changed" in both["$set"]:
        both["$set"]["changed"] = {**both["$set"]["changed"], **marks}
    else:
        both["$set"] |= {f"changed.{name}": version for name, version in marks.items()}
    # Who went into another meanwhile is spoken for by that one.
    as_read = {"_id": document["_id"], "version": document["version"], "merged_into": None}
    return await context.store.update(CUSTOMERS, as_read, both)


def _edited(context: Context) -> list[str]:
    return [*(part.name for part in context.declared.customers.parts), *BESIDE]


async def _current(context: Context, key: RecordId) -> Document:
    """The document that speaks for the customer at this moment, not as it was loaded before."""
    found = (await customers_by_id(context, [key])).get(key)
    if found is None:
        raise not_found("customer", ("input", "customerId"))
    return found.document


async def stale(
    context: Context, document: Document, sent: int, given: str | None = None, words: Told = _EDIT
) -> Refused:
    """The refusal for a version that the document is not at. `given`: the id under which it was seen."""
    stored = document["version"]
    changed, fields = changed_since(document, sent)
    what = f"Since then were changed: {', '.join((*changed, *fields))}."
    if not (changed or fields):
        what = "Since then none of its fields was changed, but what belongs to it, as identities or accounts."
    if sent > stored:
        what = "There is no such version yet."
    elif given and sent < _own_since(document, key_of(given, "Customer")):
        what = "By a merge, or because one was undone, the id that you sent stood for another record then."
        changed = sorted(document["attributes"])
    again = words.again.format(stored=stored)
    return Refused(
        StaleVersion(
            code="STALE_VERSION",
            message=f"{words.upon.format(sent=sent)}, who is at version {stored} now. {what} {again}",
            input_path=["input", "version"],
            sent_version=sent,
            stored_version=stored,
            changed_attributes=changed,
            changed_fields=fields,
            customer=(await customer_reader(context))(document),
        )
    )


def _own_since(document: Document, key: RecordId | None) -> int:
    """The version from which on the document answers to the id: what was seen by it before may be another record's."""
    if key == document["_id"]:
        return int(document.get("own_since", 0))
    return next((int(one.get("version", 0)) for one in document.get("aliases") or () if one["id"] == key), 0)
