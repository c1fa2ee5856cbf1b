"""How is a handshake refused that begins no WebSocket? In JSON, as every request is (RFC 6455, section 4.2)."""

import email.utils
import http
from typing import Final

import orjson
from websockets.datastructures import Headers
from websockets.http11 import Request, Response
from websockets.server import ServerProtocol
from websockets.typing import StatusLike

from gateway import telling
from gateway.plain_refusals import HEADERS

_VERSION: Final = "13"
_FORBIDDEN, _UPGRADE, _TOO_LARGE, _UNFORESEEN = 403, 426, 431, 500
_NONE: Final = (
    "This begins no WebSocket (RFC 6455, section 4.2.1). Send `Upgrade: websocket`, `Connection: Upgrade`, "
    f"`Sec-WebSocket-Version: {_VERSION}` and a `Sec-WebSocket-Key` of 16 bytes in base64, each once, and no body."
)
_OTHERS: Final = (
    f"Version {_VERSION} of the WebSocket protocol is spoken here. Send `Upgrade: websocket` alone, and "
    f"`Sec-WebSocket-Version: {_VERSION}`."
)
_WORDS: Final = {
    _FORBIDDEN: ("A WebSocket may not begin here.", telling.FORBIDDEN),
    _UPGRADE: (_OTHERS, telling.BAD_REQUEST),
    _TOO_LARGE: (
        "A line of a WebSocket's head has at most 8,192 bytes. Send a longer token in `connection_init`.",
        telling.LIMIT_EXCEEDED,
    ),
    _UNFORESEEN: ("Something went wrong that nobody foresaw. Connect again.", telling.INTERNAL),
}


class Handshake(ServerProtocol):
    """One WebSocket's protocol, whose handshake is refused in JSON."""

    def accept(self, request: Request) -> Response:
        """The answer to a handshake."""
        if request.headers.get_all("Sec-WebSocket-Version") == [_VERSION]:
            return super().accept(request)
        response = self.reject(_UPGRADE, "")
        # RFC 9110, section 15.5.22.
        response.headers["Upgrade"] = "websocket"
        return response

    def reject(self, status: StatusLike, text: str) -> Response:  # noqa: ARG002  the library's words quote what was sent
        """The answer that refuses it."""
        # An address is part of the head, as over HTTP.
        known = http.HTTPStatus(_TOO_LARGE if status == http.HTTPStatus.REQUEST_URI_TOO_LONG else status)
        words, code = _WORDS.get(known, (_NONE, telling.BAD_REQUEST))
        body = orjson.dumps({"errors": [telling.told(words, code)]})
        about = {"Date": email.utils.formatdate(usegmt=True), "Content-Length": str(len(body)), "Connection": "close"}
        if known == _UPGRADE:
            about |= {"Connection": "Upgrade, close", "Sec-WebSocket-Version": _VERSION}
        return Response(known.value, known.phrase, Headers(HEADERS | about), body)

    def refused_head(self) -> bytes:
        """What is said of a head that is none of a WebSocket's at all."""
        return b"".join(self.data_to_send()) or self.reject(http.HTTPStatus.BAD_REQUEST, "").serialize()
