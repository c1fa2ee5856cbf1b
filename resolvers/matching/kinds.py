"""What do a base's own identifiers tell, kind by kind, and do those who share a home share a name?

A passport parts two people; a card that everyone gets anew with each visit parts nobody; a policy is the whole
family's; and of numbers given out in sequence the next one is the next person's. None of that is known beforehand, so
it is counted: among pairs of whom all else says that they are one person, and among those who share a home and are two.
The latter share a family name in a town of families, and none in a firm or a hall of students.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from heapq import nsmallest
from itertools import combinations
from math import log2
from zlib import crc32

from resolvers.matching.evidence import Evidence
from resolvers.matching.levels import Level, identifier_level, name_level

# So many pairs' worth of belief stand behind what is expected before any is counted.
_BELIEF = 30
# The chance that a stranger's number is one or two slips away is taken from all pairs among so many numbers: some
# 45,000, which takes a twentieth of a second and tells a chance of one in some thousands.
_SAMPLE = 300
# How often two records of one person agree so.
_OF_ONE: Mapping[Level, float] = {Level.EXACT: 0.92, Level.NEAR: 0.05, Level.PARTIAL: 0.015, Level.FAR: 0.015}
# How often two people of one household do, of whom each has a number of their own.
_OF_RELATIVES: Mapping[Level, float] = {Level.EXACT: 2e-4, Level.NEAR: 0.05, Level.PARTIAL: 0.015, Level.FAR: 0.93}
# And how often strangers do, where numbers are not crowded.
_OF_STRANGERS: Mapping[Level, float] = {Level.NEAR: 2e-4, Level.PARTIAL: 4e-3}
# So many pairs of one person, for each that is seen to be one, look like two relatives by all else but the number.
_MISTAKEN = 0.1
# How often the family names of two people of one household agree so, in a town of families.
_OF_FAMILIES: Mapping[Level, float] = {
    Level.EXACT: 0.7,
    Level.VARIANT: 0.01,
    Level.NEAR: 0.08,
    Level.SWAPPED: 0.02,
    Level.PARTIAL: 0.04,
    Level.FAR: 0.15,
}
# And those of two records of one person: some are shortened or misspelled, and some changed at marriage.
_OF_ONE_NAMED: Mapping[Level, float] = {
    Level.EXACT: 0.75,
    Level.VARIANT: 0.01,
    Level.NEAR: 0.1,
    Level.SWAPPED: 0.02,
    Level.PARTIAL: 0.05,
    Level.FAR: 0.07,
}
# A number that one person's records have in common less often than this parts nobody from anybody.
_LEAST_KEPT = 0.5


@dataclass(frozen=True)
class Kind:
    """How well identifiers of one kind agreed between records of one person, of relatives, and of any two people."""

    doubles: Mapping[Level, int] = field(default_factory=dict)
    relatives: Mapping[Level, int] = field(default_factory=dict)
    strangers: Mapping[Level, float] = field(default_factory=dict)

    def against_stranger(self, level: Level) -> float:
        """By how many bits agreeing so tells more, or less, against strangers than is expected beforehand."""
        usual = _OF_STRANGERS.get(level, 1.0)
        return self._of_one(level) - log2(max(1.0, self.strangers.get(level, 0.0) / usual))

    def against_relative(self, level: Level) -> float:
        """By how many bits agreeing so tells more, or less, against relatives than is expected beforehand."""
        return self._of_one(level) - _learned(self.relatives, _OF_RELATIVES, level)

    def parts(self) -> bool:
        """Whether two records of one person seldom have two numbers."""
        return _share(self.doubles, _OF_ONE, Level.FAR) < _LEAST_KEPT

    def _of_one(self, level: Level) -> float:
        return _learned(self.doubles, _OF_ONE, level)


@dataclass(frozen=True)
class Families:
    """How well the family names agreed of those who share a home and are two, and those of one person's records."""

    relatives: Mapping[Level, int] = field(default_factory=dict)
    doubles: Mapping[Level, int] = field(default_factory=dict)

    def against_relative(self, level: Level) -> float:
        """By how many bits agreeing so tells more, or less, against them than it would in a town of families."""
        return _learned(self.doubles, _OF_ONE_NAMED, level) - _learned(self.relatives, _OF_FAMILIES, level)


