"""How often does each value stand in the base, so that a shared rare one tells more than a shared common one?"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import comb, log2

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


# Of a mail domain nothing is known of: every third address or so is at a great provider.
_TYPICAL_DOMAIN = 1 / 10
# Before any scan, one customer in so many is believed to have a double; after it, those found are added to these.
_CUSTOMERS_A_DOUBLE = 20
# A young base grows: what is rare in it will not stay so.
_LEAST_SIZE = 1_000


@dataclass(frozen=True)
class Base:
    """How many customers and doubles there are, and how many people have each value; values left out are rare."""

    size: int = 100_000
    doubles: int = 0
    people: int = 0
    counts: Mapping[MatchingRole, Mapping[str, int]] = field(default_factory=dict)

    @property
    def prior(self) -> float:
        """How likely two customers taken at random are one person: the logarithm of the odds, in bits."""
        size = max(self.size, _LEAST_SIZE)
        return log2((self.doubles + size / _CUSTOMERS_A_DOUBLE) / (size * (size - 1) / 2))

    def chance(self, role: MatchingRole, value: str) -> float:
        """How likely a stranger has this value."""
        if not self.counts:
            return TYPICAL[role]
        found = self._share(role, value, TYPICAL[role])
        # The calendar has no rare days.
        return max(found, TYPICAL[role]) if role is MatchingRole.BIRTH_DATE else found

    def domain_chance(self, domain: str) -> float:
        """How likely a stranger's mail goes to this domain."""
        return self._share(MatchingRole.EMAIL, f"@{domain}", _TYPICAL_DOMAIN) if self.counts else _TYPICAL_DOMAIN

    def _share(self, role: MatchingRole, value: str, typical: float) -> float:
        others = max(0, self.counts.get(role, {}).get(value, 0) - _THE_PAIR)
        # Of domains, only the great ones are typical; the belief in a single one is small.
        belief = _BELIEF * min(typical, 1 / 300)
        return (others + belief) / (self.people + _BELIEF)


def counted(people: Iterable[Iterable[Evidence]]) -> Base:
    """The base that these people are, several customers each: a value that one person has twice counts once."""
    counts: dict[MatchingRole, Counter[str]] = {role: Counter() for role in MatchingRole}
    size = doubles = persons = 0
    for person in people:
        told = [values_of(one) for one in person]
        size += len(told)
        doubles += comb(len(told), 2)
        persons += 1
        for role, counter in counts.items():
            counter.update(set().union(*(one[role] for one in told)))
    return Base(size, doubles, persons, counts)


def values_of(one: Evidence) -> Mapping[MatchingRole, set[str]]:
    """What is counted of a customer, by role; of addresses, their words."""
    return {
        MatchingRole.GIVEN_NAME: {name.whole for name in one.given},
        MatchingRole.FAMILY_NAME: {name.whole for name in one.family},
        MatchingRole.BIRTH_DATE: {str(day) for day in one.births},
        MatchingRole.PHONE: set(one.phones),
        MatchingRole.EMAIL: {*one.emails, *(f"@{email.partition('@')[2]}" for email in one.emails)},
        MatchingRole.ADDRESS: {word for address in one.addresses for word in address},
        MatchingRole.IDENTIFIER: {value for _, value in one.identifiers},
    }
