"""How well do two values of one kind agree?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.matching.levels import (
    Level,
    day_level,
    email_level,
    identifier_level,
    name_level,
    phone_level,
)
from resolvers.matching.nicknames import is_variant
from resolvers.matching.words import Day, day_of, name_of

NAMES = [
    ("Robert", "robert", Level.EXACT),
    ("Mary Ann", "Ann-Mary", Level.EXACT),
    ("Robert", "Bob", Level.VARIANT),
    ("José", "Pepe", Level.VARIANT),
    ("Alex", "Alexander", Level.VARIANT),
    ("Robert", "Rbert", Level.NEAR),
    ("Robert", "Rboert", Level.NEAR),
    ("Robert", "Robertt", Level.NEAR),
    ("Stephenson", "Stevensen", Level.NEAR),
    ("Robert", "R.", Level.PARTIAL),
    ("Anne Marie", "Marie", Level.PARTIAL),
    ("Michael", "Maciel", Level.PARTIAL),
    ("Robert", "S.", Level.FAR),
    ("Robert", "William", Level.FAR),
    ("John", "Mary", Level.FAR),
    ("João Felipe", "João Miguel", Level.FAR),
    ("Juan Vitor", "João Carlos", Level.FAR),
    ("João Felipe", "João eFlipe", Level.NEAR),
    ("Baby Boy", "Baby Girl", Level.FAR),
    ("Baby Boy", "Emma", Level.MISSING),
]


@pytest.mark.parametrize(("one", "other", "level"), NAMES)
def test_given_names(one: str, other: str, level: Level) -> None:
    """Given names agree through nicknames, slips, sounds, and in part."""
    first, second = name_of(one), name_of(other)
    assert first
    assert second
    assert name_level(first, second, has_nicknames=True) is level


def test_family_names_have_no_nicknames() -> None:
    """Only a given name is shortened; a family name that begins like another agrees in part."""
    first, second = name_of("Harris"), name_of("Harrison")
    assert first
    assert second
    assert name_level(first, second, has_nicknames=False) is Level.PARTIAL


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("1980-02-13", "1980-02-13", Level.EXACT),
        ("1980-02-03", "1980-03-02", Level.NEAR),
        ("1980-02-13", "1980-02-18", Level.NEAR),
        ("1980-02-13", "1980-02-31", Level.NEAR),
        ("1980-02-13", "1890-02-13", Level.NEAR),
        ("1979-12-31", "1980-01-01", Level.NEAR),
        ("1980-02-13", "1981-03-15", Level.PARTIAL),
        ("1980-02-13", "1956-02-13", Level.PARTIAL),
        ("1980", "1980-02-13", Level.PARTIAL),
        ("1980-02-13", "1955-11-30", Level.FAR),
        ("1980", "1981-02-13", Level.FAR),
    ],
)
def test_days_agree(one: str, other: str, level: Level) -> None:
    """Days are near with one slip or day and month exchanged, and agree in part when two of three parts are right."""
    first, second = day_of(one), day_of(other)
    assert first
    assert second
    assert day_level(first, second) is level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("14155550123", "14155550123", Level.EXACT),
        ("14155550123", "4155550123", Level.EXACT),
        ("14155550123", "14155550132", Level.NEAR),
        ("14155550123", "14155559999", Level.FAR),
        ("5550123", "14155550123", Level.FAR),
    ],
)
def test_phones_agree(one: str, other: str, level: Level) -> None:
    """A number with and without its country code is one; one slip is near."""
    assert phone_level(one, other) is level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("ann.lee@a.org", "ann.lee@a.org", Level.EXACT),
        ("ann.lee@gmail.com", "ann.lee@gmial.com", Level.NEAR),
        ("ann.lee@gmail.com", "ann.lee@web.de", Level.PARTIAL),
        ("ann.lee@a.org", "anm.lee@a.org", Level.NEAR),
        ("ann.lee10@a.org", "ann.lee11@a.org", Level.FAR),
        ("ann@a.org", "bob@a.org", Level.FAR),
    ],
)
def test_emails_agree(one: str, other: str, level: Level) -> None:
    """An address is near with a slip or two; another number behind the same name is another person's."""
    assert email_level(one, other) is level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("ab123456", "ab123456", Level.EXACT),
        ("ab123456", "ab123465", Level.NEAR),
        ("ab123456", "ab124465", Level.PARTIAL),
        ("ab123456", "xy999999", Level.FAR),
        ("1234", "1235", Level.FAR),
    ],
)
def test_identifiers_agree(one: str, other: str, level: Level) -> None:
    """An identifier is near with one slip, unless it is so short that its neighbours are taken."""
    assert identifier_level(one, other) is level


TEXTS = st.text("abcdeé -.", min_size=1, max_size=9)


@given(one=TEXTS, other=TEXTS)
def test_names_agree_both_ways(one: str, other: str) -> None:
    """Which name comes first makes no difference, and each agrees exactly with itself."""
    first, second = name_of(one), name_of(other)
    if first and second:
        for has_nicknames in (True, False):
            level = name_level(first, second, has_nicknames=has_nicknames)
            assert level is name_level(second, first, has_nicknames=has_nicknames)
            assert name_level(first, first, has_nicknames=has_nicknames) is Level.EXACT


PARTS = st.builds(Day, st.integers(1900, 2030), st.integers(0, 12), st.integers(1, 31))


@given(one=PARTS, other=PARTS)
def test_days_agree_both_ways(one: Day, other: Day) -> None:
    """Which day comes first makes no difference."""
    assert day_level(one, other) is day_level(other, one)


def test_nicknames() -> None:
    """A nickname goes with its full names and with their other nicknames, and a name is no nickname of itself."""
    assert is_variant("bob", "robert")
    assert is_variant("rob", "bob")
    assert is_variant("sascha", "alexander")
    assert not is_variant("bob", "bob")
    assert not is_variant("bob", "william")


@pytest.mark.parametrize("two", ["robert billy", "billy fred", "rick fred", "bill robert"])
def test_no_nicknames(two: str) -> None:
    """Two short forms of one name are one only when they are alike: Rick and Fred are both short for Frederick."""
    one, other = two.split()
    assert not is_variant(one, other)
