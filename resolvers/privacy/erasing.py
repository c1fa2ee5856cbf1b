"""How is a customer erased, so that nobody sees any of it from the first moment on, and nothing is left in the end?

The first transaction removes the customers' documents, the keys of their identities and as many records as one takes,
and writes the receipt. What is left goes in further batches (`erasures`, a leased job). Whoever was just writing for
the customer may have written behind that: so an erasure is done when nothing is found any more, longer after the last
thing was than any change takes.
"""

import time
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, new_id
from resolvers.kit.erased import ERASING, forget
from resolvers.kit.shift import Shift
from resolvers.kit.slice import Declared
from resolvers.privacy.naming import keys_of, naming, write_down
from resolvers.privacy.receipts import ERASURES, SETTLING, SLICE, ErasureReason, ErasureState
from resolvers.privacy.removing import BATCH, DOOMED_FILES, Counts, Removing, remove_doomed

_EVERY_S = 2.0
# Whoever removes records removes their files' bytes at once; this is for those who were killed in between.
_LEFT_BEHIND_S = 60.0
# A step is short, so that a process may end at any time.
_STEP_S = 1.5
_AT_ONCE = 5
# The customers themselves and what leads to them go first, what there may be very much of last.
_FIRST, _LAST = 0, 2


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """Who wants a customer erased, and why."""

    by: str
    at: datetime
    reason: ErasureReason
    reference: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Share:
    """The documents of one record that an erasure is about."""

    record: Record
    where: Mapping[str, Any]
    emptied: Document | None = None
    """What is written into them; None: they are removed."""


def shares(declared: Declared, ids: Sequence[RecordId], keys: Sequence[str] = ()) -> Iterator[Share]:
    """Everything that is kept of these customers, by what the slices declare: what goes first comes first.

    `keys`: the primary keys of their identities, as long as nobody has written their ids beside them.
    """
    many = [record.belongs for record in declared.records if record.belongs and _is_many(record)]
    crowded = {name for belonging in many for name in belonging.to}
    for record in sorted(declared.records, key=partial(_rank, crowded)):
        if record.customer is not None:
            yield Share(record, {record.customer: {"$in": list(ids)}})
        if record.mentions is not None:
            where: dict[str, Any] = {"$or": naming(record.mentions, ids, keys)}
            if record.customer is not None:
                # What is their own is in the share before.
                where[record.customer] = {"$nin": list(ids)}
            yield Share(record, where, record.mentions.emptied)


def _is_many(record: Record) -> bool:
    """Whether there may be very many of a record: of messages, and what else happens as a piece of something."""
    return record.belongs is not None and record.timeline is not None


def _rank(crowded: Container[str], record: Record) -> int:
    if record.customer == "_id" or (record.customer and not record.element and not record.timeline):
        return _FIRST
    return _LAST if _is_many(record) or record.name in crowded else _FIRST + 1


async def begin(store: Store, declared: Declared, customer: Document, request: Request) -> Document | None:
    """The receipt of the erasure, begun; None where the customer was changed since the document was read.

    Belongs into a transaction: the document is the one that speaks for the customer, as it is read there.
    """
    ids = [customer["_id"], *(one["id"] for one in customer.get("aliases") or ())]
    if not await store.delete(declared.customers, {"_id": ids[0], "version": customer["version"]}):
        return None
    # Before they go: by them, what the channels say of the customer from now on is known to be an erased one's.
    keys = await keys_of(store, ids)
    await forget(store, keys, request.at)
    await write_down(store, declared, ids[0], keys)
    key = new_id()
    receipt = {
        "_id": key,
        "state": ErasureState.RUNNING.value,
        "reason": request.reason.value,
        "reference": request.reference,
        "customer_ids": ids,
        "removed": {declared.customers.name: 1},
        "emptied": {},
        "requested_at": request.at,
        "requested_by": request.by,
        "quiet_since": request.at,
        "done_at": None,
    }
    await store.insert(ERASURES, receipt)
    await store.insert(ERASING, *({"_id": one, "erasure_id": key, "due_at": request.at} for one in ids))
    await _batch(store, declared, receipt, request.at)
    return await store.first(ERASURES, {"_id": key})


async def go_on(store: Store, declared: Declared, key: RecordId, at: datetime) -> bool:
    """Whether a batch removed anything, or the erasure is over; without it nothing is to do before its next look."""
    count = 0

    async def work() -> bool:
        nonlocal count
        receipt = await _running(store, key)
        if receipt is None:
            return False
        count = await _batch(store, declared, receipt, at)
        return count > 0 or await _rest(store, receipt, at)

    is_more = await store.transact(work)
    if count >= BATCH:
        await _hasten(store, declared, key, at)
    return is_more


async def _running(store: Store, key: RecordId) -> Document | None:
    return await store.first(ERASURES, {"_id": key, "state": ErasureState.RUNNING.value})


