"""Does the house say how it is, and what it did, without saying whom it was about?"""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import parse, validate
from pydantic import SecretStr

from adapters.mongo import Store
from gateway import health
from gateway.app import House, application, records_of
from gateway.logs import configure_logs
from gateway.mongod import Mongod
from gateway.playground import FIRST_QUESTION
from gateway.settings import Settings
from resolvers.kit.graph import Graph
from tests.conftest import Commands
from tests.gateway.conftest import GRAPHQL, JSON, ME, SEAL, SIGNS, Gate, OpenGate, code_of, ended
from tests.makers import Makers
from tests.waiting import until

ADD_NOTE = """mutation($customer: ID!) { addNote(input: { customerId: $customer, text: "Likes blue" }) {
  ... on AddNotePayload { note { id createdAt } } } }"""


@pytest.mark.parametrize(("sent", "kept"), [("order-4711.a_b", True), ("short", False), ("a b c d e f", False)])
async def test_request_has_id(gate: Gate, sent: str, kept: bool) -> None:
    """Each answer carries an id: the client's own where it is a sound one, else a new one."""
    response = await gate.ask(ME, headers=gate.bearer() | {"X-Request-Id": sent})
    assert (response.headers["x-request-id"] == sent) is kept
    assert len(response.headers["x-request-id"]) >= 8


async def test_request_line_is_impersonal(gate: Gate, capsys: pytest.CaptureFixture[str], logs_as_before: None) -> None:
    """A request's line says how it ended and what it cost, and nothing of who asked for whom."""
    del logs_as_before
    configure_logs("info")
    responses = [
        await gate.client.get(
            "/graphql", params={"query": 'query Secretly { echo(text: "Ana Ruiz") }'}, headers=gate.bearer()
        ),
        await gate.client.get("/webhooks/ana.ruiz/example.com"),
        await gate.client.get("/customers/ana.ruiz@example.com"),
    ]
    lines: list[dict[str, Any]] = []

    def are_told() -> bool:
        lines.extend(map(json.loads, capsys.readouterr().err.splitlines()))
        said = {line.get("request_id") for line in lines}
        return {one.headers["x-request-id"] for one in responses} <= said

    await until(are_told)
    answered, delivered, lost = await ended(lines, *responses)
    assert (answered["status"], answered["operation"], answered["path"]) == (200, "Secretly", "/graphql")
    assert answered["commands"] >= 0
    assert (lost["status"], lost["path"]) == (404, None)
    assert (delivered["status"], delivered["path"]) == (404, "/webhooks/{channel}/{account}")
    assert "ruiz" not in json.dumps(delivered)
    assert "Ruiz" not in json.dumps([answered, lost])
    assert "anna" not in json.dumps(answered)


async def test_process_says_it_lives(gate: Gate) -> None:
    """/healthz answers without asking the database."""
    response = await gate.client.get("/healthz")
    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/", "/playground/LICENSES.txt"])
async def test_head_where_get_is(gate: Gate, path: str) -> None:
    """HEAD is answered as GET, without its body (RFC 9110, section 9.3.2)."""
    whole, head = await gate.client.get(path), await gate.client.head(path)
    assert (whole.status_code, head.status_code) == (200, 200)
    told = [{k: v for k, v in one.headers.items() if k != "x-request-id"} for one in (whole, head)]
    assert told[0] == told[1]


async def test_readiness_sees_database(gate: Gate) -> None:
    """/readyz is 200 when the database answers and the indexes are there."""
    assert (await gate.client.get("/readyz")).json() == {"ok": True, "message": "Questions are answered."}


async def test_readiness_sees_lost_index(gate: Gate, store: Store) -> None:
    """/readyz is 503, in words, when an index was lost."""
    agents = store._database["agents"]
    await agents.drop_index("subject_1")
    try:
        response = await gate.client.get("/readyz")
        assert (response.status_code, "agents: subject" in response.json()["message"]) == (503, True)
        await store.prepare()
        # What was seen is told for a second.
        await until(lambda: _is_ready(gate))
    finally:
        await store.prepare()


