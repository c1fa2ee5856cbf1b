"""What do the records that the outside hands over mean in storage, whichever way they came: file, delivery or call?

A batch is taken in whole: one transaction, a read and at most two writes per collection, whatever the number of
records. Rejected records are told with their reasons; the others of the batch are taken.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime

from adapters.contract.records import HandedOver
from adapters.failures import Overtaken, Taken
from adapters.mongo import Store
from adapters.records import Document
from resolvers.attribute_schema import definitions_by_name
from resolvers.ingest.forgotten import Sifted, sift
from resolvers.ingest.renaming import rename
from resolvers.ingest.report import UNCHANGED, Result, TakenIn, Visit, stored_moment
from resolvers.ingest.taking import Batch
from resolvers.privacy.removing import remove_doomed

# A collision of two takers is over when one has committed; more in a row means that something else is wrong.
_ATTEMPTS = 10

Along = Callable[[TakenIn], Awaitable[None]]


async def take(  # noqa: PLR0913 - the circumstances of a batch, each by its name
    store: Store,
    records: Sequence[HandedOver],
    *,
    at: datetime,
    by: str,
    default_region: str | None = None,
    along: Along | None = None,
    is_lenient: bool = False,
    came_at: Sequence[datetime] | None = None,
) -> TakenIn:
    """What became of each record, when all of them are stored or none is.

    A person is found by identity and made where nobody is known by it; what belongs to someone unknown makes an
    anonymous customer. `along` writes what must be committed together with the batch. `by` is kept as who changed
    what. `is_lenient`: a phone number or e-mail address of a person that can be none is left out and named in the
    result's notes, as nobody can mend a delivery; else the person is rejected. `came_at`: when each record came from
    its channel; what channels say of erased people is left out then and counts as unchanged (forgotten.py). A file is
    the company's own word, and leaves nobody out. Raises StoreError where the database fails, and then nothing was
    written.
    """
    # A refusal ends a transaction; one that somebody else began cannot be done again from here, and may be taken back.
    is_careful = is_inside = store.is_transacting

    async def work() -> tuple[TakenIn, bool]:
        known = await definitions_by_name(store)
        visit = Visit(
            at=stored_moment(at, "at"),
            by=by,
            default_region=default_region,
            definitions=known,
            is_of_file=came_at is None,
            is_typed=came_at is None,
            is_lenient=is_lenient,
        )
        sifted = await _sifted(store, records, came_at, default_region)
        renamed = await rename(store, visit, sifted.records)
        batch = Batch(visit, sifted.records, renamed)
        await batch.load(store, is_careful=is_careful)
        await batch.take()
        # What a renaming has written in this transaction cannot be written beside it.
        if not is_inside and not renamed:
            await batch.hear(store)
        await batch.write(store)
        taken = _spread(await batch.finish(store), sifted, len(records))
        await sifted.write(store)
        if along is not None:
            await along(taken)
        return taken, batch.may_have_removed_files

    async def stored() -> tuple[TakenIn, bool]:
        nonlocal is_careful
        # A transaction that a refusal has ended takes no second attempt.
        for _ in range(0 if is_inside else _ATTEMPTS - 1):
            try:
                return await store.transact(work)
            except (Taken, Overtaken):
                # Someone else took the same new person in; the next attempt finds what they stored.
                is_careful = True
        return await store.transact(work)

    taken, may_have_removed_files = await stored()
    if may_have_removed_files and not is_inside:
        # Bytes stand in no transaction. Whoever dies here leaves them to the job that removes such.
        await remove_doomed(store)
    return taken


async def judged(  # noqa: PLR0913 - the same circumstances
    store: Store,
    records: Sequence[HandedOver],
    *,
    at: datetime,
    by: str,
    default_region: str | None = None,
    definitions: Iterable[Document] = (),
    came_at: Sequence[datetime] | None = None,
) -> TakenIn:
    """What would become of each record if it were taken; nothing is written.

    `definitions` are attributes that would be defined by then. Raises StoreError where the database fails.
    """
    known = {one["name"]: one for one in definitions} | {**await definitions_by_name(store)}
    visit = Visit(
        at=stored_moment(at, "at"),
        by=by,
        default_region=default_region,
        definitions=known,
        is_typed=came_at is None,
    )
    sifted = await _sifted(store, records, came_at, default_region)
    batch = Batch(visit, sifted.records, await rename(store, visit, sifted.records, is_dry=True))
    await batch.load(store, is_careful=True)
    return _spread(await batch.take(), sifted, len(records))


async def _sifted(
    store: Store, records: Sequence[HandedOver], came_at: Sequence[datetime] | None, region: str | None
) -> Sifted:
    if came_at is None:
        return Sifted(records, range(len(records)))
    return await sift(store, records, came_at, region=region)


def _spread(taken: TakenIn, sifted: Sifted, count: int) -> TakenIn:
    """What became of every record, those that were left out among them."""
    if len(sifted.places) == count:
        return taken
    results: list[Result] = [UNCHANGED] * count
    for place, result in zip(sifted.places, taken.results, strict=True):
        results[place] = result
    return TakenIn(results)
