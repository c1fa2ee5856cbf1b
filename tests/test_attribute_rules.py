"""What may stand in an attribute, by its type and its rules?"""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.attribute_rules import AttributeType, breaking, checked, is_same_secret, rule_broken
from resolvers.attribute_schema import definition_document


def _definition(type_name: str, **more: Any) -> Any:
    usual = {"choices": ["Gold", "Silver"]} if type_name == "CHOICE" else {}
    document = definition_document(name="tier", label="Tier", type=AttributeType(type_name))
    return {**document, **usual, **more}


GOOD = [
    ("ALPHANUMERIC", " Ab12 ", "Ab12"),
    ("ALPHANUMERIC", "Zürich7", "Zürich7"),
    ("BOOLEAN", False, False),
    ("EMAIL", "Ann@Example.com", "ann@example.com"),
    ("IP", "192.0.2.1", "192.0.2.1"),
    ("IP", "2001:DB8:0::1", "2001:db8::1"),
    ("NAME", " Mary-Ann  O'Neil, Jr. ", "Mary-Ann O'Neil, Jr."),
    ("NAME", "李小龍", "李小龍"),
    ("NAME", "Jose\u0301", "José"),
    ("NAME", "Nguyê\u0303n", "Nguyễn"),
    ("NAME", "Gal·la", "Gal·la"),
    ("ALPHANUMERIC", "अमित7", "अमित7"),
    ("ALPHANUMERIC", "Jose\u0301", "José"),
    ("NUMBER", 0, 0),
    ("NUMBER", -1.5, -1.5),
    ("NUMBER", 2**53 - 1, 2**53 - 1),
    ("PHONE_NUMBER", "+1 415 555 0123", "+14155550123"),
    ("STRING", " any <b>text</b> ", "any <b>text</b>"),
    ("URL", "https://example.com/ä?q=1", "https://example.com/ä?q=1"),
    ("DATE", "1984-02-29", "1984-02-29"),
    ("DATE", date(1984, 2, 29), "1984-02-29"),
    ("CHOICE", "Gold", "Gold"),
]
BAD = [
    ("ALPHANUMERIC", "a b"),
    ("ALPHANUMERIC", ""),
    ("BOOLEAN", "true"),
    ("BOOLEAN", 1),
    ("EMAIL", "ann"),
    ("IP", "192.0.2.256"),
    ("NAME", "R2D2"),
    ("NAME", "."),
    ("NAME", "'"),
    ("NAME", "- , -"),
    ("ALPHANUMERIC", "a-b"),
    ("NAME", "   "),
    ("NUMBER", "1"),
    ("NUMBER", True),
    ("NUMBER", 2**53),
    ("NUMBER", float("inf")),
    ("NUMBER", float("nan")),
    ("PHONE_NUMBER", "4155550123"),
    ("PASSWORD", ""),
    ("PASSWORD", 7),
    ("STRING", {"$gt": ""}),
    ("STRING", ["a"]),
    ("STRING", None),
    ("STRING", "x" * 4001),
    ("STRING", "a\0b"),
    ("STRING", "\u200b"),
    ("URL", "ftp://example.com"),
    ("URL", "https://exa mple.com"),
    ("URL", "https://"),
    ("DATE", "29.02.1984"),
    ("DATE", "1985-02-29"),
    ("CHOICE", "gold"),
]


@pytest.mark.parametrize(("type_name", "value", "stored"), GOOD)
def test_good_values(type_name: str, value: Any, stored: Any) -> None:
    """A value that fits its type is stored in its one form."""
    definition = _definition(type_name)
    assert checked(definition, value) == checked(definition, stored) == stored


WORDS = r"[Ss]end|[Ww]rite|Leave it out|may stand|takes at most|holds letters|among the choices"


@pytest.mark.parametrize(("type_name", "value"), BAD)
def test_bad_values(type_name: str, value: Any) -> None:
    """A value that does not fit its type is refused in words that say what may stand there."""
    with pytest.raises(ValueError, match=WORDS):
        checked(_definition(type_name), value)


@pytest.mark.parametrize("kind", AttributeType)
def test_values_unquoted(kind: AttributeType) -> None:
    """A refused value is never quoted: it may be a personal one."""
    for value in ({"a": "=Zed/7"}, "=Zed/7 " * 1000):
        with pytest.raises(ValueError, match=r"^((?!Zed).)*$"):
            checked(_definition(kind.value), value)


JSON = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text()))


@given(st.sampled_from([one for one in AttributeType if one is not AttributeType.PASSWORD]), JSON)
def test_values_settled(kind: AttributeType, value: Any) -> None:
    """Whatever JSON brings is refused as a ValueError, or stored as a scalar that stays as it is."""
    definition = _definition(kind.value)
    try:
        stored = checked(definition, value)
    except ValueError:
        return
    assert isinstance(stored, str | int | float)
    assert checked(definition, stored) == stored


def test_password_hashed() -> None:
    """A secret is stored as a salted hash: never the secret, and twice never the same."""
    once, again = (checked(_definition("PASSWORD"), "open sesame") for _ in range(2))
    assert once.startswith("scrypt:")
    assert "sesame" not in once
    assert once != again


