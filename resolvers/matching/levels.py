"""How well do two values of one kind agree?"""

from enum import IntEnum
from functools import lru_cache

from jellyfish import metaphone
from rapidfuzz.distance import OSA, JaroWinkler, LCSseq

from resolvers.matching.nicknames import is_variant
from resolvers.matching.words import Day, Name

_REMEMBERED = 200_000


class Level(IntEnum):
    """How well two customers agree in one role, the best one last.

    LIKE is another name that differs by a letter or two, VARIANT a nickname or short form, SWAPPED a name in the
    other's place, OWN an address made of the given name.
    """

    MISSING = 0
    FAR = 1
    LIKE = 2
    PARTIAL = 3
    SWAPPED = 4
    NEAR = 5
    VARIANT = 6
    EXACT = 7
    OWN = 8


@lru_cache(_REMEMBERED)
def sound(word: str) -> str:
    """How a word sounds, in few letters; the word itself where it has no letters."""
    return metaphone(word)[:6] or word[:6]


@lru_cache(_REMEMBERED)
def typos(one: str, other: str) -> int:
    """Letters put in, left out, changed, or exchanged with their neighbour; more than 3 count as 4."""
    return OSA.distance(one, other, score_cutoff=3)


@lru_cache(_REMEMBERED)
def _likeness(one: str, other: str) -> float:
    # From both ends: a slip of the pen at the first letter is one like all others.
    return max(JaroWinkler.similarity(one, other), JaroWinkler.similarity(one[::-1], other[::-1]))


def _is_near(one: str, other: str) -> bool:
    """Whether it can be one word with slips of the pen, ear or keyboard."""
    shorter = min(len(one), len(other))
    # In a word of three letters, one other letter is another name.
    allowed = 0 if shorter < 3 else 1 if shorter < 5 else 2 if shorter < 9 else 3
    wrong = typos(one, other)
    if wrong <= allowed:
        # Two typos in five letters are believed where the word is still seen through them.
        return wrong < 2 or _likeness(one, other) >= 0.8
    likeness = _likeness(one, other)
    return likeness >= 0.92 or (likeness >= 0.8 and shorter > 2 and sound(one) == sound(other))


# What of `Baby Boy` is left when what says nothing is left out.
_UNNAMED = frozenset({"boy", "girl", "male", "female"})


@lru_cache(_REMEMBERED)
def name_level(one: Name, other: Name, *, has_nicknames: bool) -> Level:
    """How well two names agree; words in another order, and marks, make no difference."""
    if one.whole == other.whole or set(one.words) == set(other.words):
        return Level.EXACT
    if _UNNAMED & {one.whole, other.whole}:
        # A boy and a girl are two, and either may have got any name since.
        return Level.FAR if {one.whole, other.whole} <= _UNNAMED else Level.MISSING
    if _go_on_apart(one, other):
        # Brothers are often named after one saint each, and after the same one beside: João Felipe, João Miguel.
        return Level.FAR
    if has_nicknames and (is_variant(one.whole, other.whole) or is_variant(one.words[0], other.words[0])):
        return Level.VARIANT
    if len(one.whole) == 1 or len(other.whole) == 1:
        # An initial.
        return Level.PARTIAL if one.whole[0] == other.whole[0] else Level.FAR
    return _written_level(one, other, has_nicknames=has_nicknames)


def _written_level(one: Name, other: Name, *, has_nicknames: bool) -> Level:
    shorter, longer = sorted((one.whole, other.whole), key=len)
    # Two letters begin too many names, and one more at the end is a slip.
    if len(shorter) > 2 and len(longer) - len(shorter) > 1 and longer.startswith(shorter):
        return Level.VARIANT if has_nicknames else Level.PARTIAL
    if _is_near(one.whole, other.whole):
        return Level.NEAR
    is_alike = _likeness(one.whole, other.whole) >= 0.84 or _is_garbled(shorter, longer)  # seldom reached by chance
    return Level.PARTIAL if is_alike or _share_a_word(one, other) else Level.FAR


def _is_garbled(shorter: str, longer: str) -> bool:
    """Whether the same letters stand there in another order, but for one, or with one or two others between them."""
    if len(shorter) > 2 and len(longer) - len(shorter) < 3 and LCSseq.similarity(shorter, longer) == len(shorter):
        return shorter[0] == longer[0]
    # Few letters are shared by chance.
    allowed = 1 if len(shorter) > 4 else 0
    return len(shorter) > 3 and typos("".join(sorted(shorter)), "".join(sorted(longer))) <= allowed


