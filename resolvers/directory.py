"""Which customers are there, in a list that can be filtered, searched and sorted?"""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any

import strawberry

from adapters.records import Document, Record
from adapters.windows import Position, Window, excerpt
from resolvers.attribute_rights import is_shown
from resolvers.attribute_rules import AttributeType, checked
from resolvers.attributes import definitions
from resolvers.customers import CUSTOMERS, Customer, customer_reader, hidden_paths
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_input, told
from resolvers.kit.errors import BadUserInput, Forbidden
from resolvers.kit.ids import require_key
from resolvers.kit.lists import between
from resolvers.kit.paging import Connection, Page, Sealing, connection
from resolvers.kit.reads import Paths
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import CUSTOMER_FILTER, Having, Match, Slice
from resolvers.kit.texts import quoted
from resolvers.kit.viewer import Role
from resolvers.search_words import LONGEST_WORD, words_asked

SLICE = Slice("directory")

# Each word of a search is one walk through the index.
MOST_ASKED = 5
SHORTEST_WORD = 2


@graph_enum(
    {
        "LAST_INTERACTION": "When the customer was last heard of.",
        "CREATED": "When the gateway first heard of the customer.",
        "NAME": "Family name, then given name; only with the right to see personal values.",
    }
)
class CustomerOrderField(Enum):
    """By what customers are sorted."""

    LAST_INTERACTION = "last_interaction_at"
    CREATED = "created_at"
    NAME = "sort_name"


@graph_enum({"ASCENDING": "Smallest, oldest or first in the alphabet first.", "DESCENDING": "The other way round."})
class Direction(Enum):
    """Which end of an order comes first."""

    ASCENDING = "ASCENDING"
    DESCENDING = "DESCENDING"


@graph_input
class CustomerOrder:
    """The order of a list of customers."""

    field: CustomerOrderField = told("By what to sort.", default=CustomerOrderField.LAST_INTERACTION)
    direction: Direction = told("Which end comes first.", default=Direction.DESCENDING)


# Whoever went into another by a merge is shown as that other.
_ALONE: Match = {"merged_into": None}

# Those who went into others: into whom, and with which elements.
_MERGED: list[Document] = [
    {"$match": {"merged_into": {"$ne": None}}},
    {"$lookup": {"from": CUSTOMERS.name, "localField": "merged_into", "foreignField": "_id", "as": "survivor"}},
    {"$set": {"survivor": {"$first": "$survivor"}}},
    {
        "$project": {
            "into": "$merged_into",
            "elements": {
                "$reduce": {
                    "input": {"$ifNull": ["$survivor.aliases", []]},
                    "initialValue": [],
                    "in": {"$cond": [{"$eq": ["$$this.id", "$_id"]}, "$$this.elements", "$$value"]},
                }
            },
        }
    },
]


@SLICE.query()
async def customers(
    info: Info,
    page: Page,
    filter: Annotated[object | None, CUSTOMER_FILTER, about("Which customers; left out: all.")] = None,
    search: Annotated[
        str | None, about("Beginnings of names, addresses or phone numbers in any notation; all must be found.")
    ] = None,
    order_by: Annotated[CustomerOrder | None, about("The order; left out: last heard of first.")] = None,
) -> Connection[Customer]:
    """Customers in the order asked for. Each person stands there once, whatever was merged."""
    context = info.context
    order = order_by or CustomerOrder()
    if order.field is CustomerOrderField.NAME:
        await _require_names(context)
    matches, havings = await context.declared.matching(CUSTOMER_FILTER, filter, context)
    if search is not None:
        matches.append(_searching(context, search))
    matches.append(_ALONE)
    sealing = Sealing(context.seal, "customers", order.field.name, order.direction.name)
    window = page.window(sealing, newest_first=order.direction is Direction.DESCENDING)
    only = info.reads.of(Customer)
    if only is not None:
        # To whom a customer's records belong, every list below asks.
        only |= {"aliases"}
    pipeline = _pipeline(matches, havings, order.field.value, window, only)
    found = await context.store.aggregate(CUSTOMERS, pipeline)
    context.budget.spend(len(found))
    read = await customer_reader(context, only)
    rows = [read(one) for one in found]
    places = [Position(one[order.field.value], "", one["_id"]) for one in found]
    return connection(rows, places, page, sealing, partial(_count, matches=matches, havings=havings))


