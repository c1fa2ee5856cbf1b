"""By which sounds of both names is a customer found, however they are spelled, shortened or exchanged?

Kept in the customer's own document under `sounds`, with an index: the one blocking key that no other index of the
customers gives. Numbers, addresses and days are found by the indexes of values and of words.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Any, NamedTuple

from adapters.quiet import quiet
from adapters.records import Document
from resolvers.attribute_rights import viewers
from resolvers.attribute_rules import MatchingRole
from resolvers.kit.viewer import STAFF
from resolvers.matching.levels import sound
from resolvers.matching.nicknames import MOST_FORMS, full_forms
from resolvers.matching.words import Name, name_of

# An index entry each; the whole names come first, then their parts, then what they may be short for.
MOST_SOUNDS = 8
# As many different names as an import has in its hands at one time.
_REMEMBERED = 16_384
_MOST_WORDS = 6
_NAMES = (MatchingRole.GIVEN_NAME.value, MatchingRole.FAMILY_NAME.value)


def naming_definitions(definitions: Iterable[Document]) -> list[Document]:
    """Those of the definitions whose values are names that all of the staff may see, in the schema's order.

    Names that only some may see find nobody: who is found by a sound would tell the others of them.
    """
    named = [one for one in definitions if one.get("matching_role") in _NAMES and one["type"] != "PASSWORD"]
    named = [one for one in named if STAFF.issubset(viewers(one.get("visible_to")))]
    return sorted(named, key=lambda one: (one["order"], one["name"]))


def sounds_kept(values: Mapping[str, Any], named: Iterable[Document]) -> list[str]:
    """What is kept of a customer with these attribute values; `named` are the definitions whose values are names."""
    texts: dict[str, list[str]] = {role: [] for role in _NAMES}
    for one in named:
        value = values.get(one["name"])
        # What everyone gets who says nothing is nobody's name.
        if value not in (None, one.get("default")):
            texts[one["matching_role"]].append(str(value))
    given, family = (_Spoken.of(*texts[role]) for role in _NAMES)
    found = dict.fromkeys(_paired(given.apart, family.apart))
    for pair in (*given.within, *family.within):
        found[pair] = None
    return list(found)[:MOST_SOUNDS]


@quiet
class _Spoken(NamedTuple):
    """How some names sound: each of their words, and two words of one name."""

    apart: Sequence[str]
    within: Sequence[str]

    @staticmethod
    @lru_cache(_REMEMBERED)
    def of(*texts: str) -> "_Spoken":
        """How the names sound that these texts are."""
        names = [name for text in texts if (name := name_of(text))]
        return _Spoken(tuple(sounds_apart(names)), tuple(_within(names)))


def sounds_together(given: Sequence[Name], family: Sequence[Name]) -> Iterator[str]:
    """A given and a family name in whichever order, and two words of a whole name that stands in one field."""
    yield from _paired(sounds_apart(given), sounds_apart(family))
    yield from _within((*given, *family))


def _paired(given: Iterable[str], family: Sequence[str]) -> Iterator[str]:
    for one in given:
        for other in family:
            yield f"{one}|{other}" if one <= other else f"{other}|{one}"


def _within(names: Iterable[Name]) -> Iterator[str]:
    for name in names:
        for first, second in combinations(name.words[:3], 2):
            yield from _paired([sound(first)], [sound(second)])


def sounds_apart(names: Iterable[Name]) -> list[str]:
    """How the names sound, each of their words, and the full names for which they may be short."""
    found: dict[str, None] = {}
    for name in names:
        forms = sorted(full_forms(name.whole))
        for form in (name.whole, *name.words, *forms[:MOST_FORMS]):
            if len(form) > 1:
                found[sound(form)] = None
    return list(found)[:_MOST_WORDS]
