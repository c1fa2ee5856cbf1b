"""How does a request come about, so that what is filled in never changes where it goes or what it asks?"""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from adapters.channels.rest.stated import StatedRequest
from adapters.contract.errors import NoSuchIdentity
from adapters.hints import did_you_mean
from adapters.quiet import quiet

Gaps = Mapping[str, str | int]
"""What fills the gaps of a request by name. A gap that is absent leaves its parameter out."""

KEY: Final = "key"
"""The gap that holds our own word for a message."""
TEXT: Final = "text"
"""The gap that holds what an agent wrote, in whatever words."""
LINE: Final = frozenset({"line", "product", "sku", "title", "quantity", "unit_price", "line_total"})
"""The gaps that each line of an order fills anew."""
AFTER: Final = ("after", "page", "offset")
# What people wrote, in whatever words: it stands in texts as it is.
_WORDS = frozenset({TEXT, "note", "title", "words"})
_GAP = re.compile(r"\{([a-z_]+)\}")
# Addresses have at most 320 characters, and opaque ids are shorter.
_LONGEST, _LONGEST_CURSOR = 512, 4096
# What ends a word in query languages, or steps out of quotes there.
_STEPS_OUT = re.compile(r"""[\s"'`\\()\[\]{}<>&|;:,*%]|[\x00-\x1f\x7f]""")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SECRET = ("authorization", "proxy-authorization", "cookie")
_METHODS_WITH_BODY = ("POST",)


@quiet
class Made(NamedTuple):
    """A request that can be sent."""

    method: str
    url: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request as the mapping says it, checked."""

    stated: StatedRequest
    base_url: str

    def made(self, gaps: Gaps) -> Made:
        """The request with its gaps filled; raises NoSuchIdentity where something cannot be anybody's id."""
        for name, value in gaps.items():
            _check(name, str(value))
        return self._made(gaps, self._filled(self.stated.body, gaps))

    def made_for(self, by: str, values: Sequence[str], gaps: Gaps) -> Made:
        """The request for several people: a list of one element is repeated for each, a parameter holds all of them."""
        for value in values:
            _check(by, value)
        rows = [{**gaps, by: value} for value in values]
        made = self._made(rows[0], self._repeated(self.stated.body, {by}, rows, rows[0]))
        joined = {name: ",".join(values) for name, said in self.stated.params.items() if said == f"{{{by}}}"}
        return made._replace(params={**made.params, **joined})

    def made_of(self, lines: Sequence[Gaps], gaps: Gaps) -> Made:
        """The request about several lines: a list of one element that holds a gap of LINE is repeated for each."""
        rows = [{**gaps, **line} for line in lines]
        for row in rows:
            for name, value in row.items():
                _check(name, str(value))
        return self._made(gaps, self._repeated(self.stated.body, LINE, rows, gaps))

    def _made(self, gaps: Gaps, body: Any) -> Made:
        stated = self.stated
        params = {name: self._text(said, gaps) for name, said in stated.params.items()}
        return Made(
            method=stated.method,
            url=self.base_url + _path(stated.path, gaps),
            params={name: said for name, said in params.items() if said is not None},
            headers={name: _GAP.sub(lambda found: str(gaps[found[1]]), said) for name, said in stated.headers.items()},
            body=body,
        )

    def _repeated(self, said: Any, by: AbstractSet[str], rows: Sequence[Gaps], gaps: Gaps) -> Any:
        """The body with each list of one element, in which such a gap stands, repeated for each row."""
        if _is_repeated(said, by):
            return [self._filled(said[0], row) for row in rows]
        if isinstance(said, Mapping):
            filled = ((name, self._repeated(one, by, rows, gaps)) for name, one in said.items())
            return {name: one for name, one in filled if one is not None}
        return self._filled(said, gaps)

    def _text(self, said: Any, gaps: Gaps) -> str | None:
        found = self._filled(said, gaps)
        if isinstance(found, bool):
            return "true" if found else "false"
        return None if found is None else str(found)

    def _filled(self, said: Any, gaps: Gaps) -> Any:
        """A piece of JSON with its gaps filled; None instead of a text whose gap stays empty."""
        if isinstance(said, str):
            return self._words(said, gaps)
        if isinstance(said, Mapping):
            filled = ((name, self._filled(one, gaps)) for name, one in said.items())
            return {name: one for name, one in filled if one is not None}
        if isinstance(said, list):
            return [one for one in (self._filled(one, gaps) for one in said) if one is not None]
        return said

    def _words(self, text: str, gaps: Gaps) -> Any:
        names = _GAP.findall(text)
        if any(name not in gaps for name in names):
            return None
        if names and text == f"{{{names[0]}}}":
            return gaps[names[0]]
        return _GAP.sub(lambda found: self._inside(found[1], str(gaps[found[1]])), text)

    def _inside(self, name: str, value: str) -> str:
        """A value within a longer text, which may be a query in a language of the vendor's."""
        if name in _WORDS:
            return value
        if self.stated.quotes is None:
            if _STEPS_OUT.search(value):
                raise NoSuchIdentity("It is asked in a query for which this id is no plain word.")
            return value
        if self.stated.quotes == "double":
            return value.replace("'", "''").replace('"', '""')
        return re.sub(r"""(["'\\])""", r"\\\1", value)


