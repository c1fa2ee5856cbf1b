"""What stands in the survivor's document once a merge is undone? Rules without the database.

What the merge put there goes away again. Where a later merge has built upon it, that one's entry in the ledger takes
over what was before; where people have changed it since, they say what shall stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document, Part, RecordId
from resolvers.customers import is_observed_default
from resolvers.merging.deciding import (
    ENTRY_WAYS,
    FIELD_WAYS,
    VALUE_WAYS,
    Edited,
    EditedEntry,
    Resolution,
    Resolved,
    Why,
)
from resolvers.merging.giving import Given, give, has_any, take
from resolvers.merging.joining import at
from resolvers.merging.places import beside, entries_of, found_in, led_again, same_entry, without_flag

_ATTRIBUTES, _OBSERVED = "attributes.", "observed."


@dataclass(frozen=True, slots=True, repr=False)
class Later:
    """A merge of the same survivor that came after the one to be undone and holds."""

    entry: Document
    documents: Sequence[Document]
    """Those who went into the survivor by it."""

    def added(self, part: Part, entry: Document) -> bool:
        """Whether it has put such an entry there: then the one that was there before is not there any more."""
        there = (two for one in self.entry["added"] if one["part"] == part.name for two in one["entries"])
        return any(same_entry(part, one) == same_entry(part, entry) for one in there)

    def named(self, part: Part, entry: Document, like: Document) -> Document:
        """The entry under the id that one like it has with those who bring it: its own goes with whom it came."""
        theirs = (one for document in self.documents for one in (entries_of(part, document) if part.has_ids else ()))
        own = next((one["id"] for one in theirs if same_entry(part, one) == same_entry(part, like)), None)
        return entry if own is None else {**entry, "id": own}

    def brings(self, part: Part, entry: Document) -> bool:
        """Whether one of them has the entry, too, and brought such along."""
        if part.element is not None and part.element not in self.entry["elements"]:
            return False
        key = same_entry(part, entry)
        return any(same_entry(part, one) == key for document in self.documents for one in document.get(part.name, ()))


@dataclass(slots=True, repr=False)
class Undone:
    """What undoing does."""

    changes: dict[str, Any] = field(default_factory=dict)
    """Values of the survivor's document by path; None: no value."""
    entries: dict[str, list[Document]] = field(default_factory=dict)
    """Whole parts of the survivor's document."""
    handed_on: dict[RecordId, dict[str, Any]] = field(default_factory=dict)
    """Fields of later entries of the ledger as they are from now on."""
    given: Given = field(default_factory=dict)
    """Fields of the documents of those who went into the survivor, as they are from now on."""
    heard_at: datetime | None = None
    """When the survivor was last heard of; None where somebody was heard of since."""
    edited: list[Edited] = field(default_factory=list)
    """What was changed since, or may not go back without a word, and is not decided."""
    decided: set[str] = field(default_factory=set)
    """What of these is decided."""


