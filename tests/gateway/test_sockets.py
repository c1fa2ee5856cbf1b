"""Is graphql-transport-ws spoken to the letter, and is nobody heard over a socket who would not be over HTTP?"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.app import Door, application
from gateway.keys import list_keys, make_key, revoke_key
from gateway.sockets import PROTOCOL
from resolvers.kit.viewer import Role
from tests.gateway import ticking, trouble
from tests.gateway.conftest import Gate, OpenGate, served
from tests.gateway.socket_client import FOR_EVER, INIT, SLOW, TICKS, Client, opened
from tests.waiting import until


@pytest.fixture
async def client(gate: Gate, address: str) -> AsyncIterator[Client]:
    """A connection on which an agent has signed in."""
    async with opened(address, said=gate.bearer()) as one:
        yield one


# Questions


async def test_query_and_mutation(client: Client) -> None:
    """A query and a mutation are answered once, and are complete."""
    for key, query, data in (
        ("a", "query Me { viewer { subject } }", {"viewer": {"subject": "anna"}}),
        ("b", "mutation { wait(seconds: 0) { ... on Waited { seconds } } }", {"wait": {"seconds": 0.0}}),
    ):
        await client.ask(query, key)
        message = await client.hear()
        assert (message["type"], message["id"], message["payload"]["data"]) == ("next", key, data)
        assert message["payload"]["extensions"]["cost"]["most"] == 5_000
        assert await client.hear() == {"type": "complete", "id": key}


async def test_events_follow(client: Client) -> None:
    """A subscription is answered with each event, and is complete behind the last; its id is free then."""
    for _ in range(2):
        await client.ask(TICKS)
        heard = [await client.hear() for _ in range(3)]
        assert [one.get("payload", {}).get("data") for one in heard[:2]] == [{"ticks": {"number": n}} for n in (1, 2)]
        assert heard[2] == {"type": "complete", "id": "1"}


async def test_beside_one_another(client: Client) -> None:
    """A slow question keeps no other one waiting, and ends where it is completed: then its id is free."""
    trouble.STARTED.clear()
    trouble.ENDED.clear()
    await client.ask(SLOW, "slow")
    await client.ask("{ viewer { role } }", "quick")
    assert [(await client.hear())["id"] for _ in range(2)] == ["quick", "quick"]
    await asyncio.wait_for(trouble.STARTED.wait(), 10)
    await client.say({"type": "complete", "id": "slow"}, {"type": "complete", "id": "never begun"})
    await asyncio.wait_for(trouble.ENDED.wait(), 10)
    await client.ask("{ viewer { role } }", "slow")
    assert (await client.hear())["payload"]["data"] == {"viewer": {"role": "AGENT"}}


async def test_subscription_completed(client: Client) -> None:
    """Who completes a subscription is told nothing more of it."""
    ticking.ENDED.clear()
    await client.ask(FOR_EVER)
    await client.hear()
    await client.say({"type": "complete", "id": "1"})
    await asyncio.wait_for(ticking.ENDED.wait(), 10)
    await client.say({"type": "ping", "payload": {"n": 1}})
    while (message := await client.hear())["type"] == "next":
        pass
    assert message == {"type": "pong", "payload": {"n": 1}}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": 'query ($n: Int!) { echo(text: "a", number: $n) }'}, "BAD_USER_INPUT"),
        ({"query": "query A { viewer { role } } query B { viewer { role } }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "{ viewer {" + " role" * 301 + " } }"}, "LIMIT_EXCEEDED"),
        ({"query": 7}, "BAD_REQUEST"),
        ({"query": "{ viewer { role } }", "variables": []}, "BAD_REQUEST"),
        ({"query": 'subscription { customerChanged(id: "x") { how } }'}, "BAD_USER_INPUT"),
        ({"documentId": "unknown"}, "PERSISTED_QUERY_NOT_FOUND"),
        ({}, "BAD_REQUEST"),
    ],
)
async def test_no_answer(client: Client, payload: Any, code: str) -> None:
    """What cannot be answered ends with `error`, in the words and codes of HTTP; the connection goes on."""
    await client.say({"type": "subscribe", "id": "1", "payload": payload})
    message = await client.hear()
    assert (message["type"], message["id"]) == ("error", "1")
    assert message["payload"][0]["extensions"]["code"] == code
    await client.ask("{ viewer { role } }")
    assert (await client.hear())["type"] == "next"


async def test_unforeseen_is_masked(client: Client) -> None:
    """What nobody foresaw is told by a reference alone, in an answer and in an event."""
    for query in ("{ bug }", "subscription { ticks(times: 2) { trouble } }"):
        await client.ask(query)
        while (message := await client.hear())["type"] != "complete":
            errors = message["payload"].get("errors", [])
            assert "phone" not in json.dumps(message)
        assert errors[0]["extensions"]["code"] == "INTERNAL"


async def test_rights_are_the_same(gate: Gate, address: str) -> None:
    """Who may not ask for a field over HTTP may not over a socket."""
    async with opened(address, said=gate.bearer(Role.PARTNER)) as partner:
        await partner.ask("{ forFew }")
        assert (await partner.hear())["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


# Who asks


async def test_signed_in_by_head(gate: Gate, address: str) -> None:
    """A client that can put headers on the connection may say there who asks; the payload's word counts first."""
    async with opened(address, said={}, additional_headers=gate.bearer(subject="bob")) as one:
        await one.ask("{ viewer { subject } }")
        assert (await one.hear())["payload"]["data"]["viewer"]["subject"] == "bob"
    async with opened(address, said=gate.bearer(), additional_headers=gate.bearer(subject="bob")) as one:
        await one.ask("{ viewer { subject } }")
        assert (await one.hear())["payload"]["data"]["viewer"]["subject"] == "anna"


