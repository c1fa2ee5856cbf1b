"""Whom does an attribute name on channels?

Administrators say of an attribute that it is a channel identifier: whoever is known on a channel by its value is
probably the customer who has it. A phone number is compared with numbers and an address with addresses, in the one form
that both keep; any other text with whatever id a channel has, sign by sign.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.contract.records import Who
from adapters.mongo import Store
from adapters.records import Document, key_hash
from resolvers.attribute_rights import Broken, is_for_everybody
from resolvers.channels import every_place, reach_by, require_places
from resolvers.kit.context import Context
from resolvers.kit.errors import BadUserInput, invalid
from resolvers.kit.texts import plain_line

# A company is on some tens of channel accounts; a channel's name and ours there are words.
MOST_PLACES, LONGEST_PLACE = 50, 200

# What ids of numbers and addresses are compared with; texts with any id.
_KINDS: Mapping[str, str] = {"PHONE_NUMBER": "PHONE", "EMAIL": "EMAIL"}
_TEXTS = frozenset({"ALPHANUMERIC", "STRING", "URL"})


def identifiers_of(known: Iterable[Document]) -> list[Document]:
    """The definitions among these whose values name customers on channels.

    Left out are those from before there were rules for it: what only some may see would be told by who is found.
    """
    return [one for one in known if one.get("is_channel_identifier") and _broken(one) is None and is_for_everybody(one)]


def names(definition: Document, who: Who) -> bool:
    """Whether whoever has the identity's value in the attribute is named by it there."""
    kind = _KINDS.get(definition["type"])
    return kind in (None, reach_by(who.channel, who.value)) and _is_at(definition, who)


def is_bound(definition: Document) -> bool:
    """Whether its values are ids of certain channels, and not texts that may be an id of somebody else's anywhere."""
    return definition["type"] in _KINDS or bool(_places(definition))


def role_named(identifiers: Iterable[Document], values: Mapping[str, Any], whos: Sequence[Who]) -> str | None:
    """What kind of evidence it is that these values name one of the identities: None where none does.

    `PHONE`, `EMAIL` or `IDENTIFIER`.
    """
    for one in identifiers:
        value = values.get(one["name"])
        if any(value == who.value and names(one, who) for who in whos):
            return _KINDS.get(one["type"], "IDENTIFIER")
    return None


def naming(identifiers: Iterable[Document], whos: Sequence[Who]) -> list[Document]:
    """What customers' documents match whose values name any of the identities: a condition for each attribute."""
    found = {one["name"]: [who.value for who in whos if names(one, who)] for one in identifiers}
    return [{f"attributes.{name}": {"$in": values}} for name, values in found.items() if values]


async def digests_named(
    store: Store, identifiers: Sequence[Document], values: Mapping[str, Any], unseen: frozenset[str]
) -> list[str]:
    """The keys under which identities stand that these values name, on all accounts of ours.

    `unseen`: kinds (`PHONE`, `EMAIL`) of identities that are left out.
    """
    there = [one for one in identifiers if one["name"] in values]
    if not there:
        return []
    whos = [(one, Who(*place, str(values[one["name"]]))) for one in there for place in await every_place(store)]
    return [key_hash(*who) for one, who in whos if names(one, who) and reach_by(who.channel, who.value) not in unseen]


def _places(definition: Document) -> Sequence[str]:
    return definition.get("identifies_on") or ()


def _is_at(definition: Document, who: Who) -> bool:
    places = _places(definition)
    return not places or who.channel in places or f"{who.channel}/{who.account}" in places


# What may be said of a definition


def identifier_broken(definition: Document) -> Broken | None:
    """What is wrong with a definition as a channel identifier; None where nothing is."""
    places = _places(definition)
    if len(places) > MOST_PLACES or len(set(places)) < len(places):
        return ("rules", "identifiesOn"), f"Send at most {MOST_PLACES} channels, each once."
    try:
        for number, one in enumerate(places, 1):
            plain_line(one, f"Channel {number}", LONGEST_PLACE)
    except ValueError as error:
        return ("rules", "identifiesOn"), str(error)
    return _broken(definition) if definition.get("is_channel_identifier") else None


def _broken(definition: Document) -> Broken | None:
    kind = _KINDS.get(definition["type"])
    if kind is None and definition["type"] not in _TEXTS:
        offered = ", ".join([*_KINDS, *sorted(_TEXTS)])
        return ("rules", "isChannelIdentifier"), (
            f"A value of the type {definition['type']} is nobody's id on a channel. `isChannelIdentifier` is for the "
            f"types {offered}."
        )
    if definition["default"] is not None:
        return ("rules", "default"), (
            "A value that everybody is given names nobody on a channel. Leave the default out, or "
            "`isChannelIdentifier`."
        )
    for place in _places(definition):
        channel = place.partition("/")[0]
        if kind and reach_by(channel, "") != kind:
            return ("rules", "identifiesOn"), (
                f"Nobody is known on {channel!r} by what the type {definition['type']} holds. Leave the channel out, "
                "or use an attribute of the type STRING for the ids that are given there."
            )
    return None


async def require_identifying(context: Context, rules: Mapping[str, Any]) -> None:
    """Refuses rules whose `identifiesOn` names what is no channel of this gateway, or no account of ours on one."""
    try:
        await require_places(context, rules.get("identifies_on") or (), "identifiesOn")
    except BadUserInput as error:
        raise invalid(error.message, "input", "rules", "identifiesOn") from error
