"""What a newcomer meets in the first minute: `profile-gateway demo`, asked over HTTP and seen in a browser."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import expect

from gateway.demo import QUESTION
from tests.gateway.browsing import Visit
from tests.gateway.processes import Running, running

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


def test_prints_every_token(first: Demo) -> None:
    """At the first start the shop is filled, and a token for each role is printed, also into a pipe."""
    assert "Filling the database with a shop" in first.gateway.lines[0]
    assert list(first.tokens) == ROLES


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