class Rules(Protocol):
    """What may be written, and by whom: what is put back passes the rules of an edit."""

    def knows(self, name: str) -> bool:
        """Whether there is such an attribute."""

    def may_edit(self, name: str) -> bool:
        """Whether whoever asks may give the attribute a value."""

    def fits(self, name: str, value: Any) -> bool:
        """Whether the attribute may hold that value, by the present rules; None: no value."""

    def require_put_back(self, path: str, value: Any, now: Any, place: str) -> None:
        """Raises where what stands there now may not be replaced by what stood there, by whoever asks."""

    def checked(self, name: str, value: Any, place: str) -> Any:
        """A value of one's own as it is stored; raises where it breaks a rule."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Undoing:
    """What is undone."""

    survivor: Document
    entry: Document
    others: Sequence[Document]
    """Those who went into the survivor by it."""
    later: Sequence[Later]
    """In the order in which they came."""
    parts: Sequence[Part]
    resolved: Mapping[str, Resolved]
    said: Document
    """What marks a value that was decided on now."""
    rules: Rules

    def undone(self) -> Undone:
        """What undoing does; raises what the rules raise."""
        undone = Undone()
        by_path = {one["path"]: one for one in self.entry["changed"]}
        for path, change in by_path.items():
            if not path.startswith(_OBSERVED):
                name = path.removeprefix(_ATTRIBUTES)
                seen = by_path.get(f"{_OBSERVED}{name}") if path.startswith(_ATTRIBUTES) else None
                self._undo_value(undone, change, seen)
        self._hand_on_hearing(undone)
        named = {part.name: part for part in self.parts}
        added = {one["part"]: one["entries"] for one in self.entry["added"]}
        replaced = {one["part"]: one["entries"] for one in self.entry["replaced"]}
        for name, part in named.items():
            if name in added or name in replaced:
                self._undo_part(undone, part, added.get(name, ()), replaced.get(name, ()))
        return undone

    # Values

    def _undo_value(self, undone: Undone, change: Document, seen: Document | None) -> None:
        path = change["path"]
        if path.startswith(_ATTRIBUTES) and not self.rules.knows(path.removeprefix(_ATTRIBUTES)):
            # What has left the schema stays away.
            return
        both = [change] + ([seen] if seen else [])
        later = next((one for one in self.later if _changed(one.entry, path)), None)
        if later is not None:
            # What a later merge put there stands; it will be taken back to what was before both.
            if all(_equal(_changed(later.entry, one["path"]), one["after"]) for one in both):
                self._hand_on(undone, later, both)
            return
        now = at(self.survivor, path)
        if change["before"] == change["after"]:
            # What was kept on purpose loses that word, unless people have spoken of it since.
            both = [one for one in both if at(self.survivor, one["path"]) == one["after"]]
            undone.changes |= {one["path"]: one["before"] for one in both}
        elif (why := self._why(change, both)) is None:
            undone.changes |= {one["path"]: one["before"] for one in both}
        elif now != change["before"]:
            self._decide(undone, change, both, why)

    def _why(self, change: Document, both: Sequence[Document]) -> Why | None:
        """Why it needs a word; None where what stood there goes back without: no more is lost than was filled in.

        A value in whose place somebody put another's is given by those who may give it, and by the present rules.
        """
        path, before = change["path"], change["before"]
        if any(at(self.survivor, one["path"]) != one["after"] for one in both):
            return Why.CHANGED
        if not path.startswith(_ATTRIBUTES):
            return None
        seen = next((one for one in both if one is not change), None)
        # To take away what filled a gap needs no right: the merge needed none for it.
        is_filled = before is None or (seen is not None and is_observed_default(seen["before"]))
        name = path.removeprefix(_ATTRIBUTES)
        if not is_filled and not self.rules.may_edit(name):
            return Why.NOT_YOURS
        return None if self.rules.fits(name, before) else Why.UNFIT

    def _decide(self, undone: Undone, change: Document, both: Sequence[Document], why: Why) -> None:
        path = change["path"]
        now = at(self.survivor, path)
        is_attribute = path.startswith(_ATTRIBUTES)
        told = path if is_attribute else to_camel_case(path).removesuffix("Id")
        resolved = self.resolved.get(told)
        if resolved is None or resolved.way not in (VALUE_WAYS if is_attribute else FIELD_WAYS):
            values = {"before": change["before"], "now": now} if is_attribute else {}
            undone.edited.append(Edited(told, **values, why=why))
            return
        undone.decided.add(told)
        if resolved.way is Resolution.RESTORE:
            self.rules.require_put_back(path, change["before"], now, resolved.place)
            undone.changes |= {one["path"]: one["before"] for one in both}
        elif resolved.way is Resolution.CUSTOM:
            name = path.removeprefix(_ATTRIBUTES)
            undone.changes[path] = value = self.rules.checked(name, resolved.value, resolved.place)
            undone.changes[f"{_OBSERVED}{name}"] = None if value is None else self.said

    def _hand_on(self, undone: Undone, later: Later, both: Sequence[Document]) -> None:
        befores = {one["path"]: one["before"] for one in both}
        fields = undone.handed_on.setdefault(later.entry["_id"], {})
        changed = fields.get("changed") or later.entry["changed"]
        fields["changed"] = [{**one, "before": befores.get(one["path"], one["before"])} for one in changed]

    def _hand_on_hearing(self, undone: Undone) -> None:
        """Each later merge found the survivor heard of as the one before it left it, and will again."""
        heard = self.entry["heard_at"]
        left, leaves = heard["after"], heard["before"]
        for later in self.later:
            found = later.entry["heard_at"]
            if found["before"] != left:
                # Heard of between the two.
                return
            after = max([leaves, *(one["last_interaction_at"] for one in later.documents)])
            undone.handed_on.setdefault(later.entry["_id"], {})["heard_at"] = {"before": leaves, "after": after}
            left, leaves = found["after"], after
        if self.survivor["last_interaction_at"] == left:
            undone.heard_at = leaves

    # Parts

    def _undo_part(self, undone: Undone, part: Part, added: Sequence[Document], replaced: Sequence[Document]) -> None:
        told = to_camel_case(part.name)
        way = self._entry_way(told)
        changes: list[tuple[Document, Document | None]] = [(one, None) for one in added]
        changes += [(one["after"], one["before"]) for one in replaced]
        there = entries_of(part, self.survivor)
        found = [(after, before, self._standing(part, there, after)) for after, before in changes]
        gone = [EditedEntry(part, before, after, None) for after, before, now in found if now is None]
        gone = [one for one in gone if has_any(self.others, part, one.merged)]
        standing = [EditedEntry(part, before, after, now) for after, before, now in found if now is not None]
        entries, edited = self._undo_entries(undone, part, standing, way)
        if (gone or edited) and way is None:
            undone.edited.append(Edited(told, entries=[*gone, *edited]))
            return
        for one in gone:
            entries += self._undo_removal(undone, one, entries, way)
        if gone or edited:
            undone.decided.add(told)
        led = self.entry.get("led", {}).get(part.name, ())
        self._hand_on_leading(undone, part, led)
        if entries != list(there):
            undone.entries[part.name] = led_again(part, there, entries, led)

    def _undo_entries(
        self, undone: Undone, part: Part, standing: Sequence[EditedEntry], way: Resolution | None
    ) -> tuple[list[Document], list[EditedEntry]]:
        """All entries of the survivor, without what the merge put there; and what of that was changed since."""
        entries = list(entries_of(part, self.survivor))
        edited: list[EditedEntry] = []
        for one in standing:
            after, before, now = one.merged, one.before, one.now or {}
            if later := self._built_upon(undone, part, after, before):
                entries[entries.index(now)] = later.named(part, now, after) if before is None else now
                continue
            is_unchanged = without_flag(part, now) == without_flag(part, after)
            edited += [] if is_unchanged else [one]
            if not is_unchanged and way is Resolution.GIVE_BACK:
                give(undone.given, self.others, part, after, now)
            if before is None and (later := self._brought_again(undone, part, after)):
                entries[entries.index(now)] = later.named(part, now, after)
                continue
            if is_unchanged or way in {Resolution.RESTORE, Resolution.GIVE_BACK}:
                place = entries.index(now)
                left = [two for two in entries if two != now]
                entries[place : place + 1] = [] if before is None else [beside(part, before, left)]
        return entries, edited

    def _entry_way(self, told: str) -> Resolution | None:
        resolved = self.resolved.get(told)
        return resolved.way if resolved and resolved.way in ENTRY_WAYS else None

    def _standing(self, part: Part, entries: Sequence[Document], after: Document) -> Document | None:
        """What the merge put there as it is now; None where it was removed, also where another came there later."""
        now = found_in(part, entries, after)
        is_own = now is not None and part.has_ids and now.get("id") == after.get("id")
        return None if not is_own and any(one.added(part, after) for one in self.later) else now

    def _undo_removal(
        self, undone: Undone, gone: EditedEntry, entries: Sequence[Document], way: Resolution | None
    ) -> list[Document]:
        """What the survivor has again in the place of what was removed."""
        part, after, before = gone.part, gone.merged, gone.before
        if way is not Resolution.RESTORE:
            take(undone.given, self.others, part, after)
        if self._built_upon(undone, part, after, before) or any(one.added(part, after) for one in self.later):
            return []
        if before is None:
            self._brought_again(undone, part, after)
        return [] if before is None or way is Resolution.KEEP else [beside(part, before, entries)]

    def _built_upon(self, undone: Undone, part: Part, after: Document, before: Document | None) -> Later | None:
        """The later merge that has put another entry in its place, and is answerable for it."""
        for later in self.later:
            replaced = undone.handed_on.get(later.entry["_id"], {}).get("replaced") or later.entry["replaced"]
            there = (two for one in replaced if one["part"] == part.name for two in one["entries"])
            built_upon = next((two for two in there if two["before"] == after), None)
            if built_upon is not None:
                self._hand_on_replaced(undone, later, part, built_upon, before)
                return later
        return None

    def _brought_again(self, undone: Undone, part: Part, after: Document) -> Later | None:
        """The later merge that brings the entry, too, and is answerable for it."""
        # One that has brought its own has no need of this one.
        later = next(
            (one for one in self.later if part.same and one.brings(part, after) and not one.added(part, after)), None
        )
        if later is not None:
            self._hand_on_entry(undone, later, part, after)
        return later

    def _hand_on_leading(self, undone: Undone, part: Part, led: Sequence[Any]) -> None:
        """Who led before this merge leads again where those who led before a later one are gone when that is undone."""
        for later in self.later if led else ():
            fields = undone.handed_on.setdefault(later.entry["_id"], {})
            known = fields.get("led") or later.entry.get("led", {})
            first = known.get(part.name, [])
            fields["led"] = {**known, part.name: [*first, *(one for one in led if one not in first)]}

    def _hand_on_replaced(
        self, undone: Undone, later: Later, part: Part, built_upon: Document, before: Document | None
    ) -> None:
        """The later merge put its entry in the place of what was there before; where nothing was, it brought it."""
        fields = undone.handed_on.setdefault(later.entry["_id"], {})
        replaced = fields.get("replaced") or later.entry["replaced"]
        kept = [
            {"part": one["part"], "entries": [two for two in one["entries"] if two != built_upon]} for one in replaced
        ]
        if before is not None:
            kept.append({"part": part.name, "entries": [{**built_upon, "before": before}]})
        fields["replaced"] = _by_part(kept)
        if before is None:
            self._hand_on_entry(undone, later, part, built_upon["after"])

    def _hand_on_entry(self, undone: Undone, later: Later, part: Part, entry: Document) -> None:
        fields = undone.handed_on.setdefault(later.entry["_id"], {})
        added = fields.get("added") or later.entry["added"]
        fields["added"] = _by_part([*added, {"part": part.name, "entries": [later.named(part, entry, entry)]}])


def _by_part(changes: Sequence[Document]) -> list[Document]:
    """The same with all of a part together, in their order."""
    found: dict[str, list[Document]] = {}
    for one in changes:
        found.setdefault(one["part"], []).extend(one["entries"])
    return [{"part": name, "entries": entries} for name, entries in found.items() if entries]


def _changed(entry: Document, path: str) -> Document | None:
    return next((one for one in entry["changed"] if one["path"] == path), None)


def _equal(change: Document | None, value: Any) -> bool:
    return change is not None and bool(change["before"] == value)
