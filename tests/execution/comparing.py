"""When are two answers the same?"""

import inspect
import re
from collections import defaultdict
from typing import Any

from graphql import ExecutionResult

from gateway.execution import Known, Plans
from resolvers.kit.graph import Graph


def told(result: ExecutionResult) -> list[tuple[list[Any], str]]:
    """The errors by path, without the addresses of objects, which no two executions share."""
    return [(list(one.path or ()), bare(one.message)) for one in result.errors or []]


def bare(data: Any) -> str:
    """The data as text, so that the order of fields counts; without the addresses of objects and the names of tasks."""
    return re.sub(" at 0x[0-9a-f]+|Task-[0-9]+", "", str(data), flags=re.IGNORECASE)


def require_same(planned: ExecutionResult, plain: ExecutionResult, shown: str) -> None:
    """Raises where a plan's answer is not one that graphql-core may give.

    Data are equal. Errors are equal for each place that is null because of them; where several errors make null of one
    place, the first of them is told, which is a matter of turns of the loop: then each side tells one of them.
    """
    assert bare(planned.data) == bare(plain.data), f"{shown}\n{planned.data}\n{plain.data}"
    ours, theirs = _by_null(planned), _by_null(plain)
    assert ours.keys() == theirs.keys(), shown
    for place, errors in ours.items():
        if len(errors) == len(theirs[place]) == 1 and errors != theirs[place]:
            assert _is_race(errors[0], theirs[place][0], place), shown


def is_at_once(graph: Graph, known: Known, context: Any, variables: dict[str, Any]) -> bool:
    """Whether graphql-core answers without waiting for anything, so that errors have one order."""
    executor = Plans(graph, is_on=False).executor(known, context=context, variables=variables)
    result = [] if isinstance(executor, list) else executor.execute_operation()
    if inspect.iscoroutine(result):
        result.close()
        return False
    return True


def _by_null(result: ExecutionResult) -> dict[str, list[tuple[str, str]]]:
    """Errors by the place of the answer that is null because of them."""
    found = defaultdict(list)
    for path, message in told(result):
        place: list[Any] = []
        there = result.data
        for step in path:
            if there is None:
                break
            place.append(step)
            there = there[step]
        found[str(place)].append((str(path), message))
    return found


def _is_race(ours: tuple[str, str], theirs: tuple[str, str], place: str) -> bool:
    """Whether both errors lie below the place, so that either may be the first."""
    return ours[0].startswith(place[:-1]) and theirs[0].startswith(place[:-1])
