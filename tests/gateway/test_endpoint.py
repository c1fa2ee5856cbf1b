"""Does /graphql keep the GraphQL-over-HTTP specification?"""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from pymongo import AsyncMongoClient

from adapters.mongo import Store
from gateway.app import House, application, records_of
from resolvers.kit.graph import Graph
from tests.gateway import trouble
from tests.gateway.conftest import ANSWERED, GRAPHQL, JSON, ME, Gate, OpenGate, code_of, data_of, served

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
        ("text/html, image/gif, *; q=.2, */*; q=.2", JSON),
        (f"{JSON};q=inf, {GRAPHQL};q=0.1", GRAPHQL),
        (f'text/plain;note="a, {JSON};q=1", {GRAPHQL};q=0.3333', GRAPHQL),
        (f'{JSON};note="q=0;q=0", {GRAPHQL};q=0.9', JSON),
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


@pytest.mark.parametrize(
    "accept", ["text/html", "application/xml", *(f"{JSON};q={q}" for q in ("0", "x", "2", "-1", "nan", ""))]
)
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


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "text/html"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_other_methods_refused(gate: Gate, method: str, accept: str) -> None:
    """Any other method is answered with 405 and Allow, in the media type that is liked where there is one."""
    response = await gate.client.request(method, "/graphql", headers=gate.bearer() | {"Accept": accept})
    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST")
    assert response.headers["content-type"].startswith(GRAPHQL if accept == GRAPHQL else JSON)
    assert ("singleConnection" in response.text) is (method in {"PUT", "DELETE"})


HEADS = [
    (ME, "", 200),
    ("{", "", 400),
    ("{ nothing }", "", 400),
    ("query ($t: String!) { echo(text: $t) }", '{"t": 7}', 400),
    ("mutation { wait(seconds: 0) { __typename } }", "", 405),
    ("subscription { ticks(times: 1) { number } }", "", 406),
]


@pytest.mark.parametrize(("query", "variables", "status"), HEADS)
async def test_head_is_get_without_body(gate: Gate, query: str, variables: str, status: int) -> None:
    """By HEAD comes what comes by GET, but for the body and its length."""
    headers = gate.bearer() | {"Accept": GRAPHQL}
    asked = {"query": query, "variables": variables}
    async with served(gate.app) as address, httpx.AsyncClient(base_url=address, headers=headers) as client:
        by_get, by_head = await client.get("/graphql", params=asked), await client.head("/graphql", params=asked)
    assert (by_get.status_code, by_head.status_code, by_head.content) == (status, status, b"")
    own = {"content-length", "date", "x-request-id"}
    assert "content-length" not in by_head.headers
    assert [one for one in by_head.headers.items() if one[0] not in own] == [
        one for one in by_get.headers.items() if one[0] not in own
    ]


async def test_head_executes_nothing(gate: Gate) -> None:
    """What is asked by HEAD is checked, and not executed; a stream is only told of."""
    trouble.STARTED.clear()
    response = await gate.client.head("/graphql", params={"query": "{ slow(seconds: 30) }"}, headers=gate.bearer())
    assert (response.status_code, trouble.STARTED.is_set()) == (200, False)
    headers = gate.bearer() | {"Accept": "text/event-stream"}
    asked = {"query": "subscription { ticks(times: 1) { number } }"}
    response = await gate.client.head("/graphql", params=asked, headers=headers)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/event-stream")
    assert (await gate.client.head("/graphql", params={"query": ME})).status_code == 401


async def test_query_comes_by_get(gate: Gate) -> None:
    """GET carries query, variables (JSON), operationName and extensions in the query string."""
    asked = {
        "query": "query A($t: String!) { echo(text: $t) } query B { bug }",
        "variables": '{"t": "¡hola!"}',
        "operationName": "A",
        "extensions": "",
    }
    response = await gate.client.get("/graphql", params=asked, headers=gate.bearer())
    assert data_of(response) == {"echo": "¡hola!"}


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
    assert data_of(response) == {"wait": {"__typename": "Waited"}}


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
        (b"[]", "keep-alive, or HTTP/2 by a proxy that speaks it"),
        (b'[{"query": "{ viewer { subject } }"}]', "a list, and several questions in one request are not answered"),
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


# Presence


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


async def test_sign_in_is_given_up(gate: Gate, troubled: Graph) -> None:
    """Where the database says nothing, whoever asks is told within an answer's time to ask later."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    silent = await asyncio.start_server(hold, "127.0.0.1", 0)
    url = f"mongodb://127.0.0.1:{silent.sockets[0].getsockname()[1]}/"
    store = Store(AsyncMongoClient(url), url, "tests", records_of(troubled))
    house = House(gate.house.settings.model_copy(update={"execution_s": 0.2}), store=store, graph=troubled)
    transport = httpx.ASGITransport(application(house))
    async with silent, httpx.AsyncClient(transport=transport, base_url="http://gate.example") as client:
        headers = {"X-API-Key": f"pgw_{'a' * 24}_{'b' * 43}", "Accept": GRAPHQL}
        async with asyncio.timeout(5):
            response = await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
        await store.close()
    assert (response.status_code, code_of(response)) == (503, "UNAVAILABLE")
    assert int(response.headers["retry-after"]) > 0
    assert "cannot be verified right now" in response.text


async def test_answer_shows_no_server(gate: Gate) -> None:
    """Answers are never sniffed, never stored, and do not tell what serves here."""
    async with served(gate.app) as address, httpx.AsyncClient() as client:
        response = await client.post(f"{address}/graphql", json={"query": ME}, headers=gate.bearer())
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert "server" not in response.headers
    assert "x-powered-by" not in response.headers


@pytest.mark.parametrize(("path", "status"), [("/graphql/", 404), ("/nothing", 404), ("/healthz/", 404)])
async def test_nothing_there(gate: Gate, path: str, status: int) -> None:
    """Where no route leads it is told as all errors are, and nobody is sent to a host that the caller named."""
    response = await gate.client.get(path, headers={"Host": "evil.example"})
    assert (response.status_code, code_of(response)) == (status, "NOT_FOUND")
    assert "location" not in response.headers
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("filler", ["{}", "[]"])
async def test_crowded_bodies(gate: Gate, filler: str) -> None:
    """A body of more lists and objects than anybody needs is not even read; what looks like such in a text is."""
    for count, status in ((25_001, 413), (24_900, 200)):
        body = f'{{"query": "{{ viewer {{ subject }} }}", "variables": {{"a": [{",".join([filler] * count)}]}}}}'
        headers = gate.bearer() | {"Content-Type": JSON}
        response = await gate.client.post("/graphql", content=body, headers=headers)
        assert response.status_code == status
        if status != 200:
            assert code_of(response) == "LIMIT_EXCEEDED"
