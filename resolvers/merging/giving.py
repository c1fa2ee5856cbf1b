"""What do those who went into another have, once they are several again, of what became of their entries since?

Rules without the database.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from adapters.records import Document, Part, RecordId
from resolvers.merging.places import entries_of, found_in, mark_in, same_entry, with_chiefs

Given = dict[RecordId, dict[str, Any]]
"""Fields of customers' documents as they are from now on, by the customer."""


def has_any(others: Sequence[Document], part: Part, entry: Document) -> bool:
    """Whether any of them still has the entry that a merge brought."""
    return any(found_in(part, entries_of(part, one), entry) is not None for one in others)


def give(given: Given, others: Sequence[Document], part: Part, after: Document, now: Document) -> None:
    """Has each of those who had the entry have it as it is now, under the id and place that it has there."""
    for other, entries, own in _holding(given, others, part, after):
        kept = {name: own[name] for name in ("id", part.chief.flag if part.chief else "id") if name in own}
        key = same_entry(part, now)
        left = [{**now, **kept} if one is own else one for one in entries if one is own or same_entry(part, one) != key]
        _put(given, other, part, left)
        if same_entry(part, own) != key:
            # No source brings back what people have corrected.
            _mark(given, other, part, own)


def take(given: Given, others: Sequence[Document], part: Part, after: Document) -> None:
    """Has none of those who had the entry have it any more: people have removed it, and no source brings it back."""
    for other, entries, own in _holding(given, others, part, after):
        _put(given, other, part, with_chiefs(part, [one for one in entries if one is not own]))
        _mark(given, other, part, own)


def _holding(
    given: Given, others: Sequence[Document], part: Part, after: Document
) -> Iterator[tuple[Document, Sequence[Document], Document]]:
    """Each of those who have it, with all entries there and that one."""
    for other in others:
        known = given.get(other["_id"], {})
        entries = known[part.name] if part.name in known else entries_of(part, other)
        own = found_in(part, entries, after)
        if own is not None:
            yield other, entries, own


def _put(given: Given, other: Document, part: Part, entries: Sequence[Document]) -> None:
    given.setdefault(other["_id"], {})[part.name] = list(entries)


def _mark(given: Given, other: Document, part: Part, own: Document) -> None:
    fields = given.setdefault(other["_id"], {})
    removed = fields.get("removed") or other.get("removed", {})
    marks = [*removed.get(part.name, ()), mark_in(part, own)][-part.at_most :]
    fields["removed"] = {**removed, part.name: marks}
