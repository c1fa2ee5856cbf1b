"""What may stand in an attribute: the types of the configurable schema and their rules?

Ten types are those of Expertflow's customer schema; DATE and CHOICE are ours.
"""

import hashlib
import ipaddress
import math
import re
import secrets
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any

import re2
from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document
from resolvers.attribute_rights import rights_broken
from resolvers.channel_identifiers import identifier_broken
from resolvers.kit.described import graph_enum
from resolvers.kit.phones import canonical_phone
from resolvers.kit.scalars import canonical_email
from resolvers.kit.texts import plain_line, plain_text

# A name of the schema is a word of programs and of paths in documents.
NAME = re.compile(r"[a-z][A-Za-z0-9]{0,63}")

# Past this, a text is a document and belongs elsewhere.
LONGEST = 4_000
LONGEST_PATTERN = 500
# As many as there can be definitions.
MOST_PATTERNS = 200
MOST_CHOICES = 200
# What stands in one line beside a value, or in a list to choose from.
LONGEST_HEADING, LONGEST_CHOICE = 100, 200
# scrypt's cost for interactive use: 16 MiB, some 50 ms (RFC 7914 and OWASP's cheat sheet of 2023).
_SCRYPT = {"n": 2**14, "r": 8, "p": 1}


@graph_enum(
    {
        "ALPHANUMERIC": "Letters and digits of any script only, with the marks on them.",
        "BOOLEAN": "True or false.",
        "EMAIL": "An e-mail address.",
        "IP": "An IP address, version 4 or 6.",
        "NAME": "A name: letters of any script with their marks, blanks, apostrophes, points and hyphens.",
        "NUMBER": "A number.",
        "PHONE_NUMBER": "A phone number, kept in E.164.",
        "PASSWORD": "A secret that can be written and never read.",
        "STRING": "Any text.",
        "URL": "A web address.",
        "DATE": "A calendar day.",
        "CHOICE": "One of the definition's choices.",
    }
)
class AttributeType(Enum):
    """What kind of value an attribute holds."""

    ALPHANUMERIC = "ALPHANUMERIC"
    BOOLEAN = "BOOLEAN"
    EMAIL = "EMAIL"
    IP = "IP"
    NAME = "NAME"
    NUMBER = "NUMBER"
    PHONE_NUMBER = "PHONE_NUMBER"
    PASSWORD = "PASSWORD"  # noqa: S105 - the type's name
    STRING = "STRING"
    URL = "URL"
    DATE = "DATE"
    CHOICE = "CHOICE"


@graph_enum(
    {
        "GIVEN_NAME": "The person's given name.",
        "FAMILY_NAME": "The person's family name.",
        "BIRTH_DATE": "The day of birth.",
        "PHONE": "A phone number.",
        "EMAIL": "An e-mail address.",
        "ADDRESS": "A postal address or a part of one.",
        "IDENTIFIER": "A number or word that one person has and no other.",
    }
)
class MatchingRole(StrEnum):
    """What an attribute says when two customers may be the same person."""

    GIVEN_NAME = "GIVEN_NAME"
    FAMILY_NAME = "FAMILY_NAME"
    BIRTH_DATE = "BIRTH_DATE"
    PHONE = "PHONE"
    EMAIL = "EMAIL"
    ADDRESS = "ADDRESS"
    IDENTIFIER = "IDENTIFIER"


# The types whose values are measured by `maxLength` and `pattern`.
_TEXTS = frozenset(one.value for one in AttributeType) - {"BOOLEAN", "NUMBER"}


def checked(definition: Document, value: Any, default_region: str | None = None) -> Any:
    """The value as it is stored; raises ValueError where it breaks a rule, never quoting a personal value."""
    kind = definition["type"]
    stored = _BY_TYPE[kind](value, definition, default_region)
    if isinstance(stored, str) and kind != AttributeType.PASSWORD.value:
        _check_text(definition, stored)
    return stored


def rule_broken(definition: Document, default_region: str | None = None) -> tuple[tuple[str, ...], str] | None:
    """What is wrong with a definition itself: where in the input, and in words; None where nothing is."""
    if not NAME.fullmatch(definition["name"]):
        return ("name",), (
            f"{definition['name']!r} is no attribute name. Send up to 64 letters and digits, beginning with a "
            "lower-case letter, as loyaltyTier."
        )
    for word in ("label", "category"):
        try:
            plain_line(definition[word], f"`{word}`", LONGEST_HEADING)
        except ValueError as error:
            return ("rules", word), str(error)
    if definition["max_length"] is not None and definition["type"] not in _TEXTS:
        return ("rules", "maxLength"), f"`maxLength` is for texts; the type {definition['type']} takes none."
    if definition["max_length"] is not None and not 1 <= definition["max_length"] <= LONGEST:
        return ("rules", "maxLength"), f"`maxLength` is {definition['max_length']}; send 1 to {LONGEST}."
    return (
        _pattern_broken(definition)
        or _choices_broken(definition)
        or _default_broken(definition, default_region)
        or _secret_broken(definition)
        or identifier_broken(definition)
        or rights_broken(definition)
    )