def _learned(counts: Mapping[Level, int], expected: Mapping[Level, float], level: Level) -> float:
    return log2(_share(counts, expected, level) / expected[level])


def _share(counts: Mapping[Level, int], expected: Mapping[Level, float], level: Level) -> float:
    return (counts.get(level, 0) + _BELIEF * expected[level]) / (sum(counts.values()) + _BELIEF)


@dataclass(frozen=True)
class Agreements:
    """Counts how well identifiers agree, kind by kind, and the family names of one person's records."""

    names: Counter[Level] = field(default_factory=Counter)
    doubles: dict[str, Counter[Level]] = field(default_factory=dict)
    relatives: dict[str, Counter[Level]] = field(default_factory=dict)

    def count(self, one: Evidence, other: Evidence, *, are_one: bool) -> None:
        """Counts a pair of one person's records, or of two relatives."""
        into = self.doubles if are_one else self.relatives
        for kind, level in identifier_levels(one, other).items():
            into.setdefault(kind, Counter())[level] += 1

    def kinds(self, crowding: Mapping[str, Mapping[Level, float]]) -> Mapping[str, Kind]:
        """What was counted, with how near to each other the numbers of strangers are."""
        return {kind: Kind(*self._of(kind), strangers) for kind, strangers in crowding.items()}

    def _of(self, kind: str) -> tuple[Mapping[Level, int], Mapping[Level, int]]:
        doubles, relatives = (counts.get(kind, Counter[Level]()) for counts in (self.doubles, self.relatives))
        return doubles, {level: max(0, n - round(_MISTAKEN * doubles[level])) for level, n in relatives.items()}


def families(customers: Iterable[Evidence]) -> Families:
    """How well family names agree under one address or number, between people who are two by their given names.

    Each is compared with the next one of the same home, so that a hall of many counts as often as it has inhabitants.
    """
    homes: dict[tuple[str, ...], Evidence] = {}
    found: Counter[Level] = Counter()
    for one in customers:
        if not (one.given and one.family):
            continue
        for home in (*filter(_is_home, one.addresses), *((phone,) for phone in one.phones)):
            last = homes.get(home)
            if last and name_level(last.given[0], one.given[0], has_nicknames=True) is Level.FAR:
                found[name_level(last.family[0], one.family[0], has_nicknames=False)] += 1
            homes[home] = one
    return Families(found)


def identifier_levels(one: Evidence, other: Evidence) -> Mapping[str, Level]:
    """How well the identifiers of each kind agree of which both have one, the best of several."""
    found: dict[str, Level] = {}
    for kind, first in one.identifiers:
        for other_kind, second in other.identifiers:
            if kind == other_kind:
                found[kind] = max(identifier_level(first, second), found.get(kind, Level.MISSING))
    return found


def _is_home(address: tuple[str, ...]) -> bool:
    """Whether it is more than a town: with a number, and with more words than a town and its postcode have."""
    return len(address) > 2 and any(map(str.isdigit, address))


def crowding(customers: Iterable[Evidence]) -> Mapping[str, Mapping[Level, float]]:
    """How likely, by kind, the numbers of two strangers are one or two slips apart."""
    values: dict[str, set[str]] = {}
    for one in customers:
        for kind, value in one.identifiers:
            values.setdefault(kind, set()).add(value)
    return {kind: _crowding(numbers) for kind, numbers in values.items()}


def _crowding(numbers: Iterable[str]) -> Mapping[Level, float]:
    # By their checksums, which are the same on every run and follow no order of the numbers.
    some = nsmallest(_SAMPLE, numbers, key=lambda number: (crc32(number.encode()), number))
    compared = Counter(identifier_level.__wrapped__(*pair) for pair in combinations(some, 2))
    return {level: compared[level] / max(1, compared.total()) for level in (Level.NEAR, Level.PARTIAL)}
