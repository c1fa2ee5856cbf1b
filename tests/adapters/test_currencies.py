"""Are amounts told in the smallest coin exactly, or not at all?"""

from decimal import Decimal

import pytest

from adapters.currencies import DIGITS, in_minor_units


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("19.90", "USD", 1990),
        ("1E+2", "EUR", 10_000),
        ("5", "JPY", 5),
        ("0.5", "JPY", None),
        ("1.234", "KWD", 1234),
        ("0.001", "USD", None),
        ("1", "XAU", None),
    ],
)
def test_smallest_coins(amount: str, currency: str, minor: int | None) -> None:
    """An amount is so many of its currency's smallest coin; with parts of one, or of no currency, it is none."""
    assert in_minor_units(Decimal(amount), currency) == minor


def test_codes_are_capitals() -> None:
    """Currencies stand there by the three capitals of ISO 4217; those that nobody pays in any more do not."""
    assert [one for one in DIGITS if len(one) != 3 or not one.isalpha() or not one.isupper()] == []
    assert {"BGN", "DEM", "XXX"}.isdisjoint(DIGITS)
