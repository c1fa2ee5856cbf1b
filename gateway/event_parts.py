"""How do a subscription's answers stand in the parts of a response? Apollo's multipart protocol, version 1.0.

https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol: each answer as the
`payload` of a part of its own, an empty object as a sign of life, and the last boundary behind the last answer. A
response that ends without that boundary was cut off, and whoever reads it asks anew.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import orjson

from gateway import telling
from gateway.media_types import UNGATHERED
from gateway.multipart import PART_HEAD
from gateway.subscriptions import Cut, Held

# Clients know it by heart, Python's gql for one. What is behind it says whether there is more.
_BOUNDARY: Final = b"\r\n--graphql"
_MORE: Final = b"\r\n"
_END: Final = b"--\r\n"

HEADERS: Final = {"Content-Type": "multipart/mixed; boundary=graphql; subscriptionSpec=1.0", **UNGATHERED}


async def stream(held: AsyncGenerator[Held, None]) -> AsyncGenerator[bytes, None]:
    """The parts of what is held, each with the boundary behind it, so that it is whole for whoever reads."""
    # First of all, so that proxies pass the head of the response on before anything has happened.
    yield _BOUNDARY + _part(None)
    try:
        async with aclosing(held):
            async for answer in held:
                yield _part(answer)
    except Cut:
        return
    yield _END


def _part(answer: Held) -> bytes:
    return _MORE + PART_HEAD + (b"{}" if answer is None else _written(answer.body)) + _BOUNDARY


def _written(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps({"payload": body})
    except orjson.JSONEncodeError as error:
        return orjson.dumps({"payload": {"errors": [telling.told_unforeseen(error)]}})
