"""How often does each value stand in the base, so that a shared rare one tells more than a shared common one?"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from resolvers.attribute_rules import MatchingRole
from resolvers.matching.evidence import Evidence

# How many people's worth of belief stands behind the typical chances: a base smaller than this adjusts them little.
_BELIEF = 1_000
# Two customers who share a value are no proof that strangers share it too.
_THE_PAIR = 2

TYPICAL: Mapping[MatchingRole, float] = {
    MatchingRole.GIVEN_NAME: 1 / 300,
    MatchingRole.FAMILY_NAME: 1 / 1_500,
    # Days of some sixty years.
    MatchingRole.BIRTH_DATE: 1 / 20_000,
    MatchingRole.PHONE: 1 / 100_000,
    MatchingRole.EMAIL: 1 / 100_000,
    # Of one word of an address.
    MatchingRole.ADDRESS: 1 / 300,
    MatchingRole.IDENTIFIER: 1 / 1_000_000,
}
"""How likely a stranger has the same value, where nothing is known of the value."""


@dataclass(frozen=True)
class Base:
    """How many customers there are, and how many of them have each value of a role; values left out are rare."""

    size: int = 100_000
    counts: Mapping[MatchingRole, Mapping[str, int]] = field(default_factory=dict)

    def chance(self, role: MatchingRole, value: str) -> float:
        """How likely a stranger has this value."""
        count = self.counts.get(role, {}).get(value, 0)
        others = max(0, count - _THE_PAIR)
        return (others + _BELIEF * TYPICAL[role]) / (self.size + _BELIEF) if self.counts else TYPICAL[role]


def counted(found: Iterable[Evidence]) -> Base:
    """The base that these customers are."""
    counts: dict[MatchingRole, Counter[str]] = {role: Counter() for role in MatchingRole}
    size = 0
    for one in found:
        size += 1
        for role, values in values_of(one).items():
            counts[role].update(values)
    return Base(size, counts)


def values_of(one: Evidence) -> Mapping[MatchingRole, set[str]]:
    """What is counted of a customer, by role; of addresses, their words."""
    return {
        MatchingRole.GIVEN_NAME: {name.whole for name in one.given},
        MatchingRole.FAMILY_NAME: {name.whole for name in one.family},
        MatchingRole.BIRTH_DATE: {str(day) for day in one.births},
        MatchingRole.PHONE: set(one.phones),
        MatchingRole.EMAIL: set(one.emails),
        MatchingRole.ADDRESS: {word for address in one.addresses for word in address},
        MatchingRole.IDENTIFIER: {value for _, value in one.identifiers},
    }
