"""How is the export of a customer fetched: by a signed path that is good for minutes, as a ZIP made meanwhile?"""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import jwt
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import RecordId
from gateway.telling import BAD_REQUEST, UNAVAILABLE, told, told_unforeseen
from resolvers.aliases import ids_of, speaking
from resolvers.kit.ids import global_id, key_of
from resolvers.kit.slice import Declared
from resolvers.privacy.archive import archive
from resolvers.privacy.doubting import doubts
from resolvers.privacy.exporting import Export

PATH: Final = "/exports/"

_ALGORITHM: Final = "HS256"
_GONE, _UNFORESEEN, _UNAVAILABLE = 410, 500, 503
# nosniff: it is no page. no-store: it holds a customer.
_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
_NO_MORE: Final = "This path opens no export, or no longer. Ask `exportCustomer` for another one."


class BadTicket(Exception):
    """What stands in the path is no ticket of ours, or is no longer good."""


class Tickets:
    """Signs and reads what a path of an export ends with, by a key that follows from the gateway's secret."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"export\x1f" + secret.encode()).digest()

    def path(self, customer: RecordId, until: datetime) -> str:
        """The path of the customer's export, good until then."""
        claims = {"sub": global_id("Customer", customer), "exp": int(until.timestamp())}
        return PATH + jwt.encode(claims, self._key, algorithm=_ALGORITHM)

    def customer(self, ticket: str, now: datetime) -> RecordId:
        """Whose export it opens; raises BadTicket."""
        # The time is that of whoever signed it.
        options = {"require": ["exp", "sub"], "verify_exp": False}
        try:
            claims = jwt.decode(ticket, self._key, algorithms=[_ALGORITHM], options=options)  # type: ignore[arg-type]
        except jwt.PyJWTError as error:
            raise BadTicket from error
        key = key_of(claims["sub"], "Customer")
        if key is None or now.timestamp() >= claims["exp"]:
            raise BadTicket
        return key


@dataclass(frozen=True, slots=True)
class Shelf:
    """From where exports are taken."""

    store: Store
    declared: Declared
    tickets: Tickets
    clock: Callable[[], datetime]

    async def archive(self, ticket: str) -> AsyncIterator[bytes] | None:
        """The export in pieces; None where the customer is there no more, or is no longer one for certain.

        Raises BadTicket.
        """
        now = self.clock()
        found = await speaking(self.store, self.tickets.customer(ticket, now))
        if found is None or doubts(found):
            return None
        return archive(self.store, await Export.of(self.store, self.declared, ids_of(found)), now)


class Exports:
    """`/exports/{ticket}`."""

    def __init__(self, shelf: Callable[[], Shelf | None]) -> None:
        self._shelf = shelf

    @property
    def routes(self) -> list[Route]:
        """Where exports are fetched."""
        return [Route(PATH + "{ticket}", self.fetched, methods=["GET"])]

    async def fetched(self, request: Request) -> Response:
        """The archive, sent while it is made."""
        shelf = self._shelf()
        if shelf is None:
            return _refused("The gateway is starting or stopping. Try again in a few seconds.", _UNAVAILABLE)
        try:
            pieces = await shelf.archive(request.path_params["ticket"])
        except BadTicket:
            pieces = None
        except StoreError as error:
            return _refused(str(error), _UNAVAILABLE)
        except Exception as error:  # noqa: BLE001  the outermost room: told by reference and logged whole
            return JSONResponse({"errors": [told_unforeseen(error)]}, _UNFORESEEN, headers=_SAFE)
        if pieces is None:
            return _refused(_NO_MORE, _GONE)
        headers = {**_SAFE, "Content-Disposition": 'attachment; filename="customer.zip"'}
        if request.method == "HEAD":
            return Response(media_type="application/zip", headers=headers)
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)


def _refused(words: str, status: int) -> Response:
    code = UNAVAILABLE if status == _UNAVAILABLE else BAD_REQUEST
    return JSONResponse({"errors": [told(words, code)]}, status, headers=_SAFE)
