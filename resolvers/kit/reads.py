"""Of which stored fields is an answer made, so that only these have to be read?

To read a document costs most of what an answer costs. A type says where its fields stand, and a slice may say what
its function reads of its parents; from both a plan knows what a question needs of each type's documents (`Reads`).
Where something on the way does not say it, whole documents are read. Who reads what was not read is told so, loudly:
a wrong declaration must never look like a value that is not there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from adapters.windows import is_inside

F = TypeVar("F", bound=Callable[..., Any])

Paths = frozenset[str]
"""Dotted paths of stored fields."""

ID: Final[Paths] = frozenset({"_id"})


class Reads:
    """What an answer reads of the documents of each class of the graph."""

    __slots__ = ("_known",)

    def __init__(self, known: Mapping[type[Any], Paths | None] | None) -> None:
        """By class, the fields of those that are shown, None being all; where it is None itself, all of every class."""
        self._known = known

    def of(self, cls: type[Any]) -> Paths | None:
        """The fields that are read of the class, its id at least; None: all of them."""
        return None if self._known is None else self._known.get(cls, ID)


ANYTHING: Final = Reads(None)

_READS = "__reads__"


class Unread(LookupError):
    """A field was asked of a document of which it was not read."""

    def __init__(self, path: str, only: Iterable[str]) -> None:
        super().__init__(
            f"{path!r} was not read; the question was found to need {', '.join(sorted(only))} alone. Whoever reads it "
            f"of its parents must declare it: `reads=[{path!r}]` beside the field's function."
        )


def declare_reads(function: F, reads: Iterable[str] | None) -> F:
    """Writes down which stored fields of its parents a field's function reads; None: nobody said it."""
    setattr(function, _READS, None if reads is None else frozenset(reads))
    return function


def declared_reads(function: Callable[..., Any]) -> Paths | None:
    """Which stored fields of its parents a field's function reads; None where nobody said it."""
    return getattr(function, _READS, None)


def is_read(path: str, only: Paths) -> bool:
    """Whether a field is among those that were read, with all that stands in it."""
    return path in only or is_inside(path, only)


class Excerpt(Mapping[str, Any]):
    """A document of which not everything was read; raises Unread where anything else is asked for."""

    __slots__ = ("_document", "_only")

    def __init__(self, document: Mapping[str, Any], only: Paths) -> None:
        self._document, self._only = document, only

    def get(self, key: str, default: Any = None) -> Any:
        """The field's value, or the default where the document has none."""
        if key not in self._only:
            raise Unread(key, self._only)
        return self._document.get(key, default)

    def __getitem__(self, key: str) -> Any:
        if key not in self._only:
            raise Unread(key, self._only)
        return self._document[key]

    def __contains__(self, key: object) -> bool:
        if key not in self._only:
            raise Unread(str(key), self._only)
        return key in self._document

    def __iter__(self) -> Iterator[str]:
        raise Unread("the whole document", self._only)

    def __len__(self) -> int:
        raise Unread("the whole document", self._only)
