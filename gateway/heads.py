"""How long may the head of a request be, and how long may it take to come?

uvicorn bounds neither: who sends a byte a minute would hold a connection for ever, and who sends headers without end
fill the memory. Bodies have their own bounds (gateway/incoming.py).
"""

import asyncio
from collections import defaultdict
from typing import Any, Final, cast

import structlog
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.connections import RETRY_S, Connections
from gateway.leaving import Patient
from gateway.meters import count_limit
from gateway.seldom import Seldom

MOST_HEADERS: Final = 100
"""As other servers have it; browsers send some twenty."""

# So many further requests may come ahead of an answer before nobody reads on; as long as somebody does it shows whether
# the client still waits.
_MOST_AHEAD: Final = 8
# How long whoever is refused may take to read why.
_LEAVE_S: Final = 1.0
# More than a network holds: it is sent by who does not read.
_MOST_UNDER_WAY: Final = 1024 * 1024
_BAD_REQUEST: Final = b"400 Bad Request"
_NO_BODY: Final = "A handshake of a WebSocket has no body (RFC 6455, section 4.1). Send it without."
_TOO_LARGE: Final = b"431 Request Header Fields Too Large"
_LONG_ADDRESS: Final = b"414 URI Too Long"
_TOO_MANY: Final = f"A request has at most {MOST_HEADERS} headers."
_TOO_SLOW: Final = b"408 Request Timeout"
# The status, and a header behind it.
_FULL: Final = b"503 Service Unavailable\r\nretry-after: %d" % RETRY_S
_NO_PLACE: Final = f"This process holds %d connections, the most. Try again in {RETRY_S} seconds."
_BODY: Final = b'{"errors":[{"message":"%s","extensions":{"code":"LIMIT_EXCEEDED"}}]}'
_NO_HTTP: Final = b'{"errors":[{"message":"%s","extensions":{"code":"BAD_REQUEST"}}]}'
_ANSWER: Final = (
    b"HTTP/1.1 %s\r\ncontent-type: application/json; charset=utf-8\r\nx-content-type-options: nosniff\r\n"
    b"cache-control: no-store\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
)
_HEADERS: Final = "headers"

_seldom: Final = defaultdict[str, Seldom](Seldom)
_log = structlog.get_logger("gateway.heads")


