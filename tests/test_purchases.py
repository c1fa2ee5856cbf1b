"""What did customers buy, and how much does it come to?"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from resolvers.kit.ids import global_id
from tests.conftest import Asking, Commands
from tests.makers import BEGIN, Makers, money
from tests.walking import PARTNER, costs, nodes, read, refusal, visitor

TOTALS = "{ since orders amount { amount currency } firstPlacedAt lastPlacedAt }"


async def test_purchases_newest_first(ask: Asking, make: Makers) -> None:
    """The customer's orders, newest first; at one moment the later id first."""
    one = await make.customer()
    keys = [await make.purchase(one, "1.00", placed_at=BEGIN) for _ in range(3)]
    last = await make.purchase(one, "1.00", placed_at=BEGIN + timedelta(days=1))
    ids = [row["id"] for row in await nodes(ask, one, "purchases")]
    assert ids == [global_id("Purchase", key) for key in (last, *sorted(keys, reverse=True))]


async def test_purchase_fields(ask: Asking, make: Makers) -> None:
    """Orders with lines, money as decimal and currency, and tracking."""
    one = await make.customer()
    line = {"title": "Lamp", "sku": "L-1", "quantity": 3, "unit_price": money("0.10"), "total": money("0.30")}
    parcel = {"company": "UPS", "number": "1Z", "url": None, "status": "in transit"}
    await make.purchase(one, number="SO7", lines=[line | {"product_id": None}], total=money("0.30"), tracking=[parcel])
    price = "{ amount currency }"
    row = f"number status total {price} lines {{ title sku quantity unitPrice {price} total {price} }}"
    dime, sum_ = {"amount": "0.10", "currency": "USD"}, {"amount": "0.30", "currency": "USD"}
    assert await nodes(ask, one, "purchases", f"{row} tracking {{ company number url status }}") == [
        {
            "number": "SO7",
            "status": "PAID",
            "total": sum_,
            "lines": [{"title": "Lamp", "sku": "L-1", "quantity": 3, "unitPrice": dime, "total": sum_}],
            "tracking": [parcel],
        }
    ]


@pytest.mark.parametrize(
    ("conditions", "numbers"),
    [
        ("{}", ["3", "2", "1"]),
        ("{ statuses: [REFUNDED] }", ["2"]),
        ("{ statuses: [] }", ["3", "2", "1"]),
        ('{ since: "2026-01-02T00:00:00Z", until: "2026-01-03T00:00:00Z" }', ["2"]),
        ('{ since: "2026-01-02T00:00:00Z", statuses: [PAID] }', ["3"]),
    ],
)
async def test_purchase_filters(ask: Asking, make: Makers, conditions: str, numbers: list[str]) -> None:
    """Only orders that stand so, from a moment on, up to another; the count goes with the filter."""
    one = await make.customer()
    for n in (1, 2, 3):
        placed = BEGIN + timedelta(days=n - 1)
        await make.purchase(one, "1.00", number=str(n), placed_at=placed, status="REFUNDED" if n == 2 else "PAID")
    found = (await read(ask, one, f"purchases(filter: {conditions}) {{ nodes {{ number }} totalCount }}"))["purchases"]
    assert [row["number"] for row in found["nodes"]] == numbers
    assert found["totalCount"] == len(numbers)


async def test_until_before_since(ask: Asking, make: Makers) -> None:
    """A stretch of time that holds no moment is refused."""
    one = await make.customer()
    stretch = '{ since: "2026-01-02T00:00:00Z", until: "2026-01-01T00:00:00Z" }'
    assert "Send a later `until`" in await refusal(ask, one, f"purchases(filter: {stretch}) {{ totalCount }}")


