"""How is told why a delivery cannot be taken, without what stands in it?

The words are an adapter's, and adapters are written by others: what they quote may be somebody's name, number or
address, a secret, or a sequence that turns a terminal's letters red.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import Any, Final

from adapters.contract.deliveries import Delivery
from adapters.contract.errors import BadPayload
from resolvers.kit.texts import storable

MASK: Final = "…"

# Shorter ones are words of every header and sentence: `gzip`, `POST`.
_SHORTEST_VALUE: Final = 6
# Of a longer value its beginning gives it away: adapters cut what they quote.
_HEAD: Final = 16
_LONGEST: Final = 1_000
# What is cut off before it is masked may hold the end of a value, by which it would have been known.
_LONGEST_READ: Final = 8_000
# Names of fields and their words, as reasons tell places by them; a quoted one is masked all the same.
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z_.-]*")
# An id of a vendor's: no telephone number of the world has as many digits (ITU-T E.164 allows fifteen, and no country
# gives out more than thirteen).
_ID: Final = re.compile(r"[0-9]{15,20}")
# Signatures and secrets in hex or base64; a header's name has hyphens, and a word no digit.
_DIGEST: Final = re.compile(r"(?=[A-Za-z+/]*[0-9])[A-Za-z0-9+/]{16,}=*")
_QUOTED: Final = re.compile(r"'([^']+)'|\"([^\"]+)\"")
_MAIL: Final = re.compile(r"[^\s'\"<>,;:]+@[^\s'\"<>,;]+")
_PHONE: Final = re.compile(r"(?<![\w.])\+?[0-9](?:[ ()/-]{0,2}[0-9]){7,13}(?![\w])")
# Controls, formats that turn directions round, halves of characters and breaks of lines.
_UNSHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def one_line(words: object) -> str:
    """What somebody else's code says, as one line that does nothing to a terminal."""
    text = storable(words, _LONGEST_READ)
    if text.isascii() and text.isprintable():
        return text
    # U+FFFD stands where a reader of JSON found what no text can keep.
    is_shown = (one if one != "\ufffd" and unicodedata.category(one) not in _UNSHOWN else " " for one in text)
    return " ".join("".join(is_shown).split())


def masked(words: object, values: Iterable[str], longest: int) -> str:
    """The words in one line, without the values and what may be a signature."""
    return _DIGEST.sub(MASK, _without(one_line(words), values))[:longest]


def reason_of(words: object, delivery: Delivery) -> str:
    """Why a delivery is set aside, in one line, without anything of it but ids of vendors: long numbers.

    What nobody can tell from a word of the vendor's own, as `refunded`, is masked where it is quoted.
    """
    told = one_line(words)
    said = {*delivery.headers.values(), *delivery.query.values(), *_leaves(_body(delivery))}
    told = _without(told, (one for one in said if not _WORD.fullmatch(one) and not _ID.fullmatch(one)))
    quoted = {one.casefold() for one in said if not _ID.fullmatch(one)}

    def unquoted(found: re.Match[str]) -> str:
        return f"{found[0][0]}{MASK}{found[0][0]}" if (found[1] or found[2]).casefold() in quoted else found[0]

    return told_plainly(_QUOTED.sub(unquoted, told))


def told_plainly(words: object) -> str:
    """An adapter's words in one line, without what looks like a number, an address or a signature."""
    told = _PHONE.sub(MASK, _MAIL.sub(MASK, one_line(words)))
    return _DIGEST.sub(lambda found: found[0] if _ID.fullmatch(found[0]) else MASK, told)[:_LONGEST]


def _without(words: str, values: Iterable[str]) -> str:
    """The words, in which none of the values stands, nor a long one's beginning; those that hold others go first."""
    low = words.lower()
    for value in sorted({one_line(one) for one in values}, key=len, reverse=True):
        if len(value) >= _SHORTEST_VALUE and value[:_HEAD].lower() in low:
            words = _cut(words, value)
            low = words.lower()
    return words


def _cut(words: str, value: str) -> str:
    """The words without the value, and without as much of it as stands there from its beginning on."""
    head, rest = re.compile(re.escape(value[:_HEAD]), re.IGNORECASE), value[_HEAD:]
    kept = []
    while found := head.search(words):
        behind = words[found.end() :]
        pairs = zip(behind.lower(), rest.lower(), strict=False)
        kept += [words[: found.start()], MASK]
        words = behind[sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) :]
    return "".join(kept) + words


def _body(delivery: Delivery) -> Any:
    try:
        return delivery.json()
    except BadPayload:
        # A form, or junk: of that the patterns alone know what is personal.
        return None


def _leaves(told: Any) -> Iterator[str]:
    """The texts and numbers of a body, however deep it is; names of fields are the vendor's."""
    left = [told]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str):
            yield one
        elif isinstance(one, int | float) and not isinstance(one, bool):
            yield str(one)
