"""Who among many customers are one person?"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from typing import Any, Generic

from resolvers.attribute_rules import MatchingRole
from resolvers.matching.base import Base, counted
from resolvers.matching.clusters import Clusters
from resolvers.matching.evidence import Evidence
from resolvers.matching.keys import blocking_keys
from resolvers.matching.kinds import Agreements, crowding, families
from resolvers.matching.pairs import K, pairs
from resolvers.matching.scoring import Against, Reason, Score, score_of
from resolvers.matching.steps import Tell, told, untold
from resolvers.matching.weights import DEFAULT, Weights

# A pair that scores lower by the raw counts does not come up to a suggestion by the counts of people.
_HOPELESS_BITS = -15.0


@dataclass(frozen=True, repr=False)
class Doubles(Generic[K]):
    """What comparing a whole base found; `base` serves to score single pairs later as they were scored here."""

    compared: int
    base: Base
    scores: Mapping[tuple[K, K], Score]
    clusters: Clusters[K]
    weights: Weights

    def to_merge(self, tell: Tell = untold) -> list[list[K]]:
        """Those whom a machine may merge, person by person."""
        return self.clusters.people(self.weights.merge_at, tell)

    def to_suggest(self, tell: Tell = untold) -> list[list[K]]:
        """Those whom an agent should look at, person by person."""
        return self.clusters.people(self.weights.suggest_at, tell)


def doubles_among(
    customers: Mapping[K, Evidence],
    *,
    apart: AbstractSet[tuple[K, K]] = frozenset(),
    weights: Weights = DEFAULT,
    tell: Tell = untold,
) -> Doubles[K]:
    """Compares all who share a blocking key; `apart` are known to be different people, the smaller id first.

    How often each value stands among people is known only when the doubles are: so the pairs are scored by the counts
    of records first, and again by the counts of the people that this finds.
    """
    keys = {key: blocking_keys(customers[key]) for key in told("keys made", customers, tell)}
    crowds, homes = crowding(customers.values()), families(customers[key] for key in sorted(customers))
    raw = counted(told("values counted", list(_records_apart(customers.values())), tell))
    raw = replace(raw, kinds=Agreements().kinds(crowds), families=homes)
    unsure = {key for key, one in customers.items() if one.is_hearsay}
    compared, scores = 0, {}
    alike = dict.fromkeys(_alike(customers))
    for pair in chain(alike, (one for one in pairs(keys, unsure=unsure, tell=tell) if one not in alike)):
        compared += 1
        score = score_of(customers[pair[0]], customers[pair[1]], raw, weights)
        if score.bits >= weights.suggest_at + _HOPELESS_BITS:
            scores[pair] = score
    first = _clusters(customers, scores, raw, apart, weights).people(weights.merge_at, tell)
    agreed = _agreements(customers, scores, raw, weights, tell)
    persons = list(_people(customers, first))
    base = counted(told("people counted", persons, tell), sum(map(_are_relatives, scores.values())))
    base = replace(base, kinds=agreed.kinds(crowds), families=replace(homes, doubles=agreed.names))
    again = {
        pair: score_of(customers[pair[0]], customers[pair[1]], base, weights)
        for pair in told("compared once more", scores, tell)
    }
    return Doubles(compared, base, again, _clusters(customers, again, base, apart, weights), weights)


def _records_apart(customers: Iterable[Evidence]) -> Iterator[list[Evidence]]:
    """Each record as a person, but those as one of whom the same name, and the same number or day, is known.

    Else a person of very many records would make the own values look common.
    """
    seen: set[Evidence] = set()
    for one in customers:
        is_telling = one.given and (one.births or one.phones or one.emails or one.identifiers)
        if not is_telling or one not in seen:
            yield [one]
        seen.add(one)


def _alike(customers: Mapping[K, Evidence]) -> Iterator[tuple[K, K]]:
    """Each with the next one of whom the same is known: so many that no key of theirs is selective are found, too."""
    same: defaultdict[Evidence, list[K]] = defaultdict(list)
    for key in sorted(customers):
        same[customers[key]].append(key)
    for members in same.values():
        yield from pairwise(members)


def _clusters(
    customers: Mapping[K, Evidence],
    scores: Mapping[tuple[K, K], Score],
    base: Base,
    apart: AbstractSet[tuple[K, K]],
    weights: Weights,
) -> Clusters[K]:
    def score_between(one: K, other: K) -> Score:
        return score_of(customers[one], customers[other], base, weights)

    return Clusters(scores, score_between, apart=apart, weights=weights)


# Two who share a home and are no more likely one person than one in eight.
_RELATIVES_BITS = -3.0


def _are_relatives(score: Score) -> bool:
    return score.against is Against.RELATIVE and score.bits <= _RELATIVES_BITS


def _agreements(
    customers: Mapping[K, Evidence], scores: Mapping[tuple[K, K], Score], base: Base, weights: Weights, tell: Tell
) -> Agreements:
    """How well identifiers and family names agree, where everything else says whether the two are one person."""
    found = Agreements()
    for pair, score in told("agreements weighed", scores.items(), tell):
        one, other = (customers[each] for each in pair)
        said = {reason.role: reason for reason in score.reasons}
        if number := said.get(MatchingRole.IDENTIFIER):
            if score.against is Against.RELATIVE and score.bits - number.weight <= _RELATIVES_BITS:
                found.count(one, other, are_one=False)
            elif _are_one_without(number, score, one, other, base, weights):
                found.count(one, other, are_one=True)
        family = said.get(MatchingRole.FAMILY_NAME)
        if family and _are_one_without(family, score, one, other, base, weights):
            found.names[family.level] += 1
    return found


_FIELDS = {MatchingRole.IDENTIFIER: "identifiers", MatchingRole.FAMILY_NAME: "family"}


def _are_one_without(
    reason: Reason, score: Score, one: Evidence, other: Evidence, base: Base, weights: Weights
) -> bool:
    """Whether the two are one person by everything else that they say."""
    if score.bits - reason.weight < weights.merge_at:
        return False
    # Without this the other alternative may be the likelier one.
    left_out: Any = {_FIELDS[reason.role]: ()}
    return score_of(replace(one, **left_out), replace(other, **left_out), base, weights).bits >= weights.merge_at


def _people(customers: Mapping[K, Evidence], found: Sequence[Sequence[K]]) -> Iterator[list[Evidence]]:
    """Each person's records: those that were found to be one's, and each of the others alone."""
    together = {key for members in found for key in members}
    yield from ([customers[key] for key in members] for members in found)
    yield from ([one] for key, one in customers.items() if key not in together)
