"""Questions that are asked once, and answers that are kept."""

import asyncio
import logging

import pytest

from adapters.contract.errors import BadPayload, ChannelDown, ChannelRefused, NoSuchIdentity
from adapters.contract.manners import Manners
from adapters.deadline import within
from adapters.http.session import Outside
from tests.adapters.http.vendor import answer, hangs, says, waits
from tests.waiting import until

_ILL = says(answer(status=500))


async def _soon() -> None:
    """Time enough for what must not happen."""
    await asyncio.sleep(0.05)


async def test_same_question_asked_once(way, vendor) -> None:
    """The same question under way is asked once; other parameters or headers make another one."""
    go = asyncio.Event()
    vendor.plays(waits(go, answer(b"[1]")))
    same = [asyncio.ensure_future(way().get("/p", params={"a": "1"})) for _ in range(5)]
    other = [
        asyncio.ensure_future(way().get("/p", params={"a": "2"})),
        asyncio.ensure_future(way().get("/p", params={"a": "1"}, headers={"Authorization": "b"})),
    ]
    await until(lambda: len(vendor.asked) == 3)
    await _soon()
    assert len(vendor.asked) == 3
    go.set()
    assert [one.json() for one in await asyncio.gather(*same, *other)] == [[1]] * 7


async def test_leaving_breaks_nobody(way, vendor) -> None:
    """One caller's cancellation or shorter deadline takes nothing from the others."""
    go = asyncio.Event()
    vendor.plays(waits(go, answer(b"[1]")))

    async def hurried() -> None:
        with within(0.1):
            await way().get("/p")

    short = asyncio.ensure_future(hurried())
    cancelled = asyncio.ensure_future(way().get("/p"))
    patient = asyncio.ensure_future(way().get("/p"))
    await until(lambda: vendor.asked)
    cancelled.cancel()
    with pytest.raises(ChannelDown):
        await short
    go.set()
    assert (await patient).json() == [1]
    assert len(vendor.asked) == 1


async def test_nobody_waits_nothing_runs(way, vendor) -> None:
    """The shared call ends when the last one leaves, and who comes then begins anew."""
    vendor.plays(hangs, says(answer(b"[2]")))
    only = way(at_once=1)
    callers = [asyncio.ensure_future(only.get("/p")) for _ in range(2)]
    await until(lambda: vendor.asked)
    for one in callers:
        one.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    assert (await only.get("/p")).json() == [2]


async def test_shared_failure_reaches_all(way, vendor) -> None:
    """Each caller of a shared question gets its failure, and its own words are not grown by it."""
    vendor.plays(_ILL)
    told = await asyncio.gather(*(way(tries=1).get("/p") for _ in range(3)), return_exceptions=True)
    assert {str(one) for one in told} == {"acme/main: It answered with 500."}
    assert len(vendor.asked) == 1


async def test_fresh_answer_is_kept(way, vendor) -> None:
    """An answer young enough is not asked for anew, and says when it came."""
    first = await way().get("/p", fresh_s=30)
    again = await way().get("/p", fresh_s=30)
    await way().get("/p")
    assert (again.as_of, again.is_stale) == (first.as_of, False)
    assert len(vendor.asked) == 2


async def test_longest_wish_is_kept(way, vendor) -> None:
    """Of several who wait for one answer, each may have it kept, whoever asked first."""
    await asyncio.gather(way().get("/p"), way().get("/p", fresh_s=30), way().get("/p", fresh_s=0.001))
    await asyncio.sleep(0.01)
    await way().get("/p", fresh_s=30)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("part", [_ILL, hangs, says(answer(b"<html>")), says(answer(status=429))])
async def test_stale_answer_is_given(way, vendor, part) -> None:
    """Where the vendor does not answer, is throttled or sends junk, the older answer is given and says so."""
    first = await way(tries=1, try_s=0.1).get("/p", stale_s=30)
    vendor.plays(part)
    again = await way(tries=1, try_s=0.1).get("/p", stale_s=30)
    assert (again.as_of, again.is_stale) == (first.as_of, True)


async def test_passed_deadline_gives_kept(way, vendor) -> None:
    """Who has no time left still gets what is kept."""
    await way().get("/p", stale_s=30)
    with within(0):
        assert (await way().get("/p", stale_s=30)).is_stale
    assert len(vendor.asked) == 1


@pytest.mark.parametrize(("status", "error"), [(401, ChannelRefused), (403, ChannelRefused), (404, NoSuchIdentity)])
async def test_refused_is_forgotten(way, vendor, status, error) -> None:
    """What the vendor no longer tells us is not shown from what is kept, also not later."""
    await way(tries=1).get("/p", stale_s=30)
    vendor.plays(says(answer(status=status)), _ILL)
    with pytest.raises(error):
        await way(tries=1).get("/p", stale_s=30)
    with pytest.raises(ChannelDown):
        await way(tries=1).get("/p", stale_s=30)


async def test_junk_is_not_kept(way, vendor) -> None:
    """What says it is JSON and is not is unreadable at once, and is not kept."""
    vendor.plays(says(answer(b"<html>")), says(answer(b"[1]")))
    with pytest.raises(BadPayload):
        await way().get("/p", fresh_s=30)
    assert (await way().get("/p", fresh_s=30)).json() == [1]


async def test_accounts_share_nothing(way, vendor) -> None:
    """Answers for one account's credentials are never given to another account, or to other credentials."""
    for account in ("one", "two"):
        for token in ("a", "b"):
            await way(account).get("/p", headers={"Authorization": token}, fresh_s=30)
    assert len(vendor.asked) == 4


async def test_repeatable_question_is_kept(way, vendor) -> None:
    """A question that is posted is kept by its body; a request with effects never is."""
    for query in ("{ a }", "{ a }", "{ b }"):
        await way().post("/graphql", json={"query": query}, is_repeatable=True, fresh_s=30)
    assert len(vendor.asked) == 2
    with pytest.raises(ValueError, match="effects"):
        await way().post("/graphql", json={}, fresh_s=30)


async def test_closing_ends_everything(vendor, caplog) -> None:
    """When the ways out are closed, nothing is left under way, and whoever waits is told."""
    vendor.plays(hangs)
    with caplog.at_level(logging.DEBUG):
        async with Outside() as outside:
            way = outside.way("acme", "main", Manners(), base_url=vendor.url)
            waiting = [
                asyncio.ensure_future(way.get("/p?token=s3cret")),
                asyncio.ensure_future(way.post("/p?token=s3cret")),
            ]
            await until(lambda: len(vendor.asked) == 2)
        told = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 1)
    assert all(isinstance(one, ChannelDown) for one in told)
    assert "s3cret" not in f"{told} {outside!r} {way!r} {caplog.text}"
    with pytest.raises(ChannelDown):
        await way.get("/p")


async def test_one_way_per_account(outside) -> None:
    """Whoever asks for an account's way gets the one with its bounds; other manners are a mistake."""
    assert outside.way("acme", "main", Manners()) is outside.way("acme", "main", Manners())
    with pytest.raises(ValueError, match="acme/main"):
        outside.way("acme", "main", Manners(at_once=1))