def breaking(definition: Document) -> Mapping[str, Any]:
    """What a customer's document matches whose stored value breaks the definition's rules."""
    if definition["type"] == AttributeType.PASSWORD.value:
        # What is stored of a secret is a hash, which no rule is about.
        return {}
    path = f"attributes.{definition['name']}"
    broken: list[Mapping[str, Any]] = []
    if definition["max_length"] is not None:
        # In which order the database asks its conditions is its own business: also of who has no value.
        text = {"$ifNull": [{"$toString": f"${path}"}, ""]}
        longer = {"$gt": [{"$strLenCP": text}, definition["max_length"]]}
        broken.append({"$expr": longer})
    if definition["pattern"]:
        broken.append({path: {"$not": {"$regex": _whole(definition["pattern"])}}})
    if definition["choices"]:
        broken.append({path: {"$nin": definition["choices"]}})
    return {"$and": [{path: {"$exists": True}}, {"$or": broken}]} if broken else {}


def _whole(pattern: str) -> str:
    """The pattern as the whole value must match it. Flags at its beginning hold up to the bracket that we close."""
    # A quotation that runs to the pattern's end would swallow our bracket; where none is open, `\\E` means nothing.
    end = r"\E" if r"\Q" in pattern else ""
    return f"^(?:{pattern}{end})$"


@lru_cache(maxsize=MOST_PATTERNS)
def _compiled(pattern: str) -> Any:
    """The pattern for RE2, whose time is linear in the value: nobody's pattern can hold up everyone."""
    options = re2.Options()
    options.log_errors = False
    return re2.compile(pattern, options)


def _pattern_broken(definition: Document) -> tuple[tuple[str, ...], str] | None:
    pattern = definition["pattern"]
    if pattern is None:
        return None
    if definition["type"] not in _TEXTS:
        return ("rules", "pattern"), f"`pattern` is for texts; the type {definition['type']} takes none."
    if len(pattern) > LONGEST_PATTERN:
        return ("rules", "pattern"), f"`pattern` has {len(pattern)} characters; send at most {LONGEST_PATTERN}."
    if "\0" in pattern:
        return ("rules", "pattern"), "`pattern` holds the character U+0000, which no value has. Leave it out."
    try:
        _compiled(pattern)
    except re2.error as error:
        return ("rules", "pattern"), (
            f"`pattern` is {pattern!r}, which RE2 cannot read: {error.args[0].decode()}. Write it in RE2's syntax, "
            "which has neither look-around nor backreferences."
        )
    return None


def _choices_broken(definition: Document) -> tuple[tuple[str, ...], str] | None:
    is_choice, choices = definition["type"] == "CHOICE", definition["choices"]
    if is_choice != bool(choices):
        return ("rules", "choices"), "`choices` go with the type CHOICE: that type needs some, the others take none."
    if len(choices) > MOST_CHOICES or len(set(choices)) < len(choices):
        return ("rules", "choices"), f"Send at most {MOST_CHOICES} choices, each once."
    if any(one != one.strip() for one in choices):
        return ("rules", "choices"), "A choice has blanks around it. Send each as it is to be read."
    try:
        for number, one in enumerate(choices, 1):
            plain_line(one, f"Choice {number}", LONGEST_CHOICE)
    except ValueError as error:
        return ("rules", "choices"), str(error)
    return None


def _default_broken(definition: Document, default_region: str | None) -> tuple[tuple[str, ...], str] | None:
    if definition["default"] is None:
        return None
    if definition["type"] == AttributeType.PASSWORD.value:
        return ("rules", "default"), "A secret that everyone has is none. Leave the default out."
    try:
        checked(definition, definition["default"], default_region)
    except ValueError as error:
        return ("rules", "default"), f"The default breaks the attribute's own rules: {error}"
    return None


def _secret_broken(definition: Document) -> tuple[tuple[str, ...], str] | None:
    """Nobody is found by a secret: what is stored of it would be told beginning by beginning."""
    if definition["type"] != AttributeType.PASSWORD.value:
        return None
    for name in ("is_searchable", "is_channel_identifier", "matching_role"):
        if definition.get(name):
            shown = to_camel_case(name)
            return ("rules", shown), f"A secret finds nobody, so that `{shown}` is not for it. Leave it out."
    return None


def _check_text(definition: Document, text: str) -> None:
    longest = definition["max_length"] or LONGEST
    if len(text) > longest:
        raise ValueError(f"{definition['name']!r} takes at most {longest} characters; that has {len(text)}.")
    if definition["pattern"] and not _compiled(definition["pattern"]).fullmatch(text):
        raise ValueError(f"That does not match the pattern of {definition['name']!r}: {definition['pattern']}")


# Apostrophes, hyphens and points as typewriters, typographers and other scripts have them: Catalan and Chinese point
# between letters, Japanese between names, Hebrew has a hyphen and marks for abbreviations of its own.
_NAME_MARKS = frozenset("'\u2018\u2019`\u00b4.-,\u2010\u2011\u00b7\u2027\u30fb\u05be\u05f3\u05f4\u060c\u3001")
# They say how letters are joined: Persian and Sinhala names need them (UAX #31, section 2.3).
_JOINERS = frozenset("\u200c\u200d")

