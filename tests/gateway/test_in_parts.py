"""Do parts of an answer come later where a client takes them, and is all of them together the answer itself?"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from adapters.mongo import Store
from gateway.endpoint import Outgoing
from gateway.incoming import Incoming
from gateway.media_types import NEWER, OLDER, liked_draft
from resolvers.accesses import ACCESSES
from resolvers.kit.viewer import Role
from tests.gateway import trouble
from tests.gateway.conftest import GRAPHQL, JSON, Gate, OpenGate, code_of, data_of
from tests.makers import Made, Makers

ACCEPTS = {
    OLDER: f"multipart/mixed;deferSpec={OLDER}, {JSON}",
    NEWER: f'multipart/mixed;incrementalSpec={NEWER}, "{JSON}"',
}
URQL = f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed"


def parts_of(response: httpx.Response) -> list[dict[str, Any]]:
    """The parts of a response, as they came."""
    assert response.headers["content-type"].startswith('multipart/mixed; boundary="-"')
    pieces = response.content.split(b"\r\n---")
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        head, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        assert head == b"content-type: application/json"
        found.append(json.loads(body))
    assert [one["hasNext"] for one in found] == [True] * (len(found) - 1) + [False]
    return found


def put_together(parts: Sequence[dict[str, Any]]) -> Any:
    """The data that a client has behind the last part, by the words of either draft."""
    data, places = parts[0]["data"], {}
    for part in parts:
        places |= {one["id"]: one["path"] for one in part.get("pending", [])}
        for one in part.get("incremental", []):
            path = [*places[one["id"]], *one.get("subPath", [])] if "id" in one else one["path"]
            if "items" in one and "id" not in one:
                *path, index = path
            there: Any = data
            for step in path:
                there = there[step]
            if "items" in one:
                assert "id" in one or index == len(there)
                there.extend(one["items"])
            else:
                _joined(there, one["data"])
    return data


def _joined(there: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(there.get(key), dict):
            _joined(there[key], value)
        else:
            there[key] = value


@pytest.fixture
async def ann(make: Makers) -> Made:
    """A customer with three notes and a purchase."""
    one = await make.customer("Ann", "Lee")
    for text in ("one", "two", "three"):
        await make.note(one, text)
    await make.purchase(one, "1.00")
    return one


QUESTIONS = {
    "fragment": """query ($id: ID!) { customer(id: $id) { id ...Later @defer } }
      fragment Later on Customer { firstName notes(first: 3) { nodes { text } } }""",
    "label": """query ($id: ID!) { customer(id: $id) { id firstName ...Later @defer(label: "Later") } }
      fragment Later on Customer { firstName lastName notes(first: 2) { nodes { id text } } }""",
    "inside one another": """query ($id: ID!) { customer(id: $id) { id ... @defer(label: "a") { firstName
      notes { totalCount } ... @defer(label: "b") { lastName notes { nodes { text } } } } } }""",
    "at the top": """query ($id: ID!) { __typename ... @defer { customer(id: $id) { firstName } } }""",
    "list": """query ($id: ID!) { customer(id: $id) { notes(first: 3) {
      nodes @stream(initialCount: 1) { text } } } }""",
    "list with a label": """query ($id: ID!) { customer(id: $id) { notes(first: 3) {
      nodes @stream(label: "n") { text author { name } } } } }""",
    "list later": """query ($id: ID!) { customer(id: $id) { id ... @defer { notes(first: 3) {
      nodes @stream(initialCount: 2) { text } } } } }""",
}


@pytest.mark.parametrize("draft", ACCEPTS)
@pytest.mark.parametrize("name", QUESTIONS)
async def test_parts_are_the_answer(gate: Gate, ann: Made, name: str, draft: str) -> None:
    """Put together by the draft's own words, the parts are what is answered to whoever takes none."""
    variables = {"id": ann.id}
    whole = data_of(await gate.ask(QUESTIONS[name], variables=variables))
    headers = gate.bearer() | {"Accept": ACCEPTS[draft]}
    response = await gate.ask(QUESTIONS[name], headers=headers, variables=variables)
    assert draft in response.headers["content-type"]
    parts = parts_of(response)
    assert len(parts) > 1
    assert parts[0]["data"] != whole
    assert parts[0]["extensions"]["cost"]["most"] == 5_000
    assert put_together(parts) == whole


