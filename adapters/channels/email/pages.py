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
_UNSEEN: Final = frozenset(
    {"script", "style", "head", "title", "template", "noscript", "object", "svg", "math", "select"}
)
_BLOCKS: Final = frozenset(
    {"p", "div", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "section", "article"}
)
_BLANK: Final = re.compile(r"[ \t\r\n\f\v\u00a0]+")
_DEEPEST_QUOTE: Final = 5


def text_of_page(page: str) -> str:
    """Its words, line by line."""
    lines: list[str] = []
    current: list[str] = []
    depth = 0

    def end_line() -> None:
        words = _BLANK.sub(" ", "".join(current)).strip()
        current.clear()
        if words or (lines and lines[-1].strip("> ")):
            lines.append(f"{'>' * depth} {words}".strip() if depth else words)

    for name, text in _pieces(page[:_LONGEST]):
        if not name:
            current.append(html.unescape(text))
        elif name in {"br", "hr"}:
            end_line()
        elif name == "li":
            end_line()
            current.append("- ")
        elif name in {"td", "th"}:
            current.append(" ")
        elif name.strip("/") == "blockquote":
            end_line()
            depth = max(0, depth - 1) if name.startswith("/") else min(_DEEPEST_QUOTE, depth + 1)
        elif name.strip("/") in _BLOCKS:
            end_line()
    end_line()
    return "\n".join(lines).strip()


def _pieces(page: str) -> Iterator[tuple[str, str]]:
    """The tags by their names and the texts between them; an end as `/p`."""
    # Searched once more below, where a part is not seen; its length may be another one for some letters.
    lowered = page.lower() if len(page.lower()) == len(page) else page
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
                ends = lowered.find(f"</{name}", position)
                position = ends
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
