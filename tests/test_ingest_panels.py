"""What do the orders, tickets, messages and files that a source hands over become?"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from adapters.contract.company import Place
from adapters.contract.records import HandedOver, Person, Who
from adapters.mongo import Store
from adapters.records import Record, decimal_of
from resolvers.attachments import ATTACHMENTS
from resolvers.channels import CHANNEL_ACCOUNTS
from resolvers.conversations import CONVERSATIONS, MESSAGES, SAID
from resolvers.customers import CUSTOMERS, NEVER
from resolvers.identities import IDENTITIES
from resolvers.ingest.report import TakenIn
from resolvers.interests import INTERESTS, TOPICS
from resolvers.notes import NOTES
from resolvers.products import PRODUCTS
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.taking_in import (
    ANN,
    AT,
    CASE,
    DAY,
    FILE,
    LEANING,
    ORDER,
    PLACE,
    REMARK,
    TALK,
    WORD,
    bring,
    outcomes,
    reason_of,
    the_customer,
)


async def test_order_total_exact(store: Store) -> None:
    """An order's total is the sum of its lines where the source gives none, to the cent."""
    await bring(store, ORDER)
    (order,) = await store.find(PURCHASES, {})
    assert decimal_of(order["total"]["amount"]) == Decimal("15.35")
    assert order["_id"] == PURCHASES.id_of({"channel": "shop", "account": "main", "external_id": "SO1"})
    product = PRODUCTS.id_of({"channel": "shop", "account": "main", "external_id": "P2"})
    assert [line["product_id"] for line in order["lines"]] == [None, product]


async def test_newer_source_wins(store: Store) -> None:
    """Where the source gives `updated_at`, the older of two copies changes nothing; of two as new the later stands."""
    await bring(store, CASE)
    stale = replace(CASE, status="NEW", updated_at=CASE.updated_at - DAY)
    fresh = replace(CASE, status="SOLVED", updated_at=CASE.updated_at + DAY)
    again = replace(fresh, subject="Broken twice")
    assert outcomes(await bring(store, fresh, stale, again)) == ["updated", "unchanged", "updated"]
    (ticket,) = await store.find(TICKETS, {})
    assert (ticket["status"], ticket["subject"]) == ("SOLVED", "Broken twice")


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


MOMENTS: tuple[tuple[HandedOver, Record, str], ...] = (
    (ORDER, PURCHASES, "placed_at"),
    (CASE, TICKETS, "created_at"),
    (WORD, MESSAGES, "sent_at"),
    (replace(LEANING, triggered_at=LEANING.observed_at), INTERESTS, "triggered_at"),
    (REMARK, NOTES, "created_at"),
    (FILE, ATTACHMENTS, "created_at"),
)


@pytest.mark.parametrize(("record", "kept", "field"), MOMENTS, ids=[kept.name for _, kept, _ in MOMENTS])
async def test_moments_never_change(store: Store, record: HandedOver, kept: Record, field: str) -> None:
    """`at` of an entry of the history, and of a file, never changes once it is written."""
    await bring(store, PLACE, record)
    for moment in (AT, AT - 99 * DAY):
        await bring(store, replace(record, **{field: moment}))
        assert (await store.find(kept, {}))[0][field] == getattr(record, field)


@pytest.mark.parametrize("told", [(6, 7, 8), (8, 7, 6)])
async def test_conversation_only_grows(store: Store, told: tuple[int, ...]) -> None:
    """A conversation lasts from the earliest to the latest that is told of it, in whichever order that comes."""
    for days in told:
        begun, last = AT - days * DAY, AT - days * DAY + DAY / 2
        await bring(store, replace(TALK, started_at=begun, last_message_at=last))
    (talk,) = await store.find(CONVERSATIONS, {})
    assert (talk["started_at"], talk["last_message_at"]) == (AT - 8 * DAY, AT - 6 * DAY + DAY / 2)


RESOLVED = replace(TALK, status="RESOLVED", updated_at=AT - 5 * DAY, resolved_at=AT - 5 * DAY)
AGAIN = replace(WORD, external_id="M2", sent_at=AT - 4 * DAY)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)])
@pytest.mark.parametrize(
    ("later", "status"),
    [
        (AGAIN, "OPEN"),
        (replace(AGAIN, direction="OUT"), "RESOLVED"),
        (replace(AGAIN, is_by_other=True), "RESOLVED"),
        (replace(AGAIN, sent_at=AT - 5.5 * DAY), "RESOLVED"),
        # Arrivals within one second are told apart by thousandths.
        (replace(AGAIN, sent_at=AT - 5 * DAY + DAY / 86_400_000), "RESOLVED"),
    ],
    ids=["word", "answer", "program", "before", "then"],
)
async def test_words_open_again(store: Store, later: HandedOver, status: str, order: tuple[int, ...]) -> None:
    """What is resolved is open again by the customer's later word, and by nothing else that is told after it."""
    told = (WORD, RESOLVED, later, replace(TALK, last_message_at=AT - 4 * DAY))
    await bring(store, *(told[n] for n in order))
    (talk,) = await store.find(CONVERSATIONS, {})
    assert (talk["status"], talk["resolved_at"]) == (status, None if status == "OPEN" else RESOLVED.resolved_at)
    await bring(store, replace(RESOLVED, updated_at=AT))
    assert (await store.find(CONVERSATIONS, {}))[0]["status"] == "RESOLVED"


