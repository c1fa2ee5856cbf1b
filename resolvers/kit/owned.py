"""Which of the things that were asked for by their ids are the viewer's own?"""

from collections.abc import Mapping
from typing import TypeVar

from adapters.records import Document, Record, RecordId
from resolvers.kit.context import Context
from resolvers.kit.viewer import Role

K = TypeVar("K")


async def own_only(context: Context, record: Record, documents: Mapping[K, Document]) -> dict[K, Document]:
    """Those of the documents that are the visitor's own, by whichever id of a merged customer; to others, all of them.

    The ids are looked for only where some are not under the visitor's present one.
    """
    viewer, field = context.viewer, record.customer
    if viewer.role is not Role.VISITOR or field is None:
        return dict(documents)
    key = viewer.customer_id
    mine: set[RecordId] = set() if key is None else {key}
    # Whoever is not proven to be the customer has the chat of that one browser alone.
    if key is not None and not viewer.fields and any(one[field] not in {None, key} for one in documents.values()):
        customers_by_id = context.declared.finders[
            context.declared.by_name[context.declared.customers.name].cls.__name__
        ]
        customer = await context.loaders.load(customers_by_id, key)
        mine.update(customer.owner([record])[record.name] if customer else ())
    return {name: one for name, one in documents.items() if one[field] in mine}