async def test_totals(ask: Asking, make: Makers) -> None:
    """What the orders come to, to the cent, a total per currency; cancelled and refunded ones do not count."""
    one = await make.customer()
    for day, (amount, currency, status) in enumerate(
        [
            ("0.10", "USD", "PAID"),
            ("0.20", "USD", "FULFILLED"),
            ("9.99", "EUR", "PLACED"),
            ("5.00", "USD", "CANCELLED"),
            ("5.00", "USD", "REFUNDED"),
        ]
    ):
        await make.purchase(one, amount, currency=currency, status=status, placed_at=BEGIN + timedelta(days=day))
    days = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]
    assert (await read(ask, one, f"purchaseTotals {TOTALS}"))["purchaseTotals"] == [
        {"since": None, "orders": 1, "amount": {"amount": "9.99", "currency": "EUR"}}
        | {"firstPlacedAt": days[2], "lastPlacedAt": days[2]},
        {"since": None, "orders": 2, "amount": {"amount": "0.30", "currency": "USD"}}
        | {"firstPlacedAt": days[0], "lastPlacedAt": days[1]},
    ]


@pytest.mark.parametrize(
    ("stretch", "totals"),
    [
        ("YEAR", [("2025-01-01", 1), ("2026-01-01", 3)]),
        ("MONTH", [("2025-12-01", 1), ("2026-01-01", 2), ("2026-02-01", 1)]),
    ],
)
async def test_totals_over_time(ask: Asking, make: Makers, stretch: str, totals: list[tuple[str, int]]) -> None:
    """Totals by year or month of UTC, the oldest first."""
    one = await make.customer()
    for moment in ((2026, 2, 1), (2026, 1, 31, 23, 59), (2025, 12, 31, 23, 59), (2026, 1, 1)):
        await make.purchase(one, "1.00", placed_at=datetime(*moment, tzinfo=UTC))  # type: ignore[misc]
    found = (await read(ask, one, f"purchaseTotals(per: {stretch}) {TOTALS}"))["purchaseTotals"]
    assert [(total["since"], total["orders"]) for total in found] == totals


async def test_no_totals(ask: Asking, make: Makers) -> None:
    """Who bought nothing has no totals."""
    one = await make.customer()
    await make.purchase(await make.customer(), "1.00")
    assert await read(ask, one, f"purchaseTotals {TOTALS} purchases {{ totalCount }}") == {
        "purchaseTotals": [],
        "purchases": {"totalCount": 0},
    }


async def test_visitor_purchases(ask: Asking, make: Makers) -> None:
    """A visitor sees the visitor's own purchases and what they come to."""
    one = await make.customer()
    await make.purchase(one, "1.00")
    found = await read(ask, one, f"purchases {{ totalCount }} purchaseTotals {TOTALS}", **visitor(one))
    assert found["purchases"]["totalCount"] == found["purchaseTotals"][0]["orders"] == 1


async def test_totals_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The totals of thirty customers cost one command."""
    for n in range(30):
        await make.purchase(await make.customer(f"Ann{n}"), "1.00")
    assert await costs(ask, commands, "purchaseTotals { orders }", 2, 30) == [2, 2]


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({}, 2),
        ({"statuses": ["REFUNDED"]}, 1),
        ({"since": "2026-01-02T00:00:00Z"}, 1),
        ({"statuses": ["REFUNDED"], "since": "2026-01-02T00:00:00Z"}, 0),
    ],
)
async def test_customers_who_bought(ask: Asking, make: Makers, wanted: dict[str, Any], count: int) -> None:
    """Customers who placed an order such as this: one order fulfils every condition."""
    one, two = await make.customer(), await make.customer()
    await make.customer()
    await make.purchase(one, "1.00", placed_at=BEGIN, status="REFUNDED")
    await make.purchase(two, "1.00", placed_at=BEGIN + timedelta(days=1))
    query = "query($f: PurchaseFilter) { customers(filter: { bought: $f }) { totalCount } }"
    assert (await ask(query, f=wanted, **PARTNER)).data["customers"]["totalCount"] == count  # type: ignore[arg-type]
