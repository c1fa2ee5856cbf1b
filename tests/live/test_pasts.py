"""What a vendor has of the past is fetched behind the answers, whole and once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.contract.errors import BadPayload, ChannelBusy, ChannelRefused, NoSuchIdentity
from adapters.contract.records import Who
from adapters.http.session import Outside
from adapters.records import key_hash
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest.batch import take
from resolvers.kit.erased import ERASING
from resolvers.live import fetching
from resolvers.live.memory import Freshness
from resolvers.live.pasts import NAMING, PASTS
from resolvers.tickets import TICKETS
from tests.conftest import NOW, Asking, Commands
from tests.live.conftest import Panel
from tests.live.old_vendor import Old, fetched, old_lines, shift_of
from tests.live.vendor import case, told_ticket
from tests.makers import Made, Makers

SOURCES = """query Sources($id: ID!) { customer(id: $id) {
  tickets { totalCount sources { name status missing completeSince isBackfilling } }
  history { nodes { kind } }
} }"""
EAGER = Freshness(good_s=0, failed_s=0)
LATER = timedelta(days=1)


@pytest.fixture
def old() -> Old:
    """A vendor that has five tickets and shows two at once."""
    return Old(numbers=["5", "4", "3", "2", "1"])


@pytest.fixture
async def panel(ask: Asking, outside: Outside, old: Old) -> AsyncIterator[Panel]:
    """A graph with a line to it."""
    one = Panel(ask, old_lines(outside, old), live_s=5, freshness=EAGER)
    yield one
    await one.asking.close()


@pytest.fixture
async def ann(make: Makers) -> Made:
    """Somebody whom the vendor knows."""
    one = await make.customer()
    await make.identity(one, "acme", "1")
    return one


async def _seen(panel: Panel, of: Made) -> dict[str, Any]:
    """What an agent is told of the vendor."""
    shown = await panel(SOURCES, id=of.id)
    await panel.settled()
    source: dict[str, Any] = shown.data["customer"]["tickets"]["sources"][1]
    return source


async def _past(panel: Panel) -> dict[str, Any]:
    (found,) = await panel.stored.store.find(PASTS, {})
    return dict(found)


async def test_past_arrives_once(panel: Panel, ann: Made) -> None:
    """A past of several portions arrives whole, in the list and in the history, each thing once."""
    await _seen(panel, ann)
    assert await fetched(panel, 2) == ["2", "3", "4", "5"]
    assert await fetched(panel, 4) == ["1", "2", "3", "4", "5"]
    shown = (await panel(SOURCES, id=ann.id)).data["customer"]
    assert shown["tickets"]["totalCount"] == 5
    assert [one["kind"] for one in shown["history"]["nodes"]] == ["TICKET"] * 5


async def test_told_meanwhile(panel: Panel, ann: Made) -> None:
    """Before, while and after a past is fetched, its source says from when on all is here, and whether more comes."""
    first = await _seen(panel, ann)
    assert (first["completeSince"], first["isBackfilling"]) == (None, True)
    assert first["missing"] == "Its older tickets are being fetched."
    await fetched(panel, 2)
    between = await _seen(panel, ann)
    assert (between["completeSince"], between["isBackfilling"]) == ("2026-11-01T00:02:00Z", True)
    await fetched(panel, 1)
    last = await _seen(panel, ann)
    assert (last["completeSince"], last["isBackfilling"], last["missing"]) == ("2026-11-01T00:01:00Z", False, None)


async def test_nothing_more(panel: Panel, ann: Made, old: Old) -> None:
    """Where a channel gave everything at once, no past is begun."""
    old.portion = 9
    seen = await _seen(panel, ann)
    assert (seen["completeSince"], seen["isBackfilling"]) == (None, False)
    assert await panel.stored.store.find(PASTS, {}) == []


async def test_ended_past_names_nobody(panel: Panel, ann: Made) -> None:
    """Of a past that has ended nothing is kept that names the person, and it is not fetched again."""
    await _seen(panel, ann)
    await fetched(panel, 4)
    await _seen(panel, ann)
    kept = await _past(panel)
    assert (kept["state"], kept["portions"]) == ("DONE", 3)
    assert not set(NAMING) & set(kept)


async def test_killed_while_taking(panel: Panel, ann: Made, old: Old, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever dies before a portion stands leaves the cursor as it was: that one portion is asked for again."""
    await _seen(panel, ann)
    await fetched(panel, 1)

    async def killed(*given: Any, along: Any, **more: Any) -> None:
        async def dying(taken: Any) -> None:
            await along(taken)
            raise asyncio.CancelledError

        await take(*given, along=dying, **more)

    monkeypatch.setattr(fetching, "take", killed)
    with pytest.raises(asyncio.CancelledError):
        await fetched(panel, 1)
    monkeypatch.undo()
    assert (await _past(panel))["cursor"] == "2"
    assert await fetched(panel, 3) == ["1", "2", "3", "4", "5"]
    assert [cursor for _, cursor in old.asked] == [None, None, "2", "2", "4"]


async def test_throttled(panel: Panel, ann: Made, old: Old, make: Makers) -> None:
    """A throttled account is left alone by all its pasts as long as it said."""
    bob = await make.customer()
    await make.identity(bob, "acme", "2")
    await _seen(panel, ann)
    await _seen(panel, bob)
    old.trouble, old.asked = ChannelBusy("Too many.", retry_after_s=60), []
    await fetched(panel, 3)
    assert len(old.asked) == 1
    old.trouble = None
    await fetched(panel, 3, timedelta(seconds=59))
    assert len(old.asked) == 1
    await fetched(panel, 1, timedelta(seconds=61))
    assert len(old.asked) == 2


