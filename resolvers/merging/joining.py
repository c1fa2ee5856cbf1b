"""What stands in the survivor's document once others have gone into it? Rules without the database."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from adapters.records import Document, Observation, Part, RecordId
from resolvers.attribute_rules import AttributeType, checked
from resolvers.customers import is_default
from resolvers.kit.described import graph_enum
from resolvers.merging.places import beside, proven_by, same_entry

# Between what two customers' records say of one attribute.
_BETWEEN = "; "
FILLED = ("entry_point", "assigned_agent_id")
"""Beside attributes: what the survivor takes over where it has nothing of its own."""
CLEARED = "removed.attributes."
"""Before an attribute's name: the path of the mark that a person wants it to have no value."""

Value = tuple[RecordId, Any]
"""A customer, and what its record holds."""


@graph_enum(
    {
        "KEEP": "The survivor's own value stands, also where it has none.",
        "TAKE": "The value of one of the others replaces it.",
        "COMBINE": "The different texts of all stand in it, one behind the other. For attributes of type STRING.",
    }
)
class AttributeChoice(Enum):
    """Which value of an attribute the survivor has after a merge."""

    KEEP = "KEEP"
    TAKE = "TAKE"
    COMBINE = "COMBINE"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen for one attribute."""

    way: AttributeChoice
    source: RecordId | None = None
    """From whom it is taken; None: the first of the others that has a value."""
    is_word: bool = True
    """Whether who chose may edit the attribute, so that the choice is a person's word on it."""


