"""Is each given back what is theirs, with what was said of it while they were one customer?"""

from itertools import combinations, permutations

import pytest

from resolvers.dismissing import are_apart
from tests.makers import Makers
from tests.merging.conftest import Do


@pytest.mark.parametrize("order", list(permutations(range(3)))[::2])
@pytest.mark.parametrize("pairs", [((1, 0), (2, 1), (3, 2)), ((0, 1), (0, 2), (0, 3)), ((2, 3), (0, 1), (0, 2))])
async def test_chain_told_apart(
    make: Makers, merge: Do, unmerge: Do, pairs: tuple[tuple[int, int], ...], order: tuple[int, ...]
) -> None:
    """However merges were chained and undone, no machine merges any two of those whom people have parted."""
    people = [await make.customer() for _ in range(4)]
    left = [await merge(people[into], people[one]) for into, one in pairs]
    left = [left[n] for n in order]
    while left:
        left = [one for one in left if "survivor" not in await unmerge(one)]
    for two in combinations(people, 2):
        assert await are_apart(make.store, [one.key for one in two])
