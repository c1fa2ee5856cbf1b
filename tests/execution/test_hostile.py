"""A plan's answer is graphql-core's, whatever the resolvers do."""

import asyncio
import gc
import os
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from graphql import ExecutionResult, parse, specified_rules
from strawberry.schema.schema import validate_document

from gateway.execution import Known, Plans
from gateway.execution.plan import Plan
from resolvers.kit.graph import Graph
from tests.execution.asking import Asked
from tests.execution.comparing import is_at_once, require_same, told
from tests.execution.hostile import World, hostile_graph

# Coroutines in a place where nobody asks for them are never awaited, by neither way of executing.
pytestmark = [
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
QUESTIONS = int(os.environ.get("DIFFERENTIAL_QUESTIONS", "400"))
SOME = [pytest.param(number, id=f"part{number}") for number in range(4)]


@pytest.fixture(scope="module")
def hostile() -> Graph:
    """The graph of odd resolvers."""
    return hostile_graph()


@pytest.fixture(autouse=True)
def _swept() -> Iterator[None]:
    """What was left lying is swept up here, where it is expected, and not in another test."""
    yield
    gc.collect()


async def _both(
    graph: Graph, document: Known, variables: dict[str, Any], seed: int, *, is_patient: bool
) -> tuple[ExecutionResult, ExecutionResult, World, World]:
    worlds = World(seed, is_patient), World(seed, is_patient)
    planned = await Plans(graph, compile_at=1).execute(document, context=worlds[0], variables=variables)
    plain = await Plans(graph, is_on=False).execute(Known(document.document), context=worlds[1], variables=variables)
    # What graphql-core leaves to settle in the background does so now.
    for _ in range(5):
        await asyncio.sleep(0)
    return planned.result, plain.result, *worlds


@pytest.mark.parametrize("part", SOME)
async def test_nothing_later(hostile: Graph, part: int) -> None:
    """Where nothing is waited for, or columns alone, data and errors are equal; in the first case their order, too."""
    await _compare(hostile, part, is_patient=False)


@pytest.mark.parametrize("part", SOME)
async def test_much_later(hostile: Graph, part: int) -> None:
    """Where values are there later, data are equal, and so is whatever made null of a place."""
    await _compare(hostile, part, is_patient=True)


async def _compare(graph: Graph, part: int, *, is_patient: bool) -> None:
    for seed in range(part * QUESTIONS // 8, (part + 1) * QUESTIONS // 8):
        random = Random(seed)
        kind = "mutation" if seed % 10 == 0 else "query"
        text, variables = Asked(random, graph._schema).question(kind)
        document = parse(text)
        assert validate_document(graph._schema, document, tuple(specified_rules)) == [], text
        known = Known(document)
        planned, plain, ours, theirs = await _both(graph, known, variables, seed, is_patient=is_patient)
        assert [one for one in known.plans.values() if isinstance(one, Plan)], f"not planned: {known.plans} {text}"
        shown = f"seed {seed}\n{text}\n{variables}\nplanned {told(planned)}\nplain   {told(plain)}"
        require_same(planned, plain, shown)
        if is_at_once(graph, known, World(seed, is_patient), variables):
            assert told(planned) == told(plain), shown
        assert max(ours.calls.values(), default=0) <= 1, f"a resolver ran twice: {shown}"
        if kind == "mutation":
            assert _deeds(ours) == _deeds(theirs), shown


def _deeds(world: World) -> dict[str, int]:
    """The calls that change something: those of root fields."""
    return {path: count for path, count in world.calls.items() if "," not in path}
