"""Is what was read written down whatever happens: to the database, to a burst, to the process?"""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
import structlog
from pydantic import SecretStr
from pymongo import AsyncMongoClient

from adapters.failures import StoreError
from adapters.grouping import Grouped
from adapters.mongo import Store
from adapters.records import new_id
from gateway.app import application, open_house
from gateway.kept_secrets import JWT_FILE
from gateway.mongod import Mongod
from gateway.settings import Settings
from resolvers.accesses import ACCESSES
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role
from tests.gateway.conftest import GRAPHQL, SEAL, SIGNS, Gate, OpenGate, code_of, data_of, ended
from tests.gateway.processes import Running, running
from tests.makers import Made, Makers
from tests.waiting import until

NAMES = "query ($id: ID!) { customer(id: $id) { displayName } }"
NOTE = """mutation ($id: ID!) { addNote(input: { customerId: $id, text: "Zebra" }) {
  ... on AddNotePayload { note { text } } } }"""


@pytest.fixture
async def refusing(mongod: Mongod, store: Store) -> AsyncIterator[Any]:
    """Makes the database take no entry of the ledger, or take them again."""
    del store
    async with AsyncMongoClient(mongod.url) as client:
        tests = client["tests"]

        async def refuse(*, is_on: bool) -> None:
            await tests.command({"collMod": "accesses", "validator": {"never": 1} if is_on else {}})

        yield refuse
        await refuse(is_on=False)


@pytest.fixture
async def ann(make: Makers) -> Made:
    """A customer."""
    return await make.customer("Zebra", display_name="Zebra")


async def test_strict_withholds(open_gate: OpenGate, make: Makers, ann: Made, refusing: Any) -> None:
    """Strict: an answer whose entry cannot be written is refused, and no data leaves; others are answered."""
    gate = open_gate(access_ledger="strict")
    await refusing(is_on=True)
    for query in (NAMES, NOTE):
        response = await gate.ask(query, headers=gate.bearer() | {"Accept": GRAPHQL}, variables={"id": ann.id})
        assert (response.status_code, code_of(response)) == (503, "UNAVAILABLE")
        assert "Zebra" not in response.text
        assert ("is kept" in response.text) == query.startswith("mutation")
    response = await gate.ask("query ($id: ID!) { customer(id: $id) { id } }", variables={"id": ann.id})
    assert data_of(response) == {"customer": {"id": ann.id}}
    await refusing(is_on=False)
    assert "Zebra" in (await gate.ask(NAMES, variables={"id": ann.id})).text
    assert await make.store.count(ACCESSES, {}) == 1


async def test_strict_writes_first(open_gate: OpenGate, make: Makers, ann: Made) -> None:
    """Strict: the entry is there when the answer is."""
    gate = open_gate(access_ledger="strict")
    for n in range(1, 4):
        await gate.ask(NAMES, variables={"id": ann.id})
        assert await make.store.count(ACCESSES, {}) == n


async def test_buffered_tries_again(gate: Gate, make: Makers, ann: Made, refusing: Any) -> None:
    """Buffered: what cannot be written is told in the log, counted, and tried again until it can."""
    await refusing(is_on=True)
    grouped = gate.house.ledger.grouped
    assert grouped is not None
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            assert "Zebra" in (await gate.ask(NAMES, variables={"id": ann.id})).text
        await until(lambda: grouped.failures >= 2)
    assert [one["waiting"] for one in lines if one["event"] == "not written yet"][:2] == [3, 3]
    assert "Zebra" not in str(lines)
    await refusing(is_on=False)
    await grouped.flush()
    assert (await make.store.count(ACCESSES, {}), grouped.waiting, grouped.written) == (3, 0, 3)


class _Told:
    def __init__(self) -> None:
        self.lost_documents = 0

    def not_written(self, record: str, waiting: int, error: Exception) -> None:
        """Nothing to do."""

    def lost(self, record: str, documents: int) -> None:
        """Kept for the test."""
        assert record == ACCESSES.name
        self.lost_documents += documents


def _entries(count: int) -> list[dict[str, Any]]:
    return [{"_id": new_id(), "customers": [], "at": None} for _ in range(count)]


async def test_no_room(store: Store) -> None:
    """Where there is no more room, whoever comes writes for themselves: nobody is lost, and nothing grows."""
    grouped = Grouped(store, ACCESSES, observer=_Told(), every_s=60, room=5)
    await grouped.add(_entries(4))
    assert (await store.count(ACCESSES, {}), grouped.waiting) == (0, 4)
    await grouped.add(_entries(2))
    assert (await store.count(ACCESSES, {}), grouped.waiting) == (2, 4)
    await grouped.close()
    assert (await store.count(ACCESSES, {}), grouped.waiting) == (6, 0)


async def test_unwritable_given_up(store: Store) -> None:
    """A document that no database takes is told as lost and holds up no other, and writing goes on afterwards."""
    told = _Told()
    grouped = Grouped(store, ACCESSES, observer=told, every_s=0.01)
    odd: list[dict[str, Any]] = [{"_id": new_id(), "customers": [object()], "at": None}]
    await grouped.add([*_entries(2), *odd, *_entries(2)])
    async with asyncio.timeout(20):
        await grouped.flush()
    assert (await store.count(ACCESSES, {}), grouped.written, told.lost_documents) == (4, 4, 1)
    await grouped.add(_entries(1))
    await grouped.flush()
    assert await store.count(ACCESSES, {}) == 5


