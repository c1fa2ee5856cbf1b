"""Which entries of several customers' records are one and say different things? Rules without the database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.records import Document, Part, RecordId
from resolvers.merging.joining import Joined, Value
from resolvers.merging.places import same_entry


@dataclass(frozen=True, slots=True, repr=False)
class EntryConflict:
    """A field of an entry in which the customers' records do not say the same."""

    part: Part
    key: Sequence[Any]
    """By what the entry is told from others of its customer."""
    field: str
    values: Sequence[Value]
    """Everyone's who has the entry, the survivor's first."""
    source: RecordId | None
    """Whose stands after the merge."""


def entry_conflicts(
    survivor: Document, others: Sequence[Document], parts: Sequence[Part], joined: Joined
) -> Iterator[EntryConflict]:
    """What differs, part by part."""
    for part in parts:
        holders: dict[tuple[Any, ...], list[tuple[RecordId, Document]]] = {}
        for one in (survivor, *others) if part.same else ():
            for entry in one.get(part.name, ()):
                holders.setdefault(same_entry(part, entry), []).append((one["_id"], entry))
        standing = _standing(survivor, part, joined)
        for key, held in holders.items():
            source = next((owner for owner, entry in held if _says_all(part, entry) == standing.get(key)), None)
            for field in part.says:
                values = [(owner, entry.get(field)) for owner, entry in held]
                if any(value != values[0][1] for _, value in values):
                    yield EntryConflict(part, key, field, values, source)


def _standing(survivor: Document, part: Part, joined: Joined) -> Mapping[tuple[Any, ...], Any]:
    """What each entry says after the merge."""
    entries = [*survivor.get(part.name, ()), *joined.added.get(part.name, ())]
    entries += [one.after for one in joined.replaced.get(part.name, ())]
    return {same_entry(part, one): _says_all(part, one) for one in entries}


def _says_all(part: Part, entry: Document) -> list[Any]:
    # The moment tells two apart that say the same at different times.
    return [entry.get(field) for field in (*part.says, *filter(None, [part.newest]))]
