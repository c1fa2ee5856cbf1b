"""What does the gate let somebody ask who has not signed in?"""

import hashlib
import json
from pathlib import Path
from typing import Any, cast

import pytest

from adapters.channels.webchat import WebChat, WebChatSettings
from adapters.contract.channel import Equipment
from adapters.contract.way import Way
from adapters.lines import Lines
from gateway.execution import Documents
from tests.conftest import Commands
from tests.gateway.conftest import GRAPHQL, JSON, ME, Gate, OpenGate, code_of, data_of
from tests.gateway.test_answering import MOST_CALLS, calls_counted

SITE = "https://www.shop.example"
START = """mutation Start($input: StartChatInput!) { startChat(input: $input) { __typename
  ... on StartChatPayload { token chat { messages { text } } } ... on Refusal { message } } }"""
INPUT = {"input": {"account": "main", "page": f"{SITE}/shoes"}}
GREETING = "How can we help?"
SETTINGS = WebChatSettings.model_validate({"allowed_origins": [SITE], "greeting": GREETING})
LINES = Lines([WebChat("main", SETTINGS, Equipment(way=cast("Way", None)))])
GREET = "query Greet($account: String!) { chatSite(account: $account) { greeting } }"


@pytest.fixture
def gate(open_gate: OpenGate) -> Gate:
    """A gate with a site on which visitors chat."""
    return open_gate(lines=LINES)


async def start(gate: Gate, **body: Any) -> Any:
    """The response to somebody without a sign-in."""
    given = {"query": START, "variables": INPUT} | body
    return await gate.client.post("/graphql", json=given, headers={"Origin": SITE, "Accept": GRAPHQL})


async def test_chat_begins(gate: Gate) -> None:
    """A chat begins without a sign-in, and its token opens the chat."""
    begun = (await start(gate)).json()["data"]["startChat"]
    assert begun["__typename"] == "StartChatPayload"
    headers = {"Authorization": f"Bearer {begun['token']}"}
    assert data_of(await gate.ask("{ chat { hasEarlier } }", headers=headers)) == {"chat": {"hasEarlier": False}}


@pytest.mark.parametrize(
    ("origin", "account", "site"),
    [
        pytest.param(SITE, "main", {"greeting": GREETING}, id="its page"),
        pytest.param(SITE.upper(), "main", {"greeting": GREETING}, id="its page, in capitals"),
        pytest.param("https://evil.example", "main", None, id="another page"),
        pytest.param(SITE, "other", None, id="no such site"),
    ],
)
async def test_greeting(gate: Gate, commands: Commands, origin: str, account: str, site: Any) -> None:
    """A site's greeting is told to its own pages without a sign-in, and the database is not asked for it."""
    given = {"query": GREET, "variables": {"account": account}}
    with commands.counted() as sent:
        response = await gate.client.post("/graphql", json=given, headers={"Origin": origin, "Accept": GRAPHQL})
    assert data_of(response) == {"chatSite": site}
    assert [name for name, _ in sent if name in {"find", "aggregate", "insert", "update"}] == []


async def test_beyond_the_chat(gate: Gate) -> None:
    """Whoever asks for more with a chat's token is told what it opens, in words that fit a visitor."""
    token = (await start(gate)).json()["data"]["startChat"]["token"]
    response = await gate.ask("{ viewer { customer { id } } }", headers={"Authorization": f"Bearer {token}"})
    assert code_of(response) == "FORBIDDEN"
    message = response.json()["errors"][0]["message"]
    assert ("Customer.id" in message, "identifyVisitor" in message, "key" in message) == (True, True, False)


async def test_origin_is_handed_on(gate: Gate) -> None:
    """The page that asks is handed on: the site's own terms say who may."""
    given = {"query": START, "variables": INPUT}
    response = await gate.client.post("/graphql", json=given, headers={"Origin": "https://evil.example"})
    assert response.json()["data"]["startChat"]["__typename"] == "NotPermitted"


@pytest.mark.parametrize(
    "question",
    [
        ME,
        "{ __schema { types { name } } }",
        "{ chat { hasEarlier } }",
        "{ nothing }",
        "{",
        "mutation { wait(seconds: 0) { __typename } }",
        "mutation A($input: StartChatInput!) { startChat(input: $input) { __typename } wait(seconds: 0) { seconds } }",
        "mutation ($input: StartChatInput!) { ...F } fragment F on Mutation { startChat(input: $input) { __typename }}",
        '{ chatSite(account: "main") { greeting } viewer { subject } }',
        '{ chatSite(account: "main") { greeting } __schema { types { name } } }',
        '{ ... { chatSite(account: "main") { greeting } } }',
        "subscription { ticks(times: 1) { number } }",
        START + " # " + "x" * 16 * 1024,
    ],
)
async def test_nothing_else(gate: Gate, question: str) -> None:
    """Whatever else is asked is answered alike, sound or not: nobody is signed in."""
    response = await start(gate, query=question)
    assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
    assert response.headers["www-authenticate"] == 'Bearer realm="profile-gateway"'


async def test_not_by_get(gate: Gate) -> None:
    """Nor does a chat begin by a link."""
    params = {"query": START, "variables": json.dumps(INPUT)}
    response = await gate.client.get("/graphql", params=params, headers={"Accept": GRAPHQL})
    assert response.status_code == 401


async def test_bad_token_is_no_stranger(gate: Gate) -> None:
    """Who sends a token that is no good is told so, and does not go on as a stranger."""
    response = await gate.client.post(
        "/graphql", json={"query": START, "variables": INPUT}, headers={"Authorization": "Bearer x"}
    )
    assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")


async def test_strangers_fill_no_memory(gate: Gate) -> None:
    """What strangers send is not kept at hand: they would drive out what others ask."""
    before = len(cast("Documents", gate.house.answering.preparing.documents))
    await start(gate)
    assert len(gate.house.answering.preparing.documents) == before


async def test_strangers_run_trusted(open_gate: OpenGate, tmp_path: Path) -> None:
    """Where there are manifests, a chat begins by a document that one of them holds, and by no other."""
    manifest = tmp_path / "documents.json"
    digest = hashlib.sha256(START.encode()).hexdigest()
    manifest.write_text(json.dumps({digest: START}), "utf-8")
    gate = open_gate(lines=LINES, trusted_documents=manifest)
    begun = await start(gate, query=None, documentId=f"sha256:{digest}")
    assert begun.json()["data"]["startChat"]["__typename"] == "StartChatPayload"
    refused = await start(gate, query=START + " ")
    assert (refused.status_code, code_of(refused)) == (403, "DOCUMENT_NOT_TRUSTED")
    unknown = await start(gate, query=None, documentId="another")
    assert (unknown.status_code, code_of(unknown)) == (400, "PERSISTED_QUERY_NOT_FOUND")


async def test_strangers_stay_json(gate: Gate) -> None:
    """Under the older media type a stranger's answer is as anybody's."""
    given = {"query": START, "variables": INPUT}
    response = await gate.client.post("/graphql", json=given, headers={"Accept": JSON, "Origin": SITE})
    assert response.headers["content-type"].startswith(JSON)


async def test_no_work_for_strangers(gate: Gate) -> None:
    """What does not begin with something open is not even checked for whoever has not signed in."""
    slips = "{ viewer {" + "".join(f" ... on CustomerConnectonInpt{n} {{ id }}" for n in range(100)) + " } }"
    with calls_counted() as calls:
        response = await gate.client.post("/graphql", json={"query": slips})
    assert response.status_code == 401
    assert calls.total() < MOST_CALLS / 5
