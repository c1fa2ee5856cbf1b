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
# HTML, 13.2.5: a sign that ends a tag ends none within quotation marks; where those never end, they are none. Each
# sign is looked at once: nothing that was matched is given back.
_REST: Final = re.compile(r"""(?:[^>=]++|=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+)?+)*+>""")
_ATTRIBUTE: Final = re.compile(r"""(?<![^\s"'/])([^\s"'>/=]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+))""")
_EMPTY_COMMENTS: Final = ("<!-->", "<!--->")
_COMMENT_ENDS: Final = re.compile("--!?>")
_KEEPS_LINES: Final = re.compile(r"(?<![\w-])white-space\s{0,9}:\s{0,9}(?:pre|break-spaces)", re.IGNORECASE)
_WITHOUT_END: Final = frozenset({"br", "hr", "img", "input", "wbr", "col", "meta", "link"})
_EMOJI: Final = re.compile(
    "(?:[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff][\u200d\ufe0e\ufe0f\U000e0020-\U000e007f]*|[0-9#*]\ufe0f?\u20e3){1,10}"
)
# As Gmail, Outlook, Slack and WordPress call them; some stand for `:-)`.
_OF_EMOJI: Final = re.compile(r"emoji|emoticon|smiley", re.IGNORECASE)
_LONGEST_EMOJI: Final = 20
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
        self._kept: list[str] = []
        """The element in which lines are kept as they are, and those of its name within it."""

    def take(self, name: str, text: str) -> None:
        """The next tag, or text where it has no name."""
        if not name:
            self._write(html.unescape(text))
        elif name == "img":
            self._line.append(_emoji(text))
        elif name in {"td", "th"}:
            self._line.append(" ")
        elif name.strip("/") == "blockquote":
            self.end_line()
            self._quote(is_end=name.startswith("/"))
        elif name in {"br", "hr", "li"} or name.strip("/") in _BLOCKS:
            self.end_line()
            self._line += ["- "] if name == "li" else []
        self._keep_lines(name, text)

    def _write(self, text: str) -> None:
        if not self._kept:
            self._line.append(text)
            return
        first, *others = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        self._line.append(first)
        for one in others:
            self.end_line()
            self._line.append(one)

    def _keep_lines(self, name: str, said: str) -> None:
        if self._kept and name == f"/{self._kept[0]}":
            self._kept.pop()
        elif name == self._kept[0] if self._kept else _keeps_lines(name, said):
            self._kept.append(name)

    def end_line(self) -> None:
        """Begins a new line; of several empty ones, one."""
        said = "".join(self._line)
        words = said.replace("\u00a0", " ").rstrip() if self._kept else _BLANK.sub(" ", said).strip()
        self._line.clear()
        if words or (self.lines and self.lines[-1].strip("> ")):
            self.lines.append(f"{'>' * self._depth} {words}".rstrip() if self._depth else words)

    def _quote(self, *, is_end: bool) -> None:
        while self.lines and not self.lines[-1].strip("> "):
            self.lines.pop()
        self._depth = max(0, self._depth - 1) if is_end else min(_DEEPEST_QUOTE, self._depth + 1)


def _keeps_lines(name: str, said: str) -> bool:
    if name == "pre":
        return True
    if name in _WITHOUT_END or "white-space" not in said.lower():
        return False
    return _KEEPS_LINES.search(_attributes(said).get("style", "")) is not None


def _emoji(said: str) -> str:
    """What an image says that is a letter; nothing of others, by which senders see who reads."""
    told = _attributes(said)
    words = told.get("alt", "").strip()
    is_one = _EMOJI.fullmatch(words) or (_OF_EMOJI.search(told.get("class", "")) and len(words) <= _LONGEST_EMOJI)
    return words if is_one else ""


def _attributes(said: str) -> dict[str, str]:
    """What a tag says, by names in lower case; of two of one name the first, as browsers read them."""
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(said):
        found.setdefault(one[1].lower(), html.unescape(one[2] or one[3] or one[4] or ""))
    return found


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


def _end_of_comment(page: str, begins: int) -> int:
    """Where it ends; less than 0 where it does not."""
    if page.startswith(_EMPTY_COMMENTS, begins):
        return page.index(">", begins) + 1
    found = _COMMENT_ENDS.search(page, begins + 4)
    return found.end() if found is not None else -1


def _pieces(page: str) -> Iterator[tuple[str, str]]:
    """The tags by their names, an end as `/p`, with what else stands in them, and the texts between without a name."""
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
            ends = position = _end_of_comment(page, begins)
        elif (found := _NAME.match(page, begins + 1)) is not None:
            name = found[0].lower()
            rest = _REST.match(page, found.end())
            ends = rest.end() - 1 if rest is not None else -1
            position = ends + 1
            if ends >= 0 and name in _UNSEEN and page[ends - 1] != "/":
                ends = position = _end_of(name, lowered, position, endless)
            if ends >= 0 and rest is not None:
                yield name, rest[0][:-1]
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
