"""A delivery is proven, kept for certain, and only then acknowledged; behind that it is taken in."""

import asyncio
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from pymongo import AsyncMongoClient

from adapters.mongo import Store
from gateway.app import Door, application
from gateway.settings import Settings
from gateway.webhooks import Webhooks
from resolvers.conversations import MESSAGES
from resolvers.deliveries.waiting import DELIVERIES
from tests.channels import toy
from tests.channels.toy import body_of, deliver, event
from tests.gateway.conftest import Gate, OpenGate
from tests.waiting import until


@pytest.fixture
def shop(open_gate: OpenGate) -> Gate:
    """A gate with one account of the toy channel."""
    return open_gate(lines=toy.lines(), delivery_bytes=2_000, body_read_s=0.2)


async def test_handshake(shop: Gate) -> None:
    """A vendor who checks the address is answered its challenge; whoever else tries it learns a status."""
    path = "/webhooks/toy/main"
    good = await shop.client.get(path, params={"challenge": "1158", "token": toy.SECRET})
    assert (good.status_code, good.text) == (200, "1158")
    bad = await shop.client.get(path, params={"challenge": "1158", "token": "guessed"})
    assert (bad.status_code, bad.text) == (403, toy.NOT_PROVEN)


async def test_kept_before_acknowledged(shop: Gate, store: Store) -> None:
    """What is acknowledged is kept, raw, with its headers and without what signed it."""
    body = body_of(event("ann", 1))
    answer = await deliver(shop.client, body)
    assert (answer.status_code, answer.content) == (200, b"")
    (kept,) = await store.find(DELIVERIES, {})
    assert kept["body"] == body
    names = [name for name, _ in kept["headers"]]
    assert "x-topic" in names
    assert "x-toy-signature" not in names


async def test_forged(shop: Gate, store: Store) -> None:
    """A delivery that nobody signed is refused before anything of it is kept."""
    answer = await shop.client.post("/webhooks/toy/main", content=body_of(event("ann", 1)))
    assert (answer.status_code, answer.text) == (401, toy.NOT_PROVEN)
    assert await store.count(DELIVERIES, {}) == 0


@pytest.mark.parametrize("path", ["/webhooks/toy/other", "/webhooks/other/main"])
async def test_unknown_line(shop: Gate, path: str) -> None:
    """What the settings file does not name is not there."""
    answer = await shop.client.post(path, content=b"{}")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("No channel account takes deliveries at this address.")


async def test_no_delivery(shop: Gate) -> None:
    """A signed GET that is no handshake is no delivery."""
    answer = await shop.client.get("/webhooks/toy/main", headers={"X-Toy-Signature": toy.signature(b"")})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_too_large(shop: Gate) -> None:
    """A body beyond the bound is not read, whether it says its size or not."""
    body = b"x" * 2_001

    async def pieces() -> object:
        yield body[:1_500]
        yield body[1_500:]

    assert (await deliver(shop.client, body)).status_code == 413
    assert (await shop.client.post("/webhooks/toy/main", content=pieces())).status_code == 413


async def test_too_slow(shop: Gate) -> None:
    """A body that does not arrive holds no place."""

    async def pieces() -> object:
        yield b"{"
        await asyncio.sleep(1)

    assert (await shop.client.post("/webhooks/toy/main", content=pieces())).status_code == 408


async def test_repeated(shop: Gate, store: Store) -> None:
    """A delivery that comes again is acknowledged and kept once: by the vendor's id, or by what it says."""
    for body in (body_of(event("ann", 1)), body_of(event("ann", 1), id="7"), body_of(event("ann", 2), id="7")):
        for _ in range(2):
            assert (await deliver(shop.client, body)).status_code == 200
    assert await store.count(DELIVERIES, {}) == 2


async def test_nobody_in() -> None:
    """Before the house is open, and once it closes, a vendor is told to come again."""
    door = Door()
    app = httpx.ASGITransport(Webhooks(lambda: door.desk, Settings()).routes[0].app)
    async with httpx.AsyncClient(transport=app, base_url="http://gate.example") as client:
        answer = await client.post("/webhooks/toy/main", content=b"{}")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


async def test_store_away(open_gate: OpenGate, tmp_path: Path) -> None:
    """Without a database nothing is acknowledged: the vendor is told to come again."""
    gate = open_gate(lines=toy.lines())
    # A socket that is not there is refused in one step: of a port the driver may leave a socket half open.
    there = quote(str(tmp_path / "nobody.sock"), safe="")
    nobody = AsyncMongoClient(f"mongodb://{there}", serverSelectionTimeoutMS=50)
    gone = Store(nobody, "mongodb://gone", "tests", [])
    gate.house.inbox._store = gone
    answer = await deliver(gate.client, body_of(event("ann", 1)))
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    await gone.close()


async def test_taken_in_soon(shop: Gate, store: Store) -> None:
    """What was acknowledged is taken in at once, once, however often it comes."""
    async with shop.house.working():
        for _ in range(2):
            await deliver(shop.client, body_of(event("ann", 1)))
        await until(lambda: store.count(MESSAGES, {}))
        await deliver(shop.client, body_of(event("ann", 1)))
        await until(lambda: _is_empty(store))
    assert [one["text"] for one in await store.find(MESSAGES, {})] == ["word 1"]


async def test_counted(shop: Gate) -> None:
    """How deliveries ended is counted by channel, account and outcome."""
    app = application(shop.house)
    hooks = next(one for one in app.routes if getattr(one, "path", "").startswith("/webhooks/")).endpoint.__self__
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gate.example") as client:
        for _ in range(2):
            await deliver(client, body_of(event("ann", 1)))
        await client.post("/webhooks/toy/main", content=b"{}")
    assert hooks.counts == {
        ("toy", "main", "kept"): 1,
        ("toy", "main", "repeated"): 1,
        ("toy", "main", "not proven"): 1,
    }


async def _is_empty(store: Store) -> bool:
    return await store.count(DELIVERIES, {}) == 0
