"""Can this be a phone number, or an e-mail address, as people and vendors write them?"""

import email_validator
import phonenumbers


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
