"""What is known of a customer, each thing with where and when it was observed?

The attributes pivot (every fact, one by one) and the summary pivot (facts counted by category). Both read what the
slices declared; they know no panel.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from adapters.records import Document, RecordId, derived_id
from adapters.windows import Position, Row, Strand
from resolvers.customers import Customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import BadUserInput
from resolvers.kit.facts import Fact
from resolvers.kit.keepings import Keeping
from resolvers.kit.lists import AtHand, Listing, between, customer_lists, hidden_from
from resolvers.kit.paging import Connection, Page
from resolvers.kit.slice import Slice

SLICE = Slice("facts")

# Facts whose moment nobody wrote down stand behind all others.
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
MOST_TOP = 10


@graph_input
class FactFilter:
    """Which facts: those that fulfil every condition given. An empty list sets none."""

    categories: list[str] | None = told("Only facts of these categories.", default=None)
    since: datetime | None = told("Only facts observed at this moment or later.", default=None)
    until: datetime | None = told("Only facts observed before this moment.", default=None)


@graph_type
class CategorySummary:
    """How much is known under one heading."""

    category: str = told("The heading.")
    count: int = told("How many facts stand under it.")
    top: list[Fact] = told("The strongest of them, or where they have no strength the newest.")


@graph_type
class Summary:
    """What is known of a customer, at a glance."""

    fact_count: int = told("How many facts are known.")
    categories: list[CategorySummary] = told("What is known by heading, the heading with most facts first.")


@SLICE.column(Customer)
async def facts(
    customers: list[Customer],
    info: Info,
    page: Page,
    filter: Annotated[FactFilter | None, about("Which facts; left out: all.")] = None,
) -> list[Connection[Fact]]:
    """The attributes pivot: every single fact known of the customer, the newest observation first."""
    context = info.context
    asked = filter or FactFilter()
    keepings = _shown(context)
    strands = [_strand(keeping, asked) for keeping in keepings]
    read = {keeping.record.name: _reading(keeping, context) for keeping in keepings}
    at_hand = await _in_documents(customers, context)
    beside = {key: [row for row in _rows(found) if _fits(row, asked)] for key, found in at_hand.items()}
    listing = Listing(strands, lambda rows: [read[row.kind](row) for row in rows])
    return await customer_lists(info, customers, listing, page, beside=beside)


# 0.2 ms: all facts of the customer are gone through.
@SLICE.column(Customer, costs=5)
async def summary(
    customers: list[Customer],
    info: Info,
    top: Annotated[int, about(f"How many facts to show of each category, 0 to {MOST_TOP}.")] = 3,
) -> list[Summary]:
    """The summary pivot: what is known of the customer by category, with counts and the strongest of each."""
    if not 0 <= top <= MOST_TOP:
        raise BadUserInput(f"`top` is {top}; ask for 0 to {MOST_TOP} facts of each category.")
    context = info.context
    keepings = _shown(context)
    records = [keeping.record for keeping in keepings]
    owners = [customer.owner(records) for customer in customers]
    # $topN wants at least one.
    groups = await context.store.categories(owners, records, max(top, 1))
    at_hand = await _in_documents(customers, context)
    read = {keeping.record.name: _reading(keeping, context) for keeping in keepings}
    return [
        _summary(found, at_hand[customer.key], read, top) for customer, found in zip(customers, groups, strict=True)
    ]


def _shown(context: Context) -> list[Keeping]:
    return [one for one in context.declared.with_facts if context.viewer.role in one.may]


def _strand(keeping: Keeping, asked: FactFilter) -> Strand:
    facts = keeping.record.facts
    if facts is None:
        raise ValueError(f"The record {keeping.record.name!r} declares no facts.")
    where: dict[str, Any] = {}
    if asked.categories:
        where[facts.category] = {"$in": asked.categories}
    if asked.since or asked.until:
        where[facts.at] = between(asked.since, asked.until)
    return Strand(record=keeping.record, order=facts.at, kind=keeping.record.name, where=where, only=facts.reads)


def _reading(keeping: Keeping, context: Context) -> Any:
    only = keeping.record.facts.reads if keeping.record.facts else None
    steps = keeping.reader.steps.items()
    at_once = [name for name, step in steps if only and step.at in only]
    factual = keeping.reader.reading(hidden_from(context.viewer, keeping.record), only, at_once=at_once)

    def read(row: Row | Document) -> Fact:
        fact: Fact = factual(row.document if isinstance(row, Row) else row).fact()
        return fact

    return read


async def _in_documents(customers: Sequence[Customer], context: Context) -> dict[RecordId, list[Fact]]:
    """The facts that stand in the customers' own documents: few, and read already."""
    found: dict[RecordId, list[Fact]] = {customer.key: [] for customer in customers}
    for read in context.declared.fact_readers:
        for customer, facts in zip(customers, await read(customers, context), strict=True):
            found[customer.key] += facts
    return found


def _rows(facts: Sequence[Fact]) -> list[AtHand[Fact]]:
    """The facts with places in the list that stay theirs while others come and go."""
    twins: Counter[tuple[str, ...]] = Counter()
    rows = []
    for fact in facts:
        words = (fact.category, fact.name, str(fact.value))
        twins[words] += 1
        place = Position(fact.observed_at or _LONG_AGO, "", derived_id(*words, str(twins[words])))
        rows.append(AtHand(place, fact))
    return rows


def _fits(one: AtHand[Fact], asked: FactFilter) -> bool:
    at = one.at.order
    return (
        (not asked.categories or one.row.category in asked.categories)
        and (asked.since is None or at >= asked.since)
        and (asked.until is None or at < asked.until)
    )


def _summary(
    groups: Mapping[str, Sequence[Document]], at_hand: Sequence[Fact], read: Mapping[str, Any], top: int
) -> Summary:
    counts: Counter[str] = Counter()
    best: dict[str, list[Fact]] = {}
    for name, categories in groups.items():
        for one in categories:
            counts[one["_id"]] += one["count"]
            best.setdefault(one["_id"], []).extend(read[name](document) for document in one["top"])
    for fact in at_hand:
        counts[fact.category] += 1
        best.setdefault(fact.category, []).append(fact)
    shown = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return Summary(
        fact_count=counts.total(),
        categories=[
            CategorySummary(category=name, count=count, top=sorted(best[name], key=_strength, reverse=True)[:top])
            for name, count in shown
        ],
    )


def _strength(fact: Fact) -> tuple[float, datetime]:
    return fact.score or 0.0, fact.observed_at or _LONG_AGO
