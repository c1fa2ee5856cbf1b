"""Money, moments, phone numbers and addresses have one form each."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from adapters.records import decimal_of, stored_decimal
from resolvers.kit.phones import canonical_phone
from resolvers.kit.scalars import (
    SCALARS,
    AttributeScalar,
    BigInt,
    CurrencyCode,
    EmailAddress,
    Money,
    PhoneNumber,
    Url,
    canonical_currency,
    canonical_email,
)

GOOD = [
    (datetime, "2026-11-21T09:30:00Z", datetime(2026, 11, 21, 9, 30, tzinfo=UTC)),
    (datetime, "2026-11-21T09:30:00+05:30", datetime(2026, 11, 21, 4, 0, tzinfo=UTC)),
    (date, "2024-02-29", date(2024, 2, 29)),
    (Decimal, "19.90", Decimal("19.90")),
    (Decimal, "-0.001", Decimal("-0.001")),
    (CurrencyCode, " usd ", "USD"),
    (EmailAddress, " Ann.Lee@Example.COM ", "ann.lee@example.com"),
    (EmailAddress, "jörg@bücher.de", "jörg@bücher.de"),
    (PhoneNumber, "+1 (415) 555-0123", "+14155550123"),
    (PhoneNumber, "+39 06 6982", "+39066982"),
    (Url, "https://example.com/a?b=c", "https://example.com/a?b=c"),
]
BAD = [
    (datetime, "2026-11-21T09:30:00", "has no time zone"),
    (datetime, "yesterday", "'yesterday' is not a moment. Send one such as"),
    (datetime, "0001-01-01T00:00:00+14:00", "beyond"),
    (datetime, "9999-12-31T23:59:59-14:00", "beyond"),
    (datetime, 1_700_000_000, "is not a string"),
    (date, "2026-02-29", "is not a day. Send one such as"),
    (date, "21.11.2026", "a text of 10 characters is not a day"),
    (Decimal, "NaN", "not a finite number"),
    (Decimal, "-Infinity", "not a finite number"),
    (Decimal, "1,5", "not a decimal number"),
    (Decimal, "1_000", "not a decimal number"),
    (Decimal, "", "not a decimal number"),
    (Decimal, 1.5, "is not a string"),
    (CurrencyCode, "dollar", "ISO 4217"),
    (CurrencyCode, "€€€", "ISO 4217"),
    (EmailAddress, "ann@", "not an e-mail address"),
    (EmailAddress, "@example.com", "not an e-mail address"),
    (EmailAddress, "ann@example..com", "not an e-mail address"),
    (PhoneNumber, "4155550123", "with its country code"),
    (PhoneNumber, "+1415", "too many or too few digits"),
    (PhoneNumber, "+1415555012345678", "too many or too few digits"),
    (PhoneNumber, "x" * 5000, "not a phone number"),
    (Url, "javascript:alert(1)", "https://"),
    (Url, "example.com", "https://"),
    (BigInt, 2**53, "too large to keep exactly"),
    (BigInt, True, "no whole number"),
    (BigInt, 1.5, "no whole number"),
]


@pytest.mark.parametrize(("scalar", "text", "value"), GOOD)
def test_good_values(scalar: Any, text: str, value: Any) -> None:
    """Each notation of a value is read as the one value."""
    assert SCALARS[scalar].parse_value(text) == value


@pytest.mark.parametrize(("scalar", "text", "words"), BAD)
def test_bad_values(scalar: Any, text: Any, words: str) -> None:
    """What is no such value is refused in words that say what to send."""
    with pytest.raises(GraphQLError, match=words):
        SCALARS[scalar].parse_value(text)


@given(st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001 - the zone is made below
def test_moments_in_utc(naive: datetime, offset: int) -> None:
    """A moment is answered in UTC, whatever the offset in which it came."""
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    shown = SCALARS[datetime].serialize(moment)
    assert shown.endswith("Z")
    assert SCALARS[datetime].parse_value(shown) == moment


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20))
def test_decimals_exact(value: Decimal) -> None:
    """A decimal passes through the graph and the database to the last digit, never in powers of ten."""
    shown = SCALARS[Decimal].serialize(decimal_of(stored_decimal(value)))
    assert "E" not in shown
    assert SCALARS[Decimal].parse_value(shown) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=0, max_value=10**9))
def test_money_stored(amount: Decimal) -> None:
    """An amount of money comes back from its document as it was stored."""
    money = Money(amount=amount, currency=CurrencyCode("USD"))
    assert Money.from_stored(money.document()) == money


@given(st.from_regex(r"\+1[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True), st.sampled_from(["", " ", "-", ".", "("]))
def test_phone_notations(number: str, mark: str) -> None:
    """One phone in any notation is one phone, and its one form stays as it is."""
    spread = f"{number[:2]} {mark}{number[2:5]}{mark} {number[5:8]}{mark}{number[8:]}"
    assert canonical_phone(spread) == canonical_phone(number) == number


@pytest.mark.parametrize(
    ("text", "region"), [("(415) 555-0123", "US"), ("0415 550 123", "AU"), ("020 7946 0018", "GB")]
)
def test_default_region(text: str, region: str) -> None:
    """National notations are read by the default region alone."""
    assert canonical_phone(text, region).startswith("+")
    with pytest.raises(ValueError, match="country code"):
        canonical_phone(text)


@given(st.emails())
def test_email_settled(address: str) -> None:
    """The compared form of an address is its own compared form."""
    try:
        once = canonical_email(address)
    except ValueError:
        return
    assert canonical_email(once) == once
    if address.isascii():
        # Beyond, some letters have no capital of their own.
        assert canonical_email(address.upper()) == once


def test_currency_advice() -> None:
    """A currency is three letters; the refusal quotes no number."""
    with pytest.raises(ValueError, match="a text of 2 characters is not a currency code"):
        canonical_currency("12")


@pytest.mark.parametrize(
    ("value", "shown"), [("a", "a"), (1, 1), (True, True), (date(2026, 1, 2), "2026-01-02"), (None, None)]
)
def test_attribute_scalar(value: Any, shown: Any) -> None:
    """A value of the configurable schema is a string, a number or a boolean."""
    assert SCALARS[AttributeScalar].serialize(value) == shown
