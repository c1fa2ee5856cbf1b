"""What did a check find?"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended."""

    PASS = "PASS"  # noqa: S105  it opens nothing
    FAIL = "FAIL"
    NOT_CHECKED = "NOT CHECKED"
    """Something is missing that its author could write."""
    NOT_OFFERED = "NOT OFFERED"
    """It does not claim to do this, so that nothing is missing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What came of one check."""

    outcome: Outcome
    words: str
    """What was found; where it failed or was not checked, what to do."""


def passed(words: str) -> Finding:
    """The channel does as it must."""
    return Finding(Outcome.PASS, words)


def failed(*wrong: str) -> Finding:
    """The channel does not; each sentence says what to do."""
    return Finding(Outcome.FAIL, "\n".join(wrong))


def not_checked(words: str) -> Finding:
    """Something is missing that the check needs, and that can be written; the words say what."""
    return Finding(Outcome.NOT_CHECKED, words)


def not_offered(words: str) -> Finding:
    """The channel offers nothing that could be checked so."""
    return Finding(Outcome.NOT_OFFERED, words)


def summed(wrong: Iterable[str], good: str) -> Finding:
    """Failed where something is wrong, else passed."""
    found = list(dict.fromkeys(wrong))
    return failed(*found) if found else passed(good)
