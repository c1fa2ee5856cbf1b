"""What does a page of HTML say, without anything that could be done by it?

One walk from its beginning to its end, however it is broken: each step looks for the next sign and never back. Nothing
of scripts, styles, comments or addresses behind links is left, and what is quoted stands behind `>` as in plain mail.
"""

import html
import re
from collections.abc import Iterator
from typing import Final

_LONGEST: Final = 1_000_000
_NAME: Final = re.compile(r"/?[A-Za-z][A-Za-z0-9:]{0,30}")
# A page's head may end without a word (HTML, 13.1.2.4), and there is no text in it but of these. What stands in the
# place of scripts is seen: no mail program runs any.
_UNSEEN: Final = frozenset({"script", "style", "title", "template", "object", "svg", "math", "select"})
# What is no text shall not become one where its end is missing; a drawing without end hides nothing.
_CODE: Final = frozenset({"script", "style"})
_BLOCKS: Final = frozenset(
    {"p", "div", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "section", "article"}
)
_BLANK: Final = re.compile(r"[ \t\r\n\f\v\u00a0]+")
_DEEPEST_QUOTE: Final = 5


def text_of_page(page: str) -> str:
    """Its words, line by line."""
    seen = _Seen()
    for name, text in _pieces(page[:_LONGEST]):
        seen.take(name, text)
    seen.end_line()
    return "\n".join(seen.lines).strip()


class _Seen:
    """The lines of a page as far as it was read."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._line: list[str] = []
        self._depth = 0

    def take(self, name: str, text: str) -> None:
        """The next tag, or text where it has no name."""
        if not name:
            self._line.append(html.unescape(text))
        elif name in {"td", "th"}:
            self._line.append(" ")
        elif name.strip("/") == "blockquote":
            self.end_line()
            self._quote(is_end=name.startswith("/"))
        elif name in {"br", "hr", "li"} or name.strip("/") in _BLOCKS:
            self.end_line()
            self._line += ["- "] if name == "li" else []

    def end_line(self) -> None:
        """Begins a new line; of several empty ones, one."""
        words = _BLANK.sub(" ", "".join(self._line)).strip()
        self._line.clear()
        if words or (self.lines and self.lines[-1].strip("> ")):
            self.lines.append(f"{'>' * self._depth} {words}".strip() if self._depth else words)

    def _quote(self, *, is_end: bool) -> None:
        while self.lines and not self.lines[-1].strip("> "):
            self.lines.pop()
        self._depth = max(0, self._depth - 1) if is_end else min(_DEEPEST_QUOTE, self._depth + 1)


def _end_of(name: str, lowered: str, position: int, endless: set[str]) -> int:
    """Where what is not seen ends; less than 0 where it does not, and hides the rest."""
    if name in endless:
        return position
    found = lowered.find(f"</{name}", position)
    if found < 0 and name not in _CODE:
        # Nor does the next one of them end: nobody looks again.
        endless.add(name)
        return position
    return found


def _pieces(page: str) -> Iterator[tuple[str, str]]:
    """The tags by their names and the texts between them; an end as `/p`."""
    # Searched once more below, where a part is not seen; its length may be another one for some letters.
    lowered = page.lower() if len(page.lower()) == len(page) else page
    endless: set[str] = set()
    position = 0
    while position < len(page):
        begins = page.find("<", position)
        if begins < 0:
            yield "", page[position:]
            return
        if begins > position:
            yield "", page[position:begins]
        if page.startswith("<!--", begins):
            ends = page.find("-->", begins + 4)
            position = ends + 3
        elif (found := _NAME.match(page, begins + 1)) is not None:
            name = found[0].lower()
            ends = page.find(">", found.end())
            position = ends + 1
            if ends >= 0 and name in _UNSEEN and page[ends - 1] != "/":
                ends = position = _end_of(name, lowered, position, endless)
            if ends >= 0:
                yield name, ""
        elif page.startswith(("<!", "<?"), begins):
            ends = page.find(">", begins)
            position = ends + 1
        else:
            # A sign of mathematics, or a heart.
            yield "", "<"
            ends, position = begins, begins + 1
        if ends < 0:
            # What never ends hides the rest, as browsers show it.
            return
