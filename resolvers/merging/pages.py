"""What do entries of the ledger say by now, while more is heard of those who were merged?"""

from collections.abc import Iterator, Sequence
from typing import Any

from adapters.records import Document, Part, RecordId
from resolvers.merging.places import found_in


class Pages:
    """Entries of the ledger, and what is different of them from now on."""

    def __init__(self) -> None:
        self.fields: dict[RecordId, dict[str, Any]] = {}
        """Fields of entries as they are from now on."""

    def change(self, entry: Document, path: str) -> Document | None:
        """The change at the path; None where the merge made none."""
        return next((one for one in self._of(entry, "changed") if one["path"] == path), None)

    def note(self, entry: Document, path: str, **said: Any) -> None:
        """Has the change at the path say this of `before` or `after`, or both; one that was not there is added."""
        known = self.change(entry, path)
        change: Document = {"path": path, "before": None, "after": None, **(known or {}), **said}
        changes = self._of(entry, "changed")
        changed = [*changes, change] if known is None else [change if one is known else one for one in changes]
        self.fields.setdefault(entry["_id"], {})["changed"] = changed

    def drop(self, entry: Document, path: str) -> None:
        """Has the merge made no change at the path."""
        changed = [one for one in self._of(entry, "changed") if one["path"] != path]
        self.fields.setdefault(entry["_id"], {})["changed"] = changed

    def entries(self, entry: Document, name: str, part: Part) -> Sequence[Document]:
        """What the merge `added` to a part, or `replaced` of it."""
        found: Iterator[Sequence[Document]] = (
            one["entries"] for one in self._of(entry, name) if one["part"] == part.name
        )
        return next(found, ())

    def put_entries(self, entry: Document, name: str, part: Part, entries: Sequence[Document]) -> None:
        """Has the merge added or replaced these."""
        others = [one for one in self._of(entry, name) if one["part"] != part.name]
        more = [{"part": part.name, "entries": list(entries)}] if entries else []
        self.fields.setdefault(entry["_id"], {})[name] = [*others, *more]

    def built(self, entry: Document, part: Part, one: Document) -> tuple[Document | None, Document | None]:
        """What the merge put in the place of that one: the entry that it added, or what it replaced and by what."""
        replaced = self.entries(entry, "replaced", part)
        after = found_in(part, [two["after"] for two in replaced], one)
        return found_in(part, self.entries(entry, "added", part), one), next(
            (two for two in replaced if two["after"] is after), None
        )

    def _of(self, entry: Document, name: str) -> list[Document]:
        changed = self.fields.get(entry["_id"], {})
        return list(changed[name] if name in changed else entry[name])
