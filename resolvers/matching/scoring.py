"""How likely are two customers one person, and for which reasons?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import log2

from resolvers.attribute_rules import MatchingRole
from resolvers.matching.base import Base
from resolvers.matching.comparing import Finding, findings
from resolvers.matching.evidence import Evidence
from resolvers.matching.levels import Level
from resolvers.matching.weights import DEFAULT, Weights


class Against(Enum):
    """What else two customers who agree could be."""

    STRANGER = "STRANGER"
    RELATIVE = "RELATIVE"


@dataclass(frozen=True, slots=True)
class Reason:
    """What one role said, and what that weighed in bits. The values themselves are not told."""

    role: MatchingRole
    level: Level
    weight: float


@dataclass(frozen=True, slots=True)
class Score:
    """How much speaks for one person, in bits over an even chance, against the likeliest of what else it could be.

    `bits` is the sum of the reasons' weights and of `prior`, what is assumed before anything is compared.
    """

    bits: float
    prior: float
    reasons: tuple[Reason, ...]
    against: Against

    @property
    def probability(self) -> float:
        """The score as a probability."""
        return 1 / (1 + 2.0**-self.bits)

    def contradicts(self, weights: Weights = DEFAULT) -> bool:
        """Whether these are two different people, rather than two of whom little is known."""
        return self.evidence < 0 and any(reason.weight <= weights.contradiction_at for reason in self.reasons)

    @property
    def evidence(self) -> float:
        """What the comparison alone says, whatever was assumed before."""
        return self.bits - self.prior


def score_of(one: Evidence, other: Evidence, base: Base, weights: Weights = DEFAULT) -> Score:
    """How likely the two are one person; the same whoever comes first."""
    # Sums of floats, and choices between equals, come out the same in one order only.
    found = findings(*sorted((one, other)), base)
    strangers = _score(_against_strangers(found, base.prior, weights), base.prior, Against.STRANGER)
    relatives = _score(_against_relatives(found, weights), base.relative_prior, Against.RELATIVE)
    return min(strangers, relatives, key=lambda score: score.bits)


def _score(weighed: Mapping[Finding, float], prior: float, against: Against) -> Score:
    reasons = tuple(Reason(finding.role, finding.level, weight) for finding, weight in weighed.items())
    return Score(sum(weighed.values(), prior), prior, reasons, against)


_NAMES = frozenset({MatchingRole.GIVEN_NAME, MatchingRole.FAMILY_NAME})


def _against_strangers(found: list[Finding], prior: float, weights: Weights) -> dict[Finding, float]:
    weighed = {finding: _against_stranger(finding, weights) for finding in found}
    named = [finding for finding in found if finding.role in _NAMES and weighed[finding] > 0]
    together = sum(weighed[finding] for finding in named)
    if together > weights.names_at_most - prior:
        # Names go together in families, towns and fashions: both tell less than the product of their chances.
        for finding in named:
            weighed[finding] *= (weights.names_at_most - prior) / together
    return weighed


def _against_stranger(finding: Finding, weights: Weights) -> float:
    weight = weights.levels[finding.role][finding.level]
    if weight.stranger <= 0:
        return weight.stranger
    rarer = weight.rarity * log2(weights.typical[finding.role] / finding.chance) if weight.rarity else 0.0
    # However common it is, agreeing never speaks against one person.
    return min(max(weight.stranger + rarer, 0.0), weights.highest)


def _against_relatives(found: list[Finding], weights: Weights) -> dict[Finding, float]:
    return {finding: weights.levels[finding.role][finding.level].relative for finding in found}
