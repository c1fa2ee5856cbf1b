"""What Zendesk hands over is kept once, whichever way it came."""

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.contract.company import Colleague
from adapters.contract.found import Portion
from adapters.contract.records import Who
from adapters.mongo import Store
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.notes import NOTES
from resolvers.outbox.words import heard_at
from resolvers.tickets import TICKETS
from tests.channels.zendesk.double import Desk, comment, delivery, ticket, told, user
from tests.conftest import Asking
from tests.taking_in import bring

ANN = Who("zendesk", "acme", "1")


async def test_one_ticket_however_it_came(store: Store, desk: Desk, zendesk: Zendesk) -> None:
    """Asked for, exported and delivered, a ticket, its conversation, words, files and notes are each there once."""
    bill = {"id": 498483, "file_name": "bill.pdf", "content_type": "application/pdf", "size": 2532}
    desk.users = {1: user(1, phone="33 12 34 56", tags=["vip"], user_fields={"plan": "gold"})}
    desk.tickets = {11: ticket(11, 1)}
    desk.comments = {11: [comment(21, 1, attachments=[bill]), comment(22, 900, public=False)]}
    live = [
        *(await zendesk.person(ANN)).records,
        *(await zendesk.tickets(ANN, Portion())).records,
        *(await zendesk.past(ANN, Portion())).records,
        *(await zendesk.portion_of_all(None)).records,
    ]
    detail = ticket(11, 1, id="11", requester_id="1", status="SOLVED", updated_at="2026-03-01T10:00:00Z")
    said = {"id": "21", "body": "Words 21", "is_public": True, "author": {"id": "1", "is_staff": False}}
    pushed = zendesk.events(delivery(told("ticket.comment_added", detail, {"comment": said})))[0].records
    taken = await bring(store, Colleague(subject="anna", name="Anna Agent"), *live, *pushed, *live)
    assert [one.reason for one in taken.results if one.reason] == []
    counts = [len(await store.find(r, {})) for r in (CUSTOMERS, TICKETS, CONVERSATIONS, MESSAGES, ATTACHMENTS, NOTES)]
    assert counts == [1, 1, 1, 1, 1, 1]
    (kept,) = await store.find(TICKETS, {})
    assert kept["status"] == "SOLVED"


_SAID = """query ($id: ID!) { customer(id: $id) { lastInteractionAt conversations(first: 1) { nodes {
  messages(first: 5) { nodes { text direction isByOther authorName otherAuthor hiddenFields } } } } } }"""


@pytest.mark.parametrize("is_live", [True, False])
async def test_others_words_are_not_the_customers(ask: Asking, desk: Desk, zendesk: Zendesk, is_live: bool) -> None:
    """A comment of somebody in copy bears that one's name, and tells nothing of when the customer was heard of."""
    bill = {"id": 498483, "file_name": "bill.pdf", "content_type": "application/pdf", "size": 2532}
    desk.tickets = {11: ticket(11, 1)}
    desk.users = {1: user(1), 2: user(2, name="Cora Copied")}
    desk.comments = {11: [comment(21, 2, attachments=[bill])]}
    detail = ticket(11, 1, id="11", requester_id="1", updated_at="2026-03-05T10:00:00Z")
    author = {"id": "2", "is_staff": False, "name": "Cora Copied"}
    said = {"id": "21", "body": "Words 21", "is_public": True, "author": author}
    pushed = zendesk.events(delivery(told("ticket.comment_added", detail, {"comment": said})))[0].records
    await bring(ask.store, *((await zendesk.past(ANN, Portion())).records if is_live else pushed))
    (customer,) = await ask.store.find(CUSTOMERS, {})
    (talk,) = await ask.store.find(CONVERSATIONS, {})
    assert customer["last_interaction_at"] == talk["started_at"]
    assert await heard_at(ask.store, talk["_id"]) is None
    shown = await ask(_SAID, id=global_id("Customer", customer["_id"]))
    (message,) = shown.data["customer"]["conversations"]["nodes"][0]["messages"]["nodes"]
    names = {"isByOther": True, "authorName": None, "otherAuthor": "Cora Copied", "hiddenFields": []}
    assert message == {"text": "Words 21", "direction": "IN", **names}
