"""Does any marked personal value reach somebody without the right, or the logs, in a whole run?"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import get_named_type
from pydantic import SecretStr

from adapters.mongo import Store
from gateway.app import House, application
from gateway.logs import configure_logs
from gateway.settings import Settings
from resolvers.kit.graph import Graph
from tests.gateway.conftest import SEAL, SIGNS, Gate, logs_as_before
from tests.rights import more_changes  # noqa: F401 - fills the tables
from tests.rights.changes import CHANGES, REFUSED
from tests.rights.expecting import Expecting
from tests.rights.leaky import clashing, leaky
from tests.rights.listening import Listening, Unsealed, found
from tests.rights.paths import text_of, ways
from tests.rights.samples import filled
from tests.rights.spoiling import SPOILS, spoiled, with_more
from tests.rights.test_arguments import ORACLES
from tests.rights.test_changes import text_of_change
from tests.rights.viewers import KINDS, STRANGER
from tests.rights.walking import IS_DEEP
from tests.rights.world import OF_STAFF, PERSONAL, PHONES, World, marks_of

__all__ = ["logs_as_before"]

_ADMINISTRATOR, *_, _VISITOR = KINDS
# Each way is walked without the gate by test_fields.py; here the gate tells as many of them every day.
_EVERY_NTH = 1 if IS_DEEP else 23
# And test_changes.py lets everyone try each change.
_CHANGING = [one for one in KINDS if one.name in {"administrator", "partner", "partner+lookup", "visitor"}]


@pytest.fixture
async def listening(
    store: Store, house: Graph, world: World, tmp_path: Path, logs_as_before: None
) -> AsyncIterator[Listening]:
    """A gate with everything logged, on two customers of whom everything is known."""
    del logs_as_before
    async with _listening(store, house, world, tmp_path) as one:
        yield one


@asynccontextmanager
async def _listening(store: Store, graph: Graph, world: World, folder: Path) -> AsyncIterator[Listening]:
    logs = StringIO()
    configure_logs("debug", stream=logs)
    # It writes down what this test sends, URLs and all.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    secrets = {"secret": SecretStr(SEAL), "jwt_secret": SecretStr(SIGNS)}
    settings = Settings(**{"data_folder": folder, "show_plans": True, **secrets})
    house = House(settings, store=store, graph=graph, clock=lambda: datetime.now(UTC))
    house.seal = Unsealed()
    transport = httpx.ASGITransport(application(house))
    async with httpx.AsyncClient(transport=transport, base_url="http://gate.example") as client:
        yield Listening(Gate(house, client), world, logs)


async def _ask_everything(listening: Listening, expecting: Expecting) -> None:
    """Ways through the schema, twice each so that a plan answers, and what nobody may ask."""
    world = listening.world
    for path in islice(ways(expecting), 0, None, _EVERY_NTH):
        text = filled(text_of(expecting, path), world)
        for kind in (*KINDS, STRANGER, None):
            await listening.ask(kind, text)
    for text in ORACLES.values():
        for kind in KINDS:
            await listening.ask(kind, filled(text, world, word="zqxvjwkhafirst", number=PHONES["a"]))


async def _change_everything(listening: Listening, expecting: Expecting) -> None:
    """Each change as it should be, twice; then spoiled in every way; each as who may and as who may not."""
    world, make = listening.world, listening.world.make
    for mutation, change in [*CHANGES.items(), *REFUSED.values()]:
        text = text_of_change(expecting, mutation)
        shape = get_named_type(expecting.objects["Mutation"].fields[mutation].args["input"].type)
        for kind in KINDS if IS_DEEP else _CHANGING:
            given = await change(world, await make.customer("zqxvjwkhbFresh", "zqxvjwkhbPerson"))
            await listening.ask(kind, text, {"input": given})
        await listening.ask(_ADMINISTRATOR, text, {"input": given})
        given = await change(world, await make.customer("zqxvjwkhbFresh", "zqxvjwkhbPerson"))
        for one in (*(spoiled(shape, given, spoil) for spoil in SPOILS.values()), *with_more(given)):
            await listening.ask(_ADMINISTRATOR, text, {"input": one})


_WORD, _PHONE = "zqxvjwkhaword", "+12025550143"


async def _send_junk(listening: Listening) -> None:
    """What is no question, with personal values in it; and whatever else the gate answers to."""
    agent = KINDS[2]
    for body in (f'{{"query": "{_WORD}', f'["{_WORD}"]', f'"{_WORD}"', f'{{"query": 1, "{_WORD}": 2}}', ""):
        await listening.send(
            agent, body, "POST", "/graphql", content=body, headers={"Content-Type": "application/json"}
        )
    await listening.send(agent, _WORD, "POST", "/graphql", content=_WORD, headers={"Content-Type": "text/plain"})
    for question in (f'{{ customers(search: "{_WORD}") {{ totalCount }} }}', f'{{ customers(search: "{_WORD}'):
        for kind in (agent, KINDS[3], None):
            await listening.send(kind, question, "GET", "/graphql", params={"query": question, "variables": _WORD})
            await listening.send(kind, question, "GET", "/graphql", params={"query": question})
    text = f'query Q($f: CustomerFilter) {{ customers(filter: $f, search: "{_PHONE}") {{ totalCount }} }}'
    for f in ({"attributes": [{"name": "passport", "anyOf": [_WORD, _PHONE]}]}, {"attributes": {"x": _WORD}}, _WORD):
        for kind in KINDS:
            await listening.ask(kind, text, {"f": f})
    for path in ("/healthz", "/readyz", "/metrics", f"/{_WORD}", f"/graphql/{_WORD}", f"/?{_WORD}"):
        await listening.send(None, path, "GET", path)
    for token in (_WORD, f"{_WORD}.{_WORD}.{_WORD}"):
        await listening.send(None, "a token", "POST", "/graphql", json={}, headers={"Authorization": f"Bearer {token}"})
        await listening.send(None, "a key", "POST", "/graphql", json={}, headers={"X-API-Key": token})


def _leaks(listening: Listening) -> list[Any]:
    """Whatever stands where it must not."""
    leaks: list[Any] = []
    for one in listening.heard:
        kind = one.kind
        patterns = [] if kind and kind.sees_personal else [PERSONAL]
        if kind in (_VISITOR, STRANGER):
            patterns += [OF_STAFF, marks_of("a" if kind is STRANGER else "b")]
        leaks += [(kind, one.asked, words) for pattern in patterns if (words := found(pattern, one.body + one.headers))]
        leaks += [(kind, one.asked, words, text) for text in one.about() if (words := found(PERSONAL, text))]
    leaks += [("the log", line) for line in listening.logs.getvalue().splitlines() if found(PERSONAL, line)]
    seal = listening.gate.house.seal
    assert isinstance(seal, Unsealed)
    # What is sorted by name stands at a name; nobody who may not see it is given such a cursor.
    cursors = [(name, place) for name, place in seal.closed if "NAME" not in name]
    return leaks + [("a cursor", *one) for one in cursors if found(PERSONAL, ", ".join(one))]


async def test_nothing_leaks(listening: Listening, expecting: Expecting) -> None:
    """In a whole run no answer to a viewer without the right, and no message, id, cursor or log line, holds a mark."""
    await _ask_everything(listening, expecting)
    await _change_everything(listening, expecting)
    await _send_junk(listening)
    leaks = _leaks(listening)
    assert leaks == [], "\n".join({str(one)[-300:] for one in leaks})
    assert any(found(PERSONAL, one.body) for one in listening.heard)
    assert listening.logs.getvalue().count("\n") >= len(listening.heard)


@pytest.mark.says_planted
async def test_leaks_are_found(store: Store, world: World, tmp_path: Path, logs_as_before: None) -> None:
    """A slice that tells a name in each of the ways that there are is caught in each of them."""
    del logs_as_before
    graph = leaky()
    async with _listening(store, graph, world, tmp_path) as listening:
        texts = [
            f'{{ customer(id: "{world.a.id}") {{ {name} }} }}' for name in ("said", "told", "logged", "cursor", "idOf")
        ]
        for text in texts:
            await listening.ask(KINDS[3], text)
        caught = _leaks(listening)
    for text in texts:
        assert [one for one in caught if text in one or one[0] == "the log"], text
    assert [one for one in caught if one[0] == "the log"]


async def test_database_is_not_quoted(store: Store, world: World, tmp_path: Path, logs_as_before: None) -> None:
    """The log holds the traceback of what nobody foresaw, without the words of the database, which quote values."""
    del logs_as_before
    async with _listening(store, clashing(), world, tmp_path) as listening:
        await listening.ask(KINDS[0], "query Q($n: String!) { clash(number: $n) }", {"n": "zqxvjwkhanumber"})
        logged = listening.logs.getvalue()
        leaks = _leaks(listening)
    assert leaks == []
    assert "Error: code " in logged
