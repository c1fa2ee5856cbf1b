"""In which roles do two customers agree, how well, and how likely would strangers agree like that?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log2
from typing import NamedTuple, TypeVar

from resolvers.attribute_rules import MatchingRole
from resolvers.matching.base import Base
from resolvers.matching.evidence import MOST_VALUES, Evidence
from resolvers.matching.levels import (
    Level,
    day_level,
    email_level,
    identifier_level,
    name_level,
    phone_level,
    typos,
)
from resolvers.matching.nicknames import is_given
from resolvers.matching.words import Name, plain

V = TypeVar("V")


class Finding(NamedTuple):
    """How well two customers agree in one role, and how likely a stranger would by chance."""

    role: MatchingRole
    level: Level
    chance: float = 1.0
    # Of an identifier, the attribute in which it stands.
    kind: str = ""


def findings(one: Evidence, other: Evidence, base: Base) -> list[Finding]:
    """What was found in every role of which both customers say something."""
    found = [
        *_names(one, other, base),
        _best(MatchingRole.BIRTH_DATE, one.births, other.births, day_level, base),
        _best(MatchingRole.PHONE, *_worth_comparing(one.phones, other.phones), phone_level, base),
        _email(one, other, base),
        _address(one, other, base),
        _identifier(one, other, base),
    ]
    return [finding for finding in found if finding.level]


def _worth_comparing(some: Sequence[str], others: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What both have, however many each has; where they share nothing, the first ones of each."""
    if max(len(some), len(others)) <= MOST_VALUES:
        return some, others
    theirs = set(others)
    shared = [one for one in some if one in theirs][:MOST_VALUES]
    return (shared, shared) if shared else (some[:MOST_VALUES], others[:MOST_VALUES])


def _best(
    role: MatchingRole, some: Iterable[V], others: Iterable[V], level_of: Callable[[V, V], Level], base: Base
) -> Finding:
    """The pair of values that agrees best, the rarest one of several."""
    best = Finding(role, Level.MISSING)
    for first in some:
        for second in others:
            level = level_of(first, second)
            if level >= best.level:
                best = _better(best, Finding(role, level, _chance(role, str(first), str(second), base)))
    return best


# How often a stranger's address at the same domain looks alike: if it is made of the same name, and if it is not.
_ALIKE_BY_NAME, _ALIKE_BY_CHANCE = 1 / 10, 1 / 300


def _email(one: Evidence, other: Evidence, base: Base) -> Finding:
    """The best pair of addresses. One made of a name tells no more than the name that both have already told."""
    best = Finding(MatchingRole.EMAIL, Level.MISSING)
    some, others = _worth_comparing(one.emails, other.emails)
    for first in some:
        for second in others:
            level = email_level(first, second)
            chance = _chance(MatchingRole.EMAIL, first, second, base)
            if level is Level.EXACT and (_is_of(first, one.given) or _is_of(first, other.given)):
                level = Level.OWN
            if level is Level.NEAR:
                domains = (base.domain_chance(each.partition("@")[2]) for each in (first, second))
                is_of_name = _is_of(first, (*one.given, *one.family)) or _is_of(second, (*other.given, *other.family))
                chance = max(domains) * (_ALIKE_BY_NAME if is_of_name else _ALIKE_BY_CHANCE)
            best = _better(best, Finding(MatchingRole.EMAIL, level, chance))
    return best


def _is_of(email: str, names: Iterable[Name]) -> bool:
    local = plain(email.partition("@")[0]).replace(" ", "")
    return any(len(name.whole) > 2 and name.whole[:4] in local for name in names)  # shorter ones stand in any word


def _better(one: Finding, other: Finding) -> Finding:
    return max(one, other, key=lambda finding: (finding.level, -finding.chance))


def _chance(role: MatchingRole, one: str, other: str, base: Base) -> float:
    """Of two values that are not the same, the commoner one is what a stranger would have."""
    chances = base.chances(role)
    return max(chances[one], chances[other])


# Names


def _names(one: Evidence, other: Evidence, base: Base) -> tuple[Finding, Finding]:
    """Given and family names, as they stand or exchanged, whichever agrees better."""
    best = max(
        (
            _names_as_they_stand(given, family, other_given, other_family, base)
            for given, family in _readings(one, other)
            for other_given, other_family in _readings(other, one)
        ),
        key=_agreement,
    )
    # Where one name is the same as it stands, likenesses across are chance: David Davis, Travis Davis.
    is_same = any(finding.level is Level.EXACT for finding in best)
    crossed = _names_crossed(one, other, base, Level.VARIANT if is_same else Level.SWAPPED)
    return crossed if crossed and _agreement(crossed) > _agreement(best) else best


