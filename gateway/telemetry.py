"""What happened, and how much did it cost: one log line per request, with no personal data in it.

Logged are the path without its query string (a GET carries the question there), the operation's name, never the
variables, never who asked. What is raised unforeseen is logged with its traceback under a reference.
"""

import re
import time
import uuid
from collections.abc import Mapping
from typing import Final

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.contract.errors import NoSuchIdentity
from adapters.http.observing import Call
from gateway.ends import Ends
from gateway.meters import PATH as METRICS
from gateway.meters import count_call, count_job
from gateway.socket_frames import CLOSED_WITH
from gateway.traces import Trace, traced

# What others may choose as a request's id: nothing that could forge a log line or fill the log.
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HEADER: Final = b"x-request-id"
# W3C Trace Context, section 3.2.2; all zeros is no id.
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# RFC 9110, section 15.2.2. What is closed from here on a WebSocket ends with a code of its own, which the log has then.
_SWITCHED: Final = 101
_BEGUN: Final = frozenset({"http.response.start", "websocket.accept", "websocket.http.response.start"})
# How calls to channels end where nobody has to look.
_IN_ORDER: Final = frozenset({"GOOD", "CANCELLED", NoSuchIdentity.kind})

_log = structlog.get_logger("gateway.request")


class JobLog:
    """Logs how each job ended (gateway.work.JobObserver)."""

    def job_ended(self, name: str, outcome: str, *, steps: int, took_s: float) -> None:
        """One line, and one more for the meters."""
        count_job(name, outcome)
        _log.info("job", job=name, outcome=outcome, steps=steps, ms=round(took_s * 1000, 1))


class CallLog:
    """Logs how each call to a channel ended (adapters.http.observing.CallObserver)."""

    def called(self, call: Call) -> None:
        """One line: where it failed for everybody to see, else only for who looks closely. The meters count all."""
        count_call(call)
        say = _log.debug if call.outcome in _IN_ORDER else _log.warning
        say(
            "channel",
            channel=call.channel,
            account=call.account,
            method=call.method,
            outcome=call.outcome,
            status=call.status,
            tries=call.tries,
            ms=round(call.took_s * 1000, 1),
            from_cache=call.from_cache,
            is_stale=call.is_stale,
        )


class Telemetry:
    """Around the whole application: gives each request its id, logs how it ended."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._ends = Ends()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does, with the request's id added."""
        if scope["type"] not in {"http", "websocket"}:
            try:
                await self._app(scope, receive, send)
            finally:
                # The process ends.
                self._ends.settle()
            return
        if scope["path"] == METRICS:
            self._ends.settle()
        headers = dict(scope["headers"])
        trace = Trace(_request_id(headers), trace_id=_trace_id(headers))
        began = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] in _BEGUN:
                status = message.get("status", _SWITCHED)
                message["headers"] = [*message.get("headers", ()), (_HEADER, trace.request_id.encode())]
            elif message["type"] == "websocket.close":
                # Before it was taken there is no code, and the server answers 403.
                status = message.get("code", 1000) if status else 403
            await send(message)

        try:
            with traced(trace), structlog.contextvars.bound_contextvars(request_id=trace.request_id):
                await self._app(scope, receive, answer)
        finally:
            self._ends.note(scope, trace, _closed_with(scope) or status, time.perf_counter() - began)


def _closed_with(scope: Scope) -> int | None:
    """By which code a WebSocket was closed from here, also where the server below did that by itself."""
    asked = scope.get("state", {}).get(CLOSED_WITH)
    return asked() if asked else None


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    sent = headers.get(_HEADER, b"").decode("latin-1")
    return sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def _trace_id(headers: Mapping[bytes, bytes]) -> str | None:
    found = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b""))
    return found[1].decode() if found else None
