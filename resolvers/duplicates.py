"""Which customers are probably one person, as the last scan found them, and of which did people say that they are two?

A pair is kept once, under an id that follows from its two customers; what people said of it stays through every scan.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Annotated, Any

import strawberry

from adapters.mongo import Store
from adapters.records import Document, Index, Mention, Record, RecordId
from adapters.windows import Position, Strand, Window, branches, stretch
from resolvers.attribute_rules import MatchingRole
from resolvers.attribute_schema import definitions_by_name
from resolvers.customers import CUSTOMERS, Customer, customers_by_id
from resolvers.identities import IdentifiedCustomer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, NotFound, conflict, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.paging import Connection, Page, Sealing, connection
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.viewer import STAFF
from resolvers.matching import Evidence, Score, doubles_among, evidence_of
from resolvers.matching.levels import Level

PAIRS = Record(
    name="duplicate_suggestions",
    customer=None,
    key=("one_id", "other_id"),
    indexes=(
        Index(("is_dismissed", "bits", "_id")),
        Index(("one_id", "is_dismissed", "bits", "_id")),
        Index(("other_id", "is_dismissed", "bits", "_id")),
    ),
    mentions=Mention(fields=("one_id", "other_id")),
)

SLICE = Slice("duplicates")

_BATCH = 1_000
_READ = ("attributes", "contact_points", "version")
_OF_ONE = 20


@graph_enum(
    {
        "FAR": "They say different things.",
        "PARTIAL": "They have a part in common.",
        "SWAPPED": "One's given name is the other's family name.",
        "NEAR": "Alike but for slips of the pen, the ear or the keyboard.",
        "VARIANT": "A nickname or short form of the other.",
        "EXACT": "The same.",
        "OWN": "The same, and made of the person's own name.",
    }
)
class MatchLevel(Enum):
    """How well two customers agree in one respect."""

    FAR = "FAR"
    PARTIAL = "PARTIAL"
    SWAPPED = "SWAPPED"
    NEAR = "NEAR"
    VARIANT = "VARIANT"
    EXACT = "EXACT"
    OWN = "OWN"


@graph_type
class MatchReason:
    """What one kind of evidence says. The values themselves are not told."""

    role: MatchingRole = kept("The kind of evidence.")
    level: MatchLevel = kept("How well the two agree in it.")
    weight: float = kept("What that weighs, in bits: how much likelier (or, below 0, less likely) one person is by it.")


@SLICE.keeps(PAIRS, may=STAFF)
class DuplicateSuggestion(Node):
    """Two customers who are probably one person."""

    score: float = kept("How likely they are one person, from 0 to 1.", at="probability")
    is_sure: bool = kept("Whether a machine might merge them; for a suggestion to people less is enough.")
    reasons: list[MatchReason] = kept("What speaks for it and against it, the weightiest first.")
    found_at: datetime = kept("When a scan found it last.")
    dismissed_at: datetime | None = kept("When somebody said that these are different people; null if nobody did.")
    dismissed_by: str | None = kept("Who said so.")
    one_id: strawberry.Private[RecordId] = inner()
    other_id: strawberry.Private[RecordId] = inner()


@SLICE.column(DuplicateSuggestion, may=STAFF, reads=["one_id", "other_id"])
async def customers(suggestions: list[DuplicateSuggestion], info: Info) -> list[list[Customer]]:
    """The two; one alone once they are merged."""
    keys = [key for one in suggestions for key in (one.one_id, one.other_id)]
    found = await customers_by_id(info.context, list(dict.fromkeys(keys)))
    both = [[found.get(one.one_id), found.get(one.other_id)] for one in suggestions]
    return [list({one.key: one for one in some if one}.values()) for some in both]


@SLICE.query(may=STAFF)
async def duplicate_suggestions(
    info: Info,
    page: Page,
    is_dismissed: Annotated[bool, about("Instead those of whom somebody said that they are two.")] = False,
) -> Connection[DuplicateSuggestion]:
    """Customers who are probably one person, the likeliest first, as `profile-gateway duplicates` found them."""
    context, state = info.context, {"is_dismissed": is_dismissed}
    sealing = Sealing(context.seal, "duplicateSuggestions", is_dismissed)
    window = page.window(sealing, newest_first=True)
    found = await _strongest(context, [state], window)
    context.budget.spend(len(found))
    read = reader_of(DuplicateSuggestion).read
    places = [Position(one["bits"], "", one["_id"]) for one in found]

    async def count(context: Context) -> int:
        return await context.store.count(PAIRS, state)

    return connection([read(one) for one in found], places, page, sealing, count)


@SLICE.column(Customer, may=STAFF, reads=())
async def suggestions(
    customers: list[Customer],
    info: Info,
    first: Annotated[int, about(f"How many, at most {_OF_ONE}.")] = 5,
) -> list[list[DuplicateSuggestion]]:
    """Who is probably the same person, the likeliest first, as the last scan found it; dismissed ones are left out."""
    context = info.context
    wanted = max(0, min(first, _OF_ONE))
    ids = {key: one.key for one in customers for key in one.owner([PAIRS])[PAIRS.name]}
    found = await _strongest(
        context,
        [{name: {"$in": list(ids)}, "is_dismissed": False} for name in ("one_id", "other_id")],
        Window(limit=_OF_ONE * len(customers), is_descending=True),
    )
    context.budget.spend(len(found))
    by_customer: dict[RecordId, dict[RecordId, DuplicateSuggestion]] = {one.key: {} for one in customers}
    for document in found:
        ends = {ids.get(document["one_id"]), ids.get(document["other_id"])}
        # Whose two ends are one customer by now has been merged.
        for key in ends - {None} if len(ends) > 1 else ():
            by_customer[key].setdefault(document["_id"], reader_of(DuplicateSuggestion).read(document))  # type: ignore[index]
    return [list(by_customer[one.key].values())[:wanted] for one in customers]


@SLICE.column(IdentifiedCustomer, may=STAFF, name="suggestions")
async def suggestions_of_identified(
    found: list[IdentifiedCustomer],
    info: Info,
    first: Annotated[int, about(f"How many, at most {_OF_ONE}.")] = 5,
) -> list[list[DuplicateSuggestion]]:
    """Who is probably the same person as the customer, the likeliest first."""
    return await suggestions([one.customer for one in found], info, first)


async def _strongest(context: Context, states: Sequence[Document], window: Window) -> list[Document]:
    """The pairs of the window in these states, the likeliest first, each state read along its index: one command."""
    strand = Strand(record=PAIRS, order="bits", by="one_id")
    reads = [
        [{"$match": state}, *stretch(strand, bounds, window)]
        for state in states
        for _, bounds in branches([strand], window)
    ]
    first, *others = reads
    way = -1 if window.is_descending else 1
    unions: list[Document] = [{"$unionWith": {"coll": PAIRS.name, "pipeline": one}} for one in others]
    tail: list[Document] = [{"$sort": {"bits": way, "_id": way}}, {"$limit": window.limit}] if others else []
    return await context.store.aggregate(PAIRS, [*first, *unions, *tail])


# What people say


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
    key = key_of(input.id, "DuplicateSuggestion")
    said = {"is_dismissed": True, "dismissed_at": context.clock(), "dismissed_by": context.viewer.subject}
    found = await context.store.update(PAIRS, {"_id": key, "is_dismissed": False}, {"$set": said}) if key else None
    if found is None:
        if key and await context.store.first(PAIRS, {"_id": key}):
            raise conflict("Somebody has said so already; there is nothing to do.", "input", "id")
        raise not_found("suggestion")
    return DismissDuplicatePayload(suggestion=reader_of(DuplicateSuggestion).read(found))


# What a scan finds


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan of all customers came to."""

    customers: int
    compared: int
    """Pairs of customers that were compared."""
    suggested: int
    sure: int
    """Of these, pairs that a machine might merge."""
    people: Sequence[Sequence[RecordId]]
    """Those whom a machine might merge, person by person."""
    versions: Mapping[RecordId, int]
    """The version at which each of those was read."""


