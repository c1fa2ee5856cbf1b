"""Who may see the value of an attribute, and who may change it?

A definition names the roles. Beside that stand the rights of every personal value (kit/viewer.py); and visitors see
what is their own. Whoever may change a value must see it: an edit that changes nothing would else tell what stands
there. And what only some may see finds nobody: a search looks in all searchable attributes at once, and whom a channel
identifier names is suggested and linked whoever asks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from strawberry.utils.str_converters import to_camel_case

from adapters.held import of_latest
from adapters.records import Document
from resolvers.kit.viewer import ADMINISTRATORS, STAFF, STAFF_AND_PARTNERS, Role, Roles, Viewer

NAMES = frozenset({"firstName", "lastName"})
"""The attributes of which the name to show is made."""

_PHONE, _EMAIL = "PHONE", "EMAIL"
# Numbers are hidden with it whatever else is a number: it is everybody's, and cannot be removed.
_NUMBER = "phoneNumber"

Broken = tuple[tuple[str, ...], str]
"""Where in the input a definition is wrong, and in words."""


def is_hidden(definition: Document, viewer: Viewer) -> bool:
    """Whether the values of the attribute are not shown to this viewer: a secret's are shown to nobody."""
    return definition["type"] == "PASSWORD" or not is_shown(definition, viewer)


def editors(stored: Sequence[str] | None) -> list[Role]:
    """The roles that may set and clear an attribute's value, as its definition says; unsaid, the whole staff.

    Administrators always may.
    """
    return _named(stored, STAFF)


def viewers(stored: Sequence[str] | None) -> list[Role]:
    """The roles that may see an attribute's value, as its definition says; unsaid, the whole staff and partners.

    Administrators always may.
    """
    return _named(stored, STAFF_AND_PARTNERS)


def _named(stored: Sequence[str] | None, usual: Roles) -> list[Role]:
    named = usual if stored is None else frozenset(map(Role, stored))
    return [one for one in Role if one in named | ADMINISTRATORS]


def is_for_everybody(definition: Document) -> bool:
    """Whether whoever of the staff and the partners sees personal values sees those of the attribute."""
    return STAFF_AND_PARTNERS.issubset(viewers(definition.get("visible_to")))


def is_shown(definition: Document, viewer: Viewer) -> bool:
    """Whether values of the attribute are shown to this viewer."""
    if definition["is_personal"] and not viewer.may_see_personal:
        return False
    return viewer.role is Role.VISITOR or viewer.role in viewers(definition.get("visible_to"))


def unseen(known: Mapping[str, Document], viewer: Viewer) -> frozenset[str]:
    """The names of the attributes whose values are not shown to this viewer."""
    if viewer.role is Role.VISITOR:
        return frozenset()
    return _unseen(known)[viewer.role, viewer.may_see_personal]


@of_latest
def _unseen(known: Mapping[str, Document]) -> Mapping[tuple[Role, bool], frozenset[str]]:
    return {
        (role, sees_personal): frozenset(
            name
            for name, one in known.items()
            if role not in viewers(one.get("visible_to")) or (one["is_personal"] and not sees_personal)
        )
        for role in STAFF_AND_PARTNERS
        for sees_personal in (True, False)
    }


def unseen_kinds(known: Mapping[str, Document], viewer: Viewer) -> frozenset[str]:
    """The kinds of contact (`PHONE`, `EMAIL`) that are not shown to this viewer, wherever a value of the kind stands.

    Whoever may not see one attribute that counts as a person's number in matching sees no numbers, and so with e-mail
    addresses: contact points and identities hold the same, and an attribute that is added later opens none of them.
    """
    if viewer.role is Role.VISITOR:
        return frozenset()
    return _unseen_kinds(known)[viewer.role]


@of_latest
def _unseen_kinds(known: Mapping[str, Document]) -> Mapping[Role, frozenset[str]]:
    return {
        role: frozenset(
            kind for one in known.values() if (kind := kind_of(one)) and role not in viewers(one.get("visible_to"))
        )
        for role in STAFF_AND_PARTNERS
    }


def kind_of(definition: Document) -> str | None:
    """Whether values of the attribute are numbers (`PHONE`) or addresses (`EMAIL`) by which a person is reached."""
    if definition["name"] == _NUMBER:
        return _PHONE
    role: str | None = definition.get("matching_role")
    return role if role in {_PHONE, _EMAIL} else None


def rights_broken(definition: Document) -> Broken | None:
    """What is wrong with the roles that a definition names; None where nothing is."""
    may_edit, may_see = editors(definition.get("editable_by")), viewers(definition.get("visible_to"))
    if outside := [one.name for one in may_edit if one not in STAFF]:
        return ("rules", "editableBy"), (
            f"`editableBy` names {', '.join(outside)}; values are edited by the staff alone. "
            f"Send some of {_names(STAFF)}."
        )
    if Role.VISITOR in may_see:
        return ("rules", "visibleTo"), (
            f"`visibleTo` names VISITOR, who sees no attributes but the own name. Send some of "
            f"{_names(STAFF_AND_PARTNERS)}."
        )
    if definition["name"] in NAMES and (left_out := STAFF.difference(may_see)):
        return ("rules", "visibleTo"), (
            f"The staff knows customers by their names, which are shown to all of it. Name {_names(left_out)}, too."
        )
    if blind := [one.name for one in may_edit if one not in may_see]:
        return ("rules", "visibleTo"), (
            f"{', '.join(blind)} may edit the values by `editableBy` and not see them by `visibleTo`. Whoever edits a "
            "value must see it: name the same roles in both, or fewer in `editableBy`."
        )
    left_out = STAFF_AND_PARTNERS.difference(may_see)
    for rule in ("is_searchable", "is_channel_identifier"):
        if definition.get(rule) and left_out:
            return ("rules", "visibleTo"), (
                f"The values are not for {_names(left_out)}, who would find customers by them: "
                f"`{to_camel_case(rule)}` is for what everybody sees. Take one of the two back."
            )
    return None


def _names(roles: Any) -> str:
    return ", ".join(one.name for one in Role if one in roles)
