"""Apollo Client as it comes shows whole customers, and beside them which channel is in trouble, and why."""

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from graphql import is_abstract_type
from playwright.async_api import Route, expect
from pydantic import SecretStr

from adapters.mongo import Store
from gateway.mongod import Mongod
from gateway.settings import Settings
from gateway.tokens import signed_token
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role
from tests.gateway.browsing import Visit
from tests.gateway.conftest import SEAL, SIGNS
from tests.gateway.processes import Running
from tests.live.five import DESK, MOODS, file_of, known_on_five
from tests.live.vendor import Vendor, standing
from tests.makers import Makers
from tests.waiting import until
from tests.workloads import W1

BUILT = Path(__file__).parent.parent / "panel" / "built"
SOURCES = "sources { name account status asOf isStale missing retryAfterS }"
# As an agent's panel asks: the reasons beside the customer, and ids, by which Apollo Client's cache keeps things once.
PANEL = (
    W1.replace("id displayName", f"id displayName {SOURCES}")
    .replace("tickets(first: 5) { nodes { ", f"tickets(first: 5) {{ {SOURCES} nodes {{ id ")
    .replace("... on Ticket { ", "... on Ticket { id ")
)
REASONS = {
    "hanging": "It has not answered in time: tickets may be missing.",
    "broken": "It is down: tickets may be missing.",
    "throttled": "It takes no more requests for now: tickets may be missing.",
    "garbled": "What it answered cannot be read: tickets may be missing.",
}
TICKETS = ["fine-1: The chain slips (OPEN)", "T-stored: Broken (OPEN)"]
PERSON = "+14155550000"


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """A vendor on this machine that answers well until it is told otherwise."""
    async with standing() as one:
        yield one


@pytest.fixture
async def address(store: Store, mongod: Mongod, vendor: Vendor, tmp_path: Path) -> AsyncIterator[str]:
    """Where a gateway answers in a process of its own, on the run's store and five accounts of a desk."""
    del store
    secrets = {"GATEWAY_SECRET": SEAL, "GATEWAY_JWT_SECRET": SIGNS}
    places = {"MONGODB_URL": mongod.url, "GATEWAY_DATABASE": "tests"}
    channels = file_of(vendor, tmp_path / "channels.toml")
    start = partial(Running, tmp_path / "data", "serve", GATEWAY_CHANNELS=channels, **secrets, **places)
    running = await asyncio.to_thread(start)
    yield running.address
    await asyncio.to_thread(running.kill)


@pytest.fixture
async def open_panel(visit: Visit, address: str, vendor: Vendor, make: Makers) -> Callable[..., Awaitable[Visit]]:
    """Opens the panel of a customer on five accounts, four of which are in trouble."""
    ann = await make.customer("Ann", "Lee")
    await make.identity(ann, "whatsapp", PERSON)
    await make.ticket(ann, number="T-stored")
    await make.conversation(ann, "Is my bicycle ready?")
    await make.purchase(ann, "10.00", "2.50")
    await known_on_five(make, vendor, ann, "1")
    vendor.moods = dict(MOODS)

    async def open_(**options: Any) -> Visit:
        settings = Settings(secret=SecretStr(SEAL), jwt_secret=SecretStr(SIGNS))
        token = signed_token(settings, Role.AGENT, "anna", at=time.time(), for_s=600)
        variables = {"channel": "whatsapp", "account": "main", "value": PERSON}
        asking = {"token": token, "question": PANEL, "variables": variables, **options}
        await visit.page.add_init_script(f"window.asking = {json.dumps(asking)}")
        # No other address may ask the gateway: a company puts its page beside it, by a proxy.
        await visit.page.route(f"{address}/panel/*", _built)
        return await visit.enter(f"{address}/panel/panel.html")

    return open_


async def _built(route: Route) -> None:
    name = urlsplit(route.request.url).path.rpartition("/")[2]
    if name == "panel.js":
        await route.fulfill(body=gzip.decompress((BUILT / "panel.js.gz").read_bytes()), content_type="text/javascript")
    else:
        await route.fulfill(path=BUILT / name)


@pytest.mark.browser
async def test_apollo_renders_trouble(open_panel: Callable[..., Awaitable[Visit]]) -> None:
    """With its defaults Apollo Client shows what there is, and why four sources of five are missing."""
    panel = await open_panel()
    await expect(panel.page.get_by_role("heading", level=1)).to_have_text("Ann Lee")
    await expect(panel.rows("reasons")).to_have_text([f"{DESK}/{one}: {why}" for one, why in REASONS.items()])
    await expect(panel.rows("tickets")).to_have_text(TICKETS)
    await expect(panel.rows("history")).to_contain_text(["T-stored", "Is my bicycle ready?", "SO", "fine-1"])
    # It says so of every union until it is told `possibleTypes`, and loses nothing of what was asked here.
    assert [one for one in panel.complaints if "possibleTypes" not in one] == []


@pytest.mark.deep
@pytest.mark.browser
async def test_recovery_replaces_reasons(
    open_panel: Callable[..., Awaitable[Visit]], vendor: Vendor, house: Graph
) -> None:
    """Asked again behind the trouble, the page shows the tickets of all accounts where the reasons were."""
    panel = await open_panel(possibleTypes=possible_types(house))
    await expect(panel.rows("reasons")).to_have_count(4)
    vendor.moods = {}
    vendor.gate.set()

    async def recovered() -> bool:
        await panel.page.get_by_role("button", name="Ask again").click()
        await asyncio.sleep(0.5)
        return await panel.rows("reasons").count() == 0

    await until(recovered, within_s=30)
    await expect(panel.rows("tickets")).to_have_count(5)
    assert panel.complaints == []


def possible_types(house: Graph) -> dict[str, list[str]]:
    """What Apollo Client is told of unions and interfaces, as its documentation says: from the schema."""
    schema = house._schema
    abstract = [one for one in schema.type_map.values() if is_abstract_type(one)]
    return {one.name: [type_.name for type_ in schema.get_possible_types(one)] for one in abstract}
