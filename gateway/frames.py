"""How do messages and the last word stand on a WebSocket?"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from gateway import telling

_LONGEST_REASON: Final = 123  # bytes: a closing frame holds 125 (RFC 6455, section 5.5), two of them the code


def written(message: Mapping[str, Any]) -> str:
    """The message in JSON; of an answer that cannot be written, that it cannot."""
    try:
        return orjson.dumps(message).decode()
    except orjson.JSONEncodeError as error:
        told = [telling.told_unforeseen(error)]
        return orjson.dumps({**message, "payload": {"errors": told, "data": None}}).decode()


def may_be_written(value: Any) -> bool:
    """Whether it can be written in JSON: what others sent may be nested deeper than that."""
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True


async def closed(socket: WebSocket, code: int, reason: str) -> None:
    """Closes, if it is not closed yet, with as much of the reason as a frame holds."""
    if socket.application_state is WebSocketState.CONNECTED and socket.client_state is WebSocketState.CONNECTED:
        short = reason.encode()[:_LONGEST_REASON].decode("utf-8", "ignore")
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(code, short)
