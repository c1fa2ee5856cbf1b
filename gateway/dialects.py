"""In which words do the parts of an answer come? Clients know two drafts of GraphQL's incremental delivery.

`incrementalSpec=v0.2`: what graphql-core says, places by their ids (Apollo Client's GraphQL17Alpha9Handler, urql).
`deferSpec=20220824`: each part with its path, of a list with the index of its first item (Apollo Client's
Defer20220824Handler, Relay). There a fragment with a label comes whole and once, also what was told before: Relay keeps
each apart and would miss it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from graphql import DocumentNode, GraphQLError
from graphql.execution import IncrementalDeferResult

from gateway import telling
from gateway.execution import Arrived, Labelled, Parted, Piece, Place
from gateway.media_types import NEWER
from gateway.telling import Told


class Dialect(Protocol):
    """One of the drafts, for one answer."""

    def first(self, parted: Parted) -> dict[str, Any]:
        """The answer's beginning."""

    def later(self, arrived: Arrived, parted: Parted) -> dict[str, Any]:
        """What came then."""

    def broken(self, parted: Parted, error: Told) -> dict[str, Any]:
        """The end of an answer of which nothing more comes."""


def _errors(errors: Sequence[GraphQLError] | None) -> dict[str, Any]:
    return {"errors": telling.told_of_execution(errors)} if errors else {}


def _label(place: Place) -> dict[str, Any]:
    return {"label": place.label} if place.label is not None else {}


def _begun(parted: Parted) -> dict[str, Any]:
    return {**_errors(parted.first.errors), "data": parted.first.data}


class Newer:
    """v0.2."""

    def first(self, parted: Parted) -> dict[str, Any]:
        """The answer's beginning, and what is to come."""
        return _begun(parted) | {"pending": [self._pending(one) for one in parted.pending.values()], "hasNext": True}

    def later(self, arrived: Arrived, parted: Parted) -> dict[str, Any]:
        """What came, by the ids of its places."""
        del parted
        told: dict[str, Any] = {}
        if arrived.pending:
            told["pending"] = [self._pending(one) for one in arrived.pending]
        if arrived.pieces:
            told["incremental"] = [self._piece(one) for one in arrived.pieces]
        if arrived.completed:
            told["completed"] = [{"id": place.id, **_errors(errors)} for place, errors in arrived.completed]
        return told | {"hasNext": arrived.has_next}

    def broken(self, parted: Parted, error: Told) -> dict[str, Any]:
        """Each place ends with the error."""
        return {"completed": [{"id": one, "errors": [error]} for one in parted.pending], "hasNext": False}

    def _pending(self, one: Place) -> dict[str, Any]:
        return {"id": one.id, "path": one.path, **_label(one)}

    def _piece(self, one: Piece) -> dict[str, Any]:
        part = one.part
        what = {"data": part.data} if isinstance(part, IncrementalDeferResult) else {"items": part.items}
        below = {"subPath": part.sub_path} if part.sub_path else {}
        return {"id": part.id, **below, **what, **_errors(part.errors)}


class Older:
    """20220824."""

    def __init__(self, document: DocumentNode) -> None:
        self._labelled = Labelled(document)
        self._held: dict[str, list[GraphQLError]] = {}

    def first(self, parted: Parted) -> dict[str, Any]:
        """The answer's beginning."""
        return _begun(parted) | {"hasNext": True}

    def later(self, arrived: Arrived, parted: Parted) -> dict[str, Any]:
        """What came, each at its path."""
        told = [*self._pieces(arrived), *self._ends(arrived, parted)]
        return ({"incremental": told} if told else {}) | {"hasNext": arrived.has_next}

    def broken(self, parted: Parted, error: Told) -> dict[str, Any]:
        """Each place ends with the error."""
        ends = [self._ended(one, parted, {"errors": [error]}) for one in parted.pending.values()]
        return {"incremental": ends, "hasNext": False}

    def _pieces(self, arrived: Arrived) -> Iterator[dict[str, Any]]:
        for one in arrived.pieces:
            part = one.part
            if not isinstance(part, IncrementalDeferResult):
                yield {"items": part.items, "path": one.at, **_label(one.place), **_errors(part.errors)}
            elif one.place.label in self._labelled:
                self._held.setdefault(one.place.id, []).extend(part.errors or ())
            else:
                yield {"data": part.data, "path": one.at, **_label(one.place), **_errors(part.errors)}

    def _ends(self, arrived: Arrived, parted: Parted) -> Iterator[dict[str, Any]]:
        for place, errors in arrived.completed:
            held = self._held.pop(place.id, None)
            if errors:
                yield self._ended(place, parted, _errors(errors))
            elif place.label is not None and place.label in self._labelled:
                data = self._labelled.shown(place.label, parted.at(place.path))
                yield {"data": data, "path": place.path, **_label(place), **_errors(held)}

    def _ended(self, place: Place, parted: Parted, errors: dict[str, Any]) -> dict[str, Any]:
        there = parted.at(place.path)
        if isinstance(there, list):
            return {"items": None, "path": [*place.path, len(there)], **_label(place), **errors}
        return {"data": None, "path": place.path, **_label(place), **errors}


def dialect_of(draft: str, document: DocumentNode) -> Dialect:
    """The words of a draft (gateway/media_types.py) for the answer to a document."""
    return Newer() if draft == NEWER else Older(document)
