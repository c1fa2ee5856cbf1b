"""Which customers are probably one person, and of which did people say that they are two?

Pairs are found by a scan of all customers (resolvers/scanning.py), and for single ones when somebody asks. A pair is
kept once, under an id that follows from its two customers; what people said of it stays whatever is found.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from heapq import nlargest
from typing import Annotated

import strawberry

from adapters.records import Document, Record, RecordId
from adapters.windows import Position, Strand, Window, branches, stretch
from resolvers.aliases import ids_of
from resolvers.attribute_rules import MatchingRole
from resolvers.candidates import Sought
from resolvers.customers import Customer, customers_by_id
from resolvers.identities import IDENTITIES, IdentifiedCustomer
from resolvers.kept_pairs import MOST_DISMISSED, PAIRS, TOLD_BY, UNKNOWN, forget_overtaken, pair_of
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_type
from resolvers.kit.errors import BadUserInput
from resolvers.kit.paging import Connection, Page, Sealing, connection
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.viewer import STAFF
from resolvers.lookalikes import Search, compared
from resolvers.matching import DEFAULT, Score
from resolvers.matching.levels import Level
from resolvers.sight import Sight, sight_of

SLICE = Slice("duplicates")

MOST_OF_ONE = 20
"""Suggestions of one customer."""

# 1 to 2 ms for each, however few are shown: all who are like them are compared.
SEEKING = 20
_SOUGHT_AT_ONCE = 10
_MOST_IDENTITIES = 1_000
# Scores move a little as the base grows; a smaller change is not worth a write.
_SAME_BITS = 0.5
# What is found is written without waiting for the database, which takes some milliseconds at most.
_ON_ITS_WAY_S = 0.05
# Longer than it takes to find out, twice, that a pair is hidden.
_UNKNOWN_TAKES_S = 0.2


@graph_enum(
    {
        "FAR": "They say different things.",
        "LIKE": "Two names that differ by a letter or two, as Daniel and Daniela.",
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
    LIKE = "LIKE"
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
    is_sure: bool = kept(
        "Whether a scan found them one person beyond doubt, so that a machine may merge them; false before any scan."
    )
    found_at: datetime = kept("When a scan found it last.")
    dismissed_at: datetime | None = kept("When somebody said that these are different people; null if nobody did.")
    dismissed_by: str | None = kept("Who said so.")
    one_id: strawberry.Private[RecordId] = inner()
    other_id: strawberry.Private[RecordId] = inner()
    found_reasons: strawberry.Private[list[MatchReason]] = inner(at="reasons")


@SLICE.finds(DuplicateSuggestion)
async def suggestions_by_id(context: Context, keys: Sequence[RecordId]) -> Mapping[RecordId, DuplicateSuggestion]:
    """Suggestions by id, as far as the viewer may know of them."""
    read = reader_of(DuplicateSuggestion).read
    return {key: read(one) for key, one in (await pairs_seen(context, keys)).items()}


async def pairs_seen(context: Context, keys: Sequence[RecordId]) -> dict[RecordId, Document]:
    """Kept pairs by id, as the viewer may know them, also such as were told a moment ago and are on their way.

    One that is hidden takes as long as one that is not there: its id follows from two customers, and the time that an
    answer takes must not tell of them.
    """
    began = time.monotonic()
    seen = await _seen_now(context, keys)
    if len(seen) < len(set(keys)):
        await asyncio.sleep(_ON_ITS_WAY_S)
        seen = await _seen_now(context, keys)
    if len(seen) < len(set(keys)):
        await asyncio.sleep(max(0.0, began + _UNKNOWN_TAKES_S - time.monotonic()))
    return seen


async def _seen_now(context: Context, keys: Sequence[RecordId]) -> dict[RecordId, Document]:
    found = list((await context.store.by_ids(PAIRS, keys)).values())
    return {one["_id"]: one for one in await as_seen(context, found) if one}


async def as_seen(context: Context, pairs: Sequence[Document]) -> list[Document | None]:
    """Kept pairs as the viewer may know them: of whom hidden evidence speaks, those are compared anew without it.

    None for one of which nothing that the viewer may see says enough, and for one of which a merge has just settled
    more. That people said of two that they are two is told in any case.
    """
    there = {one["_id"] for one in await forget_overtaken(context.store, pairs)}
    return [one if one and one["_id"] in there else None for one in await _as_shown(context, pairs)]


async def _as_shown(context: Context, pairs: Sequence[Document]) -> list[Document | None]:
    sight = await sight_of(context)
    mixed = {one["_id"]: one for one in pairs if not sight.is_told(one)}
    if not mixed:
        return list(pairs)
    scores = await compared(context, [(one["one_id"], one["other_id"]) for one in mixed.values()])
    seen = {key: _as_compared(one, score) for (key, one), score in zip(mixed.items(), scores, strict=True)}
    return [seen.get(one["_id"], one) for one in pairs]


def _as_compared(pair: Document, score: Score | None) -> Document | None:
    if score is None:
        return {**pair, **UNKNOWN} if pair["is_dismissed"] else None
    if score.bits < DEFAULT.suggest_at and not pair["is_dismissed"]:
        return None
    return {**pair, **_said(score), "is_sure": score.bits >= DEFAULT.merge_at}


@SLICE.reading(DuplicateSuggestion, reads=["reasons"])
def reasons(suggestion: DuplicateSuggestion) -> list[MatchReason]:
    """What speaks for it and against it, the weightiest first. What you may not see of the two is not compared."""
    return suggestion.found_reasons


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
    """Customers who are probably one person, the likeliest first, as `profile-gateway duplicates` found them.

    Left out, and not counted, are those of whom something speaks that you may not see; `Customer.suggestions` tells
    what else speaks for them.
    """
    context = info.context
    state = {"is_dismissed": is_dismissed, **(await sight_of(context)).untold}
    sealing = Sealing(context.seal, "duplicateSuggestions", is_dismissed)
    window = page.window(sealing, newest_first=True)
    found = await _strongest(context, [state], window)
    while not is_dismissed and len(left := await forget_overtaken(context.store, found)) < len(found):
        found = left if len(found) < window.limit else await _strongest(context, [state], window)
    context.budget.spend(len(found))
    read = reader_of(DuplicateSuggestion).read
    places = [Position(one["bits"], "", one["_id"]) for one in found]

    async def count(context: Context) -> int:
        return await context.store.count(PAIRS, state)

    return connection([read(one) for one in found], places, page, sealing, count)


@SLICE.column(Customer, may=STAFF, reads=["attributes", "contact_points"], costs=SEEKING)
async def suggestions(
    customers: list[Customer],
    info: Info,
    first: Annotated[int, about(f"How many, at most {MOST_OF_ONE}.")] = 5,
) -> list[list[DuplicateSuggestion]]:
    """Who is probably the same person, the likeliest first; of whom somebody said that they are two is left out.

    Before all others come those whom an attribute names by an identity of the customer (`isChannelIdentifier`).
    For up to 10 customers at once this is looked for now, and kept; of more it is told what was found before, by a scan
    or when somebody asked. What you may not see of two customers counts for nothing in either.
    """
    context = info.context
    require_few(first)
    of_each = await (_found_now if len(customers) <= _SOUGHT_AT_ONCE else _found_before)(context, customers)
    read = reader_of(DuplicateSuggestion).read
    context.budget.spend(sum(min(len(pairs), first) for pairs in of_each))
    return [[read(pair) for pair in pairs[:first]] for pairs in of_each]


def require_few(first: int) -> None:
    """Raises BadUserInput where more suggestions are asked for than are given of one."""
    if not 0 <= first <= MOST_OF_ONE:
        raise BadUserInput(f"`first` is {first}; from 0 to {MOST_OF_ONE} suggestions are given of a customer.")


async def _found_before(context: Context, customers: Sequence[Customer]) -> list[list[Document]]:
    """The likeliest pairs of each customer with somebody else: one command, each customer's read along the index."""
    # Pairs stand of those who speak for themselves, and go with the others' merge.
    owners = [{PAIRS.name: [one.key]} for one in customers]
    standing = {"is_dismissed": False, **(await sight_of(context)).untold}
    strands = [Strand(record=PAIRS, order="bits", by=end, where=standing) for end in ("one_id", "other_id")]
    rows = await context.store.windows(owners, strands, Window(limit=MOST_OF_ONE, is_descending=True))
    return [
        [
            row.document
            for row in found
            if not {row.document["one_id"], row.document["other_id"]} <= set(ids_of(one.document))
        ]
        for one, found in zip(customers, rows, strict=True)
    ]


