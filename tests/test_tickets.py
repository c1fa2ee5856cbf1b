"""What did customers ask the company to settle?"""

from datetime import timedelta
from typing import Any

import pytest

from adapters.records import derived_id, new_id
from resolvers.kit.ids import global_id
from tests.conftest import Asking, Commands
from tests.crowd import campaign
from tests.makers import BEGIN, Makers
from tests.walking import PARTNER, costs, forbidden, nodes, read, refusal, visitor


async def test_tickets_newest_first(ask: Asking, make: Makers) -> None:
    """The customer's tickets, newest first; at one moment the later id first."""
    one = await make.customer()
    keys = [await make.ticket(one, created_at=BEGIN) for _ in range(3)]
    last = await make.ticket(one, created_at=BEGIN + timedelta(days=1))
    ids = [row["id"] for row in await nodes(ask, one, "tickets")]
    assert ids == [global_id("Ticket", key) for key in (last, *sorted(keys, reverse=True))]


async def test_ticket_fields(ask: Asking, make: Makers) -> None:
    """A ticket shows its number, status, assigned agent, campaign and when it was created."""
    one = await make.customer()
    more = {"assigned_agent_id": ask.agent_id, "campaign_id": await campaign(make), "number": "T-7"}
    await make.ticket(one, created_at=BEGIN, **more)
    row = "number subject status channel account createdAt updatedAt assignedAgent { name } campaign { name }"
    assert await nodes(ask, one, "tickets", row, **PARTNER | {"viewer": {"scopes": frozenset({"personal"})}}) == [
        {
            "number": "T-7",
            "subject": "Broken",
            "status": "OPEN",
            "channel": "desk",
            "account": "main",
            "createdAt": "2026-01-01T00:00:00Z",
            "updatedAt": "2026-01-01T00:00:00Z",
            "assignedAgent": {"name": "Anna Agent"},
            "campaign": {"name": "Spring"},
        }
    ]


async def test_ticket_without_anyone(ask: Asking, make: Makers) -> None:
    """Agent and campaign are null where there is none, or none any more."""
    one = await make.customer()
    await make.ticket(one)
    await make.ticket(one, assigned_agent_id=new_id(), campaign_id=new_id())
    found = await nodes(ask, one, "tickets", "assignedAgent { name } campaign { name }")
    assert found == [{"assignedAgent": None, "campaign": None}] * 2


FILTERS: list[tuple[str, list[str]]] = [
    ("{}", ["3", "2", "1"]),
    ("{ statuses: [OPEN] }", ["3", "1"]),
    ("{ statuses: [NEW, PENDING] }", ["2"]),
    ("{ statuses: [] }", ["3", "2", "1"]),
    ('{ since: "2026-01-02T00:00:00Z" }', ["3", "2"]),
    ('{ until: "2026-01-02T00:00:00Z" }', ["1"]),
    ('{ since: "2026-01-02T00:00:00Z", until: "2026-01-03T00:00:00Z" }', ["2"]),
    ('{ since: "2026-01-02T01:00:00+01:00", statuses: [OPEN] }', ["3"]),
    ("{ agentId: AGENT }", ["3"]),
    ("{ campaignId: CAMPAIGN }", ["1"]),
    ("{ campaignId: CAMPAIGN, statuses: [SOLVED] }", []),
]


@pytest.mark.parametrize(("conditions", "numbers"), FILTERS)
async def test_ticket_filters(ask: Asking, make: Makers, conditions: str, numbers: list[str]) -> None:
    """Filtered by date range, status, campaign and agent; the count goes with the filter."""
    one, of_campaign = await make.customer(), await campaign(make)
    await make.ticket(one, number="1", created_at=BEGIN, campaign_id=of_campaign)
    await make.ticket(one, number="2", created_at=BEGIN + timedelta(days=1), status="PENDING")
    await make.ticket(one, number="3", created_at=BEGIN + timedelta(days=2), assigned_agent_id=ask.agent_id)
    ids = {"AGENT": global_id("Agent", ask.agent_id), "CAMPAIGN": global_id("Campaign", of_campaign)}
    for word, key in ids.items():
        conditions = conditions.replace(word, f'"{key}"')
    found = (await read(ask, one, f"tickets(filter: {conditions}) {{ nodes {{ number }} totalCount }}"))["tickets"]
    assert [row["number"] for row in found["nodes"]] == numbers
    assert found["totalCount"] == len(numbers)


