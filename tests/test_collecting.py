"""What waits at a vendor is fetched by one process at a time, kept before the cursor goes on, and then read."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from pydantic import SecretStr

from adapters.contract.channel import Collected, Equipment
from adapters.contract.deliveries import COLLECTED, Delivery
from adapters.contract.errors import ChannelBusy, ChannelDown
from adapters.contract.way import Way
from adapters.lines import Lines, Misfit
from resolvers.collecting import COLLECTIONS, job_at
from resolvers.deliveries.waiting import DELIVERIES
from resolvers.kit.shift import Shift
from tests.channels.toy import SECRET, Toy, ToySettings, body_of, event
from tests.conftest import Asking


class Box(Toy):
    """A toy channel whose deliveries wait until they are fetched."""

    waiting: list[bytes]
    asked: list[str | None]
    odd: Any = None

    def collects(self) -> bool:
        """There is always something to look into."""
        return True

    async def collect(self, cursor: str | None) -> Collected:
        """Two deliveries behind the cursor."""
        self.asked.append(cursor)
        if isinstance(self.odd, Exception):
            raise self.odd
        if self.odd is not None:
            return self.odd  # type: ignore[no-any-return]
        begins = int(cursor or 0)
        some = self.waiting[begins : begins + 2]
        ends = begins + len(some)
        return Collected(deliveries=tuple(map(fetched, some)), cursor=str(ends), is_more=ends < len(self.waiting))


def fetched(body: bytes, method: str = COLLECTED) -> Delivery:
    """The body as it is fetched."""
    return Delivery(method=method, query={}, headers={}, body=body, received_at=datetime(2001, 1, 1, tzinfo=UTC))


class Desk:
    """A house with the box."""

    def __init__(self, ask: Asking) -> None:
        self.ask, self.store = ask, ask.store
        self.box = Box("main", ToySettings(secret=SecretStr(SECRET)), Equipment(way=cast("Way", None)))
        self.box.waiting, self.box.asked = [], []

    def shift(self, later: timedelta = timedelta()) -> Shift:
        """A hand in the jobs."""
        now = self.ask.now + later
        return Shift(store=self.store, declared=self.ask.graph.declared, clock=lambda: now, lines=Lines([self.box]))

    async def look(self, later: timedelta = timedelta()) -> bool:
        """Does the job's steps; whether it was due."""
        shift, job = self.shift(later), job_at("toy", "main")
        if job.when is None or not await job.when(shift):
            return False
        while await job.work(shift):
            pass
        return True

    async def kept(self) -> list[bytes]:
        """What waits to be read, in its order."""
        return [bytes(one["body"]) for one in await self.store.find(DELIVERIES, {}, order=[("sequence", 1)])]

    async def standing(self) -> dict[str, Any]:
        """How far the box was read."""
        (found,) = await self.store.find(COLLECTIONS, {})
        return dict(found)


@pytest.fixture
def desk(ask: Asking) -> Desk:
    """A house with the box."""
    return Desk(ask)


def bodies(count: int) -> list[bytes]:
    """So many deliveries."""
    return [body_of(event("ann", n)) for n in range(count)]


async def test_all_in_order(desk: Desk) -> None:
    """Everything that waits is kept, in its order and as of this moment, and the cursor is handed over again."""
    desk.box.waiting = bodies(5)
    await desk.look()
    assert await desk.kept() == bodies(5)
    assert desk.box.asked == [None, "2", "4"]
    assert {one["received_at"] for one in await desk.store.find(DELIVERIES, {})} == {desk.ask.now}


async def test_fetched_twice_is_one(desk: Desk) -> None:
    """What is fetched again, after somebody was killed before the cursor was kept, is one."""
    desk.box.waiting = bodies(3)
    await desk.look()
    await desk.store.delete(COLLECTIONS, {})
    await desk.look()
    assert await desk.kept() == bodies(3)


@pytest.mark.parametrize(
    ("odd", "kind"),
    [
        (ChannelDown("x"), "DOWN"),
        (ChannelBusy("x"), "BUSY"),
        (RuntimeError("Ann's words"), "UNREADABLE"),
        ("no answer", "UNREADABLE"),
        (Collected(cursor="1", deliveries=(fetched(b"{}", "POST"),)), "UNREADABLE"),
    ],
    ids=range(5),
)
async def test_failures(desk: Desk, caplog: pytest.LogCaptureFixture, odd: object, kind: str) -> None:
    """Whatever the channel answers instead, nothing is kept, the cursor stays, and it is left alone for a while."""
    desk.box.waiting = bodies(1)
    await desk.look()
    desk.box.odd = odd
    await desk.look(timedelta(hours=1))
    standing = await desk.standing()
    assert (standing["cursor"], standing["reason"], standing["tries"]) == ("1", kind, 1)
    assert await desk.kept() == bodies(1)
    assert not await desk.look(timedelta(hours=1))
    assert "collecting failed" in caplog.text


async def test_longer_each_time(desk: Desk) -> None:
    """The pause grows with each failure, and has an end; a vendor that says when is asked then."""
    desk.box.odd = ChannelDown("x")
    pauses, later = [], timedelta()
    for _ in range(9):
        await desk.look(later)
        due = (await desk.standing())["due_at"] - desk.ask.now
        pauses.append((due - later).total_seconds())
        later = due
    assert pauses == [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]
    desk.box.odd = ChannelBusy("x", retry_after_s=7.0)
    await desk.look(later)
    assert (await desk.standing())["due_at"] - desk.ask.now == later + timedelta(seconds=7)


async def test_two_processes(desk: Desk) -> None:
    """Where two look at once, nothing is there twice."""
    desk.box.waiting = bodies(2)
    job = job_at("toy", "main")
    await asyncio.gather(job.work(desk.shift()), job.work(desk.shift()))
    assert await desk.kept() == bodies(2)


async def test_says_plainly(desk: Desk) -> None:
    """A channel that does not say plainly whether it collects is not opened; one that does not has no job."""

    class Vague(Box):
        says: Any = "perhaps"

        def collects(self) -> bool:
            """Whatever the test wants."""
            return self.says  # type: ignore[no-any-return]

    vague = Vague("main", desk.box.settings, desk.box.equipment)
    with pytest.raises(Misfit, match="`collects` of the channel toy/main is neither True nor False"):
        Lines([vague])
    vague.says = False
    shift = Shift(store=desk.store, declared=desk.ask.graph.declared, clock=lambda: desk.ask.now, lines=Lines([vague]))
    assert [one.name for one in shift.jobs() if one.name.startswith("collecting")] == []
    assert "collecting toy/main" in [one.name for one in desk.shift().jobs()]


async def test_account_is_gone(desk: Desk) -> None:
    """A job whose account the settings no longer name does nothing."""
    assert not await job_at("toy", "other").work(desk.shift())
    assert desk.box.asked == []
