"""Which customers are there, in a list that can be filtered, searched and sorted?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any

import strawberry

from adapters.records import Document, Record, RecordId
from adapters.windows import Position, Window, excerpt
from resolvers.attributes import definitions
from resolvers.customers import CUSTOMERS, Customer, customer_reader, hidden_paths
from resolvers.finding import searching, way_of
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_input, told
from resolvers.kit.ids import require_key
from resolvers.kit.lists import between
from resolvers.kit.paging import Connection, Page, Sealing, connection
from resolvers.kit.reads import Paths
from resolvers.kit.rights import require_personal, unseen_values
from resolvers.kit.slice import CUSTOMER_FILTER, Having, Match, Slice
from resolvers.kit.viewer import Role

SLICE = Slice("directory")

MOST_NAMED = 100
"""Of those who share a number, address or identifier, so many are named in the access ledger besides a later page."""


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
    direction: Direction | None = told(
        "Which end comes first; left out: the newest of moments, and the first of names. Who has no name is the last "
        "in the alphabet.",
        default=None,
    )


_USUAL = {
    CustomerOrderField.LAST_INTERACTION: Direction.DESCENDING,
    CustomerOrderField.CREATED: Direction.DESCENDING,
    CustomerOrderField.NAME: Direction.ASCENDING,
}
"""Which end people look at first."""

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
        str | None,
        about(
            "Beginnings of names, addresses or phone numbers in any notation; all must be found. By a whole number or "
            "e-mail address customers are also found who are known by it on a channel alone."
        ),
    ] = None,
    order_by: Annotated[CustomerOrder | None, about("The order; left out: last heard of first.")] = None,
) -> Connection[Customer]:
    """Customers in the order asked for. Each person stands there once, whatever was merged."""
    context = info.context
    order = order_by or CustomerOrder()
    if order.field is CustomerOrderField.NAME:
        await _require_names(context)
    matches, havings = await context.declared.matching(CUSTOMER_FILTER, filter, context)
    searched = await searching(context, search) if search is not None else None
    if searched is not None:
        matches.append(searched.match)
    matches.append(_ALONE)
    among = _Among(searched.leading if searched else (), matches, havings)
    direction = order.direction or _USUAL[order.field]
    sealing = Sealing(context.seal, "customers", order.field.name, direction.name)
    window = page.window(sealing, newest_first=direction is Direction.DESCENDING)
    only = info.reads.of(Customer)
    if only is not None:
        # To whom a customer's records belong, every list below asks.
        only |= {"aliases"}
    # A merge moves its survivor in the order: at one moment, so that a reader who comes by misses nobody.
    # Where many are found, the first ones in the order are soon met.
    in_order = replace(among, leading=()) if searched and not searched.is_rare else among
    pipeline = _pipeline(in_order, order.field.value, window, only)
    found = await context.store.aggregate(CUSTOMERS, pipeline, at_one_moment=True)
    context.budget.spend(len(found))
    if (way := await way_of(context, search, getattr(filter, "attributes", None))) is not None:
        # A later page of those who share a value names the others, too: the count tells of them.
        all_ids = [] if window.beyond is None or not way.is_look_up else await _first_ids(context, among)
        context.delivered.found([*(one["_id"] for one in found), *all_ids])
    read = await customer_reader(context, only)
    rows = [read(one) for one in found]
    places = [Position(one[order.field.value], "", one["_id"]) for one in found]
    return connection(rows, places, page, sealing, partial(_count, among=among))


@dataclass(frozen=True, slots=True, repr=False)
class _Among:
    """Which customers are asked for; equal where the same is."""

    leading: Sequence[Document]
    """Stages before all conditions."""
    matches: Sequence[Match]
    havings: Sequence[Having]

    def __hash__(self) -> int:
        """Equal ones have one; conditions themselves have none."""
        return hash((len(self.leading), len(self.matches), len(self.havings)))

    def stages(self, *more: Match) -> list[Document]:
        """The stages that give them, without what they must have."""
        return [*self.leading, {"$match": {"$and": [*self.matches, *more]}}]


def _pipeline(among: _Among, field: str, window: Window, only: Paths | None) -> list[Document]:
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
            *among.stages(*([one] if one else [])),
            {"$sort": {field: way, "_id": way}},
            *_having(among.havings),
            {"$limit": window.limit},
            *excerpt(only, field),
        ]
        for one in ranges
    ]
    first, *others = branches
    unions: list[Document] = [{"$unionWith": {"coll": CUSTOMERS.name, "pipeline": other}} for other in others]
    tail: list[Document] = [{"$sort": {field: way, "_id": way}}, {"$limit": window.limit}] if unions else []
    return [*first, *unions, *tail]


async def _first_ids(context: Context, among: _Among) -> list[RecordId]:
    first = [*among.stages(), *_having(among.havings), {"$limit": MOST_NAMED}, {"$project": {"_id": 1}}]
    return [one["_id"] for one in await context.store.aggregate(CUSTOMERS, first, at_one_moment=True)]


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


async def _count(context: Context, *, among: _Among) -> int:
    return await context.loaders.load(_counts, among) or 0


async def _counts(context: Context, several: Sequence[_Among]) -> Mapping[_Among, int]:
    """How many each are, one after the other: for one question the database goes through customers once at a time."""
    return {one: await _counted(context, one) for one in several}


async def _counted(context: Context, among: _Among) -> int:
    havings = among.havings
    if havings and list(among.matches) == [_ALONE]:
        found = await context.store.aggregate(
            havings[0].record, [*_owning(havings), {"$count": "n"}], at_one_moment=True
        )
    else:
        counting = [*among.stages(), *_met(havings), {"$count": "n"}]
        found = await context.store.aggregate(CUSTOMERS, counting, at_one_moment=True)
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


async def _require_names(context: Context) -> None:
    what = "sorting by name"
    require_personal(context, what, "Customer.displayName")
    is_partner = context.viewer.role is Role.PARTNER
    if is_partner and "display_name" in hidden_paths(await definitions(context), context.viewer):
        raise unseen_values(what)


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
