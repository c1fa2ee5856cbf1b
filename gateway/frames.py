"""How do messages and the last word stand on a WebSocket, and what is no message?"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from gateway import telling
from gateway.incoming import MOST_CONTAINERS, is_crowded
from gateway.sizing import told_too_long

BAD_MESSAGE: Final = 4400
"""The protocol's own code."""
_TOO_BIG: Final = 1009  # RFC 6455, section 7.4.1
_LONGEST_REASON: Final = 123  # bytes: a closing frame holds 125 (RFC 6455, section 5.5), two of them the code
# Where more waits to be taken than a network holds, nobody reads why it ends.
_LAST_WORD_S: Final = 1.0


class Ended(Exception):
    """The connection is to be closed, for that reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def message_in(found: Mapping[str, Any], most_bytes: int) -> Mapping[str, Any]:
    """The message in what the server hands over; raises Ended where it is none, or has more than so many bytes."""
    text = found.get("text")
    if text is None:
        raise Ended(BAD_MESSAGE, "Messages are texts.")
    if len(text) > most_bytes or len(text.encode("utf-8", "surrogatepass")) > most_bytes:
        raise Ended(_TOO_BIG, f"A message has at most {most_bytes} bytes.")
    if is_crowded(text):
        raise Ended(_TOO_BIG, f"A message has at most {MOST_CONTAINERS:,} lists and objects.")
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Ended(BAD_MESSAGE, "A message is no JSON.") from error
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise Ended(BAD_MESSAGE, "A message is an object with a `type`.")
    return message


def written(message: Mapping[str, Any], most_bytes: int) -> str:
    """The message in JSON; of an answer that cannot be written, or has more than so many bytes, that it cannot."""
    try:
        text = orjson.dumps(message)
        told = told_too_long(len(text), most_bytes) if len(text) > most_bytes else None
    except orjson.JSONEncodeError as error:
        told = telling.told_unforeseen(error)
    return (text if told is None else orjson.dumps({**message, "payload": {"errors": [told], "data": None}})).decode()


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
        with suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(_LAST_WORD_S):
                await socket.close(code, short)
