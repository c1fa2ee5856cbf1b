"""By which words is a customer found?

The words are kept in the customer's own document under `search`, with an index, and are compared by their beginnings:
`hua` finds Huang. What is asked for is brought to the same form by `words_asked`.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Any

import phonenumbers

from adapters.records import Document
from resolvers.attribute_rights import NAMES
from resolvers.kit.phones import canonical_phone
from resolvers.kit.scalars import canonical_email
from resolvers.shown_names import called

# A customer with more words than this was given texts to search in, not names.
MOST_WORDS = 64
# Nobody types a longer beginning, and an index entry stays small.
LONGEST_WORD = 64

# So many digits are of a number: postal codes and house numbers have fewer.
_SHORTEST_NUMBER = 7
# So short a part before the @ is taken at every provider.
_SHORT_LOCAL = 5

# What parts words; none of it stands in an e-mail address (RFC 5322, section 3.2.3), where the other marks may.
_BETWEEN = re.compile(r"""[\s,;:()\[\]<>"\u201c\u201d\u201e\u00ab\u00bb]+""")
# Typed, printed and left out: all three are one name.
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc`\u00b4]")
_HYPHENS = re.compile("[\u2010-\u2015\u2212]")
# A number as people write it: groups of digits with blanks or marks between them, but never a comma.
_PHONE = re.compile(r"(?<![^\s,;:<\"])[+(]*\d[\d\s()./-]*(?![^\s,;:>\"])")
# A zero in brackets is for those who dial inside the country.
_TRUNK_ZERO = re.compile(r"\(0\)")
# Dialled before a country code where `+` cannot be.
_INTERNATIONAL = "00"
_NO_DIGITS = re.compile("[^0-9]+")
# As many different names as an import has in its hands at one time; a megabyte or two.
_REMEMBERED = 8_192


def searchable_definitions(definitions: Iterable[Document]) -> list[Document]:
    """Those of the definitions in whose values people search, names before all others."""
    # A definition of long ago may say that a secret is searchable; none ever is.
    found = [one for one in definitions if one["is_searchable"] and one["type"] != "PASSWORD"]
    return sorted(found, key=lambda one: one["type"] != "NAME")


def search_words(
    values: Mapping[str, Any],
    points: Iterable[Document],
    searchable: Sequence[Document],
    shown_as: Document | None = None,
) -> Sequence[str]:
    """The words of a customer, each once and in order: of searchable attributes, of addresses, of numbers.

    `searchable` are what `searchable_definitions` answers; `shown_as`: what a channel calls the person, which counts
    where no name is told and people search by names, but for what reads as a number or an address: anybody may call
    themselves by another's. Of too many, each value keeps its first ones: a word of each is taken in turn.
    """
    sources = [
        _PLAIN.get(one["type"], _words)(str(value))
        for one in searchable
        if (value := values.get(one["name"])) is not None
    ]
    if (name := called(values, shown_as)) and NAMES.issubset(one["name"] for one in searchable):
        sources.append([word for word in _words(_without_numbers(name)) if not kinds_asked([[word]])])
    sources += [_BY_CONTACT[point["type"]](point["value"]) for point in points]
    found = {word[:LONGEST_WORD] for source in sources for word in source if word}
    return sorted(found if len(found) <= MOST_WORDS else _first_ones(sources))


def _without_numbers(text: str) -> str:
    """The text without its numbers, each as a whole, in however many groups it is written."""
    return _PHONE.sub(lambda found: " " if len(_digits(found[0])) >= _SHORTEST_NUMBER else found[0], _folded(text))


def _first_ones(sources: Iterable[Iterable[str]]) -> Sequence[str]:
    in_turn = chain.from_iterable(zip_longest(*sources, fillvalue=""))
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in in_turn if word))[:MOST_WORDS]


def words_asked(text: str, default_region: str | None = None) -> Sequence[Sequence[str]]:
    """The beginnings that someone asks for, each in every form in which words may be kept; a phone number is one word.

    A number is asked for as it is written, and as the whole one that it is.
    """
    numbers: dict[str, str] = {}

    def joined(found: re.Match[str]) -> str:
        dialled = _dialled(found[0])
        try:
            numbers[dialled] = _digits(canonical_phone(found[0], default_region))
        except ValueError:
            # The beginning of a number, or a number that is none of a phone.
            numbers.pop(dialled, None)
        return f" {dialled} "

    words = _split(_PHONE.sub(joined, _folded(text)))
    return [tuple(dict.fromkeys((word, numbers.get(word, word)))) for word in words]


def kinds_asked(words: Iterable[Sequence[str]]) -> frozenset[str]:
    """Which of these words read as what is one person's own: as a number (`PHONE`), or as an address (`EMAIL`)."""
    forms = list(chain.from_iterable(words))
    kinds = {"PHONE": any(map(_is_number, forms))}
    kinds["EMAIL"] = any("@" in one for one in forms)
    return frozenset(kind for kind, is_there in kinds.items() if is_there)


def reaches_asked(text: str, words: Sequence[Sequence[str]]) -> Sequence[Sequence[tuple[str, str]]]:
    """The whole numbers (`PHONE`) and addresses (`EMAIL`) as which each word may be meant, in their canonical forms.

    `words` are what `words_asked` answers of the text: the letters of an address may be other ones there.
    """
    addresses: defaultdict[str, set[str]] = defaultdict(set)
    for written in _BETWEEN.split(text) if "@" in text else ():
        # A full stop behind it is not of it, and a line before it may be.
        for address in (written, _bare(written)):
            with suppress(ValueError):
                addresses[_bare(_folded(written))].add(canonical_email(address))
    numbers = ([("PHONE", f"+{one}") for one in forms if _is_number(one)] for forms in words)
    return [
        [*found, *(("EMAIL", address) for form in forms for address in sorted(addresses.get(form, ())))]
        for found, forms in zip(numbers, words, strict=True)
    ]


def _is_number(form: str) -> bool:
    return form.isdecimal() and len(form) >= _SHORTEST_NUMBER


def rare_words(kind: str, value: str) -> Sequence[str]:
    """Those words of a number (`PHONE`) or an address (`EMAIL`) that hardly anybody else has."""
    if kind == "PHONE":
        return [_digits(value)]
    whole = _folded(value)
    local = whole.partition("@")[0]
    return [whole, local] if len(local) > _SHORT_LOCAL else [whole]


def has_rare_words(definition: Document) -> bool:
    """Whether customers are found in `search` by the rare words of an attribute's values, as by a contact point's."""
    return bool(definition["is_searchable"]) and definition["type"] in _PLAIN


def _words(text: str) -> Sequence[str]:
    """Each word as it is written, then in the other forms in which people type it."""
    return _name_words(text) if len(text) <= LONGEST_WORD else tuple(_forms(text))


# Names are shared by many; longer texts are hardly.
@lru_cache(_REMEMBERED)
def _name_words(text: str) -> Sequence[str]:
    return tuple(_forms(text))


def _forms(text: str) -> Iterator[str]:
    for word in _split(_folded(text)):
        if word.isalpha() and word.isascii():
            yield word
            continue
        # People who cannot type an accent leave it out, so both forms are kept.
        for form in (word,) if word.isascii() else (word, _without_accents(word)):
            yield form
            yield from form.split("-")[1:]
        if _PHONE.fullmatch(word):
            yield _digits(word)


def _email_words(text: str) -> Sequence[str]:
    folded = _folded(text)
    return *_split(folded), *_split(folded.partition("@")[0])


# One number may stand in several values of a customer.
@lru_cache(_REMEMBERED)
def _phone_words(text: str) -> Sequence[str]:
    """The digits with the country code, and as they are dialled inside the country: without and with a leading 0."""
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return (_digits(text),)
    at_home = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    return _digits(text), phonenumbers.national_significant_number(number), _digits(at_home)


def _folded(text: str) -> str:
    """The text as it is compared: without case, without apostrophes, one sign for each letter and hyphen."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    plain = _HYPHENS.sub("-", unicodedata.normalize("NFKC", text).casefold())
    return _APOSTROPHES.sub("", plain)


def _split(folded: str) -> Sequence[str]:
    """The words, without the marks at their ends; marks alone are no word."""
    if folded.isalnum():
        return [folded]
    return [bare for word in _BETWEEN.split(folded) if (bare := _bare(word))]


def _bare(word: str) -> str:
    if not word or (word[0].isalnum() and word[-1].isalnum()):
        return word
    kept = [n for n, one in enumerate(word) if one.isalnum()]
    if not kept:
        return ""
    # What is written on a letter belongs to it: vowels of many scripts are marks.
    end = next((n for n in range(kept[-1] + 1, len(word)) if unicodedata.category(word[n])[0] != "M"), len(word))
    return word[kept[0] : end]


def _without_accents(word: str) -> str:
    return "".join(one for one in unicodedata.normalize("NFKD", word) if not unicodedata.combining(one))


def _dialled(number: str) -> str:
    return _digits(_TRUNK_ZERO.sub("", number)).removeprefix(_INTERNATIONAL)


def _digits(text: str) -> str:
    if text.isascii():
        return _NO_DIGITS.sub("", text)
    return "".join(str(unicodedata.digit(one)) for one in text if one.isdigit())


_ToWords = Callable[[str], Sequence[str]]
_PLAIN: Mapping[str, _ToWords] = {"EMAIL": _email_words, "PHONE_NUMBER": _phone_words}
_BY_CONTACT: Mapping[str, _ToWords] = {
    "EMAIL": _email_words,
    "PHONE": _phone_words,
    "POSTAL": _words,
}
