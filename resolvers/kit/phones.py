"""Which phone number is it, however it was written?

Every number of the house is read here: those of identities and contact points, of attributes, of imports and of what
is looked for. Where a notation may mean several numbers, the first that is in use holds, by phonenumbers' tables.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, ValidationResult

from resolvers.kit.texts import visible

# As programs hand numbers on: RFC 3966, RFC 5724, and what gateways write for WhatsApp.
_SCHEME = re.compile(r"\A(?:tel|sms|whatsapp):", re.IGNORECASE)
_PLUS = frozenset("+\uff0b")
# Dialled before a country code where `+` cannot be (ITU-T E.123).
_INTERNATIONAL = "00"
_FIRST_DIGITS = re.compile(r"\d+")
# A zero in brackets is for those who dial inside the country; in some countries it belongs to the number itself.
_TRUNK_ZERO = re.compile(r"\(\s*0\s*\)")

# Of a batch's people, each with two numbers; as long as a number with blanks, brackets and an extension is.
_REMEMBERED, _LONGEST = 4_096, 64

_NO_NUMBER = "That is not a phone number. Send it with its country code, as +14155550123."

# One number, written as before and as after a change of the numbering plan: WhatsApp goes on naming people by the
# older one. Mexico's mobile numbers lost the 1 behind the country code in 2019; Brazil's, which begin with 6 to 9,
# have had a 9 in front since 2016. Whether the older one is out of use is phonenumbers' to say.
_RENUMBERED = (
    (re.compile(r"\+521(\d{10})"), r"+52\1"),
    (re.compile(r"\+55([1-9]\d)([6-9]\d{7})"), r"+55\g<1>9\2"),
)


def canonical_phone(text: str, default_region: str | None = None) -> str:
    """The number in E.164; `default_region` (ISO 3166, `US`) reads national notations; raises ValueError.

    With a default region it is the number that the same text means as somebody's id on a channel of phone numbers.
    """
    written = _written(text)
    if default_region or _is_international(written):
        return _meant(written, default_region, is_whole_first=False)
    raise ValueError(_NO_NUMBER)


def phone_on_channel(text: str, default_region: str | None, *, is_international: bool) -> str:
    """The number in E.164, from any notation or from a channel's own name for a person; raises ValueError.

    Digits alone may be a national number as well as a whole one: `is_international` says that the channel names people
    by the whole one.
    """
    return _meant(_written(text), default_region, is_whole_first=is_international)


def _meant(written: str, region: str | None, *, is_whole_first: bool) -> str:
    # All but digits alone is read the same either way, and has one place in memory.
    is_whole_first = is_whole_first and written.isdecimal()
    if len(written) > _LONGEST:
        return _chosen(_readings(written, region, is_whole_first=is_whole_first))
    return _remembered(written, region, is_whole_first)


# A source says one number several times of a customer: as an identity, as a contact point, as an attribute. To read it
# takes longer than all else that is done with a customer.
@lru_cache(_REMEMBERED)
def _remembered(written: str, region: str | None, is_whole_first: bool) -> str:
    return _chosen(_readings(written, region, is_whole_first=is_whole_first))


def _written(text: str) -> str:
    """What is written, with the digits of all scripts as those of ASCII."""
    bare = _SCHEME.sub("", visible(text).strip(), count=1).strip()
    return bare if bare.isascii() else phonenumbers.normalize_digits_only(bare, keep_non_digits=True)


def _is_international(written: str) -> bool:
    return written[:1] in _PLUS or written.startswith(_INTERNATIONAL)


def _readings(written: str, region: str | None, *, is_whole_first: bool) -> Iterator[PhoneNumber]:
    """What may be meant, the likeliest first."""
    if written[:1] in _PLUS:
        yield from _read(written)
    elif written.startswith(_INTERNATIONAL):
        yield from _dialled(written, region)
    elif region and not (is_whole_first and written.isdecimal()):
        yield from _read(written, region)
        yield from _read(f"+{written}")
    else:
        yield from _read(f"+{written}")
        if region:
            yield from _read(written, region)


def _dialled(written: str, region: str | None) -> Iterator[PhoneNumber]:
    """What begins with zeros: those of E.123, or those of the region and of its carriers, as 009 and 005."""
    everywhere = list(_read(f"+{written.removeprefix(_INTERNATIONAL)}"))
    there = list(_read(written, region)) if region else []
    first, second = _in_use(everywhere), _in_use(there)
    # Nobody dials the own country from inside as one abroad.
    if first and second and first != second and second.country_code != _country_code(region):
        group = _FIRST_DIGITS.match(written)
        if group is None or group[0] == written:
            raise ValueError("That may be read as two numbers. Send it with its country code, as +14155550123.")
        if region and re.fullmatch(_metadata(region).international_prefix or "", group[0]):
            everywhere, there = there, everywhere
    yield from everywhere
    yield from there


def _metadata(region: str) -> PhoneMetadata:
    found = PhoneMetadata.metadata_for_region(region)
    if found is None:
        raise ValueError(f"The default region is {region!r}, of which no numbers are known. Set another one.")
    return found


def _country_code(region: str | None) -> int | None:
    return phonenumbers.country_code_for_region(region) if region else None


def _in_use(readings: Iterable[PhoneNumber]) -> PhoneNumber | None:
    return next((one for one in readings if phonenumbers.is_valid_number(one)), None)


def _read(text: str, region: str | None = None) -> Iterator[PhoneNumber]:
    """The number as it is written, then without what is not dialled from abroad, then as it was renumbered."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return
    yield number
    yield from _anew(number)
    yield from _without_trunk(number)
    if region is None and _TRUNK_ZERO.search(text):
        yield from _read(_TRUNK_ZERO.sub("", text))


def _anew(number: PhoneNumber) -> Iterator[PhoneNumber]:
    for pattern, now in _RENUMBERED:
        if found := pattern.fullmatch(_shown(number)):
            yield phonenumbers.parse(found.expand(now))


def _without_trunk(number: PhoneNumber) -> Iterator[PhoneNumber]:
    """The number without the digits that are dialled before it at home, where they stand in it."""
    code = number.country_code or 0
    metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, phonenumbers.region_code_for_country_code(code))
    trunk, national = metadata and metadata.national_prefix, phonenumbers.national_significant_number(number)
    if trunk and national.startswith(trunk):
        try:
            yield phonenumbers.parse(f"+{number.country_code}{national.removeprefix(trunk)}")
        except phonenumbers.NumberParseException:
            return


def _chosen(readings: Iterator[PhoneNumber]) -> str:
    """The first that is in use; else the first that has as many digits as a number of its country."""
    possible: PhoneNumber | None = None
    is_read = False
    for one in readings:
        if phonenumbers.is_valid_number(one):
            return _shown(one)
        is_read = True
        if possible is None and phonenumbers.is_possible_number_with_reason(one) == ValidationResult.IS_POSSIBLE:
            possible = one
    if possible is not None:
        return _shown(possible)
    if is_read:
        raise ValueError("That phone number has too many or too few digits. Send it as +14155550123.")
    raise ValueError(_NO_NUMBER)


def _shown(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
