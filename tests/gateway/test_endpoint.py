"""Does /graphql keep the GraphQL-over-HTTP specification, and does nothing unforeseen get out?"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from graphql import parse, validate
from pydantic import SecretStr
from starlette.applications import Starlette

from adapters.mongo import Store
from gateway.app import FIRST_QUESTION, House, application, records_of
from gateway.mongod import Mongod
from gateway.settings import Settings
from gateway.telemetry import configure_logs
from resolvers.kit.graph import Graph
from tests.gateway import trouble
from tests.gateway.conftest import SEAL, SIGNS, Gate, OpenGate

GRAPHQL = "application/graphql-response+json"
JSON = "application/json"
ME = "{ viewer { subject } }"
ANSWERED = {"data": {"viewer": {"subject": "anna"}}}


def code_of(response: httpx.Response) -> str:
    """The code of the only error."""
    (error,) = response.json()["errors"]
    return str(error["extensions"]["code"])


# Media types


@pytest.mark.parametrize(
    ("accept", "answered"),
    [
        (GRAPHQL, GRAPHQL),
        (JSON, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("application/*, application/graphql-response+json;q=0.5", JSON),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{GRAPHQL}, {JSON}", GRAPHQL),
        (f"{JSON};q=0.5, {GRAPHQL};q=0.9", GRAPHQL),
        (f"{JSON};q=0.9, {GRAPHQL};q=0.5", JSON),
        (f"{GRAPHQL};q=0, */*", JSON),
        (f"{JSON}, text/plain, */*", JSON),
        (f"{GRAPHQL}, application/graphql+json, {JSON}, text/event-stream, multipart/mixed", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        ("APPLICATION/JSON", JSON),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
    ],
)
async def test_liked_type_answered(gate: Gate, accept: str, answered: str) -> None:
    """The server MUST respect Accept and encode the response in the highest priority media type supported."""
    response = await gate.ask(ME, headers=gate.bearer() | {"Accept": accept})
    assert response.headers["content-type"] == f"{answered}; charset=utf-8"
    assert (response.status_code, response.json()) == (200, ANSWERED)


async def test_no_accept_means_newer_type(gate: Gate) -> None:
    """From 2025 on, without Accept the request is treated as if it had Accept: application/graphql-response+json."""
    del gate.client.headers["accept"]
    response = await gate.ask(ME)
    assert response.headers["content-type"].startswith(GRAPHQL)


@pytest.mark.parametrize("accept", ["text/html", "application/xml", f"{JSON};q=0", f"{JSON};q=x"])
async def test_unknown_type_not_acceptable(gate: Gate, accept: str) -> None:
    """Where no supported media type is accepted, the server responds with 406 (RECOMMENDED)."""
    response = await gate.ask(ME, headers=gate.bearer() | {"Accept": accept})
    assert response.status_code == 406
    assert GRAPHQL in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/graphql", "application/x-www-form-urlencoded", "application/json; charset=latin-1", ""],
)
async def test_other_bodies_unsupported(gate: Gate, content_type: str) -> None:
    """A POST is application/json in UTF-8; any other, also none, is refused with 415."""
    headers = gate.bearer() | {"Content-Type": content_type}
    response = await gate.client.post("/graphql", content=json.dumps({"query": ME}), headers=headers)
    assert response.status_code == 415
    assert response.headers["accept"] == JSON


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
async def test_charset_may_be_said(gate: Gate, content_type: str) -> None:
    """UTF-8 may be named, in any case."""
    headers = gate.bearer() | {"Content-Type": content_type}
    response = await gate.client.post("/graphql", content=json.dumps({"query": ME}), headers=headers)
    assert response.json() == ANSWERED


async def test_compressed_body_unsupported(gate: Gate) -> None:
    """A compressed body is refused before it is read."""
    response = await gate.ask(ME, headers=gate.bearer() | {"Content-Encoding": "gzip"})
    assert response.status_code == 415


# Methods


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "BREW"])
async def test_other_methods_refused(gate: Gate, method: str) -> None:
    """Any other method is answered with 405 and Allow."""
    response = await gate.client.request(method, "/graphql", headers=gate.bearer())
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_query_comes_by_get(gate: Gate) -> None:
    """GET carries query, variables (JSON), operationName and extensions in the query string."""
    asked = {
        "query": "query A($t: String!) { echo(text: $t) } query B { bug }",
        "variables": '{"t": "¡hola!"}',
        "operationName": "A",
        "extensions": "",
    }
    response = await gate.client.get("/graphql", params=asked, headers=gate.bearer())
    assert response.json() == {"data": {"echo": "¡hola!"}}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
async def test_mutation_by_get_refused(gate: Gate, accept: str) -> None:
    """GET MUST NOT execute mutations: 405 with Allow, under either media type."""
    response = await gate.client.get(
        "/graphql",
        params={"query": "mutation { wait(seconds: 0) { __typename } }"},
        headers=gate.bearer() | {"Accept": accept},
    )
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_mutation_comes_by_post(gate: Gate) -> None:
    """POST carries mutations."""
    response = await gate.ask("mutation { wait(seconds: 0) { __typename } }")
    assert response.json() == {"data": {"wait": {"__typename": "Waited"}}}


# Bodies

DEEP = "[" * 5_000 + "]" * 5_000


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"NONSENSE", "not JSON"),
        (b'{"query":', "not JSON"),
        (b'{"query": "\xff"}', "not JSON"),
        (b'{"query": "\\ud800"}', "not JSON"),
        (b'{"query": "{ viewer { subject } }", "variables": {"a": NaN}}', "not JSON"),
        (b'{"query": "{ viewer { subject } }", "variables": {"a": 1e999}}', "not JSON"),
        (DEEP.encode(), "nested less than 1024 deep"),
        (b"[]", "a list"),
        (b'[{"query": "{ viewer { subject } }"}]', "a list"),
        (b'"{ viewer { subject } }"', "a string"),
        (b"7", "a number"),
        (b"null", "missing"),
        (b"true", "a boolean"),
        (b"{}", "`query` is missing"),
        (b'{"query": ""}', "`query` is missing"),
        (b'{"qeury": "{__typename}"}', "`query` is missing"),
        (b'{"query": 7}', "`query` is a number"),
        (b'{"query": ["{a}"]}', "`query` is a list"),
        (b'{"query": "{__typename}", "variables": [7]}', "`variables` is a list"),
        (b'{"query": "{__typename}", "variables": "{}"}', "`variables` is a string"),
        (b'{"query": "{__typename}", "operationName": 7}', "`operationName` is a number"),
        (b'{"query": "{__typename}", "extensions": true}', "`extensions` is a boolean"),
    ],
)
async def test_ill_formed_request_refused(gate: Gate, body: bytes, words: str) -> None:
    """A request that is not well-formed is answered with 400, under application/json too, in words."""
    headers = gate.bearer() | {"Content-Type": JSON, "Accept": JSON}
    response = await gate.client.post("/graphql", content=body, headers=headers)
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")
    assert words in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("asked", [{}, {"query": ""}, {"query": ME, "variables": "7"}, {"query": ME, "variables": "{"}])
async def test_ill_formed_get_refused(gate: Gate, asked: dict[str, str]) -> None:
    """The same holds for what stands in the query string."""
    response = await gate.client.get("/graphql", params=asked, headers=gate.bearer())
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


async def test_nulls_and_strangers_ignored(gate: Gate) -> None:
    """Optional parameters may be null, and names that the specification reserves are not an error."""
    response = await gate.ask(ME, variables=None, operationName=None, extensions=None, id="7")
    assert response.json() == ANSWERED


@pytest.mark.parametrize("sends_length", [True, False])
async def test_large_body_refused(gate: Gate, sends_length: bool) -> None:
    """A body over the limit is refused with 413, the limit named, whether or not its length was announced."""
    body = json.dumps({"query": ME, "variables": {"a": "x" * 256 * 1024}}).encode()

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 8192):
            yield body[start : start + 8192]

    headers = gate.bearer() | {"Content-Type": JSON}
    response = await gate.client.post("/graphql", content=body if sends_length else chunks(), headers=headers)
    assert (response.status_code, code_of(response)) == (413, "LIMIT_EXCEEDED")
    assert "at most 262144 are read" in response.json()["errors"][0]["message"]


async def test_large_question_refused(gate: Gate) -> None:
    """A question over its own limit is refused with 413; variables may be larger."""
    response = await gate.ask("{ viewer { subject } } #" + "x" * 64 * 1024)
    assert (response.status_code, code_of(response)) == (413, "LIMIT_EXCEEDED")
    response = await gate.ask("query ($t: String!) { echo(text: $t) }", variables={"t": "x" * 128 * 1024})
    assert response.status_code == 200


async def test_slow_body_refused(open_gate: OpenGate) -> None:
    """A body that does not arrive in time is refused with 408."""
    gate = open_gate(body_read_s=0.05)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    response = await gate.client.post("/graphql", content=chunks(), headers=gate.bearer() | {"Content-Type": JSON})
    assert (response.status_code, code_of(response)) == (408, "LIMIT_EXCEEDED")


# Questions that cannot be answered

UNASKED = [
    ("{", "GRAPHQL_PARSE_FAILED"),
    ("{ viewer { subject }", "GRAPHQL_PARSE_FAILED"),
    ("#", "GRAPHQL_PARSE_FAILED"),
    ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
    ("subscription { viewer { subject } }", "GRAPHQL_VALIDATION_FAILED"),
    ('{ echo(text: "a", number: 99999999999) }', "GRAPHQL_VALIDATION_FAILED"),
    ('{ echo(text: "a", number: ' + "9" * 5_000 + ") }", None),
    ("{" + "viewer {" * 3_000, "GRAPHQL_PARSE_FAILED"),
    ("{ echo(text: " + "[" * 20_000 + "]" * 20_000 + ") }", "GRAPHQL_PARSE_FAILED"),
    ("fragment F on Query { viewer { subject } }", None),
]


@pytest.mark.parametrize(("query", "code"), UNASKED)
@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
async def test_unreadable_question_told(gate: Gate, query: str, code: str | None, accept: str, status: int) -> None:
    """A document that cannot be parsed or is not valid: 400 under the newer type, 200 under application/json."""
    response = await gate.ask(query, headers=gate.bearer() | {"Accept": accept})
    assert response.status_code == status
    assert "data" not in response.json()
    codes = {error["extensions"]["code"] for error in response.json()["errors"]}
    assert codes <= ({code} if code else {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"})


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("query A { bug } query B { bug }", None, "Say in `operationName` which of them is meant: A, B"),
        ("query A { bug } query B { bug }", "", "which of them"),
        ("query A { bug } query B { bug }", "C", "no operation 'C' in the document. There is: A, B"),
        ("{ bug }", "C", "There is: none with a name"),
    ],
)
async def test_unknown_operation_told(gate: Gate, query: str, name: str | None, words: str) -> None:
    """If the operation cannot be determined it is not executed: 400 under the newer type."""
    response = await gate.ask(query, operationName=name, headers=gate.bearer() | {"Accept": GRAPHQL})
    assert (response.status_code, code_of(response)) == (400, "OPERATION_RESOLUTION_FAILURE")
    assert words in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "variables", [{}, {"n": "x"}, {"n": 2**40}, {"n": 10**30}, {"n": 1.5}, {"n": {"a": 1}}, {"n": None}]
)
async def test_wrong_variables_told(gate: Gate, variables: dict[str, Any]) -> None:
    """Variables that cannot be coerced are a request error: no data, 400 under the newer type."""
    query = 'query ($n: Int!) { echo(text: "a", number: $n) }'
    response = await gate.ask(query, variables=variables, headers=gate.bearer() | {"Accept": GRAPHQL})
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")
    assert "data" not in response.json()


# Errors of fields


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize(
    ("field", "code", "words"),
    [
        ("refused", "BAD_USER_INPUT", "`first` is 0. Ask for 1 or more."),
        ("down", "UNAVAILABLE", "The database does not answer."),
        ("tooSlow", "LIMIT_EXCEEDED", "Ask for less at once."),
        ("forFew", "FORBIDDEN", "not for the role agent"),
    ],
)
async def test_tellable_error_told(gate: Gate, accept: str, field: str, code: str, words: str) -> None:
    """An error of a field stands beside the data, with its code, its path and 200."""
    response = await gate.ask(f"{{ {field} viewer {{ subject }} }}", headers=gate.bearer() | {"Accept": accept})
    assert (response.status_code, code_of(response)) == (200, code)
    (error,) = response.json()["errors"]
    assert words in error["message"]
    assert (error["path"], error["locations"]) == ([field], [{"line": 1, "column": 3}])
    assert response.json()["data"] == {field: None, "viewer": {"subject": "anna"}}


@pytest.mark.parametrize("field", ["bug", "neverNull", "tooLarge"])
async def test_unforeseen_error_masked(gate: Gate, field: str, caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is told by a reference alone; the log has the whole under it."""
    with caplog.at_level(logging.ERROR):
        response = await gate.ask(f"{{ {field} }}")
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert re.fullmatch(r"Something went wrong.* reference [0-9a-f]{12}\.", error["message"])
    assert "Ana" not in response.text
    assert "1099511627776" not in response.text
    assert error["extensions"]["reference"] in error["message"]


