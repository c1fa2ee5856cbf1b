"""Does every process take up what is trusted, and what no more, while it answers?"""

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from adapters.mongo import Store
from gateway import cli, doctor
from gateway.app import House, application
from gateway.findings import State
from gateway.kept_documents import (
    TRUSTED_DOCUMENTS,
    BadDocument,
    add_documents,
    kept_documents,
    retire_document,
)
from gateway.manifests import Manifests
from gateway.mongod import Mongod
from gateway.persisted import Persisted
from gateway.settings import Settings
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role
from tests.gateway import ticking
from tests.gateway.conftest import ANSWERED, GRAPHQL, ME, Gate, OpenGate, code_of, served
from tests.gateway.socket_client import opened
from tests.makers import Makers
from tests.planted import SEAL, SIGNS
from tests.waiting import until

WHO = "query Who { viewer { subject } }"
OTHER = "query Other { viewer { subject role } }"
FOLLOW = "subscription Ticks { ticks(times: 1000, everyS: 0.01) { number } }"
Run = Callable[..., Awaitable[Any]]


def sha256(text: str) -> str:
    """The document's hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def now() -> datetime:
    """The moment, as the database keeps it."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
async def visitor(open_gate: OpenGate, make: Makers) -> dict[str, str]:
    """The headers of somebody in a browser."""
    customer = await make.customer("Ann")
    bearer = open_gate().bearer(Role.VISITOR, subject="anna", customer_id=customer.id)
    return bearer | {"Accept": GRAPHQL}


@pytest.fixture
async def gates(store: Store, mongod: Mongod, troubled: Graph) -> AsyncIterator[list[Gate]]:
    """Two processes' gates on one database, each with a connection of its own, as they serve."""
    settings = Settings(secret=SecretStr(SEAL), jwt_secret=SecretStr(SIGNS))
    async with AsyncExitStack() as opened:
        other = await Store.open(mongod.url, store.database, [*store.records.values()])
        opened.push_async_callback(other.close)
        other.held.follow()
        made = []
        for one in (store, other):
            house = House(settings, store=one, graph=troubled)
            opened.push_async_callback(house.ledger.close)
            await opened.enter_async_context(house.texts.fresh(one))
            transport = httpx.ASGITransport(application(house))
            client = httpx.AsyncClient(transport=transport, base_url="http://gate.example")
            made.append(Gate(house, await opened.enter_async_context(client)))
        yield made


@pytest.fixture
def run(mongod: Mongod, store: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logs_as_before: None) -> Run:
    """Runs commands on the run's database, in a thread of their own."""
    del logs_as_before
    monkeypatch.setenv("MONGODB_URL", mongod.url)
    monkeypatch.setenv("GATEWAY_DATABASE", store.database)
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path / "data"))

    async def do(*words: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, cli.app, ["documents", *words])

    return do


async def ask(gate: Gate, headers: dict[str, str], **body: Any) -> httpx.Response:
    """The response to whatever was posted."""
    return await gate.client.post("/graphql", json=body, headers=headers)


async def told(gate: Gate, headers: dict[str, str], **body: Any) -> Any:
    """The code of what is wrong with it, or its data."""
    answer = (await ask(gate, headers, **body)).json()
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else answer["data"]


async def test_taken_up_everywhere(gates: list[Gate], visitor: dict[str, str], run: Run, tmp_path: Path) -> None:
    """What commands add and retire holds in every process within seconds, and no question fails meanwhile."""
    (tmp_path / "who.graphql").write_text(WHO, "utf-8")
    asked, is_over = 0, asyncio.Event()

    async def keep_asking(gate: Gate) -> None:
        nonlocal asked
        while not is_over.is_set():
            assert (await ask(gate, gate.bearer(), query=ME)).json() == ANSWERED
            asked += 1
            await asyncio.sleep(0.1)

    async def all_say(said: Any, **body: Any) -> None:
        async def is_so() -> bool:
            await asyncio.sleep(0.1)
            return [await told(gate, visitor, **body) for gate in gates] == [said, said]

        await until(is_so)

    async with asyncio.TaskGroup() as asking:
        for gate in gates:
            asking.create_task(keep_asking(gate))
        assert [await told(gate, visitor, query=ME) for gate in gates] == [ANSWERED["data"]] * 2
        assert "Documents added: 1." in (await run("add", str(tmp_path / "who.graphql"))).stderr
        await all_say(ANSWERED["data"], documentId=sha256(WHO))
        await all_say("DOCUMENT_NOT_TRUSTED", query=ME)
        assert (await run("retire", sha256(WHO))).exit_code == 0
        await all_say("DOCUMENT_RETIRED", documentId=f"sha256:{sha256(WHO)}")
        is_over.set()
    assert asked > len(gates)


