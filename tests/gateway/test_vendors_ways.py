"""Whichever way a vendor knocks, it gets the answer that it would get by the plain way."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import uvicorn

from adapters.mongo import Store
from resolvers.deliveries.waiting import DELIVERIES
from tests.channels import toy
from tests.channels.toy import body_of, event, signature
from tests.gateway.conftest import Gate, OpenGate

MOST = 2_000
BODY = body_of(event("ann", 1))


@pytest.fixture
def shop(open_gate: OpenGate) -> Gate:
    """A gate with one account of the toy channel."""
    return open_gate(lines=toy.lines(), delivery_bytes=MOST)


@pytest.fixture
async def address(shop: Gate) -> AsyncIterator[str]:
    """The gate behind a socket."""
    server = uvicorn.Server(uvicorn.Config(shop.app, port=0, lifespan="off", log_config=None, server_header=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    await serving


async def answered(address: str, path: str, size: int, *headers: str) -> str:
    """The status line that a vendor reads who writes its whole body first, as many do."""
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    head = [f"POST {path} HTTP/1.1", "Host: gate", f"Content-Length: {size}", *headers, "", ""]
    writer.write("\r\n".join(head).encode())
    if not headers:
        for _ in range(size // 65_536):
            writer.write(b"x" * 65_536)
            await writer.drain()
    line = await reader.readline()
    writer.close()
    return line.decode()


async def test_slash_behind(shop: Gate, store: Store) -> None:
    """A delivery to the address with a slash behind it is taken as the one without; no vendor follows a redirect."""
    for path in ("/webhooks/toy/main/", "/webhooks/toy/main", "/webhooks/toy/m%61in/"):
        answer = await shop.client.post(path, content=BODY, headers={"X-Toy-Signature": signature(BODY)})
        assert (answer.status_code, answer.content) == (200, b"")
    assert await store.count(DELIVERIES, {}) == 1


@pytest.mark.parametrize("path", ["/webhooks//toy/main", "/webhooks/toy/", "/webhooks/toy/a%2Fb"])
async def test_nowhere(shop: Gate, path: str) -> None:
    """What is no address of an account is not there, and leads nowhere else."""
    assert (await shop.client.post(path, content=BODY)).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "PATCH"])
async def test_other_methods(shop: Gate, method: str) -> None:
    """Other methods are answered alike for every account, whether it is there or not."""
    there, other = [await shop.client.request(method, f"/webhooks/toy/{one}") for one in ("main", "other")]
    assert there.status_code == other.status_code == 405
    told = [{**one.headers} | {"x-request-id": ""} for one in (there, other)]
    assert told[0] == told[1]


async def test_too_large_is_told(address: str) -> None:
    """A vendor whose delivery is too large reads so, whatever it has written meanwhile."""
    assert " 413 " in await answered(address, "/webhooks/toy/main", 16 * 1024 * 1024)
    assert " 404 " in await answered(address, "/webhooks/toy/other", 16 * 1024 * 1024)


async def test_asks_before_sending(address: str) -> None:
    """A vendor that asks before it sends is told at once that it need not."""
    assert " 413 " in await answered(address, "/webhooks/toy/main", 16 * 1024 * 1024, "Expect: 100-continue")