class Heads(Connections):
    """One connection, whose heads are bounded."""

    def __init__(self, *more: Any, **named: Any) -> None:
        super().__init__(*more, **named)
        self._size = self._length = self._count = self._address = 0
        self._is_in_head, self._has_begun, self._is_refused = True, False, False
        self._is_handed_on = False
        self._answered: Any = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A connection that nobody has said anything on yet."""
        super().connection_made(cast(asyncio.Transport, Patient(transport, self.loop)))
        if self.finds_place():
            self._await_head()
            return
        self._refuse(_FULL, _NO_PLACE % self.settings.connections, None)
        if not self.may_read_why():
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone: whoever works on an answer is told, though further requests came behind that one."""
        self._head_came()
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """Who says no more hears no more."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """What came: refused where a head becomes too long, and awaited no longer than a head may take."""
        if self._is_refused:
            # What was under way when the answer was sent; unread, it would make the system take the answer back.
            self._size += len(data)
            if self._size > _MOST_UNDER_WAY:
                self.transport.abort()
            return
        self._has_begun = False
        super().data_received(data)
        if self._is_handed_on:
            return
        # A head that begins in the middle of a piece counts with all of it: nobody sends so much ahead of an answer.
        self._size = len(data) if self._has_begun else self._size + len(data)
        if self._is_in_head and self._size > self.settings.head_bytes:
            self._refuse_long()
        elif self._timer is None and self.timeout_keep_alive_task is None and self._is_answered():
            # Behind an answer come a blank line, a head's beginning, or the rest of a body that nobody reads.
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        """Says of what is no HTTP that it is none."""
        body = _NO_HTTP % msg.encode()
        self.transport.write(_ANSWER % (_BAD_REQUEST, len(body), body))
        self.transport.close()

    def handle_websocket_upgrade(self) -> None:
        """The connection is a WebSocket's from here on: no further head comes on it, and none is waited for."""
        self._is_handed_on = True
        super().handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._is_in_head = self._has_begun = True
        self._length = self._count = self._address = 0
        if self._timer is None:
            self._await_head()

    def on_url(self, url: bytes) -> None:
        """A part of the address: kept as far as a head may be long."""
        self._address += len(url)
        self._measure(len(url))
        if not self._is_refused:
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or what may stand behind a body that comes in chunks: that is not kept."""
        self._count += 1
        self._measure(len(name) + len(value))
        if self._count > 2 * MOST_HEADERS:
            self._refuse(_TOO_LARGE, _TOO_MANY, _HEADERS)
        if self._is_in_head and not self._is_refused:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: answered so, where it is too long or has too many headers."""
        self._is_in_head = False
        self._head_came()
        if self._is_refused:
            return
        if self.parser.should_upgrade() and self._has_body() and self._would_upgrade():
            self._refuse(_BAD_REQUEST, _NO_BODY, None, _NO_HTTP)
            return
        app = self.app
        if self._count > MOST_HEADERS:
            self.app = _too_many
        elif self.parser.get_http_version() == "1.1" and not any(name == b"host" for name, _ in self.headers):
            self.app = _no_host
        elif any(name == b"transfer-encoding" and value.lower() != b"chunked" for name, value in self.headers):
            self.app = _unknown_coding
        try:
            super().on_headers_complete()
        finally:
            self.app = app
        if 0 < len(self.pipeline) <= _MOST_AHEAD:
            self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    def on_body(self, body: bytes) -> None:
        """A part of a body."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole."""
        if not self._is_refused:
            super().on_message_complete()

    def _measure(self, size: int) -> None:
        """Counts what a head or trailer has: also of one that came whole, in one piece."""
        self._length += size
        if self._length > self.settings.head_bytes:
            self._refuse_long()

    def _refuse_long(self) -> None:
        words = f"A head has at most {self.settings.head_bytes} bytes"
        if 2 * self._address > self.settings.head_bytes:
            self._refuse(_LONG_ADDRESS, f"{words}, and most of this one is its address. Ask by POST.", "head_bytes")
        else:
            self._refuse(_TOO_LARGE, f"{words}.", "head_bytes")

    def _should_upgrade(self) -> bool:
        return not self._is_refused and self._would_upgrade()

    def _would_upgrade(self) -> bool:
        # RFC 6455, section 4.1: by GET, and not by HTTP/1.0; whatever else asks for it is an ordinary request. So is
        # one that came ahead of another's answer, which would end up among the frames.
        is_sound = self.parser.get_method() == b"GET" and self.parser.get_http_version() == "1.1"
        return is_sound and self._is_answered() and self._count <= MOST_HEADERS and super()._should_upgrade()

    def _has_body(self) -> bool:
        return any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in self.headers
        )

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(self.settings.head_read_s, self._too_slow)

    def _head_came(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        self._timer = None
        if self._is_answered() and not self._is_in_head:
            # What still comes belongs to a request that was answered: nobody waits for words.
            self.transport.close()
        else:
            self._refuse(_TOO_SLOW, f"A head comes within {self.settings.head_read_s:g} seconds.", "head_read_s")

    def _refuse(self, status: bytes, words: str, limit: str | None, told: bytes = _BODY) -> None:
        """Says no and ends; `limit`: the one that was hit, unless it was told already."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        if limit is not None:
            _note(limit)
        self._head_came()
        if self._is_answered():
            body = told % words.encode()
            self.transport.write(_ANSWER % (status, len(body), body))
            self.transport.write_eof()
        self.loop.call_later(_LEAVE_S, self.transport.close)


def _note(limit: str) -> None:
    """Counts a head that is refused, and tells of it once in a while: no request line does."""
    count_limit(limit)
    if count := _seldom[limit].count():
        _log.warning("heads are refused", limit=limit, count=count)


async def _no_host(_scope: Scope, _receive: Receive, send: Send) -> None:
    # RFC 9112, section 3.2.
    await _refused(send, 400, _NO_HTTP % b"A request names its host. Send `Host`.")


async def _unknown_coding(_scope: Scope, _receive: Receive, send: Send) -> None:
    # RFC 9112, section 6.1.
    await _refused(send, 501, _NO_HTTP % b"Bodies come as they are or in chunks. Send no other `Transfer-Encoding`.")


async def _too_many(_scope: Scope, _receive: Receive, send: Send) -> None:
    _note(_HEADERS)
    await _refused(send, 431, _BODY % _TOO_MANY.encode())


async def _refused(send: Send, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
