"""What is said where something goes wrong in a room that did not foresee it, whichever route and transport it is?

The reference under which the log has the whole, and no detail. An answer that has begun is broken off, so that nobody
takes what came of it for all.
"""

from typing import Final

import orjson
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.plain_refusals import HEADERS, refuse
from gateway.telling import BAD_REQUEST, NOT_FOUND, told, told_of

_UNFORESEEN: Final = 500
_NOTHING: Final = 404
_INTERNAL: Final = 1011
"""RFC 6455, section 7.4.1."""

_log = structlog.get_logger("gateway.last_resort")


class LastResort:
    """Around the whole application, within Telemetry, so that what it says has the request's id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does; a reference in the place of what it raises."""
        has_begun = is_over = False

        async def noted(message: Message) -> None:
            nonlocal has_begun, is_over
            await send(message)
            has_begun = True
            is_over = message["type"] == "websocket.close"

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            # Nobody is left to hear anything, and it was not the gateway that broke off.
            return
        except Exception as error:
            if scope["type"] not in {"http", "websocket"}:
                raise
            words = told_of(error)
            if not has_begun:
                await refuse(scope, send, _UNFORESEEN, words, close=_INTERNAL)
            elif scope["type"] == "websocket" and not is_over:
                await send({"type": "websocket.close", "code": _INTERNAL, "reason": words["message"]})
            elif scope["type"] == "http":
                # Returned from without its end, the server closes the connection, and the reader sees that.
                _log.warning("answer broken off", code=words["extensions"]["code"])


async def nothing_there(_request: Request, error: Exception) -> Response:
    """What is said where no route leads, or not by that method."""
    if not isinstance(error, HTTPException):
        raise error
    code = NOT_FOUND if error.status_code == _NOTHING else BAD_REQUEST
    words = told(f"{error.detail}. Questions go to /graphql.", code)
    return Response(orjson.dumps({"errors": [words]}), error.status_code, headers={**(error.headers or {}), **HEADERS})
