"""How is plain text of a mail shown: lines that belong together as one, and what it quotes no longer than needed?"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

_MOST_QUOTED: Final = 40
"""Lines of one quotation that are kept: what it answers. The mail that is quoted stands in the history itself."""
_SIGNATURE: Final = "-- "
_BLANKS: Final = re.compile(r"\n{3,}")


def unflowed(text: str, *, joins_words: bool) -> str:
    """The text with its paragraphs as one line each (RFC 3676). `joins_words`: the blank at an end is none (DelSp)."""
    return "\n".join(_flowing(text.splitlines(), joins_words=joins_words))


def _flowing(lines: Sequence[str], *, joins_words: bool) -> Iterator[str]:
    held: list[str] = []
    depth = -1
    for line in lines:
        quotes = len(line) - len(line.lstrip(">"))
        words = line[quotes:].removeprefix(" ")
        if held and quotes != depth:
            yield _quoted("".join(held).rstrip(" "), depth)
            held.clear()
        depth = quotes
        is_flowed = words.endswith(" ") and words != _SIGNATURE
        held.append(words[:-1] if is_flowed and joins_words else words)
        if not is_flowed:
            yield _quoted("".join(held), depth)
            held.clear()
    if held:
        yield _quoted("".join(held).rstrip(" "), depth)


def _quoted(words: str, depth: int) -> str:
    return f"{'>' * depth} {words}" if depth > 0 else words


def legible_lines(text: str) -> str:
    """The text without blanks at its lines' ends, with at most one empty line between others and short quotations."""
    # Also lines that end as on an old Macintosh; a form feed ends none.
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return _BLANKS.sub("\n\n", "\n".join(_short(lines))).strip("\n")


def _short(lines: Sequence[str]) -> Iterator[str]:
    for is_quoted, some in groupby(lines, lambda line: line.startswith(">")):
        run = list(some)
        if is_quoted and len(run) > _MOST_QUOTED:
            yield from run[:_MOST_QUOTED]
            yield "> …"
        else:
            yield from run
