"""By which words is a customer found?

The words are kept in the customer's own document under `search`, with an index, and are compared by their beginnings:
`hua` finds Huang. What is asked for is brought to the same form by `words_asked`.
"""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import phonenumbers

from adapters.records import Document

# A customer with more words than this was given texts to search in, not names.
MOST_WORDS = 64
# Nobody types a longer beginning, and an index entry stays small.
LONGEST_WORD = 64

# What people write between the digits of a phone number.
_PHONE_MARKS = frozenset("+-.()/")


def search_words(
    values: Mapping[str, Any], points: Iterable[Document], searchable: Iterable[Document]
) -> Sequence[str]:
    """The words of a customer, each once and in order: of searchable attributes, of addresses, of numbers."""
    found: set[str] = set()
    for definition in searchable:
        value = values.get(definition["name"])
        if value is not None:
            found.update(_PLAIN.get(definition["type"], _words)(str(value)))
    for point in points:
        found.update(_BY_CONTACT[point["type"]](point["value"]))
    return sorted(word[:LONGEST_WORD] for word in found if word)[:MOST_WORDS]


def words_asked(text: str) -> Sequence[str]:
    """The beginnings that someone asks for, in the form in which words are kept; phone numbers become digits."""
    return [_digits(word) if _is_phone(word) else word for word in text.casefold().split()]


def _words(text: str) -> Iterable[str]:
    folded = text.casefold()
    words = folded.replace(",", " ").split()
    # People who cannot type an accent leave it out, so both forms are kept.
    return words if folded.isascii() else [*words, *map(_without_accents, words)]


def _email_words(text: str) -> Iterable[str]:
    folded = text.casefold()
    return folded, folded.partition("@")[0]


def _phone_words(text: str) -> Iterable[str]:
    """The digits with the country code, and as they are dialled inside the country."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return (_digits(text),)
    return _digits(text), phonenumbers.national_significant_number(number)


def _without_accents(word: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", word) if not unicodedata.combining(one))


def _is_phone(word: str) -> bool:
    return any(one.isdigit() for one in word) and all(one.isdigit() or one in _PHONE_MARKS for one in word)


def _digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


_PLAIN = {"EMAIL": _email_words, "PHONE_NUMBER": _phone_words}
_BY_CONTACT = {"EMAIL": _email_words, "PHONE": _phone_words, "POSTAL": _words}
