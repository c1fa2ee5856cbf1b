"""What happened, and how much did it cost: one log line per request, with no personal data in it.

Logged are the path without its query string (a GET carries the question there), the operation's name, never the
variables, never who asked. What is raised unforeseen is logged with its traceback under a reference.
"""

import logging
import re
import sys
import time
import uuid
from collections.abc import MutableMapping
from typing import Any, Final, TextIO

import orjson
import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import Processor

from adapters.contract.errors import NoSuchIdentity
from adapters.http.observing import Call
from gateway.meters import count_call, count_job, count_question
from gateway.tracebacks import traceback_of, without_objects, without_words
from gateway.traces import Trace, traced

# What others may choose as a request's id: nothing that could forge a log line or fill the log.
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_HEADER: Final = b"x-request-id"
# W3C Trace Context, section 3.2.2; all zeros is no id.
_TRACEPARENT: Final = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
# RFC 9110, section 15.2.2. What follows on a WebSocket ends with a code of its own, which the log has then.
_SWITCHED: Final = 101
# Asked every few seconds by whoever watches the process; nobody reads that at `info`.
_WATCHED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
# Where questions come in.
_ASKED: Final = frozenset({"/graphql", "/graphql/cost"})

# How calls to channels end where nobody has to look.
_IN_ORDER: Final = frozenset({"GOOD", "CANCELLED", NoSuchIdentity.kind})

# Whose lines are written from the level on that the settings say; libraries say at `debug` what was sent and read.
_OURS: Final = ("adapters", "gateway", "resolvers")

_NAME: Final = "gateway.request"
_log = structlog.get_logger(_NAME)


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does, with the request's id added."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        trace = Trace(_request_id(scope), trace_id=_trace_id(scope))
        began = time.perf_counter()
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] in {"http.response.start", "websocket.accept"}:
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
            took_s = time.perf_counter() - began
            if scope["type"] == "http" and scope["path"] in _ASKED:
                count_question(trace, status, took_s)
            _tell(scope, trace, status, took_s)


def _request_id(scope: Scope) -> str:
    sent = dict(scope["headers"]).get(_HEADER, b"").decode("latin-1")
    return sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def _trace_id(scope: Scope) -> str | None:
    found = _TRACEPARENT.fullmatch(dict(scope["headers"]).get(b"traceparent", b""))
    return found[1].decode() if found else None


def _tell(scope: Scope, trace: Trace, status: int, took_s: float) -> None:
    level = logging.DEBUG if scope["path"] in _WATCHED else logging.INFO
    if not logging.getLogger(_NAME).isEnabledFor(level):
        return
    _log.log(
        level,
        "request",
        request_id=trace.request_id,
        trace_id=trace.trace_id,
        method=scope.get("method", "WEBSOCKET"),
        path=_path(scope),
        status=status,
        ms=round(took_s * 1000, 1),
        commands=trace.commands,
        operation=trace.operation,
        execution=trace.execution,
        role=trace.role,
        cost=trace.cost,
        code=trace.codes[0] if trace.codes else None,
        waited_ms=round(trace.waited_s * 1000, 1),
    )


def _path(scope: Scope) -> str | None:
    """Only paths of ours: what else is asked for may be anything, and where a route leaves room its own word stands."""
    if "endpoint" not in scope:
        return None
    left, told = scope["path"], ""
    for name, value in reversed(scope["path_params"].items()):
        left, found, right = left.rpartition(str(value))
        if not found:
            return None
        told = f"{{{name}}}{right}{told}"
    return f"{left}{told}"


def configure_logs(level: str, *, stream: TextIO | None = None) -> None:
    """Sends every log line, libraries' too, to the stream (standard error): JSON, or colours on a terminal."""
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(out.isatty())],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    chosen = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(chosen, logging.WARNING))
    for name in _OURS:
        logging.getLogger(name).setLevel(chosen)
    _quieten(chosen)


def _rendering(is_terminal: bool) -> list[Processor]:
    if is_terminal:
        # The formatter that rich would bring shows local variables, and those hold customers.
        return [structlog.dev.ConsoleRenderer(exception_formatter=lambda out, told: print(_raised(told), file=out))]
    render = structlog.processors.ExceptionRenderer(_raised)
    return [render, structlog.processors.JSONRenderer(serializer=_json)]


def _raised(exc_info: Any) -> str:
    return traceback_of(exc_info[1])


def _json(line: MutableMapping[str, Any], **_: Any) -> str:
    return orjson.dumps(line, default=str).decode()


def _quieten(chosen: int) -> None:
    """Libraries say what is amiss and no more, and none of what they were given."""
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # It says when it begins and ends.
    logging.getLogger("uvicorn").setLevel(max(chosen, logging.INFO))
    # The request line above says the same, without the query string.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("asyncio").addFilter(without_objects)
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").addFilter(without_words)
