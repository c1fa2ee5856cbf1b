"""One phone is one phone, in the notations of every region that phonenumbers knows."""

import re
from collections.abc import Iterator
from itertools import product

import phonenumbers
import pytest
from phonenumbers import PhoneMetadata, PhoneNumberFormat, PhoneNumberType

from resolvers.kit.phones import canonical_phone, phone_on_channel

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
ABROAD = ("+14155550123", "+4930901820", "+573001234567")


def _examples(region: str) -> Iterator[phonenumbers.PhoneNumber]:
    for kind in KINDS:
        number = phonenumbers.example_number_for_type(region, kind)
        if number is not None:
            yield number


def _international_prefixes(region: str) -> Iterator[str]:
    """What is dialled there before a country code, up to three digits."""
    metadata = PhoneMetadata.metadata_for_region(region)
    pattern = re.compile(metadata.international_prefix)
    if metadata.preferred_international_prefix:
        yield metadata.preferred_international_prefix.replace("~", "")
    for length in (2, 3):
        yield from (text for text in map("".join, product("0123456789", repeat=length)) if pattern.fullmatch(text))


def _spread(digits: str) -> str:
    return " ".join(digits[n : n + 3] for n in range(0, len(digits), 3))


@pytest.mark.parametrize("region", REGIONS)
def test_notations_of_regions(region: str) -> None:
    """Each region's numbers are one number: at home, with `+`, with `00`, with a zero in brackets, with blanks."""
    trunk = PhoneMetadata.metadata_for_region(region).national_prefix
    for number in _examples(region):
        whole = phonenumbers.format_number(number, PhoneNumberFormat.E164)
        code, national = str(number.country_code), phonenumbers.national_significant_number(number)
        texts = [phonenumbers.format_number(number, one) for one in (0, 1, 2, 3)]
        texts += [f"+{code}{national}", f"00{code}{national}", f"00 {code} {_spread(national)}"]
        texts += [f"\uff0b{code}-{national}", f"tel:+{code}{national}", f"+ {code} {_spread(national)} "]
        if trunk:
            # Wherever a country has one, people write a zero in brackets.
            texts += [f"+{code} (0) {_spread(national)}", f"00{code} (0){national}", f"+{code} {trunk} {national}"]
        for text in texts:
            for read in (canonical_phone(text, region), phone_on_channel(text, region, is_international=False)):
                assert read == whole, (region, text)


@pytest.mark.parametrize("region", REGIONS)
def test_dialled_abroad(region: str) -> None:
    """A number of another country is read as it is dialled there, and with `00`, which is written everywhere."""
    for number in ABROAD:
        for prefix in {"00", *_international_prefixes(region)}:
            assert canonical_phone(f"{prefix} {_spread(number[1:])}", region) == number, (region, prefix)
        assert canonical_phone(f"00{number[1:3]} {_spread(number[3:])}", region) == number, region


@pytest.mark.parametrize("region", REGIONS)
def test_never_another_number(region: str) -> None:
    """Where digits alone are two numbers in use, dialled there and written with `00`, none is chosen."""
    for number in ABROAD:
        for prefix in {"00", *_international_prefixes(region)}:
            text = f"{prefix}{number[1:]}"
            try:
                read = canonical_phone(text, region)
            except ValueError as refusal:
                read = str(refusal)
            assert read == number or "two numbers" in read, (region, text)


OLD = [
    ("+5215512345678", None, "+525512345678"),
    ("5215512345678", "MX", "+525512345678"),
    ("+52 1 55 1234 5678", "US", "+525512345678"),
    ("+55 51 8123 4567", None, "+5551981234567"),
    ("(51) 8123-4567", "BR", "+5551981234567"),
    # In use with eight digits, and so another number than the one with a nine.
    ("+55 11 7123 4567", None, "+551171234567"),
    ("+55 31 3234 5678", None, "+553132345678"),
    ("011 15 2345-6789", "AR", "+5491123456789"),
    ("+54 11 15 2345-6789", None, "+5491123456789"),
]


@pytest.mark.parametrize(("text", "region", "number"), OLD)
def test_renumbered(text: str, region: str | None, number: str) -> None:
    """A number from before a change of the numbering plan is today's, where that is in use and the old one is not."""
    assert canonical_phone(text, region) == number
    for is_international in (True, False):
        assert phone_on_channel(text, region, is_international=is_international) == number


ZEROS = [
    ("+57 (0) 300 123 4567", None, "+573001234567"),
    ("0300 123 4567", "CO", "+573001234567"),
    ("0057 300 123 4567", "CO", "+573001234567"),
    ("+44 (0)20 7946 0018", None, "+442079460018"),
    # In Italy the zero is a part of the number.
    ("+39 (0)6 6982 1234", None, "+390669821234"),
    ("+34 (0) 612 345 678", None, "+34612345678"),
]


@pytest.mark.parametrize(("text", "region", "number"), ZEROS)
def test_trunk_zero(text: str, region: str | None, number: str) -> None:
    """A zero that is dialled inside the country alone is no part of the number."""
    assert canonical_phone(text, region) == number


@pytest.mark.parametrize(
    "text", ["", " ", "+", "00", "secret", "9", "555-013", "+1 415", "+1415555012345678", "1" * 99]
)
@pytest.mark.parametrize("region", [None, "US", "GB", "CO"])
def test_no_number(text: str, region: str | None) -> None:
    """What cannot be a number is refused in words that say what to send and quote nothing."""
    with pytest.raises(ValueError, match=r"Send it (with its country code, )?as \+14155550123") as refusal:
        canonical_phone(text, region)
    assert "secret" not in str(refusal.value)
