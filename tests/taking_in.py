"""Records of every kind that a source hands over, and a way to take them in."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adapters.contract.company import Class, Colleague, Effort, Place, Team
from adapters.contract.records import (
    Amount,
    Case,
    File,
    HandedOver,
    Item,
    Leaning,
    Listing,
    Order,
    Person,
    Remark,
    Talk,
    Utterance,
    Who,
)
from adapters.mongo import Store
from adapters.records import Document
from resolvers.customers import CUSTOMERS
from resolvers.ingest.batch import take
from resolvers.ingest.report import Outcome, TakenIn

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)


DAY = timedelta(days=1)


ANN = Who("shop", "main", "17")


PERSON = Person(who=ANN, attributes={"firstName": "Ann", "lastName": "Lee"})


ORDER = Order(
    external_id="SO1",
    who=ANN,
    placed_at=AT - 30 * DAY,
    items=(
        Item(line="1", title="Bell", quantity=2, total=Amount(Decimal("10.10"), "USD")),
        Item(line="2", title="Lamp", quantity=1, total=Amount(Decimal("5.25"), "USD"), product="P2"),
    ),
)


CASE = Case(
    channel="desk",
    account="main",
    external_id="T1",
    who=ANN,
    number="1",
    subject="Broken",
    status="OPEN",
    created_at=AT - 9 * DAY,
    updated_at=AT - 8 * DAY,
)


TALK = Talk(
    channel="chat", account="web", external_id="C1", who=ANN, started_at=AT - 7 * DAY, last_message_at=AT - 7 * DAY
)


WORD = Utterance(
    channel="chat",
    account="web",
    external_id="M1",
    talk="C1",
    who=ANN,
    direction="IN",
    sent_at=AT - 6 * DAY,
    text="Hello",
)


PLACE = Place(taxonomy="toys", external_id="2", name="Trains", path=("Toys", "Trains"), parent="1")


LEANING = Leaning(who=ANN, taxonomy="toys", topic="2", score=0.5, observed_at=AT - 5 * DAY)


REMARK = Remark(external_id="N1", who=ANN, text="Likes blue", created_at=AT - 4 * DAY)


FILE = File(
    channel="desk",
    account="main",
    external_id="F1",
    who=ANN,
    of="T1",
    of_kind="ticket",
    name="a.png",
    media_type="image/png",
    size_bytes=7,
    created_at=AT - 3 * DAY,
)


VIP = Class(name="VIP", priority=9)


EVERYTHING: tuple[HandedOver, ...] = (
    PERSON,
    ORDER,
    CASE,
    TALK,
    WORD,
    PLACE,
    LEANING,
    REMARK,
    FILE,
    Listing(channel="shop", account="main", external_id="P2", name="Lamp", price=Amount(Decimal("5.25"), "USD")),
    Team(name="Night"),
    Colleague(subject="bob", name="Bob", teams=("Night",)),
    Effort(name="Spring"),
    VIP,
)


async def bring(store: Store, *records: HandedOver, at: datetime = AT) -> TakenIn:
    """Takes records in."""
    return await take(store, records, at=at, by="test")


def outcomes(taken: TakenIn) -> list[str]:
    """What became of each record."""
    return [one.outcome.value for one in taken.results]


async def the_customer(store: Store) -> Document:
    """The one customer that there is."""
    (found,) = await store.find(CUSTOMERS, {})
    return found


async def contents(store: Store) -> dict[str, list[Document]]:
    """Every document of the house, by collection; those that are empty are left out."""
    held = {name: await store.find(record, {}, order=[("_id", 1)]) for name, record in store.records.items()}
    return {name: documents for name, documents in held.items() if documents}


async def reason_of(store: Store, record: HandedOver) -> str:
    """Why the record is rejected."""
    (result,) = (await bring(store, record)).results
    assert result.outcome is Outcome.REJECTED
    return str(result.reason)
