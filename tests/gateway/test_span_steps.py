"""Do spans tell of the steps within an answer, of questions on WebSockets and of events, and of nobody?"""

from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, Tracer

from gateway.settings import Settings
from gateway.watching.spans import Steps
from gateway.watching.switch import watch_of
from tests.gateway.conftest import Gate, served
from tests.gateway.socket_client import TICKS, opened
from tests.gateway.test_spans import asked, kept, told, tracer
from tests.makers import Makers

__all__ = ["kept", "tracer"]

MARK = "Zqxsjwkh"
LISTS = """query Zqxsjwkh { customers(first: 9, filter: {tagged: ["Zqxsjwkh"]}) { nodes {
  also: notes(first: 2) { nodes { text author { name } } } } } }"""


@pytest.fixture
def watched(gate: Gate, tracer: Tracer) -> Gate:
    """A gate on which somebody looks on."""
    gate.house.watching = Steps(tracer)
    return gate


def _named(spans: Sequence[ReadableSpan], begins: str) -> list[ReadableSpan]:
    assert not any(MARK.lower() in one.to_json().lower() for one in spans)
    return [one for one in spans if one.name.startswith(begins)]


def _parent(one: ReadableSpan) -> Any:
    return one.parent.span_id if one.parent else None


@pytest.mark.parametrize("execution", ["first", "planned"])
async def test_loads(watched: Gate, tracer: Tracer, kept: InMemorySpanExporter, make: Makers, execution: str) -> None:
    """Each load is a span of its question: what it loads, and for how many; however often a list stands, one."""
    for n in range(3):
        one = await make.customer(MARK, "Lee")
        await make.note(one, f"{MARK} {n}")
        await watched.ask(f'mutation {{ addTag(input: {{customerId: "{one.id}", word: "{MARK}"}}) {{ __typename }} }}')
    for _ in range(1 if execution == "first" else 3):
        kept.clear()
        (line,) = await asked(watched, tracer, LISTS)
    assert line["execution"] == execution
    spans = kept.get_finished_spans()
    (question,) = _named(spans, "POST")
    (notes,) = _named(spans, "load Customer.notes")
    assert told(notes) == {"gateway.load.kind": "column", "gateway.load.count": 3}
    assert {_parent(one) for one in _named(spans, "load")} == {question.context.span_id if question.context else 0}


async def test_operations(watched: Gate, kept: InMemorySpanExporter) -> None:
    """Each question on a WebSocket is a span of its own, which says what went wrong by its code."""
    async with served(watched.app) as address, opened(address, said=watched.bearer()) as client:
        for query, ends in (("{ viewer { role } }", "complete"), ("{ bug }", "complete"), ("{ Zqxsjwkh }", "error")):
            await client.ask(query)
            while (await client.hear())["type"] != ends:
                pass
    good, bug, bad = _named(kept.get_finished_spans(), "WEBSOCKET /graphql")
    assert (told(good)["graphql.operation.type"], told(good)["gateway.role"]) == ("query", "agent")
    assert (told(bug)["error.type"], told(bad)["error.type"]) == ("INTERNAL", "GRAPHQL_VALIDATION_FAILED")
    assert [one.status.status_code for one in (good, bug)] == [StatusCode.UNSET, StatusCode.ERROR]


async def test_events(watched: Gate, kept: InMemorySpanExporter) -> None:
    """Each event of a subscription is a span within its question's."""
    async with served(watched.app) as address, opened(address, said=watched.bearer()) as client:
        await client.ask(TICKS)
        while (await client.hear())["type"] != "complete":
            pass
    spans = kept.get_finished_spans()
    (question,) = _named(spans, "WEBSOCKET /graphql")
    events = _named(spans, "event")
    assert [_parent(one) for one in events] == [question.context.span_id if question.context else 0] * 2


def test_nobody_unless_switched_on(gate: Gate) -> None:
    """Nobody looks on where spans are off."""
    assert watch_of(Settings()).steps is None
    assert gate.house.watching is None
