"""A talk by another protocol than HTTP is let through, cut off and told of as requests are."""

import asyncio
import time
from collections.abc import Callable

import pytest

from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused, OutcomeUnknown
from adapters.contract.way import Breaker, Step
from adapters.deadline import within
from adapters.http.ways import AccountWay
from tests.adapters.http.conftest import Heard

Make = Callable[..., AccountWay]


def failing(error: Exception, *, after: bool = False) -> Callable[[Step], object]:
    """A talk that fails; `after`: when the vendor may have what was handed over."""

    async def talk(step: Step) -> None:
        step.may_have_arrived, step.status = after, 550
        raise error

    return talk


async def test_answer_is_told(way: Make, heard: Heard) -> None:
    """What it gives is given, and who watches hears of it by the protocol's name."""

    async def talk(step: Step) -> str:
        step.status = 250
        return "Taken"

    assert await way().converse("SMTP", talk) == "Taken"
    assert [(one.method, one.outcome, one.status, one.tries) for one in heard.calls] == [("SMTP", "GOOD", 250, 1)]
    assert way().standing().answered_at


@pytest.mark.parametrize(
    ("error", "after", "becomes"),
    [
        (ChannelDown("x"), False, ChannelDown),
        (ChannelDown("x"), True, OutcomeUnknown),
        (BadPayload("x"), True, OutcomeUnknown),
        (ChannelRefused("x"), True, ChannelRefused),
        (ChannelBusy("x"), True, ChannelBusy),
    ],
    ids=range(5),
)
async def test_failures(way: Make, error: ChannelError, after: bool, becomes: type[ChannelError]) -> None:
    """Its failure is the contract's; where what was handed over may have arrived, nobody knows."""
    with pytest.raises(becomes, match="acme/main: ") as raised:
        await way().converse("SMTP", failing(error, after=after))
    assert type(raised.value) is becomes


@pytest.mark.parametrize(("after", "becomes"), [(False, ChannelDown), (True, OutcomeUnknown)])
async def test_hanging(way: Make, after: bool, becomes: type[ChannelError]) -> None:
    """One that hangs is cut off, by the bounds of the account or by who waits for it."""
    ended: list[str] = []

    async def hang(step: Step) -> None:
        step.may_have_arrived = after
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cut")

    with pytest.raises(becomes) as raised:
        await way(try_s=0.05).converse("SMTP", hang)
    assert type(raised.value) is becomes
    with within(0.05), pytest.raises(becomes):
        await way("other", try_s=9.0).converse("SMTP", hang)
    assert ended == ["cut", "cut"]


async def test_breaker_opens(way: Make) -> None:
    """Who fails too often in a row rests, and is not talked to meanwhile; a refusal is an answer."""
    resting = way(trips_after=2, rests_s=60.0)
    for _ in range(2):
        with pytest.raises(ChannelDown):
            await resting.converse("SMTP", failing(ChannelDown("x")))
    assert resting.standing().breaker is Breaker.OPEN
    with pytest.raises(ChannelDown, match="rested"):
        await resting.converse("SMTP", failing(ChannelRefused("never asked")))
    answering = way("answering", trips_after=2)
    for _ in range(3):
        with pytest.raises(ChannelRefused):
            await answering.converse("SMTP", failing(ChannelRefused("x")))
    assert answering.standing().breaker is Breaker.CLOSED


async def test_no_time_left(way: Make) -> None:
    """Where the time is up nobody is talked to."""
    with within(0.0), pytest.raises(ChannelDown):
        await way().converse("SMTP", failing(ChannelRefused("never asked")))


async def test_few_at_once(way: Make) -> None:
    """As many talks are under way as the account takes."""
    under_way = most = 0

    async def talk(_step: Step) -> float:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return time.monotonic()

    crowded = way(at_once=2)
    await asyncio.gather(*(crowded.converse("IMAP", talk) for _ in range(6)))
    assert most == 2
