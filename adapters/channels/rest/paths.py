"""Where in a piece of JSON does something stand? Paths are JMESPath, compiled when a mapping is loaded."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.parser import ParsedResult

from adapters.values import BadValue

# What the library raises on data that its functions were not made for.
_FAILURES = (JMESPathError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# Whole numbers up to here are exact as floating ones.
_EXACT_FLOAT = 2**53


@dataclass(frozen=True, slots=True)
class JsonPath:
    """A compiled path."""

    text: str
    _compiled: ParsedResult

    def find(self, value: Any) -> Any:
        """What stands there, None where nothing does; raises BadValue where the path cannot be followed in this."""
        try:
            return self._compiled.search(value)
        except _FAILURES as error:
            raise BadValue(f"the path {self.text!r} cannot be followed there") from error


def json_path(text: str) -> JsonPath:
    """The path; raises ValueError with what is wrong, in words for who wrote it."""
    try:
        compiled = jmespath.compile(text)
    except (JMESPathError, RecursionError) as error:
        said = str(error).splitlines()[0].strip().rstrip(":.")
        raise ValueError(
            f"{text!r} is no JMESPath: {said}. Write it as 'data.items[]', and names with other signs than letters, "
            "digits and _ in double quotes."
        ) from error
    return JsonPath(text, compiled)


def text_of(value: Any) -> str:
    """A value of JSON as text, nothing as the empty one; raises BadValue where it is none."""
    if isinstance(value, str):
        return _sound(value.strip())
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _plain(value)
    raise BadValue("a list, an object or no finite number stands there. Name one value of it")


def _sound(text: str) -> str:
    """The text, which can be stored; JSON can write halves of characters, which nobody can."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadValue("half a character stands there, which is no Unicode text") from error
    return text


def _plain(value: float) -> str:
    """The number as people write it, without an exponent."""
    if value.is_integer() and abs(value) < _EXACT_FLOAT:
        return str(int(value))
    return format(Decimal(repr(value)), "f")
