"""What is a survivor beneath its merges, and what becomes of it when a source says more of it? Rules without database.

A source speaks of the customer that it knows: of what that one's record held before others went into it. What it says
there stands before what the merges filled in, as it would have when they were merged; behind what somebody chose or
kept it waits until the merge is undone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adapters.records import Document, Part
from resolvers.merging.carrying import Carried, is_alike, require_room
from resolvers.merging.joining import CLEARED, at, put
from resolvers.merging.pages import Pages
from resolvers.merging.places import beside, proven_by, same_entry, with_chiefs

_ASSIGNED = "assigned_agent_id"


def beneath(survivor: Document, merges: Sequence[Document], parts: Sequence[Part]) -> Document:
    """The survivor without what its merges, in their order, brought."""
    found = dict(survivor)
    for entry in reversed(merges):
        for change in entry["changed"]:
            put(found, change["path"], change["before"])
    pages = Pages()
    for part in parts:
        entries = with_chiefs(part, list(_own(found, merges, part, pages)))
        if entries or part.name in found:
            found[part.name] = entries
        if not entries and part.name in found:
            del found[part.name]
    return found


def _own(survivor: Document, merges: Sequence[Document], part: Part, pages: Pages) -> Iterator[Document]:
    for one in survivor.get(part.name, ()):
        built = [pages.built(entry, part, one) for entry in merges]
        added, replaced = next((both for both in built if any(both)), (None, None))
        if replaced:
            yield replaced["before"]
        elif not added:
            yield one


@dataclass(slots=True, kw_only=True, repr=False)
class Lifting:
    """What a source said of a survivor, and where it comes to stand."""

    old: Document
    new: Document
    """The survivor beneath its merges, before and after."""
    survivor: Document
    merges: Sequence[Document]
    parts: Sequence[Part]
    _now: dict[str, Any] = field(init=False)
    _pages: Pages = field(init=False, default_factory=Pages)

    def lifted(self) -> Carried:
        """The survivor's document as it is from now on, and what the ledger says."""
        self._now = dict(self.survivor)
        for name in self.new["attributes"]:
            both = f"attributes.{name}", f"observed.{name}"
            if any(at(self.old, path) != at(self.new, path) for path in both):
                self._lift_attribute(name, *both)
        for path in ("entry_point", _ASSIGNED, "created_at"):
            if self.new.get(path) != self.old.get(path):
                self._lift_value(path)
        for part in self.parts:
            before = {same_entry(part, one): one for one in self.old.get(part.name, ())}
            for entry in self.new.get(part.name, ()):
                if before.get(same_entry(part, entry)) != entry:
                    self._lift_entry(part, before.get(same_entry(part, entry)), entry)
            require_room(part, self._now, self.survivor)
        return Carried(self._now, self._pages.fields)

    def _lift_attribute(self, name: str, path: str, observed: str) -> None:
        value, seen = at(self.new, path), at(self.new, observed)
        filled: tuple[Any, Any] | None = None
        for entry in self.merges:
            change, mark = self._pages.change(entry, path), self._pages.change(entry, observed)
            if self._pages.change(entry, f"{CLEARED}{name}") and at(self._now, f"{CLEARED}{name}"):
                # Kept on purpose as having no value.
                self._wait(entry, path, observed)
                return
            if change is None or mark is None:
                continue
            if mark["after"] is None or mark["after"].get("observed_by"):
                self._wait(entry, path, observed)
                return
            filled = change["after"], mark["after"]
            self._pages.drop(entry, path)
            self._pages.drop(entry, observed)
        if filled is None or filled == (at(self._now, path), at(self._now, observed)):
            put(self._now, path, value)
            put(self._now, observed, seen)

    def _wait(self, entry: Document, *paths: str) -> None:
        """Notes it as what the merge found there."""
        for path in paths:
            self._pages.note(entry, path, before=at(self.new, path))

    def _lift_value(self, path: str) -> None:
        entry = next((one for one in self.merges if self._pages.change(one, path)), None)
        if entry is not None and (path == _ASSIGNED or _is_word(self._now.get(path))):
            # Who looks after the customer by now is changed by people alone, and so is what people said.
            self._wait(entry, path)
            return
        if entry is not None:
            self._pages.drop(entry, path)
        self._now[path] = self.new[path]

    def _lift_entry(self, part: Part, known: Document | None, entry: Document) -> None:
        key = same_entry(part, entry)
        if self._is_proven(part, entry):
            return
        brought = [found for merge in self.merges if (found := self._taken_back(part, merge, entry))]
        entries = list(self._now.get(part.name, ()))
        there = next((one for one in entries if same_entry(part, one) == key), None)
        standing = brought[-1] if brought else known
        if there is not None and (standing is None or not is_alike(part, there, standing)):
            # What people made of it since stands.
            return
        if there is not None and not brought:
            flags = {part.chief.flag: there[part.chief.flag]} if part.chief else {}
            entries[entries.index(there)] = {**entry, **flags}
        else:
            entries = [one for one in entries if one is not there]
            entries.append(beside(part, entry, entries))
        self._now[part.name] = with_chiefs(part, entries)

    def _is_proven(self, part: Part, entry: Document) -> bool:
        """Whether a merge has brought nothing but the proof, and proves the entry as it is now, too."""
        for merge in self.merges:
            _, replaced = self._pages.built(merge, part, entry)
            if replaced is None or replaced["after"] != proven_by(part, replaced["before"], replaced["after"]):
                continue
            sure = proven_by(part, entry, replaced["after"])
            there = self._now.get(part.name, ())
            standing = next((one for one in there if is_alike(part, one, replaced["after"])), None)
            if sure is None or standing is None:
                return False
            flags = {part.chief.flag: standing[part.chief.flag]} if part.chief else {}
            self._now[part.name] = [{**sure, **flags} if one is standing else one for one in there]
            renewed = [
                {"before": entry, "after": sure} if one is replaced else one
                for one in self._pages.entries(merge, "replaced", part)
            ]
            self._pages.put_entries(merge, "replaced", part, renewed)
            return True
        return False

    def _taken_back(self, part: Part, merge: Document, entry: Document) -> Document | None:
        """What the merge has put there, which is no longer its doing."""
        added, replaced = self._pages.built(merge, part, entry)
        for name, built in (("added", added), ("replaced", replaced)):
            if built is not None:
                left = [one for one in self._pages.entries(merge, name, part) if one is not built]
                self._pages.put_entries(merge, name, part, left)
        after: Document | None = replaced["after"] if replaced else added
        return after


def _is_word(value: Any) -> bool:
    """Whether a person of the staff said where the customer came in."""
    return isinstance(value, Mapping) and bool(value.get("observed_by"))