Rule = Callable[[Any, Document, str | None], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"That is a {type(value).__name__}, not a text. Send a string.")  # noqa: TRY004 - one error for a value that breaks a rule
    if not value.strip():
        raise ValueError("That is empty. Send a text, or remove the value.")
    return plain_text(value, "The value", max(LONGEST, len(value)))


def _alphanumeric(value: Any, _definition: Document, _region: str | None) -> str:
    text = _composed(_text(value))
    if not any(map(str.isalnum, text)) or any(not (one.isalnum() or _is_on_letter(one)) for one in text):
        raise ValueError("Only letters and digits may stand there.")
    return text


def _composed(text: str) -> str:
    """The text with one sign for each letter, however its accents came: two spellings of one name are one."""
    return unicodedata.normalize("NFC", text)


def _is_on_letter(one: str) -> bool:
    """Whether it shows on or between letters alone: the vowels of many scripts, accents, and what joins letters."""
    return unicodedata.category(one)[0] == "M" or one in _JOINERS


def _boolean(value: Any, _definition: Document, _region: str | None) -> bool:
    if not isinstance(value, bool):
        raise ValueError("Send true or false.")  # noqa: TRY004 - as above
    return value


def _email(value: Any, _definition: Document, _region: str | None) -> str:
    return canonical_email(_text(value))


def _ip(value: Any, _definition: Document, _region: str | None) -> str:
    try:
        return str(ipaddress.ip_address(_text(value)))
    except ValueError as error:
        raise ValueError("That is not an IP address. Send one such as 192.0.2.1 or 2001:db8::1.") from error


def _name(value: Any, _definition: Document, _region: str | None) -> str:
    text = _composed(" ".join(_text(value).split()))
    if text.isascii() and text.isalpha():
        return text
    if any(not (one.isalpha() or one.isspace() or one in _NAME_MARKS or _is_on_letter(one)) for one in text):
        raise ValueError("A name holds letters, blanks, apostrophes, full stops, commas and hyphens.")
    if not any(map(str.isalpha, text)):
        raise ValueError("A name holds at least one letter. Send the name, or remove the value.")
    return text


def _number(value: Any, _definition: Document, _region: str | None) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("Send a number.")  # noqa: TRY004 - as above
    # Beyond this, neither JSON's readers nor MongoDB's 64-bit integers keep every digit.
    if not math.isfinite(value) or abs(value) >= 2**53:
        raise ValueError("That number is too large to keep exactly; send at most 9,007,199,254,740,991.")
    return value


def _phone(value: Any, _definition: Document, region: str | None) -> str:
    return canonical_phone(_text(value), region)


def _password(value: Any, definition: Document, _region: str | None) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("Send the secret as a string.")
    _check_text(definition, value)
    return _hashed(value, secrets.token_bytes(16))


def _hashed(value: str, salt: bytes) -> str:
    return f"scrypt:{salt.hex()}:{hashlib.scrypt(value.encode(), salt=salt, **_SCRYPT).hex()}"


def is_same_secret(value: Any, stored: Any) -> bool:
    """Whether a secret is the one of which this is stored; takes as long as storing one does."""
    words = str(stored).split(":")
    if not isinstance(value, str) or len(words) != len(("scrypt", "salt", "digest")):
        return False
    return secrets.compare_digest(_hashed(value, bytes.fromhex(words[1])), str(stored))


def _string(value: Any, _definition: Document, _region: str | None) -> str:
    return _text(value)


def _url(value: Any, _definition: Document, _region: str | None) -> str:
    text = _text(value)
    if not re.fullmatch(r"https?://[^\s/?#]+[^\s]*", text):
        raise ValueError("That is not a web address. Send one that begins with https://.")
    return text


def _date(value: Any, _definition: Document, _region: str | None) -> str:
    try:
        return (value if isinstance(value, date) else date.fromisoformat(_text(value))).isoformat()
    except ValueError as error:
        raise ValueError("That is not a day. Send one such as 1984-02-29.") from error


def _choice(value: Any, definition: Document, _region: str | None) -> str:
    text = _text(value)
    if text not in definition["choices"]:
        raise ValueError(
            f"That is not among the choices of {definition['name']!r}: {', '.join(definition['choices'])}."
        )
    return text


_RULES: Mapping[AttributeType, Rule] = {
    AttributeType.ALPHANUMERIC: _alphanumeric,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.EMAIL: _email,
    AttributeType.IP: _ip,
    AttributeType.NAME: _name,
    AttributeType.NUMBER: _number,
    AttributeType.PHONE_NUMBER: _phone,
    AttributeType.PASSWORD: _password,
    AttributeType.STRING: _string,
    AttributeType.URL: _url,
    AttributeType.DATE: _date,
    AttributeType.CHOICE: _choice,
}
# As types are stored: a member of an enum is hashed, and found by its value, in Python.
_BY_TYPE = {kind.value: rule for kind, rule in _RULES.items()}
