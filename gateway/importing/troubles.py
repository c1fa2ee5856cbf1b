"""What can go wrong with an import, and what are people told?

CannotImport   the mapping or a file cannot be used: nothing was written
BadValue       a row's value cannot be read: the row is set aside, the others are taken
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class CannotImport(Exception):
    """Nothing was read and nothing written. `problems` says everything that is wrong, a sentence or two each."""

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems: Sequence[str] = problems


class BadValue(Exception):
    """A value of a row cannot be what its field needs. The message names the field, never the value."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint at the nearest known word, or at all of them; begins with a blank."""
    names = list(known)
    near = get_close_matches(word, names, 1)
    if near:
        return f" Did you mean {near[0]!r}?"
    return f" Known: {', '.join(map(repr, names))}." if names else ""
