"""What would a merge do, before it is done?"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document, Part, Record, RecordId
from adapters.windows import Strand
from resolvers.aliases import ids_of
from resolvers.attribute_rights import is_hidden
from resolvers.attributes import carried_by, definitions
from resolvers.customers import Customer, customer_reader
from resolvers.dismissing import dismissed_between
from resolvers.duplicates import DuplicateSuggestion
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_type, told
from resolvers.kit.errors import Refused
from resolvers.kit.ids import global_id
from resolvers.kit.lists import hidden_from
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.stored import Node
from resolvers.kit.viewer import STAFF, Viewer
from resolvers.merging.asking import Asked, MergeCustomersInput, People, asked, joined_of, parts_of, people
from resolvers.merging.between import everyone, noted_between, other_end
from resolvers.merging.bounds import blocks
from resolvers.merging.entries import EntryConflict, entry_conflicts
from resolvers.merging.joining import AttributeChoice, Difference, Joined
from resolvers.merging.ledger import ELEMENT, SLICE, elements_of
from resolvers.reaches import unseen_reaches


@graph_type
class MergeMove:
    """What comes along to the survivor of one kind."""

    element_name: strawberry.Private[str]
    count: int = told(
        "How many records or entries. What the survivor has already does not come twice, and is counted only where it "
        "is hidden from you; relations between those who become one do not come along."
    )


@SLICE.reading(MergeMove)
def element(move: MergeMove) -> Annotated[str, ELEMENT]:
    """The kind."""
    return move.element_name


@graph_type
class CustomerValue:
    """What one of the customers holds."""

    customer_id: strawberry.ID = told("The customer.")
    value: AttributeScalar | None = told(
        "The value; null where it is hidden from you or can never be read.", is_personal=True
    )
    is_hidden: bool = told("Whether there is a value that you have no right to see, or that can never be read.")
    carries: strawberry.Private[str | None]
    concerns: strawberry.Private[RecordId]


@graph_type
class AttributeDifference:
    """An attribute of which the customers do not hold the same, or of which you may not know whether they do."""

    name: str = told("The attribute's name.")
    label: str = told("What people read beside it.")
    values: list[CustomerValue] = told("Every customer's who has one, the survivor's first.")
    choice: AttributeChoice = told("Which value would stand.")
    from_id: strawberry.ID | None = told("Whose value would stand; null where it is of several.")


@graph_type
class EntryDifference:
    """An entry that several of the customers have, and of which their records do not say the same."""

    part: str = told("In which list it stands: `customData`, `consents`, `channelPreferences`, `contactPoints`.")
    entry: str | None = told("Which entry: the key, the purpose, the channel; null where it is hidden from you.")
    field: str = told("What of it differs: `value`, `status`, `wish`.")
    values: list[CustomerValue] = told("Every customer's who has the entry, the survivor's first.")
    from_id: strawberry.ID | None = told("Whose would stand.")


@graph_type
class MergeBlock:
    """Something that stands in the way of a merge."""

    code: str = told("The word by which `mergeCustomers` would refuse: `CONFLICT`, `NOT_FOUND`, `INVALID_INPUT`.")
    message: str = told("What it is and what to do.")
    input_path: list[str] | None = told("Where in the input the cause stands; null when it is not one place.")


@graph_type
class MergePreview:
    """What `mergeCustomers` would do with the same input. Nothing is changed by asking."""

    survivor: Customer | None = told("The customer who would stay, as it is now; null where there is no such one.")
    others: list[Customer] = told("Those who would go into it, as they are now: each with the `version` to send.")
    moves: list[MergeMove] = told("What would come along, by kind. Kinds of which there is nothing are left out.")
    differences: list[AttributeDifference] = told(
        "Attributes of which they do not hold the same; and those hidden from you of which several hold something, "
        "whether that is the same or not."
    )
    entry_differences: list[EntryDifference] = told("Entries that are one and of which they do not hold the same.")
    told_apart: list[DuplicateSuggestion] = told(
        "That somebody said of two of them that they are different people: who and when. People may merge them still."
    )
    related: list[Node] = told(
        "What somebody noted between two of them as two people who belong together: relations, such as parent and "
        "child. It is shown nowhere while they are one, and again once the merge is undone. People may merge them "
        "still."
    )
    blocked: list[MergeBlock] = told("Why the merge would be refused. Empty: it would be done.")


@SLICE.query(may=STAFF)
async def preview_merge(
    info: Info, input: Annotated[MergeCustomersInput, about("What would be asked of `mergeCustomers`.")]
) -> MergePreview:
    """What a merge would do: what moves, what differs, and what stands in its way."""
    context = info.context
    try:
        question = asked(context, input)
        found = await people(context, question)
        joined = await joined_of(context, question, found)
    except Refused as reason:
        return MergePreview(
            survivor=None,
            others=[],
            moves=[],
            differences=[],
            entry_differences=[],
            told_apart=[],
            related=[],
            blocked=[_block(reason)],
        )
    read = await customer_reader(context)
    # What is asked for side by side is one command.
    moves, blocked, apart, related = await asyncio.gather(
        _moves(context, question, found, joined),
        blocks(context, question, found, joined),
        dismissed_between(context, [ids_of(one) for one in (found.survivor, *found.others)]),
        noted_between(context, found),
    )
    hidden = await unseen_reaches(context)
    entries = [
        one
        for one in entry_conflicts(found.survivor, found.others, parts_of(context, question), joined)
        # That two have one entry of a hidden kind would tell that they hold the same.
        if not _is_of(one.part, dict(zip(one.part.same, one.key, strict=True)), hidden)
    ]
    return MergePreview(
        survivor=read(found.survivor),
        others=[read(one) for one in found.others],
        moves=moves,
        differences=await _differences(context, joined.differences),
        entry_differences=[_entry_difference(context, one) for one in entries],
        told_apart=apart,
        related=related,
        blocked=[_block(one) for one in blocked],
    )


def _block(reason: Refused) -> MergeBlock:
    refusal = reason.refusal
    return MergeBlock(code=refusal.code, message=refusal.message, input_path=refusal.input_path)


async def _moves(context: Context, question: Asked, found: People, joined: Joined) -> list[MergeMove]:
    records = [one for one in context.declared.records if one.element in question.elements and one.customer]
    counts = await asyncio.gather(*[_count(context, found, record) for record in records])
    by_name = dict(zip((one.name for one in records), counts, strict=True))
    by_name |= dict(Counter(name for some in (joined.added, joined.replaced) for name in some for _ in some[name]))
    by_name |= await _moving_by_kind(context, question, found, joined)
    moves = [
        MergeMove(element_name=element, count=sum(by_name.get(name, 0) for name in names))
        for element, names in elements_of(context.declared).items()
        if element in question.elements
    ]
    return [one for one in moves if one.count]


async def _moving_by_kind(context: Context, question: Asked, found: People, joined: Joined) -> dict[str, int]:
    """How many entries move of parts of which the viewer does not see every kind.

    Of a hidden kind all of the others' are counted, also those that the survivor has: the number would tell.
    """
    hidden = await unseen_reaches(context)
    return {
        part.name: sum(not _is_of(part, entry, hidden) for entry in joined.added.get(part.name, ()))
        + sum(_is_of(part, entry, hidden) for one in found.others for entry in one.get(part.name, ()))
        for part in (parts_of(context, question) if hidden else ())
        if part.kind
    }


def _is_of(part: Part, entry: Mapping[str, Any], kinds: frozenset[str]) -> bool:
    return part.kind is not None and entry.get(part.kind) in kinds


async def _count(context: Context, found: People, record: Record) -> int:
    field = other_end(record)
    # What they were to each other is nothing to anybody any more.
    strand = Strand(record=record, order="_id", where={field: {"$nin": everyone(found)}} if field else {})
    ids = [one["_id"] for one in found.others]
    ids += [alias["id"] for alias in found.carried if record.element in alias["elements"]]
    (count,) = await context.store.counts([{record.name: ids}], [strand])
    return count


async def _differences(context: Context, differences: Sequence[Difference]) -> list[AttributeDifference]:
    known = await definitions(context)
    # A line that stands there only where hidden values differ would tell whether they do.
    return [
        _difference(one, known, context.viewer)
        for one in differences
        if not one.is_one or is_hidden(known[one.name], context.viewer)
    ]


def _difference(one: Difference, known: Mapping[str, Document], viewer: Viewer) -> AttributeDifference:
    definition = known[one.name]
    is_unseen = is_hidden(definition, viewer)
    values = [
        CustomerValue(
            customer_id=global_id("Customer", key),
            value=None if is_unseen else value,
            is_hidden=is_unseen,
            carries=carried_by(definition),
            concerns=key,
        )
        for key, value in one.values
    ]
    source = global_id("Customer", one.source) if one.source else None
    return AttributeDifference(name=one.name, label=definition["label"], values=values, choice=one.way, from_id=source)


def _entry_difference(context: Context, one: EntryConflict) -> EntryDifference:
    hidden = hidden_from(context.viewer, one.part)
    is_hidden = one.field in hidden
    shown = next(each.cls.__name__ for each in context.declared.keepings if each.what == one.part)
    carries = f"{shown}.{to_camel_case(one.field)}" if one.field in one.part.personal else None
    values = [
        CustomerValue(
            customer_id=global_id("Customer", key),
            value=None if is_hidden else _shown(value),
            is_hidden=is_hidden,
            carries=carries,
            concerns=key,
        )
        for key, value in one.values
    ]
    return EntryDifference(
        part=to_camel_case(one.part.name),
        entry=None if not hidden.isdisjoint(one.part.same) else " ".join(map(str, one.key)),
        field=to_camel_case(one.field),
        values=values,
        from_id=global_id("Customer", one.source) if one.source else None,
    )


def _shown(value: Any) -> AttributeScalar | None:
    """A value as one text, also where it has parts."""
    parts = value.values() if isinstance(value, Mapping) else None
    text = value if parts is None else ", ".join(str(one) for one in parts if one)
    return None if text is None else AttributeScalar(text)
