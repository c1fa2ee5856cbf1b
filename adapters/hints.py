"""Which known word did somebody mean who wrote an unknown one?"""

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint at the nearest known word, or at all of them; begins with a blank."""
    names = list(known)
    near = get_close_matches(word, names, 1)
    if near:
        return f" Did you mean {near[0]!r}?"
    return f" Known: {', '.join(map(repr, names))}." if names else ""
