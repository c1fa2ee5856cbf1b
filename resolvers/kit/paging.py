"""How is a long list read in pages: Relay's connections, with a stated and fixed order?

`first` and `after` walk in the order of the list, `last` and `before` against it; a page always shows its rows in the
order of the list, so `last: 20` of a history that begins with the oldest is the newest twenty, still oldest first.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Protocol, TypeVar

import strawberry

from adapters.windows import Position, Window
from resolvers.kit.cursors import STORED, CursorSeal
from resolvers.kit.described import about, computed, graph_type, told
from resolvers.kit.errors import BadUserInput
from resolvers.kit.sources import Source, stored_source

T = TypeVar("T")

PAGE_ARGUMENTS: dict[str, Any] = {
    "first": Annotated[int | None, about("How many rows, read in the order of the list. With `after`.")],
    "after": Annotated[str | None, about("Begin behind this cursor of the same list.")],
    "last": Annotated[int | None, about("How many rows, read from the end of the list. With `before`.")],
    "before": Annotated[str | None, about("End ahead of this cursor of the same list.")],
}
"""The four arguments that every connection takes, as Strawberry reads them."""


Counting = Callable[[Any], Awaitable[int]]
"""Counts a list when asked; takes the context."""

Telling = Callable[[], list[Source]]
"""Tells which systems were asked for a list besides the gateway's own base."""


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """Which rows of a list a question asks for."""

    size: int
    is_backward: bool = False
    cursor: str | None = None

    @classmethod
    def of(
        cls, first: int | None, after: str | None, last: int | None, before: str | None, *, sizes: tuple[int, int]
    ) -> "Page":
        """The page that the arguments name; raises BadUserInput. `sizes`: the usual size and the largest."""
        usual, largest = sizes
        is_backward = last is not None or (first is None and before is not None)
        if is_backward and (first is not None or after is not None):
            raise BadUserInput(
                "A page is read one way: send `first` with `after`, or `last` with `before`, not parts of both."
            )
        if not is_backward and before is not None:
            raise BadUserInput("`before` goes with `last`, not with `first`. Send `last` and `before`.")
        asked, name = (last, "last") if is_backward else (first, "first")
        if asked is not None and asked < 1:
            raise BadUserInput(f"`{name}` is {asked}; a page has at least 1 row. Ask for 1 to {largest}.")
        if asked is not None and asked > largest:
            way = "`pageInfo.startCursor`" if is_backward else "`pageInfo.endCursor`"
            raise BadUserInput(
                f"`{name}` is {asked}; at most {largest} rows are given at once. Ask for {largest} and follow {way}."
            )
        return cls(usual if asked is None else asked, is_backward, before if is_backward else after)

    def window(self, sealing: "Sealing", *, newest_first: bool) -> Window:
        """The rows to read: one more than the page shows, to know whether there are others."""
        beyond = None
        if self.cursor is not None:
            argument = "before" if self.is_backward else "after"
            beyond = sealing.opened(self.cursor, argument)
        return Window(limit=self.size + 1, is_descending=newest_first != self.is_backward, beyond=beyond)


class Placed(Protocol):
    """Something that knows where it stands in a list: a row as it was read, or the position itself."""

    @property
    def position(self) -> Position:
        """Where a reader stands who has just read it."""


class Sealing:
    """Makes and opens the cursors of one list, which is told from all others by words and ids."""

    __slots__ = ("_name", "_of", "_seal")

    def __init__(self, seal: CursorSeal, *of: object) -> None:
        self._seal, self._of = seal, of
        # Most pages are shown without a cursor.
        self._name: str | None = None

    @property
    def list_name(self) -> str:
        """What the cursors are bound to."""
        if self._name is None:
            self._name = ":".join(map(str, self._of))
        return self._name

    def cursor(self, place: Placed) -> str:
        """A place in the list, as a client sends it back."""
        return self._seal.close(self.list_name, {STORED: place.position})

    def opened(self, cursor: str, argument: str) -> Position | None:
        """The place that a cursor of this list holds; raises BadUserInput."""
        return self._seal.open(self.list_name, cursor, argument).get(STORED)


@graph_type
class PageInfo:
    """Where a page stands in its list, and how to go on."""

    has_next_page: bool = told("Whether the list goes on behind this page.")
    has_previous_page: bool = told("Whether the list has rows ahead of this page.")
    places: strawberry.Private[Sequence[Placed]]
    sealing: strawberry.Private[Sealing]

    @computed(reads=())
    def start_cursor(self) -> str | None:
        """The cursor of the page's first row, for `before`; null on an empty page."""
        return self.sealing.cursor(self.places[0]) if self.places else None

    @computed(reads=())
    def end_cursor(self) -> str | None:
        """The cursor of the page's last row, for `after`; null on an empty page."""
        return self.sealing.cursor(self.places[-1]) if self.places else None


@graph_type
class Edge(Generic[T]):
    """One row of a list, with its place in it."""

    node: T = told("The row itself.")
    place: strawberry.Private[Placed]
    sealing: strawberry.Private[Sealing]

    @computed(reads=())
    def cursor(self) -> str:
        """The row's place in this list, for `after` and `before`."""
        return self.sealing.cursor(self.place)


@graph_type
class Connection(Generic[T]):
    """One page of a list, in the order that the field states."""

    rows: strawberry.Private[list[T]]
    places: strawberry.Private[Sequence[Placed]]
    has_more: strawberry.Private[bool]
    page: strawberry.Private[Page]
    sealing: strawberry.Private[Sealing]
    counting: strawberry.Private[Counting]
    telling: strawberry.Private[Telling | None] = None

    @computed(reads=())
    def edges(self) -> list[Edge[T]]:
        """The rows with their cursors."""
        sealing = self.sealing
        return [
            Edge(node=node, place=place, sealing=sealing) for node, place in zip(self.rows, self.places, strict=True)
        ]

    @computed(reads=())
    def nodes(self) -> list[T]:
        """The rows without their cursors."""
        return self.rows

    @computed(reads=())
    def page_info(self) -> PageInfo:
        """Where the page stands in the list."""
        has_cursor, is_backward = self.page.cursor is not None, self.page.is_backward
        return PageInfo(
            has_next_page=has_cursor if is_backward else self.has_more,
            has_previous_page=self.has_more if is_backward else has_cursor,
            places=self.places,
            sealing=self.sealing,
        )

    @computed(reads=())
    async def total_count(self, info: strawberry.Info) -> int:
        """How many rows the whole list has. Counted only when asked for."""
        return await self.counting(info.context)

    @computed(reads=())
    def sources(self, info: strawberry.Info) -> list[Source]:
        """Which systems had a part in the list: the gateway's own base, and channels that were asked live for it.

        One that is down makes the list short, and never an error.
        """
        others = self.telling() if self.telling else []
        return [stored_source(info.context.clock()), *others]


def connection(
    rows: Sequence[T], places: Sequence[Placed], page: Page, sealing: Sealing, counting: Counting
) -> Connection[T]:
    """The page made of the rows that its window read, at most one more than the page shows, and where they stand."""
    shown, at = list(rows[: page.size]), places[: page.size]
    if page.is_backward:
        shown.reverse()
        at = at[::-1]
    return Connection(
        rows=shown,
        places=at,
        has_more=len(rows) > page.size,
        page=page,
        sealing=sealing,
        counting=counting,
    )
