"""What did customers ask the company to settle, and how far is it?"""

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from adapters.contract.channel import Capability
from adapters.records import Index, Record, RecordId, Timeline
from adapters.windows import Strand
from resolvers.agents import Agent, agents_of
from resolvers.campaigns import Campaign, campaigns_of
from resolvers.customers import Customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_input, told
from resolvers.kit.ids import require_key
from resolvers.kit.lists import between, customer_lists, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.slice import CUSTOMER_FILTER, Having, Slice
from resolvers.kit.stored import Node, Redacted, inner, kept
from resolvers.kit.viewer import STAFF_AND_PARTNERS

SLICE = Slice("tickets")

TICKETS = Record(
    name="tickets",
    key=("channel", "account", "external_id"),
    element="TICKETS",
    arrives=True,
    indexes=(
        Index(("customer_id", "status", "created_at", "_id")),
        Index(("status", "customer_id")),
        Index(("campaign_id", "status")),
        Index(("assigned_agent_id", "status", "created_at")),
    ),
    personal=frozenset({"subject"}),
    timeline=Timeline(kind="TICKET", at="created_at", channel="channel"),
    # One that is still worked on is not old.
    aged_by="updated_at",
    news=frozenset({"status", "assigned_agent_id"}),
)


@graph_enum(
    {
        "NEW": "Nobody took it up yet.",
        "OPEN": "An agent works on it.",
        "PENDING": "It waits for the customer.",
        "ON_HOLD": "It waits for someone else.",
        "SOLVED": "It is settled, and can be opened again.",
        "CLOSED": "It is settled for good.",
    }
)
class TicketStatus(Enum):
    """How far a ticket is. The steps are those of the ticket desks in use."""

    NEW = "NEW"
    OPEN = "OPEN"
    PENDING = "PENDING"
    ON_HOLD = "ON_HOLD"
    SOLVED = "SOLVED"
    CLOSED = "CLOSED"


@SLICE.keeps(TICKETS, keys=["id"], may=STAFF_AND_PARTNERS, live=Capability.TICKETS)
class Ticket(Node, Redacted):
    """Something that a customer asked the company to settle."""

    number: str = kept("The number by which people speak of it.")
    subject: str | None = kept("What it is about.")
    status: TicketStatus = kept("How far it is.")
    channel: str = kept("The channel on which the ticket desk is.")
    account: str = kept("Which of our accounts on it.")
    created_at: datetime = kept("When it was opened.")
    updated_at: datetime = kept("When it last changed.")
    agent_id: strawberry.Private[RecordId | None] = inner(at="assigned_agent_id")
    campaign_id: strawberry.Private[RecordId | None] = inner()


@graph_input
class TicketFilter:
    """Which tickets: those that fulfil every condition given. An empty list sets none."""

    statuses: list[TicketStatus] | None = told("Only tickets that stand in one of these ways.", default=None)
    since: datetime | None = told("Only tickets created at this moment or later.", default=None)
    until: datetime | None = told("Only tickets created before this moment.", default=None)
    campaign_id: strawberry.ID | None = told("Only tickets of this campaign.", default=None)
    agent_id: strawberry.ID | None = told("Only tickets assigned to this agent.", default=None)

    def match(self) -> dict[str, Any]:
        """What a stored ticket must match; raises BadUserInput."""
        where: dict[str, Any] = {}
        if self.statuses:
            where["status"] = {"$in": [one.value for one in self.statuses]}
        if self.since or self.until:
            where["created_at"] = between(self.since, self.until)
        if self.campaign_id is not None:
            where["campaign_id"] = require_key(self.campaign_id, "Campaign", "filter.campaignId")
        if self.agent_id is not None:
            where["assigned_agent_id"] = require_key(self.agent_id, "Agent", "filter.agentId")
        return where


@SLICE.column(Customer, reads=())
async def tickets(
    customers: list[Customer],
    info: Info,
    page: Page,
    filter: Annotated[TicketFilter | None, about("Which tickets; left out: all.")] = None,
) -> list[Connection[Ticket]]:
    """The customer's tickets, newest first."""
    strand = Strand(record=TICKETS, order="created_at", where=filter.match() if filter else {})
    return await customer_lists(info, customers, listing_of(Ticket, strand, info), page)


@SLICE.column(Ticket, reads=["assigned_agent_id"])
def assigned_agent(tickets: list[Ticket], info: Info) -> list[Agent | None]:
    """The agent who works on it; null while none does."""
    return agents_of(info.context, [one.agent_id for one in tickets])


@SLICE.column(Ticket, reads=["campaign_id"])
def campaign(tickets: list[Ticket], info: Info) -> list[Campaign | None]:
    """The campaign to which it is counted; null where it belongs to none."""
    return campaigns_of(info.context, [one.campaign_id for one in tickets])


@SLICE.condition(CUSTOMER_FILTER)
def with_tickets(statuses: list[TicketStatus], context: Context) -> Having:
    """Customers who have a ticket that stands in one of these ways."""
    del context
    return Having(TICKETS, {"status": {"$in": [one.value for one in statuses]}})
