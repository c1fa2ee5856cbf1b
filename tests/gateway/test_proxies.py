"""Whose address counts as the caller's, and how much is that one's?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, cast

import httpx
import pytest
import structlog

from adapters.channels.webchat import WebChat, WebChatSettings
from adapters.contract.channel import Equipment
from adapters.contract.way import Way
from adapters.lines import Lines
from gateway.app import application
from gateway.serving import _config
from gateway.settings import BadSettings, load_settings
from resolvers.kit.viewer import Role
from tests.gateway.conftest import Gate, OpenGate
from tests.gateway.test_subscriptions import LONG, events_of, follow, told
from tests.makers import Makers
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("one_minute")

SITE = "https://www.shop.example"
START = """mutation { startChat(input: { account: "main" }) { __typename } }"""
TERMS = {"allowed_origins": [SITE], "starts_per_minute": 1}
LINES = Lines([WebChat("main", WebChatSettings.model_validate(TERMS), Equipment(way=cast("Way", None)))])


async def begin(gate: Gate, peer: str, forwarded: str) -> str:
    """What becomes of a chat that is begun through a proxy."""
    app = httpx.ASGITransport(application(gate.house), client=(peer, 40_000))
    async with httpx.AsyncClient(transport=app, base_url="http://gate.example") as client:
        headers = {"Origin": SITE, "X-Forwarded-For": forwarded}
        response = await client.post("/graphql", json={"query": START}, headers=headers)
    return str(response.json()["data"]["startChat"]["__typename"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "begun"),
    [
        ("10.0.0.5", ("192.0.2.1", "192.0.2.2"), True),
        ("10.0.0.5", ("192.0.2.1", "192.0.2.9, 192.0.2.1, 10.0.0.6"), False),
        ("10.0.0.5", ("junk", "other junk"), False),
        ("10.1.0.5", ("192.0.2.1", "192.0.2.2"), False),
        ("127.0.0.1", ("192.0.2.1", "192.0.2.2"), False),
    ],
    ids=["proxy", "appended", "junk", "stranger", "loopback"],
)
async def test_trusted_alone(open_gate: OpenGate, peer: str, forwarded: tuple[str, str], begun: bool) -> None:
    """What a proxy says of the caller's address counts where an operator has named the proxy, as far as it is one."""
    gate = open_gate(lines=LINES, trusted_proxies="10.0.0.0/24")
    assert await begin(gate, peer, forwarded[0]) == "StartChatPayload"
    assert (await begin(gate, peer, forwarded[1]) == "StartChatPayload") is begun


async def test_by_default(open_gate: OpenGate) -> None:
    """Who names none has one that stands on the same machine, and the server itself believes nobody else."""
    gate = open_gate(lines=LINES)
    assert [await begin(gate, "::1", f"192.0.2.{n}") for n in (1, 2)] == ["StartChatPayload"] * 2
    assert [await begin(gate, "10.0.0.5", f"192.0.2.{n}") for n in (3, 4)] == ["StartChatPayload", "TooOften"]
    assert _config(gate.house.settings, application(gate.house), lifespan="off").proxy_headers is False


@pytest.mark.parametrize("wrong", ["proxy.example", "*", "10.0.0.5/8"])
def test_no_networks(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """What is no address and no network is told, with what would be."""
    monkeypatch.setenv("GATEWAY_TRUSTED_PROXIES", f"10.0.0.5, {wrong}")
    with pytest.raises(BadSettings, match=r"GATEWAY_TRUSTED_PROXIES.*Write addresses and networks"):
        load_settings()


# Subscriptions


@asynccontextmanager
async def following(gate: Gate, address: str, **who: Any) -> AsyncIterator[Any]:
    """Why somebody does not follow from an address; None where that one does."""
    before = len(gate.house.subscriptions)
    events = events_of(await follow(gate, LONG, gate.bearer(**who), address=address))
    await anext(events)
    coming = asyncio.ensure_future(anext(events))

    async def is_told() -> bool:
        return coming.done() or len(gate.house.subscriptions) > before

    try:
        await until(is_told)
        yield told(coming.result())[0] if coming.done() else None
    finally:
        coming.cancel()
        await asyncio.wait({coming})
        await events.aclose()


async def test_bounded_by_address(open_gate: OpenGate, make: Makers) -> None:
    """Visitors behind one address have so many places and no more; others follow, and so do all the agents."""
    gate, held = open_gate(subscriptions_per_address=1), await make.customer()
    visitors = [{"role": Role.VISITOR, "subject": f"v{n}", "customer_id": held.id} for n in range(3)]
    async with AsyncExitStack() as stack:
        held_there = [
            await stack.enter_async_context(following(gate, address, **who))
            for address, who in (
                ("2001:db8::1", visitors[0]),
                ("2001:db8::2", visitors[1]),
                ("192.0.2.1", visitors[2]),
                ("2001:db8::1", {}),
                ("2001:db8::1", {"subject": "bert"}),
            )
        ]
    refused = held_there.pop(1)
    assert held_there == [None] * 4
    assert "GATEWAY_SUBSCRIPTIONS_PER_ADDRESS" in refused["errors"][0]["message"]
    async with following(gate, "2001:db8::2", **visitors[1]) as again:
        assert again is None


async def test_refusals_logged_seldom(open_gate: OpenGate) -> None:
    """Who asks again and again for what there is no place for fills no log."""
    gate = open_gate(subscriptions=1)
    with structlog.testing.capture_logs() as lines:
        async with following(gate, "192.0.2.1"):
            for n in range(5):
                async with following(gate, "192.0.2.1", subject=f"a{n}") as refused:
                    assert refused["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert len([line for line in lines if "subscriptions" in line["event"]]) == 1