async def test_no_room_no_answer(store: Store, refusing: Any) -> None:
    """Where there is no room and the database takes nothing, that is an error, and no entry is lost without a word."""
    told = _Told()
    grouped = Grouped(store, ACCESSES, observer=told, every_s=60, room=1, farewell_s=0.5)
    await grouped.add(_entries(1))
    await refusing(is_on=True)
    with pytest.raises(StoreError):
        await grouped.add(_entries(1))
    await grouped.close()
    assert told.lost_documents == 1


async def test_written_within_second(gate: Gate, make: Makers, ann: Made) -> None:
    """Buffered: an entry is written within a second or so, though nobody else comes."""
    began = time.monotonic()
    await gate.ask(NAMES, variables={"id": ann.id})

    async def is_there() -> bool:
        return await make.store.count(ACCESSES, {}) == 1

    await until(is_there)
    assert time.monotonic() - began < 5


@asynccontextmanager
async def _house(mongod: Mongod, graph: Graph, folder: Path, **more: Any) -> AsyncIterator[Gate]:
    """A house that is opened and closed as a process does it."""
    secrets = {"secret": SecretStr(SEAL), "jwt_secret": SecretStr(SIGNS)}
    settings = Settings(data_folder=folder, database="tests", **secrets, **more)
    async with open_house(settings, graph=graph, url=mongod.url) as house:
        transport = httpx.ASGITransport(application(house))
        async with httpx.AsyncClient(transport=transport, base_url="http://gate.example") as client:
            yield Gate(house, client)


@pytest.mark.parametrize("keeping", ["strict", "buffered"])
async def test_not_counted(
    mongod: Mongod, house: Graph, ann: Made, tmp_path: Path, caplog: pytest.LogCaptureFixture, keeping: str
) -> None:
    """What the ledger writes is not among a request's commands."""
    caplog.set_level(logging.INFO, logger="gateway.request")
    async with _house(mongod, house, tmp_path, access_ledger=keeping) as gate:
        headers = gate.bearer()
        with structlog.testing.capture_logs() as lines:
            answers = [await gate.ask(NAMES, headers=headers, variables={"id": ann.id}) for _ in range(110)]
            counts = [one["commands"] for one in await ended(lines, *answers)]
    assert all("Zebra" in one.text for one in answers)
    # One for the customer; who asks is known after the first.
    assert counts[1:] == [1] * 109


async def test_burst_then_end(mongod: Mongod, house: Graph, make: Makers, ann: Made, tmp_path: Path) -> None:
    """A burst and then the end: the entry of every answer that left is there."""
    async with _house(mongod, house, tmp_path) as gate:
        asking = [gate.ask(NAMES, variables={"id": ann.id}) for _ in range(250)]
        answers = await asyncio.gather(*asking)
    assert all("Zebra" in one.text for one in answers)
    found = await make.store.find(ACCESSES, {})
    assert (len(found), {tuple(one["customers"]) for one in found}) == (250, {(ann.key,)})


SEARCH = '{ customers(search: "zebra") { totalCount } }'


def _ask(gateway: Running, role: Role, query: str) -> Any:
    headers = {"Authorization": f"Bearer {_token(gateway, role)}"}
    response = httpx.post(f"{gateway.address}/graphql", json={"query": query}, headers=headers, timeout=30)
    return response.json()["data"]


def _token(gateway: Running, role: Role) -> str:
    secret = (Path(gateway.environment["GATEWAY_DATA_FOLDER"]) / JWT_FILE).read_text().strip()
    claims = {"sub": "anna", "role": role.value, "exp": int(time.time()) + 600, "iat": int(time.time())}
    return jwt.encode(claims, secret, algorithm="HS256")


async def test_process_ends(tmp_path: Path) -> None:
    """A process that is asked to end writes what it gathered; one that is killed loses the last second at most."""
    folder = tmp_path / "data"
    with running(folder, "serve") as gateway:
        gateway.ready()
        for _ in range(20):
            _ask(gateway, Role.AGENT, SEARCH)
        assert gateway.end() == 0
    with running(folder, "serve") as gateway:
        gateway.ready()
        assert _ask(gateway, Role.ADMINISTRATOR, "{ accesses { totalCount } }") == {"accesses": {"totalCount": 20}}
        for _ in range(5):
            _ask(gateway, Role.AGENT, SEARCH)
        # Longer than a second, and than it takes to write.
        await asyncio.sleep(3)
        _ask(gateway, Role.AGENT, SEARCH)
        os.kill(gateway.process.pid, signal.SIGKILL)
        gateway.process.wait(60)
    with running(folder, "serve") as gateway:
        gateway.ready()
        found = _ask(gateway, Role.ADMINISTRATOR, "{ accesses { totalCount } }")["accesses"]["totalCount"]
    assert found in {25, 26}
