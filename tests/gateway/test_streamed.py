"""What does a list cost that comes in parts: more than the whole of it?"""

from collections.abc import Sequence
from typing import Any

import pytest

from adapters.records import Document
from tests.conftest import Commands
from tests.gateway.conftest import Gate, OpenGate, code_of
from tests.gateway.test_in_parts import ACCEPTS, parts_of, put_together
from tests.makers import Makers

_ROWS = 12
_LIST = """{ customers(first: 50) { nodes %s { firstName notes(first: 2) { nodes { text } } ... %s {
  tickets(first: 2) { nodes { id } } } } } }"""
STREAMS = {"stream": ("@stream", ""), "initial": ("@stream(initialCount: 3)", ""), "defer": ("", "@defer")}


@pytest.fixture
async def people(make: Makers) -> None:
    """Customers with notes and tickets."""
    for n in range(_ROWS):
        one = await make.customer("Ann", f"Lee{chr(97 + n)}")
        await make.note(one, "x")
        await make.ticket(one)


async def _asked(
    gate: Gate, commands: Commands, accept: str, *where: str
) -> tuple[list[dict[str, Any]], Sequence[tuple[str, Document]]]:
    with commands.counted() as sent:
        answer = await gate.ask(_LIST % where, headers={**gate.bearer(), "Accept": accept})
    return parts_of(answer), sent


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("accept", ACCEPTS.values(), ids=ACCEPTS)
@pytest.mark.parametrize("where", STREAMS.values(), ids=STREAMS)
async def test_commands(gate: Gate, commands: Commands, accept: str, where: tuple[str, str]) -> None:
    """What comes later is read together, a list below all rows by one command, and comes in no more parts than rows."""
    whole = await gate.ask(_LIST % ("", ""))
    with commands.counted() as sent:
        await gate.ask(_LIST % ("", ""))
    least = len(sent)
    parts, sent = await _asked(gate, commands, accept, *where)
    assert len(sent) <= least + 1
    assert 2 <= len(parts) <= _ROWS + 1
    assert put_together(parts) == whole.json()["data"]
    assert parts[0]["extensions"]["cost"] == whole.json()["extensions"]["cost"]


async def test_too_dear(open_gate: OpenGate) -> None:
    """A list that costs too much is refused as a whole, in whatever parts it would come."""
    gate = open_gate(question_cost=100)
    for where in (("", ""), *STREAMS.values()):
        answer = await gate.ask(_LIST % where, headers={**gate.bearer(), "Accept": next(iter(ACCEPTS.values()))})
        assert code_of(answer) == "LIMIT_EXCEEDED"
