"""What is wrong with a payload is told by place and expectation."""

from typing import Any

import pytest
from pydantic import Field

from adapters.contract.errors import BadPayload
from adapters.payload import Shape, shaped

SECRET = "+1 650 555 1234"


class Inner(Shape):
    """A part."""

    count: int


class Outer(Shape):
    """A whole."""

    name: str
    parts: list[Inner] = Field(default_factory=list)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "it.name is missing"),
        (None, "it is no object"),
        ({"name": 7}, "it.name is no text"),
        ({"name": "x", "parts": {}}, "it.parts is no list"),
        ({"name": "x", "parts": [{"count": 1}, {"count": SECRET}]}, "it.parts[1].count is no whole number"),
        ({"name": "x", "parts": [{}, {}, {}, {}, {}]}, "it.parts[0].count is missing; it.parts[1].count is missing; "),
    ],
)
def test_reasons(data: Any, reason: str) -> None:
    """Each mistake is told by its place, the first three of them, and none by its value."""
    with pytest.raises(BadPayload) as bad:
        shaped(Outer, data, "it")
    assert bad.value.reason.startswith(reason)
    assert SECRET not in bad.value.reason
    assert bad.value.__cause__ is None


def test_unknown_fields_pass() -> None:
    """What a shape does not know is let through."""
    assert shaped(Outer, {"name": "x", SECRET: 1}).name == "x"
