"""What does a field come to for a value of JSON?"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from adapters.channels.rest.expressions import Scene
from adapters.channels.rest.fields import Usual, expression_of
from adapters.readers import Custom
from adapters.targets import Field, Kind
from adapters.values import BadValue

MAY = datetime(2024, 5, 1, 12, tzinfo=UTC)
TEXT, MOMENT, AMOUNT, WHOLE, NUMBER, TEXTS = (
    Field(one) for one in (Kind.TEXT, Kind.MOMENT, Kind.AMOUNT, Kind.WHOLE, Kind.NUMBER, Kind.TEXTS)
)
STATUS = Field(choices=("OPEN", "CLOSED"))


def given(said: Any, value: Any, field: Field = TEXT, name: str = "field") -> Any:
    """What a field that the mapping says so comes to where this stands under `a`."""
    usual = Usual(Custom(None, "."), frozenset({"", "-"}), {})
    expression = expression_of(said, name, field, "here", usual)
    assert usual.problems == []
    assert expression
    return expression.give(Scene({"a": value}, {"up": 1}, {"top": 8}, {"who": "me", "as_of": "2024-05-01T12:00:00Z"}))


@pytest.mark.parametrize(
    ("said", "value", "field", "expected"),
    [
        ("a", " x ", TEXT, "x"),
        ("a", 17, TEXT, "17"),
        ("a", 17.0, TEXT, "17"),
        ("a", 0.1, TEXT, "0.1"),
        ("a", 1e21, TEXT, "1" + "0" * 21),
        ("a", True, TEXT, "true"),
        ("a", None, TEXT, None),
        ("a", "-", TEXT, None),
        ("a.b", "x", TEXT, None),
        ({"path": "a", "default": "y"}, None, TEXT, "y"),
        ({"path": "a", "case": "upper"}, "x", TEXT, "X"),
        ({"path": "a", "values": {"1": "new"}}, 1, TEXT, "new"),
        ({"path": "a", "values": {"true": "CLOSED", "false": "OPEN"}}, False, STATUS, "OPEN"),
        ({"path": "a", "values": {"x": "OPEN"}, "otherwise": "CLOSED"}, "z", STATUS, "CLOSED"),
        ("a", "closed", STATUS, "CLOSED"),
        ({"above": "up"}, None, TEXT, "1"),
        ({"answer": "top"}, None, NUMBER, 8),
        ({"asked": "who"}, None, TEXT, "me"),
        ({"asked": "phone"}, None, TEXT, None),
        ({"asked": "as_of"}, None, MOMENT, MAY),
        ({"constant": 5}, None, WHOLE, 5),
        ({"template": "{a}-{{{a}}}"}, "x", TEXT, "x-{x}"),
        ({"template": "n{a}"}, None, TEXT, None),
        ("a", "2024-05-01T14:00:00+02:00", MOMENT, MAY),
        ({"path": "a", "styles": ["unix"]}, 1714564800, MOMENT, MAY),
        ({"path": "a", "styles": ["unix"]}, 1714564800.0, MOMENT, MAY),
        ({"path": "a", "styles": ["unix_ms"]}, "1714564800000", MOMENT, MAY),
        ({"path": "a", "zone": "Europe/Berlin"}, "2024-05-01 14:00", MOMENT, MAY),
        ({"path": "a", "styles": ["%d.%m.%Y %H:%M"], "zone": "UTC"}, "01.05.2024 12:00", MOMENT, MAY),
        ("a", 12.1, AMOUNT, Decimal("12.1")),
        ("a", "1,299.90", AMOUNT, Decimal("1299.90")),
        ({"path": "a", "decimal": ","}, "1.299,90", AMOUNT, Decimal("1299.90")),
        ("a", 3.0, WHOLE, 3),
        ("a", ["x", " y", "x", None], TEXTS, ("x", "y")),
        ({"path": "a", "split": ","}, "x, y,,", TEXTS, ("x", "y")),
        ("a", [], TEXTS, None),
        ("a[?k=='v'].n | [0]", [{"k": "u", "n": 1}, {"k": "v", "n": 2}], TEXT, "2"),
    ],
)
def test_values_are_read(said: Any, value: Any, field: Field, expected: Any) -> None:
    """Texts, numbers, moments, amounts and lists are read as the mapping says."""
    assert given(said, value, field) == expected


@pytest.mark.parametrize(
    ("said", "value", "field", "words"),
    [
        ("a", {"secret": 1}, TEXT, "a list, an object or no finite number stands there"),
        ("a", float("nan"), TEXT, "no finite number"),
        ("a", "\ud800secret", TEXT, "half a character"),
        ({"path": "a", "values": {"x": "y"}}, "secret", TEXT, "not in `values`"),
        ("a", "secret", STATUS, "none of OPEN, CLOSED"),
        ("a", "secret", MOMENT, "no moment of the styles iso"),
        ("a", "2024-05-01T12:00:00", MOMENT, "Set `zone`"),
        ("a", "secret", AMOUNT, "no number"),
        ("a", 1.5, WHOLE, "not whole"),
        ("a", [{"secret": 1}], TEXTS, "a list, an object"),
        ("a", ["secret"] * 1001, TEXTS, "more than 1000 texts"),
        ("join(',', a)", 5, TEXT, "cannot be followed there"),
    ],
)
def test_other_values_are_told(said: Any, value: Any, field: Field, words: str) -> None:
    """What cannot be read is told by what was expected, and never by the value."""
    with pytest.raises(BadValue) as caught:
        given(said, value, field)
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("value", "expected"), [(8, 0.8), (0, 0), ("10", 1), (11, None), (-1, None)])
def test_scores_are_scaled(value: Any, expected: float | None) -> None:
    """A likelihood of ten becomes a score from 0 to 1; what is beyond is told."""
    said = {"path": "a", "score_of": 10}
    if expected is None:
        with pytest.raises(BadValue, match="not from 0 to 10"):
            given(said, value, NUMBER, "score")
    else:
        assert given(said, value, NUMBER, "score") == expected


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        ("flag", True, True),
        ("flag", "no", False),
        ("number", 1.5, 1.5),
        ("whole", "7", 7),
        ("day", "2024-05-01", "2024-05-01"),
        ("text", 5, "5"),
    ],
)
def test_attributes_have_types(type_: str, value: Any, expected: Any) -> None:
    """An attribute is read as the mapping says, for the customer schema stands elsewhere."""
    assert given({"path": "a", "type": type_}, value, name="attributes.x") == expected
