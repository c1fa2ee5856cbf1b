"""While the database is killed nothing is acknowledged that is not kept; then everything goes on by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from adapters.failures import StoreDown
from adapters.mongo import Store
from adapters.records import new_id
from gateway import inbox
from gateway.app import House, application, records_of
from gateway.mongod import Mongod
from gateway.settings import Settings
from resolvers.conversations import MESSAGES
from resolvers.deliveries.intake import Intake
from resolvers.deliveries.waiting import DELIVERIES, EVENT_KEYS
from resolvers.kit.graph import Graph
from tests.channels import toy
from tests.channels.toy import body_of, deliver, event
from tests.conftest import Asking, Commands
from tests.gateway.conftest import SEAL, SIGNS
from tests.test_deliveries import Post
from tests.waiting import until

PEOPLE, WORDS = 8, 3


@dataclass(frozen=True)
class Ours:
    """A database of the test's own, which may be killed, and what is kept in it."""

    server: Mongod
    store: Store
    commands: Commands


@pytest.fixture(scope="module")
async def ours(tmp_path_factory: pytest.TempPathFactory, house: Graph) -> AsyncIterator[Ours]:
    """One for all tests of this file."""
    commands = Commands()
    async with Mongod(tmp_path_factory.mktemp("ours") / "data") as server:
        store = await Store.open(server.url, "tests", records_of(house), observer=commands)
        await store.prepare()
        yield Ours(server, store, commands)
        await store.close()


@pytest.fixture(autouse=True)
async def emptied(ours: Ours) -> AsyncIterator[None]:
    """Nothing is left for the next test."""
    yield
    for record in ours.store.records.values():
        await ours.store.delete(record, {})


@asynccontextmanager
async def open_door(ours: Ours, house: Graph, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The front door of a house on that database, which does its jobs."""
    settings = Settings(data_folder=folder, secret=SecretStr(SEAL), jwt_secret=SecretStr(SIGNS))
    opened = House(settings, store=ours.store, graph=house, lines=toy.lines(), clock=lambda: datetime.now(UTC))
    transport = httpx.ASGITransport(application(opened))
    async with opened.working(), httpx.AsyncClient(transport=transport, base_url="http://gate.example") as client:
        yield client
    await opened.inbox.close()


async def test_killed(ours: Ours, house: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who delivers while it is killed is told to come again; then each thing is there once, in everyone's order."""
    # A vendor waits for seconds, and the database is back in less.
    monkeypatch.setattr(inbox, "_WRITE_S", 0.1)
    statuses: list[int] = []

    async def speak(client: httpx.AsyncClient, person: str) -> None:
        for n in range(WORDS):
            while (status := (await deliver(client, body_of(event(person, n)))).status_code) != 200:
                statuses.append(status)
                await asyncio.sleep(0.05)

    async with open_door(ours, house, tmp_path) as client:
        with ours.commands.counted() as seen:
            speaking = asyncio.gather(*(speak(client, f"person {n}") for n in range(PEOPLE)))
            await until(lambda: any(name == "insert" for name, _ in seen))
            assert ours.server.pid is not None
            os.kill(ours.server.pid, signal.SIGKILL)
            await speaking
        await until(lambda: _is_empty(ours.store), within_s=60)
    assert set(statuses) == {503}
    assert await ours.store.count(EVENT_KEYS, {}) == PEOPLE * WORDS
    assert await ours.store.count(MESSAGES, {}) == PEOPLE * WORDS
    assert set((await Post(_asking(ours, house)).names()).values()) == {str(WORDS - 1)}


async def test_away(ours: Ours, house: Graph) -> None:
    """Where the database is away nothing is set aside: everything waits, and is taken in by whoever tries again."""
    post = Post(_asking(ours, house))
    delivered = await post.bring(event("ann", 1))
    client = AsyncMongoClient(ours.server.url, serverSelectionTimeoutMS=200)
    impatient = Store(client, ours.server.url, "tests", records_of(house))
    await ours.server.stop()
    trying = asyncio.create_task(Intake(replace(post.shift, store=impatient)).process([delivered]))
    # Whoever took that for the delivery's fault would go on trying, and set it aside once the database is back.
    await asyncio.wait({trying}, timeout=5)
    await ours.server.start()
    with pytest.raises(StoreDown):
        await trying
    await impatient.close()
    assert await post.aside() == []
    assert (await post.take_in()).taken == 1


def _asking(ours: Ours, house: Graph) -> Asking:
    return Asking(house, ours.store, new_id())


async def _is_empty(store: Store) -> bool:
    return await store.count(DELIVERIES, {}) == 0