async def _found_now(context: Context, customers: Sequence[Customer]) -> list[list[Document]]:
    """What was found before is compared anew, and what is new is kept, so that it has an id to be dismissed by.

    Most often one command and a write: a second one where identities or earlier suggestions lead to somebody else.
    """
    sight, search = await sight_of(context), await Search.begin(context)
    beside = _beside(await search.ask([Sought(one.document) for one in customers], beside=_reads(customers)), customers)
    sought = [Sought(one.document, beside.identities[one.key], also=beside.told(one.key, sight)) for one in customers]
    await search.ask(sought)
    at, is_limited = context.clock(), bool(sight.roles)
    of_each: list[list[Document]] = []
    news: dict[RecordId, Document] = {}
    for one, likely in zip(customers, search.likely(sought), strict=True):
        pairs: list[Document] = []
        for other, score in likely:
            ends = pair_of(str(one.key), str(other["_id"]))
            if beside.are_apart(one.key, other) or one.key in ids_of(other):
                continue
            known = beside.suggested[one.key].get(other["_id"])
            is_sure = bool(known and known["is_sure"] and sight.is_told(known))
            key, change = kept_pair(ends, score, at, is_sure=is_sure)
            pairs.append({"_id": key, **(known or change["$setOnInsert"]), **change["$set"]})
            if is_limited and known is None:
                # Of what is kept already others may know better.
                news[key] = {"$setOnInsert": change["$set"] | change["$setOnInsert"] | {"is_sure": False}}
            elif not is_limited and (known is None or abs(known["bits"] - score.bits) > _SAME_BITS):
                news[key] = change
        there = {one["_id"] for one in pairs}
        of_each.append([*(one for one in beside.on_a_word(one.key) if one["_id"] not in there), *pairs])
    await context.store.note(PAIRS, sorted(news.items()))
    return of_each