@pytest.mark.parametrize(
    "said", [None, {}, {"authorization": "Bearer x"}, {"Authorization": "Basic x"}, {"X-API-Key": "x"}]
)
async def test_nobody_is_refused(address: str, said: Any) -> None:
    """Whoever does not prove who asks is closed out with 4403 and the words of HTTP."""
    async with opened(address) as one:
        await one.say(INIT if said is None else {**INIT, "payload": said})
        code, reason = await one.end()
    assert code == 4403
    assert reason.startswith("Forbidden. ")


async def test_token_ends(open_gate: OpenGate) -> None:
    """A token that ends closes the connection with 4403, long before the next sign of life would be due."""
    gate = open_gate(keep_alive_s=60, jwt_leeway_s=0)
    async with served(gate.app) as address, AsyncExitStack() as both:
        said = gate.bearer(for_s=2)
        silent = await both.enter_async_context(opened(address, said=said))
        follower = await both.enter_async_context(opened(address, said=said))
        await follower.ask("subscription { ticks(times: 9, everyS: 30) { number } }")
        for one in (silent, follower):
            assert (await one.end())[0] == 4403


async def test_key_taken_back(gate: Gate, address: str) -> None:
    """A key that is taken back is heard no more: the very next question on an open connection closes it with 4403."""
    store = gate.house.store
    key = await make_key(store, name="crm", scopes=[], at=gate.house.clock())
    async with opened(address, said={"X-API-Key": key}) as one:
        await one.ask("{ viewer { role } }")
        assert (await one.hear())["payload"]["data"] == {"viewer": {"role": "PARTNER"}}
        assert (await one.hear())["type"] == "complete"
        await revoke_key(store, (await list_keys(store))[0].handle, at=gate.house.clock())
        await one.ask("{ viewer { role } }", "2")
        assert (await one.end())[0] == 4403


# The protocol


