"""Is it written who did which administrative act, whatever became of it?"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import structlog
from pymongo import AsyncMongoClient

from adapters.mongo import Store
from adapters.records import Document
from gateway.keys import handle_of, make_key
from gateway.mongod import Mongod
from resolvers.acts import ACTS
from resolvers.kit.acting import written_down
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import VISITORS_SCOPE, Role, Viewer
from resolvers.labels import LABELS
from tests.gateway.conftest import Gate, code_of, data_of
from tests.makers import Makers

ADD = """mutation ($name: String!) { addLabel(input: { name: $name }) {
  ... on AddLabelPayload { label { id } } ... on Refusal { code } } }"""
REMOVE = 'mutation { removeLabel(input: { id: "%s" }) { __typename ... on Refusal { code } } }'
MARK = "Zebrafink"


async def acts(store: Store) -> list[Document]:
    """All of the ledger, the oldest first; no value stands there."""
    found = await store.find(ACTS, {}, order=[("at", 1), ("_id", 1)])
    assert MARK not in json.dumps(found, default=str)
    return found


def _ended(found: list[Document]) -> list[tuple[str, str, str | None]]:
    return [(one["act"], one["outcome"], one["code"]) for one in found]


@pytest.fixture
def administrator(gate: Gate) -> Mapping[str, str]:
    """The headers of one whose request has an id."""
    return {**gate.bearer(Role.ADMINISTRATOR, subject="chief"), "X-Request-Id": "request-0001"}


async def test_done(gate: Gate, store: Store, administrator: Mapping[str, str]) -> None:
    """An act that is done is written down: who, in which role and request, and what was made, by its id alone."""
    with structlog.testing.capture_logs() as lines:
        made = data_of(await gate.ask(ADD, headers=administrator, variables={"name": MARK}))["addLabel"]["label"]
    (found,) = await acts(store)
    assert _ended([found]) == [("addLabel", "done", None)]
    assert (found["viewer"], found["role"], found["request_id"]) == ("chief", "administrator", "request-0001")
    assert (found["ids"], found["key_handle"]) == ([made["id"]], None)
    (line,) = [one for one in lines if one["event"] == "act"]
    assert (line["act"], line["ids"], line["outcome"]) == ("addLabel", [made["id"]], "done")
    assert line["entry"] == global_id("AdministrativeAct", found["_id"])
    assert MARK not in str(line)


async def test_refused(gate: Gate, store: Store, administrator: Mapping[str, str]) -> None:
    """What was refused is written down with the refusal's code, and a text that is no id is not."""
    gone = global_id("Label", (await _label(gate, store, administrator)))
    assert data_of(await gate.ask(REMOVE % gone, headers=administrator))
    await gate.ask(REMOVE % gone, headers=administrator)
    await gate.ask(REMOVE % MARK, headers=administrator)
    *_, removed, again, junk = await acts(store)
    assert _ended([removed, again, junk]) == [
        ("removeLabel", "done", None),
        ("removeLabel", "refused", "NOT_FOUND"),
        ("removeLabel", "refused", "NOT_FOUND"),
    ]
    assert [removed["ids"], again["ids"], junk["ids"]] == [[gone], [gone], []]


async def _label(gate: Gate, store: Store, headers: Mapping[str, str]) -> Any:
    await gate.ask(ADD, headers=headers, variables={"name": MARK})
    (found,) = await store.find(LABELS, {})
    return found["_id"]


async def test_forbidden(gate: Gate, store: Store) -> None:
    """Whoever tries what is not theirs to do is written down, too; so is a key that is limited to other fields."""
    assert code_of(await gate.ask(ADD, variables={"name": MARK})) == "FORBIDDEN"
    scopes, fields = [VISITORS_SCOPE], ["Query.customer"]
    key = await make_key(store, name="newsletter", scopes=scopes, at=gate.house.clock(), fields=fields)
    mint = 'mutation { mintVisitorToken(input: { customerId: "x" }) { __typename } }'
    assert code_of(await gate.ask(mint, headers={"X-API-Key": key})) == "FORBIDDEN"
    found = await acts(store)
    assert _ended(found) == [("addLabel", "refused", "FORBIDDEN"), ("mintVisitorToken", "refused", "FORBIDDEN")]
    assert [(one["viewer"], one["key_handle"]) for one in found] == [("anna", None), ("newsletter", handle_of(key))]


async def test_failed(gate: Gate, store: Store, administrator: Mapping[str, str]) -> None:
    """An act that an unforeseen error ends is written down as failed."""
    assert code_of(await gate.ask("mutation { stumble { __typename } }", headers=administrator)) == "INTERNAL"
    assert _ended(await acts(store)) == [("stumble", "failed", None)]


async def test_given_up(gate: Gate, store: Store) -> None:
    """Of an act that is given up nobody knows whether it was done, and its entry says so."""
    context = gate.house.context_for(Viewer(subject="chief", role=Role.ADMINISTRATOR))

    async def work() -> None:
        assert _ended(await acts(store)) == [("mergeCustomers", "unknown", None)]
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await written_down(context, "mergeCustomers", {}, work)
    assert _ended(await acts(store)) == [("mergeCustomers", "unknown", None)]


async def test_everyday_work(gate: Gate, store: Store, make: Makers) -> None:
    """What agents do all day is no administrative act."""
    ann = await make.customer()
    data_of(await gate.ask(f'mutation {{ addTag(input: {{ customerId: "{ann.id}", word: "x" }}) {{ __typename }} }}'))
    assert await acts(store) == []


@pytest.fixture
async def untaken(mongod: Mongod, store: Store) -> AsyncIterator[None]:
    """The database takes no entry of the ledger of acts."""
    del store
    async with AsyncMongoClient[dict[str, Any]](mongod.url) as client:
        await client["tests"].command({"collMod": ACTS.name, "validator": {"never": 1}})
        yield
        await client["tests"].command({"collMod": ACTS.name, "validator": {}})


@pytest.mark.usefixtures("untaken")
async def test_unwritten_is_undone(gate: Gate, store: Store, administrator: Mapping[str, str]) -> None:
    """What cannot be written down is not done."""
    assert code_of(await gate.ask(ADD, headers=administrator, variables={"name": MARK})) == "UNAVAILABLE"
    assert (await store.count(LABELS, {}), await store.count(ACTS, {})) == (0, 0)
