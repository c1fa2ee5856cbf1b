"""Does a process that is asked to end cut off what is answered without an end?"""

import asyncio
import os
import signal

import httpx
import uvicorn

from gateway.ending import told_of_end
from gateway.serving import _Server
from tests.gateway import ticking
from tests.gateway.conftest import Gate
from tests.waiting import until

LONG = "subscription { ticks(times: 1000, everyS: 30) { number } }"


async def test_told_before_server() -> None:
    """The signal that asks for the end is told here as well as to the server, which keeps its handler."""
    heard: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("server"))
    try:
        with told_of_end(lambda: heard.append("house")):
            os.kill(os.getpid(), signal.SIGTERM)
            await until(lambda: len(heard) == 2)
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: len(heard) == 3)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert sorted(heard) == ["house", "server", "server"]


async def test_server_waits_for_no_subscription(gate: Gate) -> None:
    """A server that ends while somebody follows waits for nothing: the stream is cut off."""
    ticking.STARTED.clear()
    ticking.ENDED.clear()
    config = uvicorn.Config(gate.app, port=0, lifespan="off", log_config=None, timeout_graceful_shutdown=60)
    listening = asyncio.Event()
    server = _Server(config, announced=listening.set, ending=gate.house.subscriptions.close)
    serving = asyncio.create_task(server.serve())
    await listening.wait()
    address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    headers = gate.bearer() | {"Accept": "text/event-stream"}
    async with (
        httpx.AsyncClient() as client,
        client.stream("POST", f"{address}/graphql", json={"query": LONG}, headers=headers) as response,
    ):
        lines = response.aiter_raw()
        await anext(lines)
        await asyncio.wait_for(ticking.STARTED.wait(), 5)
        server.should_exit = True
        assert [one async for one in lines if b"complete" in one] == []
        await asyncio.wait_for(serving, 10)
    assert ticking.ENDED.is_set()
