"""How do money, moments, phone numbers and e-mail addresses stand in the graph?"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NewType

import email_validator
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from adapters.reaching import folded_email
from adapters.records import STORED_ZONE, Document, decimal_of, stored_decimal
from resolvers.kit.described import graph_type, told
from resolvers.kit.phones import canonical_phone
from resolvers.kit.texts import quoted, visible

EmailAddress = NewType("EmailAddress", str)
PhoneNumber = NewType("PhoneNumber", str)
CurrencyCode = NewType("CurrencyCode", str)
Url = NewType("Url", str)
AttributeScalar = NewType("AttributeScalar", object)
BigInt = NewType("BigInt", int)

# The largest whole number that a JSON reader with floats of 64 bits, such as every browser, keeps exactly.
_LARGEST_EXACT = 2**53 - 1

# ISO 4217 alphabetic codes are three letters.
_CURRENCY_LETTERS = 3
_MAIL_SCHEME = re.compile(r"\Amailto:", re.IGNORECASE)
# RFC 5322, 3.2.3 (atext) with dots in any place, and RFC 5321, 4.5.3.1.1.
_DOTTED = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
# As mail programs show an address (RFC 5322, name-addr).
_NAMED_ADDRESS = re.compile(r"[^<>]*<([^<>]+)>")


@graph_type
class Money:
    """An exact amount of one currency. Amounts of different currencies are never added."""

    amount: Decimal = told("The exact amount in the currency's major unit, as a decimal string: `19.90`.")
    currency: CurrencyCode = told("The currency.")

    @classmethod
    def from_stored(cls, stored: Document) -> "Money":
        """The amount as it stands in a document."""
        return cls(amount=decimal_of(stored["amount"]), currency=CurrencyCode(stored["currency"]))

    def document(self) -> dict[str, Any]:
        """The amount as it is stored."""
        return {"amount": stored_decimal(self.amount), "currency": self.currency}


def canonical_email(text: str) -> str:
    """The address as it is compared: domain in lower case and Unicode normalised; raises ValueError.

    Taken is also what programs copy: `mailto:ann@example.com`, `Ann Lee <ann@example.com>`.

    In the local part A to Z compare without case, though RFC 5321 would tell it apart: no provider of note does.
    Nothing else is folded: `straße` and `strasse` are two mailboxes, and so is what has the sign of kelvin for a k.
    """
    written = visible(text).strip()
    named = _NAMED_ADDRESS.fullmatch(written)
    address = named[1] if named else _MAIL_SCHEME.sub("", written)
    try:
        checked = email_validator.validate_email(address.strip(), check_deliverability=False, allow_smtputf8=True)
    except email_validator.EmailNotValidError as error:
        # The cause may quote a part of the address.
        raise ValueError("That is not an e-mail address. Send one such as ann@example.com.") from error
    return folded_email(f"{address.strip().rpartition('@')[0]}@{checked.normalized.rpartition('@')[2]}")


def canonical_sender(text: str) -> str:
    """The same of an address from which somebody wrote; raises ValueError.

    Carriers in Japan gave out `a..b@` and `ann.@`, which no grammar allows, and such people write and are answered.
    """
    try:
        return canonical_email(text)
    except ValueError:
        local, _, domain = text.strip().rpartition("@")
        bare = local.replace(".", "")
        if not _DOTTED.fullmatch(local) or not bare:
            raise
        return folded_email(f"{local}@{canonical_email(f'{bare}@{domain}').rpartition('@')[2]}")


def canonical_currency(text: str) -> str:
    """The ISO 4217 code in upper case; raises ValueError."""
    code = text.strip().upper()
    if len(code) != _CURRENCY_LETTERS or not code.isascii() or not code.isalpha():
        raise ValueError(f"{quoted(text)} is not a currency code. Send the three letters of ISO 4217, as USD.")
    return code


def parse_moment(text: str) -> datetime:
    """The moment in UTC; raises ValueError where the zone is missing."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{quoted(text)} is not a moment. Send one such as 2026-11-21T09:30:00Z.") from error
    if moment.tzinfo is None:
        raise ValueError("The moment has no time zone. Send an offset or Z, as 2026-11-21T09:30:00Z.")
    try:
        # The offset of a moment in the first or the last year can step out of the calendar.
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("The moment lies beyond the years 1 to 9999. Send a moment between them.") from error


