"""An adapter whose answers are wrong shortens its own list, and no other channel's answer or past."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import structlog

from adapters.contract.channel import Capability, Channel, ChannelSettings, Equipment
from adapters.contract.errors import ChannelBusy, ChannelError
from adapters.contract.found import Found, Portion
from adapters.contract.records import Amount, Item, Order, Who
from adapters.http.session import Outside
from adapters.lines import Lines, Misfit
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.live.account_pasts import ACCOUNT_PASTS, read_on
from resolvers.live.fetching import fetch
from resolvers.live.pasts import PASTS
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.conftest import Asking
from tests.live.conftest import Panel
from tests.live.old_vendor import Old, OldAcme, shift_of
from tests.live.test_reading_through import EAGER
from tests.live.vendor import at
from tests.makers import Made, Makers

ASK = """query All($id: ID!) { customer(id: $id) {
  tickets { nodes { number } }
  purchases { nodes { number lines { title quantity } } }
} }"""
WHO = Who("wrong", "main", "1")
ORDER = Order(
    external_id="SO1", who=WHO, placed_at=at(1), items=(Item("1", "Bell", 1, Amount(Decimal("1.00"), "USD")),)
)
HALF = replace(ORDER, external_id="SO2", items=(ORDER.items[0]._replace(quantity=1.5),))  # type: ignore[arg-type]
NAIVE = replace(ORDER, external_id="SO3", placed_at=at(1).replace(tzinfo=None))
AHEAD = replace(ORDER, external_id="SO4", placed_at=at(1).replace(year=9999))
# Eight hundred lines of six thousand signs that take four bytes each: more than a document holds.
BELLS = "\U0001f514" * 1_990
LINES = tuple(ORDER.items[0]._replace(line=f"{n}{BELLS}", title=BELLS, sku=BELLS) for n in range(800))
HUGE = replace(ORDER, external_id="SO5", items=LINES)
OTHERS = Who("acme", "main", "99")


class Wrong(Channel):
    """Shows of everybody what its settings say, or fails by it."""

    name = "wrong"
    Settings = ChannelSettings
    settings: Any

    def capabilities(self) -> tuple[Capability, ...]:
        """Orders alone."""
        return (Capability.PURCHASES,)

    async def purchases(self, who: Who, portion: Portion) -> Found:
        """What the settings say."""
        del who, portion
        return self._told()

    async def portion_of_all(self, cursor: str | None) -> Found:
        """The same."""
        del cursor
        return self._told()

    def _told(self) -> Found:
        if isinstance(self.settings, Exception):
            raise self.settings
        found: Found = self.settings
        return found


Opening = Callable[[Any], Panel]


@pytest.fixture
async def opened(ask: Asking, outside: Outside) -> AsyncIterator[Opening]:
    """Makes a graph with a line to an adapter that says so, and one to a vendor of three tickets, two at once."""
    made: list[Panel] = []

    def open_(told: Any) -> Panel:
        old = Old(numbers=["3", "2", "1"])
        ways = (outside.way(name, "main", Channel.manners, base_url="http://127.0.0.1:9") for name in ("wrong", "acme"))
        wrong, acme = (Equipment(way=way) for way in ways)
        lines = Lines([Wrong("main", told, wrong), OldAcme("main", old, acme)])
        made.append(Panel(ask, lines, live_s=5, freshness=EAGER))
        return made[-1]

    yield open_
    for one in made:
        await one.asking.close()


@pytest.fixture
async def ann(make: Makers) -> Made:
    """Somebody whom both know."""
    one = await make.customer()
    await make.identity(one, "acme", "1")
    await make.identity(one, "wrong", "1")
    return one


WRONG: dict[str, tuple[Any, str]] = {
    "nothing": (None, "UNREADABLE"),
    "cursor": (Found(records=(ORDER,), after=5), "UNREADABLE"),  # type: ignore[arg-type]
    "as of": (Found(records=(ORDER,), as_of=at(1).replace(tzinfo=None)), "UNREADABLE"),
    "half a bell": (Found(records=(ORDER, HALF)), "OK"),
    "naive": (Found(records=(ORDER, NAIVE)), "OK"),
    "far ahead": (Found(records=(ORDER, AHEAD)), "OK"),
    "no record": (Found(records=(ORDER, "SO2")), "OK"),  # type: ignore[arg-type]
    "pause as text": (ChannelBusy("Later.", retry_after_s="7"), "BUSY"),  # type: ignore[arg-type]
    "beyond a document": (Found(records=(ORDER, HUGE)), "OK"),
    "half a title": (Found(records=(replace(ORDER, items=(ORDER.items[0]._replace(title="\ud800"),)),)), "UNREADABLE"),
    "no kind": (ChannelError("No."), "DOWN"),
}


@pytest.mark.parametrize(("told", "status"), WRONG.values(), ids=WRONG)
async def test_answers(opened: Opening, ann: Made, told: Any, status: str) -> None:
    """Of a wrong answer the sound records are shown, and the other channel's answer is whole, without an error."""
    panel = opened(told)
    # An unforeseen error is logged whole, which takes long to write on a terminal.
    with structlog.testing.capture_logs():
        answer = await panel(ASK, id=ann.id)
    assert [one["number"] for one in answer.data["customer"]["tickets"]["nodes"]] == ["3", "2"]
    bells = [{"number": "SO1", "lines": [{"title": "Bell", "quantity": 1}]}]
    assert answer.data["customer"]["purchases"]["nodes"] == bells * (status == "OK")
    told_of = {one["name"]: one for one in answer.body["extensions"]["sources"]}
    assert (told_of["wrong"]["status"], told_of["acme"]["status"]) == (status, "OK")
    await panel.settled()