@dataclass(frozen=True, slots=True, repr=False)
class _Beside:
    """What is kept of some customers beside their documents."""

    identities: Mapping[RecordId, list[Document]]
    suggested: Mapping[RecordId, dict[RecordId, Document]]
    """The strongest pairs of each customer that stand, by the id at the other end."""
    dismissed: Mapping[RecordId, set[RecordId]]

    def told(self, key: RecordId, sight: Sight) -> list[RecordId]:
        """Who was suggested before, by what the viewer may see."""
        return [other for other, pair in self.suggested[key].items() if sight.is_told(pair)]

    def on_a_word(self, key: RecordId) -> list[Document]:
        """Who is the customer by a channel's own word, and was not told apart from them."""
        pairs = self.suggested[key].items()
        return [pair for other, pair in pairs if TOLD_BY in pair and other not in self.dismissed[key]]

    def are_apart(self, key: RecordId, other: Document) -> bool:
        """Whether somebody said that the customer and the other are two, also before one of them was merged."""
        return not self.dismissed[key].isdisjoint(ids_of(other))


def _owners(customers: Sequence[Customer]) -> tuple[Mapping[RecordId, RecordId], Mapping[RecordId, RecordId]]:
    """Whose the pairs and the identities are that stand under each id."""
    whole = {key: one.key for one in customers for key in one.owner([PAIRS])[PAIRS.name]}
    return whole, {key: one.key for one in customers for key in ids_of(one.document, IDENTITIES)}


def _reads(customers: Sequence[Customer]) -> list[Document]:
    """The stages that bring what is kept of these customers beside their documents."""
    whole, owners = _owners(customers)
    ways: list[tuple[Record, Sequence[Document]]] = [
        (IDENTITIES, [{"$match": {"customer_id": {"$in": list(owners)}}}, {"$limit": _MOST_IDENTITIES}])
    ]
    for end in ("one_id", "other_id"):
        for one in customers:
            own = [key for key, owner in whole.items() if owner == one.key]
            # Told apart first, then the strongest, both as the index has them.
            order: Document = {"$sort": {"is_dismissed": -1, "bits": -1}}
            ways.append((PAIRS, [{"$match": {end: {"$in": own}}}, order, {"$limit": MOST_DISMISSED + MOST_OF_ONE}]))
    return [{"$unionWith": {"coll": record.name, "pipeline": way}} for record, way in ways]


def _beside(rows: Sequence[Document], customers: Sequence[Customer]) -> _Beside:
    whole, owners = _owners(customers)
    found = _Beside(*({one.key: kind() for one in customers} for kind in (list, dict, set)))  # type: ignore[arg-type]
    for row in rows:
        if "customer_id" in row:
            found.identities[owners[row["customer_id"]]].append(row)
            continue
        for end, other in ((row["one_id"], row["other_id"]), (row["other_id"], row["one_id"])):
            key = whole.get(end)
            if key is not None and whole.get(other) != key:
                if row["is_dismissed"]:
                    found.dismissed[key].add(other)
                else:
                    found.suggested[key][other] = row
    strongest = {
        key: dict(nlargest(2 * MOST_OF_ONE, pairs.items(), key=lambda pair: (pair[1]["bits"], pair[0])))
        for key, pairs in found.suggested.items()
    }
    return replace(found, suggested=strongest)


@SLICE.column(IdentifiedCustomer, may=STAFF, name="suggestions", costs=SEEKING)
async def suggestions_of_identified(
    found: list[IdentifiedCustomer],
    info: Info,
    first: Annotated[int, about(f"How many, at most {MOST_OF_ONE}.")] = 5,
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


# How a pair is kept


def reasons_of(score: Score) -> list[MatchReason]:
    """What a score is made of, the weightiest first."""
    weighty = sorted(score.reasons, key=lambda one: -abs(one.weight))
    return [MatchReason(role=one.role, level=MatchLevel(Level(one.level).name), weight=one.weight) for one in weighty]


def kept_pair(pair: tuple[str, str], score: Score, at: datetime, *, is_sure: bool) -> tuple[RecordId, Document]:
    """The id of a pair, and what makes it stand in the collection; what people said of it stays."""
    ends = {"one_id": RecordId(pair[0]), "other_id": RecordId(pair[1])}
    said = {**ends, **_said(score), "is_sure": is_sure, "found_at": at}
    fresh = {"is_dismissed": False, "dismissed_at": None, "dismissed_by": None}
    return PAIRS.id_of(ends), {"$set": said, "$setOnInsert": fresh}


def _said(score: Score) -> Document:
    told = [{"role": one.role.value, "level": one.level.value, "weight": one.weight} for one in reasons_of(score)]
    return {"bits": score.bits, "probability": score.probability, "reasons": told}
