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

    @property
    def evidence(self) -> float:
        """What the comparison alone says, whatever was assumed before."""
        return self.bits - self.prior


def score_of(one: Evidence, other: Evidence, base: Base, weights: Weights = DEFAULT) -> Score:
    """How likely the two are one person; the same whoever comes first."""
    # Sums of floats, and choices between equals, come out the same in one order only.
    found = findings(*sorted((one, other)), base)
    strangers = _score(_against_strangers(found, weights), base.prior, Against.STRANGER)
    relatives = _score(_against_relatives(found, weights), weights.relative_prior, Against.RELATIVE)
    return min(strangers, relatives, key=lambda score: score.bits)


def _score(weighed: Mapping[Finding, float], prior: float, against: Against) -> Score:
    reasons = tuple(Reason(finding.role, finding.level, weight) for finding, weight in weighed.items())
    return Score(sum(weighed.values(), prior), prior, reasons, against)


def _against_strangers(found: list[Finding], weights: Weights) -> dict[Finding, float]:
    weighed = {}
    for finding in found:
        weight = weights.levels[finding.role][finding.level]
        rarer = weight.rarity * log2(weights.typical[finding.role] / finding.chance) if weight.rarity else 0.0
        bits = weight.stranger + rarer
        # However common it is, agreeing never speaks against one person.
        weighed[finding] = min(max(bits, 0.0), weights.highest) if weight.stranger > 0 else bits
    return weighed


def _against_relatives(found: list[Finding], weights: Weights) -> dict[Finding, float]:
    return {finding: weights.levels[finding.role][finding.level].relative for finding in found}
