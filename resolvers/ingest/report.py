"""What became of the records that the outside handed over, and under which circumstances were they taken in?"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum

from adapters.contract.bounds import LONGEST_WORD, empty, not_whole, too_long
from adapters.records import Document

# MongoDB keeps milliseconds; what is finer would differ from itself when it is read again.
_MILLISECOND_US = 1000


class Outcome(Enum):
    """What became of one record."""

    INSERTED = "inserted"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What became of one record, and for a rejected one why: in words that quote no personal value."""

    outcome: Outcome
    reason: str | None = None
    notes: tuple[str, ...] = ()
    """What of a record that was taken was left out, and why: in such words, too."""


INSERTED, UPDATED, UNCHANGED = Result(Outcome.INSERTED), Result(Outcome.UPDATED), Result(Outcome.UNCHANGED)


def changed_or_not(*, is_changed: bool) -> Result:
    """The result of a record that was there before."""
    return UPDATED if is_changed else UNCHANGED


@dataclass(frozen=True, slots=True, repr=False)
class TakenIn:
    """What became of each record of a batch, in the order in which they were handed over."""

    results: Sequence[Result]

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many records came to each outcome."""
        return Counter(one.outcome for one in self.results)

    @property
    def reasons(self) -> list[str]:
        """Why records were rejected, each reason once."""
        return list(dict.fromkeys(one.reason for one in self.results if one.reason is not None))


class NotTaken(Exception):
    """A record cannot be taken in; the message says why and what to do, and quotes no personal value."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Visit:
    """The circumstances in which a batch is taken in."""

    at: datetime
    by: str
    """Who brings it: an import, a channel."""
    default_region: str | None
    """The country by which phone numbers without a country code are read."""
    definitions: Mapping[str, Document]
    """The configurable customer schema by attribute name."""
    is_of_file: bool = False
    """Whether it is read from a file, in several lanes at once: between its batches there is no order of arrival."""
    is_typed: bool = False
    """Whether people wrote it, and it came from no channel."""
    is_lenient: bool = False
    """Whether a person's phone number or e-mail address that can be none is left out, and the person taken."""


def stored_moment(moment: datetime, field: str) -> datetime:
    """The moment as it is stored, in UTC and to the millisecond; raises NotTaken where the zone is missing."""
    if moment.tzinfo is None:
        raise NotTaken(f"`{field}` has no time zone. Say in which zone the source's clock runs.")
    whole = moment.microsecond % _MILLISECOND_US
    plain = moment.replace(microsecond=moment.microsecond - whole) if whole else moment
    try:
        return plain if plain.tzinfo is UTC else plain.astimezone(UTC)
    except OverflowError as error:
        # The offset of a moment in the first or the last year can step out of the calendar.
        raise NotTaken(f"`{field}` lies beyond the years 1 to 9999. Correct it in the source.") from error


def require_fit(wrong: str | None) -> None:
    """Returns where nothing is wrong (adapters/contract/bounds.py says what); raises NotTaken."""
    if wrong is not None:
        raise NotTaken(wrong)


def require_readable(check: Callable[[str, str, int], str], text: str, what: str, longest: int) -> str:
    """The text as the check keeps what people write (kit/texts.py); raises NotTaken where it refuses."""
    try:
        return check(text, what, longest)
    except ValueError as error:
        raise NotTaken(str(error)) from error


def require_text(text: str, field: str) -> str:
    """The text without blanks around it; raises NotTaken where nothing is left, or more than a line."""
    words = text.strip()
    require_fit(empty(words, field))
    require_fit(too_long(words, field))
    return words


def bounded(text: str | None, field: str, longest: int = LONGEST_WORD) -> str | None:
    """The text as it is, or None; raises NotTaken where it is longer than is kept."""
    require_fit(too_long(text, field, longest))
    return text


def bounded_all(texts: Iterable[tuple[str, str | None]], prefix: str = "") -> dict[str, str | None]:
    """The texts by field, each as it is; raises NotTaken where one is longer than a line."""
    return {name: bounded(text, prefix + name) for name, text in texts}


def too_many(count: int, what: str, most: int) -> NotTaken:
    """The reason for a record by which a customer would have more of something than is kept."""
    return NotTaken(
        f"That would make {count} {what}; a customer has at most {most}. Leave some out in the source, or remove some "
        "of the customer's first."
    )


def whole_number(value: int, field: str, least: int, most: int) -> int:
    """The number as it is; raises NotTaken where it is no whole one, or lies outside."""
    require_fit(not_whole(value, field, least, most))
    return value
