"""Of which types is plain Strawberry's answer made, and how do stored documents become them?"""

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NewType

import strawberry

from benchmarks.peers.python.common import Document, Held, Viewer, opened

database = opened()
held = Held(database)

CurrencyCode = NewType("CurrencyCode", str)
AttributeScalar = NewType("AttributeScalar", object)


def enum(name: str, values: str) -> Any:
    """An enum of the graph."""
    return strawberry.enum(Enum(name, {one: one for one in values.split()}))  # type: ignore[misc]


CustomerKind = enum("CustomerKind", "ANONYMOUS IDENTIFIED")
ClaimStrength = enum("ClaimStrength", "VERIFIED ASSERTED INFERRED")
PurchaseStatus = enum("PurchaseStatus", "PLACED PAID FULFILLED CANCELLED REFUNDED")
TicketStatus = enum("TicketStatus", "NEW OPEN PENDING ON_HOLD SOLVED CLOSED")
MessageDirection = enum("MessageDirection", "IN OUT")
HistoryKind = enum("HistoryKind", "NOTE MESSAGE TICKET PURCHASE INTEREST")


@strawberry.type
class Agent:
    """A person who serves customers."""

    name: str


@strawberry.type
class Label:
    """A class of customer."""

    name: str
    color: str
    priority: int


@strawberry.type
class Tag:
    """One word on a customer."""

    word: str


@strawberry.type
class CustomDatum:
    """A key and a value."""

    name: str
    value: str | None


@strawberry.type
class Identity:
    """A customer's account on a channel."""

    channel: str
    account: str
    value: str | None
    claim: ClaimStrength


@strawberry.type
class Money:
    """An amount."""

    amount: Decimal
    currency: CurrencyCode


@strawberry.type
class PurchaseLine:
    """One line of an order."""

    title: str
    quantity: int
    total: Money


@strawberry.type
class Purchase:
    """An order."""

    number: str
    placed_at: datetime
    status: PurchaseStatus
    total: Money
    lines: list[PurchaseLine]


@strawberry.type
class Ticket:
    """A ticket."""

    number: str
    subject: str | None
    status: TicketStatus
    created_at: datetime
    agent_id: strawberry.Private[Any]

    @strawberry.field
    def assigned_agent(self) -> Agent | None:
        """Who works on it."""
        return agent_of(self.agent_id)


@strawberry.type
class Interest:
    """Something that a customer is drawn to."""

    name: str
    score: float


@strawberry.type
class Message:
    """One message."""

    text: str | None
    direction: MessageDirection


@strawberry.type
class Note:
    """A remark of an agent."""

    text: str | None


@strawberry.type
class Fact:
    """One thing known."""

    name: str
    value: AttributeScalar | None
    score: float | None


@strawberry.type
class CategorySummary:
    """How much is known under one heading."""

    category: str
    count: int
    top: list[Fact]


@strawberry.type
class Summary:
    """What is known at a glance."""

    fact_count: int
    categories: list[CategorySummary]


@strawberry.type
class PageInfo:
    """Where a page stands."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None = None
    end_cursor: str | None = None


HistoryItem = Annotated[Note | Message | Ticket | Purchase | Interest, strawberry.union("HistoryItem")]


@strawberry.type
class HistoryEntry:
    """One thing that happened."""

    at: datetime
    kind: HistoryKind
    channel: str | None
    item: HistoryItem


@strawberry.type
class HistoryEntryEdge:
    """An entry with its place."""

    cursor: str
    node: HistoryEntry


@strawberry.type
class HistoryEntryConnection:
    """A page of the history."""

    edges: list[HistoryEntryEdge]
    page_info: PageInfo


@strawberry.type
class PurchaseConnection:
    """A page of orders."""

    nodes: list[Purchase]
    page_info: PageInfo


@strawberry.type
class TicketConnection:
    """A page of tickets."""

    nodes: list[Ticket]
    page_info: PageInfo


@strawberry.type
class InterestConnection:
    """A page of interests."""

    nodes: list[Interest]
    page_info: PageInfo


def agent_of(key: Any) -> Agent | None:
    """An agent by id."""
    found = held.agents.get(key)
    return Agent(name=found["name"]) if found else None


def sealed(at: datetime, kind: str, key: Any) -> str:
    """A place told openly; the gateway's are encrypted."""
    return base64.urlsafe_b64encode(f"{at.timestamp()}:{kind}:{key}".encode()).decode()


def as_money(one: Document) -> Money:
    """An amount."""
    return Money(amount=one["amount"].to_decimal(), currency=one["currency"])


def as_purchase(one: Document, _viewer: Viewer) -> Purchase:
    """An order."""
    lines = [
        PurchaseLine(title=line["title"], quantity=line["quantity"], total=as_money(line["total"]))
        for line in one["lines"]
    ]
    return Purchase(
        number=one["number"],
        placed_at=one["placed_at"],
        status=PurchaseStatus(one["status"]),
        total=as_money(one["total"]),
        lines=lines,
    )


def as_ticket(one: Document, viewer: Viewer) -> Ticket:
    """A ticket."""
    return Ticket(
        number=one["number"],
        subject=viewer.personal(one["subject"]),
        status=TicketStatus(one["status"]),
        created_at=one["created_at"],
        agent_id=one["assigned_agent_id"],
    )


def as_interest(one: Document, _viewer: Viewer) -> Interest:
    """An interest."""
    return Interest(name=one["name"], score=one["score"])


def as_message(one: Document, viewer: Viewer) -> Message:
    """A message."""
    return Message(text=viewer.personal(one["text"]), direction=MessageDirection(one["direction"]))


def as_note(one: Document, viewer: Viewer) -> Note:
    """A note."""
    return Note(text=viewer.personal(one["text"]))


ITEMS: dict[str, Callable[[Document, Viewer], Any]] = {
    "NOTE": as_note,
    "MESSAGE": as_message,
    "TICKET": as_ticket,
    "PURCHASE": as_purchase,
    "INTEREST": as_interest,
}


def as_summary(categories: Sequence[Any]) -> Summary:
    """A summary."""
    return Summary(
        fact_count=sum(count for _, count, _ in categories),
        categories=[
            CategorySummary(
                category=name, count=count, top=[Fact(name=one[1], value=one[2], score=one[3]) for one in top]
            )
            for name, count, top in categories
        ],
    )


def as_history(rows: Sequence[Document], size: int, viewer: Viewer) -> HistoryEntryConnection:
    """A page of the history, oldest first."""
    edges = [
        HistoryEntryEdge(
            cursor=sealed(row["order"], row["kind"], row["document"]["_id"]),
            node=HistoryEntry(
                at=row["order"],
                kind=HistoryKind(row["kind"]),
                channel=row["document"].get("channel"),
                item=ITEMS[row["kind"]](row["document"], viewer),
            ),
        )
        for row in reversed(rows[:size])
    ]
    info = PageInfo(
        has_next_page=False,
        has_previous_page=len(rows) > size,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return HistoryEntryConnection(edges=edges, page_info=info)
