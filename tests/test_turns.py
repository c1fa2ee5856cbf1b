"""Messages that their channel dates by the same second stand in the order in which they arrived."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.records import HandedOver, Removal, Utterance, Who
from adapters.mongo import Store
from adapters.records import Document, derived_id
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.batch import take
from resolvers.ingest.turns import Turns
from tests.conftest import Commands
from tests.taking_in import AT

SENT = AT - timedelta(hours=2)
WORD = Utterance(
    channel="chat",
    account="web",
    external_id="M1",
    talk="C1",
    who=Who("chat", "web", "ann"),
    direction="IN",
    sent_at=SENT,
    text="M1",
)


def words(*names: str, sent_at: datetime = SENT) -> list[Utterance]:
    """Messages of one second."""
    return [replace(WORD, external_id=one, text=one, sent_at=sent_at) for one in names]


async def told(store: Store, *records: HandedOver) -> None:
    """A channel tells of these."""
    await take(store, records, at=AT, by="test", came_at=[AT] * len(records))


async def in_order(store: Store) -> list[Document]:
    """The messages as every list has them, with their texts."""
    return await store.find(MESSAGES, {}, order=[("sent_at", 1), ("_id", 1)])


async def texts(store: Store) -> list[str]:
    """What is read in the conversation, from above."""
    return [one["text"] for one in await in_order(store)]


def looks(seen: list[tuple[str, Document]]) -> int:
    """How many of the commands ask for the newest message of a second."""
    return sum(command.get("aggregate") == MESSAGES.name for _, command in seen)


async def test_order_of_arrival(store: Store) -> None:
    """They stand as they arrived, in one batch or several, and the conversation ends with the last."""
    for one in words("M1", "M2", "M3"):
        await told(store, one)
    await told(store, *words("M4", "M5", "M6"))
    await told(store, *words("before", sent_at=SENT - timedelta(seconds=1)))
    await told(store, *words("M7"))
    assert await texts(store) == ["before", "M1", "M2", "M3", "M4", "M5", "M6", "M7"]
    newest = (await in_order(store))[-1]["sent_at"]
    assert newest - SENT < timedelta(seconds=1)
    assert (await store.find(CONVERSATIONS, {}))[0]["last_message_at"] == newest


async def test_told_again(store: Store) -> None:
    """Whatever is told of a message later, and wherever it is told again, it stands where it stood."""
    await told(store, *words("M1", "M2", "M3"))
    before = [one["sent_at"] for one in await in_order(store)]
    await told(store, *reversed(words("M1", "M2", "M3")))
    await told(store, replace(WORD, text="M1 edited", updated_at=AT))
    await take(store, words("M2"), at=AT, by="file")
    assert [one["sent_at"] for one in await in_order(store)] == before
    assert await texts(store) == ["M1 edited", "M2", "M3"]


async def test_finer_clock(store: Store) -> None:
    """What comes with thousandths keeps them; a whole second told after it stands behind it."""
    await told(store, replace(WORD, sent_at=SENT + timedelta(milliseconds=700)))
    await told(store, *words("M2"))
    await told(store, *words("M3", sent_at=SENT + timedelta(milliseconds=300)))
    assert await texts(store) == ["M3", "M1", "M2"]


async def test_one_look(store: Store, commands: Commands) -> None:
    """Nothing is looked up as long as a conversation goes on; one look covers all of a batch."""
    await told(store, *words("M1"))
    with commands.counted() as everyday:
        await told(store, *words("M2", sent_at=SENT + timedelta(seconds=5)))
    assert looks(everyday) == 0
    with commands.counted() as shared:
        await told(store, *words("M3", "M4"), *words("M5", sent_at=SENT + timedelta(seconds=5)))
    assert looks(shared) == 1


async def test_removed_second(store: Store) -> None:
    """A conversation that is gone at its source takes along what was written until that second."""
    await told(store, *words("M1", "M2", "M3"))
    await told(store, Removal(channel="chat", account="web", kind="conversation", external_id="C1", at=SENT))
    assert await store.find(MESSAGES, {"customer_id": {"$ne": None}}) == []


@pytest.mark.parametrize("year", [1, 9999])
def test_full_second(year: int) -> None:
    """However many share a second, none leaves it: not the last one of the calendar either."""
    turns, second = Turns(), datetime(year, 12, 31, 23, 59, 59, tzinfo=UTC)
    talk = derived_id("C1")
    given = [turns.next(talk, derived_id(str(n)), second) for n in range(1_002)]
    assert given[:2] == [second, second.replace(microsecond=1_000)]
    assert given[-1] == second.replace(microsecond=999_000)


async def test_removed_comes_back(store: Store) -> None:
    """A message that was removed and is told of twice at once, as it was and as it was edited, is not behind itself."""
    gone = Removal(channel="chat", account="web", kind="message", external_id="M1", at=SENT + timedelta(minutes=1))
    (word,) = words("M1")
    await told(store, word, gone)
    await told(store, word, replace(word, text="edited", updated_at=SENT + timedelta(minutes=2)))
    (message,) = await in_order(store)
    assert (message["text"], message["sent_at"]) == ("edited", SENT)