def _check(name: str, value: str) -> None:
    longest = _LONGEST_CURSOR if name in AFTER else _LONGEST
    if name not in _WORDS and (not value or len(value) > longest or _CONTROL.search(value)):
        raise NoSuchIdentity("Nobody can have such an id: it is empty, unprintable, or longer than any.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise NoSuchIdentity("Nobody can have such an id: it is no Unicode text.") from error


def _path(path: str, gaps: Gaps) -> str:
    """The path; a gap stays within its segment, whatever fills it."""
    filled = _GAP.sub(lambda found: quote(str(gaps[found[1]]), safe=""), path)
    # Dots are not encoded, and clients walk up by such segments.
    if any(segment in {".", ".."} for segment in filled.split("/")):
        raise NoSuchIdentity("Nobody can have such an id: it walks up a path.")
    return filled


def request_of(stated: StatedRequest, known: Sequence[str], base_url: str, where: str, problems: list[str]) -> Request:
    """The request; what is wrong with it goes to the problems."""
    path = stated.path
    if not path.startswith("/") or re.search(r"[?#\s\\]|//|/\.\.?(/|$)", path):
        problems.append(f"{where}, path: {path!r} must begin with a slash, without dots, ? and #. Write `params`.")
    if stated.method not in _METHODS_WITH_BODY and stated.body is not None:
        problems.append(f'{where}, body: a {stated.method} has none. Write `params`, or method = "POST".')
    problems += [
        f"{where}, headers: {name!r} would hold a secret, which no mapping does. Say it by `auth`, and in the settings."
        for name in stated.headers
        if name.lower() in _SECRET
    ]
    for key, said in (("path", path), ("params", stated.params), ("headers", stated.headers), ("body", stated.body)):
        for name in _names(said):
            # Ours alone may stand in a header: nobody else chooses its letters.
            allowed = [one for one in known if one == KEY] if key == "headers" else known
            if name not in allowed:
                hint = did_you_mean(name, allowed) or " Nothing is filled in there."
                problems.append(f"{where}, {key}: {{{name}}} is nothing that is filled in there.{hint}")
            elif key == "path" and name in AFTER:
                problems.append(f"{where}, path: {{{name}}} stands in `params` or `body`, and is left out at first.")
    return Request(stated, base_url)


def _names(said: Any) -> Sequence[str]:
    """The gaps of a piece of JSON."""
    if isinstance(said, str):
        return _GAP.findall(said)
    inner = said.values() if isinstance(said, Mapping) else said if isinstance(said, list) else ()
    return [name for one in inner for name in _names(one)]


def _is_repeated(said: Any, by: AbstractSet[str]) -> bool:
    return isinstance(said, list) and len(said) == 1 and not by.isdisjoint(_names(said))


def unrepeated(stated: StatedRequest) -> Sequence[str]:
    """The gaps of an order's lines that stand where nothing is repeated, and so are of no line."""
    outside = [*_names(stated.path), *_names(stated.params), *_outside(stated.body)]
    return sorted(LINE.intersection(outside))


def _outside(said: Any) -> Sequence[str]:
    if _is_repeated(said, LINE):
        return []
    if isinstance(said, Mapping):
        return [name for one in said.values() for name in _outside(one)]
    return _names(said)


def says_gap(stated: StatedRequest, names: Sequence[str]) -> bool:
    """Whether one of these gaps stands in the parameters or the body."""
    return bool({*_names(stated.params), *_names(stated.body)} & set(names))
