"""Whatever is killed, each acknowledged delivery is taken in once, and everyone's in their order."""

import asyncio
import os
from pathlib import Path

import httpx
import pytest

from adapters.mongo import Store
from gateway.app import records_of
from gateway.database import URL_FILE
from resolvers.conversations import MESSAGES
from resolvers.deliveries.waiting import DELIVERIES, EVENT_KEYS
from resolvers.identities import IDENTITIES
from resolvers.schema import graph
from tests.channels import toy
from tests.channels.toy import body_of, deliver, event
from tests.gateway.processes import Running
from tests.waiting import until

PEOPLE, WORDS = 12, 40


class Vendor:
    """Delivers what people say, to each of them in order, and again until it is acknowledged."""

    def __init__(self) -> None:
        self.address = ""
        self.acknowledged = 0

    async def speak(self, person: str) -> None:
        """Everything that one person says; now and then a delivery comes twice."""
        async with httpx.AsyncClient(timeout=5) as client:
            for n in range(WORDS):
                for _ in range(2 if n % 5 == 0 else 1):
                    await self._until_kept(client, body_of(event(person, n)))

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
    folder, vendor = tmp_path / "data", Vendor()
    running = await _started(folder, switched_on)
    vendor.address = running.address
    speaking = asyncio.gather(*(vendor.speak(f"person {n}") for n in range(PEOPLE)))
    try:
        for round_ in range(1, 4):
            await until(lambda: vendor.acknowledged > round_ * PEOPLE * WORDS // 5, within_s=120)  # noqa: B023  awaited here
            await asyncio.to_thread(running.kill)
            running = await _started(folder, switched_on)
            vendor.address = running.address
        async with asyncio.timeout(240):
            await speaking
        await _all_there(folder)
    finally:
        speaking.cancel()
        await asyncio.to_thread(running.kill)


async def _started(folder: Path, settings: dict[str, str]) -> Running:
    def start() -> Running:
        running = Running(folder, "serve", **settings)
        running.ready()
        return running

    return await asyncio.to_thread(start)


async def _all_there(folder: Path) -> None:
    """Each word once, nothing aside, and of each person the last one as the last."""
    url = (folder / URL_FILE).read_text("utf-8")
    store = await Store.open(url, "profile_gateway", records_of(graph()))
    try:

        async def drained() -> bool:
            return await store.count(DELIVERIES, {"state": "waiting"}) == 0

        await until(drained, within_s=120)
        assert await store.find(DELIVERIES, {}) == []
        assert await store.count(EVENT_KEYS, {}) == PEOPLE * WORDS
        assert await store.count(MESSAGES, {}) == PEOPLE * WORDS
        last = {one["value"]: one["profile"]["name"] for one in await store.find(IDENTITIES, {})}
        assert last == {f"person {n}": str(WORDS - 1) for n in range(PEOPLE)}
    finally:
        await store.close()