DEEP = '{"type": "ping", "payload": {"a": ' + "[" * 500 + "]" * 500 + "}}"
CLOSING: dict[str, tuple[list[Any], int]] = {
    "no JSON": (["{"], 4400),
    "a number": (["7"], 4400),
    "no type": ([{"id": "1"}], 4400),
    "bytes": ([b"{}"], 4400),
    "unknown type": ([{"type": "start", "id": "1"}], 4400),
    "no id": ([{"type": "subscribe", "payload": {"query": "{ __typename }"}}], 4400),
    "empty id": ([{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}], 4400),
    "no payload": ([{"type": "subscribe", "id": "1"}], 4400),
    "complete without id": ([{"type": "complete"}], 4400),
    "second init": ([INIT], 4429),
    "same id": ([{"type": "subscribe", "id": "1", "payload": {"query": SLOW}}] * 2, 4409),
    "giant message": (["x" * 300_000], 1009),
    "crowded message": (["[" + "{}," * 25_000 + "{}]"], 1009),
    "deep ping": ([DEEP], 4400),
    "odd ping": ([{"type": "ping", "payload": 5}], 4400),
}


@pytest.mark.parametrize("name", CLOSING)
async def test_closed_by_code(client: Client, name: str) -> None:
    """What the protocol does not know, or forbids, closes the connection with its code and says why."""
    messages, wanted = CLOSING[name]
    await client.say(*messages)
    code, reason = await client.end()
    assert code == wanted
    assert reason


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        ({"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}, 4401),
        ({"type": "complete", "id": "1"}, 4400),
        ({**INIT, "payload": 7}, 4400),
        (DEEP, 4400),
        ({**INIT, "payload": {"Authorization": 7}}, 4400),
    ],
)
async def test_before_init(address: str, message: Any, wanted: int) -> None:
    """Before it was said who asks nothing is answered but a ping."""
    async with opened(address) as one:
        await one.say({"type": "ping"}, {"type": "pong"})
        assert await one.hear() == {"type": "pong"}
        await one.say(message)
        assert (await one.end())[0] == wanted


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"]])
async def test_other_protocols(address: str, subprotocols: Any) -> None:
    """The older protocol, and none, are refused with 4406 and the name of ours."""
    async with opened(address, subprotocols=subprotocols) as one:
        assert await one.end() == (4406, f"Subprotocol not acceptable. Speak {PROTOCOL}.")


async def test_ours_among_others(gate: Gate, address: str) -> None:
    """Who offers several is spoken to in ours."""
    async with opened(address, said=gate.bearer(), subprotocols=["graphql-ws", PROTOCOL]) as one:
        assert one.socket.subprotocol == PROTOCOL


async def test_nothing_but_pings(address: str) -> None:
    """Whoever says again and again that they are there, and not who they are, is heard no more."""
    async with opened(address) as one:
        with suppress(ConnectionClosed):
            for _ in range(100):
                await one.say({"type": "ping"})
        assert (await one.end())[0] == 4400


# Limits


async def test_silence_is_ended(open_gate: OpenGate) -> None:
    """Who does not say in time who asks is closed out with 4408, pings or no."""
    gate = open_gate(init_wait_s=0.2)
    async with served(gate.app) as address, opened(address) as one:
        await one.say({"type": "ping"})
        assert (await one.end())[0] == 4408


async def test_signs_of_life(open_gate: OpenGate) -> None:
    """The gate pings, so that no proxy ends a silent connection."""
    gate = open_gate(keep_alive_s=0.1)
    async with served(gate.app) as address, opened(address, said=gate.bearer()) as one:
        assert json.loads(await asyncio.wait_for(one.socket.recv(), 10)) == {"type": "ping"}


async def test_many_on_one(open_gate: OpenGate) -> None:
    """One connection has so many questions under way as the setting says; one more is refused, the others go on."""
    gate = open_gate(subscriptions_per_socket=2)
    async with served(gate.app) as address, opened(address, said=gate.bearer()) as one:
        await one.ask(SLOW, "1")
        await one.ask(SLOW, "2")
        await one.ask(SLOW, "3")
        refused = await one.hear()
        assert (refused["type"], refused["id"]) == ("error", "3")
        assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        assert "GATEWAY_SUBSCRIPTIONS_PER_SOCKET" in refused["payload"][0]["message"]


