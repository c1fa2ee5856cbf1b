"""How does a vendor hand in a delivery: proven to be the vendor's, kept for certain, and only then acknowledged?

`/webhooks/{channel}/{account}`. Nothing is read in it here; that is done behind the acknowledgement
(resolvers/deliveries). Who is not the vendor learns nothing but a status, and what that means.
"""

import asyncio
import hashlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from adapters.contract.channel import Receives
from adapters.contract.deliveries import Answer, Delivery, NotProven
from adapters.contract.errors import BadPayload
from adapters.failures import StoreError
from adapters.lines import Lines
from gateway.bodies import Bodies, Crowded, TooLong
from gateway.inbox import Full, Inbox, Silent
from gateway.settings import Settings
from resolvers.deliveries.waiting import delivery_document
from resolvers.kit.masking import masked

PATH: Final = "/webhooks/{channel}/{account}"

_OK, _NOT_PROVEN, _NOT_FOUND, _WRONG_METHOD, _TIMEOUT, _TOO_LARGE = 200, 401, 404, 405, 408, 413
_UNFORESEEN, _UNAVAILABLE = 500, 503
# No vendor's delivery is as large; whoever sends more is cut off.
_DISCARDED_BYTES: Final = 32 * 1024 * 1024
# Whoever sends again at once would only add to what is too much.
_LATER: Final = {"Retry-After": "5"}
# Nothing of it is a page, whatever an adapter answers to a handshake.
_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}

# Of a proof that failed no more is told: whoever forges one learns nothing of what is wrong with it.
_TOLD: Final[Mapping[int, str]] = {
    _NOT_PROVEN: "The delivery is not proven to be the vendor's. The gateway's log says why.",
    _NOT_FOUND: "No channel account takes deliveries at this address. Compare it with the gateway's channels.",
    _WRONG_METHOD: "Deliveries come by POST.",
    _TIMEOUT: "The body did not come in time. Send it again.",
    _TOO_LARGE: "The body is larger than what is taken.",
    _UNFORESEEN: "The gateway failed to read it. Its log says how.",
    _UNAVAILABLE: "Nothing is taken in this moment. Send it again.",
}

_LONGEST_WHY: Final = 300

_log = structlog.get_logger("gateway.webhooks")


class _Refused(Exception):
    """Answered with a status, and counted as that outcome."""

    def __init__(
        self, status: int, outcome: str, *, why: str | None = None, reference: str | None = None, **headers: str
    ) -> None:
        super().__init__(outcome)
        self.status, self.outcome, self.headers = status, outcome, headers
        self.reference = reference
        """Under which the log has what nobody foresaw."""
        self.why = why
        """In words for operators: the vendor learns nothing of it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where deliveries are handed in."""

    lines: Lines
    inbox: Inbox
    clock: Callable[[], datetime]


