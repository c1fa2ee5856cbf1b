"""What does a customer's document say about who the customer is?"""

import pytest

from resolvers.matching import Evidence, evidence_of, telling
from resolvers.matching.words import Day, address_words, day_of, email_of, identifier_of, name_of, phone_of
from tests.matching.people import DEFINITIONS, defined, person


def test_roles_are_evidence() -> None:
    """An attribute is evidence by its definition's role alone, whatever its name."""
    known = telling([defined("x", "FAMILY_NAME"), defined("y", None)])
    found = evidence_of({"attributes": {"x": "Ann", "y": "Lee"}}, known)
    assert found == Evidence(family=(name_of("Ann"),))


def test_contact_points_are_evidence() -> None:
    """Phones and e-mail addresses count from attributes and contact points alike, each once."""
    found = person(phoneNumber="+14155550123", phones=("+14155550123", "+442079460000"), emails=("A@b.org",))
    assert found.phones == ("14155550123", "442079460000")
    assert found.emails == ("a@b.org",)


def test_address_parts_join() -> None:
    """Attributes that are parts of an address make one; each contact point is one of its own."""
    found = person(city="Springfield", street="7 Elm Road", postal=("1 Main Street",))
    assert found.addresses == (("7", "elm", "rd", "springfield"), ("1", "main", "st"))


def test_defaults_say_nothing() -> None:
    """What everyone gets who says nothing is nobody's word."""
    definition = defined("x", "FAMILY_NAME", default="Smith")
    assert evidence_of({"attributes": {"x": "Smith"}}, telling([definition])).is_empty()


def test_secrets_are_no_evidence() -> None:
    """A secret finds nobody, also where an old definition gives it a role."""
    definition = defined("x", "IDENTIFIER") | {"type": "PASSWORD"}
    assert evidence_of({"attributes": {"x": "scrypt:1:2"}}, telling([definition])).is_empty()


def test_empty_customer() -> None:
    """A customer of whom nothing is known has no evidence."""
    assert evidence_of({}, telling(DEFINITIONS)).is_empty()


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("José", "jose"),
        ("O\u2019Neil", "oneil"),
        ("  Mary-Ann ", "maryann"),
        ("Dr. Ann", "ann"),
        ("Ольга", "olga"),
        ("Strauß", "strauss"),
        ("J0hn", "john"),
        ("Mr", "mr"),
    ],
)
def test_names_compare_plain(text: str, whole: str) -> None:
    """Names compare without case, accents, marks, titles and script."""
    found = name_of(text)
    assert found
    assert found.whole == whole


@pytest.mark.parametrize("text", ["unknown", "N/A", "xxx", "-", "", "12345", "No Name", "TEST"])
def test_empty_names(text: str) -> None:
    """What people write where they know no name is no name."""
    assert name_of(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1984-02-29", Day(1984, 2, 29)),
        ("19840229", Day(1984, 2, 29)),
        ("1984-02-29T10:00:00", Day(1984, 2, 29)),
        ("29.02.1984", Day(1984, 2, 29)),
        ("2/29/1984", Day(1984, 2, 29)),
        ("19846529", Day(1984, 65, 29)),
        ("1984", Day(1984, 0, 0)),
        ("1900-01-01", None),
        ("9999-12-31", None),
        ("soon", None),
        ("29.02.84", None),
    ],
)
def test_days(text: str, day: Day | None) -> None:
    """Days are read as they are written, mistyped ones too; those that stand for none are left out."""
    assert day_of(text) == day


@pytest.mark.parametrize("text", ["0000000000", "+10000000000", "+1 111 111 1111", "123", "1234567", ""])
def test_empty_phones(text: str) -> None:
    """A number that nobody has is no evidence."""
    assert phone_of(text) is None


def test_phones() -> None:
    """A number is its digits, however it is written and in whatever digits."""
    assert phone_of("+1 (415) 555-0123") == phone_of("0014155550123") == phone_of("+١٤١٥٥٥٥٠١٢٣")


@pytest.mark.parametrize(
    "text", ["noreply@shop.example", "unknown@unknown.com", "ann@unknown.com", "n/a", "test@b.org"]
)
def test_empty_emails(text: str) -> None:
    """An address that stands for none is no evidence."""
    assert email_of(text) is None


def test_emails() -> None:
    """Case, and what follows a plus, make no other address."""
    assert email_of(" Ann.Lee+shop@Example.com ") == "ann.lee@example.com"


def test_identifiers() -> None:
    """An identifier is its letters and digits; short and empty ones are no evidence."""
    assert identifier_of("ab-12 345") == "ab12345"
    assert [identifier_of(text) for text in ("12", "000000", "n/a", "123456789")] == [None] * 4


def test_addresses_shorten() -> None:
    """The common words of an address are the same long and short."""
    assert address_words("12 North Elm Street") == address_words("12 N. Elm St")
