"""How many WebSocket connections and questions of one address and of one caller are held at once?"""

import asyncio
import socket
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters.records import new_id
from gateway.settings import Settings
from gateway.socket_places import Full, SocketPlaces
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role, Viewer
from tests.gateway import ticking
from tests.gateway.conftest import Gate, OpenGate, served
from tests.gateway.socket_client import INIT, SLOW, opened
from tests.waiting import until

HERE, THERE = "192.0.2.1", "192.0.2.2"
ANNA = Viewer(subject="anna", role=Role.AGENT)


def _visitor(gate: Gate) -> dict[str, str]:
    return gate.bearer(Role.VISITOR, subject="v", customer_id=global_id("Customer", new_id()))


async def test_of_caller(open_gate: OpenGate) -> None:
    """One caller holds so many connections; one more is closed with 1013 and says why; others connect as ever."""
    gate = open_gate(sockets_per_caller=2)
    async with served(gate.app) as address, AsyncExitStack() as held:
        for _ in range(2):
            await held.enter_async_context(opened(address, said=gate.bearer()))
        async with opened(address) as more:
            await more.say({**INIT, "payload": gate.bearer()})
            code, reason = await more.end()
            assert (code, "GATEWAY_SOCKETS_PER_CALLER" in reason) == (1013, True)
        async with opened(address, said=gate.bearer(subject="berta")):
            pass


async def test_of_address(open_gate: OpenGate) -> None:
    """One address holds so many of which nobody has said who asks, and of visitors; those of agents count no more."""
    gate = open_gate(sockets_per_address=2)
    async with served(gate.app) as address, AsyncExitStack() as held:
        for _ in range(3):
            await held.enter_async_context(opened(address, said=gate.bearer()))
        await held.enter_async_context(opened(address, said=_visitor(gate)))
        await held.enter_async_context(opened(address))
        async with opened(address) as more:
            code, reason = await more.end()
            assert (code, "GATEWAY_SOCKETS_PER_ADDRESS" in reason) == (1013, True)


async def test_questions(open_gate: OpenGate) -> None:
    """One caller has so many questions under way on all connections together; an ended one makes room."""
    gate = open_gate(questions_per_caller=2)
    async with (
        served(gate.app) as address,
        opened(address, said=gate.bearer()) as one,
        opened(address, said=gate.bearer()) as two,
        opened(address, said=gate.bearer(subject="berta")) as other,
    ):
        await one.ask(SLOW, "1")
        await one.ask(SLOW, "2")
        # Both are under way when this is answered.
        await one.say({"type": "ping"})
        assert await one.hear() == {"type": "pong"}
        refused = await _asked(two)
        assert refused["type"] == "error"
        assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        assert "GATEWAY_QUESTIONS_PER_CALLER" in refused["payload"][0]["message"]
        assert (await _asked(other))["type"] == "next"
        await one.say({"type": "complete", "id": "1"})
        async with asyncio.timeout(10):
            while (await _asked(two))["type"] != "next":
                pass


async def _asked(client: Any) -> Any:
    """What a short question is answered."""
    await client.ask("{ viewer { role } }", "short")
    found = await client.hear()
    if found["type"] == "next":
        assert (await client.hear())["type"] == "complete"
    return found


def test_nothing_kept() -> None:
    """Whoever has left is counted no more, whatever was refused meanwhile; no name of theirs is kept."""
    places = SocketPlaces(Settings(sockets_per_address=1, sockets_per_caller=1, questions_per_caller=1))
    with places.taken(HERE) as first:
        with pytest.raises(Full), places.taken(HERE):
            pass
        first.signed_in(ANNA)
        with first.asking(), pytest.raises(Full), first.asking():
            pass
        with places.taken(THERE) as second, pytest.raises(Full):
            second.signed_in(ANNA)
        with places.taken(HERE):
            pass
    kept = (places._count, places._by_address, places._by_caller, places._questions)
    assert kept == (0, {}, {}, {})


@pytest.mark.deep
async def test_slow_reader_given_up(open_gate: OpenGate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who takes no messages is waited for, with nothing gathered meanwhile, and then given up: the place is free."""
    monkeypatch.setattr("gateway.sockets._PATIENCE_S", 0.3)
    gate = open_gate(cost_per_minute=0)
    wide = " ".join(f"{'n' * 100}{n}: number" for n in range(30))
    question = f"subscription {{ ticks(times: 1000000) {{ {wide} }} }}"
    async with served(gate.app) as address:
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            taken.connect(("127.0.0.1", urlsplit(address).port))
            async with opened(address, said=gate.bearer(), sock=taken, max_queue=1, close_timeout=0.1) as client:
                before = ticking.MADE["ticks"]
                await client.ask(question)
                assert (await client.hear())["type"] == "next"
                assert len(gate.house.subscriptions) == 1
                await until(lambda: not len(gate.house.subscriptions), within_s=20)
                made = ticking.MADE["ticks"] - before
                await asyncio.sleep(0.1)
                assert ticking.MADE["ticks"] - before == made