Tell = Callable[[int], None]
"""Is told how many customers were read."""


async def scan(store: Store, *, at: datetime, tell: Tell, compares: Callable[[], None] = lambda: None) -> Scanned:
    """Compares all customers, and writes whom it finds in the place of what was suggested before.

    Holds what is compared of every customer in memory: some kilobytes each. `compares` is called when all are read.
    """
    known = (await definitions_by_name(store)).values()
    evidence, versions = await _read_all(store, list(known), tell)
    apart = await _apart(store)
    compares()
    found = await asyncio.to_thread(partial(doubles_among, evidence, apart=apart))
    suggested = [pair for members in found.to_suggest() for pair in _pairs(members)]
    sure = {pair for members in found.to_merge() for pair in _pairs(members)}
    scores = [(pair, found.clusters.score(*pair)) for pair in suggested]
    kept = [(pair, score) for pair, score in scores if score.bits >= found.weights.suggest_at]
    await _write(store, kept, sure, at)
    people = [[_id(key) for key in members] for members in found.to_merge()]
    read = {key: versions[key] for members in people for key in members}
    return Scanned(len(versions), found.compared, len(kept), len(sure), people, read)


async def _read_all(
    store: Store, known: Sequence[Document], tell: Tell
) -> tuple[dict[str, Evidence], dict[RecordId, int]]:
    """What is compared of each customer who is one of their own, and the version of each."""
    evidence: dict[str, Evidence] = {}
    versions: dict[RecordId, int] = {}
    beyond: Mapping[str, Any] = {}
    while batch := await store.find(
        CUSTOMERS, {"merged_into": None, **beyond}, order=[("_id", 1)], limit=_BATCH, only=_READ
    ):
        for document in batch:
            versions[document["_id"]] = document["version"]
            found = evidence_of(document, known)
            if not found.is_empty():
                evidence[str(document["_id"])] = found
        beyond = {"_id": {"$gt": batch[-1]["_id"]}}
        tell(len(batch))
    return evidence, versions


