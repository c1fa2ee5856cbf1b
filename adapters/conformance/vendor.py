"""How does a vendor behave that fails in each of the ways in which vendors fail?"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from aiohttp import web

_JSON: Final = "application/json"


class Fault(StrEnum):
    """What the vendor does instead of answering well."""

    NONE = "answers"
    HANGS = "hangs"
    GONE = "takes no connection"
    BROKEN = "answers 500"
    BUSY = "answers 429"
    FORBIDS = "answers 401"
    PAGE = "sends a page of HTML"
    CUT = "breaks off in the middle"
    NULL = "sends null"
    LIST = "sends an empty list"
    TEXT = "sends a text"


_ODD: Final[Mapping[Fault, tuple[bytes, str]]] = {
    Fault.PAGE: (b"<!doctype html><title>Maintenance</title>", "text/html"),
    Fault.NULL: (b"null", _JSON),
    Fault.LIST: (b"[]", _JSON),
    Fault.TEXT: (b'"sample"', _JSON),
}
_STATUS: Final[Mapping[Fault, int]] = {Fault.BROKEN: 500, Fault.BUSY: 429, Fault.FORBIDS: 401}


@dataclass
class Vendor:
    """A vendor on this machine."""

    answers: Mapping[str, bytes]
    """Its good answers by path; `{}` is that to all others."""
    url: str = ""
    fault: Fault = Fault.NONE
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often it was asked: by method and path."""
    written: list[str] = field(default_factory=list, repr=False)
    """What stood in each request that is no question: its address, headers and body."""
    _ends: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer, or what stands in its place."""
        fault = self.fault
        self.seen[request.method, request.path] += 1
        said = (await request.read()).decode(errors="replace")
        if request.method != "GET":
            self.written.append(f"{request.path_qs}\n{dict(request.headers)}\n{said}")
        if fault is Fault.HANGS:
            await self._ends.wait()
        if (status := _STATUS.get(fault)) is not None:
            return web.json_response({"error": "sample"}, status=status)
        if fault in _ODD:
            body, kind = _ODD[fault]
            return web.Response(body=body, content_type=kind)
        body = self.answers.get(request.path, b"{}")
        return await _cut(request, body) if fault is Fault.CUT else web.Response(body=body, content_type=_JSON)

    def end(self) -> None:
        """Nobody hangs any longer."""
        self._ends.set()


async def _cut(request: web.Request, body: bytes) -> web.StreamResponse:
    """Promises more than comes."""
    response = web.StreamResponse(headers={"Content-Type": _JSON, "Content-Length": str(len(body) + 100)})
    await response.prepare(request)
    await response.write(body)
    if request.transport is not None:
        request.transport.close()
    return response


@asynccontextmanager
async def vendor(answers: Mapping[str, bytes]) -> AsyncIterator[Vendor]:
    """A vendor for as long as the block lasts."""
    found = Vendor(answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", found.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    found.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        yield found
    finally:
        found.end()
        await runner.cleanup()


def nobody() -> str:
    """An address on this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
