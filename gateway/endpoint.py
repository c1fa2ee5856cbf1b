"""How does a question come in over HTTP, and how does its answer go out?

Rule by rule from the GraphQL-over-HTTP specification (September 2026). `Endpoint.answer` is data in, data
out; starlette stands around it as a thin skin.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, TypeVar

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway import event_parts, event_stream, multipart, telling
from gateway.answering import Answering
from gateway.auth import STRANGER, Auth, NotSignedIn, is_stranger, nobody
from gateway.compressing import GZIP, Compressing
from gateway.dialects import dialect_of
from gateway.incoming import Incoming, Reading, Refusal
from gateway.limits import Spending, TooOften, whose
from gateway.media_types import EVENT_PARTS, EVENTS, GRAPHQL, JSON, liked_draft, liked_stream, liked_type
from gateway.preparing import Prepared
from gateway.questions import Answer, Fate, NotAsked
from gateway.settings import Settings
from gateway.subscriptions import Subscriptions, require_same
from gateway.texts import Texts
from resolvers.kit.context import Caller, Context
from resolvers.kit.errors import Unavailable
from resolvers.kit.viewer import Viewer

T = TypeVar("T")

PATH: Final = "/graphql"
PREFLIGHT: Final = "/graphql/cost"
"""Where a question is told what it would cost, and not executed."""

# A server takes POST, and may take others (GraphQL over HTTP, "Request"). HEAD is none of them: for the status and the
# headers of a GET the question would have to be executed, at its whole cost, and nobody would read the answer. Which
# methods it allows is each resource's own (RFC 9110, section 15.5.6); those that cost nothing take HEAD.
_METHODS: Final = "GET, POST"

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
# How long an answer may take before anyone looks whether somebody still waits for it.
_WATCHED_AFTER_S: Final = 0.02
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


class ClientGone(Exception):
    """The client closed the connection before there was an answer."""


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
            response = Response(outgoing.body, outgoing.status, headers=dict(outgoing.headers))
            with suppress(TimeoutError):
                # A reader who takes nothing shall not have the answer kept for them.
                async with asyncio.timeout(_WHOLE_S):
                    await response(scope, receive, send)
            return
        with suppress(ClientGone):
            await _unless_gone(_sent(outgoing, outgoing.events, send), gone)

    async def answer(self, incoming: Incoming) -> Outgoing:
        """The answer to a request, whatever it is."""
        media_type = JSON
        try:
            _check_method(incoming.method)
            media_type = _negotiated(incoming.headers.get("accept"))
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
        if incoming.method == "GET" and prepared.is_mutation:
            # A link or an image on a stranger's page makes a browser GET: that must never change anything.
            raise Refusal(_WRONG_METHOD, "A mutation comes by POST; by GET come queries alone.", Allow="POST")
        self._texts.keep(prepared.question, viewer)
        if incoming.is_preflight:
            return _rendered(self._answering.told_cost(prepared, viewer), media_type)
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

    async def _executed(self, incoming: Incoming, prepared: Prepared, viewer: Viewer, media_type: str) -> Outgoing:
        answering = self._answering.answer(prepared, self._context(incoming, viewer))
        outgoing = _rendered(await _unless_gone(answering, incoming.gone), media_type)
        if prepared.is_mutation or media_type == EVENTS:
            return outgoing
        body = await self._compressing.compressed(outgoing.body, incoming.headers.get("accept-encoding"))
        return outgoing if body is None else replace(outgoing, body=body, headers={**outgoing.headers, **_CODED})

    async def _in_parts(self, incoming: Incoming, prepared: Prepared, viewer: Viewer, draft: str) -> Outgoing:
        """The answer's first part with those that follow it; or whole, where nothing comes later."""
        document = prepared.known.in_parts or prepared.known.document
        dialect = dialect_of(draft, document)
        answers = self._answering.answer_in_parts(prepared, self._context(incoming, viewer), dialect)
        first = await _unless_gone(anext(answers), incoming.gone)
        if "hasNext" in first.body:
            headers = _SAFE | multipart.headers(draft)
            return Outgoing(status=int(Fate.ANSWERED), headers=headers, events=multipart.stream(first, answers))
        await answers.aclose()
        return _rendered(first, JSON)

    def _context(self, incoming: Incoming, viewer: Viewer) -> Context:
        return self._context_for(viewer, Caller(address=incoming.address, origin=incoming.headers.get("origin")))

    def _followed(self, incoming: Incoming, prepared: Prepared, viewer: Viewer) -> Outgoing:
        liked = liked_stream(incoming.headers.get("accept"))
        if liked is None:
            words = f"A subscription is answered as {EVENTS} or {EVENT_PARTS}. Name one of them in `Accept`."
            raise Refusal(_NOT_ACCEPTABLE, words)
        if not incoming.may_stream:
            raise Refusal(_BAD_REQUEST, "A subscription is answered piece by piece, which needs HTTP/1.1. Ask by that.")
        way = event_stream if liked == EVENTS else event_parts

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


def _negotiated(accept: str | None) -> str:
    liked = liked_type(accept)
    if liked is None:
        raise Refusal(_NOT_ACCEPTABLE, f"Answers come as {GRAPHQL} or {JSON}. Name one of them in `Accept`.")
    return liked


def _check_method(method: str) -> None:
    if method not in _METHODS.split(", "):
        raise Refusal(_WRONG_METHOD, f"Questions come by {_METHODS}, not by {method[:16]}.", Allow=_METHODS)


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


async def _unless_gone(work: Coroutine[Any, Any, T], gone: Callable[[], Coroutine[Any, Any, None]]) -> T:
    """What the work gives; it is cancelled, and ClientGone raised, when nobody is left to read it."""
    # The work stays in this task: one more to start and to end would only make answers slower.
    working = asyncio.current_task()
    is_over = is_gone = False

    def cancel(left: asyncio.Task[None]) -> None:
        nonlocal is_gone
        if working is not None and not is_over and not left.cancelled():
            is_gone = True
            working.cancel()

    leaving: asyncio.Task[None] | None = None

    def watch() -> None:
        nonlocal leaving
        leaving = asyncio.create_task(gone())
        leaving.add_done_callback(cancel)

    # Most answers are there before anyone could have left.
    watching = asyncio.get_running_loop().call_later(_WATCHED_AFTER_S, watch)
    try:
        return await work
    except asyncio.CancelledError as error:
        if not is_gone:
            raise
        raise ClientGone from error
    finally:
        is_over = True
        if is_gone and working is not None:
            working.uncancel()
        watching.cancel()
        if leaving is not None:
            leaving.cancel()


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
