"""Which thing has this id, whatever its type?"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry

from adapters.records import Record, RecordId
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about
from resolvers.kit.erased import being_erased
from resolvers.kit.errors import BadUserInput
from resolvers.kit.ids import split_id
from resolvers.kit.lists import hidden_from
from resolvers.kit.proofs import only_shown
from resolvers.kit.slice import Keeping, Slice
from resolvers.kit.stored import STORED, Node
from resolvers.kit.viewer import EVERYONE
from resolvers.merging.ledger import moved
from resolvers.owned import own_only

SLICE = Slice("nodes")


@SLICE.query(may=EVERYONE)
async def node(info: Info, id: Annotated[strawberry.ID, about("The id of anything.")]) -> Node | None:
    """The thing with this id; null when it is no longer there, or not yours to see."""
    if _parsed(info.context, id) is None:
        raise BadUserInput(
            f"`id` is none of this gateway's, but a text of {len(id)} characters. Send an `id` as it was answered, "
            "unchanged."
        )
    return (await _find(info.context, [id]))[0]


@SLICE.query(may=EVERYONE)
async def nodes(info: Info, ids: Annotated[list[strawberry.ID], about("Ids of anything.")]) -> list[Node | None]:
    """The things with these ids, in their order.

    Null stands in the place of what is not there, is not yours to see, or is no id of this gateway.
    """
    largest = info.context.limits.largest_page
    if len(ids) > largest:
        raise BadUserInput(f"`ids` has {len(ids)} ids; at most {largest} are found at once. Ask in several questions.")
    return await _find(info.context, ids)


async def _find(context: Context, ids: Sequence[str]) -> list[Node | None]:
    """The things in the ids' order; one command per type among them."""
    wanted = [_parsed(context, one) for one in ids]
    by_type: dict[str, list[RecordId]] = {}
    for type_name, key in filter(None, wanted):
        by_type.setdefault(type_name, []).append(key)
    found = {name: await _of_type(context, name, keys) for name, keys in by_type.items()}
    return [found[one[0]].get(one[1]) if one else None for one in wanted]


def _parsed(context: Context, text: str) -> tuple[str, RecordId] | None:
    split = split_id(text)
    return split if split and split[0] in context.declared.nodes else None


async def _of_type(context: Context, type_name: str, keys: Sequence[RecordId]) -> Mapping[RecordId, Any]:
    keeping = context.declared.nodes[type_name]
    if context.viewer.role not in keeping.may:
        return {}
    finder = context.declared.finders.get(type_name)
    found = await (finder(context, keys) if finder else _by_documents(context, keeping, keys))
    if keeping.record.customer == "_id":
        return moved(found)
    return await _of_those_who_stand(context, keeping.record, found)


async def _of_those_who_stand(
    context: Context, record: Record, found: Mapping[RecordId, Any]
) -> Mapping[RecordId, Any]:
    """The same without what is a customer's who is being erased: of a long history something may be there yet."""
    erased = await being_erased(context.store) if record.customer else frozenset()
    if not erased:
        return found
    return {key: one for key, one in found.items() if one.__dict__[STORED].get(record.customer) not in erased}


async def _by_documents(context: Context, keeping: Keeping, keys: Sequence[RecordId]) -> Mapping[RecordId, Any]:
    record = keeping.record
    hidden = hidden_from(context.viewer, record)
    found = await only_shown(context, record, await context.store.by_ids(record, keys))
    if record.customer is not None:
        # Nobody's is what only stands for something that is not here.
        found = {key: one for key, one in found.items() if one[record.customer] is not None}
        found = await own_only(context, record, found)
    return {key: keeping.reader.read(document, hidden) for key, document in found.items()}
