"""Of which stored fields is an answer made, so that only these have to be read?

To read a document costs most of what an answer costs. A type says where its fields stand, and a slice may say what
its function reads of its parents; from both a plan knows what a question needs of each type's documents (`Reads`).
Where something on the way does not say it, whole documents are read. Who reads what was not read is told so, loudly:
a wrong declaration must never look like a value that is not there.
"""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar

from adapters.windows import is_inside

F = TypeVar("F", bound=Callable[..., Any])

Paths = frozenset[str]
"""Dotted paths of stored fields."""

Reads = Mapping[type[Any], Paths]
"""By class of the graph: what an answer reads of such objects' documents. Of a class not in it, all is read."""

ANYTHING: Final[Reads] = MappingProxyType({})

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


class Excerpt(dict[str, Any]):
    """A document of which not everything was read; raises Unread where anything else is asked for."""

    __slots__ = ("_only",)

    def __init__(self, document: Mapping[str, Any], only: Paths) -> None:
        super().__init__(document)
        self._only = only

    def get(self, key: str, default: Any = None) -> Any:
        """The field's value, or the default where the document has none."""
        if key not in self._only:
            raise Unread(key, self._only)
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        if key not in self._only:
            raise Unread(key, self._only)
        return super().__getitem__(key)