async def test_labelled_comes_whole(gate: Gate, ann: Made) -> None:
    """By the older draft a fragment with a label comes at once and whole, with what was told before: so Relay reads."""
    headers = gate.bearer() | {"Accept": ACCEPTS[OLDER]}
    _, later = parts_of(await gate.ask(QUESTIONS["label"], headers=headers, variables={"id": ann.id}))
    (one,) = later["incremental"]
    assert (one["label"], one["path"]) == ("Later", ["customer"])
    assert (one["data"]["firstName"], one["data"]["lastName"]) == ("Ann", "Lee")
    assert [node["text"] for node in one["data"]["notes"]["nodes"]] == ["three", "two"]


@pytest.mark.parametrize(
    ("accept", "draft"),
    [
        (ACCEPTS[OLDER], OLDER),
        (ACCEPTS[NEWER], NEWER),
        (URQL, OLDER),
        ('multipart/mixed; boundary="-"; deferSpec="20220824"', OLDER),
        ("multipart/mixed;q=0", None),
        ("multipart/mixed;subscriptionSpec=1.0", None),
        ("multipart/mixed;subscriptionSpec=1.0, multipart/mixed;deferSpec=20220824", OLDER),
        (f"multipart/mixed;subscriptionSpec=1.0;incrementalSpec={NEWER}", NEWER),
        (f"{JSON};q=1, multipart/mixed;q=0.1", None),
        ("multipart/mixed;q=0.9, */*", None),
        (f"{JSON};q=0.8, multipart/mixed;q=0.9", OLDER),
        (f"{JSON};q=0.5, multipart/mixed;q=0.5", OLDER),
        (f"multipart/mixed;q=0.5, multipart/mixed;incrementalSpec={NEWER};q=0.8", NEWER),
        (f'multipart/mixed; boundary="a;q=0,b"; incrementalSpec={NEWER}', NEWER),
        (f'text/plain; note="{JSON}, multipart/mixed"', None),
        ("multipart/mixed;q=1.1", None),
        ("multipart/mixed;q=-1", None),
        ("multipart/mixed;q=nan", None),
        (JSON, None),
        ("*/*", None),
        (None, None),
    ],
)
def test_draft_is_chosen(accept: str | None, draft: str | None) -> None:
    """The draft that a client names is spoken; the older one to whoever names none, and none to who takes no parts."""
    assert liked_draft(accept) == draft


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*", "text/event-stream", f"{JSON}, multipart/mixed;q=0.1"])
async def test_not_taken_comes_whole(gate: Gate, ann: Made, accept: str) -> None:
    """Whoever does not name parts, or likes them less, is answered at once."""
    headers = gate.bearer() | {"Accept": accept}
    response = await gate.ask(QUESTIONS["fragment"], headers=headers, variables={"id": ann.id})
    assert b'"firstName":"Ann"' in response.content
    assert b"hasNext" not in response.content


async def test_switched_off_comes_whole(gate: Gate, ann: Made) -> None:
    """Where `if` says no there is one answer, in JSON; a mutation is not done twice for it."""
    query = """mutation ($id: ID!, $later: Boolean!) { addNote(input: {customerId: $id, text: "four"}) {
      ... @defer(if: $later) { ... on AddNotePayload { note { text } } } } }"""
    headers = gate.bearer() | {"Accept": ACCEPTS[NEWER]}
    response = await gate.ask(query, headers=headers, variables={"id": ann.id, "later": False})
    assert data_of(response) == {"addNote": {"note": {"text": "four"}}}
    count = "query ($id: ID!) { customer(id: $id) { notes { totalCount } } }"
    found = data_of(await gate.ask(count, variables={"id": ann.id}))
    assert found["customer"]["notes"]["totalCount"] == 4