async def test_filtered_pages(ask: Asking, make: Makers) -> None:
    """A filtered list is walked like any other."""
    one = await make.customer()
    for n in range(6):
        await make.ticket(one, number=str(n), created_at=BEGIN, status="OPEN" if n % 2 else "CLOSED")
    field = (
        "tickets(first: 2, filter: { statuses: [OPEN] }AFTER) { nodes { number } pageInfo { endCursor hasNextPage } }"
    )
    page = (await read(ask, one, field.replace("AFTER", "")))["tickets"]
    after = f', after: "{page["pageInfo"]["endCursor"]}"'
    rest = (await read(ask, one, field.replace("AFTER", after)))["tickets"]
    assert {row["number"] for row in page["nodes"] + rest["nodes"]} == {"1", "3", "5"}
    assert (page["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ('{ agentId: "junk" }', "`filter.agentId` is no id of type Agent, but a text of 4 characters"),
        ('{ agentId: "" }', "is no id of type Agent"),
        ('{ campaignId: "" }', "is no id of type Campaign"),
        (f'{{ campaignId: "{global_id("Agent", derived_id("sample"))}" }}', "is no id of type Campaign"),
        ('{ since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" }', "Send a later `until`"),
        ('{ since: "2026-01-02T00:00:00Z", until: "2026-01-02T00:00:00Z" }', "Send a later `until`"),
    ],
)
async def test_ticket_questions(ask: Asking, make: Makers, conditions: str, words: str) -> None:
    """What cannot be answered is refused with what to send instead."""
    one = await make.customer()
    assert words in await refusal(ask, one, f"tickets(filter: {conditions}) {{ totalCount }}")


async def test_ticket_subject_hidden(ask: Asking, make: Makers) -> None:
    """A partner without the scope does not read what a ticket is about."""
    one = await make.customer()
    await make.ticket(one)
    found = await nodes(ask, one, "tickets", "status subject hiddenFields", **PARTNER)
    assert found == [{"status": "OPEN", "subject": None, "hiddenFields": ["subject"]}]


async def test_visitor_tickets(ask: Asking, make: Makers) -> None:
    """Tickets are not for visitors, nor do they stand in a visitor's history."""
    one = await make.customer()
    key = await make.ticket(one)
    assert await forbidden(ask, one, "tickets { totalCount }", **visitor(one))
    assert await nodes(ask, one, "history", "kind", **visitor(one)) == []
    query = "query($id: ID!) { node(id: $id) { id } }"
    assert (await ask(query, id=global_id("Ticket", key), **visitor(one))).data == {"node": None}


async def test_ticket_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """Agents and campaigns of thirty customers' tickets cost no command more: they are held."""
    of_campaign = await campaign(make)
    for n in range(30):
        one = await make.customer(f"Ann{n}")
        await make.ticket(one, campaign_id=of_campaign, assigned_agent_id=ask.agent_id)
    row = "tickets(first: 3) { nodes { campaign { name } assignedAgent { name } } }"
    assert await costs(ask, commands, row, 2, 30) == [2, 2]


@pytest.mark.parametrize(("statuses", "count"), [(["OPEN"], 2), (["SOLVED"], 1), (["SOLVED", "OPEN"], 2), (["NEW"], 0)])
async def test_customers_with_tickets(ask: Asking, make: Makers, statuses: list[str], count: int) -> None:
    """Customers who have a ticket that stands in one of these ways."""
    one, two = await make.customer(), await make.customer()
    for of, status in ((one, "OPEN"), (one, "SOLVED"), (two, "OPEN")):
        await make.ticket(of, status=status)
    query = "query($s: [TicketStatus!]) { customers(filter: { withTickets: $s }) { totalCount } }"
    more: dict[str, Any] = PARTNER
    assert (await ask(query, s=statuses, **more)).data["customers"]["totalCount"] == count
