"""Which customers are one person, when many pairs have scores of their own?

Pairs are joined from the best score down. What pairs cannot see stops a join: members who contradict each other,
members who are known to be different people, and a customer who would belong to either of two different people.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import combinations
from typing import Generic

from resolvers.matching.pairs import K
from resolvers.matching.scoring import Score
from resolvers.matching.steps import Tell, told, untold
from resolvers.matching.weights import DEFAULT, Weights

# A person with more records than this is a placeholder, or a shop's own account.
MOST_TOGETHER = 100
# Of a customer with more doubles, the best ones tell whether two different people are among them.
_MOST_BESIDE = 12
# A customer goes to the likelier of two people only where it is eight times as likely.
_UNDECIDED_BITS = 3.0


class Clusters(Generic[K]):
    """The people among customers whose pairs are scored."""

    def __init__(
        self,
        scores: Mapping[tuple[K, K], Score],
        score: Callable[[K, K], Score],
        *,
        apart: AbstractSet[tuple[K, K]] = frozenset(),
        weights: Weights = DEFAULT,
    ) -> None:
        """`scores` of pairs, the smaller id first; `score` gives those of other pairs; `apart` are different people."""
        self._scores = dict(scores)
        self._score = score
        self._apart = apart
        self._weights = weights

    def people(self, at: float, tell: Tell = untold) -> list[list[K]]:
        """Those who are one person by scores of `at` bits and more: two or more each, in order."""
        edges = sorted(
            (-score.bits, *pair) for pair, score in self._scores.items() if score.bits >= at and pair not in self._apart
        )
        torn = self._torn(edges, at, tell)
        home: dict[K, list[K]] = {}
        for _, one, other in told("pairs clustered", edges, tell):
            if (one, other) in torn:
                continue
            here, there = home.get(one, [one]), home.get(other, [other])
            if here is there or len(here) + len(there) > MOST_TOGETHER:
                continue
            if any(self._differ(first, second, at) for first in here for second in there):
                continue
            together = [*here, *there]
            home.update(dict.fromkeys(together, together))
        return sorted(sorted(members) for members in {id(members): members for members in home.values()}.values())

    def score(self, one: K, other: K) -> Score:
        """The score of any two, also of those that share no key."""
        pair = _pair(one, other)
        if pair not in self._scores:
            self._scores[pair] = self._score(*pair)
        return self._scores[pair]

    def _differ(self, one: K, other: K, at: float) -> bool:
        """Whether two cannot be one person, as sure as that is wanted."""
        pair = _pair(one, other)
        if pair in self._apart:
            return True
        score = self.score(*pair)
        return score.bits < at and score.contradicts(self._weights)

    def _torn(self, edges: Sequence[tuple[float, K, K]], at: float, tell: Tell) -> AbstractSet[tuple[K, K]]:
        """The pairs of a customer who could be either of two different people: twins, when no given name is known."""
        beside: defaultdict[K, list[tuple[float, K]]] = defaultdict(list)
        for negative, one, other in edges:
            beside[one].append((-negative, other))
            beside[other].append((-negative, one))
        torn = set()
        for middle, others in told("twins told apart", beside.items(), tell):
            for (bits, one), (other_bits, other) in combinations(others[:_MOST_BESIDE], 2):
                if self._differ(one, other, at):
                    torn.add(_pair(middle, other))
                    if bits - other_bits < _UNDECIDED_BITS:
                        torn.add(_pair(middle, one))
        return torn


def _pair(one: K, other: K) -> tuple[K, K]:
    return (one, other) if one < other else (other, one)
