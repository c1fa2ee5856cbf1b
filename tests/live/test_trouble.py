"""A channel in trouble makes a list short, with its reason, and never an error."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import structlog

from adapters.contract.channel import Capability
from adapters.contract.way import Breaker, Standing
from adapters.failures import StoreDown
from resolvers.kit.sources import SourceStatus
from resolvers.live import asking
from resolvers.live.memory import Freshness
from resolvers.live.reports import Report, as_now
from tests.live.conftest import Panel
from tests.live.test_reading_through import EAGER, TICKETS_OF
from tests.live.vendor import AcmeSettings, Vendor, at, told_ticket
from tests.makers import Made, Makers
from tests.workloads import W1

MOODS = {"hanging": "hangs", "broken": "broken", "throttled": "throttled", "garbled": "junk", "fine": "fine"}
LIVE_S = 0.6


async def known_everywhere(make: Makers, vendor: Vendor) -> Made:
    """A customer with an identity on five accounts, each of which knows a ticket."""
    ann = await make.customer()
    await make.identity(ann, "whatsapp", "+14155550000")
    await make.ticket(ann, number="stored", created_at=at(100))
    for account in MOODS:
        await make.identity(ann, "acme", "1", account)
        vendor.has("tickets", "1", told_ticket(account), account=account)
    return ann


async def test_chaos(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """One source hangs, one is broken, one throttled, one sends junk: the rest is there in time, four are named."""
    await known_everywhere(make, vendor)
    ask = panel(live_s=LIVE_S, freshness=EAGER, **{account: AcmeSettings() for account in MOODS})
    panel_of = {"channel": "whatsapp", "account": "main", "value": "+14155550000"}
    await ask(W1, **panel_of)
    vendor.moods = dict(MOODS)
    answer = await ask(W1, **panel_of)
    shown = answer.data["customerByIdentity"]["customer"]
    assert {one["number"] for one in shown["tickets"]["nodes"]} >= {"fine", "stored"}
    assert {account: one["status"] for account, one in answer.sources.items()} == {
        "stored": "STORED",
        "hanging": "LATE",
        "broken": "DOWN",
        "throttled": "BUSY",
        "garbled": "UNREADABLE",
        "fine": "OK",
    }
    assert all(bool(answer.sources[one]["missing"]) == (one not in {"fine", "stored"}) for one in answer.sources)
    assert answer.sources["throttled"]["retryAfterS"] == pytest.approx(7, abs=1)
    # The deadline and a tenth, and as much again for a machine that does other things besides.
    assert answer.took_s < LIVE_S * 1.1 + 1.0


async def test_breakers_close(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A source that fails again and again is left alone, and asked again by itself when it has rested."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    vendor.moods = {"main": "broken"}
    ask = panel(freshness=EAGER)
    statuses = [(await ask(TICKETS_OF, id=ann.id)).sources["main"]["status"] for _ in range(3)]
    assert statuses == ["DOWN", "DOWN", "RESTING"]
    vendor.moods = {}
    [line] = ask.lines
    for _ in range(50):
        await asyncio.sleep(0.05)
        if (await ask(TICKETS_OF, id=ann.id)).sources["main"]["status"] == "OK":
            break
    assert line.channel.way.standing().breaker is Breaker.CLOSED


async def test_late_comes_next_time(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """What comes too late for an answer is taken in behind it, and stands in the next one."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    vendor.moods = {"main": "hangs"}
    ask = panel(live_s=0.1)
    first = await ask(TICKETS_OF, id=ann.id)
    assert first.data["customer"]["tickets"]["nodes"] == []
    assert first.sources["main"]["status"] == "LATE"
    assert first.sources["main"]["missing"] == "It has not answered in time: tickets may be missing."
    vendor.gate.set()
    await ask.settled()
    second = await ask(TICKETS_OF, id=ann.id)
    assert [one["number"] for one in second.data["customer"]["tickets"]["nodes"]] == ["7"]
    assert second.sources["main"]["status"] == "OK"


async def test_throttled_is_not_late(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A throttled source is told as one, also where it is asked again behind the answer."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1", "repeating")
    vendor.moods = {"repeating": "throttled for a moment"}
    answer = await panel(live_s=0.3, repeating=AcmeSettings())(TICKETS_OF, id=ann.id)
    source = answer.sources["repeating"]
    assert (source["status"], source["retryAfterS"]) == ("BUSY", pytest.approx(2, abs=1))
    assert source["missing"] == "It takes no more requests for now: tickets may be missing."


