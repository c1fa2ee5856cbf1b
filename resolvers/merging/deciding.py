"""What needs a word when a merge is undone, and which words are there?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from adapters.records import Document, Part
from resolvers.kit.described import graph_enum


@graph_enum(
    {
        "KEEP": "What stands there now; entries of lists that were removed since stay away, also from those from whom "
        "they came.",
        "RESTORE": "What stood there before the merge, with everyone who had it.",
        "CUSTOM": "Another value, which comes with it. For attributes.",
        "GIVE_BACK": "What stands there now goes back with those from whom it came, in the place of what they had, and "
        "what was removed since stays away from them; the survivor has again what stood there before the merge. For "
        "entries of lists, and for an identity that was linked since, where one customer alone went into the survivor.",
    }
)
class Resolution(Enum):
    """What shall stand where something was changed since a merge that is undone."""

    KEEP = "KEEP"
    RESTORE = "RESTORE"
    CUSTOM = "CUSTOM"
    GIVE_BACK = "GIVE_BACK"


FIELD_WAYS = frozenset({Resolution.KEEP, Resolution.RESTORE})
VALUE_WAYS = FIELD_WAYS | {Resolution.CUSTOM}
ENTRY_WAYS = FIELD_WAYS | {Resolution.GIVE_BACK}


@dataclass(frozen=True, slots=True, repr=False)
class Resolved:
    """What was decided for one field."""

    way: Resolution
    value: Any = None
    place: str = "0"
    """Where it stands in the list of what was decided."""


class Why(Enum):
    """Why something needs a word."""

    CHANGED = "It was changed since."
    UNFIT = "What stood there before breaks the attribute's present rules."
    NOT_YOURS = "What stood there before is not for whoever asks to put back."


@dataclass(frozen=True, slots=True, repr=False)
class Edited:
    """Something that the merge changed and that needs a word: it was changed again since, or may not just go back."""

    field: str
    """As callers name it: `attributes.firstName`, `contactPoints`."""
    before: Any = None
    """The value of an attribute before the merge; None stands for no value."""
    now: Any = None
    entries: Sequence["EditedEntry"] = ()
    """Of a part: which of its entries were changed."""
    why: Why = Why.CHANGED


@dataclass(frozen=True, slots=True, repr=False)
class EditedEntry:
    """An entry of a part that the merge put there and that was changed or removed since."""

    part: Part
    before: Document | None
    """What goes back; None: nothing, as before the merge."""
    merged: Document
    """What the merge put there."""
    now: Document | None
    """None: it was removed."""