async def _hasten(store: Store, declared: Declared, key: RecordId, at: datetime) -> None:
    """Removes several batches of a long list that was looked up once.

    The database passes over what was removed lately each time that it begins at the head of the list.
    """
    receipt = await _running(store, key)
    if receipt is None:
        return
    ends_at = time.monotonic() + _STEP_S
    for share in shares(declared, receipt["customer_ids"]):
        if share.emptied is None:
            found = await store.find(share.record, share.where, limit=_AT_ONCE * BATCH, only=["_id"])
            keys = [one["_id"] for one in found]
            for begin in range(0, len(keys), BATCH):
                some = keys[begin : begin + BATCH]
                await store.transact(partial(_these, store, declared, key, share.record, some, at))
                if time.monotonic() > ends_at:
                    return
            if len(keys) > BATCH:
                return


async def _these(
    store: Store, declared: Declared, key: RecordId, record: Record, keys: Sequence[RecordId], at: datetime
) -> None:
    """Removes these documents, as far as they are still what is to be erased."""
    receipt = await _running(store, key)
    if receipt is None:
        return
    # An expression uses no index: they are to be found by their ids. Somebody new may have taken one over meanwhile.
    named = [*([record.customer] if record.customer else ()), *(record.mentions.fields if record.mentions else ())]
    ours = {"$or": [_is_any(name, receipt["customer_ids"]) for name in named]}
    removed = await Removing(store, declared.records).some(record, {"_id": {"$in": list(keys)}, "$expr": ours}, BATCH)
    await _count(store, receipt, removed, Counter(), at)


def _is_any(name: str, ids: Sequence[RecordId]) -> Document:
    """Whether the field holds one of these, by itself or in a list."""
    held = {"$cond": [{"$isArray": f"${name}"}, f"${name}", [f"${name}"]]}
    return {"$gt": [{"$size": {"$setIntersection": [held, list(ids)]}}, 0]}


async def _batch(store: Store, declared: Declared, receipt: Document, at: datetime) -> int:
    """Removes as much as one transaction takes, and writes it into the receipt; answers how much that was."""
    removing, removed, emptied = Removing(store, declared.records), Counter[str](), Counter[str]()
    for share in shares(declared, receipt["customer_ids"]):
        room = BATCH - removed.total()
        if room <= 0:
            break
        if share.emptied is not None:
            emptied[share.record.name] += await store.update_all(share.record, share.where, {"$set": share.emptied})
        else:
            removed += await removing.some(share.record, share.where, room)
    return await _count(store, receipt, removed, emptied, at)


async def _count(store: Store, receipt: Document, removed: Counts, emptied: Counts, at: datetime) -> int:
    """Writes into the receipt what was removed and emptied; answers how much that was."""
    count = removed.total() + emptied.total()
    if count:
        counts = {**_paths("removed", removed), **_paths("emptied", emptied)}
        await store.update(ERASURES, {"_id": receipt["_id"]}, {"$inc": counts, "$set": {"quiet_since": at}})
    return count


async def _rest(store: Store, receipt: Document, at: datetime) -> bool:
    """Ends the erasure where nothing was found for long enough, or says when to look again; whether it is over."""
    settled_at: datetime = receipt["quiet_since"] + SETTLING
    ours = {"erasure_id": receipt["_id"]}
    if at < settled_at:
        await store.update_all(ERASING, ours, {"$set": {"due_at": settled_at}})
        return False
    await store.delete(ERASING, ours)
    over = {"state": ErasureState.DONE.value, "done_at": at}
    await store.update(ERASURES, {"_id": receipt["_id"]}, {"$set": over, "$unset": {"quiet_since": ""}})
    return True


def _paths(field: str, counts: Counts) -> dict[str, int]:
    return {f"{field}.{name}": count for name, count in counts.items() if count}


# The job


async def _due(shift: Shift) -> Sequence[RecordId]:
    """The erasures that have something to do now."""
    now = shift.clock()
    running = (await shift.store.held.all(ERASING)).values()
    return list(dict.fromkeys(one["erasure_id"] for one in running if one["due_at"] <= now))


async def _is_due(shift: Shift) -> bool:
    return bool(await _due(shift))


@SLICE.job("erasures", every_s=_EVERY_S, when=_is_due)
async def work_on(shift: Shift) -> bool:
    """Goes on with the erasures that were begun: one batch of each."""
    # Whoever dies between a batch and the bytes of its files leaves an erasure that is not over.
    is_more = bool(await remove_doomed(shift.store))
    for key in await _due(shift):
        is_more |= await go_on(shift.store, shift.declared, key, shift.clock())
        is_more |= bool(await remove_doomed(shift.store))
    return is_more


async def _is_left_behind(shift: Shift) -> bool:
    return bool(await shift.store.find(DOOMED_FILES, {}, limit=1, only=["_id"]))


@SLICE.job("bytes of removed files", every_s=_LEFT_BEHIND_S, when=_is_left_behind)
async def remove_left_behind(shift: Shift) -> bool:
    """Removes bytes whose records are gone, whoever removed these: a delivery, retention, an erasure."""
    return bool(await remove_doomed(shift.store))
