"""Is a subscription answered event by event, for as long as it may be and somebody listens?"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import pytest

from gateway.endpoint import Outgoing
from gateway.event_stream import BEAT, COMPLETE
from gateway.incoming import Incoming
from gateway.keys import list_keys, make_key, revoke_key
from gateway.touching import known_fields
from resolvers.accesses import ACCESSES
from resolvers.kit.viewer import Role
from tests.gateway import ticking
from tests.gateway.conftest import ANSWERED, GRAPHQL, JSON, ME, Gate, OpenGate, code_of, served
from tests.makers import Makers
from tests.waiting import until

EVENTS = "text/event-stream"
PARTS = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0"
"""As Apollo's clients and Python's gql name it, JSON behind it."""
TICKS = "subscription { ticks(times: 2) { number seenBefore } }"
LONG = "subscription { ticks(times: 1000, everyS: 30) { number } }"
MANY = "subscription { ticks(times: 1000) { number } }"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing has ticked yet; and behind each test nothing does."""
    ticking.STARTED.clear()
    ticking.ENDED.clear()
    ticking.MADE.clear()
    yield
    assert not ticking.STARTED.is_set() or ticking.ENDED.is_set(), "the subscription goes on, and nobody follows"


def told(text: bytes) -> list[Any]:
    """What a stream tells: answers, `complete` and `beat`, as one reads it who splits at the first empty line."""
    *events, rest = text.split(b"\n\n")
    assert rest == b""
    assert b"\r" not in text
    names = {BEAT[:-2]: "beat", COMPLETE[:-2]: "complete"}
    return [names.get(one) or json.loads(one.removeprefix(b"event: next\ndata: ")) for one in events]


async def follow(
    gate: Gate, question: str, headers: Mapping[str, str] | None = None, *, address: str | None = None
) -> Outgoing:
    """What goes out to somebody who accepts events, not yet sent."""

    async def body() -> AsyncIterator[bytes]:
        yield json.dumps({"query": question}).encode()

    async def gone() -> None:
        await asyncio.Event().wait()

    sent = {"accept": EVENTS, "content-type": JSON} | {k.lower(): v for k, v in (headers or gate.bearer()).items()}
    return await gate.house.endpoint.answer(
        Incoming(method="POST", headers=sent, parameters={}, body=body(), gone=gone, address=address)
    )


def events_of(outgoing: Outgoing) -> AsyncGenerator[bytes, None]:
    """The pieces of a stream that has not begun."""
    assert outgoing.events is not None
    return outgoing.events


# What goes out


