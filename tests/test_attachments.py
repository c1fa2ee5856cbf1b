"""Which files came with a customer's tickets and messages?"""

from datetime import timedelta

from resolvers.kit.ids import global_id
from tests.conftest import Asking, Commands
from tests.crowd import attachment
from tests.makers import BEGIN, Makers
from tests.walking import PARTNER, costs, nodes, visitor

FILE = "name mediaType sizeBytes createdAt hiddenFields"


async def test_large_file(ask: Asking, make: Makers) -> None:
    """A file may be larger than the 2 GB that Int counts; its size is a number."""
    one = await make.customer()
    await attachment(make, one, await make.ticket(one), size_bytes=5_000_000_000)
    assert await nodes(ask, one, "attachments", "sizeBytes") == [{"sizeBytes": 5_000_000_000}]


async def test_files_newest_first(ask: Asking, make: Makers) -> None:
    """The files that came with the customer's messages and tickets, newest first; at one moment the later id first."""
    one = await make.customer()
    ticket = await make.ticket(one)
    keys = [await attachment(make, one, ticket, created_at=BEGIN) for _ in range(3)]
    last = await attachment(make, one, ticket, created_at=BEGIN + timedelta(days=1))
    ids = [row["id"] for row in await nodes(ask, one, "attachments")]
    assert ids == [global_id("Attachment", key) for key in (last, *sorted(keys, reverse=True))]


async def test_files_of_tickets(ask: Asking, make: Makers) -> None:
    """The files that came with the ticket, in order, and none of another."""
    one = await make.customer()
    ticket, other = await make.ticket(one), await make.ticket(one)
    later = await attachment(make, one, ticket, created_at=BEGIN + timedelta(days=1))
    keys = [await attachment(make, one, ticket, created_at=BEGIN) for _ in range(3)]
    await attachment(make, one, other)
    found = await nodes(ask, one, "tickets", "id attachments { id }")
    mine = next(row for row in found if row["id"] == global_id("Ticket", ticket))
    assert [row["id"] for row in mine["attachments"]] == [
        global_id("Attachment", key) for key in (*sorted(keys), later)
    ]


async def test_files_of_messages(ask: Asking, make: Makers) -> None:
    """The files that came with the message, for the visitor who sent it too."""
    one = await make.customer()
    conversation = await make.conversation(one)
    await attachment(make, one, await make.message(one, conversation), name="cat.png", media_type="image/png")
    row = f"messages {{ nodes {{ attachments {{ {FILE} }} }} }}"
    for who in ({}, visitor(one)):
        found = await nodes(ask, one, "conversations", row, **who)
        file = found[0]["messages"]["nodes"][0]["attachments"][0]
        assert (file["name"], file["mediaType"], file["sizeBytes"]) == ("cat.png", "image/png", 9)


async def test_file_names_hidden(ask: Asking, make: Makers) -> None:
    """A partner without the scope sees that there is a file, not what it is called."""
    one = await make.customer()
    await attachment(make, one, await make.ticket(one))
    hidden = {"name": None, "hiddenFields": ["name"]}
    assert await nodes(ask, one, "attachments", "name hiddenFields", **PARTNER) == [hidden]
    of_tickets = await nodes(ask, one, "tickets", "attachments { name hiddenFields }", **PARTNER)
    assert of_tickets == [{"attachments": [hidden]}]


async def test_ticket_files_from_visitors(ask: Asking, make: Makers) -> None:
    """A visitor, to whom tickets are not shown, does not meet their files by id."""
    one = await make.customer()
    of_ticket = await attachment(make, one, await make.ticket(one))
    query = "query($id: ID!) { node(id: $id) { id } }"
    answer = await ask(query, id=global_id("Attachment", of_ticket), **visitor(one))
    assert answer.data == {"node": None}


async def test_file_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The files of all tickets of thirty customers cost one command."""
    for n in range(30):
        one = await make.customer(f"Ann{n}")
        for _ in range(2):
            await attachment(make, one, await make.ticket(one))
    assert await costs(ask, commands, "tickets { nodes { attachments { name } } }", 2, 30) == [3, 3]


async def test_message_files_by_id(ask: Asking, make: Makers) -> None:
    """A visitor finds a file of the visitor's own message by id, and none of another customer."""
    one, other = await make.customer(), await make.customer()
    ids = []
    for of in (one, other):
        message = await make.message(of, await make.conversation(of))
        ids.append(global_id("Attachment", await attachment(make, of, message)))
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert (await ask(query, ids=ids, **visitor(one))).data == {"nodes": [{"id": ids[0]}, None]}
    assert (await ask(query, ids=ids)).data == {"nodes": [{"id": key} for key in ids]}
