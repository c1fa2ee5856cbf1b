"""Which pages of other sites may ask, as browsers want to know it (CORS)?

Those that the company names (GATEWAY_ORIGINS), and those on which visitors chat. No cookie is ever read here, so that a
page which is allowed can do no more than whoever holds the token that it sends.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from adapters.contract.visitors import TakesVisitors
from adapters.lines import Lines

# What is told to a browser that asks ahead: any header may be sent, for clients send their own, and no cookie is among
# them. `*` holds not for Authorization (Fetch standard, "CORS-preflight fetch"), nor for browsers before 2022, so that
# what clients send most is named. Chromium remembers it for two hours at most.
_AHEAD: Final = {
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "accept, authorization, content-type, x-api-key, x-request-id, *",
    "Access-Control-Max-Age": "7200",
    "Vary": "Origin",
}
_SHOWN: Final = {"Access-Control-Expose-Headers": "Content-Disposition, Retry-After, X-Request-Id"}


def origins_of(named: Iterable[str], lines: Lines) -> frozenset[str]:
    """The sites whose pages may ask, as browsers write them: these, and those on which visitors chat."""
    visited = (line.channel for line in lines)
    chatting = (origin for channel in visited if isinstance(channel, TakesVisitors) for origin in channel.origins)
    return frozenset((*named, *chatting))


class Origins:
    """What pages of other sites may ask: an ASGI application around the one that answers.

    `allowed`: the sites, once they are known. `paths`: what they may ask, by how its path begins.
    """

    def __init__(self, app: ASGIApp, allowed: Callable[[], Collection[str]], paths: tuple[str, ...]) -> None:
        self._app = app
        self._allowed = allowed
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does, and tells the browser where a page may have the answer."""
        # Most gateways have no such page: then nothing is looked for.
        allowed = self._allowed()
        if not allowed or scope["type"] != "http" or not scope["path"].startswith(self._paths):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or origin.lower() not in allowed:
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
