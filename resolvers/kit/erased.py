"""Who is being erased at this moment, and who was?

An erasure takes a customer's own document first, and with it most of what there is; of a very long history the rest
goes within the next seconds. Until then whoever finds a record by its own id, and whoever takes something in for it,
asks here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

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


# What must not come back


FORGOTTEN = Record(name="erased_identities", customer=None, aged_by="erased_at")
"""By which accounts on channels erased customers were known: a hash under the gateway's secret, and when that was.

Channels keep what they have of a person for years, and whoever reads it there again would bring the person back. So a
mark has no end of its own; where a company has its channels erase, too, a retention setting gives it one. It stays when
the person comes back by a word of their own (`back_at`): what is from before the erasure stays out all the same.
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """What is known of an identity that was an erased customer's."""

    id: RecordId
    erased_at: datetime
    is_back: bool
    """Whether its person has come back by a word of their own since."""


def mark_id(store: Store, digest: str) -> RecordId:
    """Under which id the mark of an identity stands, by the identity's primary key."""
    return store.veil.id_of("erased identity", digest)


async def marks_of(store: Store, digests: Iterable[str]) -> dict[str, Mark]:
    """The marks of those of these identities that were an erased customer's, by the identities' primary keys."""
    ids = {mark_id(store, digest): digest for digest in digests}
    found = await store.by_ids(FORGOTTEN, ids)
    return {ids[key]: Mark(key, one["erased_at"], one["back_at"] is not None) for key, one in found.items()}


async def anyone_forgotten(store: Store) -> bool:
    """Whether anybody was erased who was known by an account."""
    return bool(await store.find(FORGOTTEN, {}, limit=1, only=["_id"]))


async def forget(store: Store, digests: Iterable[str], at: datetime) -> None:
    """Marks these identities as an erased customer's; belongs into the transaction that erases."""
    ids = dict.fromkeys(mark_id(store, digest) for digest in digests)
    await store.replace(FORGOTTEN, [{"_id": key, "erased_at": at, "back_at": None} for key in ids])
