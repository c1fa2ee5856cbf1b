"""Is a request refused that says twice what may be said once?"""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from gateway.singles import SINGLE
from resolvers.kit.viewer import Role
from tests.gateway.conftest import ME, Gate, code_of, data_of, served
from tests.gateway.socket_client import opened

_TWO: Mapping[str, tuple[str, str]] = {
    "content-type": ("application/json", "text/plain"),
    "origin": ("http://gate.example", "http://stranger.example"),
    "host": ("gate.example", "stranger.example"),
    "x-api-key": ("pgw_1", "pgw_2"),
}


@pytest.mark.parametrize("name", sorted(one.decode() for one in SINGLE))
@pytest.mark.parametrize("path", ["/graphql", "/files/x", "/exports/x"])
async def test_refused(gate: Gate, name: str, path: str) -> None:
    """Two headers of a name that stands once are refused with 400, whichever is good; no value is told."""
    tokens = [gate.bearer(one)["Authorization"] for one in (Role.AGENT, Role.ADMINISTRATOR)]
    two = _TWO.get(name, tuple(tokens))
    usual = {"host": "gate.example", "content-type": "application/json"} | {"authorization": tokens[0]}
    usual.pop(name, None)
    headers = [*usual.items(), *((name, value) for value in two)]
    answer = await gate.client.request("POST" if path == "/graphql" else "GET", path, headers=headers, content=b"{}")
    assert (answer.status_code, code_of(answer)) == (400, "BAD_REQUEST")
    assert name in answer.text
    assert not any(value in answer.text for value in two)


async def test_same_twice(gate: Gate) -> None:
    """Nor is one taken that says the same twice; of a list, as `Accept` is one, all the pieces count."""
    headers = [*gate.bearer().items(), ("accept", "text/html"), ("accept", "application/json")]
    sound = await gate.client.post("/graphql", json={"query": ME}, headers=headers)
    assert data_of(sound) == {"viewer": {"subject": "anna"}}
    doubled = [*headers, *gate.bearer().items()]
    assert code_of(await gate.client.post("/graphql", json={"query": ME}, headers=doubled)) == "BAD_REQUEST"


async def test_on_a_wire(gate: Gate) -> None:
    """A real server hands both on, over HTTP and for a WebSocket."""
    two: Any = [*gate.bearer().items(), *gate.bearer(Role.ADMINISTRATOR).items()]
    async with served(gate.app) as address, httpx.AsyncClient() as client:
        assert (await client.post(f"{address}/graphql", json={"query": ME}, headers=two)).status_code == 400
        with pytest.raises(InvalidStatus, match="400"):
            async with opened(address, additional_headers=two):
                pass


async def test_said_twice(gate: Gate) -> None:
    """Nor is a WebSocket taken on which is said twice who asks."""
    async with served(gate.app) as address, opened(address) as client:
        (token,) = gate.bearer().values()
        await client.say({"type": "connection_init", "payload": {"Authorization": token, "authorization": token}})
        await client.socket.wait_closed()
        assert client.socket.close_code == 4400


async def test_parameters(gate: Gate) -> None:
    """Nor may a question that comes by GET name one of its parameters twice."""
    answers = [
        await gate.client.get("/graphql", params=params, headers=gate.bearer())
        for params in ([("query", ME)], [("query", ME), ("query", "{ agents { id } }")])
    ]
    assert [one.status_code for one in answers] == [200, 400]
    assert code_of(answers[1]) == "BAD_REQUEST"
