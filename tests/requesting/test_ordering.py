"""Is what an agent orders placed once, whatever goes wrong, and is it the order that the shop tells of?"""

import asyncio
from datetime import timedelta

import pytest
import structlog

from adapters.channels.rest.channel import Rest
from adapters.contract.channel import NewOrder
from adapters.contract.found import Found
from adapters.lines import NO_LINES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.order_requests import ORDER_REQUESTS
from resolvers.purchases import PURCHASES
from tests import crowd
from tests.conftest import Commands
from tests.makers import Makers
from tests.requesting.conftest import BELLS, ORDER, Counter
from tests.requesting.shop import Shop


async def test_is_a_purchase_at_once(counter: Counter, shop: Shop) -> None:
    """The shop's order stands in purchases, history and totals, once, also when the shop tells of it again."""
    channel = counter.opens()
    placed = (await counter.order(note="Ring twice"))["request"]
    await counter.reads(channel)
    seen = await counter.shown()
    (purchase,) = seen["purchases"]["nodes"]
    assert (placed["status"], placed["order"]["id"]) == ("DONE", purchase["id"])
    assert seen["orderRequests"]["nodes"][0]["order"]["id"] == purchase["id"]
    assert [one["item"]["id"] for one in seen["history"]["nodes"]] == [purchase["id"]]
    assert seen["purchaseTotals"] == [{"orders": 1, "amount": {"amount": "19.90", "currency": "EUR"}}]
    (one,) = shop.orders
    assert (one["note"], one["total"]) == ("Ring twice", "19.90")
    assert one["lines"] == [{"title": "A bell", "sku": "B-1", "count": 2, "price": "9.95"}]


async def test_same_key_once(counter: Counter, shop: Shop) -> None:
    """Asked for twice with one key, also at the same moment, there is one order."""
    counter.opens()
    await asyncio.gather(*(counter.order() for _ in range(4)))
    again = await counter.order()
    assert again["request"]["status"] == "DONE"
    assert shop.asked == len((await counter.shown())["orderRequests"]["nodes"]) == 1


async def test_key_of_another_order(counter: Counter) -> None:
    """A key that stands for another order is refused, with what to do."""
    counter.opens()
    await counter.order()
    refused = await counter.order(items=[{**BELLS, "quantity": 3}])
    assert refused["code"] == "CONFLICT"
    assert "new key" in refused["message"]


@pytest.mark.parametrize(("quantity", "total"), [(1, None), (2, "0.010")])
async def test_total_in_whole_coins(counter: Counter, shop: Shop, quantity: int, total: str | None) -> None:
    """A piece may cost parts of a coin; an order that comes to such is refused, and the shop is not asked."""
    counter.opens()
    sheets = {"title": "A sheet", "quantity": quantity, "unitPrice": {"amount": "0.005", "currency": "EUR"}}
    answer = await counter.order(items=[sheets])
    assert answer.get("request", {}).get("total", {}).get("amount") == total
    assert shop.asked == (0 if total is None else 1)
    assert total or "0.005, has parts of the smallest coin" in answer["message"]


@pytest.mark.parametrize("fault", ["lost", "junk", "500"])
async def test_unknown_is_not_placed_again(counter: Counter, shop: Shop, fault: str) -> None:
    """Where nobody knows whether the shop has it, that is said, and nobody places it again."""
    counter.opens()
    shop.fault = fault
    assert (await counter.order())["request"]["status"] == "UNKNOWN"
    shop.fault = None
    await counter.settle(timedelta(hours=1))
    assert (await counter.order())["request"]["status"] == "UNKNOWN"
    assert shop.asked == 1


async def test_unknown_is_settled(counter: Counter, shop: Shop) -> None:
    """The shop's own word on an order, with our key, settles what nobody knew: one request, one order."""
    channel = counter.opens()
    shop.fault = "lost"
    await counter.order()
    await counter.reads(channel)
    seen = await counter.shown()
    (asked,) = seen["orderRequests"]["nodes"]
    assert (asked["status"], asked["order"]["id"]) == ("DONE", seen["purchases"]["nodes"][0]["id"])
    assert seen["purchaseTotals"][0]["orders"] == 1


async def test_asked_again_by_its_key(counter: Counter, shop: Shop) -> None:
    """A shop that knows orders by their keys is asked again where nobody knows, and has one order."""
    counter.opens(repeatable=True)
    shop.fault = "lost"
    assert (await counter.order())["request"]["status"] == "UNDER_WAY"
    shop.fault = None
    await counter.settle()
    (asked,) = (await counter.shown())["orderRequests"]["nodes"]
    assert asked["status"] == "DONE"
    assert (shop.asked, len(shop.orders)) == (2, 1)


