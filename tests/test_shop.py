"""The imported shop answers what its own files say, to the cent, and what the README says.

Whatever needs the shop stands here: a file is run by one worker, and the shop is filled once.
"""

import csv
import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from gateway.demo import DATA, QUESTION
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Asking
from tests.test_readme import BLOCKS, QUERIES
from tests.workloads import W1, W2

TOTALS = """
query Totals($after: String) {
  customers(first: 100, after: $after, orderBy: { field: CREATED, direction: ASCENDING }) {
    nodes { id purchaseTotals { orders amount { amount } } COUNTED }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def _sales() -> Iterator[dict[str, str]]:
    for year in (2021, 2022, 2023):
        with gzip.open(DATA / f"AdventureWorks_Sales_{year}.csv.gz") as file:
            yield from csv.DictReader(io.TextIOWrapper(file, "utf-8-sig"))


def _days() -> dict[str, dict[str, date]]:
    """Each customer's orders with the day on which they were placed."""
    found: dict[str, dict[str, date]] = defaultdict(dict)
    for row in _sales():
        # 01-31-21 in one file, 01/31/2021 in the others.
        month, day, year = map(int, row["OrderDate"].replace("-", "/").split("/"))
        found[row["CustomerKey"]][row["OrderNumber"]] = date(2000 + year % 100, month, day)
    return found


def _newest(days: dict[str, date], shown: list[str]) -> bool:
    """Whether these are the newest of the orders, in order; two of one day stand in either order."""
    newest = sorted(days.values(), reverse=True)[: len(shown)]
    return [days[number] for number in shown] == newest and len(set(shown)) == len(shown)


def _orders() -> dict[str, dict[str, Decimal]]:
    """Each customer's orders with their totals, straight from the files."""
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in _sales():
        found[row["CustomerKey"]][row["OrderNumber"]] += Decimal(row["Sales"])
    return found


@pytest.mark.parametrize("counted", ["", pytest.param("purchases { totalCount }", marks=pytest.mark.deep)])
async def test_totals_to_the_cent(shop: Asking, counted: str) -> None:
    """Each customer's number of orders and their total are those of the sales files: all customers'."""
    expected = {key: (len(orders), sum(orders.values())) for key, orders in _orders().items()}
    identities = await shop.store.find(IDENTITIES, {"channel": "shop"})
    keys = {global_id("Customer", one["customer_id"]): one["value"] for one in identities}
    found: dict[str, tuple[int, Decimal]] = {}
    after = None
    while True:
        page = (await shop(TOTALS.replace("COUNTED", counted), after=after)).data["customers"]
        for node in page["nodes"]:
            for total in node["purchaseTotals"]:
                found[keys[node["id"]]] = (total["orders"], Decimal(total["amount"]["amount"]))
                assert not counted or node["purchases"]["totalCount"] == total["orders"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == expected


async def test_panel_is_right(shop: Asking) -> None:
    """W1 shows the newest five orders of the files, each with its lines' sum."""
    orders = _orders()
    busiest = max(sorted(orders), key=lambda key: len(orders[key]))
    answer = await shop(W1, channel="shop", account="adventureworks", value=busiest)
    assert answer.errors == []
    shown = answer.data["customerByIdentity"]["customer"]["purchases"]["nodes"]
    assert len(shown) == 5
    assert _newest(_days()[busiest], [one["number"] for one in shown])
    for one in shown:
        assert Decimal(one["total"]["amount"]) == orders[busiest][one["number"]]
        assert sum(Decimal(line["total"]["amount"]) for line in one["lines"]) == orders[busiest][one["number"]]


async def test_inbox_is_right(shop: Asking) -> None:
    """W2 shows fifty customers, each with the last order of the files."""
    answer = await shop(W2, first=50)
    assert answer.errors == []
    orders, days = _orders(), _days()
    nodes = answer.data["customers"]["nodes"]
    assert len(nodes) == 50
    for node in nodes:
        (key,) = [one["value"] for one in node["identities"] if one["channel"] == "shop"]
        (last,) = node["purchases"]["nodes"]
        assert _newest(days[key], [last["number"]])
        assert Decimal(last["total"]["amount"]) == orders[key][last["number"]]


async def test_first_question_shows_all(shop: Asking) -> None:
    """The question that stands in the playground has something of every kind to show."""
    answer = await shop(QUESTION)
    assert answer.errors == []
    customer = answer.data["customerByIdentity"]["customer"]
    assert [name for name, value in customer.items() if not value] == []
    kinds = {node["kind"] for node in customer["history"]["nodes"]}
    assert kinds >= {"MESSAGE", "PURCHASE", "TICKET", "INTEREST", "NOTE"}


@pytest.mark.parametrize("query", QUERIES, ids=lambda text: text.split("(")[0].split("{")[0].strip())
async def test_queries(shop: Asking, query: str) -> None:
    """Every query of the README is answered without an error, with data."""
    variables = {}
    if "$customer" in query:
        page = await shop("{ customers(first: 1) { nodes { id } } }")
        variables["customer"] = page.data["customers"]["nodes"][0]["id"]
    answer = await shop(query, as_=Role.AGENT, **variables)
    assert answer.errors == []
    found = next(iter(answer.data.values()))
    assert found
    # A refusal is data, too, and an empty list shows nothing.
    assert "code" not in found
    assert found.get("nodes", True)


async def test_answer(shop: Asking) -> None:
    """The first question's answer is the one that stands behind it."""
    position = BLOCKS.index(("graphql", QUERIES[0]))
    kind, shown = BLOCKS[position + 1]
    answer = await shop(QUERIES[0])
    assert kind == "json"
    assert _without_noise(json.loads(shown)) == _without_noise({"data": answer.data})


def _without_noise(answer: Any) -> Any:
    """The answer as plain values, whatever the spacing."""
    return json.loads(json.dumps(answer))
