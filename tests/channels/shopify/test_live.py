"""What an agent sees of the shop at the moment of the question, and what may be missing."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.lines import Lines
from resolvers.kit.viewer import Role
from resolvers.live.memory import Freshness
from tests.channels.shopify.double import Bucket, Shop
from tests.channels.shopify.making import buyer, mailbox, moment, sale
from tests.conftest import Asking
from tests.live.conftest import Panel
from tests.makers import Made, Makers

QUERY = """query ($id: ID!) { customer(id: $id) { purchases { nodes { number }
  sources { name status missing completeSince retryAfterS isBackfilling } } sources { name missing } } }"""


@pytest.fixture
async def panel(ask: Asking, opened: Callable[..., Shopify]) -> AsyncIterator[Callable[..., Panel]]:
    """Makes a graph that asks the shop."""
    made: list[Panel] = []

    def make(**more: Any) -> Panel:
        made.append(Panel(ask, Lines([opened(**more)]), live_s=5.0, freshness=Freshness()))
        return made[-1]

    yield make
    for one in made:
        await one.asking.close()


@pytest.fixture
async def ann(make: Makers, shop: Shop) -> Made:
    """A customer who is known in the shop, and ordered there once."""
    customer = await make.customer()
    await make.identity(customer, "shopify", "7", "acme")
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7, email="ann@example.com")]
    return customer


def of_shop(shown: Any) -> dict[str, Any]:
    """What is told of the shop beside the list."""
    (found,) = [one for one in shown.data["customer"]["purchases"]["sources"] if one["name"] == "shopify"]
    return dict(found)


async def test_sixty_days_said(panel: Callable[..., Panel], ann: Made) -> None:
    """That older orders are not shown to us stands beside them, with the day from which on they are."""
    shown = await panel()(QUERY, id=ann.id)
    assert [one["number"] for one in shown.data["customer"]["purchases"]["nodes"]] == ["#1"]
    source = of_shop(shown)
    day = source["completeSince"][:10]
    assert source["status"] == "OK"
    assert source["missing"] == f"It shows us only some of the past: purchases before {day} may be missing."


async def test_all_orders_granted(panel: Callable[..., Panel], ann: Made) -> None:
    """Where all orders are granted, nothing is missing."""
    source = of_shop(await panel(read_all_orders=True)(QUERY, id=ann.id))
    assert (source["missing"], source["completeSince"]) == (None, None)


async def test_protected_said(panel: Callable[..., Panel], ann: Made, shop: Shop) -> None:
    """What Shopify keeps from us is said by its name, not by why to visitors; what is there is shown."""
    shop.protected = frozenset({"email", "billingAddress"})
    ask = panel(read_all_orders=True)
    shown = await ask(QUERY, id=ann.id)
    assert [one["number"] for one in shown.data["customer"]["purchases"]["nodes"]] == ["#1"]
    assert of_shop(shown)["missing"] == "It keeps email and billing address of its purchases from us."
    visitor = await ask(QUERY, as_=Role.VISITOR, viewer={"customer_id": ann.key}, id=ann.id)
    assert of_shop(visitor)["missing"] == "Email and billing address of its purchases may be missing."


async def test_protected_profile_said(panel: Callable[..., Panel], ann: Made, shop: Shop) -> None:
    """What is kept from us of a profile, asked for behind the answer, is said beside the customer the next time."""
    shop.protected = frozenset({"firstName", "lastName"})
    ask = panel(read_all_orders=True)
    await ask(QUERY, id=ann.id)
    await ask.settled()
    shown = (await ask(QUERY, id=ann.id)).data["customer"]
    assert shown["sources"][1]["missing"] == "It keeps first name and last name of its profile from us."
    assert shown["purchases"]["sources"][1]["missing"] is None


async def test_choice_seen(panel: Callable[..., Panel], ann: Made, shop: Shop) -> None:
    """Whoever looks at a customer learns that they have unsubscribed."""
    shop.buyers = [buyer(7, defaultEmailAddress=mailbox("ann@example.com", "UNSUBSCRIBED", moment(2)))]
    ask = panel()
    await ask(QUERY, id=ann.id)
    await ask.settled()
    shown = await ask("query ($id: ID!) { customer(id: $id) { consents { purpose status } } }", id=ann.id)
    assert shown.data["customer"]["consents"] == [{"purpose": "e-mail marketing", "status": "WITHDRAWN"}]


async def test_waiting_is_seen(panel: Callable[..., Panel], ann: Made, shop: Shop) -> None:
    """Where the shop's points are used up it is said, and in how many seconds it goes on."""
    shop.bucket = Bucket(most=2000, rate=10, left=90)
    source = of_shop(await panel()(QUERY, id=ann.id))
    assert (source["status"], source["retryAfterS"] > 20) == ("BUSY", True)
    assert "It takes no more requests for now" in source["missing"]


async def test_by_verified_address(panel: Callable[..., Panel], make: Makers, shop: Shop) -> None:
    """Who is known here by a verified address alone is found in the shop by it, and known by their number then."""
    customer = await make.customer()
    await make.identity(customer, "email", "customer7@example.com")
    shop.buyers, shop.sales = [buyer(7)], [sale(1, 7)]
    shown = await panel()(QUERY.replace("sources { name missing } }", "identities { channel value } }"), id=customer.id)
    assert [one["number"] for one in shown.data["customer"]["purchases"]["nodes"]] == ["#1"]
    again = await panel()("query ($id: ID!) { customer(id: $id) { identities { channel value } } }", id=customer.id)
    assert {"channel": "shopify", "value": "7"} in again.data["customer"]["identities"]