def test_password_length() -> None:
    """A secret is measured before it is hashed."""
    with pytest.raises(ValueError, match="at most 4 characters"):
        checked(_definition("PASSWORD", max_length=4), "12345")


# With a letter in it that is seen; blanks at the ends are not kept, and control signs are refused for what they are.
SEEN = st.text(st.characters(exclude_categories=("C", "Z")), max_size=29).map("a{}".format)


@given(SEEN, st.integers(1, 30))
def test_longest_text(text: str, longest: int) -> None:
    """A text has at most as many characters as the definition allows."""
    definition = _definition("STRING", max_length=longest)
    if len(text) <= longest:
        assert checked(definition, text) == text
    else:
        with pytest.raises(ValueError, match=f"at most {longest} characters"):
            checked(definition, text)


def test_pattern_whole() -> None:
    """The pattern must match the whole value."""
    definition = _definition("STRING", pattern="[A-Z]{2}|[0-9]{3}")
    assert checked(definition, "123") == "123"
    for text in ("123 4", "AB1", "ab"):
        with pytest.raises(ValueError, match="does not match the pattern"):
            checked(definition, text)


BROKEN = [
    ("STRING", {"name": "Tier"}, "name"),
    ("STRING", {"name": "a" * 65}, "name"),
    ("STRING", {"name": "a.b"}, "name"),
    ("STRING", {"name": "$tier"}, "name"),
    ("STRING", {"label": " "}, "rules.label"),
    ("STRING", {"category": ""}, "rules.category"),
    ("STRING", {"label": "\0"}, "rules.label"),
    ("STRING", {"label": "x" * 101}, "rules.label"),
    ("STRING", {"category": "\u202eeliforP"}, "rules.category"),
    ("CHOICE", {"choices": ["x" * 201]}, "rules.choices"),
    ("CHOICE", {"choices": ["Gold", "\u200b"]}, "rules.choices"),
    ("STRING", {"default": "\0"}, "rules.default"),
    ("STRING", {"max_length": 0}, "rules.maxLength"),
    ("STRING", {"max_length": 4001}, "rules.maxLength"),
    ("NUMBER", {"max_length": 3}, "rules.maxLength"),
    ("BOOLEAN", {"pattern": "true"}, "rules.pattern"),
    ("STRING", {"pattern": "(a"}, "rules.pattern"),
    ("STRING", {"pattern": "(?=gold)"}, "rules.pattern"),
    ("STRING", {"pattern": "a" * 501}, "rules.pattern"),
    ("CHOICE", {"choices": []}, "rules.choices"),
    ("STRING", {"choices": ["a"]}, "rules.choices"),
    ("CHOICE", {"choices": ["a", "a"]}, "rules.choices"),
    ("CHOICE", {"choices": ["a", " b"]}, "rules.choices"),
    ("CHOICE", {"choices": [""]}, "rules.choices"),
    ("CHOICE", {"choices": [str(n) for n in range(201)]}, "rules.choices"),
    ("CHOICE", {"default": "Bronze"}, "rules.default"),
    ("NUMBER", {"default": "1"}, "rules.default"),
    ("STRING", {"max_length": 2, "default": "abc"}, "rules.default"),
    ("PASSWORD", {"default": "changeme"}, "rules.default"),
]


@pytest.mark.parametrize(("type_name", "rules", "where"), BROKEN)
def test_broken_definitions(type_name: str, rules: dict[str, Any], where: str) -> None:
    """A definition that contradicts itself is refused, with the place and what to send."""
    broken = rule_broken(_definition(type_name, **rules))
    assert broken is not None
    assert ".".join(broken[0]) == where


@pytest.mark.parametrize("kind", AttributeType)
def test_usual_definitions(kind: AttributeType) -> None:
    """A definition of any type stands without any rule."""
    assert rule_broken(_definition(kind.value)) is None


@given(st.text(max_size=20))
def test_patterns_compile(pattern: str) -> None:
    """A pattern is accepted, or refused with itself and the reader that cannot read it."""
    definition = _definition("STRING", pattern=pattern)
    broken = rule_broken(definition)
    if broken is None:
        breaking(definition)
    else:
        assert "U+0000" in broken[1] or ("RE2 cannot read" in broken[1] and repr(pattern) in broken[1])


def test_nothing_to_break() -> None:
    """A definition without limits breaks no stored value, nor can a stored secret be judged."""
    assert breaking(_definition("STRING")) == {}
    assert breaking(_definition("PASSWORD", max_length=8, pattern="[0-9]+")) == {}


def test_secret_known_again() -> None:
    """What is stored of a secret tells whether another is the same, and nothing else."""
    pin = definition_document(name="pin", label="PIN", type=AttributeType.PASSWORD)
    # No digits, which may stand in a hash by chance.
    stored = checked(pin, "quill")
    assert "quill" not in str(stored)
    assert is_same_secret("quill", stored)
    assert not is_same_secret("quilt", stored)
    assert not is_same_secret("quill", None)
