"""Which customers are compared with which?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Protocol, TypeVar


class Ordered(Protocol):
    """What a customer is known by: any ids that have an order."""

    def __lt__(self, other: Any, /) -> bool: ...
    def __hash__(self) -> int: ...


K = TypeVar("K", bound=Ordered)

# A key that more customers share says nothing, and comparing them all would cost their square.
MOST_SHARING = 40


def pairs(keys: Mapping[K, Sequence[str]], most_sharing: int = MOST_SHARING) -> Iterator[tuple[K, K]]:
    """Each pair that shares a selective key, once, the smaller id first."""
    sharing: defaultdict[str, list[K]] = defaultdict(list)
    for customer, its in keys.items():
        for key in its:
            sharing[key].append(customer)
    beside: defaultdict[K, set[K]] = defaultdict(set)
    for customers in sharing.values():
        if 1 < len(customers) <= most_sharing:
            for first, second in combinations(sorted(customers), 2):
                beside[first].add(second)
    for first in sorted(beside):
        yield from ((first, second) for second in sorted(beside[first]))
