"""How do answers stand in a stream of events? GraphQL over Server-Sent Events, "distinct connections mode".

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md: `next` with each answer, `complete` behind the last.
A stream that ends without `complete` was cut off, and whoever reads it asks anew.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import orjson

from gateway import telling
from gateway.media_types import EVENTS, UNGATHERED
from gateway.subscriptions import Cut, Held

# A comment. Sent first, too, so that proxies pass the head of the response on before anything has happened.
BEAT: Final = b":\n\n"
# Without data the browsers' own EventSource would not tell of it.
COMPLETE: Final = b"event: complete\ndata:\n\n"

HEADERS: Final = {"Content-Type": EVENTS, **UNGATHERED}


def event(body: dict[str, Any]) -> bytes:
    """An answer as an event. JSON of one line: the lines of an event end with LF, whatever stands in it."""
    try:
        data = orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        data = orjson.dumps({"errors": [telling.told_unforeseen(error)]})
    return b"event: next\ndata: " + data + b"\n\n"


def whole(body: dict[str, Any]) -> bytes:
    """A stream of one answer."""
    return event(body) + COMPLETE


async def stream(held: AsyncGenerator[Held, None]) -> AsyncGenerator[bytes, None]:
    """The stream of what is held, in pieces that end with an event each."""
    yield BEAT
    try:
        async with aclosing(held):
            async for answer in held:
                yield BEAT if answer is None else event(answer.body)
    except Cut:
        return
    yield COMPLETE