def moment_text(moment: datetime) -> str:
    """The moment as answers write it: in UTC, with a Z."""
    # Stored moments are in UTC already; the driver's own zone is slow to ask.
    there = moment if moment.tzinfo is STORED_ZONE else moment.astimezone(UTC)
    return f"{there.replace(tzinfo=None).isoformat()}Z"


def _told(parse: Any, example: str) -> Any:
    """The parser with its errors said for the caller."""

    def parse_value(value: Any) -> Any:
        if not isinstance(value, str):
            # Not quoted: an object that stands here by mistake may hold anything.
            raise GraphQLError(f"That is not a string. Send one such as {example!r}.")
        try:
            return parse(value)
        except ValueError as error:
            raise GraphQLError(str(error)) from error

    return parse_value


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{quoted(text)} is not a day. Send one such as 2026-11-21.") from error


def _decimal(text: str) -> Decimal:
    try:
        # Python takes 1_000 for a number.
        value = Decimal(text.replace("_", " "))
    except InvalidOperation as error:
        raise ValueError(f"{quoted(text)} is not a decimal number. Send digits, as '19.90'.") from error
    if not value.is_finite():
        raise ValueError(f"{quoted(text)} is not a finite number. Send digits, as '19.90'.")
    return value


def _decimal_text(value: Decimal) -> str:
    return format(value, "f")


def _big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError("That is no whole number. Send one such as 3000000000.")
    if abs(value) > _LARGEST_EXACT:
        raise GraphQLError(f"That number is too large to keep exactly; send at most {_LARGEST_EXACT}.")
    return value


def _attribute_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment_text(value)
    return value.isoformat() if isinstance(value, date) else value


def _same(value: Any) -> Any:
    return value


def _scalar(
    name: str, description: str, serialize: Any, parse: Any, example: str, *, by: str | None = None
) -> ScalarDefinition:
    """A scalar that stands as a string. `by`: whose words it follows, where they are somebody else's."""
    return strawberry.scalar(
        name=name,
        description=description,
        specified_by_url=by,
        serialize=serialize,
        parse_value=_told(parse, example),
    )


def _url(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        # It may be a picture of somebody.
        raise ValueError("That is not a web address. Send one that begins with https://.")
    return text


SCALARS: Mapping[object, ScalarDefinition] = {
    datetime: _scalar(
        "DateTime",
        "A moment with its time zone, RFC 3339: `2026-11-21T09:30:00Z`. Answers are in UTC; input needs an offset.",
        moment_text,
        parse_moment,
        "2026-11-21T09:30:00Z",
        by="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    ),
    date: _scalar(
        "Date",
        "A calendar day, ISO 8601: `2026-11-21`.",
        date.isoformat,
        _day,
        "2026-11-21",
        by="https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
    ),
    Decimal: _scalar("Decimal", "An exact decimal number as a string: `19.90`.", _decimal_text, _decimal, "19.90"),
    CurrencyCode: _scalar(
        "CurrencyCode",
        "A currency by ISO 4217: `USD`.",
        str,
        canonical_currency,
        "USD",
        by="https://www.iso.org/iso-4217-currency-codes.html",
    ),
    EmailAddress: _scalar(
        "EmailAddress",
        "An e-mail address. Answers stand as their source wrote them.",
        str,
        canonical_email,
        "ann@example.com",
    ),
    PhoneNumber: _scalar(
        "PhoneNumber",
        "A phone number in E.164: `+14155550123`. Input in any notation with its country code.",
        str,
        canonical_phone,
        "+14155550123",
        by="https://www.itu.int/rec/T-REC-E.164",
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description=(
            "A whole number beyond the 32 bits of Int, as a JSON number: from -9007199254740991 to 9007199254740991, "
            "which every client keeps exactly."
        ),
        serialize=_big_int,
        parse_value=_big_int,
    ),
    Url: _scalar(
        "Url",
        "A web address. Answers stand as their source wrote them: look at the scheme before you make a link of one.",
        str,
        _url,
        "https://example.com",
    ),
    AttributeScalar: strawberry.scalar(
        name="AttributeScalar",
        description=(
            "A value of the configurable schema: a string, a number or a boolean, as the definition's type says; "
            "dates are ISO 8601 strings."
        ),
        serialize=_attribute_value,
        parse_value=_same,
    ),
}
