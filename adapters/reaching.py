"""Can this be a phone number, or an e-mail address, as people and vendors write them?"""

import re
import unicodedata
from typing import Final

import email_validator
import phonenumbers

# Whose canonical form is a letter or sign of ASCII: the Greek question mark, the grave accent, the sign of kelvin.
_LIKE_ASCII: Final = re.compile("([\u037e\u1fef\u212a])")


def folded_email(address: str) -> str:
    """The e-mail address as it is compared, without case; but nothing beyond ASCII before the domain becomes ASCII.

    Else U+212A, the sign of kelvin, would be a k there, and whoever writes from that mailbox somebody else.
    """
    before, at, domain = address.rpartition("@") if "@" in address else (address, "", "")
    pieces = _LIKE_ASCII.split(before)
    local = "".join(one if _LIKE_ASCII.match(one) else unicodedata.normalize("NFC", one) for one in pieces)
    return f"{''.join(map(_small, local))}{at}{unicodedata.normalize('NFC', domain).lower()}"


def _small(letter: str) -> str:
    small = letter.lower()
    return small if letter.isascii() or not any(one.isascii() for one in small) else letter


def on_the_wire(address: str) -> str:
    """The e-mail address with its domain in ASCII, as servers look it up (RFC 5890); raises ValueError.

    What stands before the sign has no such form, and stays.
    """
    before, _, domain = address.rpartition("@")
    if domain.isascii():
        return address
    checked = email_validator.validate_email(f"a@{domain}", check_deliverability=False, allow_smtputf8=True)
    return f"{before}@{checked.ascii_domain}"


def as_email(text: str) -> str | None:
    """The text where it can be an e-mail address."""
    try:
        email_validator.validate_email(text, check_deliverability=False, allow_smtputf8=True)
    except ValueError:
        return None
    return text


def as_phone(text: str, region: str | None) -> str | None:
    """The phone number with its country code, read in that region where it has none; None where nobody has such one.

    Numbers of ten digits are possible in many countries: only where it is valid is it one of that region's.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    is_valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if is_valid else None
