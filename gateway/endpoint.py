"""How does a question come in over HTTP, and how does its answer go out?

Rule by rule from the GraphQL-over-HTTP specification (September 2026). `Endpoint.answer` is data in, data
out; starlette stands around it as a thin skin.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import ModuleType
from typing import Any, Final, TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from gateway import event_parts, event_stream, multipart, telling
from gateway.answering import Answering
from gateway.auth import STRANGER, Auth, NotSignedIn, is_stranger, nobody
from gateway.compressing import GZIP, Compressing
from gateway.dialects import dialect_of
from gateway.incoming import Incoming, Reading, Refusal
from gateway.limits import Spending, TooOften, whose
from gateway.media_types import EVENT_PARTS, EVENTS, GRAPHQL, JSON, liked_draft, liked_stream, liked_type
from gateway.pieces import InPieces
from gateway.preparing import Prepared
from gateway.questions import Answer, Fate, NotAsked
from gateway.settings import Settings
from gateway.sizing import told_too_long
from gateway.subscriptions import Subscriptions, require_same
from gateway.texts import Texts
from gateway.waiting import ClientGone, unless_gone
from resolvers.kit.context import Caller, Context
from resolvers.kit.errors import Unavailable
from resolvers.kit.viewer import Viewer

T = TypeVar("T")

PATH: Final = "/graphql"
PREFLIGHT: Final = "/graphql/cost"
"""Where a question is told what it would cost, and not executed."""

# RFC 9110, section 9.1: what is asked by GET is asked by HEAD, too.
_METHODS: Final = "GET, HEAD, POST"
_SAFELY: Final = frozenset({"GET", "HEAD"})
# By which graphql-sse reserves a stream: its state would live in one process of several.
_RESERVING: Final = frozenset({"PUT", "DELETE"})
_DISTINCT: Final = " Subscriptions over SSE come in distinct connections: leave `singleConnection` false, its default."

# nosniff: an answer is never a page, nor a frame of one. no-store: it holds customers, and depends on who asks.
_SAFE: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Vary": "Accept, Accept-Encoding, Authorization, X-API-Key",
}
_CODED: Final = {"Content-Encoding": GZIP}

_BAD_REQUEST, _UNAUTHENTICATED, _WRONG_METHOD, _NOT_ACCEPTABLE, _TOO_MANY, _UNAVAILABLE = 400, 401, 405, 406, 429, 503
# Of a body, where nobody has said whose it is: the document by which a visitor's chat begins, and its page.
_STRANGERS_BYTES: Final = 16 * 1024
# To read what is longer takes time, which whoever has just taken much of it is not given.
_SHORT_BYTES: Final = 16 * 1024
# What a stranger's widget is told of its document: it sends the text then, or its operator reads why not.
_ABOUT_DOCUMENTS: Final = {
    telling.DOCUMENT_UNKNOWN,
    telling.PERSISTED_UNSUPPORTED,
    telling.DOCUMENT_NOT_TRUSTED,
    telling.DOCUMENT_RETIRED,
}
# A reader who takes nothing for so long holds a subscription for nobody.
_PATIENCE_S: Final = 10.0
# And a whole answer, which a slow phone reads at some kilobytes a second.
_WHOLE_S: Final = 60.0
# nginx's number for it; nobody reads it but the log.
_CLIENT_GONE = 499


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Outgoing:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    events: AsyncGenerator[bytes, None] | None = None
    """What goes out piece by piece, in the place of a body; begun by whoever sends it."""


class Endpoint:
    """`/graphql`, and `/graphql/cost`: an ASGI application."""

    def __init__(  # noqa: PLR0913  one for each room that a question comes by
        self,
        settings: Settings,
        *,
        answering: Answering,
        auth: Auth,
        context_for: Callable[[Viewer, Caller], Context],
        subscriptions: Subscriptions,
        texts: Texts,
        spending: Spending,
    ) -> None:
        self._reading = Reading(settings)
        self._execution_s = settings.execution_s
        self._answer_bytes = settings.answer_bytes
        self._compressing = Compressing(settings)
        self._answering = answering
        self._auth = auth
        self._context_for = context_for
        self._subscriptions = subscriptions
        self._texts = texts
        self._spending = spending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The skin: starlette's request in, starlette's response out."""
        request = Request(scope, receive)

        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        outgoing = await self.answer(
            Incoming(
                method=request.method,
                headers=request.headers,
                parameters=request.query_params,
                body=request.stream(),
                gone=gone,
                address=request.client.host if request.client else None,
                is_preflight=scope["path"] == PREFLIGHT,
                may_stream=scope["http_version"] != "1.0",
            )
        )
        if outgoing.events is None:
            is_head = request.method == "HEAD"
            response = InPieces(b"" if is_head else outgoing.body, outgoing.status, headers=dict(outgoing.headers))
            if is_head:
                # RFC 9110, section 8.6: how long the answer to a GET would be nobody knows who does not execute it.
                del response.headers["content-length"]
            with suppress(TimeoutError):
                # A reader who takes nothing shall not have the answer kept for them.
                async with asyncio.timeout(_WHOLE_S):
                    await response(scope, receive, send)
            return
        with suppress(ClientGone):
            await unless_gone(_sent(outgoing, outgoing.events, send), gone)

    async def answer(self, incoming: Incoming) -> Outgoing:
        """The answer to a request, whatever it is."""
        media_type = JSON
        try:
            liked = liked_type(incoming.headers.get("accept"))
            media_type = liked or JSON
            _check_method(incoming.method)
            _require_liked(liked)
            if incoming.method == "POST":
                self._reading.check_headers(incoming.headers)
            to = self._to_stranger if is_stranger(incoming.headers) else self._to_viewer
            return await to(incoming, media_type)
        except (Refusal, TooOften, NotSignedIn, Unavailable) as error:
            return _refused(_refusal_of(error), media_type)
        except (ClientGone, ClientDisconnect):
            return Outgoing(status=_CLIENT_GONE, body=b"")
        except Exception as error:  # noqa: BLE001  the outermost room: told by reference and logged whole
            return _unanswered(error, media_type)

    async def _to_viewer(self, incoming: Incoming, media_type: str) -> Outgoing:
        # Before the body is read: whose token is no good shall not make us hold it.
        viewer = await self._in_time(self._signed_in(incoming))
        if _size_of(incoming.headers) > _SHORT_BYTES:
            self._answering.cooling.require_cool(whose(viewer))
        question = await self._reading.question(incoming)
        try:
            question = self._texts.question(question, viewer)
            prepared = self._answering.prepare(question, viewer)
        except NotAsked as reason:
            return _rendered(self._answering.exploring.shown(reason.answer, viewer), media_type)
        if incoming.method in _SAFELY and prepared.is_mutation:
            # A link or an image on a stranger's page makes a browser GET: that must never change anything.
            raise Refusal(_WRONG_METHOD, "A mutation comes by POST; by GET come queries alone.", Allow="POST")
        self._texts.keep(prepared.question, viewer)
        if incoming.is_preflight:
            return _rendered(self._answering.told_cost(prepared, viewer), media_type)
        if incoming.method == "HEAD":
            return self._checked(incoming, prepared, viewer, media_type)
        await self._in_time(self._spending.costs(viewer, prepared.cost))
        if prepared.is_subscription:
            return self._followed(incoming, prepared, viewer)
        comes_in_parts = prepared.may_come_in_parts and incoming.may_stream
        draft = liked_draft(incoming.headers.get("accept")) if comes_in_parts else None
        if draft is not None:
            return await self._in_parts(incoming, prepared, viewer, draft)
        return await self._executed(incoming, prepared, viewer, media_type)

    async def _signed_in(self, incoming: Incoming) -> Viewer:
        """Who asks, with this question counted: nobody shall be heard for nothing whose questions are no good."""
        try:
            viewer = await self._auth.viewer_of(incoming.headers)
        except NotSignedIn:
            # Whoever shows what proves nothing is a stranger as much as who shows nothing.
            await self._spending.asked(STRANGER, of_address=incoming.address or "")
            raise
        await self._spending.asked(viewer)
        return viewer

    async def _to_stranger(self, incoming: Incoming, media_type: str) -> Outgoing:
        """The answer to what needs no sign-in; raises NotSignedIn for everything else, sound or not."""
        await self._in_time(self._spending.asked(STRANGER, of_address=incoming.address or ""))
        try:
            question = await self._reading.question(incoming, most_bytes=_STRANGERS_BYTES)
            question = self._texts.question(question, STRANGER)
            # Nor shall strangers choose what is kept at hand.
            prepared = self._answering.prepare(question, STRANGER, of_address=incoming.address or "")
        except Refusal as error:
            raise nobody() from error
        except NotAsked as reason:
            if reason.code in _ABOUT_DOCUMENTS:
                return _rendered(reason.answer, media_type)
            raise nobody() from reason
        if incoming.method != "POST" or incoming.is_preflight or not self._answering.is_open(prepared):
            raise nobody()
        await self._in_time(self._spending.costs(STRANGER, prepared.cost, of_address=incoming.address or ""))
        return await self._executed(incoming, prepared, STRANGER, media_type)

    async def _in_time(self, work: Coroutine[Any, Any, T]) -> T:
        """What comes of what stands before an answer; raises Unavailable where that takes longer than one may."""
        # Who leaves meanwhile is not seen to: that comes in behind the body, which nobody has read yet.
        try:
            async with asyncio.timeout(self._execution_s) as patience:
                return await work
        except TimeoutError as error:
            if not patience.expired():
                raise
            raise Unavailable(
                "Who asks, and how often, cannot be verified right now. Try again in a few seconds."
            ) from error

    def _checked(self, incoming: Incoming, prepared: Prepared, viewer: Viewer, media_type: str) -> Outgoing:
        """What is answered to HEAD: as to GET, as far as that can be told of a question that is not executed."""
        if prepared.is_subscription:
            return Outgoing(status=int(Fate.ANSWERED), headers=_SAFE | _way_of(incoming).HEADERS)
        return _rendered(self._answering.unfit(prepared, viewer) or Answer(Fate.ANSWERED, {}), media_type)

    async def _executed(self, incoming: Incoming, prepared: Prepared, viewer: Viewer, media_type: str) -> Outgoing:
        answering = self._answering.answer(prepared, self._context(incoming, viewer))
        outgoing = _rendered(await unless_gone(answering, incoming.gone), media_type)
        if (size := len(outgoing.body)) > self._answer_bytes:
            told = told_too_long(size, self._answer_bytes, has_changed=prepared.is_mutation)
            return _rendered(Answer(Fate.ILL_FORMED, {"errors": [told]}), media_type)
        if prepared.is_mutation or media_type == EVENTS:
            return outgoing
        body = await self._compressing.compressed(outgoing.body, incoming.headers.get("accept-encoding"))
        return outgoing if body is None else replace(outgoing, body=body, headers={**outgoing.headers, **_CODED})

    async def _in_parts(self, incoming: Incoming, prepared: Prepared, viewer: Viewer, draft: str) -> Outgoing:
        """The answer's first part with those that follow it; or whole, where nothing comes later."""
        document = prepared.known.in_parts or prepared.known.document
        dialect = dialect_of(draft, document)
        answers = self._answering.answer_in_parts(prepared, self._context(incoming, viewer), dialect)
        first = await unless_gone(anext(answers), incoming.gone)
        if "hasNext" in first.body:
            headers = _SAFE | multipart.headers(draft)
            return Outgoing(status=int(Fate.ANSWERED), headers=headers, events=multipart.stream(first, answers))
        await answers.aclose()
        return _rendered(first, JSON)

    def _context(self, incoming: Incoming, viewer: Viewer) -> Context:
        return self._context_for(viewer, Caller(address=incoming.address, origin=incoming.headers.get("origin")))

    def _followed(self, incoming: Incoming, prepared: Prepared, viewer: Viewer) -> Outgoing:
        way = _way_of(incoming)

        async def prove() -> None:
            # Tokens end, keys are taken back and documents are retired while somebody follows.
            require_same(viewer, await self._auth.viewer_of(incoming.headers))
            self._texts.check(prepared.question.text, viewer)

        async def fresh() -> Context:
            await prove()
            await self._spending.event(viewer, prepared.cost)
            return self._context(incoming, viewer)

        answers = self._answering.answers(prepared, fresh)
        ends_in_s = partial(self._auth.ends_in_s, incoming.headers)
        held = self._subscriptions.held(viewer, answers, prove, ends_in_s=ends_in_s, address=incoming.address)
        return Outgoing(status=int(Fate.ANSWERED), headers=_SAFE | way.HEADERS, events=way.stream(held))


