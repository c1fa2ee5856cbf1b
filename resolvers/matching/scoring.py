"""How likely are two customers one person, and for which reasons?"""

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
        return float(1 / (1 + 2.0**-self.bits))

    def contradicts(self, weights: Weights = DEFAULT) -> bool:
        """Whether these are two different people, rather than two of whom little is known.

        One role that parts them is enough where the others do not speak for one person all the more.
        """
        # Twins share all but the given name, which is no evidence against what else they could be.
        told = self.bits if self.against is Against.RELATIVE else self.evidence
        is_likely = told >= weights.proven_at
        return not is_likely and any(one.weight <= weights.contradiction_at for one in self.reasons)

    @property
    def evidence(self) -> float:
        """What the comparison alone says, whatever was assumed before."""
        return self.bits - self.prior


def score_of(one: Evidence, other: Evidence, base: Base, weights: Weights = DEFAULT) -> Score:
    """How likely the two are one person; the same whoever comes first."""
    # Sums of floats, and choices between equals, come out the same in one order only.
    found = findings(min(one, other), max(one, other), base)
    alone = [_against_stranger(finding, base, weights) for finding in found]
    relatives = [_against_relative(*each, base, weights) for each in zip(found, alone, strict=True)]
    strangers = _names_together(found, alone, base.prior, weights)
    if sum(strangers, base.prior) <= sum(relatives, base.relative_prior):
        return _score(found, strangers, base.prior, Against.STRANGER)
    return _score(found, relatives, base.relative_prior, Against.RELATIVE)


def named(score: Score, role: MatchingRole, weights: Weights = DEFAULT) -> Score:
    """The score where the one is known on a channel by what names the other there, by an administrator's word.

    However common such a value is, it tells as much as a value alone can; the other reasons stay.
    """
    weight = weights.alone_at_most - score.prior
    others = [one for one in score.reasons if one.role is not role]
    same = [one for one in score.reasons if one.role is role and one.level >= Level.EXACT and one.weight >= weight]
    reasons = (*others, *(same or [Reason(role, Level.EXACT, weight)]))
    return Score(sum((one.weight for one in reasons), score.prior), score.prior, reasons, score.against)


def _score(found: list[Finding], weighed: list[float], prior: float, against: Against) -> Score:
    reasons = tuple(Reason(finding.role, finding.level, weight) for finding, weight in zip(found, weighed, strict=True))
    return Score(sum(weighed, prior), prior, reasons, against)


_NAMES = (MatchingRole.GIVEN_NAME, MatchingRole.FAMILY_NAME)


def _names_together(found: list[Finding], alone: list[float], prior: float, weights: Weights) -> list[float]:
    """The weights against strangers, in which names go together in families, towns and fashions.

    Both tell less than the product of their chances.
    """
    named = [n for n, finding in enumerate(found) if finding.role in _NAMES and alone[n] > 0]
    together, most = sum(alone[n] for n in named), weights.names_at_most - prior
    if together <= most:
        return alone
    return [weight * most / together if n in named else weight for n, weight in enumerate(alone)]


def _against_stranger(finding: Finding, base: Base, weights: Weights) -> float:
    weight = weights.levels[finding.role][finding.level]
    told = weight.stranger + (base.kind(finding.kind).against_stranger(finding.level) if finding.kind else 0.0)
    if told <= 0 or not weight.rarity:
        return told
    rarer = weight.rarity * log2(weights.typical[finding.role] / finding.chance)
    # However common it is, agreeing never speaks against one person.
    return min(max(told + rarer, 0.0), weights.alone_at_most - base.prior)


def _against_relative(finding: Finding, stranger: float, base: Base, weights: Weights) -> float:
    weight = weights.levels[finding.role][finding.level]
    told = weight.relative
    if finding.kind:
        told += base.kind(finding.kind).against_relative(finding.level)
    elif finding.role is MatchingRole.FAMILY_NAME:
        told += base.families.against_relative(finding.level)
    # Relatives share what strangers share, too: all of a hall have its address, and many were born on 1 January.
    return min(told, stranger) if told > 0 else told
