"""What can be said of one thing that the doctor looked at?"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    state: State
    words: str


def ok(words: str) -> Finding:
    """All is well."""
    return Finding(State.OK, words)


def warning(words: str) -> Finding:
    """It serves, and yet."""
    return Finding(State.WARNING, words)


def broken(words: str) -> Finding:
    """It does not serve; the words say what to do."""
    return Finding(State.BROKEN, words)
