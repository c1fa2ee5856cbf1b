"""A vendor that does whatever a test says: it answers well, hangs, resets, drips, lies about lengths, sends junk."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

type_json = "Content-Type: application/json"


@dataclass
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Part = Callable[["Vendor", Asked, asyncio.StreamWriter], Awaitable[None]]


def answer(body: bytes = b"{}", *, status: int = 200, headers: tuple[str, ...] = (type_json,)) -> bytes:
    """An answer, byte for byte."""
    lines = (f"HTTP/1.1 {status} X", *headers, f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(raw: bytes) -> Part:
    """Plays these bytes."""

    async def play(_vendor: "Vendor", _asked: Asked, out: asyncio.StreamWriter) -> None:
        out.write(raw)
        await out.drain()

    return play


def says_and_closes(raw: bytes) -> Part:
    """Plays these bytes, and hangs up."""

    async def play(_vendor: "Vendor", _asked: Asked, out: asyncio.StreamWriter) -> None:
        out.write(raw)
        await out.drain()
        out.close()

    return play


async def hangs(vendor: "Vendor", _asked: Asked, _out: asyncio.StreamWriter) -> None:
    """Never answers."""
    await vendor.ends.wait()


async def resets(_vendor: "Vendor", _asked: Asked, out: asyncio.StreamWriter) -> None:
    """Breaks the connection off."""
    out.transport.abort()


def drips(seconds: float) -> Part:
    """One byte now and then, and never the last one."""

    async def play(vendor: "Vendor", _asked: Asked, out: asyncio.StreamWriter) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while not vendor.ends.is_set():
                out.write(b".")
                await out.drain()
                await asyncio.sleep(seconds)

    return play


def waits(event: asyncio.Event, raw: bytes) -> Part:
    """Answers when the test says so."""

    async def play(_vendor: "Vendor", _asked: Asked, out: asyncio.StreamWriter) -> None:
        await event.wait()
        out.write(raw)

    return play


@dataclass
class Vendor:
    """The parts are played one per request; the last one goes on."""

    parts: list[Part] = field(default_factory=lambda: [says(answer())])
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    at_once: int = 0
    most_at_once: int = 0
    ends: asyncio.Event = field(default_factory=asyncio.Event)

    def plays(self, *parts: Part) -> None:
        """From now on these."""
        self.parts = list(parts)

    @property
    def url(self) -> str:
        """Where it stands."""
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, into: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            while not out.is_closing():
                asked = await _read(into)
                if asked is None:
                    break
                self.asked.append(asked)
                part = self.parts.pop(0) if len(self.parts) > 1 else self.parts[0]
                self.at_once += 1
                self.most_at_once = max(self.at_once, self.most_at_once)
                try:
                    await part(self, asked, out)
                finally:
                    self.at_once -= 1
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            out.close()


async def _read(into: asyncio.StreamReader) -> Asked | None:
    head = await into.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    body = await into.readexactly(int(headers.get("content-length", 0)))
    return Asked(method, path, headers, body)


@contextlib.asynccontextmanager
async def standing(tls: ssl.SSLContext | None = None) -> AsyncIterator[Vendor]:
    """A vendor on this machine."""
    vendor = Vendor()
    tasks: set[asyncio.Task[None]] = set()

    def connected(into: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(vendor.serve(into, out))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    vendor.port = server.sockets[0].getsockname()[1]
    try:
        yield vendor
    finally:
        vendor.ends.set()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