@pytest.fixture
async def gate(open_gate: OpenGate, store: Store) -> Gate:
    """A gate that trusts a document by a name and a hash, and another that is retired."""
    await add_documents(store, {"who": WHO, sha256(OTHER): OTHER}, at=now())
    await retire_document(store, sha256(OTHER), at=datetime(2026, 3, 4, 5, 6, tzinfo=UTC))
    gate = open_gate()
    await gate.house.texts.look(store)
    return gate


async def test_retired_told(gate: Gate, visitor: dict[str, str]) -> None:
    """What is retired is told so, since when, and what helps: by name, by hash, and of a visitor's text."""
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": sha256(OTHER)}}
    for body in ({"documentId": sha256(OTHER)}, {"extensions": hashed}, {"query": OTHER}):
        response = await ask(gate, visitor, **body)
        assert (response.status_code, code_of(response)) == (403, "DOCUMENT_RETIRED")
        assert "retired on 2026-03-04 at 05:06 UTC" in response.json()["errors"][0]["message"]


async def test_staff_and_retired(gate: Gate) -> None:
    """Nobody runs what is retired by its name; whose role permits the text goes on to send that."""
    assert await told(gate, gate.bearer(), documentId=sha256(OTHER)) == "DOCUMENT_RETIRED"
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": sha256(OTHER)}}
    assert await told(gate, gate.bearer(), extensions=hashed) == "PERSISTED_QUERY_NOT_FOUND"
    said = {"viewer": {"subject": "anna", "role": "AGENT"}}
    assert await told(gate, gate.bearer(), query=OTHER, extensions=hashed) == said
    assert await told(gate, gate.bearer(), extensions=hashed) == said


async def test_names_are_no_hashes(gate: Gate) -> None:
    """A name that stands in a hash's place finds the trusted document, and is kept as no text's hash."""
    hashed = {"persistedQuery": {"version": 1, "sha256Hash": "who"}}
    assert await told(gate, gate.bearer(), extensions=hashed) == ANSWERED["data"]
    assert len(cast("Persisted", gate.house.texts.persisted)) == 0


async def test_known_from_the_start(open_gate: OpenGate, store: Store, visitor: dict[str, str]) -> None:
    """A process that starts knows what is trusted before it answers."""
    await add_documents(store, {"who": WHO}, at=now())
    gate = open_gate()
    async with gate.house.texts.fresh(store):
        assert await told(gate, visitor, query=ME) == "DOCUMENT_NOT_TRUSTED"


async def test_strangers_told_retired(gate: Gate) -> None:
    """Whoever has not signed in is told of documents as visitors are, and of nothing else."""
    stranger = {"Accept": GRAPHQL}
    assert await told(gate, stranger, documentId=sha256(OTHER)) == "DOCUMENT_RETIRED"
    assert await told(gate, stranger, query=ME) == "DOCUMENT_NOT_TRUSTED"
    assert await told(gate, stranger, documentId="who") == "UNAUTHENTICATED"


async def test_followed_until_retired(gate: Gate, store: Store, visitor: dict[str, str]) -> None:
    """Whoever follows a document when it is retired is told so, and hears nothing more."""
    await add_documents(store, {"ticks": FOLLOW}, at=now())
    await gate.house.texts.look(store)
    before = ticking.MADE["ticks"]
    following = asyncio.create_task(ask(gate, visitor | {"Accept": "text/event-stream"}, documentId="ticks"))
    await until(lambda: ticking.MADE["ticks"] > before)
    await retire_document(store, "ticks", at=now())
    await gate.house.texts.look(store)
    events = (await following).text
    assert ('"number":1}' in events, "DOCUMENT_RETIRED" in events) == (True, True)


