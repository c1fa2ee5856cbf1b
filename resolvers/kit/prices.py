"""What does a field cost beside the rows that it answers, where the database goes through many to answer it?

In rows, as every cost (gateway/sizing/costs.py). Measured on the demo's 8,600 customers by the time of all processors,
gateway and database together: an agent's panel (tests/workloads.py, W1) costs 146 and takes 6 ms, so that a millisecond
is some 24 rows.
"""

from typing import Any, Final, get_args, get_type_hints

from resolvers.kit.slice import AddedCondition, Having

COSTS: Final = "costs"
"""By which name a field of the graph says it in its metadata."""

COUNTING_ONE: Final = 1
"""`totalCount` of a list that belongs to something: 0.1 ms along an index, for a page of owners in one command."""
COUNTING_ALL: Final = 200
"""`totalCount` of a list of all there are: 4 to 18 ms."""
MEETING_RECORDS: Final = 1_000
"""A condition on customers by their records, for a page and as much again where all are counted: 35 to 90 ms each.

A page of which few customers fulfil it goes through all of them, which is ten times as long.
"""


def priced(costs: int) -> dict[str, Any] | None:
    """The metadata of a field that costs so much; None for one that costs its rows alone."""
    return {COSTS: costs} if costs else None


def price_of_condition(added: AddedCondition) -> int:
    """What a list costs that is filtered by it, beside its rows."""
    answer = get_type_hints(added.function)["return"]
    return MEETING_RECORDS if Having in {answer, *get_args(answer)} else 0


def price_of(field: Any) -> int:
    """What a field of the schema, or of one of its inputs, costs beside its rows."""
    declared = field.extensions.get("strawberry-definition")
    return int((getattr(declared, "metadata", None) or {}).get(COSTS, 0))
