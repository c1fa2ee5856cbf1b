"""Whatever is killed, each acknowledged delivery is taken in once, and everyone's in their order."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from adapters.mongo import Store
from gateway.app import records_of
from gateway.database import URL_FILE
from gateway.mongod import Mongod
from gateway.processes import is_alive
from resolvers.conversations import MESSAGES
from resolvers.deliveries import lane_job
from resolvers.deliveries.waiting import DELIVERIES, EVENT_KEYS, lane_of
from resolvers.identities import IDENTITIES
from resolvers.schema import graph
from tests.channels import toy
from tests.channels.toy import body_of, deliver, event
from tests.gateway.conftest import SEAL, SIGNS
from tests.gateway.processes import Running
from tests.waiting import until

PEOPLE, WORDS, FIFTH = 12, 40, 8


class Vendor:
    """Delivers what people say, to each of them in order, and again until it is acknowledged."""

    def __init__(self, address: str, at_once: int = 1) -> None:
        self.address, self._at_once = address, at_once
        self.acknowledged = 0
        self.refused: set[int] = set()
        """The statuses of answers that were no acknowledgement."""
        self.words = 2 * FIFTH
        """As much does each say for now: so there is always something to be taken in when something is killed."""

    async def speak(self, person: str) -> None:
        """Everything that one person says; now and then a delivery comes twice."""
        async with httpx.AsyncClient(timeout=5) as client:
            for n in range(WORDS):
                await until(lambda: n < self.words, within_s=400)  # noqa: B023  awaited here
                for _ in range(2 if n % 5 == 0 else 1):
                    some = range(n * self._at_once, (n + 1) * self._at_once)
                    await self._until_kept(client, body_of(*(event(person, m) for m in some)))

    async def _until_kept(self, client: httpx.AsyncClient, body: bytes) -> None:
        while True:
            try:
                client.base_url = httpx.URL(self.address)
                answer = await deliver(client, body)
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.status_code == 200:
                self.acknowledged += 1
                return
            if answer is not None:
                self.refused.add(answer.status_code)
            await asyncio.sleep(0.1)


@pytest.fixture
def switched_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a gateway is told so that it knows the toy channel."""
    home = tmp_path / "site" / "toy_channel-1.0.dist-info"
    home.mkdir(parents=True)
    (home / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-channel\nVersion: 1.0\n", "utf-8")
    (home / "entry_points.txt").write_text("[profile_gateway.channels]\ntoy = tests.channels.toy:Toy\n", "utf-8")
    file = tmp_path / "channels.toml"
    file.write_text('[[channel]]\nname = "toy"\naccount = "main"\nsecret = {from_env = "TOY_SECRET"}\n', "utf-8")
    monkeypatch.setenv("TOY_SECRET", toy.SECRET)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(home.parent), str(Path.cwd())]))
    return {"GATEWAY_CHANNELS": str(file)}


@pytest.mark.deep
async def test_killed(tmp_path: Path, switched_on: dict[str, str]) -> None:
    """The gateway is killed three times, and its database with it, while deliveries come."""
    folder = tmp_path / "data"
    running = await _started(folder, switched_on)
    vendor = Vendor(running.address)

    async def kill() -> None:
        nonlocal running
        await asyncio.to_thread(running.kill)
        running = await _started(folder, switched_on)
        vendor.address = running.address

    try:
        await _spoken(vendor, kill)
        await _all_there((folder / URL_FILE).read_text("utf-8"))
    finally:
        await asyncio.to_thread(running.kill)


@pytest.mark.deep
async def test_database_killed(tmp_path: Path, switched_on: dict[str, str]) -> None:
    """Only the database is killed, three times; the gateway lives on and needs nobody."""
    async with _serving(tmp_path, switched_on) as (server, running):

        async def kill() -> None:
            await until(lambda: server.pid is not None, within_s=60)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)

        vendor = Vendor(running.address)
        await _spoken(vendor, kill)
        await _all_there(server.url)
        assert vendor.refused <= {503}
        assert running.process.poll() is None


@pytest.mark.deep
async def test_worker_killed(tmp_path: Path, switched_on: dict[str, str]) -> None:
    """Of two workers the one that takes in is killed at work, three times; the other goes on where that one was."""
    async with _serving(tmp_path, switched_on, GATEWAY_WORKERS="2") as (server, running):
        store = await Store.open(server.url, "profile_gateway", records_of(graph()))

        async def kill() -> None:
            holder = ""

            async def is_at_work() -> bool:
                nonlocal holder
                holder = await store.leases.holder_of(f"job {lane_job(lane_of('toy', 'main'))}") or ""
                return bool(holder)

            await until(is_at_work, within_s=120)
            pid = int(holder.split(":")[1])
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not is_alive(pid), within_s=60)

        try:
            # Much at once, so that whoever takes in is nearly always in the middle of a batch.
            await _spoken(Vendor(running.address, at_once=10), kill)
            await _all_there(server.url, at_once=10)
        finally:
            await store.close()


async def _spoken(vendor: Vendor, kill: Callable[[], Awaitable[None]]) -> None:
    """Returns when everybody has said everything; meanwhile something was killed three times."""
    speaking = asyncio.gather(*(vendor.speak(f"person {n}") for n in range(PEOPLE)))
    try:
        for round_ in range(1, 4):
            await until(lambda: vendor.acknowledged > round_ * PEOPLE * FIFTH, within_s=120)  # noqa: B023  awaited here
            vendor.words += FIFTH
            await kill()
        async with asyncio.timeout(240):
            await speaking
    finally:
        speaking.cancel()


@asynccontextmanager
async def _serving(folder: Path, settings: dict[str, str], **more: str) -> AsyncIterator[tuple[Mongod, Running]]:
    """A database of the test's own, and a gateway on it."""
    async with Mongod(folder / "db") as server:
        shared = {"MONGODB_URL": server.url, "GATEWAY_SECRET": SEAL, "GATEWAY_JWT_SECRET": SIGNS}
        running = await _started(folder / "data", {**settings, **shared, **more})
        try:
            yield server, running
        finally:
            await asyncio.to_thread(running.kill)


async def _started(folder: Path, settings: dict[str, str]) -> Running:
    def start() -> Running:
        running = Running(folder, "serve", **settings)
        running.ready()
        return running

    return await asyncio.to_thread(start)


async def _all_there(url: str, at_once: int = 1) -> None:
    """Each word once, nothing aside, and of each person the last one as the last."""
    store = await Store.open(url, "profile_gateway", records_of(graph()))
    try:

        async def drained() -> bool:
            return await store.count(DELIVERIES, {"state": "waiting"}) == 0

        await until(drained, within_s=120)
        assert await store.find(DELIVERIES, {}) == []
        words = WORDS * at_once
        assert await store.count(EVENT_KEYS, {}) == PEOPLE * words
        assert await store.count(MESSAGES, {}) == PEOPLE * words
        last = {one["value"]: one["profile"]["name"] for one in await store.find(IDENTITIES, {})}
        assert last == {f"person {n}": str(words - 1) for n in range(PEOPLE)}
    finally:
        await store.close()
