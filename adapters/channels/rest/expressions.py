"""What goes into one field of a record, given one part of an answer?

    "path"                                              what stands there in the element, as JMESPath
    { path = "path", ... }                              the same, with more
    { above = "path" }                                  in the element that holds this one
    { answer = "path" }                                 in the whole answer
    { asked = "who" }                                   what was asked by: who, email, phone, account, as_of
    { constant = "text" }                               the same for all records
    { template = "{path}-{path}" }                      texts joined; empty where all of them are
    { lookup = "table", by = ..., give = "Column" }     a cell of a table beside the mapping

and beside any of them `values`, `otherwise`, `default`, `required`, `split`, `case`, `styles`, `zone`, `decimal`,
`score_of`, and `type` of an attribute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from adapters.channels.rest.paths import JsonPath, text_of
from adapters.quiet import quiet
from adapters.targets import Kind
from adapters.values import BadValue, Read

ASKED = ("who", "email", "phone", "account", "as_of")
"""What an expression may take from the question."""

# More elements than a person has tags or addresses; what is longer is no list of texts.
_MOST_TEXTS = 1000
# Longer than any moment or number is; those that were read are remembered.
_LONGEST = 256


@quiet
class Scene(NamedTuple):
    """One part of an answer, and what stands around it."""

    here: Any
    above: Any
    answer: Any
    asked: Mapping[str, str]


class Source(Protocol):
    """Where the raw value of a field comes from."""

    def find(self, scene: Scene) -> Any:
        """The value as JSON has it, None where there is none; raises BadValue."""


@dataclass(frozen=True, slots=True)
class Here:
    """What stands at a path of the element."""

    path: JsonPath

    def find(self, scene: Scene) -> Any:
        """The value there."""
        return self.path.find(scene.here)


@dataclass(frozen=True, slots=True)
class Above:
    """What stands at a path of the element that holds this one."""

    path: JsonPath

    def find(self, scene: Scene) -> Any:
        """The value there."""
        return self.path.find(scene.above)


@dataclass(frozen=True, slots=True)
class Whole:
    """What stands at a path of the whole answer."""

    path: JsonPath

    def find(self, scene: Scene) -> Any:
        """The value there."""
        return self.path.find(scene.answer)


@dataclass(frozen=True, slots=True)
class Asked:
    """A word of the question."""

    name: str

    def find(self, scene: Scene) -> Any:
        """The word; None where the question had none of that name."""
        return scene.asked.get(self.name)


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for all records."""

    value: Any

    def find(self, _scene: Scene) -> Any:
        """The value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Template:
    """Texts joined."""

    literals: Sequence[str]
    """What stands before each path, and behind the last one."""
    paths: Sequence[JsonPath]

    def find(self, scene: Scene) -> Any:
        """The text; None where every part of it is empty."""
        parts = [text_of(path.find(scene.here)) for path in self.paths]
        if not any(parts):
            return None
        return "".join(map("".join, zip(self.literals, [*parts, ""], strict=True)))


@dataclass(frozen=True, slots=True, repr=False)
class Lookup:
    """A cell of the row of a table that has this key, written in whatever case."""

    table: str
    rows: Mapping[str, Mapping[str, str]]
    by: Source
    give: str

    def find(self, scene: Scene) -> Any:
        """The cell; None where the key is empty. Raises BadValue where no row has it."""
        key = folded(text_of(self.by.find(scene)))
        if not key:
            return None
        row = self.rows.get(key)
        if row is None:
            raise BadValue(f"the table {self.table!r} has no row of that key. Add one, or leave such records out")
        return row[self.give]


def folded(text: str) -> str:
    """The text as keys of tables are compared: whatever case, however many blanks."""
    return " ".join(text.casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What goes into one field."""

    kind: Kind
    source: Source
    read: Read
    """From text to value."""
    empty: frozenset[str]
    """Texts that mean nothing."""
    values: Mapping[str, str] | None = None
    otherwise: str | None = None
    default: str | None = None
    split: str | None = None
    score_of: float | None = None
    is_required: bool = False

    def give(self, scene: Scene) -> Any:
        """The field's value; None where the answer says nothing. Raises BadValue without the value."""
        raw = self.source.find(scene)
        if self.kind is Kind.TEXTS:
            return self._texts(raw)
        text = text_of(raw)
        if self.kind is not Kind.TEXT and len(text) > _LONGEST:
            raise BadValue(f"more than {_LONGEST} characters stand there, and {self.kind.value} is wanted")
        if self.values is not None and text in self.values:
            text = self.values[text]
        elif text in self.empty:
            if self.default is None:
                return None
            text = self.default
        elif self.values is not None:
            if self.otherwise is None:
                raise BadValue("the text there is not in `values`. Add it, or set `otherwise`")
            text = self.otherwise
        return self._scaled(self.read(text))

    def _scaled(self, value: Any) -> Any:
        if self.score_of is None:
            return value
        score = value / self.score_of
        if not 0 <= score <= 1:
            raise BadValue(f"the number there is not from 0 to {self.score_of:g}. Set `score_of`")
        return score

    def _texts(self, raw: Any) -> tuple[str, ...] | None:
        listed = raw if isinstance(raw, list) else [raw]
        texts = [text_of(one) for one in listed[: _MOST_TEXTS + 1]]
        if len(texts) > _MOST_TEXTS:
            raise BadValue(f"more than {_MOST_TEXTS} texts stand there")
        if self.split:
            texts = [part.strip() for text in texts for part in text.split(self.split)]
        known = self.values or {}
        found = [self.read(known.get(text, text)) for text in texts if text not in self.empty]
        return tuple(dict.fromkeys(found)) or None
