"""What does a request ask? Its parameters, as the GraphQL-over-HTTP specification has them, or why it asks nothing."""

import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import orjson
from starlette.datastructures import QueryParams

from gateway import telling
from gateway.bodies import Bodies, Crowded, TooLong
from gateway.media_types import JSON, content_type
from gateway.questions import Question
from gateway.settings import Settings

_BAD_REQUEST, _TIMEOUT, _TOO_LARGE, _UNSUPPORTED, _UNAVAILABLE = 400, 408, 413, 415, 503

MOST_CONTAINERS: Final = 25_000
"""Lists and objects of a body, and their signs in its texts: the references of a router are a thousand."""
_VERSION: Final = 1
"""Of Apollo's automatic persisted queries; there is no other."""
_BATCH: Final = (
    "The body is a list, and several questions in one request are not answered. Send each by itself over one "
    "connection (HTTP/1.1 keep-alive, or HTTP/2 by a proxy that speaks it), or ask for all of it by the fields of one "
    "question."
)

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
    address: str | None = None
    """Of the caller on the internet, as far as it is known."""
    is_preflight: bool = False
    """Whether it asks what the question would cost, and nothing else."""
    may_stream: bool = True
    """Whether it can be answered piece by piece: HTTP/1.0 has no way to tell where the pieces end."""


class Refusal(Exception):
    """The request is not a question that can be looked at; says with which status, code and headers."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = telling.BAD_REQUEST,
        more: Mapping[str, Any] = MappingProxyType({}),
        **headers: str,
    ) -> None:
        super().__init__(message)
        self.more = more
        """What stands in the error's extensions beside the code."""
        self.status = status
        self.code = code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class Reading:
    """Reads requests, as far as the settings allow."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bodies = Bodies(max(settings.bodies_bytes, settings.body_bytes))

    def check_headers(self, headers: Headers) -> None:
        """Raises Refusal where the headers of a POST tell already that its body is not to be read."""
        kind, charset = content_type(headers.get("content-type", ""))
        if kind != JSON or charset not in {"", "utf-8", "utf8"}:
            raise Refusal(
                _UNSUPPORTED, f"A question is posted as `Content-Type: {JSON}`, in UTF-8. Send it so.", Accept=JSON
            )
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Refusal(_UNSUPPORTED, "Compressed bodies are not read. Send it plain.", Accept_Encoding="identity")
        size = headers.get("content-length", "0")
        if size.isdecimal() and int(size[:20]) > self._settings.body_bytes:
            raise _too_large(f"has {size[:20]} bytes", self._settings.body_bytes)

    async def question(self, incoming: Incoming, *, most_bytes: int | None = None) -> Question:
        """What is asked; raises Refusal. `most_bytes`: of a body, where the settings allow more."""
        if incoming.method != "POST":
            given: Any = dict(incoming.parameters)
            _require_once(incoming.parameters)
            for name in ("variables", "extensions"):
                # An empty parameter is what a form sends for nothing.
                given[name] = _json(given[name].encode(), f"`{name}`") if given.get(name) else None
        else:
            given = _json(await self._body(incoming.body, most_bytes or self._settings.body_bytes), "The body")
        return self.checked(given)

    async def _body(self, body: AsyncIterator[bytes], most: int) -> bytes:
        try:
            return await self._bodies.read(body, most_bytes=most, within_s=self._settings.body_read_s)
        except TooLong as error:
            raise _too_large(f"has more than {most} bytes", most) from error
        except Crowded as error:
            message = "Too many bodies arrive in this moment. Send it again in a few seconds."
            raise Refusal(
                _UNAVAILABLE, message, code=telling.LIMIT_EXCEEDED, Connection="close", Retry_After="5"
            ) from error
        except TimeoutError as error:
            message = f"The body did not arrive within {self._settings.body_read_s:g} seconds. Send it again, faster."
            raise Refusal(_TIMEOUT, message, code=telling.LIMIT_EXCEEDED, Connection="close") from error

    def checked(self, given: Any) -> Question:
        """What is asked by the parameters, as the specification types them (section 4.1); raises Refusal."""
        if isinstance(given, list):
            raise Refusal(_BAD_REQUEST, _BATCH)
        if not isinstance(given, dict):
            raise Refusal(_BAD_REQUEST, f"The body is {_kind(given)}; send an object, {{'query': '...'}} in JSON.")
        document, sha256 = _document(given), _sha256(given)
        is_named = bool(document or sha256)
        text = given.get("query") or ("" if is_named else None)
        if not isinstance(text, str) or not (text.strip() or is_named):
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
        variables = given.get("variables")
        return Question(text=text, variables=variables, operation_name=name, document=document, sha256=sha256)


def _too_large(words: str, limit: int) -> Refusal:
    message = f"The body {words}; at most {limit} are read. Ask for less at once, or move values out of the question."
    return Refusal(_TOO_LARGE, message, code=telling.LIMIT_EXCEEDED, Connection="close")


def _document(given: dict[str, Any]) -> str | None:
    """The document that is named in the place of a text."""
    name = given.get("documentId")
    if name is None:
        return None
    if not isinstance(name, str) or not name:
        raise Refusal(_BAD_REQUEST, f"`documentId` is {_kind(name)}; it must be the name of a document.")
    if given.get("query"):
        raise Refusal(_BAD_REQUEST, "Both `documentId` and `query` were sent. Send one of them.")
    return name


def _sha256(given: dict[str, Any]) -> str | None:
    """The hash that stands in the place of a text, or beside it, as Apollo's clients send it."""
    text, extensions = given.get("query"), given.get("extensions")
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if persisted is None or given.get("documentId") is not None:
        return None
    version = persisted.get("version", _VERSION) if isinstance(persisted, dict) else _VERSION
    if version != _VERSION:
        raise Refusal(
            _BAD_REQUEST, f"`extensions.persistedQuery.version` is not {_VERSION}, which alone is known here."
        )
    digest = persisted.get("sha256Hash") if isinstance(persisted, dict) else None
    if not isinstance(digest, str) or not digest:
        raise Refusal(_BAD_REQUEST, "`extensions.persistedQuery` has no `sha256Hash`. Send the document's hash there.")
    if isinstance(text, str) and text and hashlib.sha256(text.encode()).hexdigest() != digest.lower():
        raise Refusal(_BAD_REQUEST, "`extensions.persistedQuery.sha256Hash` is not the hash of `query`. Hash it anew.")
    return digest.lower()


def _require_once(parameters: Mapping[str, str]) -> None:
    """Raises Refusal where a parameter is named twice: one room would take the first of them, and another the last."""
    if isinstance(parameters, QueryParams) and len(parameters.multi_items()) > len(parameters):
        raise Refusal(_BAD_REQUEST, "A parameter of the address was sent more than once. Send each once.")


def is_crowded(text: bytes | str) -> bool:
    """Whether JSON has more lists and objects than anybody needs: to make and to watch over each costs time."""
    braces, brackets = (b"{", b"[") if isinstance(text, bytes) else ("{", "[")
    return text.count(braces) + text.count(brackets) > MOST_CONTAINERS  # type: ignore[arg-type]


def _json(text: bytes, what: str) -> Any:
    if is_crowded(text):
        message = f"{what} has more than {MOST_CONTAINERS:,} lists and objects. Ask for less at once."
        raise Refusal(_TOO_LARGE, message, code=telling.LIMIT_EXCEEDED)
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
