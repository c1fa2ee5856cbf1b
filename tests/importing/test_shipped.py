"""Do the mappings that are shipped take the real sets in, to the cent?

Small cuts of the sets stand in tests/data; the whole sets are used where they lie beside the checkout.
"""

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.mongo import Store
from adapters.records import Document, decimal_of
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.interests import TOPICS
from resolvers.products import PRODUCTS
from resolvers.purchases import PURCHASES

ROOT = Path(__file__).parent.parent.parent
SMALL, WHOLE = ROOT / "tests" / "data", ROOT.parent / "shared" / "data"
is_there = pytest.mark.skipif(not WHOLE.exists(), reason=f"the whole sets are not in {WHOLE}")
# Two runs over tens of thousands of rows are for `make deep`; tests/gateway/test_demo.py has the whole shop every day.
LARGE = [pytest.param(SMALL, id="cut"), pytest.param(WHOLE, id="whole", marks=[is_there, pytest.mark.deep])]
SETS = [pytest.param(SMALL, id="cut"), pytest.param(WHOLE, id="whole", marks=is_there)]

HEADERS = ("Unique ID", "Relational ID System")

Totals = dict[str, tuple[int, Decimal]]


def _files(folder: Path, pattern: str) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in sorted(folder.glob(pattern))}


async def _import(shop, mapping: str, folder: Path, pattern: str) -> dict[str, int]:
    """Imports the set twice; the second time must find everything there. Answers the outcomes of the first."""
    shop.mapping = (ROOT / "mappings" / f"{mapping}.toml").read_text()
    shop.files = _files(folder, pattern)
    first, second = await shop.bring_in(), await shop.bring_in()
    counts = {one.record: one.counts for one in first.sections}
    assert all(one.counts["inserted"] == one.counts["updated"] == 0 for one in second.sections)
    assert first.exit_code == second.exit_code == 0
    return {record: one["inserted"] for record, one in counts.items()}


async def _totals(store: Store) -> Totals:
    """Orders and what they come to by the shop's own customer number."""
    names = {one["customer_id"]: one["value"] for one in await store.find(IDENTITIES, {"channel": "shop"})}
    sums: dict[str, list[Document]] = defaultdict(list)
    for order in await store.find(PURCHASES, {}):
        sums[names[order["customer_id"]]].append(order["total"]["amount"])
    return {name: (len(all_), sum(map(decimal_of, all_), Decimal(0))) for name, all_ in sums.items()}


def _sales(folder: Path) -> Totals:
    """The same straight from the CSV files."""
    orders: dict[str, set[str]] = defaultdict(set)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for path in folder.glob("*Sales_*.csv"):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                orders[row["CustomerKey"]].add(row["OrderNumber"])
                sums[row["CustomerKey"]] += Decimal(row["Sales"])
    return {name: (len(orders[name]), sums[name]) for name in orders}


def _customers(folder: Path) -> dict[str, dict[str, str]]:
    with (folder / "AdventureWorks_Customers.csv").open(newline="", encoding="cp1252") as file:
        return {row["CustomerKey"]: row for row in csv.DictReader(file)}


@pytest.mark.parametrize("data", LARGE)
async def test_adventureworks(shop, data: Path) -> None:
    """Every customer's orders are as many, and come to as much, as in the CSV files."""
    folder = data / "adventureworks"
    inserted = await _import(shop, "adventureworks", folder, "*.csv")
    sales, people = _sales(folder), _customers(folder)
    assert await _totals(shop.store) == sales
    assert inserted["orders"] == sum(orders for orders, _ in sales.values())
    assert inserted["people"] == len(people)
    assert await shop.store.count(CUSTOMERS, {}) == len(people.keys() | sales.keys())
    assert await shop.store.count(CUSTOMERS, {"is_anonymous": True}) == 0
    assert "is left out: a return names a product" in shop.printed.getvalue()


async def test_adventureworks_person(shop) -> None:
    """A row of the customers becomes values of their types, in the right encoding, found by e-mail too."""
    await _import(shop, "adventureworks", SMALL / "adventureworks", "*.csv")
    entry = await shop.store.first(IDENTITIES, {"channel": "shop", "value": "11253"})
    assert entry
    customer = await shop.store.first(CUSTOMERS, {"_id": entry["customer_id"]})
    assert customer
    assert customer["attributes"] == {
        "firstName": "Jos\N{LATIN SMALL LETTER E WITH ACUTE}",
        "lastName": "Hernandez",
        "birthDate": "1933-02-28",
        "gender": "Male",
        "maritalStatus": "Married",
        "annualIncome": 60000,
        "totalChildren": 2,
        "educationLevel": "Graduate Degree",
        "occupation": "Management",
        "homeOwner": True,
    }
    assert "jose" in customer["search"]
    assert await shop.store.count(IDENTITY_KEYS, {"customer_id": customer["_id"]}) == 2


async def test_adventureworks_product(shop) -> None:
    """A product has the category that two other files give it, and an order's line points at it."""
    await _import(shop, "adventureworks", SMALL / "adventureworks", "*.csv")
    product = await shop.store.first(PRODUCTS, {"sku": "HL-U509-R"})
    assert product
    assert (product["name"], product["category"]) == ("Sport-100 Helmet, Red", "Accessories")
    assert decimal_of(product["price"]["amount"]) == Decimal("34.99")
    line = {"lines": {"$elemMatch": {"product_id": product["_id"], "title": product["name"]}}}
    assert await shop.store.count(PURCHASES, line) > 0


def _purchases(path: Path) -> Totals:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for line in path.read_text().splitlines()[1:]:
        customer, _, _, dollars = line.split()
        found[customer].append(Decimal(dollars))
    return {name: (len(all_), sum(all_, Decimal(0))) for name, all_ in found.items()}


@pytest.mark.parametrize("data", LARGE)
async def test_cdnow(shop, data: Path) -> None:
    """Every purchase is an order of its own, two of one day too; the sample's are among the master's."""
    folder = data / "cdnow"
    await _import(shop, "cdnow", folder, "*master*")
    whole = _purchases(folder / "CDNOW_master.txt")
    assert await _totals(shop.store) == whole
    assert await _import(shop, "cdnow", folder, "*sample*") == {"orders": 0}
    assert await _totals(shop.store) == whole


@pytest.mark.parametrize("data", SETS)
@pytest.mark.parametrize(
    ("mapping", "pattern", "ids"), [("iab_audience", "Audience*", (1, 2)), ("iab_content", "Content*", (0, 1))]
)
async def test_taxonomies(shop, data: Path, mapping: str, pattern: str, ids: tuple[int, int]) -> None:
    """Every row of a taxonomy is a topic that points at the topic which the row says stands above it."""
    folder = data / "iab_taxonomies"
    inserted = await _import(shop, mapping, folder, pattern)
    (content,) = _files(folder, pattern).values()
    rows = [line.split("\t") for line in content.decode().splitlines()]
    said = {row[ids[0]].strip(): row[ids[1]].strip() for row in rows if row[ids[0]].strip() not in HEADERS}
    topics = await shop.store.find(TOPICS, {})
    names = {one["_id"]: one["external_id"] for one in topics}
    stored = {one["external_id"]: names.get(one["parent_id"], "") for one in topics}
    assert stored == {name: above if above in said else "" for name, above in said.items()}
    assert inserted["topics"] == len(said)
    assert all(one["path"][-1] for one in topics)
