"""How often does each value stand in the base, so that a shared rare one tells more than a shared common one?"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from heapq import nlargest
from math import comb, log2
from typing import Any

from resolvers.attribute_rules import MatchingRole
from resolvers.matching.evidence import Evidence
from resolvers.matching.kinds import Families, Kind

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


_USUAL = Kind()
_ONE_PERSONS = frozenset({MatchingRole.PHONE, MatchingRole.EMAIL, MatchingRole.IDENTIFIER})

# Of a mail domain nothing is known of: every third address or so is at a great provider.
_TYPICAL_DOMAIN = 1 / 10
_RARE_DOMAIN = 1 / 300
# However many doubles or relatives a scan finds, it is believed no further than eight to one.
_MOST_LEARNED_BITS = 3.0
# Before any scan, one customer in so many is believed to have a double; after it, those found are added to these.
_CUSTOMERS_A_DOUBLE = 20
# What is kept of a role fits into some hundred kilobytes; the rest is rarer than the last of these.
MOST_COMMON = 10_000
# By chance alone, a rare value is taken for one of so many common ones once in ten thousand million times.
_DIGEST_BYTES = 6
_DAYS_OF_A_YEAR = 365.25
# A young base grows: what is rare in it will not stay so.
_LEAST_SIZE = 1_000


@dataclass(frozen=True, repr=False)
class Base:
    """How many customers and doubles there are, and how many people have each value; values left out are rare."""

    size: int = 100_000
    doubles: int = 0
    relatives: int = 0
    people: int = 0
    counts: Mapping[MatchingRole, Mapping[str, int]] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    families: Families = field(default_factory=Families)
    _chances: dict[MatchingRole, "_Chances"] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def prior(self) -> float:
        """How likely two customers taken at random are one person: the logarithm of the odds, in bits."""
        size = max(self.size, _LEAST_SIZE)
        return log2((self.doubles + size / _CUSTOMERS_A_DOUBLE) / (size * (size - 1) / 2))

    @cached_property
    def relative_prior(self) -> float:
        """How much likelier two who share a home are one person than two of a household, in bits."""
        believed = max(self.size, _LEAST_SIZE) / _CUSTOMERS_A_DOUBLE
        learned = log2((self.doubles + believed) / (self.relatives + believed))
        return max(-_MOST_LEARNED_BITS, min(learned, _MOST_LEARNED_BITS))

    def chances(self, role: MatchingRole) -> Mapping[str, float]:
        """How likely a stranger has each value of the role; every value has its chance."""
        if role not in self._chances:
            # Before any scan, too, a number has few owners among however many customers. Of names nothing is known.
            people = self.people or (self.size if role in _ONE_PERSONS else 0)
            kind = _Days if role is MatchingRole.BIRTH_DATE else _Chances
            self._chances[role] = kind(self.counts.get(role, {}), people, TYPICAL[role])
        return self._chances[role]

    def kind(self, name: str) -> Kind:
        """What is known of the identifiers that stand in this attribute; what is usual where none were counted."""
        return self.kinds.get(name, _USUAL)

    def has_many(self, role: MatchingRole, value: str) -> bool:
        """Whether more people have the value than would by a slip."""
        return bool(self.counts) and (self.counts[role].get(value, 0) if role in self.counts else 0) > _THE_PAIR

    def domain_chance(self, domain: str) -> float:
        """How likely a stranger's mail goes to this domain."""
        if not self.counts:
            return _TYPICAL_DOMAIN
        # Only the great domains are common; the belief in any single one is that of a name.
        return _share(self.counts[MatchingRole.EMAIL].get(f"@{domain}", 0), self.people, _RARE_DOMAIN)


class Digests(dict[str, int]):
    """How many people have each value, found by digests of the values, so that what is kept tells none of them."""

    def get(self, value: str, default: Any = None) -> Any:
        """How many people have the value; `default` where it is rare."""
        return super().get(digest_of(value), default)


def digest_of(value: str) -> str:
    """Some letters that stand for the value, and by which it is not told."""
    return blake2b(value.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def common_values(base: Base) -> Mapping[MatchingRole, Mapping[str, int]]:
    """The digests of the values that are not rare, the most common ones of each role, and how many people have them."""
    return {
        role: {digest_of(value): count for value, count in _most_common(counts)} for role, counts in base.counts.items()
    }


def _most_common(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    # A value that so few have weighs as one that nobody has.
    common = ((value, count) for value, count in counts.items() if count > _THE_PAIR)
    return nlargest(MOST_COMMON, common, key=lambda one: (one[1], one[0]))


class _Chances(dict[str, float]):
    """The chance of each value, reckoned when it is first asked for: a scan asks for few of them very often."""

    def __init__(self, counts: Mapping[str, int], people: int, typical: float) -> None:
        super().__init__()
        self._counts, self._people, self._typical = counts, people, typical

    def __missing__(self, value: str) -> float:
        self[value] = self._chance(value)
        return self[value]

    def _chance(self, value: str) -> float:
        return _share(self._counts.get(value, 0), self._people, self._typical) if self._people else self._typical


class _Days(_Chances):
    """The chance of each day: the calendar has no rare days, and those of a year in which many were born are common."""

    def _chance(self, value: str) -> float:
        of_the_year = self._counts.get(_year(value), 0) / (self._people + _BELIEF) / _DAYS_OF_A_YEAR
        return max(super()._chance(value), of_the_year, self._typical)


def _year(day: str) -> str:
    return f"{day[:4]}-"


def _share(count: int, people: int, typical: float) -> float:
    return (max(0, count - _THE_PAIR) + _BELIEF * typical) / (people + _BELIEF)


def counted(people: Iterable[Iterable[Evidence]], relatives: int = 0) -> Base:
    """The base that these people are, several customers each: a value that one person has twice counts once.

    Whoever is known by hearsay alone counts as a customer, and not as one who has the value: else a few who type
    another one's address would make it look like that of many.

    `relatives` are the pairs of whom it was found that they share a household, and are two.
    """
    counts: dict[MatchingRole, Counter[str]] = {role: Counter() for role in MatchingRole}
    size = doubles = persons = 0
    for person in people:
        of_person = list(person)
        told = [values_of(one) for one in of_person if not one.is_hearsay]
        size += len(of_person)
        doubles += comb(len(of_person), 2)
        persons += 1
        for role, counter in counts.items():
            counter.update(set().union(*(one[role] for one in told)))
    return Base(size, doubles, relatives, persons, counts)


def values_of(one: Evidence) -> Mapping[MatchingRole, set[str]]:
    """What is counted of a customer, by role; of addresses, their words."""
    return {
        MatchingRole.GIVEN_NAME: {name.whole for name in one.given},
        MatchingRole.FAMILY_NAME: {name.whole for name in one.family},
        MatchingRole.BIRTH_DATE: {*map(str, one.births), *(_year(str(day)) for day in one.births)},
        MatchingRole.PHONE: set(one.phones),
        MatchingRole.EMAIL: {*one.emails, *(f"@{email.partition('@')[2]}" for email in one.emails)},
        MatchingRole.ADDRESS: {word for address in one.addresses for word in address},
        MatchingRole.IDENTIFIER: {value for _, value in one.identifiers},
    }