class Webhooks:
    """`/webhooks/{channel}/{account}`."""

    def __init__(self, desk: Callable[[], Desk | None], settings: Settings) -> None:
        self._desk, self._settings = desk, settings
        self._bodies = Bodies(max(settings.bodies_bytes, settings.delivery_bytes))
        self.counts: Counter[tuple[str, str, str]] = Counter()
        """Deliveries by channel, account and outcome, of lines that there are."""

    @property
    def routes(self) -> list[Route]:
        """Where deliveries come in."""
        # No vendor follows a redirect with its body, so the address with a slash behind it is answered as without.
        return [Route(path, self.delivered, methods=["GET", "POST"]) for path in (PATH, PATH + "/")]

    async def delivered(self, request: Request) -> Response:
        """The acknowledgement, or why there is none."""
        desk = self._desk()
        if desk is None:
            await self._discard(request, request.stream())
            return _refused(_UNAVAILABLE, _LATER)
        channel, account = request.path_params["channel"], request.path_params["account"]
        line = desk.lines.receiving(channel, account)
        # Its words may be anything, so they are neither logged nor counted.
        if line is None:
            await self._discard(request, request.stream())
            return _refused(_NOT_FOUND)
        place = (channel, account)
        try:
            answer, outcome = await self._taken(desk, line, place, request)
        except _Refused as refusal:
            self._count(place, refusal.outcome, refusal.why)
            return _refused(refusal.status, refusal.headers, reference=refusal.reference)
        self._count(place, outcome)
        return Response(answer.body, answer.status, media_type=answer.media_type, headers=_SAFE)

    async def _taken(self, desk: Desk, line: Receives, place: tuple[str, str], request: Request) -> tuple[Answer, str]:
        """The answer and its outcome, when the delivery is kept."""
        delivery = Delivery(
            method="POST" if request.method == "POST" else "GET",
            query=dict(reversed(request.query_params.multi_items())),
            headers=dict(reversed(request.headers.items())),
            body=b"",
            received_at=desk.clock(),
        )
        if delivery.method == "POST" and getattr(line, "is_proven_by_headers", False):
            await self._proven_ahead(line, delivery, place, request)
        delivery = replace(delivery, body=await self._body(request))
        answer = _proven(line, delivery, place)
        if answer is not None:
            return answer, "handshake"
        if delivery.method != "POST":
            raise _Refused(_WRONG_METHOD, "no delivery", Allow="POST")
        channel, account = place
        key = _key(line, delivery, place)
        turn = desk.inbox.turn()
        document = delivery_document(delivery, channel=channel, account=account, key=key, sequence=turn)
        try:
            is_new = await desk.inbox.keep(document)
        except Full as error:
            raise _Refused(_UNAVAILABLE, "full", **_LATER) from error
        except (StoreError, Silent) as error:
            raise _Refused(_UNAVAILABLE, "not kept", **_LATER) from error
        return Answer(status=_OK), "kept" if is_new else "repeated"

    async def _proven_ahead(self, line: Receives, delivery: Delivery, place: tuple[str, str], request: Request) -> None:
        """Returns where the headers prove the delivery; of another nobody holds the body."""
        try:
            _proven(line, delivery, place)
        except _Refused:
            await self._discard(request, request.stream())
            raise

    async def _body(self, request: Request) -> bytes:
        most = self._settings.delivery_bytes
        stream, size = request.stream(), request.headers.get("content-length", "")
        if size.isdecimal() and int(size[:20]) > most:
            await self._discard(request, stream)
            raise _Refused(_TOO_LARGE, "too large", Connection="close")
        try:
            return await self._bodies.read(stream, most_bytes=most, within_s=self._settings.body_read_s)
        except TooLong as error:
            await self._discard(request, stream)
            raise _Refused(_TOO_LARGE, "too large", Connection="close") from error
        except Crowded as error:
            await self._discard(request, stream)
            raise _Refused(_UNAVAILABLE, "crowded", Connection="close", **_LATER) from error
        except TimeoutError as error:
            raise _Refused(_TIMEOUT, "too slow", Connection="close") from error
        except ClientDisconnect as error:
            # Nobody is left to read the status.
            raise _Refused(_TIMEOUT, "broken off") from error

    async def _discard(self, request: Request, stream: AsyncIterator[bytes]) -> None:
        """Reads what is left of a body, and keeps nothing of it.

        A connection that is closed while its other end still writes is reset, and the status is lost with it. Who
        asks first whether to send (Expect: 100-continue) is told by the status alone.
        """
        if "100-continue" in request.headers.get("expect", "").lower():
            return
        seen = 0
        with suppress(TimeoutError, ClientDisconnect):
            async with asyncio.timeout(self._settings.body_read_s):
                async for chunk in stream:
                    seen += len(chunk)
                    if seen > _DISCARDED_BYTES:
                        break

    def _count(self, place: tuple[str, str], outcome: str, why: str | None = None) -> None:
        self.counts[(*place, outcome)] += 1
        if outcome not in {"kept", "repeated"}:
            told = {} if why is None else {"why": why}
            _log.info("delivery", channel=place[0], account=place[1], outcome=outcome, **told)


def _refused(status: int, headers: Mapping[str, str] | None = None, *, reference: str | None = None) -> Response:
    """A refusal for whoever sets a webhook up and looks at it: the same words for a status, whoever asks."""
    words = _TOLD.get(status, _TOLD[_NOT_PROVEN]) + (f" The reference is {reference}.\n" if reference else "\n")
    return Response(words, status, headers={**_SAFE, **(headers or {})}, media_type="text/plain")


def _proven(line: Receives, delivery: Delivery, place: tuple[str, str]) -> Answer | None:
    """The answer to a handshake; None for a delivery that is the vendor's."""
    try:
        answer: object = line.handshake(delivery)
        said: object = line.prove(delivery) if answer is None else None  # type: ignore[func-returns-value]
    except NotProven as error:
        raise _Refused(_status(error), "not proven", why=_words(error, delivery)) from error
    except BadPayload as error:
        # Before it is proven nobody knows whose junk it is.
        raise _Refused(_NOT_PROVEN, "not proven", why=_words(error, delivery)) from error
    except Exception as error:
        raise _unforeseen(error, place) from error
    if said is not None:
        # Whoever answers False means that it is not the vendor's, and must not be taken for a proof.
        raise _unforeseen(TypeError("`prove` answers something. It returns None, or raises NotProven."), place)
    if answer is not None and not isinstance(answer, Answer):
        raise _unforeseen(TypeError("`handshake` answers something else than an Answer or None."), place)
    return answer


def _status(error: NotProven) -> int:
    """What the vendor is answered: a refusal, whatever an adapter says."""
    status: object = error.status
    # RFC 9110, 15.5.
    return status if isinstance(status, int) and status // 100 == 4 else _NOT_PROVEN  # noqa: PLR2004


def _words(error: Exception, delivery: Delivery) -> str:
    """Why it is not proven, as the adapter says, without what may be a signature or stands in the delivery."""
    return masked(error, (*delivery.headers.values(), *delivery.query.values()), _LONGEST_WHY)


def _key(line: Receives, delivery: Delivery, place: tuple[str, str]) -> str:
    """What makes the delivery one: the vendor's id, or what it says."""
    try:
        key = line.delivery_key(delivery)
    except BadPayload:
        # It is kept all the same, and told when it is read.
        key = None
    except Exception as error:
        raise _unforeseen(error, place) from error
    return f"id {key}" if key is not None else f"body {hashlib.sha256(delivery.body).hexdigest()}"


def _unforeseen(error: Exception, place: tuple[str, str]) -> _Refused:
    reference = secrets.token_hex(6)
    _log.error("unforeseen", reference=reference, channel=place[0], account=place[1], exc_info=error)
    return _Refused(_UNFORESEEN, "unforeseen", reference=reference)
