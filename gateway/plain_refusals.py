"""How is a request or a handshake refused by who stands around all routes, and knows none of them?"""

from collections.abc import Mapping
from typing import Any, Final

import orjson
from starlette.types import Scope, Send

HEADERS: Final = {
    "content-type": "application/json; charset=utf-8",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
"""An error is no page, holds nothing to be kept, and is what it says that it is."""

_HANDSHAKE: Final = "websocket.http.response"
"""Of the ASGI specification: a server with it answers a handshake as it answers requests."""


async def refuse(
    scope: Scope, send: Send, status: int, words: Mapping[str, Any], *, close: int, retry_after_s: int | None = None
) -> None:
    """Answers with this error. `close`: the code for a WebSocket whose server knows no other answer than 403."""
    if scope["type"] == "websocket" and _HANDSHAKE not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": close})
        return
    kind = "http.response" if scope["type"] == "http" else _HANDSHAKE
    later = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    headers = [(name.encode(), value.encode()) for name, value in (HEADERS | later).items()]
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": orjson.dumps({"errors": [words]})})