@pytest.mark.parametrize(("sent_at", "status"), [(AT - 5 * DAY, "OPEN"), (AT - 8 * DAY, "RESOLVED")])
async def test_kept_as_resolved(store: Store, sent_at: datetime, status: str) -> None:
    """So is one that was kept as resolved before anybody noted who said so."""
    await bring(store, replace(RESOLVED, updated_at=None, resolved_at=None))
    await store.update_all(CONVERSATIONS, {}, {"$unset": {SAID: ""}})
    await bring(store, TALK)
    await bring(store, replace(WORD, sent_at=sent_at), TALK)
    (talk,) = await store.find(CONVERSATIONS, {})
    assert talk["status"] == status


HEARD: dict[str, tuple[HandedOver, datetime]] = {
    "order": (ORDER, ORDER.placed_at),
    "ticket": (CASE, CASE.created_at),
    "conversation": (replace(TALK, last_message_at=AT), TALK.started_at),
    "message": (WORD, WORD.sent_at),
    "answer": (replace(WORD, direction="OUT"), NEVER),
    "interest": (LEANING, LEANING.observed_at),
    "note": (REMARK, NEVER),
    "file": (FILE, FILE.created_at),
}


@pytest.mark.parametrize(("record", "heard_at"), HEARD.values(), ids=HEARD)
async def test_customer_heard_of(store: Store, record: HandedOver, heard_at: datetime) -> None:
    """A customer was heard of when they did something; what the company writes is no word of theirs."""
    await bring(store, PLACE, record)
    assert (await the_customer(store))["last_interaction_at"] == heard_at


BOB = ANN._replace(value="18")
OWNED: tuple[tuple[Record, HandedOver, HandedOver, Who], ...] = (
    (PURCHASES, ORDER, replace(ORDER, who=BOB), BOB),
    (TICKETS, CASE, replace(CASE, who=BOB), BOB),
    (NOTES, REMARK, replace(REMARK, who=BOB), BOB),
    (ATTACHMENTS, FILE, replace(FILE, who=BOB), BOB),
    (CONVERSATIONS, TALK, replace(TALK, who=BOB), ANN),
    # Also where the source moves it to another conversation, which is the other's.
    (MESSAGES, WORD, replace(WORD, who=BOB, talk="C2"), ANN),
)


@pytest.mark.parametrize(("kept", "record", "moved", "who"), OWNED, ids=[kept.name for kept, *_ in OWNED])
async def test_who_has_it(store: Store, kept: Record, record: HandedOver, moved: HandedOver, who: Who) -> None:
    """What a source says is another's becomes theirs; conversations, which people relink, and their messages stay."""
    await bring(store, Person(who=ANN), Person(who=BOB), record)
    await bring(store, moved)
    (found,) = await store.find(kept, {})
    (owner,) = await store.find(IDENTITIES, {"value": who.value})
    assert found["customer_id"] == owner["customer_id"]


async def test_newest_interest_wins(store: Store) -> None:
    """Of an interest the newest observation stands, in whichever order they come."""
    older, newer = (replace(LEANING, score=score, observed_at=AT - days * DAY) for score, days in ((0.9, 6), (0.1, 4)))
    taken = await bring(store, PLACE, LEANING, older, newer)
    assert outcomes(taken)[1:] == ["inserted", "unchanged", "updated"]
    (interest,) = await store.find(INTERESTS, {})
    assert (interest["score"], interest["observed_at"]) == (0.1, newer.observed_at)


@pytest.mark.parametrize("score", [-0.01, 1.01, float("nan")])
async def test_score_beyond_bounds(store: Store, score: float) -> None:
    """The score of an interest lies between 0 and 1."""
    await bring(store, PLACE)
    assert "it lies between 0 and 1" in await reason_of(store, replace(LEANING, score=score))


async def test_message_before_conversation(store: Store) -> None:
    """A message that arrives before its conversation begins it; the conversation's own word completes it."""
    await bring(store, WORD)
    assert outcomes(await bring(store, TALK)) == ["updated"]
    (talk,) = await store.find(CONVERSATIONS, {})
    assert (talk["started_at"], talk["last_message_at"]) == (TALK.started_at, WORD.sent_at)
    assert (await store.find(MESSAGES, {}))[0]["conversation_id"] == talk["_id"]


async def test_message_stays_in_conversation(store: Store) -> None:
    """A message stays in the conversation in which it first came, whatever a source says later."""
    await bring(store, WORD)
    before = await store.find(MESSAGES, {})
    assert outcomes(await bring(store, replace(WORD, talk="C2"))) == ["unchanged"]
    assert await store.find(MESSAGES, {}) == before


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


async def test_half_a_thing(store: Store) -> None:
    """Nobody buys one and a half of a thing: a quantity that is no whole number is refused."""
    half = replace(ORDER, items=(ORDER.items[0]._replace(quantity=1.5),))  # type: ignore[arg-type]
    assert await reason_of(store, half) == "`quantity` is no whole number. Correct it in the source."
