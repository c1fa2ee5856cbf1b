"""Who among many customers are one person?"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Generic, TypeVar

from resolvers.matching.base import Base, counted
from resolvers.matching.clusters import Clusters
from resolvers.matching.evidence import Evidence
from resolvers.matching.keys import blocking_keys
from resolvers.matching.pairs import pairs
from resolvers.matching.scoring import Score, score_of
from resolvers.matching.weights import DEFAULT, Weights

K = TypeVar("K", int, str)


@dataclass(frozen=True)
class Doubles(Generic[K]):
    """What comparing a whole base found."""

    compared: int
    scores: Mapping[tuple[K, K], Score]
    clusters: Clusters[K]
    weights: Weights

    def to_merge(self) -> list[list[K]]:
        """Those whom a machine may merge, person by person."""
        return self.clusters.people(self.weights.merge_at)

    def to_suggest(self) -> list[list[K]]:
        """Those whom an agent should look at, person by person."""
        return self.clusters.people(self.weights.suggest_at)


def doubles_among(
    customers: Mapping[K, Evidence],
    *,
    base: Base | None = None,
    apart: Set[tuple[K, K]] = frozenset(),
    weights: Weights = DEFAULT,
) -> Doubles[K]:
    """Compares all who share a blocking key; `apart` are known to be different people, the smaller id first."""
    known = base or counted(customers.values())
    compared, scores = 0, {}
    for one, other in pairs({key: blocking_keys(evidence) for key, evidence in customers.items()}):
        compared += 1
        score = score_of(customers[one], customers[other], known, weights)
        if score.bits >= min(weights.suggest_at, weights.merge_at):
            scores[one, other] = score

    def score_between(one: K, other: K) -> Score:
        return score_of(customers[one], customers[other], known, weights)

    return Doubles(compared, scores, Clusters(scores, score_between, apart=apart, weights=weights), weights)
