"""While the database is away nobody can tell who asks: is everybody told to come again, and nobody sent away?"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from adapters.failures import StoreRefused
from adapters.mongo import Store
from gateway.auth import Auth
from gateway.settings import Settings
from resolvers.kit.viewer import Viewer
from tests.gateway import ticking
from tests.gateway.conftest import ANSWERED, ME, Gate, OpenGate, served
from tests.gateway.socket_client import INIT, opened
from tests.gateway.test_subscriptions import PARTS, events_of, follow
from tests.waiting import until

SILENT = "subscription { ticks(times: 1000, everyS: 30) { number } }"
SOON = "subscription { ticks(times: 1000, everyS: 0.3) { number } }"


class Switched(Auth):
    """Finds out who asks while its store is there, and none of it remembered."""

    def __init__(self, store: Store, away: Store, settings: Settings) -> None:
        super().__init__(store, settings)
        self._stores = {False: store, True: away}
        self.is_refused = False
        self.asked = 0

    def switch(self, *, is_away: bool) -> None:
        """The store goes, or is back."""
        self._store = self._stores[is_away]

    async def _viewer_of(self, headers: Mapping[str, str]) -> Viewer:
        self.asked += 1
        self._seen.clear()
        if self.is_refused:
            raise StoreRefused("The database refused a command (code 13).")
        return await super()._viewer_of(headers)


@pytest.fixture
async def away(store: Store) -> AsyncIterator[Store]:
    """A store on a port where nobody listens."""
    url = "mongodb://127.0.0.1:1/"
    async with AsyncMongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=50) as client:
        yield Store(client, url, "tests", list(store.records.values()))


@pytest.fixture
def gate(open_gate: OpenGate) -> Gate:
    """A gate with frequent signs of life."""
    return open_gate(keep_alive_s=0.1)


@pytest.fixture
def auth(gate: Gate, away: Store) -> Switched:
    """Who finds out who asks there."""
    gate.house.auth = Switched(gate.house.store, away, gate.house.settings)
    return gate.house.auth


@pytest.fixture(autouse=True)
def fresh() -> None:
    """Nothing has ticked yet."""
    ticking.STARTED.clear()


@pytest.mark.parametrize("is_refused", [False, True], ids=["down", "refuses"])
async def test_nobody_signs_in(gate: Gate, auth: Switched, *, is_refused: bool) -> None:
    """Who connects then is closed out with 1013, which clients try again behind, and reads why."""
    auth.switch(is_away=True)
    auth.is_refused = is_refused
    async with served(gate.app) as address, opened(address) as one:
        await one.say({**INIT, "payload": gate.bearer()})
        code, reason = await one.end()
    assert code == 1013
    assert "again" in reason


@pytest.mark.parametrize("is_refused", [False, True], ids=["down", "refuses"])
async def test_socket_outlasts_it(gate: Gate, auth: Switched, *, is_refused: bool) -> None:
    """Who is connected stays so, with all that is followed, and is answered once it is back."""
    async with served(gate.app) as address, opened(address, said=gate.bearer()) as one:
        await one.ask(SILENT, "silent")
        await asyncio.wait_for(ticking.STARTED.wait(), 10)
        auth.switch(is_away=True)
        auth.is_refused = is_refused
        asked = auth.asked
        await until(lambda: auth.asked >= asked + 6)
        await one.ask(ME, "during")
        (error,) = (await one.hear())["payload"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        auth.switch(is_away=False)
        auth.is_refused = False
        await one.ask(ME, "behind")
        assert (await one.hear())["payload"] == ANSWERED


@pytest.mark.parametrize("is_refused", [False, True], ids=["down", "refuses"])
@pytest.mark.parametrize("accept", ["text/event-stream", PARTS], ids=["events", "parts"])
async def test_stream_outlasts_it(gate: Gate, auth: Switched, accept: str, *, is_refused: bool) -> None:
    """Who follows over HTTP goes on following."""
    pieces = events_of(await follow(gate, SILENT, gate.bearer() | {"Accept": accept}))
    beats = [await anext(pieces)]
    while not ticking.STARTED.is_set():
        beats.append(await anext(pieces))
    auth.switch(is_away=True)
    auth.is_refused = is_refused
    asked = auth.asked
    async with asyncio.timeout(10):
        while auth.asked < asked + 4:
            beats.append(await anext(pieces))
    await pieces.aclose()
    assert not any(b"errors" in one for one in beats)


@pytest.mark.parametrize("is_refused", [False, True], ids=["down", "refuses"])
async def test_event_comes_meanwhile(gate: Gate, auth: Switched, *, is_refused: bool) -> None:
    """An event of which nobody can tell who may see it ends with UNAVAILABLE what is followed."""
    async with served(gate.app) as address, opened(address, said=gate.bearer()) as one:
        await one.ask(SOON)
        await asyncio.wait_for(ticking.STARTED.wait(), 10)
        auth.switch(is_away=True)
        auth.is_refused = is_refused
        heard = await one.hear()
        while heard["type"] == "next":
            heard = await one.hear()
    assert [error["extensions"]["code"] for error in heard["payload"]] == ["UNAVAILABLE"], json.dumps(heard)
