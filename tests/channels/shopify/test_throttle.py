"""How the shop says that it takes no more, refuses or fails; and how its points are minded."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.channels.shopify.asking import judge
from adapters.channels.shopify.channel import Shopify
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused
from adapters.contract.found import Portion
from adapters.contract.records import Order, Who
from adapters.contract.reply import Reply
from adapters.deadline import within
from tests.channels.shopify.double import Bucket, Shop
from tests.channels.shopify.making import buyer, sale

ANN = Who("shopify", "acme", "7")


def reply(told: Any, status: int = 200, **headers: str) -> Reply:
    """An answer of Shopify's."""
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    return Reply(status=status, headers=headers, body=body, as_of=datetime.now(UTC))


def throttled(asked: Any, left: Any, rate: Any, most: Any = 2000) -> dict[str, Any]:
    """As Shopify throttles, with status 200."""
    standing = {"maximumAvailable": most, "currentlyAvailable": left, "restoreRate": rate}
    cost = {"requestedQueryCost": asked, "actualQueryCost": None, "throttleStatus": standing}
    return {
        "errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": cost},
    }


@pytest.mark.parametrize(
    ("told", "wait_s"),
    [
        (throttled(790, 90, 100), 7.0),
        (throttled(790.0, 90.5, 50.0), 13.99),
        (throttled(100, 90, 100), 1.0),
        (throttled(100, 200, 100), 1.0),
        (throttled(790, 90, 0), 1.0),
        (throttled(None, "x", 10**400), 1.0),
        ({"errors": [{"extensions": {"code": "THROTTLED"}}], "data": None}, 1.0),
    ],
    ids=range(7),
)
def test_wait(told: Any, wait_s: float) -> None:
    """The wait is until the bucket holds enough, a second at least, whatever is missing."""
    found = judge(reply(told))
    assert isinstance(found, ChannelBusy)
    assert found.retry_after_s == pytest.approx(wait_s)


def partial(code: str, *path: str | int) -> dict[str, Any]:
    """An answer of which one part is missing, and an error of that code at the path."""
    error = {"message": "Internal", "extensions": {"code": code}, **({"path": list(path)} if path else {})}
    return {"data": {"customers": {"nodes": []}, "orders": None}, "errors": [error]}


