"""What is wrong with a payload, told by its place and by what was expected, never by what stood there?"""

from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from adapters.contract.errors import BadPayload
from adapters.quiet import quiet

_MOST_PLACES: Final = 3
"""How many mistakes are told: the first ones tell what kind of payload it is."""
_LONGEST_PLACE: Final = 120

_EXPECTED: Final = {
    "missing": "is missing",
    "string_type": "is no text",
    "string_unicode": "is no valid Unicode",
    "string_too_short": "is empty",
    "int_type": "is no whole number",
    "int_parsing": "is no whole number",
    "list_type": "is no list",
    "tuple_type": "is no list",
    "dict_type": "is no object",
    "model_type": "is no object",
    "model_attributes_type": "is no object",
    "bool_type": "is neither true nor false",
    "float_type": "is no number",
    "literal_error": "is none of the values that are known",
    **dict.fromkeys(("greater_than", "greater_than_equal"), "is too small"),
    **dict.fromkeys(("less_than", "less_than_equal"), "is too large"),
    "no_moment": "is no moment of an exchange of messages",
}
"""By pydantic's own word for a mistake; the others are told by that word."""


@quiet
class Shape(BaseModel):
    """A part of a vendor's payload: what matters has its exact type, and what is unknown is let through."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)


S = TypeVar("S", bound=Shape)


def shaped(shape: type[S], data: Any, place: str = "") -> S:
    """The data as that shape; raises BadPayload, whose reason names each place below `place`."""
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        # Without its cause: pydantic's own words may quote keys of the payload.
        raise BadPayload(reason(error, place)) from None


def reason(error: ValidationError, place: str = "") -> str:
    """The first mistakes, as `messages[0].text.body is missing`; quotes neither values nor keys of the payload."""
    mistakes = error.errors(include_url=False, include_context=False, include_input=False)
    told = [_told(one["type"], one["loc"], place) for one in mistakes[:_MOST_PLACES]]
    more = len(mistakes) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def _told(kind: str, loc: tuple[int | str, ...], place: str) -> str:
    where = place
    for step in loc:
        where += f"[{step}]" if isinstance(step, int) else f".{step}"
    return f"{where.lstrip('.')[:_LONGEST_PLACE] or 'the payload'} {_EXPECTED.get(kind, f'is wrong ({kind})')}"
