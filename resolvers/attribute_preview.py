"""What would a change of the customer schema break, and what would follow from it?

Answered beforehand, by the very rules that the change itself is checked with.
"""

from operator import itemgetter
from typing import Annotated, Any

import strawberry

from adapters.records import Document
from resolvers.attribute_rules import AttributeType, breaking
from resolvers.attribute_schema import definition_document
from resolvers.attribute_upkeep import (
    FOUND_BY,
    having,
    how_many_break,
    how_many_have,
    how_many_lack,
    standing_where,
    why_refused,
)
from resolvers.attributes import (
    AttributeRulesInput,
    checked_definition,
    definitions,
    given_rules,
    require_definition,
)
from resolvers.customers import CUSTOMERS, Customer, customer_reader
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import BadUserInput, Refused
from resolvers.kit.prices import COUNTING_ALL
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import ADMINISTRATORS

SLICE = Slice("attribute preview")

MOST_SHOWN = 20
"""As many as somebody mends before asking again."""

# Customers whose values are compared by one command: half a second of the database's time.
_PIECE = 50_000


@graph_input
class PreviewAttributeDefinitionInput:
    """A definition as it would be added, changed or removed."""

    id: strawberry.ID | None = told(
        "The definition that would be changed or removed; left out: one would be added.", default=None
    )
    name: str | None = told("The name of one that would be added.", default=None)
    type: AttributeType | None = told("The type of one that would be added.", default=None)
    rules: AttributeRulesInput | None = told("The rules that it would have, or that would be different.", default=None)
    is_removed: bool = told("Whether it would be removed with all values, instead of changed.", default=False)


@graph_type
class CustomersConcerned:
    """Customers whom a change concerns: how many, and the first of them."""

    count: int = told("How many.")
    customers: list[Customer] = told(f"The first {MOST_SHOWN}, the oldest records first.")


@graph_type
class AttributeDefinitionPreview:
    """What a change of the customer schema would break, and what would follow from it. Nothing was changed."""

    refusal: str | None = told("Why the change would be refused, and what to do; null where it would be made.")
    lacking: CustomersConcerned = told(
        "Those who have no value of what would be required. With a `default` each is given that when written next."
    )
    breaking: CustomersConcerned = told("Those who have a value that the rules would refuse.")
    sharing: CustomersConcerned = told(
        "Those whom a channel identifier would not name alone, as others have the same value: an identity that "
        "nobody has is suggested to be any of theirs, and linked to none."
    )
    found_anew: int = told("How many customers' searchable words, or how they sound, would be written anew.")
    values_removed: int = told("How many values would be gone, those of customers who went into others among them.")


@SLICE.query(may=ADMINISTRATORS, costs=COUNTING_ALL)
async def preview_attribute_definition(
    info: Info,
    input: Annotated[PreviewAttributeDefinitionInput, about("The definition as it would be.")],
) -> AttributeDefinitionPreview:
    """Says whose values a new, changed or removed attribute definition would break, and what else would follow."""
    context = info.context
    try:
        if input.is_removed:
            return await _removed(context, input)
        return await _changed(context, input) if input.id else await _added(context, input)
    except Refused as refused:
        raise BadUserInput(refused.refusal.message) from refused


async def _added(context: Context, input: PreviewAttributeDefinitionInput) -> AttributeDefinitionPreview:
    if input.name is None or input.type is None:
        raise BadUserInput("`input` names no definition. Send the `id` of one, or the `name` and `type` of a new one.")
    if input.name in await definitions(context):
        raise BadUserInput(f"There is an attribute {input.name[:64]!r} already. Send its `id` to preview a change.")
    rules = {"label": input.name} | given_rules(input.rules)
    document = checked_definition(context, definition_document(name=input.name, type=input.type, **rules))
    return await _preview(context, document, is_new=True)


async def _changed(context: Context, input: PreviewAttributeDefinitionInput) -> AttributeDefinitionPreview:
    old = await require_definition(context, str(input.id))
    given = given_rules(input.rules)
    is_found_anew = any(given[name] != old.get(name) for name in FOUND_BY.intersection(given))
    anew = await how_many_have(context, old["name"]) if is_found_anew else 0
    return await _preview(context, checked_definition(context, {**old, **given}), found_anew=anew)


