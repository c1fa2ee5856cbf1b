"""Which rows come next: several collections read as one list, for several customers?

A match of the customer, sorted and limited, walks the index `(customer, order, _id)` and touches one key more than it
returns documents, whatever the length of the list and however many aliases a customer has; so it is swept for one
customer, and for many it can be joined (`$lookup`). A position means `order = x and _id beyond y` or `order beyond x`.
Of one id both are read in one branch; of several an `$or` loses that bound (measured on 6.0.5 with two aliases: 25,002
keys for 21 rows, against 24), so that they are two branches.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from adapters.quiet import quiet
from adapters.records import Document, Record, RecordId

Owner = Mapping[str, Sequence[RecordId]]
"""To whom rows belong: by record name, the customer ids under which its records were written."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Strand:
    """One collection's share in a merged list."""

    record: Record
    order: str
    """The field by which the list is sorted; ties are broken by kind, then id."""
    kind: str = ""
    where: Mapping[str, Any] = field(default_factory=dict)
    by: str | None = None
    """The field that holds the owner's id; the record's customer field unless said otherwise."""
    only: frozenset[str] | None = None
    """Which fields of its documents are wanted, as dotted paths, beside their id and order; None: all."""

    @property
    def owner_field(self) -> str:
        """The field by which rows are found to be an owner's."""
        found = self.by or self.record.customer
        if found is None:
            raise ValueError(f"The record {self.record.name!r} belongs to no customer; say by which field to read it.")
        return found


@quiet
class Position(NamedTuple):
    """A place between two rows of a merged list: just after (in list order) the row that it names.

    Two positions compare as the database compares the rows.
    """

    order: Any
    kind: str
    id: RecordId

    @property
    def position(self) -> "Position":
        """The place itself, as a row tells its own."""
        return self


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Window:
    """Which rows are wanted: `limit` of them, going up or down, beyond a position."""

    limit: int
    is_descending: bool = False
    beyond: Position | None = None


@quiet
class Row(NamedTuple):
    """One row of a merged list."""

    order: Any
    kind: str
    document: Document

    @property
    def position(self) -> Position:
        """Where a reader stands who has just read this row."""
        return Position(self.order, self.kind, self.document["_id"])


def branches(
    strands: Sequence[Strand], window: Window, owner: Owner | None = None
) -> Iterator[tuple[Strand, Document]]:
    """Each strand with the index-bounded ranges that a position leaves of it. `owner`: where there is one alone."""
    beyond = "$lt" if window.is_descending else "$gt"
    place = window.beyond
    for strand in strands:
        if place is None:
            yield strand, {}
            continue
        comes_later = strand.kind < place.kind if window.is_descending else strand.kind > place.kind
        if comes_later:
            yield strand, {strand.order: {f"{beyond}e": place.order}}
            continue
        ties, further = {strand.order: place.order, "_id": {beyond: place.id}}, {strand.order: {beyond: place.order}}
        if strand.kind != place.kind:
            yield strand, further
        elif owner is not None and len(owner[strand.record.name]) == 1:
            yield strand, {"$or": [ties, further]}
        else:
            yield strand, ties
            yield strand, further


def stretch(strand: Strand, bounds: Document, window: Window, only: frozenset[str] | None = None) -> list[Document]:
    """The stages that read a strand's share of the window, at most as many documents as the window wants."""
    way = -1 if window.is_descending else 1
    return [
        *matching(_both(strand.where, bounds)),
        {"$sort": {strand.order: way, "_id": way}},
        {"$limit": window.limit},
        *excerpt(only, strand.order),
    ]


# To leave fields out costs the database 0.05 to 0.1 ms a collection, however few documents there are; to take in a
# document whole costs the gateway some 0.005 ms more.
_FEW = 100


def worth(only: frozenset[str] | None, documents: int) -> frozenset[str] | None:
    """The fields to read where so many documents are wanted: of few, all."""
    return only if documents >= _FEW else None


@lru_cache(maxsize=1024)
def excerpt(only: frozenset[str] | None, *always: str) -> Sequence[Document]:
    """The stage that leaves of a document these fields and its id; none where all of it is read."""
    if only is None:
        return ()
    wanted = {*only, *always, "_id"}
    # MongoDB refuses to be asked for a field and for something inside it.
    return ({"$project": {path: 1 for path in sorted(wanted) if not is_inside(path, wanted)}},)


@lru_cache(maxsize=1024)
def picked(only: frozenset[str] | None, order: str, owner: str) -> tuple[Sequence[Document], Any]:
    """What leaves of a document these fields, its id and its order: stages, and the expression for what is left.

    An expression can pick whole fields alone, and spares the owner's id in each.
    """
    if only is None:
        return (), "$$ROOT"
    wanted = {*only, order, "_id"}
    if any("." in path for path in wanted):
        return excerpt(only, order, owner), "$$ROOT"
    return (), {path: f"${path}" for path in sorted(wanted)}


def is_inside(path: str, paths: Container[str]) -> bool:
    """Whether one of the paths leads to something that the path leads into."""
    words = path.split(".")
    return any(".".join(words[:n]) in paths for n in range(1, len(words)))


def named(strand: Strand) -> Document:
    """The stage that says of each document under which order and kind it stands among those of other strands."""
    return {"$project": {"order": f"${strand.order}", "kind": {"$literal": strand.kind}, "document": "$$ROOT"}}


def _both(where: Document, bounds: Document) -> Document:
    return {"$and": [where, bounds]} if where and bounds else where or bounds


def matching(where: Document) -> list[Document]:
    """The stage that lets matching documents through; none where all do."""
    return [{"$match": where}] if where else []
