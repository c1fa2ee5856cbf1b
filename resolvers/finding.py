"""By which personal values may a viewer find customers, and what is that: a search, or a look-up of one person?

Who asks for a number, an address or an identifier asks who stands behind it, wherever it is asked: that takes the right
to look people up, counts among the look-ups, and the access ledger names who was found.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.records import Document, RecordId
from resolvers.attribute_rights import is_shown, kind_of
from resolvers.attribute_rules import AttributeType, MatchingRole, checked
from resolvers.attributes import definitions
from resolvers.customers import CUSTOMERS
from resolvers.identities import require_look_up
from resolvers.kit.context import Context
from resolvers.kit.described import graph_input, told
from resolvers.kit.errors import BadUserInput
from resolvers.kit.rights import require_fields, require_personal, unseen_values
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import CUSTOMER_FILTER, Match, Slice
from resolvers.kit.texts import quoted
from resolvers.reaches import unseen_reaches
from resolvers.search_words import LONGEST_WORD, kinds_asked, search_words, searchable_definitions, words_asked

SLICE = Slice("finding")

# Each word of a search is one walk through the index.
MOST_ASKED = 5
SHORTEST_WORD = 2

_ONE_PERSONS = frozenset({MatchingRole.PHONE.value, MatchingRole.EMAIL.value, MatchingRole.IDENTIFIER.value})


@dataclass(frozen=True, slots=True)
class Way:
    """How personal values were asked for."""

    is_look_up: bool
    """Whether by what is one person's own."""


async def way_of(context: Context, search: str | None, conditions: "Sequence[AttributeCondition] | None") -> Way | None:
    """How a list was asked for by personal values; None where it was not."""
    if search is None and not conditions:
        return None
    known = await definitions(context)
    asked = [known[one.name] for one in conditions or () if one.any_of]
    if search is None and not any(one["is_personal"] or _is_one_persons(one) for one in asked):
        return None
    kinds = kinds_asked(words_asked(search, context.limits.default_region)) if search is not None else frozenset()
    return Way(bool(kinds) or any(map(_is_one_persons, asked)))


def _is_one_persons(definition: Document) -> bool:
    return definition.get("matching_role") in _ONE_PERSONS or kind_of(definition) is not None


async def searching(context: Context, search: str) -> Match:
    """What customers match who are found by these words; a number or address among them is a look-up."""
    require_personal(context, "searching", "Customer.displayName", "ContactPoint.value", "AttributeValue.value")
    words = words_asked(search, context.limits.default_region)
    if not 1 <= len(words) <= MOST_ASKED:
        raise BadUserInput(
            f"`search` has {len(words)} words; send 1 to {MOST_ASKED}, each of at least {SHORTEST_WORD} characters."
        )
    # The word itself may be somebody's name.
    if short := [n for n, forms in enumerate(words, 1) if len(forms[0]) < SHORTEST_WORD]:
        raise BadUserInput(
            f"Word {short[0]} of `search` has 1 character; "
            f"write at least {SHORTEST_WORD} characters of it, or leave it out."
        )
    if "\0" in search:
        raise BadUserInput("`search` holds the character U+0000, which is in no name. Leave it out.")
    kinds, hidden = kinds_asked(words), await unseen_reaches(context)
    if kinds & hidden:
        raise unseen_values("searching by a number or address of that kind")
    if kinds:
        await require_look_up(context)
        context.delivered.looked_up_by_value()
    context.delivered.searched("Customer.search")
    begun = [[re.compile(f"^{re.escape(word[:LONGEST_WORD])}") for word in forms] for forms in words]
    match: Match = {"$and": [{"search": forms[0] if len(forms) == 1 else {"$in": forms}} for forms in begun]}
    return {"_id": {"$in": await _found_by_what_is_seen(context, match, words, hidden)}} if hidden else match


# Of so many some tenths of a second are spent on who is found by what is seen.
_MOST_SIFTED = 1_000


async def _found_by_what_is_seen(
    context: Context, match: Match, words: Sequence[Sequence[str]], hidden: frozenset[str]
) -> list[RecordId]:
    """Of those who match, the ids of those who do by what the viewer may see.

    The words of a customer do not tell of which values they are: of a name, or of a mail address.
    """
    standing = {"$and": [match, {"merged_into": None}]}
    read = ("attributes", "contact_points")
    found = await context.store.find(CUSTOMERS, standing, limit=_MOST_SIFTED + 1, only=read)
    if len(found) > _MOST_SIFTED:
        raise BadUserInput(f"More than {_MOST_SIFTED} customers may be found by `search`. Write more of the words.")
    known = (await definitions(context)).values()
    searchable = searchable_definitions(one for one in known if is_shown(one, context.viewer))
    asked = [tuple(form[:LONGEST_WORD] for form in forms) for forms in words]

    def is_found(customer: Document) -> bool:
        points = [one for one in customer.get("contact_points") or () if one["type"] not in hidden]
        own = search_words(customer["attributes"], points, searchable)
        return all(any(word.startswith(forms) for word in own) for forms in asked)

    return [one["_id"] for one in found if is_found(one)]


@graph_input
class AttributeCondition:
    """What an attribute of the customer schema must hold."""

    name: str = told("The attribute's name.")
    any_of: list[AttributeScalar] = told("One of these values; an empty list sets no condition.")


@SLICE.condition(CUSTOMER_FILTER)
async def attributes(conditions: list[AttributeCondition], context: Context) -> Match:
    """Customers whose attributes fulfil every one of these conditions.

    Each value of an attribute that counts as PHONE, EMAIL or IDENTIFIER in matching is a look-up: partners need the
    scope `lookup` for it.
    """
    known = await definitions(context)
    return {"$and": [await _attribute_match(one, known, context) for one in conditions]}


async def _attribute_match(condition: AttributeCondition, known: Mapping[str, Any], context: Context) -> Match:
    definition = known.get(condition.name)
    if definition is None:
        raise BadUserInput(
            f"`filter.attributes` names {quoted(condition.name)}, which is no attribute. "
            f"Known attributes: {', '.join(known)}."
        )
    if definition["type"] == AttributeType.PASSWORD.value:
        raise BadUserInput(f"{condition.name!r} holds a secret, which can be written and never read. Leave it out.")
    what = f"filtering by {condition.name}"
    if not is_shown(definition, context.viewer):
        raise unseen_values(what)
    require_fields(context, what, "AttributeValue.value")
    try:
        values = [checked(definition, value, context.limits.default_region) for value in condition.any_of]
    except ValueError as error:
        raise BadUserInput(
            f"`filter.attributes` asks for a value that {condition.name!r} cannot hold. {error}"
        ) from error
    if _is_one_persons(definition):
        for _ in values:
            await require_look_up(context)
            context.delivered.looked_up_by_value()
    if values and (definition["is_personal"] or _is_one_persons(definition)):
        context.delivered.searched(f"Customer.attributes.{condition.name}")
    return {f"attributes.{condition.name}": {"$in": values}} if values else {}
