"""What was delivered is taken in, each thing once and in its order, and nothing stands in another's way."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.contract.deliveries import Delivery
from adapters.records import Document
from resolvers.conversations import MESSAGES
from resolvers.deliveries import lane_job
from resolvers.deliveries.intake import Intake, Tally
from resolvers.deliveries.lanes import first_waiting, waiting_in
from resolvers.deliveries.replaying import replay
from resolvers.deliveries.waiting import DELIVERIES, EVENT_KEYS, KEPT_FOR, delivery_document, lane_of
from resolvers.identities import IDENTITIES
from resolvers.kit.shift import Shift
from tests.channels import toy
from tests.channels.toy import Toy, body_of, event
from tests.conftest import NOW, Asking

# In one of some a reader stands between the two that come.
ROUNDS = 20


class Post:
    """Brings deliveries, and works in the intake."""

    def __init__(self, ask: Asking) -> None:
        self.store = ask.store
        self.now = NOW
        self.shift = Shift(
            store=ask.store, declared=ask.graph.declared, clock=lambda: self.now, lines=toy.lines("main", "second")
        )
        self._sequence = 0

    async def bring(self, *events: dict[str, Any], body: bytes | None = None, account: str = "main") -> Document:
        """One delivery waits more."""
        self._sequence += 1
        words = body_of(*events) if body is None else body
        came = Delivery(method="POST", query={}, headers={}, body=words, received_at=NOW)
        key = str(self._sequence)
        made = delivery_document(came, channel="toy", account=account, key=key, sequence=self._sequence)
        await self.store.insert(DELIVERIES, made)
        return made

    async def take_in(self) -> Tally:
        """What becomes of all that wait."""
        waiting = await self.store.find(DELIVERIES, {"state": "waiting"}, order=[("sequence", 1)])
        return await Intake(self.shift).process(waiting)

    async def texts(self) -> list[str]:
        """What people said, as it is stored."""
        return sorted(one["text"] for one in await self.store.find(MESSAGES, {}))

    async def aside(self) -> list[list[str]]:
        """Why deliveries stand aside."""
        return [one["reasons"] for one in await self.store.find(DELIVERIES, {"state": "aside"})]

    async def names(self) -> dict[str, str]:
        """What each person was last called, by the person's id on the channel."""
        return {one["value"]: one["profile"]["name"] for one in await self.store.find(IDENTITIES, {})}


@pytest.fixture
def post(ask: Asking) -> Post:
    """Two accounts of the toy channel, and nothing waits."""
    return Post(ask)


async def test_taken_in(post: Post) -> None:
    """What a delivery tells is stored, and the delivery is dropped."""
    await post.bring(event("ann", 1), event("ben", 1))
    tally = await post.take_in()
    assert (tally.taken, tally.done, tally.set_aside) == (2, 1, 0)
    assert await post.texts() == ["word 1", "word 1"]
    assert await post.store.count(DELIVERIES, {}) == 0


async def test_each_event_once(post: Post) -> None:
    """What is told again is taken in once, in one delivery, in another, or after days; on each account for itself."""
    await post.bring(event("ann", 1), event("ann", 1))
    await post.bring(event("ann", 1))
    await post.bring(event("ann", 1), account="second")
    tally = await post.take_in()
    assert (tally.taken, tally.repeated) == (2, 2)
    await post.bring(event("ann", 1))
    assert (await post.take_in()).repeated == 1


async def test_order(post: Post) -> None:
    """The last word of each person stands, over many deliveries and batches."""
    drawn = random.Random(5)
    last: dict[str, int] = {}
    for n in range(60):
        people = drawn.sample(["ann", "ben", "cid"], 2)
        await post.bring(*(event(one, n) for one in people))
        last |= dict.fromkeys(people, n)
    await post.take_in()
    assert await post.names() == {one: str(n) for one, n in last.items()}


async def test_unread(post: Post) -> None:
    """What cannot be read is set aside whole with the reasons; what of it can be is taken in."""
    await post.bring(body=b"no JSON")
    await post.bring(event("ann", 1), event("ann", 2, "wave"), event("ann", 3, "typing"))
    await post.bring(event("ann", 4))
    tally = await post.take_in()
    assert (tally.taken, tally.left_alone, tally.set_aside, tally.done) == (2, 1, 2, 1)
    assert await post.aside() == [["The body of 7 bytes is no JSON."], ["`kind` is none that is known."]]


async def test_adapter_breaks(post: Post) -> None:
    """A delivery over which an adapter breaks is set aside under a reference, and those behind it go on."""
    await post.bring(body=b'{"events": [{"key": 1}]}')
    await post.bring(event("ann", 1))
    tally = await post.take_in()
    ((reason,),) = await post.aside()
    assert reason.startswith("Unforeseen while reading it (KeyError); the log has it under ")
    assert tally.taken == 1


async def test_no_line_any_more(post: Post) -> None:
    """Deliveries of an account that the settings file no longer names are set aside."""
    await post.bring(event("ann", 1), account="gone")
    await post.take_in()
    ((reason,),) = await post.aside()
    assert reason.startswith("The settings file names no such channel account")


