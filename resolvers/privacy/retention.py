"""How long are records kept, by kind, and who removes them then?

Nothing is removed unless a setting says so. A record goes by the moment that its slice declares (`Record.moment`),
together with what is a piece of it. It is done along an index that begins with that moment, in batches.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from adapters.mongo import Store
from adapters.records import Document, Index, Record
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Declared
from resolvers.privacy.receipts import SLICE
from resolvers.privacy.removing import BATCH, Counts, Removing, remove_doomed

RETENTION = "retention"

# Retention counts days at least, so that an hour more or less is none.
_EVERY_S = 3_600.0


class BadRetention(ValueError):
    """A kind that nothing can be kept by; says which there are."""


def kinds(declared: Declared) -> Mapping[str, Record]:
    """What can be kept for a limited time: records of what happened at some moment, by name.

    Customers are none: what they are did not happen at one.
    """
    return {record.name: record for record in declared.records if record.moment and record.customer != "_id"}


def with_retention(declared: Declared, records: Sequence[Record], kept: Mapping[str, timedelta]) -> list[Record]:
    """The records, those of limited life with the index along which they end; raises BadRetention."""
    known = kinds(declared)
    if unknown := sorted(set(kept) - set(known)):
        raise BadRetention(
            f"{', '.join(map(repr, unknown))} cannot be kept for a limited time. "
            f"What can: {', '.join(sorted(known))}. Customers are erased one by one (`eraseCustomer`)."
        )
    return list(_indexed(records, kept))


def _indexed(records: Iterable[Record], kept: Mapping[str, timedelta]) -> Iterable[Record]:
    for record in records:
        if record.name in kept and record.moment:
            along = Index((record.moment, "_id"))
            yield replace(record, indexes=tuple(dict.fromkeys((*record.indexes, along))))
        else:
            yield record


async def _is_wanted(shift: Shift) -> bool:
    return bool(shift.retention)


@SLICE.job(RETENTION, every_s=_EVERY_S, when=_is_wanted)
async def end_what_is_old(shift: Shift) -> bool:
    """Removes a batch of each kind that is older than it may be; whether there may be more."""
    # Whoever died between a batch and its files' bytes left these behind.
    await remove_doomed(shift.store)
    known = kinds(shift.declared)
    is_more = False
    for name, age in shift.retention.items():
        counts = await remove_old(shift.store, shift.declared, known[name], _before(shift, known[name], age))
        is_more |= counts.total() > 0
    return is_more or bool(await remove_doomed(shift.store))


def _before(shift: Shift, record: Record, age: timedelta) -> Document:
    """What is as old as that, to the millisecond, or older."""
    return {str(record.moment): {"$lte": shift.clock() - age}}


async def remove_old(store: Store, declared: Declared, record: Record, where: Document) -> Counts:
    """What was removed of the record's documents that match: one batch, in one transaction."""

    async def work() -> Counts:
        return await Removing(store, declared.records).some(record, where, BATCH)

    counts = await store.transact(work)
    await remove_doomed(store)
    return counts