async def _apart(store: Store) -> set[tuple[str, str]]:
    dismissed = await store.find(PAIRS, {"is_dismissed": True}, only=["one_id", "other_id"])
    return {_pair(str(one["one_id"]), str(one["other_id"])) for one in dismissed}


def _pairs(members: Sequence[str]) -> Iterable[tuple[str, str]]:
    return (_pair(one, other) for n, one in enumerate(members) for other in members[n + 1 :])


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


async def _write(
    store: Store, found: Sequence[tuple[tuple[str, str], Score]], sure: set[tuple[str, str]], at: datetime
) -> None:
    for begin in range(0, len(found), _BATCH):
        await store.upsert(
            PAIRS, [_kept(pair, score, at, is_sure=pair in sure) for pair, score in found[begin : begin + _BATCH]]
        )
    # What is found no more was edited or merged since.
    await store.delete(PAIRS, {"found_at": {"$ne": at}, "is_dismissed": False})


def _kept(pair: tuple[str, str], score: Score, at: datetime, *, is_sure: bool) -> tuple[RecordId, Document]:
    ends = {"one_id": _id(pair[0]), "other_id": _id(pair[1])}
    reasons = sorted(score.reasons, key=lambda one: -abs(one.weight))
    said = {
        **ends,
        "bits": score.bits,
        "probability": score.probability,
        "is_sure": is_sure,
        "reasons": [{"role": one.role.value, "level": Level(one.level).name, "weight": one.weight} for one in reasons],
        "found_at": at,
    }
    fresh = {"is_dismissed": False, "dismissed_at": None, "dismissed_by": None}
    return PAIRS.id_of(ends), {"$set": said, "$setOnInsert": fresh}


def _id(text: str) -> RecordId:
    return RecordId(text)
