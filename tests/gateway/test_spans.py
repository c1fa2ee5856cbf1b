"""Do spans tell of questions and their commands, in the caller's trace, and of nobody?"""

import subprocess
import sys

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, Tracer, format_trace_id
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure
from starlette.middleware import Middleware
from structlog.testing import capture_logs

from adapters.observing import Listener
from gateway.mongod import Mongod
from gateway.settings import Settings
from gateway.traces import Trace, traced
from gateway.watching.spans import CommandSpans, Spans
from gateway.watching.switch import watch_of
from tests.gateway.conftest import Gate, ended

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def kept() -> InMemorySpanExporter:
    """Where a test's spans end."""
    return InMemorySpanExporter()


@pytest.fixture
def tracer(kept: InMemorySpanExporter) -> Tracer:
    """Who makes them."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    return provider.get_tracer("test")


async def asked(gate: Gate, tracer: Tracer, query: str) -> list[dict[str, object]]:
    """The log of a question that is asked where spans are told."""
    app = gate.app
    app.user_middleware.append(Middleware(Spans, tracer=tracer))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gate.example") as client:
        with capture_logs() as lines:
            headers = {**gate.bearer(), "traceparent": PARENT}
            return await ended(lines, await client.post("/graphql", json={"query": query}, headers=headers))


def told(span: ReadableSpan) -> dict[str, object]:
    """What a span says."""
    return dict(span.attributes or {})


async def test_question_has_span(gate: Gate, tracer: Tracer, kept: InMemorySpanExporter) -> None:
    """A question is a span in its caller's trace, whose id the log has."""
    (line,) = await asked(gate, tracer, "query Zqxsjwkh { viewer { role } }")
    (span,) = kept.get_finished_spans()
    assert span.context is not None
    assert (span.name, format_trace_id(span.context.trace_id), line["trace_id"]) == ("POST /graphql", TRACE, TRACE)
    assert told(span)["graphql.operation.type"] == "query"
    assert told(span)["http.response.status_code"] == 200
    assert "zqxsjwkh" not in span.to_json().lower()


async def test_refusal_has_code(gate: Gate, tracer: Tracer, kept: InMemorySpanExporter) -> None:
    """What is refused says by which code, and nothing that was sent."""
    await asked(gate, tracer, "{ zqxsjwkh }")
    (span,) = kept.get_finished_spans()
    assert told(span)["error.type"] == "GRAPHQL_VALIDATION_FAILED"
    assert "zqxsjwkh" not in span.to_json().lower()


@pytest.mark.parametrize(
    ("sent", "found"),
    [(PARENT, TRACE), (f"00-{'0' * 32}-b7ad6b7169203331-01", None), ("zqxsjwkh", None), (PARENT.upper(), None)],
    ids=range(4),
)
async def test_log_has_trace(gate: Gate, sent: str, found: str | None) -> None:
    """A log line has the caller's trace without any span, too, where it is one."""
    with capture_logs() as lines:
        response = await gate.ask("{ viewer { role } }", headers={**gate.bearer(), "traceparent": sent})
        assert [line["trace_id"] for line in await ended(lines, response)] == [found]


async def test_commands_have_spans(mongod: Mongod, tracer: Tracer, kept: InMemorySpanExporter) -> None:
    """A request's commands are spans by name and collection, without what was looked for; failures say so."""
    async with AsyncMongoClient(mongod.url, event_listeners=[Listener(CommandSpans(tracer))]) as client:
        await client.spans.shoes.find_one({"name": "zqxsjwkh"})
        assert kept.get_finished_spans() == ()
        with traced(Trace("1")) as trace:
            await client.spans.shoes.find_one({"name": "zqxsjwkh"})
            with pytest.raises(OperationFailure):
                await client.spans.shoes.find_one({"$zqxsjwkh": 1})
    good, bad = kept.get_finished_spans()
    assert (good.name, bad.name, trace.commands) == ("find shoes", "find shoes", 2)
    assert told(good) == {
        "db.system.name": "mongodb",
        "db.operation.name": "find",
        "db.collection.name": "shoes",
    }
    assert (good.status.status_code, bad.status.status_code) == (StatusCode.UNSET, StatusCode.ERROR)
    assert "zqxsjwkh" not in (good.to_json() + bad.to_json())


def test_none_unless_switched_on() -> None:
    """Nothing stands around requests, and nothing of OpenTelemetry is imported, where spans are off."""
    assert watch_of(Settings()).around == ()
    asking = "import sys, gateway.app; print(any(name.startswith('opentelemetry') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", asking], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