async def test_poison(post: Post) -> None:
    """Of a batch that the database cannot take, the one event that is at fault is set aside, and all others are in."""
    for n in range(7):
        await post.bring(event("ann", 10 * n), event("ann", 10 * n + 1, "poison" if n == 3 else "says"))
    tally = await post.take_in()
    assert (tally.taken, tally.done, tally.set_aside) == (13, 6, 1)
    assert len(await post.texts()) == 13
    assert len(await post.aside()) == 1


async def test_refused_record(post: Post) -> None:
    """An event of which a record is refused stands aside with ingest's reason, and counts as not taken in."""
    await post.bring(event("ann", 1, "labels"))
    tally = await post.take_in()
    assert (tally.taken, tally.set_aside) == (0, 1)
    assert "never defined" in (await post.aside())[0][0]
    assert await post.store.count(EVENT_KEYS, {}) == 0


async def test_taken_back(post: Post) -> None:
    """Words that their author takes back vanish from what stands aside, too; other deliveries stay there."""
    await post.bring(event("ann", 1, "labels"))
    await post.bring(event("ann", 2, "labels"))
    await post.take_in()
    await post.bring(event("ann", 1, "withdraws"))
    assert (await post.take_in()).taken == 1
    (left,) = await post.store.find(DELIVERIES, {})
    assert b"ann-2" in left["body"]


async def test_taken_back_by_another(post: Post) -> None:
    """What somebody says of another's words drops nothing, neither what is stored nor what stands aside."""
    await post.bring(event("ann", 1))
    await post.bring(event("ann", 2, "poison"))
    await post.take_in()
    await post.bring({**event("ben", 1, "withdraws"), "of": "ann"})
    await post.bring({**event("ben", 2, "withdraws"), "of": "ann"})
    assert (await post.take_in()).set_aside == 1
    assert await post.store.count(MESSAGES, {"text": "word 1"}) == 1
    assert len(await post.aside()) == 2
    await post.bring(event("ann", 2, "withdraws"))
    await post.take_in()
    assert len(await post.aside()) == 1


async def test_two_at_once(post: Post) -> None:
    """Two processes that both believe to have the lane take each event in once all the same."""
    for n in range(20):
        await post.bring(event("ann", n))
    waiting = await post.store.find(DELIVERIES, {}, order=[("sequence", 1)])
    tallies = await asyncio.gather(*(Intake(post.shift).process(waiting) for _ in range(2)))
    assert sum(one.taken for one in tallies) == 20
    assert len(await post.texts()) == 20
    assert await post.aside() == []


async def test_lanes(post: Post) -> None:
    """A lane's job takes in what waits in it, and asks nothing of the database's leases where nothing waits."""
    jobs = post.shift.declared.jobs
    job = jobs[lane_job(lane_of("toy", "main"))]
    wanted: Callable[[Shift], Awaitable[bool]] = job.when  # type: ignore[assignment]
    assert not await wanted(post.shift)
    await post.bring(event("ann", 1))
    assert await wanted(post.shift)
    assert not await job.work(post.shift)
    assert await post.texts() == ["word 1"]


async def test_upkeep(post: Post) -> None:
    """What was set aside goes after thirty days, as do the keys of what was taken in; what waits stays."""
    await post.bring(event("ann", 1), event("ann", 2, "wave"))
    await post.take_in()
    await post.bring(event("ann", 3))
    upkeep = post.shift.declared.jobs["intake upkeep"].work
    post.now += KEPT_FOR - timedelta(seconds=1)
    await upkeep(post.shift)
    assert (await post.store.count(DELIVERIES, {}), await post.store.count(EVENT_KEYS, {})) == (2, 1)
    post.now += timedelta(seconds=1)
    await upkeep(post.shift)
    assert (await post.store.count(DELIVERIES, {}), await post.store.count(EVENT_KEYS, {})) == (1, 0)


async def test_judged_as_taken(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """What deliveries tell twice among them counts once when it is only looked at, too, and what is refused never."""
    for told in (("ann", 1), ("ann", 2), ("ann", 1)):
        await post.bring(event(*told, "wave"), event("ben", 1, "labels"))
    await post.take_in()
    monkeypatch.setattr(Toy, "kinds", frozenset({"says", "labels", "wave"}))
    judged = await replay(post.shift, {"state": "aside"}, is_dry=True)
    assert (judged.taken, judged.repeated, judged.set_aside) == (2, 1, 3)
    assert judged == await replay(post.shift, {"state": "aside"})


@pytest.mark.usefixtures("yielding")
async def test_none_overtakes_by_being_met(ask: Asking) -> None:
    """Whoever reads what waits meets none that came after one that is not met."""
    post = Post(ask)
    for _ in range(300):
        await post.bring(event("ann", 1))
    made = [await post.bring(event("ann", 1)) for _ in range(2 * ROUNDS)]
    await post.store.delete(DELIVERIES, {"_id": {"$in": [one["_id"] for one in made]}})
    waiting = waiting_in(made[0]["lane"], post.shift.lines)
    assert waiting is not None
    for n in range(ROUNDS):
        # The first stands where a reader has been soon, and is there for certain before the second comes.
        first, second = {**made[2 * n], "sequence": -n}, made[2 * n + 1]
        (met, _), _ = await asyncio.gather(first_waiting(post.store, waiting), _come(post, first, second))
        ids = {one["_id"] for one in met}
        assert second["_id"] not in ids or first["_id"] in ids


async def _come(post: Post, *deliveries: Document) -> None:
    for one in deliveries:
        await post.store.insert(DELIVERIES, one)
