"""A client that sends frames over a WebSocket as no library would: without end, and without listening."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from tests.waiting import until

PONG, PING, TEXT, PIECE = 0xA, 0x9, 0x1, 0x0
HEAD: Final = (
    b"GET /graphql HTTP/1.1\r\nHost: %b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
)
"""A handshake, with the host to be named."""


def frame(opcode: int, data: bytes = b"", *, is_last: bool = True) -> bytes:
    """One frame, masked by zeros (RFC 6455, section 5.2)."""
    size = len(data)
    length = bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + size.to_bytes(2, "big")
    return bytes([(0x80 if is_last else 0) | opcode]) + length + bytes(4) + data


async def flooded(
    address: str, *pieces: bytes, first: bytes = b"", come_from: str = "127.0.0.1", most_s: float = 20
) -> bytes:
    """What the gate says, from the handshake's answer on, to a client who sends these until it is cut off.

    The last piece is sent again and again. `first` is sent ahead, and its acknowledgement awaited. Nothing is sent
    where the handshake is refused, and what was answered then is what the gate says. Raises TimeoutError where nobody
    cuts the client off.
    """
    place = urlsplit(address)
    reader, writer = await asyncio.open_connection(place.hostname, place.port, local_addr=(come_from, 0))
    heard = bytearray()

    async def listen() -> None:
        with suppress(ConnectionError):
            while part := await reader.read(65_536):
                heard.extend(part)

    listening = asyncio.create_task(listen())
    try:
        writer.write(HEAD % place.netloc.encode())
        async with asyncio.timeout(most_s):
            await until(lambda: b"\r\n\r\n" in heard)
            if not heard.startswith(b"HTTP/1.1 101 "):
                await listening
                return bytes(heard)
            if first:
                writer.write(first)
                await until(lambda: b"connection_ack" in heard)
            with suppress(ConnectionError):
                for one in _repeated(pieces):
                    if listening.done():
                        break
                    writer.write(one)
                    await writer.drain()
                    await asyncio.sleep(0)
            await listening
    finally:
        listening.cancel()
        writer.close()
    return bytes(heard).partition(b"\r\n\r\n")[2]


def _repeated(pieces: tuple[bytes, ...]) -> Iterator[bytes]:
    yield from pieces
    while True:
        yield pieces[-1]


def closed_with(heard: bytes) -> int | None:
    """The code of the closing frame at the end of what was heard; None without one."""
    at = heard.rfind(b"\x88")
    return int.from_bytes(heard[at + 2 : at + 4], "big") if at >= 0 else None