async def _is_ready(gate: Gate) -> bool:
    return (await gate.client.get("/readyz")).status_code == 200


async def test_readiness_is_looked_at_once(gate: Gate, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd that asks for /readyz costs the database what one does, and who leaves takes nothing from the others."""
    monkeypatch.setattr(health, "_KEPT_S", 0.0)
    with commands.counted() as sent:
        await gate.client.get("/readyz")
    once = len(sent)
    with commands.counted() as sent:
        asked = [asyncio.create_task(gate.client.get("/readyz")) for _ in range(200)]
        await asyncio.sleep(0)
        asked[0].cancel()
        answers = await asyncio.gather(*asked[1:])
    assert {one.status_code for one in answers} == {200}
    assert len(sent) <= 3 < once


async def test_indexes_are_looked_at_beside(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a look at the indexes takes, /readyz answers by the last one; and there are not two at once."""
    begun = []

    async def endless(store: Store) -> list[str]:
        begun.append(store)
        await asyncio.Event().wait()
        return []

    monkeypatch.setattr(health, "_KEPT_S", 0.0)
    assert await _is_ready(gate)
    monkeypatch.setattr(health, "missing_indexes", endless)
    monkeypatch.setattr(health, "_LOOK_AT_INDEXES_EVERY_S", 0.0)
    async with asyncio.timeout(1):
        assert all(await asyncio.gather(*(_is_ready(gate) for _ in range(5))))
        assert await _is_ready(gate)
    assert len(begun) == 1


@pytest.fixture
async def orphan(troubled: Graph, tmp_path: Path) -> AsyncIterator[Gate]:
    """A gate whose database was there and is gone."""
    settings = Settings(data_folder=tmp_path / "data", secret=SecretStr(SEAL), jwt_secret=SecretStr(SIGNS))
    async with Mongod(settings.data_folder) as mongod:
        store = await Store.open(mongod.url, "orphan", records_of(troubled))
    house = House(settings, store=store, graph=troubled)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(house)), base_url="http://gate") as client:
        yield Gate(house, client)
    await store.close()


async def test_readiness_sees_database_gone(orphan: Gate) -> None:
    """/readyz is 503, in words and soon, when the database does not answer; /healthz goes on."""
    response = await orphan.client.get("/readyz")
    assert (response.status_code, response.json()["ok"]) == (503, False)
    assert "The database does not answer." in response.json()["message"]
    assert (await orphan.client.get("/healthz")).status_code == 200


@pytest.mark.deep
@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_gate_without_database_unavailable(orphan: Gate, accept: str) -> None:
    """Where nobody can be signed in because the database is gone: 503 and UNAVAILABLE, try again later."""
    response = await orphan.ask(ME, headers=orphan.bearer() | {"Accept": accept})
    assert (response.status_code, response.headers["retry-after"], code_of(response)) == (503, "5", "UNAVAILABLE")


def test_first_question_is_valid(troubled: Graph) -> None:
    """The question that stands in the playground fits the schema."""
    assert validate(troubled._schema, parse(FIRST_QUESTION)) == []


@pytest.mark.parametrize(("shown", "status"), [(True, 200), (False, 404)])
async def test_playground_can_be_hidden(open_gate: OpenGate, shown: bool, status: int) -> None:
    """The playground stands at / unless the settings hide it; it shows to everyone and asks for nobody."""
    assert (await open_gate(playground=shown).client.get("/")).status_code == status


async def test_moments_as_stored(open_gate: OpenGate, make: Makers) -> None:
    """A mutation answers the moment that is read later: MongoDB keeps milliseconds."""
    gate = open_gate(clock=lambda: datetime.now(UTC).replace(microsecond=123_456))
    customer = await make.customer()
    added = await gate.ask(ADD_NOTE, variables={"customer": customer.id})
    note = added.json()["data"]["addNote"]["note"]
    read = await gate.ask(
        "query($id: ID!) { node(id: $id) { id ... on Note { createdAt } } }", variables={"id": note["id"]}
    )
    assert read.json()["data"]["node"] == note
    assert note["createdAt"].endswith(".123000Z")