def _way_of(incoming: Incoming) -> ModuleType:
    """By which room the answers of a subscription are written."""
    liked = liked_stream(incoming.headers.get("accept"))
    if liked is None:
        words = f"A subscription is answered as {EVENTS} or {EVENT_PARTS}. Name one of them in `Accept`."
        raise Refusal(_NOT_ACCEPTABLE, words)
    if not incoming.may_stream:
        raise Refusal(_BAD_REQUEST, "A subscription is answered piece by piece, which needs HTTP/1.1. Ask by that.")
    return event_stream if liked == EVENTS else event_parts


def _size_of(headers: Mapping[str, str]) -> float:
    """How long a body is; without end, where that is not told ahead."""
    told = headers.get("content-length", "inf" if "transfer-encoding" in headers else "0")
    return float(told[:20]) if told == "inf" or told.isdecimal() else 0.0


def _refusal_of(error: Refusal | TooOften | NotSignedIn | Unavailable) -> Refusal:
    match error:
        case TooOften():
            later = {} if error.wait_s is None else {"Retry_After": str(error.wait_s)}
            status = _TOO_MANY if later else _BAD_REQUEST
            return Refusal(status, str(error), code=telling.LIMIT_EXCEEDED, more=error.told, **later)
        case NotSignedIn():
            return Refusal(_UNAUTHENTICATED, error.message, code=error.code, WWW_Authenticate=error.challenge)
        case Unavailable():
            return Refusal(_UNAVAILABLE, error.message, code=error.code, Retry_After="5")
        case _:
            return error