def _go_on_apart(one: Name, other: Name) -> bool:
    """Whether each of two double names has a word that is none of the other's, in whatever spelling."""
    if len(one.words) < 2 or len(other.words) < 2:  # a single name tells nothing of the second
        return False
    return _has_own(one, other) and _has_own(other, one)


def _has_own(one: Name, other: Name) -> bool:
    return any(not any(_is_alike(word, each) for each in other.words) for word in one.words)


def _is_alike(one: str, other: str) -> bool:
    if min(len(one), len(other)) < 3:  # an initial, and words like `de`
        return one[0] == other[0]
    return one == other or _is_near(one, other) or is_variant(one, other) or _likeness(one, other) >= 0.84


def _share_a_word(one: Name, other: Name) -> bool:
    """Whether a double name has the other's in it: a second given name, a name kept at marriage."""
    if len(one.words) == len(other.words) == 1:
        return False
    return any(
        len(first) > 2 and len(second) > 2 and _is_near(first, second)  # `de` and `la` are no names
        for first in one.words
        for second in other.words
    )


# Two days of which one is remembered or computed a little wrongly: a month and some days, in one year or the next.
_SHIFTED_DAYS = 40


@lru_cache(_REMEMBERED)
def day_level(one: Day, other: Day) -> Level:
    """How well two days agree: NEAR with one slip of the pen or day and month exchanged, PARTIAL in their parts."""
    if one == other:
        return Level.EXACT
    if not (one.month and other.month):
        return Level.PARTIAL if one.year == other.year else Level.FAR
    if one.year == other.year and (one.month, one.day) == (other.day, other.month):
        return Level.NEAR
    written = f"{one.year:04}{one.month:02}{one.day:02}", f"{other.year:04}{other.month:02}{other.day:02}"
    if typos(*written) == 1 or abs(_ordinal(one) - _ordinal(other)) == 1:
        return Level.NEAR
    same = (one.year == other.year) + (one.month == other.month) + (one.day == other.day)
    years, rest = divmod(abs(_ordinal(one) - _ordinal(other)) + _SHIFTED_DAYS, 365)
    is_shifted = rest <= 2 * _SHIFTED_DAYS and years in (0, 1, 10)
    return (
        Level.PARTIAL if same == 2 or typos(*written) == 2 or is_shifted else Level.FAR
    )  # two of three parts, two slips


def _ordinal(day: Day) -> int:
    """A number that grows by about one a day, also for days that no calendar has."""
    return day.year * 365 + day.month * 30 + day.month // 2 + day.day


@lru_cache(_REMEMBERED)
def phone_level(one: str, other: str) -> Level:
    """How well two numbers agree; one may lack its country code."""
    if one == other:
        return Level.EXACT
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) > 7 and longer.endswith(shorter):  # fewer digits are a number in one town
        return Level.EXACT
    return Level.NEAR if len(shorter) > 7 and typos(one, other) == 1 else Level.FAR


@lru_cache(_REMEMBERED)
def email_level(one: str, other: str) -> Level:
    """How well two addresses agree. Another number behind the same letters is another person's address."""
    if one == other:
        return Level.EXACT
    (first, _, first_domain), (second, _, second_domain) = one.partition("@"), other.partition("@")
    if first == second and len(first) > 5:  # shorter ones are taken at every provider
        return Level.NEAR if typos(first_domain, second_domain) < 3 else Level.PARTIAL  # slips, not another provider
    if _letters(first) == _letters(second) and _digits(first) != _digits(second):
        return Level.FAR
    # A slip for every five letters before the @, and one more; the number must not be another one.
    allowed = min(3, 1 + min(len(first), len(second)) // 5)
    is_near = min(len(first), len(second)) > 2 and typos(one, other) <= allowed and _digits_alike(first, second)
    return Level.NEAR if is_near else Level.FAR


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _digits_alike(one: str, other: str) -> bool:
    first, second = _digits(one), _digits(other)
    return first == second or len(first) != len(second)


@lru_cache(_REMEMBERED)
def identifier_level(one: str, other: str) -> Level:
    """How well two identifiers agree; with one slip of the pen they are near, with two in part."""
    if one == other:
        return Level.EXACT
    wrong = typos(one, other)
    if min(len(one), len(other)) < 6 or wrong > 2:  # short numbers are neighbours by chance
        return Level.FAR
    return Level.NEAR if wrong == 1 else Level.PARTIAL
