"""What the gate's tests stand on: its application on the run's store, and a way to knock."""

import asyncio
import logging
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
import uvicorn
from pydantic import SecretStr
from pymongo import AsyncMongoClient
from starlette.applications import Starlette

from adapters.lines import NO_LINES, Lines
from adapters.mongo import Store
from gateway.app import House, application
from gateway.heads import Heads
from gateway.mongod import find_binary
from gateway.settings import Settings
from gateway.socket_frames import SocketFrames
from gateway.tokens import signed_token
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role
from resolvers.schema import SLICES
from tests.gateway import ticking, trouble
from tests.gateway.browsing import chromium, visit
from tests.gateway.stand_in import bare, demo
from tests.net import NET
from tests.planted import SEAL, SIGNS
from tests.waiting import until

__all__ = ["SEAL", "SIGNS", "bare", "chromium", "demo", "visit"]


GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
ME = "{ viewer { subject } }"
ANSWERED = {"data": {"viewer": {"subject": "anna"}}, "extensions": {"cost": {"asked": 1, "most": 5000}}}


@asynccontextmanager
async def lone_mongod(*words: str) -> AsyncIterator[str]:
    """The URL of a mongod that nobody has made a replica set."""
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        path = Path(folder) / "mongodb-1.sock"
        place = ["--dbpath", folder, "--bind_ip", str(path), "--port", "1", "--wiredTigerCacheSizeGB", "0.25"]
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(find_binary(), *place, *words, stdout=quiet, stderr=quiet)
        url = f"mongodb://{str(path).replace('/', '%2F')}/"
        try:
            # Asked directly it answers as soon as it listens, whatever it is.
            async with AsyncMongoClient(url, directConnection=True) as client:
                await client.admin.command("hello")
            yield url
        finally:
            process.kill()
            await process.wait()


@pytest.fixture
async def alone() -> AsyncIterator[str]:
    """The URL of a server that is no replica set."""
    async with lone_mongod() as url:
        yield url


@pytest.fixture
async def uninitiated() -> AsyncIterator[str]:
    """The URL of a server that waits to be made the replica set `shop`."""
    async with lone_mongod("--replSet", "shop") as url:
        yield url


@asynccontextmanager
async def served(app: Starlette, *, port: int = 0) -> AsyncIterator[str]:
    """The address of the application on a real socket; on any free port, where none is named."""
    # As the gateway's own server has it (gateway/serving.py).
    ours: dict[str, Any] = {"http": Heads, "ws": SocketFrames, "ws_per_message_deflate": False}
    more = {"lifespan": "off", "log_config": None, "server_header": False} | ours
    server = uvicorn.Server(uvicorn.Config(app, port=port, **more))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await serving


def data_of(response: httpx.Response) -> Any:
    """The data of an answer without errors."""
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


async def ended(lines: Sequence[MutableMapping[str, Any]], *answers: httpx.Response) -> list[dict[str, Any]]:
    """What is logged of the requests that were answered so, once it is: a moment later."""

    def found() -> dict[str, dict[str, Any]]:
        return {one["request_id"]: dict(one) for one in list(lines) if one["event"] == "request"}

    ids = [one.headers["x-request-id"] for one in answers]
    await until(lambda: set(ids) <= set(found()))
    return [found()[one] for one in ids]


def code_of(response: httpx.Response) -> str:
    """The code of the only error."""
    (error,) = response.json()["errors"]
    return str(error["extensions"]["code"])


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's environment holds, a test says its settings itself."""
    for name in list(os.environ):
        if name.startswith("GATEWAY_") or name == "MONGODB_URL":
            monkeypatch.delenv(name)


@pytest.fixture
def logs_as_before() -> Iterator[None]:
    """Puts back what a command set up for its own log."""
    root = logging.getLogger()
    handlers, config = list(root.handlers), structlog.get_config()
    levels = {name: logging.getLogger(name).level for name in (None, "adapters", "gateway", "resolvers", "uvicorn")}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    structlog.configure(**config)


@pytest.fixture(scope="session")
def troubled() -> Graph:
    """The graph of the house with fields that go wrong."""
    return Graph((*SLICES, trouble.SLICE, ticking.SLICE))


@dataclass
class Gate:
    """The application, and a way to ask it over HTTP."""

    house: House
    client: httpx.AsyncClient

    @property
    def app(self) -> Starlette:
        """The application itself, for a server of the test's own."""
        return application(self.house)

    def token(self, role: Role = Role.AGENT, subject: str = "anna", *, for_s: float = 600.0, **more: Any) -> str:
        """A token that the gate takes."""
        at = self.house.clock().timestamp()
        return signed_token(self.house.settings, role, subject, at=at, for_s=for_s, more=more)

    def bearer(self, role: Role = Role.AGENT, **more: Any) -> dict[str, str]:
        """The header that signs someone in."""
        return {"Authorization": f"Bearer {self.token(role, **more)}"}

    async def ask(self, query: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> httpx.Response:
        """The response to a posted question, asked by an agent unless the headers say otherwise."""
        sent = self.bearer() if headers is None else dict(headers)
        response = await self.client.post("/graphql", json={"query": query, **body}, headers=sent)
        if response.headers.get("content-type", "").partition(";")[0] in {GRAPHQL, JSON}:
            NET.hear_errors(response.json().get("errors") or [])
        return response


OpenGate = Callable[..., Gate]


@pytest.fixture
async def open_gate(store: Store, troubled: Graph, tmp_path: Path) -> AsyncIterator[OpenGate]:
    """Opens gates on the run's store, with settings and a clock as the test says."""
    async with AsyncExitStack() as opened:

        def make(
            *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), lines: Lines = NO_LINES, **given: Any
        ) -> Gate:
            secrets = {"secret": SecretStr(SEAL), "jwt_secret": SecretStr(SIGNS)}
            settings = Settings(**{"data_folder": tmp_path, **secrets, **given})
            house = House(settings, store=store, graph=troubled, lines=lines, clock=clock)
            transport = httpx.ASGITransport(application(house))
            client = httpx.AsyncClient(transport=transport, base_url="http://gate.example")
            # What it has still to write down is no other test's.
            opened.push_async_callback(house.ledger.close)
            opened.push_async_callback(client.aclose)
            return Gate(house, client)

        yield make


@pytest.fixture
def gate(open_gate: OpenGate) -> Gate:
    """A gate with everything at its default."""
    return open_gate()


@pytest.fixture
async def address(gate: Gate) -> AsyncIterator[str]:
    """Where the gate answers."""
    async with served(gate.app) as found:
        yield found
