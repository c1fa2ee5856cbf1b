"""Which thing has this id, whatever its type?"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import strawberry

from adapters.records import RecordId
from resolvers.kit.by_id import things_by_id
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about
from resolvers.kit.errors import BadUserInput
from resolvers.kit.ids import split_id
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node
from resolvers.kit.texts import text_of
from resolvers.kit.viewer import EVERYONE
from resolvers.merging.ledger import moved

SLICE = Slice("nodes")


@SLICE.query(may=EVERYONE)
async def node(info: Info, id: Annotated[strawberry.ID, about("The id of anything.")]) -> Node | None:
    """The thing with this id; null when it is no longer there, or not yours to see."""
    if _parsed(info.context, id) is None:
        raise BadUserInput(
            f"`id` is none of this gateway's, but {text_of(id)}. Send an `id` as it was answered, unchanged."
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
    found = await things_by_id(context, type_name, keys)
    return moved(found) if context.declared.nodes[type_name].record.customer == "_id" else found