@pytest.mark.parametrize("fault", ["422", "429", "500"])
async def test_again_says_nothing_of_before(counter: Counter, shop: Shop, fault: str) -> None:
    """What a shop answers when asked again says nothing of the first time: after a refusal it may be there."""
    counter.opens(repeatable=True)
    shop.fault = "lost"
    await counter.order()
    shop.fault = fault
    await counter.settle()
    (asked,) = (await counter.shown())["orderRequests"]["nodes"]
    assert asked["status"] == ("UNKNOWN" if fault == "422" else "UNDER_WAY")
    await counter.settle(timedelta(hours=21))
    assert [one["status"] for one in (await counter.shown())["orderRequests"]["nodes"]] == ["UNKNOWN"]


@pytest.mark.parametrize("repeatable", [False, True])
async def test_killed_behind_the_yes(counter: Counter, shop: Shop, repeatable: bool) -> None:
    """Killed between the shop's yes and our writing of it, the order is not placed twice, and is found in the end."""
    channel = counter.opens(repeatable=repeatable)
    await counter.order()
    # As it stood in the moment of the yes.
    row = await counter.ask.store.first(ORDER_REQUESTS, {}) or {}
    before = {"status": "UNDER_WAY", "purchase_id": None}
    await counter.ask.store.update(ORDER_REQUESTS, {"_id": row["_id"]}, {"$set": before})
    await counter.ask.store.delete(PURCHASES, {})
    await counter.settle()
    assert (shop.asked, len(shop.orders)) == (2 if repeatable else 1, 1)
    await counter.reads(channel)
    seen = await counter.shown()
    assert ([one["status"] for one in seen["orderRequests"]["nodes"]], len(seen["purchases"]["nodes"])) == (["DONE"], 1)


@pytest.mark.parametrize(("fault", "code", "may"), [("422", "REFUSED", False), ("429", "BUSY", True)])
async def test_certainly_not_placed(counter: Counter, shop: Shop, fault: str, code: str, may: bool) -> None:
    """What the shop certainly did not do is refused with its reason, and may be asked for with the same key."""
    counter.opens()
    shop.fault = fault
    refused = await counter.order()
    assert (refused["code"], refused["mayTryAgain"]) == (f"CHANNEL_{code}", may)
    assert (await counter.shown())["orderRequests"]["nodes"] == []
    shop.fault = None
    if may:
        counter.ask.lines = NO_LINES
        counter.opens()
    assert (await counter.order())["request"]["status"] == "DONE"


class Broken(Rest):
    """A shop's adapter with a mistake in it."""

    async def place_order(self, order: NewOrder) -> Found:
        """Divides by zero."""
        raise ZeroDivisionError(order.key)


async def test_adapter_that_fails(counter: Counter) -> None:
    """Where an adapter itself fails nobody knows, and the log has it under a reference."""
    counter.opens(cls=Broken)
    with structlog.testing.capture_logs() as logged:
        assert (await counter.order())["request"]["status"] == "UNKNOWN"
    assert [one["event"] for one in logged] == ["unforeseen", "request unknown"]


async def test_of_a_product(counter: Counter, shop: Shop, make: Makers) -> None:
    """A product of the shop gives the line its name, unit and price; one of another shop is refused."""
    counter.opens()
    known = global_id("Product", await crowd.product(make, price=crowd.money("19.90", "EUR")))
    (line,) = (await counter.order(items=[{"productId": known, "quantity": 3}]))["request"]["lines"]
    assert (line["title"], line["sku"], line["total"]) == ("Lamp", "SKU-p1", {"amount": "59.70"})
    assert line["product"] == {"name": "Lamp"}
    other = global_id("Product", await crowd.product(make, account="other"))
    refused = await counter.order(key="second", items=[{"productId": other, "quantity": 3}])
    assert "shop/other" in refused["message"]
    assert shop.asked == 1


async def test_who_offers_it(counter: Counter, make: Makers) -> None:
    """Where no channel offers it, or the one that was named does not, the refusal says which do."""
    assert "No channel of this gateway takes orders" in (await counter.order())["message"]
    counter.opens()
    counter.opens(channel="store")
    assert "shop/main, store/main" in (await counter.order(channel="desk"))["message"]
    assert "no identity on store/main" in (await counter.order(channel="store"))["message"]
    assert (await counter.order())["request"]["channel"] == "shop"
    await make.identity(counter.customer, "store", "s-1")
    assert "Name one by `identityId`" in (await counter.order(key="second"))["message"]
    assert (await counter.order(key="second", channel="store"))["request"]["channel"] == "store"