async def test_one_account_one_word(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """An account that asks everybody to wait is told so alike for all lists, also where one found it down before."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.moods = {"main": "broken"}
    ask = panel(main=AcmeSettings(offers=(Capability.TICKETS, Capability.PURCHASES)))
    lists = [f"{one} {{ nodes {{ id }} sources {{ name status }} }}" for one in ("tickets", "purchases")]
    one, both = (f"query ($id: ID!) {{ customer(id: $id) {{ {some} }} }}" for some in (lists[0], " ".join(lists)))
    assert (await ask(one, id=ann.id)).sources["main"]["status"] == "DOWN"
    vendor.moods = {"main": "throttled"}
    answer = await ask(both, id=ann.id)
    told = [one["sources"] for one in answer.data["customer"].values()]
    assert [one["status"] for some in told for one in some if one["name"] == "acme"] == ["BUSY", "BUSY"]
    assert answer.sources["main"]["retryAfterS"] == pytest.approx(6, abs=2)


WAITS = Standing(failure="BUSY", retry_after_s=30.0)


@pytest.mark.parametrize(
    ("status", "standing", "told"),
    [
        ("STALE", WAITS, ("STALE", 30.0)),
        ("DOWN", WAITS, ("BUSY", 30.0)),
        ("DOWN", Standing(failure="BUSY"), ("BUSY", None)),
        ("DOWN", Standing(failure="DOWN"), ("DOWN", None)),
        ("OK", WAITS, ("OK", None)),
        ("REFUSED", WAITS, ("REFUSED", None)),
    ],
    ids=["stale", "was down", "of unknown length", "down", "fine", "refused"],
)
def test_told_to_others(status: str, standing: Standing, told: tuple[str, float | None]) -> None:
    """How long an account asked others to wait is known to whoever waits for it, and to nobody else."""
    found = as_now(Report(status=SourceStatus(status)), standing)
    assert (found.status.value, found.retry_after_s) == told


async def test_hanging_one_delays_once(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Who has been waited for as long as a question waits is not waited for by the next one."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.moods = {"main": "hangs"}
    ask = panel(live_s=0.5)
    await ask(TICKETS_OF, id=ann.id)
    again = await ask(TICKETS_OF, id=ann.id)
    assert again.sources["main"]["status"] == "LATE"
    assert again.took_s < 0.4
    assert vendor.asked["main", "tickets", "1"] == 1


async def test_what_was_known_stays(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Of a source that fails now, what it said before is shown, and from when that is."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    ask = panel(freshness=EAGER)
    await ask(TICKETS_OF, id=ann.id)
    vendor.moods = {"main": "refuses"}
    answer = await ask(TICKETS_OF, id=ann.id)
    assert [one["number"] for one in answer.data["customer"]["tickets"]["nodes"]] == ["7"]
    source = answer.sources["main"]
    assert (source["status"], source["isStale"], bool(source["asOf"])) == ("REFUSED", True, True)
    assert source["missing"] == "It refuses our requests: newer tickets may be missing."


async def test_moments_alike(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """`asOf` is the moment at which the channel said so, while it fails, too, and is written alike everywhere."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    ask = panel(freshness=EAGER)
    question = "query ($id: ID!) { customer(id: $id) { tickets { nodes { id } } sources { name account asOf } } }"
    first = (await ask(question, id=ann.id)).sources["main"]["asOf"]
    vendor.moods = {"main": "broken"}
    answer = await ask(question, id=ann.id)
    beside = {one["account"] or one["name"]: one["asOf"] for one in answer.data["customer"]["sources"]}
    assert beside == {name: one["asOf"] for name, one in answer.sources.items()}
    assert beside["main"] == first < beside["stored"]
    assert first.endswith("Z")


async def test_failure_is_not_repeated(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A source that failed a moment ago is not asked again within seconds, and named all the same."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.moods = {"main": "broken"}
    ask = panel(freshness=Freshness())
    statuses = [(await ask(TICKETS_OF, id=ann.id)).sources["main"]["status"] for _ in range(2)]
    assert statuses == ["DOWN", "DOWN"]
    assert vendor.asked["main", "tickets", "1"] == 1


async def test_nobody_by_that_id(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A channel that knows nobody by the id has answered: nothing is missing."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    answer = await panel()(TICKETS_OF, id=ann.id)
    assert answer.data["customer"]["tickets"]["nodes"] == []
    assert (answer.sources["main"]["status"], answer.sources["main"]["missing"]) == ("OK", None)
    assert vendor.asked["main", "tickets", "1"] == 1


async def test_words_tell_no_person(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """No word of what a vendor sends stands beside the data."""
    await known_everywhere(make, vendor)
    vendor.moods = {"broken": "broken", "garbled": "junk"}
    ask = panel(broken=AcmeSettings(), garbled=AcmeSettings())
    answer = await ask(W1, channel="whatsapp", account="main", value="+14155550000")
    assert {one["status"] for one in answer.sources.values()} == {"STORED", "DOWN", "UNREADABLE"}
    assert "Lee" not in str(answer.body["extensions"])


async def test_mistakes_are_logged(
    panel: Callable[..., Panel], vendor: Vendor, make: Makers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where an adapter fails, or its records cannot be stored, the log says of which channel account, and how."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))

    async def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    for name in ("tests.live.vendor.Acme.tickets", "resolvers.live.asking.take_in"):
        with monkeypatch.context() as patch, structlog.testing.capture_logs() as logged:
            patch.setattr(name, fails)
            answer = await panel(freshness=EAGER)(TICKETS_OF, id=ann.id)
        assert answer.sources["main"]["status"] == "UNREADABLE"
        told = next(one for one in logged if one["event"] == "unforeseen")
        assert (told["channel"], told["account"], told["doing"]) == ("acme", "main", "asking for TICKETS")
        assert isinstance(told["exc_info"], ZeroDivisionError)
        assert told["reference"]


async def test_not_stored(
    panel: Callable[..., Panel], vendor: Vendor, make: Makers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that fails while an answer is taken in is no vendor's fault, and is asked again."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))

    async def failing(*_: Any, **__: Any) -> None:
        raise StoreDown("The database is away.")

    monkeypatch.setattr(asking, "take_in", failing)
    with structlog.testing.capture_logs() as logs:
        told = await panel()(TICKETS_OF, id=ann.id)
    assert told.sources["main"]["status"] == "LATE"
    assert [one["event"] for one in logs] == ["taking in waits for the database"]
