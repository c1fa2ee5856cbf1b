"""When was it, by a vendor's count of seconds?"""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

# WhatsApp, the oldest of these channels, began in 2009; milliseconds by mistake would be tens of thousands of years
# ahead.
_EARLIEST_S: Final = int(datetime(2009, 1, 1, tzinfo=UTC).timestamp())
_LATEST_S: Final = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_MOST_DIGITS: Final = 12


def _moment(said: Any) -> datetime:
    if isinstance(said, str) and said.isascii() and said.isdecimal() and len(said) <= _MOST_DIGITS:
        said = int(said)
    if isinstance(said, int) and not isinstance(said, bool) and _EARLIEST_S <= said < _LATEST_S:
        return datetime.fromtimestamp(said, UTC)
    raise PydanticCustomError("no_moment", "no moment")


UnixSeconds = Annotated[datetime, BeforeValidator(_moment)]
"""A field of a Shape: seconds since 1970, as a number or a text, at which somebody may have written something."""