def _readings(one: Evidence, other: Evidence) -> list[tuple[tuple[Name, ...], tuple[Name, ...]]]:
    """The names as they are, and where the whole name stands in one field, in its parts."""
    found = [(one.given, one.family)]
    if other.family and not one.family and any(len(name.words) > 1 for name in one.given):
        found.append(_parted(one.given))
    if other.given and not one.given and any(len(name.words) > 1 for name in one.family):
        found.append(_parted(one.family))
    return found


def _parted(names: tuple[Name, ...]) -> tuple[tuple[Name, ...], tuple[Name, ...]]:
    several = [name.words for name in names if len(name.words) > 1]
    given = tuple(Name("".join(words[:-1]), words[:-1]) for words in several)
    return given, tuple(Name(words[-1], words[-1:]) for words in several)


def _names_as_they_stand(
    given: tuple[Name, ...],
    family: tuple[Name, ...],
    other_given: tuple[Name, ...],
    other_family: tuple[Name, ...],
    base: Base,
) -> tuple[Finding, Finding]:
    return (
        _best_name(MatchingRole.GIVEN_NAME, given, other_given, base),
        _best_name(MatchingRole.FAMILY_NAME, family, other_family, base),
    )


def _best_name(role: MatchingRole, some: Iterable[Name], others: Iterable[Name], base: Base) -> Finding:
    has_nicknames = role is MatchingRole.GIVEN_NAME
    best = Finding(role, Level.MISSING)
    for first in some:
        for second in others:
            level = name_level(first, second, has_nicknames=has_nicknames)
            if level is Level.NEAR and has_nicknames and _are_two_names(first.whole, second.whole, base):
                level = Level.LIKE
            if level is Level.PARTIAL and _are_two_families(role, first, second, base):
                level = Level.FAR
            chances = base.chances(role)
            both = chances[first.whole], chances[second.whole]
            # A slip makes a name that nobody has; where both are names of many, they are two names.
            best = _better(best, Finding(role, level, min(both) if level is Level.NEAR else max(both)))
    return best


def _are_two_names(one: str, other: str, base: Base) -> bool:
    """Whether two names that are written almost alike are both given to people, so that neither is a slip."""
    if _differ_in_ending(one, other):
        return True
    return all(is_given(name) or base.has_many(MatchingRole.GIVEN_NAME, name) for name in (one, other))


def _are_two_families(role: MatchingRole, one: Name, other: Name, base: Base) -> bool:
    """Whether two single family names that have some likeness are both the names of many: Cortés, Contreras."""
    are_single = len(one.words) == len(other.words) == 1
    return (
        role is MatchingRole.FAMILY_NAME
        and are_single
        and all(base.has_many(role, name.whole) for name in (one, other))
    )


def _differ_in_ending(one: str, other: str) -> bool:
    """Whether one is the name for a man and the other for a woman, as far as endings tell: Mario, Maria; Jan, Jana."""
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) == len(longer):
        return one[:-1] == other[:-1] and {one[-1], other[-1]} <= set("aeo")
    return longer == shorter + "a"


def _names_crossed(one: Evidence, other: Evidence, base: Base, at_least: Level) -> tuple[Finding, Finding] | None:
    """One's given name in the other's family name, and the other way round; None where they are not exchanged.

    The better of both must agree as well as `at_least`.
    """
    crossed = (
        _best_name(MatchingRole.GIVEN_NAME, one.given, other.family, base),
        _best_name(MatchingRole.GIVEN_NAME, one.family, other.given, base),
    )
    found = sorted((finding for finding in crossed if finding.level), key=lambda one: (one.level, -one.chance))
    if not found or found[-1].level < at_least:
        return None
    if found[0].level is Level.FAR:
        # One name in the other's place, beside another one: a name changed as well, or a likeness by chance.
        return Finding(MatchingRole.GIVEN_NAME, Level.PARTIAL), Finding(MatchingRole.FAMILY_NAME, Level.FAR)
    # Which of them is the given name, nobody knows: the one that agrees less, if only in an initial, is taken for it.
    weaker, most = found[0], found[-1]
    swapped = Finding(MatchingRole.GIVEN_NAME, min(weaker.level, Level.SWAPPED), weaker.chance)
    if len(found) == 1:
        return swapped, Finding(MatchingRole.FAMILY_NAME, Level.MISSING)
    rare = min(most.chance, base.chances(MatchingRole.FAMILY_NAME)[""])
    return swapped, Finding(MatchingRole.FAMILY_NAME, Level.SWAPPED, max(most.chance, rare))


