"""A plan's answer is graphql-core's, whatever the resolvers do."""

import asyncio
import gc
import os
import re
from collections import defaultdict
from random import Random
from typing import Any

import pytest
from graphql import ExecutionResult, parse, specified_rules
from strawberry.schema.schema import validate_document

from gateway.execution import Known, Plans
from resolvers.kit.graph import Graph
from tests.execution.asking import Asked
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


def _errors(result: ExecutionResult) -> list[tuple[list[Any], str]]:
    return [(list(one.path or ()), _bare(one.message)) for one in result.errors or []]


def _by_null(result: ExecutionResult) -> dict[str, list[tuple[str, str]]]:
    """Errors by the place of the answer that is null because of them."""
    found = defaultdict(list)
    for path, message in _errors(result):
        place: list[Any] = []
        there = result.data
        for step in path:
            if there is None:
                break
            place.append(step)
            there = there[step]
        found[str(place)].append((str(path), message))
    return found


@pytest.mark.parametrize("part", SOME)
async def test_nothing_later(hostile: Graph, part: int) -> None:
    """Where nothing is waited for but columns, data and errors are equal, and their order with them."""
    await _compare(hostile, part, is_patient=False)


@pytest.mark.parametrize("part", SOME)
async def test_much_later(hostile: Graph, part: int) -> None:
    """Where values are there later, data are equal, and so is whatever made null of a place."""
    await _compare(hostile, part, is_patient=True)


async def _compare(graph: Graph, part: int, *, is_patient: bool) -> None:
    planned_count = 0
    for seed in range(part * QUESTIONS // 8, (part + 1) * QUESTIONS // 8):
        random = Random(seed)
        kind = "mutation" if seed % 10 == 0 else "query"
        text, variables = Asked(random, graph._schema).question(kind)
        document = parse(text)
        assert validate_document(graph._schema, document, tuple(specified_rules)) == [], text
        known = Known(document)
        planned, plain, ours, theirs = await _both(graph, known, variables, seed, is_patient=is_patient)
        planned_count += all(not hasattr(one, "reason") for one in known.plans.values())
        shown = f"seed {seed}\n{text}\n{variables}\nplanned {_errors(planned)}\nplain   {_errors(plain)}"
        # As text, so that the order of fields counts; without the addresses of objects, which no two worlds share.
        assert _bare(planned.data) == _bare(plain.data), f"{shown}\n{planned.data}\n{plain.data}"
        _compare_errors(planned, plain, shown)
        assert max(ours.calls.values(), default=0) <= 1, f"a resolver ran twice: {shown}"
        if kind == "mutation":
            assert _deeds(ours) == _deeds(theirs), shown
    assert planned_count > 0
    # What was left lying is swept up here, where it is expected, and not in another test.
    gc.collect()


def _bare(data: Any) -> str:
    return re.sub(" at 0x[0-9a-f]+", "", str(data), flags=re.IGNORECASE)


def _deeds(world: World) -> dict[str, int]:
    """The calls that change something: those of root fields."""
    return {path: count for path, count in world.calls.items() if "," not in path}


def _compare_errors(planned: ExecutionResult, plain: ExecutionResult, shown: str) -> None:
    ours, theirs = _by_null(planned), _by_null(plain)
    assert ours.keys() == theirs.keys(), shown
    for place, errors in ours.items():
        # Of several that make null of one place, those that come first are told: which is a matter of turns.
        if len(errors) == len(theirs[place]) == 1 and errors != theirs[place]:
            assert _is_race(errors[0], theirs[place][0], place), shown
    if all(len(one) == 1 for one in [*ours.values(), *theirs.values()]):
        assert sorted(map(str, _errors(planned))) == sorted(map(str, _errors(plain))) or any(
            ours[place] != theirs[place] for place in ours
        ), shown


def _is_race(ours: tuple[str, str], theirs: tuple[str, str], place: str) -> bool:
    """Whether both errors lie below the place, so that either may be the first."""
    return ours[0].startswith(place[:-1]) and theirs[0].startswith(place[:-1])