@pytest.mark.parametrize("draft", ACCEPTS)
@pytest.mark.parametrize(("field", "code"), [("bug", "INTERNAL"), ("down", "UNAVAILABLE"), ("forFew", "FORBIDDEN")])
async def test_errors_are_masked(gate: Gate, draft: str, field: str, code: str) -> None:
    """What goes wrong in a part is told as everywhere: by its code, and what nobody foresaw by a reference alone."""
    headers = gate.bearer() | {"Accept": ACCEPTS[draft]}
    response = await gate.ask(f"{{ __typename ... @defer {{ {field} }} }}", headers=headers)
    parts = parts_of(response)
    (error,) = (error for part in parts for one in part.get("incremental", []) for error in one.get("errors", []))
    assert (error["extensions"]["code"], error["path"]) == (code, [field])
    assert b"phone number" not in response.content


@pytest.mark.parametrize("draft", ACCEPTS)
async def test_null_ends_a_place(gate: Gate, draft: str) -> None:
    """A part that must not be null, and is, comes as nothing with the reason; the rest stands."""
    headers = gate.bearer() | {"Accept": ACCEPTS[draft]}
    parts = parts_of(await gate.ask('{ echo(text: "a") ... @defer(label: "x") { neverNull } }', headers=headers))
    assert parts[0]["data"] == {"echo": "a"}
    ends = [one for part in parts[1:] for one in part.get("completed", part.get("incremental", []))]
    assert ends[-1].get("data") is None
    assert ends[-1]["errors"][0]["extensions"]["code"] == "INTERNAL"