@pytest.mark.parametrize("accept", [EVENTS, f"{GRAPHQL}, {JSON};q=0.9, {EVENTS}, multipart/mixed", "Text/Event-Stream"])
async def test_answers_event_by_event(gate: Gate, accept: str) -> None:
    """A subscription is answered as text/event-stream: `next` with each answer, then `complete`."""
    response = await gate.ask(TICKS, headers=gate.bearer() | {"Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, EVENTS)
    # Each in a context of its own.
    ticks = [{"data": {"ticks": {"number": n, "seenBefore": False}}} for n in (1, 2)]
    assert told(response.content) == ["beat", *ticks, "complete"]


def parts(text: bytes) -> list[Any]:
    """What stands in the parts; a boundary is behind each, since clients take one for whole when they see it."""
    before, *found, end = text.split(b"\r\n--graphql")
    assert (before, end) == (b"", b"--\r\n")
    heads, bodies = zip(*(one.split(b"\r\n\r\n", 1) for one in found), strict=True)
    assert set(heads) == {b"\r\ncontent-type: application/json"}
    return [json.loads(one) for one in bodies]


@pytest.mark.parametrize(
    "accept", [f"{PARTS},{JSON}", PARTS, f'{JSON}, Multipart/Mixed; subscriptionSpec="1.0"', f"{PARTS}, {EVENTS};q=0.9"]
)
async def test_answers_part_by_part(gate: Gate, accept: str) -> None:
    """Who names Apollo's multipart protocol is answered in it: a sign of life, each answer as a payload, an end."""
    response = await gate.ask(TICKS, headers=gate.bearer() | {"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"] == "multipart/mixed; boundary=graphql; subscriptionSpec=1.0"
    assert response.headers["x-accel-buffering"] == "no"
    ticks = [{"payload": {"data": {"ticks": {"number": n, "seenBefore": False}}}} for n in (1, 2)]
    assert parts(response.content) == [{}, *ticks]


async def test_better_liked_way(gate: Gate) -> None:
    """Who names both ways is answered in the one that they like better."""
    response = await gate.ask(TICKS, headers=gate.bearer() | {"Accept": f"{PARTS};q=0.1, {EVENTS}"})
    assert response.headers["content-type"] == EVENTS


@pytest.mark.parametrize("accept", [f"{PARTS},{JSON}", PARTS])
@pytest.mark.parametrize(("question", "answer"), [(ME, ANSWERED), ("subscription {", "GRAPHQL_PARSE_FAILED")])
async def test_no_parts_without_stream(gate: Gate, accept: str, question: str, answer: Any) -> None:
    """What is no stream comes to them as JSON: questions, parts of answers too, and what is wrong with one."""
    response = await gate.ask(question, headers=gate.bearer() | {"Accept": accept})
    assert response.headers["content-type"] == f"{JSON}; charset=utf-8"
    assert answer in (response.json(), response.json().get("errors", [{}])[0].get("extensions", {}).get("code"))


async def test_part_fails(gate: Gate) -> None:
    """What breaks between two answers is a payload of errors, masked, and the last one."""
    question = 'subscription { breaks(how: "bug") { number } }'
    response = await gate.ask(question, headers=gate.bearer() | {"Accept": PARTS})
    _, tick, broken = parts(response.content)
    assert tick == {"payload": {"data": {"breaks": {"number": 1}}}}
    assert [one["extensions"]["code"] for one in broken["payload"]["errors"]] == ["INTERNAL"]
    assert b"Ana" not in response.content


async def test_parts_beat_and_are_cut(open_gate: OpenGate) -> None:
    """Silence has signs of life in it; where the process ends, no last boundary comes."""
    gate = open_gate(keep_alive_s=0.05)
    pieces = events_of(await follow(gate, LONG, gate.bearer() | {"accept": PARTS}))
    beat = b"\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql"
    assert [await anext(pieces) for _ in range(3)] == [b"\r\n--graphql" + beat, beat, beat]
    gate.house.subscriptions.close()
    assert {one async for one in pieces} <= {beat}


async def test_comes_by_get(gate: Gate) -> None:
    """A subscription changes nothing, and so comes by GET as well."""
    headers = gate.bearer() | {"Accept": EVENTS}
    response = await gate.client.get("/graphql", params={"query": TICKS}, headers=headers)
    assert told(response.content)[-1] == "complete"
    mutation = {"query": "mutation { wait(seconds: 0) { __typename } }"}
    assert (await gate.client.get("/graphql", params=mutation, headers=headers)).status_code == 405


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*", f"{EVENTS};q=0, {JSON}", f"multipart/mixed, {JSON}"])
async def test_needs_accepted_events(gate: Gate, accept: str) -> None:
    """Who names neither way of ours is told of both: a reader of JSON would wait for an end."""
    response = await gate.ask(TICKS, headers=gate.bearer() | {"Accept": accept})
    assert response.status_code == 406
    told_so = response.json()["errors"][0]["message"]
    assert EVENTS in told_so
    assert "multipart/mixed;subscriptionSpec=1.0" in told_so


async def test_others_stay_json(gate: Gate) -> None:
    """A query of who names events beside JSON, as urql does, is answered with JSON."""
    response = await gate.ask(ME, headers=gate.bearer() | {"Accept": f"{GRAPHQL}, {EVENTS}, {JSON}"})
    assert response.json() == ANSWERED


@pytest.mark.parametrize(
    ("question", "first"),
    [
        (ME, ANSWERED),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription ($n: Int!) { ticks(times: $n) { number } }", "BAD_USER_INPUT"),
        ("subscription { forAdministrators { number } }", "FORBIDDEN"),
    ],
)
async def test_all_in_events(gate: Gate, question: str, first: Any) -> None:
    """To who takes events alone whatever the graph answers comes as `next`, errors before the execution too."""
    response = await gate.ask(question, headers=gate.bearer() | {"Accept": EVENTS})
    answer, end = (one for one in told(response.content) if one != "beat")
    assert (response.status_code, end) == (200, "complete")
    assert first in (answer, answer.get("errors", [{}])[0].get("extensions", {}).get("code"))


async def test_strangers_get_no_stream(gate: Gate) -> None:
    """Who is not signed in is told so by the status, in JSON."""
    response = await gate.ask(TICKS, headers={"Accept": EVENTS})
    assert (response.status_code, response.headers["content-type"]) == (401, f"{JSON}; charset=utf-8")
    assert code_of(response) == "UNAUTHENTICATED"


# What goes wrong


async def test_event_fails_alone(open_gate: OpenGate) -> None:
    """An event's error is masked, or told as elsewhere, and those behind it come."""
    gate = open_gate(execution_s=0.05)
    response = await gate.ask(
        "subscription { ticks(times: 4) { trouble } }", headers=gate.bearer() | {"Accept": EVENTS}
    )
    _, fine, bug, slow, last, end = told(response.content)
    assert (fine, end) == ({"data": {"ticks": {"trouble": "none"}}}, "complete")
    codes = [one["errors"][0]["extensions"]["code"] for one in (bug, slow, last)]
    assert codes == ["INTERNAL", "LIMIT_EXCEEDED", "INTERNAL"]
    assert b"Ana" not in response.content


@pytest.mark.parametrize(("how", "code"), [("down", "UNAVAILABLE"), ("refused", "BAD_USER_INPUT"), ("bug", "INTERNAL")])
async def test_source_breaks(gate: Gate, how: str, code: str) -> None:
    """What breaks between two events is told, masked where nobody foresaw it, and ends the stream."""
    question = f'subscription {{ breaks(how: "{how}") {{ number }} }}'
    response = await gate.ask(question, headers=gate.bearer() | {"Accept": EVENTS})
    _, tick, broken, end = told(response.content)
    assert (tick, end) == ({"data": {"breaks": {"number": 1}}}, "complete")
    assert broken["errors"][0]["extensions"]["code"] == code
    assert b"Ana" not in response.content


# What is shown


async def test_rights_and_ledger(open_gate: OpenGate, make: Makers) -> None:
    """Each event hides what the viewer has no right to, and it is written what each of them showed."""
    gate, ann = open_gate(access_ledger="strict"), await make.customer("Ann", display_name="Ann Lee")
    question = f'subscription {{ passing(id: "{ann.id}", times: 2) {{ displayName hiddenFields }} }}'
    shown = told(b"".join([one async for one in events_of(await follow(gate, question))]))[1:-1]
    assert shown == [{"data": {"passing": {"displayName": "Ann Lee", "hiddenFields": []}}}] * 2
    assert len(await make.store.find(ACCESSES, {"customers": ann.key})) == 2
    partner = gate.bearer(Role.PARTNER, subject="crm")
    (hidden, _) = told(b"".join([one async for one in events_of(await follow(gate, question, partner))]))[1:-1]
    passing = hidden["data"]["passing"]
    assert (passing["displayName"], "displayName" in passing["hiddenFields"]) == (None, True)


async def test_limited_key(gate: Gate, make: Makers) -> None:
    """A key that is limited to fields follows those, and no others."""
    fields = known_fields(gate.house.graph._schema, ["Subscription.ticks Tick.number"])
    key = await make_key(make.store, name="crm", scopes=[], at=gate.house.clock(), fields=fields)
    tick = told(b"".join([one async for one in events_of(await follow(gate, MANY, {"X-API-Key": key}))]))[1]
    assert tick == {"data": {"ticks": {"number": 1}}}
    refused = told(b"".join([one async for one in events_of(await follow(gate, TICKS, {"X-API-Key": key}))]))
    assert "Tick.seenBefore" in refused[1]["errors"][0]["message"]


# How long


async def test_sign_of_life(open_gate: OpenGate) -> None:
    """While nothing happens a comment goes out again and again."""
    events = events_of(await follow(open_gate(keep_alive_s=0.01), LONG))
    assert [await anext(events) for _ in range(3)] == [BEAT] * 3
    await events.aclose()


@pytest.mark.parametrize(("keep_alive_s", "every_s"), [(0.01, 30), (30, 0.01), (30, 30)])
async def test_token_ends(open_gate: OpenGate, keep_alive_s: float, every_s: float) -> None:
    """When the token ends, that is told and nothing more, whether or not something happens or a sign of life is due."""
    gate = open_gate(keep_alive_s=keep_alive_s, jwt_leeway_s=0)
    question = f"subscription {{ ticks(times: 1000, everyS: {every_s}) {{ number }} }}"
    events = events_of(await follow(gate, question, gate.bearer(for_s=1)))
    async with asyncio.timeout(8):
        *_, error, end = told(b"".join([one async for one in events]))
    assert (error["errors"][0]["extensions"]["code"], end) == ("UNAUTHENTICATED", "complete")


async def test_key_taken_back(open_gate: OpenGate) -> None:
    """A key that is taken back follows nothing any more."""
    gate = open_gate(keep_alive_s=0.01)
    store = gate.house.store
    key = await make_key(store, name="crm", scopes=[], at=gate.house.clock())
    events = events_of(await follow(gate, LONG, {"X-API-Key": key}))
    assert [await anext(events) for _ in range(2)] == [BEAT] * 2
    await revoke_key(store, (await list_keys(store))[0].handle, at=gate.house.clock())
    async with asyncio.timeout(8):
        *_, error, end = told(b"".join([one async for one in events]))
    assert (error["errors"][0]["extensions"]["code"], end) == ("UNAUTHENTICATED", "complete")


async def test_ends_with_client(gate: Gate) -> None:
    """When the client closes the connection, what it followed is closed, and its place is free."""
    async with served(gate.app) as address, httpx.AsyncClient() as client:
        headers = gate.bearer() | {"Accept": EVENTS}
        async with client.stream("POST", f"{address}/graphql", json={"query": LONG}, headers=headers) as response:
            await anext(response.aiter_raw())
            await asyncio.wait_for(ticking.STARTED.wait(), 5)
        await asyncio.wait_for(ticking.ENDED.wait(), 5)

        async def is_free() -> bool:
            return len(gate.house.subscriptions) == 0

        await until(is_free)


async def test_ends_with_process(gate: Gate) -> None:
    """A process that ends cuts its streams off without `complete`, so that clients go on elsewhere."""
    events = events_of(await follow(gate, LONG))
    await anext(events)
    coming = asyncio.ensure_future(anext(events, None))
    await asyncio.wait_for(ticking.STARTED.wait(), 5)
    gate.house.subscriptions.close()
    assert await coming is None


# How many


async def test_bounded_for_caller(open_gate: OpenGate) -> None:
    """Beyond its bound a caller is told so; another caller still follows, and a place that is free is given."""
    gate = open_gate(subscriptions_per_caller=1)
    first = events_of(await follow(gate, LONG))
    await anext(first)
    beginning = asyncio.ensure_future(anext(first))
    await asyncio.wait_for(ticking.STARTED.wait(), 5)
    refused = told(b"".join([one async for one in events_of(await follow(gate, TICKS))]))
    assert refused[1]["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert "GATEWAY_SUBSCRIPTIONS_PER_CALLER" in refused[1]["errors"][0]["message"]
    other = [one async for one in events_of(await follow(gate, TICKS, gate.bearer(subject="bert")))]
    beginning.cancel()
    await asyncio.wait({beginning})
    again = [one async for one in events_of(await follow(gate, TICKS))]
    assert len(other) == len(again) == 4


async def test_bounded_for_process(open_gate: OpenGate) -> None:
    """Beyond its bound a process takes no more from anybody."""
    gate = open_gate(subscriptions=1)
    first = events_of(await follow(gate, LONG))
    await anext(first)
    beginning = asyncio.ensure_future(anext(first))
    await asyncio.wait_for(ticking.STARTED.wait(), 5)
    refused = told(b"".join([one async for one in events_of(await follow(gate, TICKS, gate.bearer(Role.SUPERVISOR)))]))
    assert "This process holds 1" in refused[1]["errors"][0]["message"]
    beginning.cancel()
    await asyncio.wait({beginning})


async def test_visitors_leave_places(open_gate: OpenGate, make: Makers) -> None:
    """Visitors together do not take the last tenth of the places."""
    gate, held = open_gate(subscriptions=2), await make.customer()
    visitor = gate.bearer(Role.VISITOR, customer_id=held.id)
    first = events_of(await follow(gate, LONG, visitor))
    await anext(first)
    beginning = asyncio.ensure_future(anext(first))
    await asyncio.wait_for(ticking.STARTED.wait(), 5)
    another = gate.bearer(Role.VISITOR, subject="another", customer_id=held.id)
    refused = told(b"".join([one async for one in events_of(await follow(gate, TICKS, another))]))
    assert "This process holds 1" in refused[1]["errors"][0]["message"]
    assert len([one async for one in events_of(await follow(gate, TICKS))]) == 4
    beginning.cancel()
    await asyncio.wait({beginning})


async def test_slow_reader_waits(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is gathered for who does not read; who reads nothing for long is given up."""
    monkeypatch.setattr("gateway.endpoint._PATIENCE_S", 0.05)
    sent: list[Any] = []

    async def receive() -> Any:
        if not sent:
            return {"type": "http.request", "body": json.dumps({"query": MANY}).encode(), "more_body": False}
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)
        if len(sent) > 2:
            await asyncio.Event().wait()

    headers = gate.bearer() | {"Accept": EVENTS, "Content-Type": JSON}
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "path": "/graphql",
        "query_string": b"",
        "headers": lines,
    }
    await asyncio.wait_for(gate.house.endpoint(scope, receive, send), 5)
    assert ticking.MADE["ticks"] == 1
    assert ticking.ENDED.is_set()
