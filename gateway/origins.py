"""Which pages of other sites may ask, as browsers want to know it (CORS)?

Those that a channel names on which visitors chat. No cookie is ever read here, so that a page which is allowed can do
no more than whoever holds the token that it sends.
"""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from adapters.contract.visitors import TakesVisitors
from adapters.lines import Lines

# What is told to a browser that asks ahead. Chromium remembers it for two hours at most.
_AHEAD: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "authorization, content-type, x-api-key, x-request-id",
    "Access-Control-Max-Age": "7200",
    "Vary": "Origin",
}
_SHOWN: Final = {"Access-Control-Expose-Headers": "Retry-After, X-Request-Id"}


def origins_of(lines: Lines) -> frozenset[str]:
    """The sites on which visitors chat, as browsers write them."""
    visited = (line.channel for line in lines)
    return frozenset(origin for channel in visited if isinstance(channel, TakesVisitors) for origin in channel.origins)


class Origins:
    """`/graphql` for pages of other sites, too: an ASGI application around the one that answers."""

    def __init__(self, app: ASGIApp, lines: Lines) -> None:
        self._app = app
        self._allowed = origins_of(lines)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does, and tells the browser where a page may have the answer."""
        headers = Headers(scope=scope)
        # Most gateways have no such page: then nothing is looked for.
        origin = headers.get("origin") if self._allowed else None
        if origin is None or origin.lower() not in self._allowed:
            await self._app(scope, receive, send)
            return
        shown = {"Access-Control-Allow-Origin": origin}
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await Response(status_code=204, headers=shown | _AHEAD)(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                told = MutableHeaders(scope=message)
                told.update(shown | _SHOWN)
                told.add_vary_header("Origin")
            await send(message)

        await self._app(scope, receive, answer)


def may_connect(socket: WebSocket, others: Collection[str]) -> bool:
    """Whether no page of a stranger's opens this: browsers let any page connect anywhere, and say which it is.

    `others`: the sites whose pages may, beside our own.
    """
    origin = socket.headers.get("origin")
    if origin is None or origin.lower() in others:
        return True
    # A page that came in the clear is whoever's was on the line, also where its name is ours.
    ways = ("https",) if socket.url.scheme == "wss" else ("https", "http")
    host = socket.headers.get("host", "").lower()
    return origin.lower() in {f"{way}://{host}" for way in ways}
