"""Does a small shop with a desk work by its mapping alone?"""

import asyncio
import tomllib
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from aiohttp import web

from adapters.contract.channel import NewOrder, PaymentRequest
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelRefused
from adapters.contract.found import Portion
from adapters.contract.records import Amount, Case, File, Item, Parcel, Who
from tests.channels.rest.conftest import MAPPINGS
from tests.channels.rest.double import ORDERS

OWN = Who("shop", "main", "K-7")


@pytest.fixture
def channel(make):
    """The shop by the shipped mapping, and nothing kept."""
    mapping = tomllib.loads((MAPPINGS / "shop.toml").read_text())
    mapping["ask"] = [one | {"fresh_s": 0, "stale_s": 0} for one in mapping["ask"]]
    return make("shop", mapping, "/api/v2")


async def test_orders_are_read(channel) -> None:
    """An order has its lines and parcels, exact money and moments of the shop's zone."""
    order = (await channel.purchases(OWN, Portion())).records[0]
    assert order.placed_at == datetime(2024, 12, 24, 17, 30, tzinfo=UTC)
    assert [one.total for one in order.items] == [Amount(Decimal("2099.00"), "EUR"), Amount(Decimal("9.99"), "EUR")]
    assert [one.sku for one in order.items] == ["S-1", None]
    url = "https://track.example.com/DHL/JD014600"
    assert order.parcels == (Parcel(company="DHL", number="JD014600", url=url),)
    assert order.status == "FULFILLED"


async def test_orders_and_payments_by_key(channel, double) -> None:
    """An order and a payment go out under their keys, by which the shop knows them, and come back named."""
    bell = Item(line="1", title="Bell", quantity=2, total=Amount(Decimal("19.98"), "EUR"), sku="B-1")
    placed = await channel.place_order(NewOrder(who=OWN, key="k-1", items=(bell,)))
    amount = Amount(Decimal("19.98"), "EUR")
    asked = await channel.ask_payment(PaymentRequest(who=OWN, key="k-2", amount=amount, words="A bell", order="1004"))
    assert ([one.external_id for one in placed.records], asked.url) == (["1004"], "https://pay.shop.example/L-1")
    order, payment = (one for one in double.seen if one.method == "POST" and "customers" in one.raw_path)
    assert (order.headers["idempotency-key"], order.body["reference"]) == ("k-1", "k-1")
    assert (payment.headers["idempotency-key"], payment.body["cents"]) == ("k-2", 1998)
    assert channel.is_order_repeatable
    assert channel.is_payment_repeatable


async def test_pages_by_number(channel) -> None:
    """Pages are counted in the size with which they began."""
    first = await channel.purchases(OWN, Portion(at_most=2))
    second = await channel.purchases(OWN, Portion(at_most=50, after=first.after))
    assert [one.external_id for one in (*first.records, *second.records)] == ["1001", "1002", "1003"]
    assert second.after is None


async def test_pages_by_link(channel) -> None:
    """A link leads to the next page, and the cursor holds no host."""
    first = await channel.tickets(OWN, Portion())
    second = await channel.tickets(OWN, Portion(after=first.after))
    assert first.after == "/api/v2/customers/K-7/tickets?from=1"
    case, file = first.records
    assert isinstance(case, Case)
    assert isinstance(file, File)
    assert (case.number, case.status, file.of, file.created_at) == ("T-7", "OPEN", "7", case.created_at)
    assert [one.external_id for one in second.records] == ["8"]
    assert second.after is None


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "//evil.example/api/v2/x",
        "http://127.0.0.1:1/api/v2/x",
        "/elsewhere",
        "/api/v2/../x",
        "http://[",
        "/api/v2/%2e%2e/x",
    ],
)
async def test_links_stay_home(channel, double, link) -> None:
    """A link out of `base_url` is not followed."""
    double.next_link = link
    with pytest.raises(BadPayload):
        await channel.tickets(OWN, Portion())


@pytest.mark.parametrize(
    "after", ["https://evil.example/x", "//evil.example/", "x", "/elsewhere", "/api/v2/../../x", ""]
)
async def test_cursors_stay_home(channel, double, after) -> None:
    """A cursor that the channel did not give leads nowhere."""
    with pytest.raises(ChannelRefused):
        await channel.tickets(OWN, Portion(after=after))
    with pytest.raises(ChannelRefused):
        await channel.purchases(OWN, Portion(after=after))
    assert {one.raw_path for one in double.seen} <= {"/oauth/token"}


async def test_throttled_with_200(channel, double) -> None:
    """A shop that says with 200 to wait is busy, for as long as it says."""
    await channel.purchases(OWN, Portion())
    double.answers({"error": {"code": "slow_down", "wait_seconds": 12.5}})
    with pytest.raises(ChannelBusy) as caught:
        await channel.purchases(OWN, Portion())
    assert caught.value.retry_after_s == 12.5


async def test_tokens_are_kept(channel, double) -> None:
    """A token is asked for once, with the client's id and secret, and shown with each request."""
    await channel.purchases(OWN, Portion())
    await channel.purchases(OWN, Portion())
    asked, first, second = double.seen
    assert "client_secret=secret+of+client_secret" in asked.body
    assert first.headers["authorization"] == second.headers["authorization"] == "Bearer token-1"


async def test_ended_token_is_renewed(channel, double) -> None:
    """A token that is refused is replaced once, and the question asked again."""
    await channel.purchases(OWN, Portion())
    is_old = double.seen[-1].headers["authorization"]

    async def fault(request):
        is_refused = request.headers.get("authorization") == is_old
        return web.Response(status=401) if is_refused else None

    double.fault = fault
    found = await channel.purchases(OWN, Portion())
    assert len(found.records) == len(ORDERS)
    assert double.tokens == 2


async def test_one_new_token_for_all(channel, double) -> None:
    """Where a token ends under several questions at once, one new one serves them all."""
    await channel.purchases(OWN, Portion())

    async def fault(request):
        await asyncio.sleep(0.01)
        return web.Response(status=401) if request.headers.get("authorization") == "Bearer token-1" else None

    double.fault = fault
    found = await asyncio.gather(*(channel.purchases(OWN, Portion(at_most=size)) for size in (1, 2, 3)))
    assert [len(one.records) for one in found] == [1, 2, 3]
    assert double.tokens == 2


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_refused_client_wakes_operators(channel, double, status) -> None:
    """Where no token is given, our credentials are refused, whatever the status."""
    double.answers({"error": "invalid_client"}, status=status)
    with pytest.raises(ChannelRefused):
        await channel.purchases(OWN, Portion())


@pytest.mark.parametrize("answer", [{}, [], {"access_token": 5}, {"access_token": "a\r\nb"}, {"access_token": ""}])
async def test_odd_tokens_are_unreadable(channel, double, answer) -> None:
    """What is no token is never shown to the shop."""
    double.answers(answer)
    with pytest.raises(BadPayload):
        await channel.purchases(OWN, Portion())
    assert len(double.seen) == 1
