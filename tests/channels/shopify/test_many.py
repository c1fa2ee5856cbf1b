"""How an inbox full of the shop's customers is asked for at once, and what one of them cannot spoil."""

from collections.abc import Callable

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.channel import Capability, KnowsMany
from adapters.contract.errors import ChannelRefused
from adapters.contract.found import Found, Portion
from adapters.contract.records import Order, Who
from tests.channels.shopify.double import DEAREST, Bucket, Shop
from tests.channels.shopify.making import buyer, goods, sale

PROFILE, PURCHASES = Capability.PROFILE, Capability.PURCHASES
INBOX = [Who("shopify", "acme", str(n)) for n in range(1, 51)]


def orders(found: Found) -> list[str]:
    """The ids of the orders in an answer."""
    return [one.external_id for one in found.records if isinstance(one, Order)]


@pytest.fixture
def full(shop: Shop) -> Shop:
    """A shop with fifty customers who ordered twice."""
    shop.buyers = [buyer(n) for n in range(1, 51)]
    shop.sales = [sale(m * 100 + n, n, days=m) for n in range(1, 51) for m in (1, 2)]
    return shop


async def test_inbox_of_fifty(full: Shop, shopify: Shopify) -> None:
    """Fifty customers cost one question for their profiles and six for their newest orders, none above what is let."""
    full.bucket = Bucket(most=2000, rate=0, left=2000)
    assert isinstance(shopify, KnowsMany)
    assert shopify.many_at_once == len(INBOX)
    profiles = await shopify.of_many(PROFILE, INBOX)
    assert sum(full.asked.values()) == 1
    found = await shopify.of_many(PURCHASES, INBOX)
    assert sum(full.asked.values()) - 1 == 6
    assert set(profiles) == set(found) == set(INBOX)
    assert [orders(found[who]) for who in INBOX] == [[str(200 + n)] for n in range(1, 51)]
    assert full.dearest <= DEAREST
    assert full.throttled == 0


async def test_same_as_alone(full: Shop, shopify: Shopify) -> None:
    """Whoever is asked for among others is told of as by themselves."""
    others = [Who("shopify", "acme", "gid://shopify/Customer/2"), Who("email", "", "customer3@example.com")]
    people = [INBOX[0], *others]
    profiles, found = [await shopify.of_many(one, people) for one in (PROFILE, PURCHASES)]
    for who in people:
        assert profiles[who].records == (await shopify.person(who)).records
        alone = await shopify.purchases(who, Portion())
        assert (found[who].records, found[who].after) == (alone.records, alone.after)
        assert len(orders(found[who])) == 2
    full.sales[0]["lineItems"] = [goods(n) for n in range(1, 11)]
    assert (await shopify.of_many(PURCHASES, INBOX[:2]))[INBOX[0]].unread == ()


async def test_rest_is_led_to(full: Shop, shopify: Shopify) -> None:
    """Where somebody has more orders than came along, the answer leads to the next one."""
    found = (await shopify.of_many(PURCHASES, INBOX))[INBOX[6]]
    rest = await shopify.purchases(INBOX[6], Portion(after=found.after))
    assert (orders(found), orders(rest), rest.after) == (["207"], ["107"], None)
    full.sales = []
    assert (await shopify.of_many(PURCHASES, INBOX[:9]))[INBOX[0]].after is None


@pytest.mark.parametrize("capability", [PROFILE, PURCHASES])
async def test_absent_among_many(full: Shop, shopify: Shopify, capability: Capability) -> None:
    """Who was deleted or made one with another, or is asked for by no id of Shopify's, is absent; nobody else is."""
    full.buyers = full.buyers[:2]
    strange = [Who("shopify", "acme", one) for one in ("99", "ann", "")] + [Who("email", "", "nobody@example.com")]
    assert set(await shopify.of_many(capability, [*strange, *INBOX[:2]])) == set(INBOX[:2])
    assert await shopify.of_many(capability, strange[1:3]) == {}
    assert await shopify.of_many(Capability.TICKETS, INBOX) == {}


@pytest.mark.parametrize("capability", [PROFILE, PURCHASES])
async def test_one_spoils_no_others(full: Shop, shopify: Shopify, capability: Capability) -> None:
    """An id that Shopify does not take, and a customer on whom it fails, are unread; the others are told."""
    huge, full.broken = Who("shopify", "acme", str(10**24)), frozenset({"gid://shopify/Customer/3"})
    found = await shopify.of_many(capability, [huge, *INBOX[:5]])
    assert {who for who, one in found.items() if one.unread} == {huge, INBOX[2]}
    assert "INTERNAL_SERVER_ERROR" in found[INBOX[2]].unread[0].why
    assert all(one.records for one in found.values() if not one.unread)
    assert str(10**24) not in found[huge].unread[0].why


async def test_one_order_spoils_no_others(full: Shop, shopify: Shopify) -> None:
    """An order on which Shopify fails is unread, by its number; the others of that customer are told."""
    full.broken = frozenset({"gid://shopify/Order/101"})
    found = (await shopify.of_many(PURCHASES, INBOX[:2]))[INBOX[0]]
    assert (orders(found), [one.what for one in found.unread]) == (["201"], ["order 101"])


async def test_odd_nodes(full: Shop, shopify: Shopify) -> None:
    """What comes in another order is still everybody's own, and what is none of theirs is nobody's."""
    listed = [full.buyers[1], full.buyers[0], buyer(77), 7, None]
    full.fault("People", 200, {"data": {"nodes": listed}})
    found = await shopify.of_many(PROFILE, INBOX[:6])
    assert [one.records != () for one in found.values()] == [True, True, False, False, False]
    assert found[INBOX[0]].records == (await shopify.person(INBOX[0])).records
    assert {who for who, one in found.items() if one.unread} == {INBOX[2], INBOX[3], INBOX[5]}


async def test_protected_among_many(full: Shop, shopify: Shopify) -> None:
    """Fields that are kept from us are named beside each; silent nulls are said, too; a denied whole is refused."""
    full.protected = frozenset({"lastName"})
    nothing = {"firstName": None, "defaultEmailAddress": None, "defaultPhoneNumber": None}
    full.buyers[0] |= nothing
    found = await shopify.of_many(PROFILE, INBOX[:2])
    assert found[INBOX[1]].withheld == ("last name",)
    assert found[INBOX[0]].withheld == ("last name", "name", "email", "phone")
    denied = {"message": "Access denied", "path": ["nodes", 0], "extensions": {"code": "ACCESS_DENIED"}}
    full.fault("Newest", 200, {"data": {"nodes": [None, None]}, "errors": [denied]})
    with pytest.raises(ChannelRefused, match="read_customers"):
        await shopify.of_many(PURCHASES, INBOX[:2])


async def test_throttled_among_many(full: Shop, opened: Callable[..., Shopify]) -> None:
    """Where the points are used up all of them are asked for again once enough of those are back."""
    full.bucket = Bucket(most=2000, rate=50, left=150)
    assert len(await opened(tries=2).of_many(PROFILE, INBOX)) == 50
    assert full.throttled == 1
