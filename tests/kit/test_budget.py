"""How much may one question load, and for how long?"""

import time
from typing import Any

import pytest

from resolvers.kit.budget import Budget
from resolvers.kit.context import Context, GraphLimits
from resolvers.kit.errors import LimitExceeded
from tests.conftest import Answer, Asking
from tests.makers import Makers

LEVELS = 10
# Each level asks for both lists of the one below: 1,320 bytes for 88,572 rows of two messages.
DOUBLED = (
    "query($id: ID!) { customer(id: $id) { conversations { nodes { ...F0 } } } }"
    + "".join(
        f" fragment F{n} on Conversation {{ a: messages(first: 1) {{ nodes {{ conversation {{ ...F{n + 1} }} }} }}"
        f" b: messages(first: 2) {{ nodes {{ conversation {{ ...F{n + 1} }} }} }} }}"
        for n in range(LEVELS)
    )
    + f" fragment F{LEVELS} on Conversation {{ id }}"
)


async def _asked(ask: Asking, query: str, limits: GraphLimits, **variables: Any) -> tuple[Answer, Context]:
    context = ask.context()
    bounded = Context(
        viewer=context.viewer,
        store=context.store,
        declared=context.declared,
        seal=context.seal,
        clock=context.clock,
        limits=limits,
    )
    result = await ask.graph.execute(query, variable_values=variables, context_value=bounded)
    return Answer(result.data, result.errors or []), bounded


def test_rows_spent() -> None:
    """As many rows as the bound says are given, and not one more; from then on nothing is."""
    budget = Budget(10, 60.0)
    budget.spend(10)
    budget.require()
    with pytest.raises(LimitExceeded, match=r"11 rows or more.* at most 10 .*`first`"):
        budget.spend(1)
    with pytest.raises(LimitExceeded):
        budget.require()


def test_time_over() -> None:
    """Behind the deadline nothing more is loaded, and the limit is named."""
    budget = Budget(10, 0.0)
    time.sleep(0.001)
    with pytest.raises(LimitExceeded, match="longer than 0 seconds"):
        budget.require()


async def test_doubled_lists_refused(ask: Asking, make: Makers) -> None:
    """Lists inside lists, written with few words, are refused once they ask for too many rows."""
    one = await make.customer()
    await make.conversation(one, "Hello", "Bye")
    answer, _ = await _asked(ask, DOUBLED, GraphLimits(most_rows=1_000), id=one.id)
    assert set(answer.codes) == {"LIMIT_EXCEEDED"}
    assert "at most 1000 are loaded" in answer.errors[0].message


async def test_doubled_lists_in_time(ask: Asking, make: Makers) -> None:
    """An answer ends soon behind its time, however much is at hand."""
    one = await make.customer()
    await make.conversation(one, "Hello", "Bye")
    began = time.monotonic()
    answer, _ = await _asked(ask, DOUBLED, GraphLimits(most_rows=10**9, execution_s=0.5), id=one.id)
    assert set(answer.codes) == {"LIMIT_EXCEEDED"}
    # Without the bound it takes tens of seconds; a busy machine takes a few times as long as an idle one.
    assert time.monotonic() - began < 8


async def test_rows_of_all_lists(ask: Asking, make: Makers) -> None:
    """The rows of every list count together: each customer, each note, and once more for each place."""
    for n in range(4):
        one = await make.customer(f"Ann{n}")
        for _ in range(3):
            await make.note(one)
    query = "{ customers { nodes { notes(first: 3) { nodes { id } } again: notes(first: 3) { nodes { id } } } } }"
    answer, _ = await _asked(ask, query, GraphLimits(most_rows=28))
    assert answer.errors == []
    answer, _ = await _asked(ask, query, GraphLimits(most_rows=27))
    assert answer.codes[0] == "LIMIT_EXCEEDED"


async def test_many_rows_read_in_parts(ask: Asking, make: Makers) -> None:
    """A level that could be more than the bound is read in parts, so that no more than the bound is at hand."""
    for n in range(6):
        one = await make.customer(f"Ann{n}")
        for _ in range(20):
            await make.note(one)
    query = "{ customers { nodes { notes(first: 20) { nodes { id } } } } }"
    answer, _ = await _asked(ask, query, GraphLimits(most_rows=126))
    assert answer.errors == []
    answer, bounded = await _asked(ask, query, GraphLimits(most_rows=50))
    assert answer.codes[0] == "LIMIT_EXCEEDED"
    assert bounded.budget.rows < 126