def _pipeline(
    matches: Sequence[Match], havings: Sequence[Having], field: str, window: Window, only: Paths | None
) -> list[Document]:
    """The customers of the window; behind a position first its ties, then what lies beyond, each index-bounded."""
    way = -1 if window.is_descending else 1
    ranges: list[Document] = [{}]
    if window.beyond is not None:
        beyond = "$lt" if window.is_descending else "$gt"
        ranges = [
            {field: window.beyond.order, "_id": {beyond: window.beyond.id}},
            {field: {beyond: window.beyond.order}},
        ]
    branches: list[list[Document]] = [
        [
            {"$match": {"$and": [*matches, one]} if one else {"$and": list(matches)}},
            {"$sort": {field: way, "_id": way}},
            *_having(havings),
            {"$limit": window.limit},
            *excerpt(only, field),
        ]
        for one in ranges
    ]
    first, *others = branches
    unions: list[Document] = [{"$unionWith": {"coll": CUSTOMERS.name, "pipeline": other}} for other in others]
    tail: list[Document] = [{"$sort": {field: way, "_id": way}}, {"$limit": window.limit}] if unions else []
    return [*first, *unions, *tail]


def _having(havings: Sequence[Having]) -> list[Document]:
    """Keeps the customers to whom at least one record of each kind belongs."""
    stages: list[Document] = []
    for n, having in enumerate(havings):
        lookup = {
            "from": having.record.name,
            "localField": f"_ids{n}",
            "foreignField": having.record.customer,
            "pipeline": [{"$match": having.where}, {"$limit": 1}, {"$project": {"_id": 1}}],
            "as": f"_has{n}",
        }
        ids = {f"_ids{n}": _own_ids(having.record)}
        stages += [{"$set": ids}, {"$lookup": lookup}, {"$match": {f"_has{n}": {"$ne": []}}}]
    return (
        [*stages, {"$unset": [f"_{name}{n}" for n in range(len(havings)) for name in ("ids", "has")]}] if stages else []
    )


def _own_ids(record: Record) -> Document:
    """The customer's id and those of its aliases that bring such records along, as Customer.owner tells them."""
    brings: Any = True if record.element is None else {"$in": [record.element, "$$alias.elements"]}
    aliases = {"$filter": {"input": {"$ifNull": ["$aliases", []]}, "as": "alias", "cond": brings}}
    return {"$concatArrays": [["$_id"], {"$map": {"input": aliases, "as": "alias", "in": "$$alias.id"}}]}


async def _count(context: Context, *, matches: Sequence[Match], havings: Sequence[Having]) -> int:
    if havings and list(matches) == [_ALONE]:
        found = await context.store.aggregate(havings[0].record, [*_owning(havings), {"$count": "n"}])
    else:
        counting = [{"$match": {"$and": list(matches)}}, *_met(havings), {"$count": "n"}]
        found = await context.store.aggregate(CUSTOMERS, counting)
    return int(found[0]["n"]) if found else 0


