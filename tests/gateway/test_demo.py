"""What does a newcomer meet in the first minute, and is the imported shop right: to the cent, as its own files say?

`profile-gateway demo`, asked over HTTP, seen in a browser, and its graph asked. Whatever needs the shop stands here: a
file is run by one worker, and the shop is filled once.
"""

import base64
import csv
import gzip
import io
import json
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import expect

from adapters.mongo import Store
from gateway.app import GATE_RECORDS
from gateway.database import URL_FILE
from gateway.demo import DATA, QUESTION
from resolvers.agents import AGENTS
from resolvers.identities import IDENTITIES
from resolvers.kit.graph import Graph
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Asking
from tests.gateway.browsing import Visit
from tests.gateway.processes import Running, running
from tests.test_readme import BLOCKS, QUERIES
from tests.workloads import W1, W2

ROLES = ["agent", "supervisor", "administrator", "partner", "partner with personal values", "visitor"]
STAFF, PARTNERS = ROLES[:3], ROLES[3:5]
COUNTS = """{ customers { totalCount } labels { name } campaigns { name }
  busiest: customerByIdentity(channel: "shop", account: "adventureworks", value: "13078") {
    customer { history { totalCount } purchases { totalCount } tickets { totalCount } notes { totalCount } } } }"""
# A page that draws nothing has one colour, and one that says that it is loading a few greys.
MOST_COLOURS_OF_NOTHING = 100
COUNT_COLOURS = """async (png) => {
  const picture = new Image();
  picture.src = `data:image/png;base64,${png}`;
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0);
  return new Set(new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
}"""


TOTALS = """
query Totals($after: String) {
  customers(first: 100, after: $after, orderBy: { field: CREATED, direction: ASCENDING }) {
    nodes { id purchaseTotals { orders amount { amount } } COUNTED }
    pageInfo { hasNextPage endCursor }
  }
}
"""


@dataclass
class Demo:
    """A demo that runs, with the tokens that it printed."""

    gateway: Running
    folder: Path

    @property
    def tokens(self) -> dict[str, str]:
        """By role."""
        lines = [line.strip() for line in self.gateway.lines]
        return {role: token for role, token in pairwise(lines) if token.startswith("eyJ")}

    def ask(self, role: str, question: str = QUESTION) -> dict[str, Any]:
        """What that role is answered over HTTP."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"}
        response = httpx.post(f"{self.gateway.address}/graphql", json={"query": question}, headers=headers, timeout=30)
        return response.json()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo at its first start, on an empty data folder."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    with running(folder, "demo") as gateway:
        yield Demo(gateway, folder)


@pytest.fixture(scope="module")
async def shop(first: Demo, house: Graph) -> AsyncIterator[Asking]:
    """Asks the graph about the demo's shop."""
    url = (first.folder / "demo" / URL_FILE).read_text("utf-8")
    store = await Store.open(url, "demo", [*house.declared.records, *GATE_RECORDS])
    await store.prepare()
    store.held.follow()
    (agent,) = await store.find(AGENTS, {"subject": "anna"})
    yield Asking(house, store, agent["_id"])
    await store.close()


DOUBLES = "{ duplicateSuggestions(first: 50) { nodes { isSure customers { displayName } } } }"


def test_suggests_doubles(first: Demo) -> None:
    """Soon after the first start the made-up doubles are suggested, some beyond doubt and some to be looked at."""
    deadline = time.monotonic() + 180
    # What is found is written one after the other.
    while len(found := first.ask("agent", DOUBLES)["data"]["duplicateSuggestions"]["nodes"]) < 6:
        assert time.monotonic() < deadline, found
        time.sleep(1)
    sure = {frozenset(one["displayName"] for one in node["customers"]): node["isSure"] for node in found}
    assert sure[frozenset({"Katherine Castellane", "Kate Castellane"})]
    assert sure[frozenset({"Wilhelmina Oosterhuis", "Mina Oosterhuis"})] is False
    assert sum(sure.values()) == 3
    # A mother and her daughter share a home and a number.
    assert not any("Marguerite Delacourt" in names for names in sure)
    assert any("Katherine Castellane" in line for line in first.gateway.lines)


