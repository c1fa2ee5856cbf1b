"""When was a mail sent, whatever its Date says?"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from adapters.channels.email.letter import Headers

# No mail is older, and clocks that were never set say 1970 or 1980.
_FIRST: Final = datetime(1990, 1, 1, tzinfo=UTC)
# A zone that was forgotten makes half a day.
_AHEAD: Final = timedelta(hours=14)
# As programs write that take RFC 3339 for the mails' own.
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d")


def sent_at(headers: Headers, came_at: datetime) -> datetime:
    """The moment that Date says, and no later than it came; where that cannot be, when a server received it first.

    Of a mail without any moment it is when it came here.
    """
    return next((min(one, came_at) for one in _said(headers) if _FIRST <= one <= came_at + _AHEAD), came_at)


def _said(headers: Headers) -> Iterator[datetime]:
    for said in (headers.text("date"), headers.raw("received").rpartition(";")[2]):
        if (found := read_moment(said)) is not None:
            yield found


def read_moment(said: str) -> datetime | None:
    """The moment of a header; UTC where it names no zone, None where it is none."""
    try:
        # Digits of other alphabets are digits to Python, and too many of them no number.
        plain = re.sub(r"[^\x20-\x7e]", " ", said)[:200].strip()
        moment = datetime.fromisoformat(plain) if _ISO.match(plain) else parsedate_to_datetime(plain)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(microsecond=0)