def _require_liked(media_type: str | None) -> None:
    if media_type is None:
        raise Refusal(_NOT_ACCEPTABLE, f"Answers come as {GRAPHQL} or {JSON}. Name one of them in `Accept`.")


def _check_method(method: str) -> None:
    if method not in _METHODS.split(", "):
        words = f"Questions come by {_METHODS}, not by {method[:16]}." + (_DISTINCT if method in _RESERVING else "")
        raise Refusal(_WRONG_METHOD, words, Allow=_METHODS)


async def _sent(outgoing: Outgoing, events: AsyncGenerator[bytes, None], send: Send) -> None:
    """Sends what comes; gives up on a reader who takes nothing."""
    headers = [(name.lower().encode(), value.encode()) for name, value in outgoing.headers.items()]
    async with aclosing(events):
        await send({"type": "http.response.start", "status": outgoing.status, "headers": headers})
        async for piece in events:
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            except TimeoutError as error:
                raise ClientGone from error
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _unanswered(error: Exception, media_type: str) -> Outgoing:
    """What is said when the gate itself could not do its work, whatever was asked."""
    shown = telling.told_of(error)
    is_passing = shown["extensions"]["code"] == telling.UNAVAILABLE
    status, more = (_UNAVAILABLE, {"Retry-After": "5"}) if is_passing else (int(Fate.UNFORESEEN), {})
    return Outgoing(status=status, body=orjson.dumps({"errors": [shown]}), headers=_headers(media_type) | more)