SECOND = {"none": None, "naive": Found(records=(NAIVE,)), "cursor": Found(after=5), "huge": Found(records=(HUGE,))}  # type: ignore[arg-type]


@pytest.mark.parametrize("second", SECOND.values(), ids=SECOND)
async def test_pasts(opened: Opening, ann: Made, second: Any) -> None:
    """What is wrong in one line's past keeps no other line's from its end, and is given up or told as unread."""
    panel = opened(Found(records=(ORDER,), after="2"))
    await panel(ASK, id=ann.id)
    await panel.settled()
    for line in panel.lines:
        if isinstance(line.channel, Wrong):
            line.channel.settings = second
    for later in range(3):
        await fetch(shift_of(panel, timedelta(hours=later)))
    found = {one["channel"]: one for one in await panel.stored.store.find(PASTS, {})}
    assert found["acme"]["state"] == "DONE"
    assert await panel.stored.store.count(TICKETS, {}) == 3
    wrong = found["wrong"]
    assert (wrong["state"], wrong["unread"]) == (
        ("DONE", 1) if second in (SECOND["naive"], SECOND["huge"]) else ("FAILED", 0)
    )


async def test_accounts(opened: Opening) -> None:
    """Of what an account has of everybody the sound is taken in, of its own people alone."""
    panel = opened(Found(records=(ORDER, NAIVE, replace(ORDER, external_id="SO4", who=OTHERS))))
    await read_on(shift_of(panel))
    assert [one["number"] for one in await panel.stored.store.find(PURCHASES, {})] == ["SO1"]
    assert [one["channel"] for one in await panel.stored.store.find(IDENTITIES, {})] == ["wrong"]
    (past,) = await panel.stored.store.find(ACCOUNT_PASTS, {})
    assert (past["unread"], past["tries"]) == (2, 0)


async def test_ahead_is_told(opened: Opening, ann: Made) -> None:
    """What lies far ahead is left out wherever it is read, and the log says why."""
    panel = opened(Found(records=(AHEAD,)))
    with structlog.testing.capture_logs() as logged:
        await panel(ASK, id=ann.id)
        await panel.settled()
        await read_on(shift_of(panel))
    why = "`placed_at` lies more than a day ahead of when it arrived here. Correct it in the source."
    said = {one["event"] for one in logged if one.get("reasons") == [why]}
    assert said == {"records left out", "account's past not read whole"}
    assert await panel.stored.store.count(PURCHASES, {}) == 0


async def test_own_people_only(opened: Opening, ann: Made) -> None:
    """A record of another channel's person is left out, also where the channel may be asked by that channel's ids."""
    panel = opened(Found(records=(replace(ORDER, who=Who("acme", "main", "1")),)))
    answer = await panel(ASK, id=ann.id)
    assert answer.data["customer"]["purchases"]["nodes"] == []
    assert await panel.stored.store.count(CUSTOMERS, {}) == 1
    await panel.settled()


async def test_misfit(outside: Outside) -> None:
    """A channel that says of itself what cannot be is told when the gateway opens, and not at a question."""

    class Misfitting(Wrong):
        def asked_by(self) -> Any:
            return "email"

    way = outside.way("wrong", "main", Channel.manners, base_url="http://127.0.0.1:9")
    with pytest.raises(Misfit, match="`asked_by` of the channel wrong/main gives no names of channels"):
        Lines([Misfitting("main", None, Equipment(way=way))])
