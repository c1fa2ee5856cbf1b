"""What is sent to a mutation so that it refuses: each good input, spoiled in every way that there is for its fields."""

from collections.abc import Callable, Iterator
from typing import Any

from graphql import GraphQLInputObjectType, GraphQLNamedType, get_named_type

from tests.changing import GONE

_PERSONAL = "zqxvjwkhaspoiled"

# Words of the company's own: names of channels, labels, keys. They are no personal values, and messages quote them.
_WORDS = {
    "channel", "account", "word", "field", "inverseName", "color", "label", "category", "pattern", "choices", "add",
    "remove", "tags", "purpose", "description", "code", "identifiesOn",
}  # fmt: skip
_NAMES_OF_PEOPLE = {"ChannelProfileInput"}

Spoil = Callable[[str, Any], Any]
"""Answers another value for a text of the input; it is told whether that is an ID or a value."""

SPOILS: dict[str, Spoil] = {
    "over-long": lambda kind, value: _PERSONAL + "x" * 12_000 if kind == "value" else value,
    "another shape": lambda kind, value: {"inside": _PERSONAL} if kind == "value" else value,
    "unreadable": lambda kind, value: f"{_PERSONAL}\0\N{RIGHT-TO-LEFT OVERRIDE}" if kind == "value" else value,
    "nonsense": lambda kind, value: f"!! {_PERSONAL} @ +1 202 555 0143 12" if kind == "value" else value,
    "empty": lambda kind, value: "  " if kind == "value" else value,
    "a number": lambda kind, value: 2025550143 if kind == "value" else value,
    "nobody's": lambda kind, value: GONE if kind == "id" else value,
    "an old version": lambda kind, value: -1 if kind == "version" else value,
}


def spoiled(expected: GraphQLNamedType, given: Any, spoil: Spoil, name: str = "") -> Any:
    """The same input with each text spoiled."""
    if isinstance(given, list):
        return [spoiled(expected, one, spoil, name) for one in given]
    if isinstance(expected, GraphQLInputObjectType) and isinstance(given, dict):
        return {
            key: spoiled(get_named_type(expected.fields[key].type), one, spoil, _place(expected.name, key))
            for key, one in given.items()
        }
    if expected.name == "ID":
        return spoil("id", given)
    if expected.name in {"String", "AttributeScalar", "Url"} and name:
        return spoil("value", given)
    return spoil("version", given) if name == "version" else given


def _place(input: str, key: str) -> str:
    """The field's name; empty where its values are words of the company's own."""
    is_word = key in _WORDS or (key == "name" and input not in _NAMES_OF_PEOPLE)
    return "" if is_word else key


def with_more(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The input with a field that it does not have, and one that is no input at all."""
    yield {**given, "oddField": _PERSONAL}
    yield {**given, "customerId": [_PERSONAL, {"a": _PERSONAL}]}
