"""What becomes of messages of which a channel says by a moment alone that they were shown?"""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from adapters.contract.records import Talk, Utterance, Watermark
from adapters.mongo import Store
from resolvers.conversations import CONVERSATIONS, MESSAGES
from tests.taking_in import ANN, AT, DAY, TALK, WORD, bring, contents, outcomes, reason_of

SENT = replace(WORD, direction="OUT", status="SENT", text="Yes")
MARK = Watermark(
    channel="chat", account="web", who=ANN, talk="C1", status="READ", until=WORD.sent_at, at=WORD.sent_at + DAY
)


def sent(n: int, status: str = "SENT") -> Utterance:
    """What we wrote so many seconds after the first word."""
    return replace(SENT, external_id=f"M{n}", sent_at=WORD.sent_at + timedelta(seconds=n), status=status)


async def fares(store: Store) -> list[str]:
    """How far each message came, in their order."""
    return [one["status"] for one in await store.find(MESSAGES, {}, order=[("sent_at", 1)])]


@pytest.mark.parametrize(
    ("status", "mark", "shown"),
    [
        ("SENT", "READ", "READ"),
        ("DELIVERED", "READ", "READ"),
        ("SENT", "DELIVERED", "DELIVERED"),
        ("READ", "DELIVERED", "READ"),
        ("QUEUED", "READ", "QUEUED"),
        ("UNKNOWN", "READ", "UNKNOWN"),
        ("FAILED", "READ", "FAILED"),
    ],
)
async def test_what_rises(store: Store, status: str, mark: str, shown: str) -> None:
    """What was sent is shown by then; what waits, has failed or may not have gone out is not."""
    await bring(store, sent(0, status))
    await bring(store, replace(MARK, status=mark))
    assert await fares(store) == [shown]


async def test_in_any_order(store: Store) -> None:
    """However messages, marks and the conversation come once it is known, all until the latest mark are shown."""
    later = replace(MARK, until=MARK.until + timedelta(seconds=2))
    told = [replace(TALK, updated_at=AT - DAY), later, sent(2)]
    seen = set()
    for n, order in enumerate(permutations(told)):
        place = {"account": f"web{n}"}
        for one in (sent(1), *order, MARK, sent(3)):
            assert isinstance(one, Utterance | Talk | Watermark)
            await bring(store, replace(one, **place))
        found = await store.find(MESSAGES, place, order=[("sent_at", 1)])
        seen.add(tuple(one["status"] for one in found))
    assert seen == {("READ", "READ", "SENT")}


async def test_of_its_conversation_alone(store: Store) -> None:
    """A mark is of one conversation; what the customer wrote is never read by them."""
    await bring(store, WORD, sent(0), replace(sent(1), talk="C2", external_id="M9"))
    await bring(store, replace(MARK, until=AT))
    found = {one["external_id"]: one["status"] for one in await store.find(MESSAGES, {})}
    assert found == {"M1": "RECEIVED", "M0": "READ", "M9": "SENT"}


async def test_told_again(store: Store) -> None:
    """A mark that is told again, or an earlier one, changes nothing."""
    await bring(store, sent(0), MARK)
    held = await contents(store)
    assert outcomes(await bring(store, MARK, replace(MARK, until=MARK.until - DAY))) == ["unchanged", "unchanged"]
    assert await contents(store) == held


async def test_of_nothing_known(store: Store) -> None:
    """In a conversation that nobody here knows nothing is shown, and none begins by it."""
    assert outcomes(await bring(store, MARK)) == ["unchanged"]
    assert await store.count(CONVERSATIONS, {}) == 0


async def test_refused(store: Store) -> None:
    """A mark of another word, or from the years to come, is not taken."""
    assert "DELIVERED or READ" in await reason_of(store, replace(MARK, status="SENT"))
    assert "`until`" in await reason_of(store, replace(MARK, until=AT + 2 * DAY))