async def test_over_sockets(gate: Gate, store: Store, visitor: dict[str, str]) -> None:
    """Over a WebSocket the same documents run and the same hashes are known; what is retired is followed no more."""
    await add_documents(store, {"ticks": FOLLOW}, at=now())
    await gate.house.texts.look(store)
    async with served(gate.app) as address, opened(address, said=visitor) as client:
        await client.ask(ME)
        assert (await client.hear())["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        await client.say({"type": "subscribe", "id": "2", "payload": {"documentId": "ticks"}})
        assert (await client.hear())["payload"]["data"] == {"ticks": {"number": 1}}
        await retire_document(store, "ticks", at=now())
        await gate.house.texts.look(store)
        while (heard := await client.hear())["type"] == "next":
            pass
        assert heard["payload"][0]["extensions"]["code"] == "DOCUMENT_RETIRED"
        async with opened(address, said=gate.bearer()) as staff:
            hashed = {"persistedQuery": {"version": 1, "sha256Hash": sha256(ME)}}
            await staff.ask(ME, extensions=hashed)
            assert (await staff.hear())["payload"] == ANSWERED
    assert await told(gate, gate.bearer(), extensions=hashed) == ANSWERED["data"]


async def test_last_retired_opens_nothing(gate: Gate, store: Store, visitor: dict[str, str]) -> None:
    """With all of them retired, visitors run nothing, and not everything."""
    await retire_document(store, "who", at=now())
    await gate.house.texts.look(store)
    assert await told(gate, visitor, query=ME) == "DOCUMENT_NOT_TRUSTED"
    assert await told(gate, visitor, documentId="who") == "DOCUMENT_RETIRED"


async def test_added_again(gate: Gate, store: Store, visitor: dict[str, str]) -> None:
    """What is added again is trusted again; what is trusted already changes nothing; a name keeps its text."""
    assert await add_documents(store, {"who": WHO, sha256(OTHER): OTHER}, at=now()) == 1
    await gate.house.texts.look(store)
    assert await told(gate, visitor, query=OTHER) == {"viewer": {"subject": "anna", "role": "VISITOR"}}
    with pytest.raises(BadDocument, match="'who' is the name of another document"):
        await add_documents(store, {"new": ME, "who": ME}, at=now())
    assert {one.name for one in await kept_documents(store)} == {"who", sha256(OTHER)}


async def test_retired_beats_manifest(
    open_gate: OpenGate, store: Store, visitor: dict[str, str], tmp_path: Path
) -> None:
    """What a command has retired is refused by that name though a manifest has it; by another name it is trusted."""
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({"who": WHO, "other": OTHER}), "utf-8")
    gone = ("who", "old", sha256(OTHER))
    await add_documents(store, {"who": WHO, "old": OTHER, sha256(OTHER): OTHER}, at=now())
    for name in gone:
        await retire_document(store, name, at=now())
    gate = open_gate(trusted_documents=manifest)
    await gate.house.texts.look(store)
    assert await told(gate, visitor, query=WHO) == "DOCUMENT_RETIRED"
    assert {await told(gate, visitor, documentId=name) for name in gone} == {"DOCUMENT_RETIRED"}
    assert await told(gate, visitor, documentId="other") == await told(gate, visitor, query=OTHER)
    assert "viewer" in await told(gate, visitor, documentId="other")


async def test_manifest_read_again(open_gate: OpenGate, store: Store, visitor: dict[str, str], tmp_path: Path) -> None:
    """A manifest that changes is read again; one that is spoilt, or goes, leaves what was."""
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({"who": WHO}), "utf-8")
    gate = open_gate(trusted_documents=manifest)

    async def trusts(*texts: str) -> bool:
        await gate.house.texts.look(store)
        return [text for text in (WHO, OTHER) if "viewer" in await told(gate, visitor, query=text)] == list(texts)

    assert await trusts(WHO)
    manifest.write_text(json.dumps({"other one": OTHER}), "utf-8")
    assert await trusts(OTHER)
    manifest.write_text('{"who": "que', "utf-8")
    assert await trusts(OTHER)
    manifest.unlink()
    assert await trusts(OTHER)
    manifest.write_text(json.dumps({"who": WHO, "other": OTHER}), "utf-8")
    assert await trusts(WHO, OTHER)