@pytest.mark.parametrize("draft", ACCEPTS)
async def test_late_part_is_given_up(open_gate: OpenGate, draft: str) -> None:
    """All parts together take no longer than an answer may, and what is not there by then is told so and ended."""
    gate = open_gate(execution_s=0.3)
    trouble.ENDED.clear()
    headers = gate.bearer() | {"Accept": ACCEPTS[draft]}
    parts = parts_of(await gate.ask('{ echo(text: "a") ... @defer { slow(seconds: 60) } }', headers=headers))
    (end,) = parts[-1].get("completed", parts[-1].get("incremental"))
    assert end["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    await asyncio.wait_for(trouble.ENDED.wait(), 10)


# Who gets a place in the last millisecond is given up before graphql-core awaits what it has called.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize("draft", ACCEPTS)
async def test_place_is_given_up(open_gate: OpenGate, draft: str) -> None:
    """Whoever waits for a place waits no longer than an answer may take, the place and all parts together."""
    gate = open_gate(execution_s=0.5, long_at_once=1)
    rows = " ".join(f"a{n}: customers(first: 100) {{ nodes {{ id }} }}" for n in range(8))
    headers = gate.bearer() | {"Accept": ACCEPTS[draft]}
    began = time.monotonic()
    asking = (gate.ask(f"{{ slow(seconds: 60) {rows} ... @defer {{ bug }} }}", headers=headers) for _ in range(4))
    answers = await asyncio.gather(*asking)
    assert time.monotonic() - began < 1.0
    assert [code_of(one) for one in answers] == ["LIMIT_EXCEEDED"] * 4


@pytest.mark.parametrize("draft", ACCEPTS)
async def test_readers_hold_no_place(open_gate: OpenGate, draft: str) -> None:
    """However slowly somebody reads the parts of a long answer, the next long question is answered meanwhile."""
    gate = open_gate(long_at_once=1)
    rows = " ".join(f"a{n}: customers(first: 100) {{ nodes {{ id }} }}" for n in range(8))
    trouble.STARTED.clear()
    body = json.dumps({"query": f"{{ {rows} ... @defer {{ slow(seconds: 0.2) }} }}"}).encode()
    outgoing = await posted(gate, body, accept=ACCEPTS[draft])
    assert outgoing.events is not None
    await anext(outgoing.events)
    await asyncio.wait_for(trouble.STARTED.wait(), 10)
    async with asyncio.timeout(5):
        data_of(await gate.ask(f"{{ {rows} }}"))
    assert b'"slow"' in b"".join([one async for one in outgoing.events])


async def test_refused_before_is_json(gate: Gate) -> None:
    """What is not valid is told as everywhere; a stream of what cannot be streamed is not valid."""
    headers = gate.bearer() | {"Accept": ACCEPTS[OLDER]}
    response = await gate.ask("{ viewer { role @stream } }", headers=headers)
    assert code_of(response) == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize("keeping", ["strict", "buffered"])
async def test_readings_are_written(open_gate: OpenGate, store: Store, ann: Made, keeping: str) -> None:
    """Who was shown what stands in the ledger; where that must stand there first, the answer comes whole."""
    gate = open_gate(access_ledger=keeping)
    headers = gate.bearer() | {"Accept": ACCEPTS[OLDER]}
    response = await gate.ask(QUESTIONS["fragment"], headers=headers, variables={"id": ann.id})
    assert response.headers["content-type"].startswith("multipart" if keeping == "buffered" else JSON)
    await gate.house.ledger.close()
    (entry,) = await store.find(ACCESSES, {})
    assert set(entry["fields"]) == {"Customer.attributes.firstName", "Note.text"}
    assert entry["customers"] == [ann.key]


@pytest.mark.parametrize(("read", "fields"), [(1, ["lastName"]), (2, ["firstName", "lastName"])])
async def test_only_sent_is_written(gate: Gate, store: Store, ann: Made, read: int, fields: list[str]) -> None:
    """Of an answer that its reader leaves stands in the ledger what was sent, and nobody works on for the rest."""
    query = """query ($id: ID!) { customer(id: $id) { lastName ... @defer { firstName } }
      ... @defer { slow(seconds: 60) } }"""
    body = json.dumps({"query": query, "variables": {"id": ann.id}}).encode()
    trouble.STARTED.clear()
    trouble.ENDED.clear()
    outgoing = await posted(gate, body, accept=ACCEPTS[OLDER])
    assert outgoing.events is not None
    assert b'"lastName":"Lee"' in await anext(outgoing.events)
    if read > 1:
        assert b'"firstName":"Ann"' in await anext(outgoing.events)
        waiting = asyncio.ensure_future(anext(outgoing.events))
        await asyncio.wait_for(trouble.STARTED.wait(), 10)
        waiting.cancel()
        await asyncio.wait({waiting})
        await asyncio.wait_for(trouble.ENDED.wait(), 10)
    await outgoing.events.aclose()
    assert trouble.ENDED.is_set() == trouble.STARTED.is_set()
    await gate.house.ledger.close()
    (entry,) = await store.find(ACCESSES, {})
    assert sorted(entry["fields"]) == [f"Customer.attributes.{one}" for one in fields]


async def posted(gate: Gate, body: bytes, accept: str) -> Outgoing:
    """What the endpoint itself gives, before it is sent."""

    async def read() -> AsyncIterator[bytes]:
        yield body

    async def gone() -> None:
        await asyncio.Event().wait()

    headers = {"content-type": JSON, "accept": accept, "authorization": gate.bearer()["Authorization"]}
    return await gate.house.endpoint.answer(
        Incoming(method="POST", headers=headers, parameters={}, body=read(), gone=gone)
    )


async def test_hidden_stays_hidden(gate: Gate, ann: Made) -> None:
    """What a viewer may not see does not come later either."""
    headers = gate.bearer(Role.PARTNER, scopes=[]) | {"Accept": ACCEPTS[NEWER]}
    query = "query ($id: ID!) { customer(id: $id) { id ... @defer { notes { nodes { text } } } } }"
    response = await gate.ask(query, headers=headers, variables={"id": ann.id})
    whole = await gate.ask(query, headers=headers | {"Accept": JSON}, variables={"id": ann.id})
    assert b"three" not in response.content
    assert whole.json()["errors"][0]["extensions"]["code"].encode() in response.content


@pytest.mark.parametrize("count", ["-5", "$n"])
async def test_odd_streams(gate: Gate, ann: Made, count: str) -> None:
    """A stream that begins with less than nothing is the caller's fault, and told so."""
    query = f"""query ($id: ID!, $n: Int = -1) {{ customer(id: $id) {{ id @skip(if: false) notes(first: 3) {{
      nodes @stream(initialCount: {count}) {{ text }} }} }} echo(text: "a", number: $n) }}"""
    headers = gate.bearer() | {"Accept": ACCEPTS[NEWER]}
    answer = (await gate.ask(query, headers=headers, variables={"id": ann.id})).json()
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["BAD_USER_INPUT"]
