"""Is an answer bounded in bytes, by the names in its question and as a whole, over HTTP and WebSockets?"""

import pytest

from tests.gateway.conftest import GRAPHQL, Gate, OpenGate, served
from tests.gateway.socket_client import opened

LONG = "a" * 129
NAMED = {
    "alias": f"{{ {LONG}: viewer {{ subject }} }}",
    "alias below": f"{{ viewer {{ {LONG}: subject }} }}",
    "alias in a fragment": f"{{ ...F }} fragment F on Query {{ {LONG}: viewer {{ subject }} }}",
    "operation": f"query {LONG} {{ viewer {{ subject }} }}",
    "fragment": f"{{ ...{LONG} }} fragment {LONG} on Query {{ viewer {{ subject }} }}",
    "variable": f"query(${LONG}: String!) {{ echo(text: ${LONG}) }}",
}
ECHO = "query($text: String!) { echo(text: $text) }"
TOO_LONG = "x" * 70_000


@pytest.mark.parametrize("query", NAMED.values(), ids=NAMED)
async def test_long_names(gate: Gate, query: str) -> None:
    """A name that is too long is refused, by the limit's name and in numbers; one that just fits is not."""
    (error,) = (await gate.ask(query)).json()["errors"]
    assert error["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "name_length", "asked": 129, "most": 128}
    fits = await gate.ask(query.replace(LONG, LONG[1:]), variables={LONG[1:]: "x"})
    assert "errors" not in fits.json()


async def test_long_answer(open_gate: OpenGate) -> None:
    """An answer of more bytes than may be is not given, and why is said in words."""
    gate = open_gate(answer_bytes=65_536)
    answer = await gate.ask(ECHO, variables={"text": TOO_LONG}, headers=gate.bearer() | {"Accept": GRAPHQL})
    (error,) = answer.json()["errors"]
    assert answer.status_code == 400
    assert error["message"].startswith("The answer has 70")
    assert (error["extensions"]["code"], error["extensions"]["most"]) == ("LIMIT_EXCEEDED", 65_536)
    assert (await gate.ask(ECHO, variables={"text": "x" * 60_000})).json()["data"]


async def test_long_answer_on_a_socket(open_gate: OpenGate) -> None:
    """So it is on a WebSocket, which goes on."""
    gate = open_gate(answer_bytes=65_536)
    async with served(gate.app) as address, opened(address, said=gate.bearer()) as client:
        await client.ask(ECHO, variables={"text": TOO_LONG})
        (error,) = (await client.hear())["payload"]["errors"]
        assert error["extensions"]["limit"] == "answer_bytes"
        assert (await client.hear())["type"] == "complete"
        await client.ask(ECHO, variables={"text": "x"})
        assert (await client.hear())["payload"]["data"] == {"echo": "x"}
