"""How does a question come in over HTTP, and how does its answer go out?

Rule by rule from the GraphQL-over-HTTP specification (working draft of 2025). `Endpoint.answer` is data in, data
out; starlette stands around it as a thin skin.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway import telling
from gateway.answering import Answer, Answering, Fate, NotAsked, Prepared, Question
from gateway.auth import Auth, NotSignedIn
from gateway.event_stream import HEADERS, stream, whole
from gateway.media_types import EVENTS, GRAPHQL, JSON, content_type, liked_type, takes_events
from gateway.settings import Settings
from gateway.subscriptions import Subscriptions, require_same
from gateway.trusted import Trusted
from resolvers.kit.context import Context
from resolvers.kit.errors import Unavailable
from resolvers.kit.viewer import Viewer

T = TypeVar("T")

_METHODS: Final = "GET, POST"

# nosniff: an answer is never a page. no-store: it holds customers, and depends on who asks.
_SAFE: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Vary": "Accept, Authorization"}

_BAD_REQUEST, _TIMEOUT, _TOO_LARGE, _UNSUPPORTED = 400, 408, 413, 415
_UNAUTHENTICATED, _WRONG_METHOD, _NOT_ACCEPTABLE, _UNAVAILABLE = 401, 405, 406, 503
# How long an answer may take before anyone looks whether somebody still waits for it.
_WATCHED_AFTER_S: Final = 0.02
# A reader who takes nothing for so long holds a subscription for nobody.
_PATIENCE_S: Final = 10.0
# nginx's number for it; nobody reads it but the log.
_CLIENT_GONE = 499

Headers = Mapping[str, str]
"""Names in lower case, or a mapping that does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Incoming:
    """A request as the endpoint reads it."""

    method: str
    headers: Headers
    parameters: Mapping[str, str]
    """Of the query string."""
    body: AsyncIterator[bytes]
    gone: Callable[[], Coroutine[Any, Any, None]]
    """Returns when the client has closed the connection; waited for only behind the body's end."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Outgoing:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    events: AsyncGenerator[bytes, None] | None = None
    """What goes out piece by piece, in the place of a body; begun by whoever sends it."""


class Refusal(Exception):
    """The request is not a question that can be looked at; says with which status, code and headers."""

    def __init__(self, status: int, message: str, *, code: str = telling.BAD_REQUEST, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class ClientGone(Exception):
    """The client closed the connection before there was an answer."""


class Endpoint:
    """`/graphql`: an ASGI application."""

    def __init__(
        self,
        settings: Settings,
        *,
        answering: Answering,
        auth: Auth,
        context_for: Callable[[Viewer], Context],
        subscriptions: Subscriptions,
        trusted: Trusted,
    ) -> None:
        self._settings = settings
        self._answering = answering
        self._auth = auth
        self._context_for = context_for
        self._subscriptions = subscriptions
        self._trusted = trusted

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
            )
        )
        if outgoing.events is None:
            await Response(outgoing.body, outgoing.status, headers=dict(outgoing.headers))(scope, receive, send)
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
                self._check_headers(incoming.headers)
            # Before the body is read: who is not signed in shall not make us hold it.
            viewer = await self._auth.viewer_of(incoming.headers)
            question = await self._question(incoming)
            return await self._answered(incoming, question, viewer, media_type)
        except Refusal as refusal:
            return _refused(refusal, media_type)
        except NotSignedIn as error:
            return _refused(
                Refusal(_UNAUTHENTICATED, error.message, code=error.code, WWW_Authenticate=error.challenge), media_type
            )
        except Unavailable as error:
            return _refused(Refusal(_UNAVAILABLE, error.message, code=error.code, Retry_After="5"), media_type)
        except ClientGone:
            return Outgoing(status=_CLIENT_GONE, body=b"")
        except Exception as error:  # noqa: BLE001  the outermost room: told by reference and logged whole
            return _unanswered(error, media_type)

    async def _answered(self, incoming: Incoming, question: Question, viewer: Viewer, media_type: str) -> Outgoing:
        try:
            question = self._trusted.question(question, viewer)
            prepared = self._answering.prepare(question)
        except NotAsked as reason:
            return _rendered(reason.answer, media_type)
        if incoming.method == "GET" and prepared.is_mutation:
            # A link or an image on a stranger's page makes a browser GET: that must never change anything.
            raise Refusal(_WRONG_METHOD, "A mutation comes by POST; by GET come queries alone.", Allow="POST")
        if prepared.is_subscription:
            return self._followed(incoming, prepared, question, viewer)
        answering = self._answering.answer(prepared, question, self._context_for(viewer))
        return _rendered(await _unless_gone(answering, incoming.gone), media_type)

    def _followed(self, incoming: Incoming, prepared: Prepared, question: Question, viewer: Viewer) -> Outgoing:
        if not takes_events(incoming.headers.get("accept")):
            raise Refusal(_NOT_ACCEPTABLE, f"A subscription is answered as {EVENTS}. Name that in `Accept`.")

        async def prove() -> None:
            # Tokens end and keys are taken back while somebody follows.
            require_same(viewer, await self._auth.viewer_of(incoming.headers))

        async def fresh() -> Context:
            await prove()
            return self._context_for(viewer)

        answers = self._answering.answers(prepared, question, fresh)
        held = self._subscriptions.held(viewer, answers, prove)
        return Outgoing(status=int(Fate.ANSWERED), headers=_SAFE | HEADERS, events=stream(held))

    # Reading

    def _check_headers(self, headers: Headers) -> None:
        kind, charset = content_type(headers.get("content-type", ""))
        if kind != JSON or charset not in {"", "utf-8", "utf8"}:
            raise Refusal(
                _UNSUPPORTED, f"A question is posted as `Content-Type: {JSON}`, in UTF-8. Send it so.", Accept=JSON
            )
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Refusal(_UNSUPPORTED, "Compressed bodies are not read. Send it plain.", Accept_Encoding="identity")
        size = headers.get("content-length", "0")
        if size.isdecimal() and int(size[:20]) > self._settings.body_bytes:
            raise self._too_large(f"has {size[:20]} bytes")

    def _too_large(self, words: str) -> Refusal:
        limit = self._settings.body_bytes
        message = (
            f"The body {words}; at most {limit} are read. Ask for less at once, or move values out of the question."
        )
        return Refusal(_TOO_LARGE, message, code=telling.LIMIT_EXCEEDED, Connection="close")

    async def _question(self, incoming: Incoming) -> Question:
        if incoming.method == "GET":
            given: Any = dict(incoming.parameters)
            for name in ("variables", "extensions"):
                # An empty parameter is what a form sends for nothing.
                given[name] = _json(given[name].encode(), f"`{name}`") if given.get(name) else None
        else:
            given = _json(await self._body(incoming.body), "The body")
        return self._checked(given)

    async def _body(self, body: AsyncIterator[bytes]) -> bytes:
        held = bytearray()
        try:
            async with asyncio.timeout(self._settings.body_read_s):
                async for chunk in body:
                    held += chunk
                    if len(held) > self._settings.body_bytes:
                        raise self._too_large(f"has more than {self._settings.body_bytes} bytes")
        except TimeoutError as error:
            message = f"The body did not arrive within {self._settings.body_read_s:g} seconds. Send it again, faster."
            raise Refusal(_TIMEOUT, message, code=telling.LIMIT_EXCEEDED, Connection="close") from error
        return bytes(held)

    def _checked(self, given: Any) -> Question:
        """The parameters as the specification types them (section 5.1)."""
        if not isinstance(given, dict):
            raise Refusal(_BAD_REQUEST, f"The body is {_kind(given)}; send an object, {{'query': '...'}} in JSON.")
        document = _document(given)
        text = given.get("query") or ("" if document else None)
        if not isinstance(text, str) or not (text.strip() or document):
            raise Refusal(_BAD_REQUEST, f"`query` is {_kind(text or None)}; it must be the question's text.")
        if (size := len(text.encode())) > self._settings.question_bytes:
            limit = self._settings.question_bytes
            message = f"The question has {size} bytes; at most {limit} are read. Send values as variables."
            raise Refusal(_TOO_LARGE, message, code=telling.LIMIT_EXCEEDED)
        name = given.get("operationName")
        if name is not None and not isinstance(name, str):
            raise Refusal(_BAD_REQUEST, f"`operationName` is {_kind(name)}; it must be a string, or left out.")
        for key in ("variables", "extensions"):
            if not isinstance(given.get(key), dict | None):
                raise Refusal(_BAD_REQUEST, f"`{key}` is {_kind(given[key])}; it must be an object, or left out.")
        return Question(text=text, variables=given.get("variables"), operation_name=name, document=document)


def _document(given: dict[str, Any]) -> str | None:
    """The document that is named in the place of a text, or beside it."""
    name, text, extensions = given.get("documentId"), given.get("query"), given.get("extensions")
    if name is not None:
        if not isinstance(name, str) or not name:
            raise Refusal(_BAD_REQUEST, f"`documentId` is {_kind(name)}; it must be the name of a document.")
        if text:
            raise Refusal(_BAD_REQUEST, "Both `documentId` and `query` were sent. Send one of them.")
        return name
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if persisted is None:
        return None
    digest = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(digest, str) or not digest:
        raise Refusal(_BAD_REQUEST, "`extensions.persistedQuery` has no `sha256Hash`. Send the document's hash there.")
    if isinstance(text, str) and text and hashlib.sha256(text.encode()).hexdigest() != digest.lower():
        raise Refusal(_BAD_REQUEST, "`extensions.persistedQuery.sha256Hash` is not the hash of `query`. Hash it anew.")
    return digest.lower()


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
        return Outgoing(status=int(Fate.ANSWERED), body=whole(answer.body), headers=_SAFE | HEADERS)
    try:
        body = orjson.dumps(answer.body)
    except orjson.JSONEncodeError as error:
        answer = Answer(Fate.UNFORESEEN, {"errors": [telling.told_unforeseen(error)]})
        body = orjson.dumps(answer.body)
    # Section 6.4.1: under `application/json` a well-formed request is answered with 200, whatever became of it,
    # because a client cannot tell whose 4xx it would be.
    fate = answer.fate if media_type == GRAPHQL else Fate.ANSWERED
    return Outgoing(status=int(fate), body=body, headers=_headers(media_type))


def _refused(refusal: Refusal, media_type: str) -> Outgoing:
    body = orjson.dumps({"errors": [telling.told(str(refusal), refusal.code)]})
    return Outgoing(status=refusal.status, body=body, headers=_headers(media_type) | refusal.headers)


def _headers(media_type: str) -> dict[str, str]:
    # What is no answer of the graph is no event either.
    return {"Content-Type": f"{JSON if media_type == EVENTS else media_type}; charset=utf-8"} | _SAFE


def _json(text: bytes, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        # The library's words name the place and quote nothing.
        raise Refusal(
            _BAD_REQUEST, f"{what} is not JSON: {error}. Send it in UTF-8, nested less than 1024 deep."
        ) from error


def _kind(value: object) -> str:
    """What JSON calls it."""
    if value is None:
        return "missing"
    names = {bool: "a boolean", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")
