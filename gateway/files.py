"""How is a file that came with a message or ticket fetched: by GET, with the id of its attachment, signed in as ever?

`/files/{id}`. It comes as something to be saved, never as a page of this gateway's: whoever sent it to the company is
nobody whom a browser should trust.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from adapters.failures import StoreError
from gateway.auth import Auth, NotSignedIn
from gateway.ledger import Ledger
from gateway.telling import FORBIDDEN, NOT_FOUND, UNAVAILABLE, told, told_unforeseen
from gateway.touching import beyond
from resolvers.files import PATH, File, NotGiven, Why, file_of
from resolvers.kit.context import Context
from resolvers.kit.errors import Unavailable
from resolvers.kit.viewer import Viewer

_STATUSES: Final = {
    Why.UNKNOWN: (404, NOT_FOUND),
    Why.HIDDEN: (403, FORBIDDEN),
    Why.NOWHERE: (410, NOT_FOUND),
    Why.GONE: (410, NOT_FOUND),
    Why.REFUSED: (502, UNAVAILABLE),
    Why.UNREADABLE: (502, UNAVAILABLE),
    Why.BUSY: (503, UNAVAILABLE),
    Why.DOWN: (504, UNAVAILABLE),
}
_UNAUTHENTICATED, _FORBIDDEN, _UNFORESEEN, _UNAVAILABLE = 401, 403, 500, 503
_FIELD: Final = "Attachment.path"
_BEYOND: Final = f"What you are signed in with may not ask for `{_FIELD}`. Sign in with what may."
_OPERATION: Final = "file"
# No page, of no origin, that runs nothing and is kept by nobody in between.
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Referrer-Policy": "no-referrer",
}
# RFC 9110, 8.3.1; its parameters are left out.
_MEDIA_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}")
_UNKNOWN_TYPE: Final = "application/octet-stream"
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Counter:
    """Who hands files out."""

    auth: Auth
    ledger: Ledger
    context_for: Callable[[Viewer], Context]

    async def handed(self, request: Request, named: str) -> Response:
        """The file, or why there is none."""
        try:
            viewer = await self.auth.viewer_of(request.headers)
            if viewer.fields and beyond([_FIELD], viewer.fields):
                return _refused(_BEYOND, FORBIDDEN, _FORBIDDEN, {})
            context = self.context_for(viewer)
            file = await file_of(context, named)
            await self.ledger.keep(context, _OPERATION, lambda: "")
        except NotSignedIn as error:
            return _refused(error.message, error.code, _UNAUTHENTICATED, {"WWW-Authenticate": error.challenge})
        except NotGiven as error:
            status, code = _STATUSES[error.why]
            later = {} if error.retry_after_s is None else {"Retry-After": str(round(error.retry_after_s))}
            return _refused(str(error), code, status, later)
        except (Unavailable, StoreError) as error:
            return _refused(str(error), UNAVAILABLE, _UNAVAILABLE, {"Retry-After": "5"})
        except Exception as error:  # noqa: BLE001  the outermost room: told by reference and logged whole
            return JSONResponse({"errors": [told_unforeseen(error)]}, _UNFORESEEN, headers=_SAFE)
        return _response(file, is_head=request.method == "HEAD")


class Files:
    """`/files/{id}`."""

    def __init__(self, counter: Callable[[], Counter | None]) -> None:
        self._counter = counter

    @property
    def routes(self) -> list[Route]:
        """Where files are fetched."""
        return [Route(PATH + "{id}", self.fetched, methods=["GET"])]

    async def fetched(self, request: Request) -> Response:
        """The file, or why there is none."""
        counter = self._counter()
        if counter is None:
            words = "The gateway is starting or stopping. Try again in a few seconds."
            return _refused(words, UNAVAILABLE, _UNAVAILABLE, {"Retry-After": "5"})
        return await counter.handed(request, request.path_params["id"])


def _response(file: File, *, is_head: bool) -> Response:
    media_type = file.media_type.partition(";")[0].strip()
    headers = {
        **_SAFE,
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name[:_LONGEST_NAME], safe='')}",
    }
    kind = media_type if _MEDIA_TYPE.fullmatch(media_type) else _UNKNOWN_TYPE
    if is_head:
        return Response(media_type=kind, headers=headers)
    # A charset that nobody named would be put in by starlette.
    return StreamingResponse(file.chunks, headers={**headers, "Content-Type": kind})


def _refused(words: str, code: str, status: int, headers: dict[str, str]) -> Response:
    return JSONResponse({"errors": [told(words, code)]}, status, headers={**_SAFE, **headers})