async def test_log_finds_reference(gate: Gate, capsys: pytest.CaptureFixture[str], logs_as_before: None) -> None:
    """The log line of the reference carries the traceback and the request's id, in one line of JSON."""
    del logs_as_before
    configure_logs("error")
    response = await gate.ask("{ bug }")
    (line,) = capsys.readouterr().err.splitlines()
    logged = json.loads(line)
    assert logged["reference"] == response.json()["errors"][0]["extensions"]["reference"]
    assert logged["request_id"] == response.headers["x-request-id"]
    assert "KeyError" in logged["exception"]
    assert "trouble.py" in logged["exception"]


async def test_whole_data_may_be_null(gate: Gate) -> None:
    """If data is null because a field failed, the request was executed: 200 under the newer type."""
    response = await gate.ask("{ neverNull }", headers=gate.bearer() | {"Accept": GRAPHQL})
    assert (response.status_code, response.json()["data"]) == (200, None)


# Time and presence


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 503)])
async def test_long_answer_given_up(open_gate: OpenGate, accept: str, status: int) -> None:
    """An answer that takes longer than the limit is cancelled, the limit named."""
    gate = open_gate(execution_s=0.1)
    trouble.ENDED.clear()
    response = await gate.ask("{ slow(seconds: 5) }", headers=gate.bearer() | {"Accept": accept})
    assert (response.status_code, code_of(response)) == (status, "LIMIT_EXCEEDED")
    assert "longer than 0.1 seconds" in response.json()["errors"][0]["message"]
    assert trouble.ENDED.is_set()


