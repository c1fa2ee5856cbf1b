"""What comes back when one request is sent once, and what is its failure called?

Whatever the library or the network may raise becomes a ChannelError here. None of them has the library's exception
behind it: those quote addresses, and would be printed with it.
"""

import io
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.http_exceptions import ContentEncodingError

from adapters.contract.errors import BadPayload, ChannelDown, ChannelError, ChannelRefused
from adapters.contract.reply import Reply
from adapters.http.addresses import NotPublic
from adapters.http.requests import Request

_IDLE_S = 15.0
"""How long an unused connection is kept: vendors close theirs after some 20 to 75 s, and a request with effects that
meets a connection just closed cannot be known to have arrived or not."""
_LARGE = 1024 * 1024


@dataclass(slots=True)
class Trace:
    """What is known of one request on its way."""

    may_have_arrived: bool = False
    """Whether a connection was handed over: from then on nobody can say that the vendor did not get it."""
    is_hopeless: bool = False
    """Whether it would fail in the same way at once."""
    status: int | None = None


class Wire:
    """The process's connections to the outside."""

    def __init__(self, clock: Callable[[], datetime], connect: Callable[[], aiohttp.TCPConnector]) -> None:
        self._clock = clock
        self._connect = connect
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Lets requests be sent; connections are made when they are needed."""
        self._session = aiohttp.ClientSession(
            connector=self._connect(),
            # Vendors' cookies tie requests of different people together.
            cookie_jar=aiohttp.DummyCookieJar(),
            # How long a request may take is bounded around it, whole.
            timeout=aiohttp.ClientTimeout(total=None),
            trace_configs=[_tracing()],
            headers={"User-Agent": "profile-gateway"},
        )

    async def close(self) -> None:
        """Closes every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def ask(self, request: Request, *, largest_body: int, trace: Trace) -> Reply:
        """The answer, whatever its status. Raises ChannelDown, BadPayload or ChannelRefused."""
        if self._session is None:
            raise ChannelDown("The gateway's ways out are closed: it is starting or ending.")
        failure: ChannelError
        try:
            return await self._asked(self._session, request, largest_body, trace)
        except ChannelError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = named(error, trace)
        raise failure

    async def _asked(self, session: aiohttp.ClientSession, request: Request, largest_body: int, trace: Trace) -> Reply:
        async with session.request(
            request.method,
            request.url,
            headers=request.headers,
            # The library warns of raw bytes beyond a megabyte, and writes a file's in pieces.
            data=body if (body := request.body) is None or len(body) <= _LARGE else io.BytesIO(body),
            allow_redirects=False,
            trace_request_ctx=trace,
            middlewares=() if request.is_repeatable else (_once(),),
        ) as answer:
            trace.status = answer.status
            body = await body_of(answer, largest_body)
            headers: dict[str, str] = {}
            for name, value in answer.headers.items():
                headers.setdefault(name.lower(), value)
            return Reply(status=answer.status, headers=headers, body=body, as_of=self._clock())


async def body_of(answer: aiohttp.ClientResponse, largest_body: int) -> bytes:
    """The whole body, unpacked; raises BadPayload where it is larger.

    The library unpacks piece by piece, so that a packed bomb is seen before it is in memory.
    """
    if (answer.content_length or 0) > largest_body:
        answer.close()
        raise _too_large(largest_body)
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        size += len(part)
        if size > largest_body:
            # The rest is not read: the connection cannot be used again.
            answer.close()
            raise _too_large(largest_body)
        parts.append(part)
    return b"".join(parts)


def _too_large(largest_body: int) -> BadPayload:
    return BadPayload(f"The answer is larger than the {largest_body} bytes that are read of one. Ask for less at once.")


# The first that fits.
_NAMES: tuple[tuple[tuple[type[Exception], ...], type[ChannelDown | BadPayload], str], ...] = (
    (
        (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch),
        ChannelDown,
        "Its certificate is not to be trusted. Check its address, and this machine's clock.",
    ),
    ((aiohttp.ClientConnectorDNSError,), ChannelDown, "Its host's name is not known to the name service."),
    ((aiohttp.ClientConnectorSSLError,), ChannelDown, "No encrypted connection to it can be made."),
    ((aiohttp.ClientConnectorError,), ChannelDown, "No connection to it can be made."),
    ((aiohttp.ClientResponseError,), BadPayload, "The answer is no HTTP that can be read."),
    ((aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError), ChannelDown, "The connection to it broke."),
)


def named(error: Exception, trace: Trace) -> ChannelError:
    """The error that says what the caller does next; its words quote nothing of the request or the answer."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, NotPublic):
        trace.is_hopeless = True
        return ChannelRefused("An address that came from outside is not called: it is not of the public internet.")
    if isinstance(error.__cause__, ContentEncodingError):
        return BadPayload("The answer's body is packed in a way that cannot be read.")
    for kinds, made, words in _NAMES:
        if isinstance(error, kinds):
            trace.is_hopeless = isinstance(error, _NAMES[0][0])
            return made(words)
    trace.is_hopeless = True
    return ChannelRefused(f"The request cannot be written ({type(error).__name__}). Check its headers.")


def _once() -> aiohttp.ClientMiddlewareType:
    """Lets one request through, once: on a used connection that breaks, the library sends a PUT again by itself."""
    was_sent = False

    async def send(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        nonlocal was_sent
        if was_sent:
            raise aiohttp.ServerDisconnectedError
        was_sent = True
        return await handler(request)

    return send


def _tracing() -> aiohttp.TraceConfig:
    """Marks the request's trace when it gets a connection, new or used."""

    async def connected(_session: aiohttp.ClientSession, context: SimpleNamespace, _about: Any) -> None:
        context.trace_request_ctx.may_have_arrived = True

    config = aiohttp.TraceConfig()
    config.on_connection_create_end.append(connected)
    config.on_connection_reuseconn.append(connected)
    return config


def to_vendors(tls: ssl.SSLContext | None, resolver: AbstractResolver | None = None) -> aiohttp.TCPConnector:
    """Connections to the addresses of the settings file, which may be private. Bounds are kept per channel account."""
    return aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_S, resolver=resolver, ssl=tls or True)