async def _removed(context: Context, input: PreviewAttributeDefinitionInput) -> AttributeDefinitionPreview:
    if input.id is None:
        raise BadUserInput("`isRemoved` needs the `id` of a definition. Send it.")
    old = await require_definition(context, input.id)
    nobody = CustomersConcerned(count=0, customers=[])
    if old["is_system"]:
        refusal = f"{old['name']!r} is the gateway's own attribute and cannot be removed."
        return AttributeDefinitionPreview(
            refusal=refusal, breaking=nobody, lacking=nobody, sharing=nobody, found_anew=0, values_removed=0
        )
    used = await how_many_have(context, old["name"])
    is_found_by = bool(old["is_searchable"] or old.get("matching_role"))
    return AttributeDefinitionPreview(
        refusal=None,
        breaking=nobody,
        lacking=nobody,
        sharing=nobody,
        found_anew=used if is_found_by else 0,
        values_removed=used,
    )


async def _preview(
    context: Context, definition: Document, *, found_anew: int = 0, is_new: bool = False
) -> AttributeDefinitionPreview:
    name, is_required = definition["name"], definition["is_required"]
    broken = await how_many_break(context, definition)
    lacking = await how_many_lack(context, name) if is_required else 0
    unfilled = lacking if definition["default"] is None else 0
    refused = why_refused(name, broken=broken, lacking=unfilled, is_new=is_new)
    return AttributeDefinitionPreview(
        refusal=refused.refusal.message if refused else None,
        breaking=await _concerned(context, broken, breaking(definition)),
        lacking=await _concerned(context, lacking, {"$nor": [having(name)]}),
        sharing=await _sharing(context, name)
        if definition["is_channel_identifier"]
        else await _concerned(context, 0, {}),
        found_anew=found_anew,
        values_removed=0,
    )


async def _sharing(context: Context, name: str) -> CustomersConcerned:
    """Those who have a value of the attribute that others have, too; of texts alone, which are all that can name."""
    path, behind = f"attributes.{name}", ""
    count = 0
    first: list[Any] = []
    while True:
        onward: Document = {"$match": {path: {"$gt": behind}}}
        in_order = {"$sort": {path: 1}}
        ahead = await context.store.aggregate(
            CUSTOMERS, [onward, in_order, {"$skip": _PIECE}, {"$limit": 1}, {"$project": {"value": f"${path}"}}]
        )
        piece: Document = {path: {"$gt": behind, "$lte": ahead[0]["value"]}} if ahead else {path: {"$gt": behind}}
        (found,) = await context.store.aggregate(CUSTOMERS, [{"$match": standing_where(piece)}, *_shared(path)])
        count += sum(one["count"] for one in found["all"])
        first = sorted([*first, *found["first"]], key=itemgetter("first"))[:MOST_SHOWN]
        if not ahead:
            break
        behind = ahead[0]["value"]
    return await _concerned(context, count, {path: {"$in": [one["_id"] for one in first]}})


def _shared(path: str) -> list[Document]:
    """How many have a value that others have, and those values whose oldest holders are the oldest."""
    return [
        {"$group": {"_id": f"${path}", "count": {"$sum": 1}, "first": {"$min": "$_id"}}},
        {"$match": {"count": {"$gt": 1}}},
        {
            "$facet": {
                "all": [{"$group": {"_id": None, "count": {"$sum": "$count"}}}],
                # Whoever is among the oldest has a value whose oldest holder is among as many.
                "first": [{"$sort": {"first": 1}}, {"$limit": MOST_SHOWN}],
            }
        },
    ]


async def _concerned(context: Context, count: int, where: Document) -> CustomersConcerned:
    found: list[Document] = []
    if count:
        found = await context.store.find(CUSTOMERS, standing_where(where), order=[("_id", 1)], limit=MOST_SHOWN)
        context.budget.spend(len(found))
    read = await customer_reader(context)
    return CustomersConcerned(count=count, customers=[read(one) for one in found])
