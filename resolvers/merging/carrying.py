"""What does somebody who went into another bring along when more is heard of that one? Rules without the database.

It is as if it had been there when they were merged: it fills what the survivor lacks, and follows what the merge
brought from this one. The ledger is told, so that undoing the merge takes it away again. What the survivor, people or
a choice said stands. Where a later merge has built upon the place, the new stands beneath it, and comes forth when
that one is undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.records import Document, Part, RecordId
from resolvers.customers import is_observed_default
from resolvers.kit.parts import removed_from
from resolvers.merging.joining import FILLED, at, put
from resolvers.merging.pages import Pages
from resolvers.merging.places import beside, entries_of, mark_in, same_entry, without_flag


class Overfull(Exception):
    """The survivor would have more entries of a part than a customer may have."""

    def __init__(self, part: Part, count: int) -> None:
        super().__init__(part.name)
        self.part = part
        self.count = count


def require_room(part: Part, document: Document, before: Document) -> None:
    """Raises Overfull where the document has more entries than it may, and more than before."""
    count = len(document.get(part.name, ()))
    if count > max(part.at_most, len(before.get(part.name, ()))):
        raise Overfull(part, count)


@dataclass(frozen=True, slots=True, repr=False)
class Carried:
    """What one step up does."""

    survivor: Document
    """The document of the one who took this one in, as it is from now on: the very same where nothing is new."""
    entries: dict[RecordId, dict[str, Any]]
    """Fields of entries of the ledger as they are from now on."""


@dataclass(slots=True, kw_only=True, repr=False)
class Carrying:
    """One step from somebody to the one who took that one in."""

    old: Document
    new: Document
    """Who went into the other, before and after more was heard."""
    survivor: Document
    merge: Document
    later: Sequence[Document]
    """The merges of the same survivor that came later and hold, in their order."""
    parts: Sequence[Part]
    """Those of which sources speak."""
    _now: dict[str, Any] = field(init=False)
    _pages: Pages = field(init=False, default_factory=Pages)

    def carried(self) -> Carried:
        """What the step does; raises Overfull."""
        self._now = dict(self.survivor)
        names = [one for one in self.new["attributes"] if self._has_news(one)]
        for name in names:
            self._carry_attribute(name)
        for path in FILLED:
            if self.new.get(path) is not None and self.old.get(path) is None:
                self._fill(path)
        for part in self.parts:
            if part.element is None or part.element in self.merge["elements"]:
                self._carry_part(part)
        return Carried(self.survivor if self._now == self.survivor else self._now, self._pages.fields)

    # Values

    def _has_news(self, name: str) -> bool:
        paths = f"attributes.{name}", f"observed.{name}"
        return any(at(self.old, path) != at(self.new, path) for path in paths)

    def _carry_attribute(self, name: str) -> None:
        both = f"attributes.{name}", f"observed.{name}"
        if name in self.survivor.get("removed", {}).get("attributes", ()):
            return
        later = next((one for one in self.later if self._pages.change(one, both[0])), None)
        value, seen = (self._standing(later, path) for path in both)
        mine = self._pages.change(self.merge, both[0])
        is_own = (value, seen) == (at(self.old, both[0]), at(self.old, both[1]))
        is_brought = is_own and mine is not None and bool(value == mine["after"] != mine["before"])
        if value is None or is_observed_default(seen) or is_brought:
            for path, before in zip(both, (value, seen), strict=True):
                self._settle(later, path, before)

    def _fill(self, path: str) -> None:
        taken_off = self.survivor.get("removed", {}).get("agents", ()) if path == "assigned_agent_id" else ()
        later = next((one for one in self.later if self._pages.change(one, path)), None)
        if self._standing(later, path) is None and self.new[path] not in taken_off:
            self._settle(later, path, None)

    def _standing(self, later: Document | None, path: str) -> Any:
        """What stands in the place when the merge is the last one to speak."""
        if later is None:
            return at(self._now, path)
        change = self._pages.change(later, path)
        return change["before"] if change else None

    def _settle(self, later: Document | None, path: str, before: Any) -> None:
        """Puts there what was heard, and notes it as something that the merge has brought."""
        after = at(self.new, path)
        known = self._pages.change(self.merge, path)
        self._pages.note(self.merge, path, before=known["before"] if known else before, after=after)
        if later is None:
            put(self._now, path, after)
        else:
            self._pages.note(later, path, before=after)

    # Parts

    def _carry_part(self, part: Part) -> None:
        before = {same_entry(part, one): one for one in entries_of(part, self.old)}
        removed = removed_from(self.survivor, part)
        for entry in entries_of(part, self.new):
            known = before.get(same_entry(part, entry))
            if known != entry and mark_in(part, entry) not in removed:
                self._carry_entry(part, known, entry)
        require_room(part, self._now, self.survivor)

    def _carry_entry(self, part: Part, known: Document | None, entry: Document) -> None:
        later, added, replaced = self._built_upon(part, entry)
        standing = replaced["before"] if replaced else None if added else self._found(part, entry)
        if standing is None:
            self._bring(part, beside(part, entry, self._now.get(part.name, ())), later, added)
        elif known is not None and self._is_brought(part, standing) and is_alike(part, standing, known):
            flag = part.chief.flag if part.chief else None
            self._renew(part, standing, {**entry, flag: standing[flag]} if flag else entry, later)

    def _built_upon(self, part: Part, entry: Document) -> tuple[Document | None, Document | None, Document | None]:
        """The first later merge that has put something there, with the entry that it added or the one it replaced."""
        for later in self.later:
            added, replaced = self._pages.built(later, part, entry)
            if added or replaced:
                return later, added, replaced
        return None, None, None

    def _bring(self, part: Part, entry: Document, later: Document | None, added: Document | None) -> None:
        """Adds what the survivor has not."""
        self._pages.put_entries(self.merge, "added", part, [*self._pages.entries(self.merge, "added", part), entry])
        if later is None or added is None:
            self._now[part.name] = [*self._now.get(part.name, ()), entry]
            return
        # What the later merge has added stands in the place of this now.
        self._pages.put_entries(
            later, "added", part, [one for one in self._pages.entries(later, "added", part) if one != added]
        )
        replaced = [*self._pages.entries(later, "replaced", part), {"before": entry, "after": added}]
        self._pages.put_entries(later, "replaced", part, replaced)

    def _renew(self, part: Part, standing: Document, entry: Document, later: Document | None) -> None:
        """Puts the entry in the place of the one that the merge has brought."""
        for name in ("added", "replaced"):
            key = same_entry(part, entry)
            renewed = [self._renewed(part, one, key, entry) for one in self._pages.entries(self.merge, name, part)]
            self._pages.put_entries(self.merge, name, part, renewed)
        if later is None:
            self._now[part.name] = [entry if one == standing else one for one in self._now[part.name]]
            return
        there = self._pages.entries(later, "replaced", part)
        renewed = [{**one, "before": entry} if one["before"] == standing else one for one in there]
        self._pages.put_entries(later, "replaced", part, renewed)

    @staticmethod
    def _renewed(part: Part, one: Document, key: tuple[Any, ...], entry: Document) -> Document:
        if "after" in one and "before" in one:
            return {**one, "after": entry} if same_entry(part, one["after"]) == key else one
        return entry if same_entry(part, one) == key else one

    def _is_brought(self, part: Part, standing: Document) -> bool:
        brought = [*self._pages.entries(self.merge, "added", part)]
        brought += [one["after"] for one in self._pages.entries(self.merge, "replaced", part)]
        return any(is_alike(part, one, standing) for one in brought)

    def _found(self, part: Part, entry: Document) -> Document | None:
        key = same_entry(part, entry)
        return next((one for one in self._now.get(part.name, ()) if same_entry(part, one) == key), None)


def is_alike(part: Part, one: Document, other: Document) -> bool:
    """Whether two entries are the same but for which is the chief."""
    return without_flag(part, one) == without_flag(part, other)