JUDGED: list[tuple[Any, int, type[ChannelError] | None, str | None, bool | None]] = [
    ({"data": {"customer": None}}, 200, None, None, None),
    (b"<html>", 200, None, None, None),
    ({"errors": [{"extensions": {"code": "ACCESS_DENIED"}}], "data": {"customer": None}}, 200, ChannelRefused,
     "ACCESS_DENIED", True),
    ({"errors": [{"extensions": {"code": "ACCESS_DENIED"}}], "data": {"customer": {"id": 1}}}, 200, None, None, None),
    ({"errors": [{"extensions": {"code": "MAX_COST_EXCEEDED"}}]}, 200, ChannelRefused, "MAX_COST_EXCEEDED", False),
    (throttled(3000, 2000, 100), 200, ChannelRefused, "MAX_COST_EXCEEDED", False),
    ({"errors": [{"extensions": {"code": "SHOP_INACTIVE"}}]}, 200, ChannelRefused, "SHOP_INACTIVE", True),
    ({"errors": [{"extensions": {"code": "ann@example.com"}}]}, 200, ChannelRefused, "unknown", False),
    ({"errors": "Not Found"}, 200, ChannelRefused, "unknown", False),
    ({"errors": [7, None]}, 200, ChannelRefused, "unknown", False),
    ({"errors": [{"extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}, 200, ChannelDown, None, None),
    ({"errors": [{"extensions": {"code": "TIMEOUT"}}], "data": None}, 200, ChannelDown, None, None),
    (partial("INTERNAL_SERVER_ERROR", "orders"), 200, ChannelDown, None, None),
    (partial("TIMEOUT", "orders", "nodes", 3), 200, ChannelDown, None, None),
    (partial("INTERNAL_SERVER_ERROR"), 200, ChannelDown, None, None),
    (partial("INTERNAL_SERVER_ERROR", "customers", "nodes", 0, "note"), 200, None, None, None),
    (partial("ACCESS_DENIED", "orders"), 200, None, None, None),
    ({**partial("INTERNAL_SERVER_ERROR", "p1"), "data": {"p0": {"nodes": []}, "p1": None}}, 200, None, None, None),
    (b"<html>", 430, ChannelBusy, None, None),
    ({"errors": "[API] Invalid API key"}, 401, ChannelRefused, "401", True),
    ({"errors": "Payment Required"}, 402, ChannelRefused, "402", True),
    ({"errors": "Not Found"}, 404, ChannelRefused, "404", True),
    ({"errors": "Locked"}, 423, ChannelRefused, "423", True),
    ({}, 429, ChannelBusy, None, None),
    (b"", 502, ChannelDown, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("told", "status", "kind", "code", "of_account"), JUDGED, ids=range(len(JUDGED)))
def test_judged(told: Any, status: int, kind: Any, code: str | None, of_account: bool | None) -> None:
    """Each way in which Shopify says no becomes the error that says what to do next, and quotes nothing."""
    found = judge(reply(told, status))
    assert type(found) is (kind or type(None))
    if isinstance(found, ChannelRefused):
        assert (found.code, found.is_of_account) == (code, of_account)
    assert "ann@" not in str(found)


async def test_budget_is_minded(shop: Shop, opened: Callable[..., Shopify]) -> None:
    """Where the points are used up it waits as long as told, visibly, and nothing that was asked for is dropped."""
    shop.buyers, shop.sales = [buyer(n) for n in range(1, 9)], [sale(n, n) for n in range(1, 9)]
    # Each question may cost 396, and costs a few: the bucket holds enough again in a second.
    shop.bucket = Bucket(most=1000, rate=800, left=300, lowest=300)
    shopify = opened(tries=3)
    people = [Who("shopify", "acme", str(n)) for n in range(1, 9)]

    waits: list[float | None] = []

    async def asked(who: Who) -> list[str]:
        while True:
            try:
                with within(5.0):
                    found = await shopify.purchases(who, Portion())
            except ChannelBusy as error:
                waits.append(shopify.way.standing().retry_after_s)
                await asyncio.sleep(error.retry_after_s or 1.0)
            else:
                return [one.external_id for one in found.records if isinstance(one, Order)]

    assert await asyncio.gather(*map(asked, people)) == [[who.value] for who in people]
    assert shop.bucket.lowest >= 0
    assert waits
    assert None not in waits
    # The first ones learn of it together, and nobody knocks before the time.
    assert 0 < shop.throttled <= len(people) * 2
    assert shopify.way.standing().failure is None


async def test_question_fits(shop: Shop, shopify: Shopify) -> None:
    """The dearest question of each kind costs less than Shopify lets one cost."""
    shop.buyers = [buyer(7)]
    await shopify.purchases(ANN, Portion())
    await shopify.portion_of_all(None)
    await shopify.products("bell", Portion())
    assert shop.throttled == 0


async def test_too_dear(shop: Shop, opened: Callable[..., Shopify]) -> None:
    """A question that costs too much is refused by its name, with what to do."""
    shop.buyers = [buyer(7)]
    with pytest.raises(ChannelRefused, match="orders_at_once"):
        await opened(orders_at_once=50).purchases(ANN, Portion())


@pytest.mark.parametrize("body", ["null", "[]", '"x"', "{}", '{"data": 7}', '{"data": {}}', "<html>", ""])
async def test_odd_answers(shop: Shop, shopify: Shopify, body: str) -> None:
    """What is no answer is BadPayload."""
    shop.fault("", 200, body)
    with pytest.raises(BadPayload):
        await shopify.person(ANN)


@pytest.mark.parametrize("body", [(200, partial("TIMEOUT", "orders")), (430, "")], ids=["part", "attack"])
async def test_asked_again(shop: Shop, opened: Callable[..., Shopify], body: tuple[int, Any]) -> None:
    """What passes is asked for again, and nothing of what has changed is left out."""
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7)]
    shop.fault("Changes", *body)
    found = await opened(tries=2).portion_of_all(None)
    assert [one.external_id for one in found.records if isinstance(one, Order)] == ["1"]


async def test_hanging(shop: Shop, shopify: Shopify) -> None:
    """A shop that does not answer is down when the time is up."""
    shop.fault("", 0)
    with within(0.1), pytest.raises(ChannelDown):
        await shopify.person(ANN)


async def test_bad_token(shop: Shop, opened: Callable[..., Shopify]) -> None:
    """A token that is not taken wakes an operator, and stands in no message."""
    shop.buyers = [buyer(7)]
    with pytest.raises(ChannelRefused) as told:
        await opened(access_token="another sample token").person(ANN)
    assert told.value.is_of_account
    assert "sample token" not in str(told.value)