@pytest.mark.parametrize("trouble", [BadPayload("Not a list."), ChannelRefused("403")])
async def test_given_up(panel: Panel, ann: Made, old: Old, trouble: Exception) -> None:
    """What fails again and again is given up with its reason, and the source says what is missing."""
    await _seen(panel, ann)
    old.trouble = trouble  # type: ignore[assignment]
    for n in range(30):
        await fetched(panel, 1, n * LATER)
    kept = await _past(panel)
    assert (kept["state"], kept["reason"].split(",")[0]) == ("FAILED", trouble.kind)  # type: ignore[attr-defined]
    old.trouble = None
    assert (await _seen(panel, ann))["missing"] == "Its older tickets could not be fetched whole."


async def test_nobody_by_that_id(panel: Panel, ann: Made, old: Old) -> None:
    """A channel that knows nobody by the id any more ends the past."""
    await _seen(panel, ann)
    old.trouble = NoSuchIdentity("Nobody.")
    await fetched(panel, 1)
    assert (await _past(panel))["state"] == "DONE"


@pytest.mark.parametrize("leads", [lambda _: "2", lambda end: {"4": "0"}.get(end, end)])
async def test_circle_ends(panel: Panel, ann: Made, old: Old, leads: Any) -> None:
    """A cursor that stands still or leads in a circle ends the past with a reason."""
    await _seen(panel, ann)
    old.leads = leads
    await fetched(panel, 12)
    kept = await _past(panel)
    assert (kept["state"], kept["reason"].split(":")[0]) == ("FAILED", "The channel's cursor leads in a circle")


async def test_bounded(panel: Panel, ann: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """A past without end is given up at a bound, and says so."""
    monkeypatch.setattr(fetching, "MOST_PORTIONS", 2)
    await _seen(panel, ann)
    await fetched(panel, 3)
    kept = await _past(panel)
    assert (kept["state"], kept["portions"]) == ("FAILED", 2)
    assert kept["reason"].startswith("It has more than 2 portions")


async def test_erased_meanwhile(panel: Panel, ann: Made, old: Old) -> None:
    """Nothing is fetched of somebody who is being erased, and the past goes."""
    await _seen(panel, ann)
    await panel.stored.store.insert(ERASING, {"_id": ann.key, "erasure_id": ann.key, "due_at": NOW})
    old.asked = []
    await fetched(panel, 1)
    assert old.asked == []
    assert await panel.stored.store.find(PASTS, {}) == []


async def test_gone_while_asked(panel: Panel, ann: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose identity goes while the channel answers is not brought back by the answer."""
    await _seen(panel, ann)
    store, asked = panel.stored.store, fetching._asked

    async def meanwhile(*given: Any) -> Any:
        found = await asked(*given)
        await store.delete(IDENTITY_KEYS, {})
        await store.delete(IDENTITIES, {})
        await store.delete(TICKETS, {})
        return found

    monkeypatch.setattr(fetching, "_asked", meanwhile)
    assert await fetched(panel, 1) == []
    assert await store.find(IDENTITY_KEYS, {}) == []
    assert await fetched(panel, 1) == []
    assert await store.find(PASTS, {}) == []


async def test_merged_meanwhile(panel: Panel, ann: Made, make: Makers) -> None:
    """Of somebody who became another one, the past goes on, and comes to whoever has the identity now."""
    await _seen(panel, ann)
    bob = await make.customer()
    store, key = panel.stored.store, key_hash("acme", "main", "1")
    await store.update(IDENTITY_KEYS, {"_id": key}, {"$set": {"customer_id": bob.key}})
    await store.update(IDENTITIES, {"value": "1"}, {"$set": {"customer_id": bob.key}})
    await fetched(panel, 2)
    assert (await _past(panel))["customer_id"] == bob.key
    assert {one["customer_id"] for one in await store.find(TICKETS, {"number": {"$in": ["3", "2"]}})} == {bob.key}


async def test_new_one_meanwhile(panel: Panel, ann: Made, old: Old) -> None:
    """Something new that shifts the portions neither loses nor doubles anything."""
    await _seen(panel, ann)
    await fetched(panel, 1)
    old.numbers.insert(0, "6")
    await take(panel.stored.store, [case(Who("acme", "main", "1"), told_ticket("6"))], at=NOW, by="acme")
    assert await fetched(panel, 4) == ["1", "2", "3", "4", "5", "6"]


async def test_costs_one_look(panel: Panel, ann: Made, commands: Commands) -> None:
    """A past that is being fetched costs one command where its channel is asked anew, and none once it is over."""
    await _seen(panel, ann)
    await panel.settled()
    with commands.counted() as plainly:
        await panel.stored(SOURCES, id=ann.id)
    with commands.counted() as waiting:
        await _seen(panel, ann)
    await fetched(panel, 4)
    await _seen(panel, ann)
    with commands.counted() as over:
        await _seen(panel, ann)
    assert (len(waiting) - len(plainly), len(over) - len(plainly)) == (1, 0)


async def test_idle_costs_nothing(panel: Panel, commands: Commands) -> None:
    """Without a line that has pasts the job costs no command, and with one a single look."""
    shift = shift_of(panel)
    (job,) = (one for one in fetching.SLICE.jobs if one.name == fetching.JOB)
    assert job.when is not None
    with commands.counted() as sent:
        assert not await job.when(shift)
    assert len(sent) == 1
