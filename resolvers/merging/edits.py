"""What was changed since a merge, told so that people can say what shall stand when it is undone?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from adapters.records import Document, Part
from resolvers.attribute_rights import is_hidden
from resolvers.attributes import carried_by, definitions
from resolvers.kit.context import Context
from resolvers.kit.described import graph_type, told
from resolvers.kit.lists import hidden_from
from resolvers.kit.scalars import AttributeScalar
from resolvers.merging.claims import IDENTITY
from resolvers.merging.deciding import Edited, EditedEntry, Why
from resolvers.reaches import unseen_reaches

_ATTRIBUTES = "attributes."


@graph_type
class EntryEdit:
    """A field of an entry of a list that the merge brought and that was changed, or removed with its entry, since."""

    entry: str | None = told(
        "Which entry: the kind and value of a contact point, the key, the purpose, the channel, the word, the label's "
        "name; without what is hidden from you."
    )
    field: str = told("Which field of it: `value`, `status`, `isVerified`.")
    before: AttributeScalar | None = told(
        "What RESTORE puts there; null where it holds nothing or is hidden, and where the entry goes.", is_personal=True
    )
    now: AttributeScalar | None = told(
        "What KEEP leaves there; null where it holds nothing or is hidden.", is_personal=True
    )
    is_removed: bool = told("Whether RESTORE takes the whole entry away: before the merge there was none.")
    is_gone: bool = told(
        "Whether the whole entry was removed since. KEEP leaves it away, also from those from whom it came; RESTORE "
        "gives everyone back who had it; GIVE_BACK leaves it away from those from whom it came alone."
    )
    is_hidden: bool = told("Whether there are values that you have no right to see.")
    carries: strawberry.Private[str | None] = None


@graph_type
class MergeEdit:
    """Something that a merge changed and that needs a word when the merge is undone.

    It was changed, removed or verified again since, or what stood there before may not just go back: it breaks the
    attribute's present rules, or the attribute is not yours to edit. Of an identity that came along it is told that it
    was verified or taken off, and of the survivor that people linked one.
    """

    field: str = told(
        "What it is, as `resolutions` names it: `attributes.firstName`, `contactPoints`, `identities.` before the id "
        "of an identity."
    )
    before: AttributeScalar | None = told(
        "An attribute's value before the merge, or an identity's claim; null where none is shown.", is_personal=True
    )
    now: AttributeScalar | None = told(
        "An attribute's value now, or an identity's claim; null where none is shown.", is_personal=True
    )
    is_hidden: bool = told("Whether there are values that you have no right to see.")
    entries: list[EntryEdit] = told("Of a list: what was changed of its entries, field by field; else empty.")
    carries: strawberry.Private[str | None] = None


async def shown(context: Context, edited: Sequence[Edited]) -> list[MergeEdit]:
    """What was edited, without what the viewer may not see."""
    known = await definitions(context)
    seen = _Sight(context, await unseen_reaches(context), await _names(context, edited))
    return [_edit(seen, one, known.get(one.field.removeprefix(_ATTRIBUTES))) for one in edited]


def why_told(edited: Sequence[Edited]) -> str:
    """In sentences why these need a word."""
    told = {why: [f"`{one.field}`" for one in edited if one.why is why] for why in _REASONS}
    return " ".join(_REASONS[why].format(", ".join(names)) for why, names in told.items() if names)


_REASONS = {
    Why.CHANGED: "Changed or removed again since the merge: {}.",
    Why.UNFIT: "As the merge left it, where what stood there before breaks the attribute's present rules: {}.",
    Why.NOT_YOURS: "As the merge left it, where your role does not edit the attribute, and so puts nothing back: {}.",
}


@dataclass(frozen=True, slots=True, repr=False)
class _Sight:
    """What the viewer is told of entries."""

    context: Context
    kinds: frozenset[str]
    """Of contact points: those that are hidden."""
    names: Mapping[Any, str]
    """How people call what entries name by its id."""


async def _names(context: Context, edited: Sequence[Edited]) -> Mapping[Any, str]:
    wanted = {entry.part.naming for one in edited for entry in one.entries}
    held = [await context.store.held.all(one) for one in context.declared.records if one.name in wanted]
    return {key: str(document["name"]) for some in held for key, document in some.items()}


def _edit(seen: _Sight, one: Edited, definition: Document | None) -> MergeEdit:
    if one.field.startswith(IDENTITY):
        before, now = (AttributeScalar(claim) if claim else None for claim in (one.before, one.now))
        return MergeEdit(field=one.field, before=before, now=now, is_hidden=False, entries=[])
    if definition is None or not one.field.startswith(_ATTRIBUTES):
        entries = [edit for entry in one.entries for edit in _entry_edits(seen, entry)]
        is_unseen = any(entry.is_hidden for entry in entries)
        return MergeEdit(field=one.field, before=None, now=None, is_hidden=is_unseen, entries=entries)
    is_unseen = is_hidden(definition, seen.context.viewer)
    before, now = (None, None) if is_unseen else (one.before, one.now)
    carries = carried_by(definition)
    return MergeEdit(field=one.field, before=before, now=now, is_hidden=is_unseen, entries=[], carries=carries)


def _entry_edits(seen: _Sight, one: EditedEntry) -> Iterator[EntryEdit]:
    context, part, there = seen.context, one.part, one.now or one.merged
    hidden = hidden_from(context.viewer, part)
    if part.kind and there.get(part.kind) in seen.kinds:
        hidden |= part.personal
    # What comes back of one that was removed is what those have from whom it came.
    before, now = (one.before or {}, one.now) if one.now else (one.merged, {})

    def told(value: Any) -> Any:
        return seen.names.get(value) if part.naming else value

    cls = next(each.cls.__name__ for each in context.declared.keepings if each.what == part)
    entry = " ".join(str(told(there[name])) for name in part.same if name not in hidden and there.get(name)) or None
    for field in _differing(part, one):
        is_unseen = field in hidden
        values = (None, None) if is_unseen else (_text(told(before.get(field))), _text(told(now.get(field))))
        yield EntryEdit(
            entry=entry,
            field=to_camel_case(field.removesuffix("_id") if part.naming else field),
            before=values[0],
            now=values[1],
            is_removed=one.before is None and one.now is not None,
            is_gone=one.now is None,
            is_hidden=is_unseen,
            carries=f"{cls}.{to_camel_case(field)}" if field in part.personal else None,
        )


def _differing(part: Part, one: EditedEntry) -> Sequence[str]:
    """The fields that say something else than what the merge put there; of an entry said anew alike, when that was."""
    flags = {part.chief.flag} if part.chief else set()
    says = [name for name in part.says if name not in flags]
    now = one.now
    if now is None:
        # Rather what it says than by what it is named.
        return part.same[1:] or says or part.same
    fields = dict.fromkeys((*part.same, *says))
    changed = [name for name in fields if now.get(name) != one.merged.get(name)]
    return changed or list(filter(None, [part.newest])) or list(part.same[-1:])


def _text(value: Any) -> AttributeScalar | None:
    """A value as one text, also where it has parts or is a moment."""
    if isinstance(value, Mapping):
        value = ", ".join(str(one) for one in value.values() if one)
    elif isinstance(value, datetime):
        value = value.isoformat()
    return None if value is None else AttributeScalar(value)