class BadChoice(Exception):
    """A choice that cannot be fulfilled; says which attribute, and what to do."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """An attribute of which several records hold something."""

    name: str
    values: Sequence[Value]
    """The survivor's first, where it has one."""
    way: AttributeChoice
    source: RecordId | None
    """Whose value stands; None where it is no one's alone."""

    @property
    def is_one(self) -> bool:
        """Whether all of them hold the same."""
        return all(value == self.values[0][1] for _, value in self.values)


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """A value of the survivor's document that the merge changed, or kept on purpose; None stands for no value."""

    path: str
    before: Any
    after: Any

    def document(self) -> dict[str, Any]:
        """The change as the ledger keeps it."""
        return {"path": self.path, "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True, repr=False)
class Replaced:
    """An entry of the survivor, and the one that stands in its place."""

    before: Document
    after: Document

    def document(self) -> dict[str, Any]:
        """The change as the ledger keeps it."""
        return {"before": self.before, "after": self.after}


@dataclass(slots=True, kw_only=True, repr=False)
class Joined:
    """What a merge does to the survivor's document."""

    changes: list[Change] = field(default_factory=list)
    added: dict[str, list[Document]] = field(default_factory=dict)
    """The entries that come along, by the part's name."""
    replaced: dict[str, list[Replaced]] = field(default_factory=dict)
    """The survivor's entries in whose place a later word comes, by the part's name."""
    differences: list[Difference] = field(default_factory=list)
    unassigned: list[RecordId] = field(default_factory=list)
    """Agents who look after one of the others, and would not look after the survivor."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Joining:
    """What becomes one: the customers' documents, and what was chosen."""

    survivor: Document
    others: Sequence[Document]
    parts: Sequence[Part]
    """Those that come along."""
    definitions: Mapping[str, Document]
    chosen: Mapping[str, Chosen]
    said: Observation
    """What a value that was chosen is marked with: a person's word, which no source replaces."""
    region: str | None = None

    def joined(self) -> Joined:
        """What a merge does; raises BadChoice."""
        joined = Joined()
        for name, definition in self.definitions.items():
            self._join_attribute(joined, name, definition)
        for path in FILLED:
            if self.survivor.get(path) is None:
                after = next((one[path] for one in self.others if one.get(path) is not None), None)
                if after is not None:
                    joined.changes.append(Change(path, None, after))
        for part in self.parts:
            self._join_part(joined, part)
        agents = [one.get("assigned_agent_id") for one in (self.survivor, *self.others)]
        first, *others = [one for one in agents if one is not None] or [None]
        joined.unassigned += [one for one in others if one is not None and one != first]
        return joined

    # Attributes

    def _join_attribute(self, joined: Joined, name: str, definition: Document) -> None:
        chosen = self.chosen.get(name)
        mine = _value(self.survivor, name)
        theirs = [
            (one["_id"], value)
            for one in self.others
            if (value := _value(one, name)) is not None and fits(definition, value, self.region)
        ]
        unsaid = {one["_id"] for one in self.others if is_default(one, name)}
        # What somebody said comes before what stands in the schema.
        theirs.sort(key=lambda one: one[0] in unsaid)
        if chosen is None:
            chosen = Chosen(AttributeChoice.TAKE if self._gives_way(name, theirs, unsaid) else AttributeChoice.KEEP)
        after, source = self._decided(name, definition, chosen, mine, theirs)
        told: list[Value] = [(self.survivor["_id"], mine)] if mine is not None else []
        told += theirs
        if len(told) > 1:
            joined.differences.append(Difference(name, told, chosen.way, source))
        # What the survivor holds itself is first of all its own.
        seen = self._surest(name, after, source if source and after != mine else self.survivor["_id"])
        if after != mine:
            if name in self.chosen and after is not None:
                seen = {**self.said.document(), **(seen or {}), "observed_by": self.said.observed_by}
            joined.changes.append(Change(f"attributes.{name}", mine, after))
            joined.changes.append(Change(f"observed.{name}", _seen(self.survivor, name), seen))
        elif name in self.chosen and chosen.is_word and (mine is not None or chosen.way is AttributeChoice.KEEP):
            self._keep(joined, name, mine, seen)
        elif mine is not None and seen != _seen(self.survivor, name):
            self._mark(joined, name, mine, seen)

    def _gives_way(self, name: str, theirs: Sequence[Value], unsaid: AbstractSet[RecordId]) -> bool:
        """Whether one of the others' values stands where nobody chose: where the survivor has none that was said."""
        if _value(self.survivor, name) is None:
            return bool(theirs)
        return is_default(self.survivor, name) and any(key not in unsaid for key, _ in theirs)

    def _keep(self, joined: Joined, name: str, mine: Any, seen: Document | None) -> None:
        """Marks what stays as the word of whoever chose that: the sources of the others replace and fill nothing."""
        if mine is None:
            joined.changes.append(Change(f"{CLEARED}{name}", at(self.survivor, f"{CLEARED}{name}"), True))
            return
        after = {**self.said.document(), **(seen or {})}
        after.setdefault("observed_by", self.said.observed_by)
        self._mark(joined, name, mine, after)

    def _mark(self, joined: Joined, name: str, mine: Any, seen: Document | None) -> None:
        """Says anew where the survivor's own value was observed."""
        # The value stands beside its mark: a merge that is undone hands both on to a later one that kept it.
        joined.changes.append(Change(f"attributes.{name}", mine, mine))
        joined.changes.append(Change(f"observed.{name}", _seen(self.survivor, name), seen))

    def _decided(
        self, name: str, definition: Document, chosen: Chosen, mine: Any, theirs: Sequence[Value]
    ) -> tuple[Any, RecordId | None]:
        """The value that stands, and whose it is."""
        if chosen.way is AttributeChoice.KEEP:
            return mine, self.survivor["_id"]
        if chosen.way is AttributeChoice.TAKE:
            return self._taken(name, chosen, theirs)
        if definition["type"] != AttributeType.STRING.value:
            kind = definition["type"]
            raise BadChoice(name, f"{name!r} is of type {kind}; texts of type STRING alone can be combined. Take one.")
        texts = dict.fromkeys(str(value) for value in (mine, *(value for _, value in theirs)) if value is not None)
        if not texts:
            return None, None
        try:
            return checked(definition, _BETWEEN.join(texts), self.region), None
        except ValueError as error:
            raise BadChoice(name, f"{name!r} cannot hold the texts of all. {error} Take one of them.") from error

    def _taken(self, name: str, chosen: Chosen, theirs: Sequence[Value]) -> tuple[Any, RecordId]:
        for source, value in theirs:
            if chosen.source in {None, source}:
                return value, source
        if chosen.source is None:
            raise BadChoice(name, f"There is no {name!r} to take: none of the others has one. Keep the survivor's own.")
        if chosen.source not in {one["_id"] for one in self.others}:
            raise BadChoice(name, f"`fromId` for {name!r} names none of `otherIds`. Name one, or leave it out.")
        raise BadChoice(name, f"There is no {name!r} to take: the customer named has none. Take another's, or keep it.")

    def _surest(self, name: str, value: Any, source: RecordId) -> Document | None:
        """Where the value was observed: where it is proven, if any of those who have it has proof, else at its source.

        None where it is no one's alone.
        """
        holders = [one for one in (self.survivor, *self.others) if value is not None and _value(one, name) == value]
        seen = {one["_id"]: _seen(one, name) for one in holders}
        first = seen.get(source)
        if source not in seen or (first and first.get("is_verified")):
            return first
        return next((one for one in seen.values() if one and one.get("is_verified")), first)

    # Parts

    def _join_part(self, joined: Joined, part: Part) -> None:
        own: list[Document] = list(self.survivor.get(part.name, ()))
        standing = {same_entry(part, one): one for one in own} if part.same else {}
        added: list[Document] = []
        for entry in (entry for one in self.others for entry in one.get(part.name, ())):
            known = standing.get(same_entry(part, entry)) if part.same else None
            if known is None:
                known = beside(part, entry, [*own, *added])
                added.append(known)
            elif part.newest and part.place_in_time(entry) > part.place_in_time(known):
                later = beside(part, entry, [one for one in (*own, *added) if one is not known])
                own, added = [[later if one is known else one for one in some] for some in (own, added)]
                known = later
            elif sure := proven_by(part, known, entry):
                own, added = [[sure if one is known else one for one in some] for some in (own, added)]
                known = sure
            standing[same_entry(part, entry)] = known
        self._note(joined, part, own, added)

    def _note(self, joined: Joined, part: Part, own: Sequence[Document], added: list[Document]) -> None:
        pairs = zip(self.survivor.get(part.name, ()), own, strict=True)
        replaced = [Replaced(before, after) for before, after in pairs if before is not after]
        if replaced:
            joined.replaced[part.name] = replaced
        if added:
            joined.added[part.name] = added


def fits(definition: Document, value: Any, region: str | None) -> bool:
    """Whether a stored value keeps the attribute's present rules: it may be from before they were changed."""
    if definition["type"] == AttributeType.PASSWORD.value:
        # What is stored is a hash, of which the rules say nothing.
        return True
    try:
        checked(definition, value, region)
    except ValueError:
        return False
    return True


def at(document: Document, path: str) -> Any:
    """The value at the path of a change; None where there is none."""
    if path.startswith(CLEARED):
        return path.removeprefix(CLEARED) in document.get("removed", {}).get("attributes", ()) or None
    first, _, second = path.partition(".")
    value = document.get(first)
    return (value or {}).get(second) if second else value


def put(document: dict[str, Any], path: str, value: Any) -> None:
    """Sets the value at the path of a change, or takes it away where it is None."""
    if path.startswith(CLEARED):
        _mark_cleared(document, path.removeprefix(CLEARED), is_cleared=bool(value))
        return
    first, _, second = path.partition(".")
    if not second:
        document[first] = value
        return
    inner = {name: one for name, one in (document.get(first) or {}).items() if name != second}
    document[first] = inner if value is None else {**inner, second: value}


def _mark_cleared(document: dict[str, Any], name: str, *, is_cleared: bool) -> None:
    removed = dict(document.pop("removed", {}))
    names = [one for one in removed.pop("attributes", ()) if one != name] + [name] * is_cleared
    # Where nothing was removed, nothing stands there.
    removed |= {"attributes": names} if names else {}
    document |= {"removed": removed} if removed else {}


def _value(document: Document, name: str) -> Any:
    return document.get("attributes", {}).get(name)


def _seen(document: Document, name: str) -> Document | None:
    seen: Document | None = document.get("observed", {}).get(name)
    return seen
