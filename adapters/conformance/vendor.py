"""How does a vendor behave that fails in each of the ways in which vendors fail?"""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import parse_qsl

from aiohttp import web

from adapters.conformance.post_office import CUTS, HANGS, Mailed, PostOffice, post_office
from adapters.quiet import quiet

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
    ABSENT = "answers 404"


_ODD: Final[Mapping[Fault, tuple[bytes, str]]] = {
    Fault.PAGE: (b"<!doctype html><title>Maintenance</title>", "text/html"),
    Fault.NULL: (b"null", _JSON),
    Fault.LIST: (b"[]", _JSON),
    Fault.TEXT: (b'"sample"', _JSON),
}
_STATUS: Final[Mapping[Fault, int]] = {Fault.BROKEN: 500, Fault.BUSY: 429, Fault.FORBIDS: 401, Fault.ABSENT: 404}


BUSY_FOR_S: Final = 7
"""In how many seconds a vendor that is busy may be asked again, as it says in Retry-After."""


@quiet
@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    query: Mapping[str, str] = field(repr=False)
    said: str = field(repr=False)
    """Its address, headers and body."""
    body: str = field(repr=False)


@dataclass
class Vendor:
    """A vendor on this machine."""

    answers: Mapping[str, bytes]
    """Its good answers by path, and by path with some of the query; `{}` is that to all others."""
    url: str = ""
    fault: Fault = Fault.NONE
    absent: bytes | None = field(default=None, repr=False)
    """What it answers of whom it does not know; None: 404."""
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often it was asked: by method and path."""
    written: list[str] = field(default_factory=list, repr=False)
    """What stood in each request that is no question: its address, headers and body."""
    asked: list[Asked] = field(default_factory=list, repr=False)
    """Every request."""
    unrecorded: dict[str, None] = field(default_factory=dict)
    """The paths for which it has no answer."""
    given: dict[str, None] = field(default_factory=dict)
    """Which of its answers somebody asked for."""
    _ends: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """The answer, or what stands in its place."""
        fault = self.fault
        self.seen[request.method, request.path] += 1
        body_said = (await request.read()).decode(errors="replace")
        said = f"{request.path_qs}\n{dict(request.headers)}\n{body_said}"
        self.asked.append(Asked(request.method, request.path, dict(request.query), said, body_said))
        if request.method != "GET":
            self.written.append(said)
        if fault is Fault.ABSENT and "grant_type=" in body_said:
            # Somebody is not known there, and not our own client, who asks for a token (RFC 6749, 4.4.2).
            fault = Fault.NONE
        if fault is Fault.HANGS:
            await self._ends.wait()
        if fault is Fault.ABSENT and self.absent is not None:
            return web.Response(body=self.absent, content_type=_JSON)
        if (status := _STATUS.get(fault)) is not None:
            more = {"Retry-After": str(BUSY_FOR_S)} if fault is Fault.BUSY else {}
            return web.json_response({"error": "sample"}, status=status, headers=more)
        if fault in _ODD:
            body, kind = _ODD[fault]
            return web.Response(body=body, content_type=kind)
        body = self._good(request)
        return await _cut(request, body) if fault is Fault.CUT else web.Response(body=body, content_type=_JSON)

    def _good(self, request: web.Request) -> bytes:
        """The answer that fits best: of those by this path the one with most of the query."""
        fitting: list[tuple[int, str]] = []
        for address in self.answers:
            path, _, query = address.partition("?")
            wanted = parse_qsl(query, keep_blank_values=True)
            if path == request.path and set(wanted) <= set(request.query.items()):
                fitting.append((len(wanted), address))
        if not fitting:
            self.unrecorded[request.path] = None
            return b"{}"
        best = max(fitting, key=lambda one: one[0])[1]
        self.given[best] = None
        return self.answers[best]

    def hint(self) -> str:
        """For what it was asked that it has no answer to, in words; empty where there is no such thing."""
        if not self.unrecorded:
            return ""
        known = ", ".join(sorted(self.answers)) or "none"
        return f" It was asked for {', '.join(self.unrecorded)}; EXAMPLES.answers has {known}."

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


@quiet
class _Office(PostOffice):
    """A server that takes mail and behaves as the vendor whose it is."""

    def __init__(self, found: Vendor) -> None:
        super().__init__(told=lambda mail: _note(found, mail))
        self._found = found

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, with the fault of this moment."""
        self.replies = dict(_BY_SMTP.get(self._found.fault, {}))
        await super().serve(reader, writer)


def _note(found: Vendor, mail: Mailed) -> None:
    body = mail.body.decode(errors="replace")
    said = "\n".join((*mail.said, body))
    found.seen["DATA", mail.recipient] += 1
    found.asked.append(Asked("DATA", mail.recipient, {}, said, body))
    found.written.append(said)


_BY_SMTP: Final[Mapping[Fault, Mapping[str, str]]] = {
    Fault.HANGS: {".": HANGS},
    Fault.BROKEN: {"EHLO": CUTS, "HELO": CUTS},
    Fault.BUSY: {"RCPT": "450 4.2.1 sample"},
    Fault.FORBIDS: {"AUTH": "535 5.7.8 sample"},
    Fault.ABSENT: {"RCPT": "550 5.1.1 sample"},
    Fault.CUT: {".": CUTS},
    **{fault: {".": body.decode()} for fault, (body, _) in _ODD.items()},
}
"""The same faults of a server that takes mail."""


@asynccontextmanager
async def vendor(answers: Mapping[str, bytes], scheme: str = "http") -> AsyncIterator[Vendor]:
    """A vendor for as long as the block lasts, who is spoken to by HTTP or by SMTP."""
    found = Vendor(answers)
    if scheme == "smtp":
        async with post_office(_Office(found)) as office:
            found.url = f"smtp://127.0.0.1:{office.port}"
            yield found
        return
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
