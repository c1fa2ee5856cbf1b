"""How does a long answer go out? A piece behind the other, each once the last was taken."""

from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

# asyncio's mark, above which whoever writes waits: a longer piece would only be kept. Most answers are shorter.
_PIECE: Final = 64 * 1024


class InPieces(Response):
    """An answer, of which no more than a piece waits on its connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        if len(self.body) <= _PIECE:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for at in range(0, len(self.body), _PIECE):
            more = at + _PIECE < len(self.body)
            await send({"type": "http.response.body", "body": self.body[at : at + _PIECE], "more_body": more})
