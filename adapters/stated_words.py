"""What must stand where somebody wrote something else: in words for whoever writes settings and mappings by hand?"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic_core import ErrorDetails

_RULES: Final[Mapping[str, str]] = {
    "string_type": "it must be text, in quotes",
    "int_type": "it must be a whole number, without quotes",
    "int_parsing": "it must be a whole number, without quotes",
    "int_from_float": "it must be a whole number",
    "float_type": "it must be a number, without quotes",
    "float_parsing": "it must be a number, without quotes",
    "finite_number": "it must be a number that has an end",
    "bool_type": "it must be true or false, without quotes",
    "bool_parsing": "it must be true or false, without quotes",
    **dict.fromkeys(
        ("list_type", "tuple_type", "set_type", "frozen_set_type"),
        'it must be a list, in brackets: ["one", "another"]',
    ),
    **dict.fromkeys(
        ("dict_type", "mapping_type", "model_type", "model_attributes_type"),
        'it must be a table, in braces: { a_name = "a value" }',
    ),
}

_BOUNDS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "greater_than": lambda said: f"it must be more than {said['gt']}",
    "greater_than_equal": lambda said: f"it must be at least {said['ge']}",
    "less_than": lambda said: f"it must be less than {said['lt']}",
    "less_than_equal": lambda said: f"it must be at most {said['le']}",
    "too_short": lambda said: f"it must hold {said['min_length']} or more",
    "too_long": lambda said: f"it may hold {said['max_length']} at most",
    "string_too_short": lambda said: f"it must have {_characters(said['min_length'])} or more",
    "string_too_long": lambda said: f"it may have {_characters(said['max_length'])} at most",
    "literal_error": lambda said: f"it must be {said['expected']}",
    "enum": lambda said: f"it must be {said['expected']}",
}
_PATTERN: Final = "string_pattern_mismatch"


def rule_broken(one: ErrorDetails, examples: list[Any] | None = None) -> str:
    """What must stand there, as a sentence's end without its full stop. Of a shape the setting's example tells it."""
    kind, said = one["type"], one.get("ctx") or {}
    if kind in _RULES:
        return _RULES[kind]
    if kind in _BOUNDS:
        return _BOUNDS[kind](said)
    if kind == _PATTERN:
        # A regular expression tells nobody what to write.
        return f"it must be written as {examples[0]!r}" if examples else "it is not written as it must be"
    words = one["msg"].removeprefix("Value error, ").removesuffix(".").replace("Input should", "it must", 1)
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


def _characters(count: int) -> str:
    return "1 character" if count == 1 else f"{count} characters"
