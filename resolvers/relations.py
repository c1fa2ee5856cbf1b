"""Which customers belong together, and how: parents and children, spouses, a company and its people?

A relation has a direction and reads differently from its two ends. It is stored once at each end, so that either
customer's relations are read, merged and erased like everything else of that customer.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import strawberry

from adapters.records import Document, Index, Mention, Record, RecordId
from adapters.windows import Position, Window
from resolvers.aliases import ids_of
from resolvers.customers import Customer, customers_by_id, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, Refused, conflict, invalid, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.lists import hidden_from
from resolvers.kit.paging import Connection, Page, Sealing, connection
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.viewer import STAFF
from resolvers.related import counts, related
from resolvers.tags import tag_word

SLICE = Slice("relations")

RELATION_TYPES = Record(name="relation_types", customer=None, key=("name",), folds_key=True, is_held=True)
RELATIONS = Record(
    name="relations",
    key=("customer_id", "other_id", "type_id", "is_inverse"),
    element="RELATIONS",
    # The last: whether one is noted to the same other customer already, also where one of the two has thousands.
    indexes=(Index(("customer_id", "created_at", "_id")), Index(("type_id",)), Index(("other_id", "customer_id"))),
    mentions=Mention(fields=("other_id",)),
)

MOST_TAGS = 20
IN_USE = {"$inc": {"uses": 1}}
"""Whoever relates customers writes the type, too: so nobody removes or turns it meanwhile."""


@SLICE.keeps(RELATION_TYPES)
class RelationType(Node):
    """A way in which two customers belong together, such as *parent of*."""

    name: str = kept("How it reads from the customer at which it begins, as `parent of`.")
    inverse_name: str = kept("How it reads from the other one, as `child of`; the same where it has no direction.")
    version: int = kept("Counts its changes.", read=lambda stored: stored or 1)


@SLICE.keeps(RELATIONS)
class Relation(Node):
    """That a customer belongs together with another one, read from the first."""

    is_inverse: bool = kept("Whether it is read from its end: `name` is the inverse name of its type then.")
    tags: list[str] = kept("Words that the staff put on it, the same at both ends.")
    created_at: datetime = kept("When it was noted.")
    created_by: str | None = kept("Who noted it.")
    other_id: strawberry.Private[RecordId] = inner()
    type_id: strawberry.Private[RecordId] = inner()
    noted_as: strawberry.Private[str] = inner(at="name")


@SLICE.query()
async def relation_types(info: Info) -> list[RelationType]:
    """Every type of relation that the company defines, by name."""
    held = await info.context.store.held.all(RELATION_TYPES)
    return [reader_of(RelationType).read(one) for one in sorted(held.values(), key=lambda one: str(one["name"]))]


@SLICE.column(Customer, reads=())
async def relations(customers: list[Customer], info: Info, page: Page) -> list[Connection[Relation]]:
    """The customers to whom this one belongs, the newest relation first: each once, whatever was merged."""
    context = info.context
    distinct = {one.key: one.owner([RELATIONS])[RELATIONS.name] for one in customers}
    sealings = {key: Sealing(context.seal, info.field_name, key) for key in distinct}
    # A cursor is of one list: with several customers it is refused.
    *_, window = [page.window(one, newest_first=True) for one in sealings.values()] or [Window(limit=0)]
    found = dict(zip(distinct, await related(context.store, RELATIONS, [*distinct.values()], window), strict=True))
    context.budget.spend(sum(len(found[one.key]) for one in customers))
    read = reader_of(Relation).reading(hidden_from(context.viewer, RELATIONS))
    return [
        connection(
            [read(row) for row in found[one.key]],
            [Position(row["created_at"], "", row["_id"]) for row in found[one.key]],
            page,
            sealings[one.key],
            partial(_count, ids=tuple(distinct[one.key])),
        )
        for one in customers
    ]


async def _count(context: Context, *, ids: tuple[RecordId, ...]) -> int:
    return await context.loaders.load(_counts_by_ids, ids) or 0


async def _counts_by_ids(context: Context, keys: Sequence[tuple[RecordId, ...]]) -> Mapping[tuple[RecordId, ...], int]:
    """How many relations stand under these ids of each customer, each once: one command for all of them."""
    return dict(zip(keys, await counts(context.store, RELATIONS, keys), strict=True))


@SLICE.column(Relation, reads=["type_id", "is_inverse", "name"])
def name(relations: list[Relation], info: Info) -> list[str]:
    """What the customer is to the other one, as `parent of`: as its type is called now."""
    held = info.context.held(RELATION_TYPES)
    return [_name(one, held.get(one.type_id)) for one in relations]


def _name(relation: Relation, kind: Document | None) -> str:
    if kind is None:
        return relation.noted_as
    return str(kind["inverse_name"] if relation.is_inverse else kind["name"])


@SLICE.column(Relation, name="type", reads=["type_id"])
def relation_type(relations: list[Relation], info: Info) -> list[RelationType | None]:
    """The type of the relation; null where it was defined so lately that this process has not heard of it."""
    held = info.context.held(RELATION_TYPES)
    read = reader_of(RelationType).reading()
    return [read(held[one.type_id]) if one.type_id in held else None for one in relations]


@SLICE.column(Relation, reads=["other_id"])
async def other(relations: list[Relation], info: Info) -> list[Customer | None]:
    """The customer at the other end; null once that one is erased."""
    found = await customers_by_id(info.context, list(dict.fromkeys(one.other_id for one in relations)))
    return [found.get(one.other_id) for one in relations]


@graph_input
class RelateCustomersInput:
    """Two customers who belong together."""

    customer_id: strawberry.ID = told("The customer at whom the relation begins: the parent of *parent of*.")
    other_id: strawberry.ID = told("The customer to whom it leads.")
    type_id: strawberry.ID = told("The type of the relation.")
    tags: list[str] | None = told(f"Words to put on it, at most {MOST_TAGS}.", default=None)


@graph_input
class TagRelationInput:
    """Words to put on a relation and to take off it."""

    id: strawberry.ID = told("The relation, from whichever end.")
    add: list[str] | None = told(f"Words to put on it, so that there are at most {MOST_TAGS}.", default=None)
    remove: list[str] | None = told("Words to take off it.", default=None)


@graph_input
class RemoveRelationInput:
    """A relation that holds no longer."""

    id: strawberry.ID = told("The relation, from whichever end.")


@graph_type
class RelationPayload:
    """The relation as it is now."""

    relation: Relation = told("The relation, from the end at which it was named.")


@graph_type
class RemoveRelationPayload:
    """What was removed."""

    removed_id: strawberry.ID = told("The id that the relation had at the end at which it was named.")


@SLICE.mutation(may=STAFF)
async def relate_customers(
    info: Info, input: Annotated[RelateCustomersInput, about("The two customers and the type.")]
) -> RelationPayload | NotFound | InvalidInput | Conflict:
    """Notes that two customers belong together. Where the type has no direction, it is the same from either end.

    Of a type with direction two customers have one relation: refused where it is noted the other way round.
    """
    context = info.context
    customer = await require_customer(context, input.customer_id)
    other = await require_customer(context, input.other_id, at="otherId")
    if customer.key == other.key:
        raise conflict("Both ids are the same customer's. Send another one.", "input", "otherId")
    tags = _words(input.tags, "tags")
    if len(tags) > MOST_TAGS:
        raise _too_many("tags")
    key = key_of(input.type_id, "RelationType")
    said = {"tags": tags, "created_at": context.clock(), "created_by": context.viewer.subject}

    async def work() -> Document:
        kind = await context.store.update(RELATION_TYPES, {"_id": key}, IN_USE) if key else None
        if kind is None:
            check = "`relationTypes` says which there are."
            raise not_found("relation type", ("input", "typeId"), check=check)
        ids = [one.owner([RELATIONS])[RELATIONS.name] for one in (customer, other)]
        ends = {"customer_id": {"$in": ids[0]}, "other_id": {"$in": ids[1]}}
        if await context.store.first(RELATIONS, {**ends, "type_id": key, "is_inverse": False}):
            raise conflict("These customers are related so already; there is nothing to do.", "input", "otherId")
        if await context.store.first(RELATIONS, {**ends, "type_id": key, "is_inverse": True}):
            raise _other_way(kind)
        end = {"customer_id": customer.key, "other_id": other.key, "type_id": key, "is_inverse": False, **said}
        back = {**end, "customer_id": other.key, "other_id": customer.key, "is_inverse": has_direction(kind)}
        named = (end | {"name": kind["name"]}, back | {"name": kind["inverse_name"]})
        both = [{"_id": RELATIONS.id_of(one), **one} for one in named]
        both = [{**one, "back_id": two["_id"]} for one, two in zip(both, reversed(both), strict=True)]
        await context.store.insert(RELATIONS, *both)
        return both[0]

    return RelationPayload(relation=reader_of(Relation).read(await context.store.transact(work)))


@SLICE.mutation(may=STAFF)
async def tag_relation(
    info: Info, input: Annotated[TagRelationInput, about("The relation and the words.")]
) -> RelationPayload | NotFound | InvalidInput | Conflict:
    """Puts words on a relation and takes words off it, at both ends, and wherever a merge has made it the same."""
    store, key = info.context.store, key_of(input.id, "Relation")
    added, removed = _words(input.add, "add"), _words(input.remove, "remove")

    async def work() -> Document:
        found = await _require(info.context, key)
        tags = [one for one in found["tags"] if one not in removed]
        tags += [one for one in added if one not in tags]
        if len(tags) > MOST_TAGS:
            raise _too_many("add")
        await store.update_all(RELATIONS, await _wherever(info.context, found), {"$set": {"tags": tags}})
        return {**found, "tags": tags}

    return RelationPayload(relation=reader_of(Relation).read(await store.transact(work)))


@SLICE.mutation(may=STAFF)
async def remove_relation(
    info: Info, input: Annotated[RemoveRelationInput, about("Which relation.")]
) -> RemoveRelationPayload | NotFound:
    """Removes a relation, at both ends, and wherever a merge has made it the same."""
    store, key = info.context.store, key_of(input.id, "Relation")

    async def work() -> None:
        await store.delete(RELATIONS, await _wherever(info.context, await _require(info.context, key)))

    await store.transact(work)
    return RemoveRelationPayload(removed_id=input.id)


def has_direction(kind: Document) -> bool:
    """Whether relations of the type read differently from their two ends."""
    return bool(kind["name"].casefold() != kind["inverse_name"].casefold())


def _other_way(kind: Document) -> Refused:
    name, inverse = kind["name"], kind["inverse_name"]
    return conflict(
        f"The other way round these customers are related already: `otherId` is {name!r} `customerId`, which is "
        f"{inverse!r} `otherId`. There is nothing to do where that is meant; else remove that relation first with "
        "`removeRelation`.",
        *("input", "otherId"),
    )


async def _wherever(context: Context, relation: Document) -> dict[str, Any]:
    """What both ends of the relation match, and those of every other that is the same one since a merge."""
    ends = {"_id": {"$in": [relation["_id"], relation["back_id"]]}}
    speaking = await customers_by_id(context, [relation["customer_id"], relation["other_id"]])
    one, other = speaking.get(relation["customer_id"]), speaking.get(relation["other_id"])
    own = one.owner([RELATIONS])[RELATIONS.name] if one else ()
    if other is None or relation["customer_id"] not in own:
        return ends
    same = {"customer_id": {"$in": own}, "other_id": {"$in": ids_of(other.document)}}
    same |= {"type_id": relation["type_id"], "is_inverse": relation["is_inverse"]}
    found = await context.store.find(RELATIONS, same, only=("back_id",))
    return {"_id": {"$in": [*ends["_id"]["$in"], *(key for each in found for key in (each["_id"], each["back_id"]))]}}


async def _require(context: Context, key: RecordId | None) -> Document:
    found = await context.store.first(RELATIONS, {"_id": key}) if key else None
    if found is None:
        raise not_found("relation")
    return found


def _words(given: Sequence[str] | None, place: str) -> list[str]:
    words: dict[str, None] = {}
    for n, text in enumerate(given or ()):
        try:
            words[tag_word(text)] = None
        except ValueError as error:
            raise invalid(str(error), "input", place, str(n)) from error
    return list(words)


def _too_many(place: str) -> Refused:
    return conflict(f"A relation carries at most {MOST_TAGS} words. Remove one first.", "input", place)