async def test_manifest_read_once(tmp_path: Path) -> None:
    """What has not changed is not read again, and what was put in a file's place is."""
    file, fresh = tmp_path / "one.json", tmp_path / "fresh"
    file.write_text(json.dumps({"a": WHO}), "utf-8")
    manifests = Manifests(tmp_path)
    read = manifests.named
    await manifests.look()
    assert manifests.named is read
    fresh.write_text(json.dumps({"b": WHO}), "utf-8")
    os.utime(fresh, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    fresh.rename(file)
    await manifests.look()
    read = manifests.named
    assert set(read) == {"b"}
    await manifests.look()
    assert manifests.named is read


async def test_listed(gate: Gate, run: Run, store: Store) -> None:
    """`list` tells each document's name, its operations, and when it was added and retired, a line for each."""
    del gate
    rows = [line.split("\t") for line in (await run("list")).stdout.splitlines()]
    (added,) = {f"{one.added_at:%Y-%m-%d %H:%M:%S} UTC" for one in await kept_documents(store)}
    assert rows == [
        ["name", "operations", "added", "retired"],
        [sha256(OTHER), "query Other", added, "2026-03-04 05:06:00 UTC"],
        ["who", "query Who", added, ""],
    ]


MANY = "query Many { " + " ".join(f"a{n}: viewer {{ subject }}" for n in range(31)) + " }"
DEAR = "{ customers(first: 100) { nodes { tickets(first: 100) { nodes { id } } } } }"


async def test_unfit_not_added(run: Run, store: Store, tmp_path: Path) -> None:
    """Where one is not answered by the schema, or beyond a limit, it is told by its name, and none is added."""
    apollo = [{"id": "two", "name": "B", "type": "query", "body": f"query A {{ nothing }} query B {{ {ME[1:-1]} }}"}]
    manifest = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": apollo}
    (tmp_path / "apollo.json").write_text(json.dumps(manifest), "utf-8")
    relay = {"good": WHO, "many": MANY, "dear": f"query A {ME} query B {DEAR}", "long": WHO + "#" * 70_000}
    (tmp_path / "relay.json").write_text(json.dumps(relay), "utf-8")
    done = await run("add", str(tmp_path / "apollo.json"), str(tmp_path / "relay.json"))
    *lines, last = done.stderr.splitlines()
    assert (done.exit_code, last.startswith("Nothing was added.")) == (1, True)
    assert [line.partition(":")[0] for line in lines] == ["two", "many", "many", "dear", "long"]
    for line, words in zip(
        lines, ["field 'nothing'", "at its top", "31 aliases", "/graphql/cost", "70032 bytes"], strict=True
    ):
        assert words in line
    assert await store.count(TRUSTED_DOCUMENTS, {}) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["retire", "none"], "There is no document 'none'", id="unknown name"),
        pytest.param(["add", "none.json"], "'none.json' is not there. Check the path.\n", id="no manifest"),
        pytest.param(["add", "none.graphql"], "'none.graphql' is not there. Check the path.\n", id="no text"),
        pytest.param(["add", "/dev/null/x.json"], "'/dev/null/x.json' cannot be read: Not a directory. ", id="no file"),
    ],
)
async def test_mistakes_told(run: Run, words: list[str], said: str) -> None:
    """What cannot be done is told in words, with exit status 1."""
    done = await run(*words)
    assert (done.exit_code, said in done.stderr, isinstance(done.exception, SystemExit)) == (1, True, True)


async def test_doctor_counts_added(gate: Gate, mongod: Mongod, store: Store) -> None:
    """The doctor counts what was added, and names what the graph does not answer any more."""
    settings = Settings(mongodb_url=SecretStr(mongod.url), database=store.database)
    assert (await doctor.documents(settings)).words == "Visitors run 1 documents and no others."
    await add_documents(store, {"old": "{ nothing }"}, at=now())
    found = await doctor.documents(settings)
    assert (found.state, "1 of 2 trusted documents" in found.words) == (State.WARNING, True)
    del gate