async def test_many_connections(open_gate: OpenGate) -> None:
    """A process holds so many connections; one more is told to try later, until another one has ended."""
    gate = open_gate(sockets=1)
    async with served(gate.app) as address:
        async with opened(address, said=gate.bearer()), opened(address) as other:
            assert (await other.end())[0] == 1013
        # Whether it has ended there, too, only the next one tells.
        async with asyncio.timeout(10):
            while not await _is_let_in(address, gate):
                pass


async def _is_let_in(address: str, gate: Gate) -> bool:
    async with opened(address) as one:
        await one.say({**INIT, "payload": gate.bearer()})
        try:
            return bool((await one.hear())["type"] == "connection_ack")
        except ConnectionClosed:
            return False


@pytest.mark.usefixtures("one_minute")
async def test_budget_is_the_same(open_gate: OpenGate) -> None:
    """What is asked over a socket counts with what is asked over HTTP."""
    gate = open_gate(requests_per_minute=2)
    await gate.ask("{ viewer { role } }")
    async with served(gate.app) as address, opened(address, said=gate.bearer()) as one:
        await one.ask("{ viewer { role } }", "1")
        assert [(await one.hear())["type"] for _ in range(2)] == ["next", "complete"]
        await one.ask("{ viewer { role } }", "2")
        (error,) = (await one.hear())["payload"]
        assert error["extensions"]["limit"] == "requests_per_minute"


async def test_work_ends_with_client(gate: Gate, address: str) -> None:
    """Who leaves leaves nobody at work for them."""
    for event in (trouble.STARTED, trouble.ENDED, ticking.ENDED):
        event.clear()
    async with opened(address, said=gate.bearer()) as one:
        await one.ask(SLOW, "1")
        await one.ask(FOR_EVER, "2")
        await one.hear()
        await asyncio.wait_for(trouble.STARTED.wait(), 10)
    await asyncio.wait_for(trouble.ENDED.wait(), 10)
    await asyncio.wait_for(ticking.ENDED.wait(), 10)
    assert len(gate.house.subscriptions) == 0


# Whoever comes, and when


async def test_nobody_in(gate: Gate) -> None:
    """While the gateway starts or stops nobody is let in."""
    app = application(gate.house)
    door = next(one.endpoint for one in app.routes if getattr(one, "path", "") == "/graphql")
    assert isinstance(door, Door)
    door.close()
    async with served(app) as address:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(address):
                pass
    assert refused.value.response.status_code == 503
    assert "Try again" in refused.value.response.body.decode()


async def test_told_of_end(open_gate: OpenGate) -> None:
    """When the process ends every connection is closed with 1001, so that clients connect to another one."""
    gate = open_gate()
    async with served(gate.app) as address, AsyncExitStack() as both:
        unnamed = await both.enter_async_context(opened(address))
        silent = await both.enter_async_context(opened(address, said=gate.bearer()))
        follower = await both.enter_async_context(opened(address, said=gate.bearer()))
        await follower.ask(FOR_EVER)
        await follower.hear()
        gate.house.subscriptions.close()
        assert [(await one.end())[0] for one in (unnamed, silent, follower)] == [1001] * 3


async def test_server_ends_first(gate: Gate) -> None:
    """So it is where the server ends before anybody here has heard of it, and the log has the code."""
    with capture_logs() as lines:
        async with AsyncExitStack() as both:
            async with served(gate.app) as address:
                unnamed = await both.enter_async_context(opened(address))
                silent = await both.enter_async_context(opened(address, said=gate.bearer()))
            assert [(await one.end())[0] for one in (unnamed, silent)] == [1001] * 2
        await until(lambda: sum(one["event"] == "request" for one in lines) == 2)
    assert [one["status"] for one in lines if one["event"] == "request"] == [1001] * 2
