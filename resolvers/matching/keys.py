"""Under which keys does a customer stand, so that its doubles stand under one of them too?

Each pair of doubles is wanted under at least one key that the slips between them leave alone. Keys are short, without
case and accents, and selective: where a key is nonetheless shared by many, `pairs` passes over it, and a narrower one
of the same customer serves.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import combinations, product

from resolvers.matching.evidence import Evidence
from resolvers.matching.levels import sound
from resolvers.matching.sounds import sounds_apart, sounds_together
from resolvers.matching.words import Day, Name, is_street_kind

# An index entry each; a customer with more values than make these has others that are found by.
MOST_KEYS = 96
# Bytes of a digest: by chance alone, a key of one customer among 100 million is another's once in a thousand.
_DIGEST_BYTES = 6
_MOST_WORDS = 6


def blocking_keys(one: Evidence) -> tuple[str, ...]:
    """The customer's keys, each once, the most selective first; equal evidence has equal keys."""
    found = dict.fromkeys(_digest(key) for keys in _kinds(one) for key in keys)
    return tuple(found)[:MOST_KEYS]


def _digest(key: str) -> str:
    return blake2b(key.encode(), digest_size=_DIGEST_BYTES).hexdigest()


def _kinds(one: Evidence) -> Iterator[Iterable[str]]:
    yield _contacts(one)
    yield _days_and_names(one)
    yield _names(one)
    yield _homes(one)
    yield _days(one)


def _contacts(one: Evidence) -> Iterator[str]:
    """Numbers and addresses that one person or one household has."""
    for _, value in one.identifiers:
        yield f"i{value}"
        # One slip leaves one half alone.
        if len(value) > 5:  # halves of shorter ones are shared by many
            half = len(value) // 2
            yield from (f"j{value[:half]}", f"k{value[half:]}")
    for phone in one.phones:
        # As dialled in the country, whether or not its code is known.
        yield f"p{phone[-8:]}"
    for email in one.emails:
        local, _, domain = email.partition("@")
        yield f"e{email}"
        yield f"l{local}"
        yield f"m{local[:4]}{domain[:4]}"
        yield f"n{local[-4:]}{domain[-6:]}"


def _heads(names: Iterable[Name]) -> list[str]:
    """The first and the last letters."""
    return list(dict.fromkeys(part for name in names for part in (name.whole[:3], name.whole[-3:] + "$")))[:_MOST_WORDS]


def _days_and_names(one: Evidence) -> Iterator[str]:
    """A name with a day, or with two of its three parts: a slip in the third, and in the other name, is passed over."""
    names = sounds_apart((*one.given, *one.family))
    for day, name in product(one.births, names):
        yield from (f"d{part}{name}" for part in _parts(day))


def _parts(day: Day) -> tuple[str, ...]:
    low, high = sorted((day.month, day.day))
    return f"{day.year}-{low}-{high}", f"{day.year}-{day.month}", f"{day.year}--{day.day}", f"{low}-{high}"


def _days(one: Evidence) -> Iterator[str]:
    """A day alone finds doubles only in a base so small that few share it."""
    for day in one.births:
        low, high = sorted((day.month, day.day))
        yield f"t{day.year}-{low}-{high}"


def _names(one: Evidence) -> Iterator[str]:
    """Both names in whichever order, as they sound and by their ends."""
    for together in sounds_together(one.given, one.family):
        yield f"f{together}"
    for first, second in product(sounds_apart(one.given), sounds_apart(one.family)):
        for day in one.births:
            yield f"y{day.year}" + "|".join(sorted((first, second)))
    for first, second in product(_heads(one.given), _heads(one.family)):
        yield "h" + "|".join(sorted((first, second)))


def _homes(one: Evidence) -> Iterator[str]:
    """A number with a word, two words beside each other, and a name with either."""
    names = sounds_apart(one.family)[:2] + sounds_apart(one.given)[:2]
    for address in one.addresses:
        numbers = list(dict.fromkeys(word for word in address if word.isdigit()))[:3]
        words = [word for word in dict.fromkeys(address) if len(word) > 3 and not is_street_kind(word)]  # `the`, `st`
        sounds = [sound(word) for word in words if not word.isdigit()][:_MOST_WORDS]
        yield from (f"a{number}{word}" for number, word in product(numbers, sounds))
        yield from (f"b{first}{second}" for first, second in combinations(sounds, 2))
        yield from (f"c{first}-{second}" for first, second in combinations(sorted(numbers), 2))
        yield from (f"g{name}{part}" for name, part in product(names, [*numbers, *sounds]))
