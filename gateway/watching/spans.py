"""What happened within a request, and when? Spans by OpenTelemetry's semantic conventions.

Told are methods, routes, kinds, codes and names of collections; no document, no variable, no filter, and nobody.
"""

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.records import Document
from gateway.traces import CommandCount, Trace, current_trace

# RFC 9110, section 9, and RFC 5789; whatever else may be sent is `_OTHER`, as the conventions ask for.
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_ROUTES: Final = frozenset({"/graphql", "/graphql/cost"})
_FAULT: Final = 500
_propagator: Final = TraceContextTextMapPropagator()


def exporting_tracer() -> Tracer:
    """A tracer whose spans go by OTLP to where OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_*`) say."""
    named = {} if "OTEL_SERVICE_NAME" in os.environ else {"service.name": "profile-gateway"}
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("gateway")


class Spans:
    """Around the application, within Telemetry: one span for each question."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the application does."""
        trace = current_trace()
        if scope["type"] != "http" or scope["path"] not in _ROUTES or trace is None:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with self._tracer.start_as_current_span(
            f"{method if method in _METHODS else 'HTTP'} {scope['path']}",
            context=_propagator.extract(_sent(scope)),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "http.route": scope["path"], "url.path": scope["path"]},
            # An exception's words may quote what somebody sent.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            trace.trace_id = format_trace_id(span.get_span_context().trace_id)
            try:
                await self._app(scope, receive, answer)
            finally:
                _describe(span, trace, status)


class Steps:
    """Spans of loads, of questions on WebSockets and of events (resolvers.kit.watching.Watching)."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def load(self, kind: str, name: str, count: int) -> Iterator[None]:
        """The span of a load, by its kind, its name in the schema or the code, and for how many it loads."""
        with self._span(f"load {name}", {"gateway.load.kind": kind, "gateway.load.count": count}):
            yield

    @contextmanager
    def operation(self) -> Iterator[None]:
        """The span of a question on a WebSocket, as one by HTTP has."""
        with self._span("WEBSOCKET /graphql", {"http.route": "/graphql"}, kind=SpanKind.SERVER) as span:
            trace = current_trace()
            if trace is not None:
                trace.trace_id = format_trace_id(span.get_span_context().trace_id)
            try:
                yield
            finally:
                if trace is not None:
                    span.set_attribute("gateway.commands", trace.commands)
                    _tell(span, trace, trace.codes)

    @contextmanager
    def event(self) -> Iterator[None]:
        """The span of an event of a subscription."""
        trace = current_trace()
        before = len(trace.codes) if trace else 0
        with self._span("event", {}) as span:
            try:
                yield
            finally:
                if trace is not None:
                    _tell(span, trace, trace.codes[before:])

    def _span(
        self, name: str, told: Mapping[str, str | int], *, kind: SpanKind = SpanKind.INTERNAL
    ) -> AbstractContextManager[Span]:
        # An exception's words may quote what somebody sent.
        return self._tracer.start_as_current_span(
            name, kind=kind, attributes=dict(told), record_exception=False, set_status_on_exception=False
        )


def _sent(scope: Scope) -> dict[str, str]:
    named = {"traceparent", "tracestate"}
    return {
        name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name.decode("latin-1") in named
    }


def _describe(span: Span, trace: Trace, status: int) -> None:
    span.set_attribute("http.response.status_code", status or _FAULT)
    span.set_attribute("gateway.commands", trace.commands)
    _tell(span, trace, trace.codes)
    if not status or status >= _FAULT:
        span.set_status(StatusCode.ERROR)


def _tell(span: Span, trace: Trace, codes: Sequence[str]) -> None:
    """What is known of the question, and by which codes it went wrong."""
    told = {
        "graphql.operation.type": trace.kind,
        "gateway.execution": trace.execution,
        "gateway.cost": trace.cost,
        "gateway.role": trace.role,
        "error.type": codes[0] if codes else None,
    }
    for name, value in told.items():
        if value is not None:
            span.set_attribute(name, value)
    if "INTERNAL" in codes:
        span.set_status(StatusCode.ERROR)


class CommandSpans(CommandCount):
    """A span for each command of a request (adapters.observing.CommandTimer), and the count of them."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._open: dict[int, Span] = {}

    def command_sent(self, number: int, name: str, command: Document) -> None:
        """Opens the span; what the gateway does for itself has none."""
        super().command_sent(number, name, command)
        if current_trace() is None:
            return
        on = command.get("collection") if name == "getMore" else command.get(name)
        told = {"db.system.name": "mongodb", "db.operation.name": name}
        if isinstance(on, str):
            told["db.collection.name"] = on
        title = f"{name} {on}" if isinstance(on, str) else name
        self._open[number] = self._tracer.start_span(title, kind=SpanKind.CLIENT, attributes=told)

    def command_ended(self, number: int, *, is_good: bool) -> None:
        """Closes it."""
        super().command_ended(number, is_good=is_good)
        span = self._open.pop(number, None)
        if span is None:
            return
        if not is_good:
            span.set_status(StatusCode.ERROR)
        span.end(time.time_ns())
