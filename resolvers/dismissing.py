"""Of which customers do people say that they are different people, whatever speaks for one person?

It binds every machine, until somebody takes it back.
"""

from collections.abc import Sequence
from itertools import product
from typing import Annotated

import strawberry

from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.duplicates import DuplicateSuggestion, as_seen, pairs_seen
from resolvers.kept_pairs import MOST_DISMISSED, PAIRS, UNKNOWN, pair_of, settle_pairs
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, NotFound, conflict, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.viewer import STAFF

SLICE = Slice("dismissing")


@graph_input
class DismissDuplicateInput:
    """Two who are different people."""

    id: strawberry.ID = told("The suggestion.")


@graph_type
class DismissDuplicatePayload:
    """The suggestion, which is made no more."""

    suggestion: DuplicateSuggestion = told("The suggestion as it is kept.")


@SLICE.mutation(may=STAFF)
async def dismiss_duplicate(
    info: Info, input: Annotated[DismissDuplicateInput, about("Which suggestion.")]
) -> DismissDuplicatePayload | NotFound | Conflict:
    """Says that two customers are different people. No scan suggests them again, and no machine merges them."""
    context = info.context
    said = _dismissed(context)
    found = await _say(context, input.id, {"is_dismissed": False}, said, "Somebody has said so already")
    return DismissDuplicatePayload(suggestion=found)


@graph_input
class ReconsiderDuplicateInput:
    """Two of whom somebody said that they are different people."""

    id: strawberry.ID = told("The suggestion that was dismissed.")


@graph_type
class ReconsiderDuplicatePayload:
    """The suggestion, which is made again."""

    suggestion: DuplicateSuggestion = told("The suggestion as it is kept.")


@SLICE.mutation(may=STAFF)
async def reconsider_duplicate(
    info: Info, input: Annotated[ReconsiderDuplicateInput, about("Which dismissed suggestion.")]
) -> ReconsiderDuplicatePayload | NotFound | Conflict:
    """Takes back that two customers are different people: they may be suggested again, and merged by a machine."""
    said = {"is_dismissed": False, "dismissed_at": None, "dismissed_by": None}
    found = await _say(info.context, input.id, {"is_dismissed": True}, said, "Nobody says that they are two")
    return ReconsiderDuplicatePayload(suggestion=found)


def _dismissed(context: Context) -> Document:
    return {"is_dismissed": True, "dismissed_at": context.clock(), "dismissed_by": context.viewer.subject}


async def _say(context: Context, id: str, unless: Document, said: Document, already: str) -> DuplicateSuggestion:
    key = key_of(id, "DuplicateSuggestion")
    # An id follows from the two customers: who may not know of the pair must not learn that it is there.
    seen = (await pairs_seen(context, [key])).get(key) if key else None
    if seen is None:
        raise not_found("suggestion")

    async def work() -> bool:
        is_said = await context.store.update(PAIRS, {"_id": key, **unless}, {"$set": said}) is not None
        if is_said:
            await settle_pairs(context.store, [seen["one_id"], seen["other_id"]])
        return is_said

    if not await context.store.transact(work):
        if await context.store.first(PAIRS, {"_id": key}) is None:
            # Merged since.
            raise not_found("suggestion")
        raise conflict(f"{already}; there is nothing to do.", "input", "id")
    shown: DuplicateSuggestion = reader_of(DuplicateSuggestion).read({**seen, **said})
    return shown


async def tell_apart(context: Context, some: Sequence[RecordId], others: Sequence[RecordId]) -> None:
    """Keeps that people said that none of some is the same person as any of the others: it binds every machine."""
    said = _dismissed(context)
    unknown = {**UNKNOWN, "found_at": context.clock()}
    changes = []
    for one, other in product(some, others):
        first, second = pair_of(str(one), str(other))
        ends = {"one_id": RecordId(first), "other_id": RecordId(second)}
        changes.append((PAIRS.id_of(ends), {"$set": said, "$setOnInsert": {**ends, **unknown}}))
    await context.store.upsert(PAIRS, changes)


async def are_apart(store: Store, ids: Sequence[RecordId]) -> bool:
    """Whether people said of any two of these that they are different people."""
    within = {"one_id": {"$in": list(ids)}, "other_id": {"$in": list(ids)}, "is_dismissed": True}
    return await store.first(PAIRS, within) is not None


async def dismissed_between(context: Context, people: Sequence[Sequence[RecordId]]) -> list[DuplicateSuggestion]:
    """Of which two of these somebody said that they are different people; each is given by all the ids it has had."""
    owners = {key: n for n, keys in enumerate(people) for key in keys}
    ids = list(owners)
    found = await context.store.find(
        PAIRS, {"one_id": {"$in": ids}, "other_id": {"$in": ids}, "is_dismissed": True}, limit=MOST_DISMISSED
    )
    read = reader_of(DuplicateSuggestion).read
    between = [one for one in found if owners[one["one_id"]] != owners[one["other_id"]]]
    return [read(one) for one in await as_seen(context, between) if one]