def _rendered(answer: Answer, media_type: str) -> Outgoing:
    if media_type == EVENTS:
        # What is wrong with the question is told in the stream, too: a browser's EventSource reads nothing else.
        body = event_stream.whole(answer.body)
        return Outgoing(status=int(Fate.ANSWERED), body=body, headers=_SAFE | event_stream.HEADERS)
    try:
        body = orjson.dumps(answer.body)
    except orjson.JSONEncodeError as error:
        answer = Answer(Fate.UNFORESEEN, {"errors": [telling.told_unforeseen(error)]})
        body = orjson.dumps(answer.body)
    # Under `application/json` a well-formed request is answered with 200, whatever became of it: a client cannot tell
    # whose 4xx it would be.
    status = answer.status if media_type == GRAPHQL else int(Fate.ANSWERED)
    return Outgoing(status=status, body=body, headers=_headers(media_type))


def _refused(refusal: Refusal, media_type: str) -> Outgoing:
    told = telling.told(str(refusal), refusal.code)
    told["extensions"] |= refusal.more
    body = orjson.dumps({"errors": [told]})
    return Outgoing(status=refusal.status, body=body, headers=_headers(media_type) | refusal.headers)


def _headers(media_type: str) -> dict[str, str]:
    # What is no answer of the graph is no event either.
    return {"Content-Type": f"{JSON if media_type == EVENTS else media_type}; charset=utf-8"} | _SAFE
