"""Which headers may stand once in a request? Two that say different things are taken by one room so, and by another so.

Who asks, what a body is and from which page it comes: a request that says one of these twice is refused, whether or not
it says the same, since nobody can tell which of them a proxy in front has looked at. (RFC 9110, section 5.3: no sender
may repeat a header that is no list; of one that is, all the pieces are one list.)
"""

from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.plain_refusals import refuse
from gateway.telling import BAD_REQUEST, told

SINGLE: Final = frozenset({b"authorization", b"x-api-key", b"content-type", b"origin", b"host"})
"""Of the others that there are, the server itself refuses two Content-Length."""

LISTS: Final = frozenset({b"accept", b"accept-encoding"})
"""What may come in pieces, and is read here."""

_LOOKED_AT: Final = SINGLE | LISTS
_BAD_REQUEST: Final = 400
_POLICY: Final = 1008


class Singles:
    """Around the whole application, within Telemetry."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does; a refusal where one of these headers stands twice."""
        seen = doubled(scope) if scope["type"] in {"http", "websocket"} else []
        if not seen:
            await self._app(scope, receive, send)
            return
        name = next((one.decode() for one in seen if one in SINGLE), None)
        if name is None:
            await self._app({**scope, "headers": _joined(scope["headers"])}, receive, send)
            return
        words = told(f"The header `{name}` was sent more than once. Send it once.", BAD_REQUEST)
        await refuse(scope, send, _BAD_REQUEST, words, close=_POLICY)


def doubled(scope: Scope) -> list[bytes]:
    """Those of these headers that stand more than once."""
    seen: list[bytes] = [name for name, _ in scope["headers"] if name in _LOOKED_AT]
    if len(seen) == len(set(seen)):
        return []
    return [name for name in dict.fromkeys(seen) if seen.count(name) > 1]


def _joined(headers: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with each list in one piece."""
    lists = {name: b", ".join(value for other, value in headers if other == name) for name in LISTS}
    others = [(name, value) for name, value in headers if name not in LISTS]
    return others + [(name, value) for name, value in lists.items() if value]