async def test_long_mutation_says_what_stays(open_gate: OpenGate) -> None:
    """A mutation that was given up says that what it had changed is kept."""
    response = await open_gate(execution_s=0.1).ask("mutation { wait(seconds: 5) { __typename } }")
    assert "had changed by then is kept" in response.json()["errors"][0]["message"]


@asynccontextmanager
async def served(app: Starlette) -> AsyncIterator[str]:
    """The address of the application on a real socket."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_config=None, server_header=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def test_work_ends_with_client(gate: Gate) -> None:
    """When the client closes the connection, the work for it is cancelled at once."""
    trouble.STARTED.clear()
    trouble.ENDED.clear()
    async with served(gate.app) as address, httpx.AsyncClient() as client:
        body = {"query": "{ slow(seconds: 30) }"}
        asking = asyncio.create_task(client.post(f"{address}/graphql", json=body, headers=gate.bearer()))
        await asyncio.wait_for(trouble.STARTED.wait(), 5)
        asking.cancel()
        await asyncio.wait_for(trouble.ENDED.wait(), 2)
        again = await client.post(f"{address}/graphql", json={"query": ME}, headers=gate.bearer())
        assert again.json() == ANSWERED


async def test_answer_shows_no_server(gate: Gate) -> None:
    """Answers are never sniffed, never stored, and do not tell what serves here."""
    async with served(gate.app) as address, httpx.AsyncClient() as client:
        response = await client.post(f"{address}/graphql", json={"query": ME}, headers=gate.bearer())
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert "server" not in response.headers
    assert "x-powered-by" not in response.headers


# Around it


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
    await gate.client.get(
        "/graphql", params={"query": 'query Secretly { echo(text: "Ana Ruiz") }'}, headers=gate.bearer()
    )
    await gate.client.get("/customers/ana.ruiz@example.com")
    lines = map(json.loads, capsys.readouterr().err.splitlines())
    answered, lost = (line for line in lines if line["logger"] == "gateway.request")
    assert (answered["status"], answered["operation"], answered["path"]) == (200, "Secretly", "/graphql")
    assert answered["commands"] >= 0
    assert (lost["status"], lost["path"]) == (404, None)
    assert "Ruiz" not in json.dumps([answered, lost])
    assert "anna" not in json.dumps(answered)


async def test_process_says_it_lives(gate: Gate) -> None:
    """/healthz answers without asking the database."""
    response = await gate.client.get("/healthz")
    assert response.status_code == 200


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
        assert (await gate.client.get("/readyz")).status_code == 200
    finally:
        await store.prepare()


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


async def test_known_question_read_once(gate: Gate) -> None:
    """A valid question that was seen before is not read again; what is kept has a bound."""
    for number in range(200):
        await gate.ask("{ viewer { subject } } #" + f"{number:05}" * 400)
    known = gate.house.answering._known
    assert 0 < sum(map(len, known)) <= 256 * 1024
