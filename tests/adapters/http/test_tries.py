"""How often and how long a request is tried, and when it is not sent at all."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelRefused, OutcomeUnknown
from adapters.contract.way import Breaker
from adapters.deadline import within
from tests.adapters.http.vendor import answer, hangs, resets, says, waits
from tests.waiting import until

_GOOD = says(answer(b"[1]"))
_ILL = says(answer(status=500))


def _busy(seconds: str) -> object:
    return says(answer(status=429, headers=(f"Retry-After: {seconds}",)))


async def test_question_is_tried_again(way, vendor) -> None:
    """A request without effects is tried again, as often as the manners say."""
    vendor.plays(resets, _ILL, _GOOD)
    assert (await way().get("/p")).json() == [1]
    assert len(vendor.asked) == 3


async def test_repeatable_effects_tried_again(way, vendor) -> None:
    """A request with effects is tried again where that does no more; its failure is no unknown outcome then."""
    vendor.plays(_ILL, _GOOD)
    assert (await way().post("/p", json={}, is_repeatable=True)).json() == [1]
    vendor.plays(resets)
    with pytest.raises(ChannelDown) as told:
        await way().post("/p", json={}, is_repeatable=True)
    assert not isinstance(told.value, OutcomeUnknown)


async def test_deadline_bounds_everything(way, vendor) -> None:
    """Every try, pause and byte of the body ends with the caller's deadline."""
    vendor.plays(hangs)
    began = time.monotonic()
    with within(0.2), pytest.raises(ChannelDown):
        await way().get("/p")
    assert time.monotonic() - began < 1


async def test_past_deadline_sends_nothing(way, vendor, heard) -> None:
    """A call whose deadline has passed is never begun."""
    for call in (way().get, way().post):
        with within(0), pytest.raises(ChannelDown):
            await call("/p")
    assert vendor.asked == []
    assert [(one.method, one.outcome, one.tries) for one in heard.calls] == [("GET", "DOWN", 0), ("POST", "DOWN", 0)]


async def test_waiting_for_place_ends(way, vendor) -> None:
    """Who waits for a place past its deadline is told it is down: nothing was sent."""
    vendor.plays(hangs)
    narrow = way(at_once=1)
    first = asyncio.ensure_future(narrow.get("/first"))
    await asyncio.sleep(0.05)
    with within(0.1), pytest.raises(ChannelDown) as told:
        await narrow.post("/second")
    assert type(told.value) is ChannelDown
    assert len(vendor.asked) == 1
    first.cancel()


async def test_places_are_bounded(way, vendor) -> None:
    """Of many requests at once, as many are under way as the manners say; the others follow in order."""
    go = asyncio.Event()
    vendor.plays(waits(go, answer()))
    narrow = way(at_once=2)
    asked = [asyncio.ensure_future(narrow.get(f"/{n}")) for n in range(6)]
    await until(lambda: vendor.at_once == 2)
    # Time enough for a third, which must not come.
    await asyncio.sleep(0.05)
    go.set()
    await asyncio.gather(*asked)
    assert vendor.most_at_once == 2
    assert sorted(one.path for one in vendor.asked[:2]) == ["/0", "/1"]


@pytest.mark.parametrize("seconds", ["0.2", "0.0"])
async def test_asked_wait_is_kept(way, vendor, seconds) -> None:
    """A wait that the vendor asks for is waited where it fits in the deadline."""
    vendor.plays(_busy(seconds), _GOOD)
    began = time.monotonic()
    with within(5):
        assert (await way().get("/p")).json() == [1]
    assert time.monotonic() - began >= float(seconds)


@pytest.mark.parametrize("way_of_saying", ["seconds", "date"])
async def test_long_wait_is_told(way, vendor, way_of_saying) -> None:
    """A wait that does not fit is told at once, and nobody else is sent meanwhile."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    said = {"seconds": "7", "date": date}[way_of_saying]
    vendor.plays(_busy(said), _GOOD)
    with within(2), pytest.raises(ChannelBusy) as first:
        await way().get("/p")
    with pytest.raises(ChannelBusy) as second:
        await way().post("/other")
    assert 0 < second.value.retry_after_s <= first.value.retry_after_s
    assert len(vendor.asked) == 1
    assert way().standing().breaker is Breaker.CLOSED


@pytest.mark.parametrize("said", [("Retry-After: 7",), ()], ids=["told", "untold"])
async def test_standing_tells_wait(way, vendor, said) -> None:
    """While a throttled request waits until it may be sent again, the account's standing says for how long."""
    vendor.plays(says(answer(status=429, headers=said)))
    patient = way(tries=9)
    asked = asyncio.ensure_future(patient.get("/p"))
    await until(lambda: patient.standing().retry_after_s)
    asked.cancel()
    assert patient.standing().failure == "BUSY"


async def test_unavailable_asks_to_wait(way, vendor) -> None:
    """A vendor that is unavailable for a time that it names is throttled, not ill."""
    vendor.plays(says(answer(status=503, headers=("Retry-After: 60",))))
    with within(1), pytest.raises(ChannelBusy) as told:
        await way().post("/p")
    assert 59 < told.value.retry_after_s <= 60


async def test_other_account_is_free(way, vendor) -> None:
    """A wait holds up the account that was asked to wait, and no other one."""
    vendor.plays(_busy("7"), _GOOD)
    with within(1), pytest.raises(ChannelBusy):
        await way().get("/p")
    assert (await way("second").get("/p")).json() == [1]


