"""Do visitors run the documents that the company trusts, and no others?"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway import doctor
from gateway.findings import State
from gateway.manifests import read_manifests
from gateway.settings import BadSettings, Settings
from gateway.texts import Texts
from resolvers.kit.viewer import Role
from tests.gateway.conftest import ANSWERED, GRAPHQL, JSON, ME, Gate, OpenGate, code_of, data_of
from tests.gateway.shop import WIDGET
from tests.makers import Makers

WHO = "query Who { viewer { subject } }"
ECHO = "query Echo($text: String!) { echo(text: $text) }"
TICKS = "subscription Ticks { ticks(times: 1) { number } }"
Write = Callable[..., Path]
Visitor = Callable[..., Any]


def sha256(text: str) -> str:
    """The document's hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def md5(text: str) -> str:
    """The name that Relay gives a document."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a manifest into the folder of manifests."""
    folder = tmp_path / "documents"
    folder.mkdir()

    def one(manifest: Any, name: str = "one.json") -> Path:
        (folder / name).write_text(manifest if isinstance(manifest, str) else json.dumps(manifest), "utf-8")
        return folder

    return one


@pytest.fixture
async def gate(open_gate: OpenGate, write: Write) -> Gate:
    """A gate that trusts some documents, of each build tool one."""
    write({md5(WHO): WHO}, "relay.json")
    write({f"sha256:{sha256(TICKS)}": TICKS}, "codegen.json")
    apollo = {"id": "echo-1", "body": ECHO, "name": "Echo", "type": "query"}
    folder = write({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [apollo]}, "apollo.json")
    return open_gate(trusted_documents=folder)


@pytest.fixture
async def visitor(gate: Gate, make: Makers) -> dict[str, str]:
    """The headers of somebody in a browser."""
    customer = await make.customer("Ann")
    return gate.bearer(Role.VISITOR, subject="anna", customer_id=customer.id)


async def ask(gate: Gate, headers: dict[str, str], **body: Any) -> Any:
    """The response to whatever was posted."""
    return await gate.client.post("/graphql", json=body, headers=headers)


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": f"sha256:{sha256(WHO)}"},
        {"documentId": sha256(WHO)},
        {"documentId": md5(WHO)},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(WHO)}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": sha256(WHO).upper()}}, "query": WHO},
        {"query": WHO},
    ],
)
async def test_trusted_document_runs(gate: Gate, visitor: dict[str, str], named: dict[str, Any]) -> None:
    """A document is named by its hash, by the manifest's own name, or is sent to the letter."""
    response = await ask(gate, visitor, **named)
    assert (response.status_code, response.json()) == (200, ANSWERED)


async def test_variables_go_along(gate: Gate, visitor: dict[str, str]) -> None:
    """Variables and the operation's name stand beside the document's, by POST and by GET."""
    given = {"documentId": "echo-1", "operationName": "Echo"}
    response = await ask(gate, visitor, **given, variables={"text": "hola"})
    assert data_of(response) == {"echo": "hola"}
    response = await gate.client.get("/graphql", params={**given, "variables": '{"text": "hola"}'}, headers=visitor)
    assert data_of(response) == {"echo": "hola"}


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "text/event-stream"])
async def test_visitors_run_no_others(gate: Gate, visitor: dict[str, str], accept: str) -> None:
    """Whatever else a visitor sends is refused unread, in words and with a code, and not told whether it is valid."""
    for text in (ME, "{ nothing }", "{", WHO + " "):
        response = await ask(gate, visitor | {"Accept": accept}, query=text)
        assert "DOCUMENT_NOT_TRUSTED" in response.text
        assert "manifest" in response.text
        assert response.status_code == (403 if accept == GRAPHQL else 200)


async def test_staff_runs_any(gate: Gate) -> None:
    """Whoever is no visitor runs what the role permits."""
    assert (await gate.ask(ME)).json() == ANSWERED


async def test_any_without_manifests(open_gate: OpenGate, make: Makers) -> None:
    """A gate without manifests, as the demo's, lets visitors ask whatever their role permits."""
    gate = open_gate()
    customer = await make.customer("Ann")
    response = await gate.ask(ME, headers=gate.bearer(Role.VISITOR, customer_id=customer.id))
    assert response.json() == ANSWERED


