"""Which things of a type have these ids, as far as they are the viewer's to see?"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.records import Record, RecordId
from resolvers.kit.context import Context
from resolvers.kit.erased import being_erased
from resolvers.kit.keepings import Keeping
from resolvers.kit.lists import hidden_from
from resolvers.kit.owned import own_only
from resolvers.kit.proofs import only_shown
from resolvers.kit.stored import STORED


async def things_by_id(context: Context, type_name: str, keys: Sequence[RecordId]) -> Mapping[RecordId, Any]:
    """The things by storage id, in one load; absent is what is not there, or not the viewer's to see.

    The old id of a customer who was merged gives the survivor.
    """
    keeping = context.declared.nodes[type_name]
    if context.viewer.role not in keeping.may:
        return {}
    finder = context.declared.finders.get(type_name)
    found = await (finder(context, keys) if finder else _by_documents(context, keeping, keys))
    return await _of_those_who_stand(context, keeping.record, found)


async def _of_those_who_stand(
    context: Context, record: Record, found: Mapping[RecordId, Any]
) -> Mapping[RecordId, Any]:
    """The same without what is a customer's who is being erased: of a long history something may be there yet."""
    is_customers = record.customer is not None and record.customer != "_id"
    erased = await being_erased(context.store) if is_customers else frozenset()
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
