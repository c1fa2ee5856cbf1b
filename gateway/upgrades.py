"""What becomes of a request that asks for a protocol which is not spoken here, as HTTP/2 in the clear?

It is answered as if it had not asked (RFC 9110, section 7.8). Java's own client asks so with each first request. The
parser takes what stands behind such a head for the other protocol's, and would lose the body, or take it for a request
of its own. So the head is read once more, without the word that the parser stumbles over.
"""

import sys
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_UPGRADE: Final = b"upgrade"
_CONNECT: Final = b"CONNECT"


class Upgrades(HttpToolsProtocol):
    """One connection, on which only WebSockets take the place of HTTP."""

    def __init__(self, *more: Any, **named: Any) -> None:
        super().__init__(*more, **named)
        self._ahead: list[bytes | memoryview] = []
        self._piece: bytes | memoryview = b""
        self._plain_head: bytes | None = None

    def data_received(self, data: bytes) -> None:
        """What came."""
        self._ahead = [data]
        while self._ahead and not self.transport.is_closing():
            self._piece = self._ahead.pop()
            super().data_received(self._piece)  # type: ignore[arg-type]

    def on_headers_complete(self) -> None:
        """The head is whole; nothing begins yet, where it asks in vain for another protocol."""
        method = self.parser.get_method()
        if self.parser.should_upgrade() and method != _CONNECT and not self._should_upgrade():
            lines = [b"%b: %b\r\n" % (name, value) for name, value in self.headers if name != _UPGRADE]
            first = b"%b %b HTTP/%b\r\n" % (method, self.url, self.parser.get_http_version().encode())
            self._plain_head = b"".join([first, *lines, b"\r\n"])
            return
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole, but for one that is read once more."""
        if self._plain_head is None:
            super().on_message_complete()

    def _unsupported_upgrade_warning(self) -> None:
        # uvicorn calls it where the parser stopped behind such a head, and would say so in the log.
        stopped, head = sys.exception(), self._plain_head
        self._plain_head = None
        if head is not None and isinstance(stopped, httptools.HttpParserUpgrade):
            # The one that has stopped takes nothing more where the connection was to be closed behind it.
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self._ahead += [memoryview(self._piece)[stopped.args[0] :], head]
