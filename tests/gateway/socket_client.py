"""A client of the gate over a WebSocket, as the tests speak through it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway.sockets import PROTOCOL
from tests.net import NET

INIT = {"type": "connection_init"}
TICKS = "subscription { ticks(times: 2) { number } }"
SLOW = "{ slow(seconds: 60) }"
FOR_EVER = "subscription { ticks(times: 1000000, everyS: 0.01) { number } }"


class Client:
    """One connection of a client."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, *messages: Any) -> None:
        """Sends messages, each as it is or in JSON."""
        for one in messages:
            await self.socket.send(one if isinstance(one, str | bytes) else json.dumps(one))

    async def hear(self) -> Any:
        """The next message that is no sign of life."""
        while True:
            message = json.loads(await asyncio.wait_for(self.socket.recv(), 20))
            if message["type"] != "ping":
                payload = message.get("payload")
                NET.hear_errors(payload if isinstance(payload, list) else (payload or {}).get("errors") or [])
                return message

    async def ask(self, query: str, key: str = "1", **payload: Any) -> None:
        """Asks something."""
        await self.say({"type": "subscribe", "id": key, "payload": {"query": query, **payload}})

    async def end(self) -> tuple[int, str]:
        """With which code and reason the gate closes."""
        async with asyncio.timeout(20):
            # Behind sixteen messages that nobody reads the client would not see that it is closed.
            with suppress(ConnectionClosed):
                async for _ in self.socket:
                    pass
        assert self.socket.close_code is not None
        return self.socket.close_code, self.socket.close_reason or ""


Opened = Callable[..., AbstractAsyncContextManager[Client]]


@asynccontextmanager
async def opened(
    address: str, *, said: Any = None, subprotocols: Any = (PROTOCOL,), **more: Any
) -> AsyncIterator[Client]:
    """A connection to the gate, on which was said who asks if `said` says so."""
    url = address.replace("http:", "ws:") + "/graphql"
    async with connect(url, subprotocols=subprotocols, proxy=None, **more) as socket:
        client = Client(socket)
        if said is not None:
            await client.say({**INIT, "payload": said})
            assert await client.hear() == {"type": "connection_ack"}
        yield client
