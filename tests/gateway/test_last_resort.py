"""Is whatever nobody foresaw told by a reference alone, on every route and transport there is?"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast

import httpx
import orjson
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from adapters.contract.channel import Equipment
from adapters.contract.way import Way
from adapters.lines import Lines
from adapters.records import new_id
from gateway.app import application
from resolvers.kit.ids import global_id
from tests.channels import toy
from tests.gateway.conftest import JSON, Gate, OpenGate, served
from tests.gateway.socket_client import opened
from tests.gateway.test_wrong_webhooks import Misproving

MARK: Final = "the phone number of Ana"
_REFERENCE: Final = re.compile(r"reference ([0-9a-f]{12})|reference is ([0-9a-f]{12})")
# Where a page or a number is read that nothing of a request goes into.
_STILL: Final = {"/", "/healthz", "/readyz", "/metrics", "/playground/{name:path}"}


def broken() -> datetime:
    """A clock that does not go."""
    raise KeyError(MARK)


async def _raising(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise KeyError(MARK)


def _routes(app: Starlette) -> Sequence[Any]:
    found: Sequence[BaseRoute] = app.routes
    assert {type(one) for one in found} == {Route, WebSocketRoute}
    return found


def require_masked(text: str, lines: Sequence[Any]) -> None:
    """Raises where the words say more than a reference, or the log has nothing under it."""
    found = _REFERENCE.search(text)
    assert found, text
    assert MARK not in text
    (line,) = [one for one in lines if one.get("reference") == (found[1] or found[2])]
    assert MARK in str(line["exc_info"])


async def test_every_route_masked(open_gate: OpenGate) -> None:
    """Whatever a route raises, whichever there is: one by one each raises, and tells a reference."""
    house = open_gate(metrics_token=SecretStr("x" * 40)).house
    count = len(application(house).routes)
    for number in range(count):
        app = application(house)
        route = _routes(app)[number]
        route.app = _raising
        path = re.sub(r"\{[^}]*\}", "x", route.path)
        with capture_logs() as lines:
            if isinstance(route, WebSocketRoute):
                status, text = await _shaken(app, path)
            else:
                async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gate.example") as one:
                    answer = await one.get(path)
                status, text = answer.status_code, answer.text
                assert answer.headers["x-request-id"], path
        assert status == 500, path
        require_masked(text, lines)


async def _shaken(app: Starlette, path: str) -> tuple[int, str]:
    """What a handshake is answered by a server that can say more than yes or no."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": path, "raw_path": path.encode(), "headers": [], "query_string": b""}
    await app({**scope, "scheme": "ws", "extensions": {"websocket.http.response": {}}}, receive, send)
    start, body = sent
    return start["status"], orjson.dumps(orjson.loads(body["body"])).decode()


async def test_rooms_masked(open_gate: OpenGate, gate: Gate) -> None:
    """Where the rooms themselves go wrong, in the midst of their work, each tells a reference and no more."""
    settings = toy.ToySettings(secret=SecretStr(toy.SECRET))
    line = Misproving("main", settings, Equipment(way=cast("Way", None)))
    Misproving.does = KeyError(MARK)
    lame = open_gate(clock=broken, lines=Lines([line]), metrics_token=SecretStr("x" * 40))
    ticket = gate.house.tickets.path(new_id(), gate.house.clock().replace(year=2099)).rpartition("/")[2]
    sound = {"channel": line.name, "account": "main", "ticket": ticket, "id": global_id("Attachment", new_id())}
    masked = set()
    for route in _routes(lame.app):
        if isinstance(route, WebSocketRoute):
            continue
        path = re.sub(r"\{(\w+)[^}]*\}", lambda found: sound.get(found[1], "x"), route.path)
        for accept in (JSON, "text/event-stream"):
            with capture_logs() as lines:
                how = "POST" if "POST" in (route.methods or {"POST"}) else "GET"
                headers = {**gate.bearer(), "Accept": accept}
                answer = await lame.client.request(how, path, headers=headers, json={"query": "{ viewer { role } }"})
            assert MARK not in answer.text, path
            if answer.status_code == 500:
                require_masked(answer.text, lines)
                masked.add(route.path)
    assert masked == {one.path for one in _routes(lame.app)} - _STILL


async def test_sockets_masked(open_gate: OpenGate, gate: Gate) -> None:
    """A WebSocket is closed with the reference for a reason."""
    with capture_logs() as lines:
        async with served(open_gate(clock=broken).app) as address, opened(address) as client:
            await client.say({"type": "connection_init", "payload": gate.bearer()})
            await client.socket.wait_closed()
            require_masked(client.socket.close_reason or "", lines)


@pytest.mark.parametrize("pieces", [1, 3])
async def test_broken_off(gate: Gate, pieces: int) -> None:
    """An answer that goes wrong when it has begun is broken off: its reader sees that, and the log has why."""

    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(pieces):
            await send({"type": "http.response.body", "body": b"piece", "more_body": True})
        raise KeyError(MARK)

    app = gate.app
    _routes(app)[1].app = half
    with capture_logs() as lines:
        async with served(app) as address, httpx.AsyncClient() as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get(f"{address}/graphql")
    assert [one["event"] for one in lines if one["log_level"] != "info"] == ["unforeseen", "answer broken off"]