BAD_ORDERS: list[tuple[dict[str, object], str]] = [
    ({"items": []}, "1 to 100"),
    ({"items": [{**BELLS, "quantity": 0}]}, "`quantity` is 0"),
    ({"items": [{**BELLS, "unitPrice": {"amount": "-1", "currency": "EUR"}}]}, "between 0"),
    ({"items": [{**BELLS, "unitPrice": {"amount": "0", "currency": "EUR"}}]}, "comes to 0"),
    ({"items": [{**BELLS, "unitPrice": {"amount": "1E+900000", "currency": "EUR"}}]}, "between 0"),
    ({"items": [{**BELLS, "unitPrice": {"amount": "1", "currency": "XYZ"}}]}, "'XYZ'"),
    ({"items": [BELLS, {**BELLS, "unitPrice": {"amount": "1", "currency": "USD"}}]}, "EUR, USD"),
    ({"items": [{**BELLS, "title": None}]}, "`title`"),
    ({"items": [{**BELLS, "unitPrice": None}]}, "`unitPrice`"),
    ({"items": [{"productId": "UHJvZHVjdDox", "quantity": 1}]}, "no such product"),
    ({"key": " "}, "`key`"),
    ({"customerId": "Q3VzdG9tZXI6MQ"}, "no such customer"),
    ({"identityId": "SWRlbnRpdHk6MQ"}, "no such identity"),
    ({"account": "main"}, "`channel`"),
]


async def test_bad_orders(counter: Counter, shop: Shop) -> None:
    """Each bad value is refused with what to send instead, and the shop hears of none."""
    counter.opens()
    for given, told in BAD_ORDERS:
        assert told in (await counter.order(**given))["message"]
    assert shop.asked == 0


async def test_of_somebody_erased(counter: Counter) -> None:
    """What the shop answers after the customer was erased is not taken in."""

    class Slow(Rest):
        async def place_order(self, order: NewOrder) -> Found:
            found = await super().place_order(order)
            await counter.ask.store.delete(ORDER_REQUESTS, {})
            return found

    counter.opens(cls=Slow)
    assert "erased" in (await counter.order())["message"]
    assert await counter.ask.store.count(PURCHASES, {}) == 0


@pytest.mark.parametrize("role", [Role.PARTNER, Role.VISITOR])
async def test_staff_alone(counter: Counter, shop: Shop, role: Role) -> None:
    """Nobody but the staff orders in a customer's name."""
    counter.opens()
    viewer = {"customer_id": counter.customer.key} if role is Role.VISITOR else {}
    given = {"key": "first", "customerId": counter.customer.id, "items": [BELLS]}
    assert (await counter.ask(ORDER, as_=role, viewer=viewer, input=given)).codes == ["FORBIDDEN"]
    assert shop.asked == 0


async def test_after_a_merge(counter: Counter, make: Makers) -> None:
    """What was ordered for one who went into another is the other's, whatever was brought along."""
    counter.opens()
    await counter.order()
    survivor = await make.customer("Ann", "Other")
    await make.merged(counter.customer, survivor, "PURCHASES")
    counter.customer = survivor
    assert len((await counter.shown())["orderRequests"]["nodes"]) == 1


LISTS = """{ customers { nodes {
  orderRequests(first: 3) { nodes { order { id } } } paymentRequests(first: 3) { nodes { order { id } } } } } }"""


async def test_lists_cost(counter: Counter, make: Makers, commands: Commands) -> None:
    """What was asked for is listed with its orders for many customers by as many commands as for one."""
    costs = []
    for _ in range(2):
        for person in (counter.customer, await make.customer()):
            bought = await make.purchase(person, "5")
            await crowd.ordered(make, person, purchase_id=bought)
            await crowd.asked_to_pay(make, person, purchase_id=bought)
        with commands.counted() as seen:
            answer = await counter.ask(LISTS)
        costs.append([name for name, _ in seen])
    assert len(answer.data["customers"]["nodes"]) == 3
    assert answer.data["customers"]["nodes"][0]["paymentRequests"]["nodes"][0]["order"]
    assert costs[0] == costs[1]
    assert len(costs[1]) <= 4
