"""Who is being erased at this moment?

An erasure takes a customer's own document first, and with it most of what there is; of a very long history the rest
goes within the next seconds. Until then whoever finds a record by its own id, and whoever takes something in for it,
asks here.
"""

from adapters.mongo import Store
from adapters.records import Index, Record, RecordId

ERASING = Record(
    name="customers_being_erased",
    # Its id is the former customer's; that customer's records are what the erasure removes, and not this.
    customer=None,
    indexes=(Index(("erasure_id",)),),
    is_held=True,
)
"""The ids of customers and their aliases while they are erased: few, and none for longer than some minutes."""


async def being_erased(store: Store) -> frozenset[RecordId]:
    """The ids under which nothing is shown and nothing is written any more."""
    return frozenset(await store.held.all(ERASING))
