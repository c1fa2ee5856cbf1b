"""What are customers drawn to, and in which taxonomy do such things stand?"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import strawberry

from adapters.contract.channel import Capability
from adapters.records import Document, Facts, Index, Record, RecordId, Timeline
from adapters.windows import Strand
from resolvers.customers import Customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about
from resolvers.kit.errors import BadUserInput
from resolvers.kit.facts import Fact
from resolvers.kit.ids import require_key
from resolvers.kit.lists import customer_lists, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.slice import CUSTOMER_FILTER, Having, Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.texts import quoted

SLICE = Slice("interests")

TOPICS = Record(
    name="topics",
    customer=None,
    key=("taxonomy", "external_id"),
    indexes=(Index(("taxonomy", "external_id"), unique=True),),
    is_held=True,
)
INTERESTS = Record(
    name="interests",
    key=("customer_id", "topic_id"),
    element="INTERESTS",
    arrives=True,
    indexes=(
        Index(("customer_id", "score", "_id")),
        Index(("customer_id", "category", "score", "_id")),
        Index(("topic_id", "customer_id")),
    ),
    timeline=Timeline(kind="INTEREST", at="triggered_at"),
    facts=Facts(
        at="observed_at",
        category="category",
        score="score",
        reads=frozenset({"category", "name", "score", "observed_from", "observed_at"}),
    ),
    news=frozenset({"score"}),
)


@SLICE.keeps(TOPICS, keys=["id"])
class Topic(Node):
    """One place in a taxonomy of interests."""

    taxonomy: str = kept("Which taxonomy, as `iab-audience-1.1`.")
    external_id: str = kept("Its id in that taxonomy.")
    name: str = kept("What it is called.")
    path: list[str] = kept("The names from the top of the taxonomy down to this.")
    parent_key: strawberry.Private[RecordId | None] = inner(at="parent_id")


@SLICE.keeps(INTERESTS, live=Capability.INTERESTS)
class Interest(Node):
    """Something that a customer is drawn to."""

    name: str = kept("What it is called.")
    category: str = kept("The heading under which the summary counts it: the upper levels of its taxonomy.")
    score: float = kept("How strongly, 0 to 1.")
    observed_from: str | None = kept("Where it was observed.")
    triggered_at: datetime = kept("When it was first observed; this never changes.")
    observed_at: datetime = kept("When it was last observed.")
    topic_key: strawberry.Private[RecordId | None] = inner(at="topic_id")

    def fact(self) -> Fact:
        """The interest among the facts."""
        return Fact(
            category=self.category,
            name=self.name,
            value=None,
            score=self.score,
            observed_from=self.observed_from,
            observed_at=self.observed_at,
        )


@SLICE.column(Customer, reads=())
async def interests(
    customers: list[Customer],
    info: Info,
    page: Page,
    categories: Annotated[list[str] | None, about("Only interests of these categories.")] = None,
) -> list[Connection[Interest]]:
    """What the customer is drawn to, the strongest interest first."""
    where = {"category": {"$in": categories}} if categories else {}
    strand = Strand(record=INTERESTS, order="score", where=where)
    return await customer_lists(info, customers, listing_of(Interest, strand, info), page)


@SLICE.column(Interest, reads=["topic_id"])
def topic(interests: list[Interest], info: Info) -> list[Topic | None]:
    """Its place in the taxonomy; null where the taxonomy has it no more."""
    held = info.context.held(TOPICS)
    return [_topic(held, one.topic_key) for one in interests]


@SLICE.column(Topic, reads=["parent_id"])
def parent(topics: list[Topic], info: Info) -> list[Topic | None]:
    """The place above; null at the top."""
    held = info.context.held(TOPICS)
    return [_topic(held, one.parent_key) for one in topics]


@SLICE.query()
async def topics(
    info: Info,
    taxonomy: Annotated[str | None, about("Only places of this taxonomy.")] = None,
    parent_id: Annotated[strawberry.ID | None, about("The places right below this one; left out: the top.")] = None,
) -> list[Topic]:
    """One level of the taxonomies of interests, by taxonomy and name."""
    parent = require_key(parent_id, "Topic", "parentId") if parent_id is not None else None
    held = await info.context.store.held.all(TOPICS)
    known = sorted({one["taxonomy"] for one in held.values()})
    if taxonomy is not None and taxonomy not in known:
        offered = ", ".join(known) or "none yet"
        raise BadUserInput(f"`taxonomy` is {quoted(taxonomy)}, which is no taxonomy here. Known taxonomies: {offered}.")
    level = [one for one in held.values() if one["parent_id"] == parent and taxonomy in {None, one["taxonomy"]}]
    read = reader_of(Topic).read
    return [read(one) for one in sorted(level, key=lambda one: (one["taxonomy"], one["name"]))]


@SLICE.condition(CUSTOMER_FILTER)
def drawn_to(topics: list[strawberry.ID], context: Context) -> Having:
    """Customers who are drawn to any of these topics."""
    del context
    return Having(INTERESTS, {"topic_id": {"$in": [require_key(one, "Topic", "filter.drawnTo") for one in topics]}})


def _topic(held: Mapping[RecordId, Document], key: RecordId | None) -> Topic | None:
    return reader_of(Topic).read(held[key]) if key and key in held else None