def test_prints_every_token(first: Demo) -> None:
    """At the first start the shop is filled, and a token for each role is printed, also into a pipe."""
    assert "Filling the database with a shop" in first.gateway.lines[0]
    assert list(first.tokens) == ROLES


def test_tokens_are_for_this_machine(first: Demo) -> None:
    """The page with the tokens is shown by the printed address, and not under a stranger's name that leads here."""
    assert first.tokens["agent"] in httpx.get(first.gateway.address).text
    rebound = httpx.get(first.gateway.address, headers={"Host": f"evil.example:{urlsplit(first.gateway.address).port}"})
    assert rebound.status_code == 421
    assert "eyJ" not in rebound.text


@pytest.mark.parametrize("role", STAFF)
def test_staff_sees_all(first: Demo, role: str) -> None:
    """The standing question shows the staff one customer whole."""
    answer = first.ask(role)
    assert "errors" not in answer
    customer = answer["data"]["customerByIdentity"]["customer"]
    assert customer["displayName"] == "Michele Chande"
    assert [name for name, value in customer.items() if not value] == []


@pytest.mark.parametrize("role", PARTNERS)
def test_partner_sees_less(first: Demo, role: str) -> None:
    """It shows partners what is theirs: no notes, and personal values with the scope alone."""
    answer = first.ask(role)
    assert [(error["path"][-1], error["extensions"]["code"]) for error in answer["errors"]] == [("notes", "FORBIDDEN")]
    customer = answer["data"]["customerByIdentity"]["customer"]
    assert customer["notes"] is None
    assert customer["displayName"] == ("Michele Chande" if "personal" in role else None)
    assert customer["purchases"]["nodes"]


def test_visitor_has_own_question(first: Demo) -> None:
    """A visitor looks nobody up; the question that the page shows a visitor is answered without an error."""
    refused = first.ask("visitor")
    assert refused["data"] == {"customerByIdentity": None}
    assert refused["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    page = httpx.get(first.gateway.address).text
    settings = json.loads(re.findall(r'id="settings">(.*?)</script>', page, re.DOTALL)[0])
    (question,) = [one["question"] for one in settings["tokens"] if one["question"]]
    answer = first.ask("visitor", question)
    assert "errors" not in answer
    assert answer["data"]["customer"]["displayName"] == "Michele Chande"
    assert [name for name, value in answer["data"]["customer"].items() if not value] == []


@pytest.mark.browser
async def test_page_shows_customer(visit: Visit, first: Demo, tmp_path: Path) -> None:
    """The first question stands in the editor; *run* shows the customer, nothing leaves loopback, the page is drawn."""
    await visit.open(first.gateway.address)
    await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("query WholeCustomer")
    await visit.run()
    await visit.shows("Michele Chande")
    drawn = await visit.page.screenshot(path=tmp_path / "playground.png")
    colours = await visit.page.evaluate(COUNT_COLOURS, base64.b64encode(drawn).decode())
    assert colours > MOST_COLOURS_OF_NOTHING
    await visit.page.get_by_label("Asking as").select_option("visitor")
    await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("query AboutMe")
    await visit.run()
    await visit.shows('"purchaseTotals"')
    await visit.page.screenshot(path=tmp_path / "visitor.png")
    assert visit.hosts == {urlsplit(first.gateway.address).netloc}
    assert visit.complaints == []


# The shop, by its own files


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


# The end


def test_second_start_fills_nothing(first: Demo) -> None:
    """Ended and started again, the demo has its shop, fills nothing twice, and prints tokens that are good."""
    before = first.ask("agent", COUNTS)
    assert before["data"]["customers"]["totalCount"] > 8_000
    assert first.gateway.end() == 0
    with running(first.folder, "demo") as gateway:
        again = Demo(gateway, first.folder)
        assert "Filling" not in "".join(gateway.lines)
        assert list(again.tokens) == ROLES
        assert again.ask("agent", COUNTS) == before
        assert gateway.end() == 0