def _owning(havings: Sequence[Having]) -> list[Document]:
    """The customers that fulfil every one of them, `{_id}`, where nothing else is asked of them.

    So the customers themselves are not read, but for those who went into others: a million of them have a ticket in
    two seconds. What is owned by one who was merged is the survivor's, where it was brought along.
    """
    owners: list[list[Document]] = [
        [
            {"$match": having.where},
            {"$group": {"_id": f"${having.record.customer}"}},
            {"$set": {"n": {"$literal": n}}},
        ]
        for n, having in enumerate(havings)
    ]
    others = [(having.record.name, owner) for having, owner in zip(havings[1:], owners[1:], strict=True)]
    unions: list[Document] = [
        {"$unionWith": {"coll": name, "pipeline": stages}} for name, stages in (*others, (CUSTOMERS.name, _MERGED))
    ]
    left_behind = [
        {"$cond": [{"$in": [having.record.element, "$elements"]}, [], [n]]}
        for n, having in enumerate(havings)
        if having.record.element is not None
    ]
    brought = {"$setDifference": ["$met", {"$concatArrays": left_behind}]}
    return [
        *owners[0],
        *unions,
        {
            "$group": {
                "_id": "$_id",
                "met": {"$addToSet": "$n"},
                "into": {"$max": "$into"},
                "elements": {"$max": "$elements"},
            }
        },
        {"$set": {"met": {"$cond": [{"$eq": ["$into", None]}, "$met", brought]}}},
        {"$group": {"_id": {"$ifNull": ["$into", "$_id"]}, "each": {"$push": "$met"}}},
        {
            "$set": {
                "met": {"$reduce": {"input": "$each", "initialValue": [], "in": {"$setUnion": ["$$value", "$$this"]}}}
            }
        },
        {"$match": {"met": {"$size": len(havings)}}},
    ]


def _met(havings: Sequence[Having]) -> list[Document]:
    """Keeps the customers that fulfil every one of them, `{_id}`, where all are wanted and not the first of a list.

    A join for each customer costs 0.2 ms. So both sides are laid on one pile, the customers' ids and the owners of
    records that match, and whoever lies there twice is one: some microseconds each.
    """
    if not havings:
        return []
    ids = [
        {"$map": {"input": _own_ids(having.record), "as": "id", "in": {"n": n, "id": "$$id"}}}
        for n, having in enumerate(havings)
    ]
    owners = [
        {
            "$unionWith": {
                "coll": having.record.name,
                "pipeline": [
                    {"$match": having.where},
                    {"$group": {"_id": f"${having.record.customer}"}},
                    {
                        "$project": {
                            "_id": 0,
                            "key": {"n": {"$literal": n}, "id": "$_id"},
                            "is_there": {"$literal": True},
                        }
                    },
                ],
            }
        }
        for n, having in enumerate(havings)
    ]
    return [
        {"$project": {"key": {"$concatArrays": ids}}},
        {"$unwind": "$key"},
        *owners,
        {"$group": {"_id": "$key", "customer": {"$max": "$_id"}, "is_there": {"$max": "$is_there"}}},
        {"$match": {"customer": {"$ne": None}, "is_there": True}},
        {"$group": {"_id": "$customer", "met": {"$addToSet": "$_id.n"}}},
        {"$match": {"met": {"$size": len(havings)}}},
    ]


def _searching(context: Context, search: str) -> Match:
    _require_personal(context, "searching", "Customer.displayName", "ContactPoint.value", "AttributeValue.value")
    words = words_asked(search, context.limits.default_region)
    if not 1 <= len(words) <= MOST_ASKED:
        raise BadUserInput(
            f"`search` has {len(words)} words; send 1 to {MOST_ASKED}, each of at least {SHORTEST_WORD} characters."
        )
    # The word itself may be somebody's name.
    if short := [n for n, forms in enumerate(words, 1) if len(forms[0]) < SHORTEST_WORD]:
        raise BadUserInput(
            f"Word {short[0]} of `search` has 1 character; "
            f"write at least {SHORTEST_WORD} characters of it, or leave it out."
        )
    if "\0" in search:
        raise BadUserInput("`search` holds the character U+0000, which is in no name. Leave it out.")
    context.delivered.searched("Customer.search")
    begun = [[re.compile(f"^{re.escape(word[:LONGEST_WORD])}") for word in forms] for forms in words]
    return {"$and": [{"search": forms[0] if len(forms) == 1 else {"$in": forms}} for forms in begun]}


