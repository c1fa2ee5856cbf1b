"""To which form is what people write brought before it is compared?"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from anyascii import anyascii

from adapters.quiet import quiet
from adapters.reaching import folded_email

# As many different texts as a scan has in its hands at one time.
_REMEMBERED = 100_000
# A value longer than this is a text, and its beginning says who it is about.
LONGEST = 200

_NO_MARKS = str.maketrans("", "", "'`\u2019\u02bc\u00b4")
_READ_AS_DIGITS = str.maketrans("0158", "olsb")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_DIGITS = re.compile(r"\d+")
_PARTS = re.compile(r"\d+|[a-z]+")

# What people and forms write where they know nothing.
_NOTHING = frozenset(
    re.findall(
        r"\w+",
        """
        unknown unk na nan none null nil nobody anonymous anon test tester testing dummy fake guest noname
        nosurname notknown notgiven notprovided notapplicable notavailable notspecified undefined unspecified
        missing tbd tba tbc blank empty private withheld refused firstname givenname lastname familyname surname
        name user customer client default sample example asdf qwerty noemail noreply donotreply nomail invalid
        unbekannt inconnu desconocido sconosciuto nieznany onbekend
        """,
    )
)
# Days that programs put where no day is known: the first and last ones of their calendars.
NO_DAYS = frozenset({(1, 1, 1), (1000, 1, 1), (1753, 1, 1), (1800, 1, 1), (1899, 12, 30), (1899, 12, 31)})
NO_DAYS |= frozenset({(1900, 1, 1), (1900, 1, 2), (1901, 1, 1), (1904, 1, 1), (1970, 1, 1), (1111, 11, 11)})
NO_DAYS |= frozenset({(2222, 2, 2), (2099, 12, 31), (2999, 12, 31), (9999, 12, 31), (9999, 9, 9)})
# Example domains are real in demonstrations; these are not.
_NO_DOMAINS = frozenset({"unknown", "none", "noemail", "nomail", "invalid", "noreply"})
_NOT_YET_NAMED = frozenset({"baby", "newborn", "infant", "neonate", "bebe", "neugeborenes", "neonato"})
_TITLES = frozenset(
    re.findall(r"\w+", "mr mrs ms miss mx dr prof sir madam herr frau monsieur madame sr sra srta jr ii iii iv")
)
# The sides of the street and its kind, as they are shortened; all others stay as they are.
_SHORT = {
    long: short
    for short, longs in {
        "st": "street saint str strasse straße sankt",
        "rd": "road",
        "av": "avenue ave avenida aven",
        "dr": "drive drv",
        "ct": "court crt",
        "cres": "crescent cr cresc",
        "pl": "place plaza platz plaza",
        "ln": "lane",
        "cct": "circuit circ",
        "cl": "close",
        "tce": "terrace terr ter",
        "bd": "boulevard blvd boul",
        "hwy": "highway",
        "pde": "parade",
        "gr": "grove gve",
        "sq": "square",
        "mt": "mount",
        "ft": "fort",
        "apt": "apartment apartments apmnt appartement flat unit",
        "n": "north nth",
        "s": "south sth",
        "e": "east",
        "w": "west",
    }.items()
    for long in longs.split()
}
_SHORTENED = frozenset(_SHORT.values())


@quiet
class Name(NamedTuple):
    """A name without case, accents, marks and titles: as one word, and in its words."""

    whole: str
    words: tuple[str, ...]


@quiet
class Day(NamedTuple):
    """A day as it was written, be it in the calendar or not; 0 stands for a part that is not known."""

    year: int
    month: int
    day: int

    def __str__(self) -> str:
        """The day as it is counted: the year stands first."""
        return f"{self.year:04}-{self.month:02}-{self.day:02}"


@lru_cache(_REMEMBERED)
def plain(text: str) -> str:
    """The text in small Latin letters and digits, its words parted by one blank."""
    letters = text if text.isascii() else anyascii(unicodedata.normalize("NFKC", text))
    return _NO_WORD.sub(" ", letters.lower().translate(_NO_MARKS)).strip()


def says_nothing(whole: str) -> bool:
    """Whether a word stands where nothing is known: `unknown`, `xxx`, `0000000`, `123456789`."""
    if whole in _NOTHING or (len(whole) > 1 and len(set(whole)) == 1):
        return True
    return len(whole) > 4 and (
        whole in "01234567890123456789" or whole in "98765432109876543210"
    )  # a shorter row of digits is a house number


@lru_cache(_REMEMBERED)
def name_of(text: str) -> Name | None:
    """The name as it is compared; None where it says nothing."""
    # A scanner reads letters as digits, which no name has.
    words = plain(text[:LONGEST]).translate(_READ_AS_DIGITS).split()
    told = tuple(one for one in words if one not in _TITLES and one not in _NOT_YET_NAMED)
    told = told or tuple(one for one in words if one in _TITLES)  # Sir is a name, too
    whole = "".join(told)
    return None if not any(map(str.isalpha, text)) or not whole or says_nothing(whole) else Name(whole, told)


@lru_cache(_REMEMBERED)
def day_of(text: str) -> Day | None:
    """The day that is written: year first, or last and then after month or day; None where it says nothing."""
    numbers = [int(one) for one in _DIGITS.findall(text.partition("T")[0][:LONGEST])]
    digits = "".join(_DIGITS.findall(text))
    found: Day | None = None
    match [len(str(one)) for one in numbers]:
        case [8]:
            found = Day(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
        case [4]:
            found = Day(numbers[0], 0, 0)
        case [3 | 4, 1 | 2, 1 | 2]:
            found = Day(*numbers)
        case [1 | 2, 1 | 2, 3 | 4]:
            # Day or month first: the one that cannot be a month is the day.
            first, second, year = numbers
            found = Day(year, first, second) if second > 12 else Day(year, second, first)  # months
    return None if found is None or found in NO_DAYS else found


@lru_cache(_REMEMBERED)
def phone_of(text: str) -> str | None:
    """The digits of the number, without the zeros and marks before it; None where it says nothing."""
    digits = "".join(_DIGITS.findall(plain(text[:LONGEST]))).lstrip("0")
    # Fewer digits are an extension; and of `+49 000 000000` only the country is told.
    is_told = len(digits) >= 6 and len(set(digits[-6:])) > 1 and not says_nothing(digits)
    return digits if is_told and not digits.endswith(("1234567", "12345678", "123456789")) else None


@lru_cache(_REMEMBERED)
def email_of(text: str) -> str | None:
    """The address without what mail servers ignore: case, and what follows a plus; None where it says nothing."""
    local, _, domain = folded_email(text[:LONGEST].strip()).rpartition("@")
    local = (local or domain).partition("+")[0]
    if says_nothing(_NO_WORD.sub("", local)) or domain.partition(".")[0] in _NO_DOMAINS:
        return None
    return f"{local}@{domain}" if local != domain else local


@lru_cache(_REMEMBERED)
def identifier_of(text: str) -> str | None:
    """The letters and digits; None where they say nothing, or too little to be one person's."""
    whole = plain(text[:LONGEST]).replace(" ", "")
    return whole if len(whole) > 3 and not says_nothing(whole) else None  # fewer signs are a class


def address_words(text: str) -> tuple[str, ...]:
    """The words and numbers of an address, its common words shortened as on an envelope."""
    words = [_SHORT.get(one, one) for one in _PARTS.findall(plain(text[:LONGEST]))]
    return tuple(one for one in words if not says_nothing(one) or one.isdigit())


def is_street_kind(word: str) -> bool:
    """Whether it is one of the shortened words, which stand in every other address."""
    return word in _SHORTENED
