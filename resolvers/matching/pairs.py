"""Which customers are compared with which?"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import Any, Protocol, TypeVar

from resolvers.matching.steps import Tell, told, untold


class Ordered(Protocol):
    """What a customer is known by: any ids that have an order."""

    def __lt__(self, other: Any, /) -> bool: ...
    def __hash__(self) -> int: ...


K = TypeVar("K", bound=Ordered)

# A key that more customers share says nothing, and comparing them all would cost their square.
MOST_SHARING = 40
# Whoever shares a rare key is compared first; two who have so many each already share commoner keys only.
MOST_COMPARED = 50


def pairs(
    keys: Mapping[K, Sequence[str]],
    most_sharing: int = MOST_SHARING,
    *,
    unsure: AbstractSet[K] = frozenset(),
    tell: Tell = untold,
) -> Iterator[tuple[K, K]]:
    """Each pair that shares a selective key, once, the smaller id first.

    `unsure`: those who say nothing that anybody made sure of. They make no key common, else a few who type an address
    would hide whose it is: they fill up the room that the others leave.
    """
    sharing: defaultdict[str, list[K]] = defaultdict(list)
    for customer, its in sorted(keys.items(), key=lambda item: (item[0] in unsure, item[0])):
        for key in its:
            sharing[key].append(customer)
    selective = (
        them for them in sharing.values() if len(them) > 1 and unsure >= set(them[most_sharing : most_sharing + 1])
    )
    crowds = sorted((sorted(them[:most_sharing]) for them in selective), key=_smallest_first)
    beside: defaultdict[K, set[K]] = defaultdict(set)
    compared: Counter[K] = Counter()
    for customers in told("shared keys", crowds, tell):
        for first, second in combinations(customers, 2):
            has_room = compared[first] < MOST_COMPARED or compared[second] < MOST_COMPARED
            if has_room and second not in beside[first]:
                beside[first].add(second)
                compared.update((first, second))
    for first in told("customers compared", sorted(beside), tell):
        yield from ((first, second) for second in sorted(beside[first]))


def _smallest_first(customers: list[K]) -> tuple[int, list[K]]:
    return len(customers), customers
