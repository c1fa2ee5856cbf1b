"""How do the parts of an answer stand in a response? Multipart, as GraphQL's incremental delivery over HTTP has it.

https://github.com/graphql/graphql-over-http/blob/main/rfcs/IncrementalDelivery.md: a part each, in JSON, between
boundaries of a dash; the last boundary ends with two more.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import orjson

from gateway import telling
from gateway.media_types import NEWER, UNGATHERED
from gateway.questions import Answer

_BETWEEN: Final = b"\r\n---\r\n"
# Apollo iOS compares the line as it is written, and reads no other spelling than that of Apollo's router.
PART_HEAD: Final = b"content-type: application/json\r\n\r\n"
_END: Final = b"\r\n-----\r\n"


def headers(draft: str) -> dict[str, str]:
    """Of a response in the words of that draft."""
    spec = f"incrementalSpec={draft}" if draft == NEWER else f"deferSpec={draft}"
    return {"Content-Type": f'multipart/mixed; boundary="-"; {spec}', **UNGATHERED}


async def stream(first: Answer, later: AsyncGenerator[Answer, None]) -> AsyncGenerator[bytes, None]:
    """The parts, each with the boundary behind it, so that whoever reads knows at once that it is whole."""
    async with aclosing(later):
        yield _BETWEEN + PART_HEAD + _written(first.body) + _BETWEEN
        async for one in later:
            yield PART_HEAD + _written(one.body) + (_BETWEEN if one.body["hasNext"] else _END)


def _written(body: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        # Whoever reads has to know that this is the end: nothing behind it can be put in its place.
        return orjson.dumps({"errors": [telling.told_unforeseen(error)], "hasNext": body["hasNext"]})
