"""What do the orders, tickets, messages and files that a source hands over become?"""

from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.contract import Person, Place, Who
from adapters.mongo import Store
from adapters.records import decimal_of
from resolvers.attachments import ATTACHMENTS
from resolvers.channels import CHANNEL_ACCOUNTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.ingest.report import TakenIn
from resolvers.interests import INTERESTS, TOPICS
from resolvers.products import PRODUCTS
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.taking_in import ANN, AT, CASE, DAY, FILE, LEANING, ORDER, PLACE, REMARK, TALK, WORD, bring, outcomes


async def test_order_total_exact(store: Store) -> None:
    """An order's total is the sum of its lines where the source gives none, to the cent."""
    await bring(store, ORDER)
    (order,) = await store.find(PURCHASES, {})
    assert decimal_of(order["total"]["amount"]) == Decimal("15.35")
    assert order["_id"] == PURCHASES.id_of({"channel": "shop", "account": "main", "external_id": "SO1"})
    product = PRODUCTS.id_of({"channel": "shop", "account": "main", "external_id": "P2"})
    assert [line["product_id"] for line in order["lines"]] == [None, product]


async def test_newer_source_wins(store: Store) -> None:
    """Where the source gives `updated_at`, the older of two copies changes nothing."""
    await bring(store, CASE)
    stale = replace(CASE, status="NEW", updated_at=CASE.updated_at - DAY)
    fresh = replace(CASE, status="SOLVED", updated_at=CASE.updated_at + DAY)
    assert outcomes(await bring(store, fresh, stale)) == ["updated", "unchanged"]
    (ticket,) = await store.find(TICKETS, {})
    assert ticket["status"] == "SOLVED"


@pytest.mark.parametrize("is_inside", [False, True])
async def test_order_of_another(store: Store, is_inside: bool) -> None:
    """An order that is there already follows its source to somebody who is new, also inside a transaction."""
    await bring(store, ORDER)
    moved = replace(ORDER, who=ANN._replace(value="18"))

    async def work() -> TakenIn:
        return await bring(store, moved, replace(ORDER, external_id="SO2", who=moved.who))

    assert outcomes(await (store.transact(work) if is_inside else work())) == ["updated", "inserted"]
    first, second = await store.find(PURCHASES, {}, order=[("external_id", 1)])
    assert first["customer_id"] == second["customer_id"]
    assert await store.count(CUSTOMERS, {}) == 2


async def test_moments_never_change(store: Store) -> None:
    """`at` of an entry of the history never changes once it is written."""
    await bring(store, ORDER, CASE, WORD, PLACE, LEANING, REMARK)
    moved = [
        replace(ORDER, placed_at=AT),
        replace(CASE, created_at=AT),
        replace(WORD, sent_at=AT),
        replace(LEANING, observed_at=AT, triggered_at=AT),
        replace(REMARK, created_at=AT),
    ]
    await bring(store, *moved)
    for record, field in ((PURCHASES, "placed_at"), (TICKETS, "created_at"), (MESSAGES, "sent_at")):
        assert (await store.find(record, {}))[0][field] < AT
    assert (await store.find(INTERESTS, {}))[0]["triggered_at"] == LEANING.observed_at


async def test_message_before_conversation(store: Store) -> None:
    """A message that arrives before its conversation begins it; the conversation's own word completes it."""
    await bring(store, WORD)
    assert outcomes(await bring(store, TALK)) == ["updated"]
    (talk,) = await store.find(CONVERSATIONS, {})
    assert (talk["started_at"], talk["last_message_at"]) == (TALK.started_at, WORD.sent_at)
    assert (await store.find(MESSAGES, {}))[0]["conversation_id"] == talk["_id"]


async def test_status_only_climbs(store: Store) -> None:
    """A message's status only climbs, whatever order deliveries come in."""
    sent = replace(WORD, direction="OUT", status="READ")
    await bring(store, sent)
    assert outcomes(await bring(store, replace(sent, status="SENT"))) == ["unchanged"]


async def test_author_is_an_agent(store: Store) -> None:
    """The author's name is kept of what agents wrote; that of a customer is personal and stands in their record."""
    author = replace(WORD, author_name="Dorothea Zedwick")
    await bring(store, author, replace(author, external_id="M2", direction="OUT"))
    assert {one["external_id"]: one["author_name"] for one in await store.find(MESSAGES, {})} == {
        "M1": None,
        "M2": "Dorothea Zedwick",
    }


async def test_file_of_ticket(store: Store) -> None:
    """A file stands with the ticket or message that it came with."""
    await bring(store, CASE, FILE)
    (file,) = await store.find(ATTACHMENTS, {})
    assert file["of_id"] == (await store.find(TICKETS, {}))[0]["_id"]


async def test_accounts_become_known(store: Store) -> None:
    """Every channel account that is seen becomes known, those of rejected records excepted."""
    await bring(store, ORDER, CASE, Person(who=Who("fax", "main", " ")))
    known = {(one["channel"], one["account"]) for one in await store.find(CHANNEL_ACCOUNTS, {})}
    assert known == {("shop", "main"), ("desk", "main")}


async def test_topics_link_parents(store: Store) -> None:
    """A place of a taxonomy points at the place above, wherever in the file that stands."""
    await bring(store, PLACE, Place(taxonomy="toys", external_id="1", name="Toys", path=("Toys",)))
    held = {one["external_id"]: one for one in await store.find(TOPICS, {})}
    assert held["2"]["parent_id"] == held["1"]["_id"]