async def test_subscription_by_name(gate: Gate, visitor: dict[str, str]) -> None:
    """A subscription is named as any other document is."""
    response = await ask(gate, visitor | {"Accept": "text/event-stream"}, documentId=f"sha256:{sha256(TICKS)}")
    assert '{"number":1}' in response.text


@pytest.mark.parametrize(
    "named", [{"documentId": "gone"}, {"extensions": {"persistedQuery": {"sha256Hash": "0" * 64}}}]
)
async def test_unknown_document(gate: Gate, visitor: dict[str, str], named: dict[str, Any]) -> None:
    """A name that no manifest has is told as Apollo's clients know it, who send the text then."""
    for headers in (gate.bearer(), visitor):
        response = await ask(gate, headers | {"Accept": GRAPHQL}, **named)
        assert (response.status_code, code_of(response)) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert (await ask(gate, gate.bearer(), query=ME)).json() == ANSWERED


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": 7},
        {"documentId": ""},
        {"documentId": ["a"]},
        {"documentId": md5(WHO), "query": WHO},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": "x"}},
        {"extensions": {"persistedQuery": {"sha256Hash": None}}},
        {"extensions": {"persistedQuery": {"sha256Hash": sha256(WHO)}}, "query": ME},
    ],
)
async def test_ill_named_refused(gate: Gate, body: dict[str, Any]) -> None:
    """A name of the wrong type, or a hash that is not the text's, is no well-formed request."""
    response = await ask(gate, gate.bearer(), **body)
    assert (response.status_code, code_of(response)) == (400, "BAD_REQUEST")


APOLLO = {"format": "apollo-persisted-query-manifest", "version": 1}


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("{", "cannot be read"),
        ([], "is no manifest"),
        ({}, "holds no document"),
        ({md5(ME): WHO}, "whose md5 hash is another"),
        ({f"sha256:{md5(ME)}": ME}, "whose sha256 hash is another"),
        ({"a": 7}, "has no text"),
        ({"a": "{"}, "is no document"),
        ({"a": "fragment F on Query { viewer { subject } }"}, "without an operation"),
        ({"format": "another", "operations": []}, "format that is not known"),
        (APOLLO, "format that is not known"),
        (APOLLO | {"operations": [{"body": ME}]}, "without an `id`"),
        (APOLLO | {"operations": [{"id": "a", "body": WHO, "name": "What", "type": "query"}]}, "`name` and `type`"),
        (APOLLO | {"operations": [{"id": "a", "body": WHO, "name": "Who", "type": "mutation"}]}, "`name` and `type`"),
    ],
)
def test_unsound_manifest(write: Write, manifest: Any, words: str) -> None:
    """A manifest that is not sound keeps the gateway from starting, and the words say where."""
    with pytest.raises(BadSettings, match=r"GATEWAY_TRUSTED_DOCUMENTS: .*documents") as raised:
        Texts(Settings(trusted_documents=write(manifest)))
    assert words in str(raised.value)


def test_manifests_agree(write: Write, tmp_path: Path) -> None:
    """One name means one text in all manifests; a file that is missing is told."""
    write({"a": WHO}, "one.json")
    folder = write({"a": WHO, "b": ME}, "two.json")
    assert set(read_manifests(folder)) == {"a", "b"}
    write({"a": ME}, "two.json")
    with pytest.raises(BadSettings, match="names another document 'a'"):
        Texts(Settings(trusted_documents=folder))
    with pytest.raises(BadSettings, match=r"none.json' is not there. Check the path"):
        Texts(Settings(trusted_documents=tmp_path / "none.json"))


async def test_doctor_looks(write: Write, tmp_path: Path) -> None:
    """The doctor tells which documents the graph does not answer, and which manifest is not sound."""
    assert "whatever their role permits" in (await doctor.documents(Settings(data_folder=tmp_path))).words
    folder = write({"who": WHO, "old": "{ nothing }"})
    found = await doctor.documents(Settings(data_folder=tmp_path, trusted_documents=folder))
    assert (found.state, "1 of 2" in found.words, "old" in found.words) == (State.WARNING, True, True)
    assert (await doctor.documents(Settings(data_folder=tmp_path, trusted_documents=WIDGET))).state is State.OK
    assert (
        await doctor.documents(Settings(data_folder=tmp_path, trusted_documents=tmp_path / "none"))
    ).state is State.BROKEN