_WORTH = {Level.MISSING: 0, Level.FAR: -2, Level.PARTIAL: 1, Level.SWAPPED: 3, Level.NEAR: 4, Level.VARIANT: 4}


def _agreement(found: tuple[Finding, Finding]) -> float:
    return sum(_WORTH.get(finding.level, 5) for finding in found)


# Addresses


def _address(one: Evidence, other: Evidence, base: Base) -> Finding:
    best = Finding(MatchingRole.ADDRESS, Level.MISSING)
    for first in one.addresses:
        for second in other.addresses:
            best = _better(best, _one_address(first, second, base))
    return best


def _one_address(one: tuple[str, ...], other: tuple[str, ...], base: Base) -> Finding:
    """Compares the words, wherever they stand, each by what it tells: a rare street more than a large city."""
    chances = base.chances(MatchingRole.ADDRESS)
    told = {word: -log2(chances[word]) for word in {*one, *other}}
    shared, bits = _shared(one, other, told)
    totals = sorted((sum(told[word] for word in set(one)), sum(told[word] for word in set(other))))
    # What one of them leaves out counts less than what it says otherwise.
    share = 0.6 * bits / totals[0] + 0.4 * bits / totals[1]
    level = next((level for least, level in _BY_SHARE if share >= least), Level.FAR)
    if _has_number(one) and _has_number(other) and not _has_number(shared):
        # The neighbours' house.
        level = min(level, Level.PARTIAL)
    return Finding(MatchingRole.ADDRESS, level, 2.0**-bits)


# From which share of what the addresses tell they are the same, alike, or have something in common.
_BY_SHARE = ((0.95, Level.EXACT), (0.62, Level.NEAR), (0.3, Level.PARTIAL))


def _has_number(words: Iterable[str]) -> bool:
    return any(map(str.isdigit, words))


def _shared(one: tuple[str, ...], other: tuple[str, ...], told: Mapping[str, float]) -> tuple[set[str], float]:
    """The words that both have, slips of the pen allowed, and how much they tell together."""
    shared = set(one) & set(other)
    # Sums of floats are the same in one order only.
    bits = sum(told[word] for word in sorted(shared))
    left = [word for word in dict.fromkeys(one) if word not in shared]
    right = [word for word in dict.fromkeys(other) if word not in shared]
    for word in tuple(left) if right else ():
        twin = next((each for each in right if _is_one_word(word, each)), None)
        if twin:
            left.remove(word)
            right.remove(twin)
            shared.add(word)
            # A slip makes a word rarer than it is.
            bits += min(told[word], told[twin]) - 1
    whole, other_whole = "".join(left), "".join(right)
    if min(len(whole), len(other_whole)) > 4 and typos(whole, other_whole) < 3:  # blanks astray, and a slip or two
        shared.update(left)
        bits += min(sum(told[word] for word in left), sum(told[word] for word in right)) - 1
    return shared, max(bits, 0.0)


def _is_one_word(one: str, other: str) -> bool:
    shorter, longer = sorted((len(one), len(other)))
    if shorter <= 3 or longer - shorter > 2:  # house numbers differ in one digit, and short words in a letter
        return False
    if one.isdigit() or other.isdigit():
        return shorter == longer and typos(one, other) == 1
    return typos(one, other) <= (1 if shorter < 7 else 2)  # short words have neighbours


# Identifiers


def _identifier(one: Evidence, other: Evidence, base: Base) -> Finding:
    """Only numbers of the same kind are compared; where one kind agrees and another does not, neither is believed."""
    by_kind: dict[str, Finding] = {}
    for kind, first in one.identifiers:
        for other_kind, second in other.identifiers:
            if kind == other_kind:
                chance = _chance(MatchingRole.IDENTIFIER, first, second, base)
                found = Finding(MatchingRole.IDENTIFIER, identifier_level(first, second), chance, kind)
                by_kind[kind] = _better(by_kind.get(kind, found), found)
    best = max(
        by_kind.values(),
        key=lambda finding: (finding.level, -finding.chance),
        default=Finding(MatchingRole.IDENTIFIER, Level.MISSING),
    )
    differ = any(finding.level is Level.FAR and base.kind(kind).parts() for kind, finding in by_kind.items())
    if differ and best.level in {Level.EXACT, Level.NEAR}:
        return Finding(MatchingRole.IDENTIFIER, Level.PARTIAL, kind=best.kind)
    return best