def _require_personal(context: Context, what: str, *fields: str) -> None:
    """Raises Forbidden where the viewer may not see personal values, or may not ask for the fields that show them."""
    if not context.viewer.may_see_personal:
        raise Forbidden(f"You have no right to see personal values, and so none to {what}. Ask for another scope.")
    _require_fields(context, what, *fields)


async def _require_names(context: Context) -> None:
    what = "sorting by name"
    _require_personal(context, what, "Customer.displayName")
    is_partner = context.viewer.role is Role.PARTNER
    if is_partner and "display_name" in hidden_paths(await definitions(context), context.viewer):
        raise _unseen(what)


def _unseen(what: str) -> Forbidden:
    return Forbidden(f"You have no right to see the values, and so none to {what}. Leave it out, or ask for the right.")


def _require_fields(context: Context, what: str, *fields: str) -> None:
    if not context.viewer.may_ask(*fields):
        raise Forbidden(
            f"The key is limited to fields, and {what} would tell of others: {', '.join(fields)}. Ask for a key that "
            "has them."
        )


# Conditions on the customer's own document


@SLICE.condition(CUSTOMER_FILTER)
def created_since(moment: datetime, context: Context) -> Match:
    """Customers first heard of at this moment or later."""
    del context
    return {"created_at": between(moment, None)}


@SLICE.condition(CUSTOMER_FILTER)
def heard_of_since(moment: datetime, context: Context) -> Match:
    """Customers heard of at this moment or later."""
    del context
    return {"last_interaction_at": between(moment, None)}


@SLICE.condition(CUSTOMER_FILTER)
def silent_since(moment: datetime, context: Context) -> Match:
    """Customers not heard of since this moment."""
    del context
    return {"last_interaction_at": between(None, moment)}


@SLICE.condition(CUSTOMER_FILTER)
def is_anonymous(value: bool, context: Context) -> Match:
    """Customers of whom no name and no contact point is known, or the others."""
    del context
    return {"is_anonymous": value}


@SLICE.condition(CUSTOMER_FILTER)
def assigned_to(agent: strawberry.ID, context: Context) -> Match:
    """Customers whom this agent looks after."""
    del context
    return {"assigned_agent_id": require_key(agent, "Agent", "filter.assignedTo")}


@graph_input
class AttributeCondition:
    """What an attribute of the customer schema must hold."""

    name: str = told("The attribute's name.")
    any_of: list[AttributeScalar] = told("One of these values; an empty list sets no condition.")


@SLICE.condition(CUSTOMER_FILTER)
async def attributes(conditions: list[AttributeCondition], context: Context) -> Match:
    """Customers whose attributes fulfil every one of these conditions."""
    known = await definitions(context)
    return {"$and": [_attribute_match(one, known, context) for one in conditions]}


def _attribute_match(condition: AttributeCondition, known: Any, context: Context) -> Match:
    definition = known.get(condition.name)
    if definition is None:
        raise BadUserInput(
            f"`filter.attributes` names {quoted(condition.name)}, which is no attribute. "
            f"Known attributes: {', '.join(known)}."
        )
    if definition["type"] == AttributeType.PASSWORD.value:
        raise BadUserInput(f"{condition.name!r} holds a secret, which can be written and never read. Leave it out.")
    what = f"filtering by {condition.name}"
    if not is_shown(definition, context.viewer):
        raise _unseen(what)
    _require_fields(context, what, "AttributeValue.value")
    if definition["is_personal"]:
        context.delivered.searched(f"Customer.attributes.{condition.name}")
    try:
        values = [checked(definition, value, context.limits.default_region) for value in condition.any_of]
    except ValueError as error:
        raise BadUserInput(
            f"`filter.attributes` asks for a value that {condition.name!r} cannot hold. {error}"
        ) from error
    return {f"attributes.{condition.name}": {"$in": values}} if values else {}
