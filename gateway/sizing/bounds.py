"""How large may a question be, and what is said to whoever asks a larger one?"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from graphql import DocumentNode

from gateway import telling
from gateway.limit_settings import LimitSettings
from gateway.sizing.shape import Shape, Shapes, shapes
from gateway.telling import Told
from gateway.traces import current_trace

_ROUNDS: Final = 2
"""graphql-js has the same bound: what tools ask goes one round, and each more multiplies by the whole schema."""


@dataclass(frozen=True, slots=True)
class _Bound:
    """One of the limits."""

    name: str
    """Of its setting; so it is called in `extensions.limit`."""
    words: str
    """What is too much, with the number."""
    way_out: str
    of: Callable[[Shape], int]


_DEPTH: Final = _Bound(
    "depth",
    "The question has fields inside fields to a depth of {asked}",
    "Begin deeper, by the id of what is meant (`node`), or ask in several questions.",
    lambda one: one.depth,
)
_OF_A_SELECTION: Final = (
    _Bound(
        "root_fields",
        "The question has {asked} fields at its top",
        "Ask for several at once (`nodes`, lists), or in several questions.",
        lambda one: one.roots,
    ),
    _Bound(
        "fields",
        "The question has {asked} fields, with each fragment written out where it is spread",
        "Leave out what is not shown, or ask in several questions.",
        lambda one: one.fields,
    ),
    _Bound(
        "aliases",
        "The question has {asked} aliases, with each fragment written out where it is spread",
        "Ask for several at once (`nodes`, lists) instead of for one under many names.",
        lambda one: one.aliases,
    ),
    _Bound(
        "directives",
        "The question has {asked} directives, with each fragment written out where it is spread",
        "Put one on a fragment instead of one on each field, or leave out what is not wanted.",
        lambda one: one.directives,
    ),
)
_FRAGMENTS: Final = ("fragments", "The document has {asked} fragments", "Join those that are used in one place.")
_ENTRIES: Final = (
    "entries",
    "The lists of the question's arguments have {asked} entries, with each list counted wherever it is used",
    "Filter by fewer at once, or ask in several questions; `nodes` finds as many as are named.",
)
_NAME_LENGTH: Final = (
    "name_length",
    "The question has an alias or name of {asked} letters",
    "Call it something shorter: an alias stands in the answer for each row.",
)
_OPERATIONS: Final = ("operations", "The document has {asked} operations", "Send the one that is meant.")
_TOO_ROUND: Final = (
    "The question goes from types to their fields or to other types {asked} times inside one another; at most {most} "
    "times is answered. Ask for `ofType` alone below that, as tools do."
)


class Bounds:
    """The limits of a gateway."""

    def __init__(self, settings: LimitSettings) -> None:
        self._settings = settings

    def check(self, document: DocumentNode) -> list[Told]:
        """What is too much in a document, by each limit once; nothing where it is within all of them."""
        found = shapes(document)
        return list(self._beyond(found))

    def _beyond(self, found: Shapes) -> Iterator[Told]:
        yield from self._too_many(*_OPERATIONS, found.count)
        yield from self._too_many(*_FRAGMENTS, len(found.fragments))
        yield from self._too_many(*_NAME_LENGTH, found.name_length)
        # How deep a fragment is tells little: introspection's, which is exempt, look like others.
        yield from self._asked(_DEPTH, found.operations.values())
        # Fragments that no operation spreads are validated, too, before that is said of them.
        selections = [*found.operations.values(), *found.fragments.values()]
        for one in _OF_A_SELECTION:
            yield from self._asked(one, selections)
        if (rounds := _most(selections, lambda shape: shape.introspection)) > _ROUNDS:
            yield told_beyond(_TOO_ROUND.format(asked=rounds, most=_ROUNDS), "introspection", rounds, _ROUNDS)

    def _asked(self, one: _Bound, selections: Iterable[Shape]) -> Iterator[Told]:
        yield from self._too_many(one.name, one.words, one.way_out, _most(selections, one.of))

    def _too_many(self, name: str, words: str, way_out: str, asked: int) -> Iterator[Told]:
        most: int = getattr(self._settings, f"question_{name}")
        if asked > most:
            message = f"{words.format(asked=shown(asked))}; at most {most} are answered. {way_out}"
            yield told_beyond(message, name, asked, most)

    def beyond_entries(self, entries: int) -> Told | None:
        """What is said of a question whose arguments' lists have too many entries."""
        return next(self._too_many(*_ENTRIES, entries), None)

    def beyond_cost(self, cost: int) -> Told | None:
        """What is said of a question that costs too much."""
        most = self._settings.question_cost
        if cost <= most:
            return None
        return told_beyond(
            f"The question may cost {shown(cost)}, a row each and counts more; at most {most} is answered. Ask for "
            "shorter pages (`first`) of the lists inside lists, count less, or ask in several questions; "
            "`/graphql/cost` says what one would cost.",
            "cost",
            cost,
            most,
        )


def told_too_long(size: int, most: int, *, has_changed: bool = False) -> Told:
    """What is said in the place of an answer that is too long. `has_changed`: whether it was a mutation's."""
    done = " What it asked for is done." if has_changed else ""
    message = (
        f"The answer has {size} bytes; at most {most} are given at once. Ask for shorter pages (`first`), or in "
        f"several questions.{done}"
    )
    return told_beyond(message, "answer_bytes", size, most)


# A fragment can be spread so often that the number alone fills a page, and is no number to a client.
_LARGEST_TOLD: Final = 2**31 - 1


def shown(asked: int) -> str:
    """A number as it is told."""
    return str(asked) if asked <= _LARGEST_TOLD else f"more than {_LARGEST_TOLD}"


def told_beyond(message: str, limit: str, asked: int, most: int) -> Told:
    """The refusal that names the limit, what was asked, and how much may be."""
    if trace := current_trace():
        trace.limits.append(limit)
    told = telling.told(message, telling.LIMIT_EXCEEDED)
    told["extensions"] |= {"limit": limit, "asked": min(asked, _LARGEST_TOLD), "most": most}
    return told


def _most(selections: Iterable[Shape], of: Callable[[Shape], int]) -> int:
    return max(map(of, selections), default=0)
