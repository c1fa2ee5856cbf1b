"""Which phone number is a person on a channel, however it was written?"""

import re
from collections.abc import Sequence

import phonenumbers
from phonenumbers import PhoneNumberFormat

# As programs hand numbers on: RFC 3966, RFC 5724, and what gateways write for WhatsApp.
_SCHEME = re.compile(r"\A(?:tel|sms|whatsapp):", re.IGNORECASE)
_PLUS = frozenset("+\uff0b")
# Dialled before a country code where `+` cannot be (ITU-T E.123).
_INTERNATIONAL = "00"

# One number, written as before and as after a change of the numbering plan: WhatsApp goes on naming people by the
# older one. Mexico's mobile numbers lost the 1 behind the country code in 2019; Brazil's, which begin with 6 to 9,
# have had a 9 in front since 2016.
_RENUMBERED = (
    (re.compile(r"\+521(\d{10})"), r"+52\1"),
    (re.compile(r"\+55([1-9]\d)([6-9]\d{7})"), r"+55\g<1>9\2"),
)


def phone_on_channel(text: str, default_region: str | None, *, is_international: bool) -> str:
    """The number in E.164, from any notation or from a channel's own name for a person; raises ValueError.

    Digits alone may be a national number as well as a whole one. The first reading by which such a number is in use
    holds: the whole one where the channel names people so (`is_international`), else that of the default region.
    """
    written = phonenumbers.normalize_digits_only(_SCHEME.sub("", text, count=1), keep_non_digits=True)
    possible = [one for one in _readings(written, default_region, is_international) if _is_possible(one)]
    if not possible:
        raise ValueError("That is not a phone number. Send it with its country code, as +14155550123.")
    return next((one for one in possible if _is_in_use(one)), possible[0])


def _readings(text: str, region: str | None, is_international: bool) -> Sequence[str]:
    """What may be meant, the likeliest first, in E.164; empty where it is no number."""
    if text[:1] in _PLUS:
        return (_read(text),)
    if text.startswith(_INTERNATIONAL):
        return (_read(f"+{text.removeprefix(_INTERNATIONAL)}"),)
    whole = _read(f"+{text}")
    if not region:
        return (whole,)
    at_home = _read(text, region)
    return (whole, at_home) if is_international and text.isdecimal() else (at_home, whole)


def _read(text: str, region: str | None = None) -> str:
    try:
        written = phonenumbers.format_number(phonenumbers.parse(text, region), PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        return ""
    for pattern, now in _RENUMBERED:
        if found := pattern.fullmatch(written):
            return found.expand(now)
    return written


def _is_possible(written: str) -> bool:
    return bool(written) and phonenumbers.is_possible_number(phonenumbers.parse(written))


def _is_in_use(written: str) -> bool:
    return phonenumbers.is_valid_number(phonenumbers.parse(written))