@pytest.mark.parametrize("said", ["soon", "-5", "nan", "inf", "9" * 400, "Fri, 31 Dec 9999 23:59:59 -0000"])
async def test_odd_wait_is_survived(way, vendor, said) -> None:
    """A wait that is none, or longer than an hour, does not switch the account off."""
    vendor.plays(_busy(said))
    with pytest.raises(ChannelBusy) as told:
        await way(tries=1).get("/p")
    assert told.value.retry_after_s is None or 0 <= told.value.retry_after_s <= 3600


def _judge(reply: object) -> Exception | None:
    return ChannelBusy("THROTTLED", retry_after_s=9.0) if "errors" in reply.json() else None


async def test_good_status_can_throttle(way, vendor) -> None:
    """The judge is asked about each answer: vendors throttle with 200, too."""
    vendor.plays(says(answer(b'{"errors": 1}')))
    with within(1), pytest.raises(ChannelBusy, match="THROTTLED"):
        await way(judge=_judge).get("/p")
    with pytest.raises(ChannelBusy):
        await way(judge=_judge).get("/other")
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("body", [b"no json", b"5"])
async def test_judge_stumbles_quietly(way, vendor, body) -> None:
    """An answer over which the judge stumbles cannot be read; what the judge said of it is not told."""
    vendor.plays(says(answer(body)))
    with pytest.raises(BadPayload) as told:
        await way(judge=_judge).get("/p")
    assert body.decode() not in str(told.value).split()


async def test_retries_have_budget(way, vendor) -> None:
    """When a vendor is ill for long, it gets a tenth more than its usual load, not threefold."""
    vendor.plays(_ILL)
    ill = way(trips_after=1000, at_once=40)
    told = await asyncio.gather(*(ill.get(f"/{n}") for n in range(40)), return_exceptions=True)
    assert all(isinstance(one, ChannelDown) for one in told)
    assert 40 < len(vendor.asked) <= 40 + 10 + 40 * 0.1


async def test_breaker_opens_and_closes(way, vendor) -> None:
    """After failures in a row nothing is sent for a while; then one request shows whether the vendor is back."""
    manners = {"trips_after": 2, "rests_s": 0.2, "tries": 1}
    vendor.plays(_ILL)
    for _ in range(4):
        with pytest.raises(ChannelDown):
            await way(**manners).get("/p")
    assert len(vendor.asked) == 2
    standing = way(**manners).standing()
    assert (standing.breaker, standing.failure) == (Breaker.OPEN, "DOWN")
    await asyncio.sleep(0.25)
    assert way(**manners).standing().breaker is Breaker.HALF_OPEN
    vendor.plays(_GOOD)
    await way(**manners).get("/p")
    standing = way(**manners).standing()
    assert (standing.breaker, standing.failure) == (Breaker.CLOSED, None)
    assert standing.answered_at > standing.failed_at


async def test_one_trial_at_once(way, vendor) -> None:
    """Half open, one request is let through; one that is cancelled lets another try."""
    narrow = way(trips_after=1, rests_s=0.05, tries=1)
    vendor.plays(_ILL, hangs, _GOOD)
    with pytest.raises(ChannelDown):
        await narrow.get("/fails")
    await asyncio.sleep(0.1)
    trial = asyncio.ensure_future(narrow.get("/trial"))
    await asyncio.sleep(0.05)
    with pytest.raises(ChannelDown):
        await narrow.get("/other")
    trial.cancel()
    await asyncio.gather(trial, return_exceptions=True)
    assert (await narrow.get("/next")).json() == [1]
    assert [one.path for one in vendor.asked] == ["/fails", "/trial", "/next"]


async def test_short_deadlines_open_breaker(way, vendor) -> None:
    """A vendor that hangs is rested, also where every caller's deadline is shorter than a try."""
    vendor.plays(hangs)
    for call in (way(trips_after=2).get, way(trips_after=2).post):
        with within(0.25), pytest.raises(ChannelDown):
            await call("/p")
    assert way(trips_after=2).standing().breaker is Breaker.OPEN


async def test_refusals_keep_breaker_closed(way, vendor) -> None:
    """A vendor that refuses is there."""
    vendor.plays(says(answer(status=403)))
    for _ in range(3):
        with pytest.raises(ChannelRefused):
            await way(trips_after=1).get("/p")
    assert way(trips_after=1).standing().breaker is Breaker.CLOSED
    assert way(trips_after=1).standing().failure == "REFUSED"


async def test_observer_hears_outcomes(way, vendor, heard) -> None:
    """Each call is told with its outcome, and with nothing that could name a person."""
    vendor.plays(_ILL, _GOOD, says(answer(status=404)))
    await way().get("/ana", params={"email": "ana@example.org"}, fresh_s=5)
    await way().get("/ana", params={"email": "ana@example.org"}, fresh_s=5)
    with pytest.raises(Exception, match="404"):
        await way().get("/bob")
    told = [(one.outcome, one.status, one.tries, one.from_cache) for one in heard.calls]
    assert told == [("GOOD", 200, 2, False), ("GOOD", 200, 0, True), ("UNKNOWN_IDENTITY", 404, 1, False)]
    assert "ana" not in repr(heard.calls)
