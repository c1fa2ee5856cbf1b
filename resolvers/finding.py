"""By which personal values may a viewer find customers, and what is that: a search, or a look-up of one person?

Who asks for a number, an address or an identifier asks who stands behind it, wherever it is asked: that takes the right
to look people up, counts among the look-ups, and the access ledger names who was found.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.records import Document, RecordId, key_hash
from resolvers.attribute_rights import is_shown, kind_of
from resolvers.attribute_rules import AttributeType, MatchingRole, checked
from resolvers.attributes import definitions
from resolvers.channels import places_reached_by
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITY_KEYS, require_look_up
from resolvers.kit.context import Context
from resolvers.kit.described import graph_input, told
from resolvers.kit.errors import BadUserInput
from resolvers.kit.rights import require_fields, require_personal, unseen_values
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import CUSTOMER_FILTER, Match, Slice
from resolvers.kit.texts import quoted
from resolvers.reaches import unseen_reaches
from resolvers.search_words import (
    LONGEST_WORD,
    kinds_asked,
    reaches_asked,
    search_words,
    searchable_definitions,
    words_asked,
)
from resolvers.shown_names import SHOWN_AS

SLICE = Slice("finding")

# Each word of a search is one walk through the index.
MOST_ASKED = 5
SHORTEST_WORD = 2

_LONGEST_ASKED = 500
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
    kinds = kinds_asked(_words_asked(context, search)) if search is not None else frozenset()
    return Way(bool(kinds) or any(map(_is_one_persons, asked)))


def _words_asked(context: Context, search: str) -> Sequence[Sequence[str]]:
    if len(search) > _LONGEST_ASKED:
        # To take it apart would hold everybody up.
        raise BadUserInput(f"`search` has {len(search)} characters; send at most {_LONGEST_ASKED}: a few words.")
    return words_asked(search, context.limits.default_region)


def _is_one_persons(definition: Document) -> bool:
    return definition.get("matching_role") in _ONE_PERSONS or kind_of(definition) is not None


@dataclass(frozen=True, slots=True, repr=False)
class Searched:
    """Who is found by words."""

    match: Match
    """What they match."""
    leading: Sequence[Document] = ()
    """Stages that give those who have the rarest of the words, before all other conditions."""
    is_rare: bool = True
    """Whether they are so few that looking at each of them is quicker than going through a list in its order."""


async def searching(context: Context, search: str) -> Searched:
    """Who is found by these words; a number or address among them is a look-up."""
    require_personal(context, "searching", "Customer.displayName", "ContactPoint.value", "AttributeValue.value")
    words = _words_asked(context, search)
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
        require_fields(context, "searching by a number or address", "Identity.value")
        await require_look_up(context)
        context.delivered.looked_up_by_value()
    context.delivered.searched("Customer.search")
    known_by = await _known_by(context, search, words) if kinds else [[] for _ in words]
    each = [_begun_or_known(forms, ids) for forms, ids in zip(words, known_by, strict=True)]
    searched = await _along_the_rarest(context, each)
    if not hidden:
        return searched
    return Searched({"_id": {"$in": await _found_by_what_is_seen(context, searched, words, known_by, hidden)}})


# Of so many each is looked at in some tenths of a second.
_MOST_RARE = 5_000
# Keeps the database from choosing an index for what stands behind it: more than any collection has.
_BARRIER: Document = {"$limit": 1_000_000_000}


async def _along_the_rarest(context: Context, words: Sequence[Match]) -> Searched:
    """Goes along the index of words from the one that the fewest have: one command.

    Left to itself the database takes the plan that did well for another search, and goes through a million customers
    for a word that nobody has.
    """
    counts: list[Document] = [
        {
            "$unionWith": {
                "coll": CUSTOMERS.name,
                "pipeline": [{"$match": word}, {"$limit": _MOST_RARE + 1}, {"$count": "n"}, {"$set": {"word": number}}],
            }
        }
        for number, word in enumerate(words)
    ]
    found = await context.store.aggregate(CUSTOMERS, [{"$match": {"_id": {"$in": []}}}, *counts])
    known = {one["word"]: one["n"] for one in found}
    rarest = min(range(len(words)), key=lambda number: known.get(number, 0))
    leading: list[Document] = [{"$match": words[rarest]}, _BARRIER]
    # Of several words each may be common, and all together rare.
    is_rare = len(words) > 1 or known.get(rarest, 0) <= _MOST_RARE
    return Searched({"$and": list(words)}, leading, is_rare)


def _begun_or_known(forms: Sequence[str], ids: Sequence[RecordId]) -> Match:
    begun: list[Match] = [_begins_with(word[:LONGEST_WORD]) for word in forms]
    ways = [*begun, {"_id": {"$in": ids}}] if ids else begun
    return ways[0] if len(ways) == 1 else {"$or": ways}


def _begins_with(word: str) -> Match:
    # As a text, for one of Python's regular expressions has a flag, with which MongoDB looks at every word that there
    # is; with `$elemMatch` and bounds it would read each customer whose words it counts.
    return {"search": {"$regex": f"^{re.escape(word)}"}}


async def _known_by(context: Context, search: str, words: Sequence[Sequence[str]]) -> list[list[RecordId]]:
    """By word, who is known on a channel by the number or address that it is, in one command.

    The numbers of identities are no words of the customer: only the hash of a whole one is kept in an index.
    """
    places = {kind: await places_reached_by(context.store, kind) for kind in ("PHONE", "EMAIL")}
    digests = [
        [key_hash(*place, value) for kind, value in reaches for place in places[kind]]
        for reaches in reaches_asked(search, words)
    ]
    if not any(digests):
        return [[] for _ in words]
    stages: list[Document] = [
        {"$match": {"_id": {"$in": [one for some in digests for one in some]}}},
        {"$lookup": {"from": CUSTOMERS.name, "localField": "customer_id", "foreignField": "_id", "as": "own"}},
        {"$project": {"ids": {"$concatArrays": [["$customer_id"], "$own.merged_into"]}}},
    ]
    found = {one["_id"]: one["ids"] for one in await context.store.aggregate(IDENTITY_KEYS, stages)}
    return [[key for one in some for key in found.get(one, ()) if key is not None] for some in digests]


# Of so many some tenths of a second are spent on who is found by what is seen.
_MOST_SIFTED = 1_000


async def _found_by_what_is_seen(
    context: Context,
    searched: Searched,
    words: Sequence[Sequence[str]],
    known_by: Sequence[Sequence[RecordId]],
    hidden: frozenset[str],
) -> list[RecordId]:
    """Of those who match, the ids of those who do by what the viewer may see.

    The words of a customer do not tell of which values they are: of a name, or of a mail address.
    """
    standing: Document = {"$match": {"$and": [searched.match, {"merged_into": None}]}}
    shown: Document = {"$project": {"attributes": 1, "contact_points": 1, SHOWN_AS: 1}}
    stages = [*searched.leading, standing, {"$limit": _MOST_SIFTED + 1}, shown]
    found = await context.store.aggregate(CUSTOMERS, stages)
    if len(found) > _MOST_SIFTED:
        raise BadUserInput(f"More than {_MOST_SIFTED} customers may be found by `search`. Write more of the words.")
    known = (await definitions(context)).values()
    searchable = searchable_definitions(one for one in known if is_shown(one, context.viewer))
    begun = [tuple(form[:LONGEST_WORD] for form in forms) for forms in words]
    asked = list(zip(begun, known_by, strict=True))

    def is_found(customer: Document) -> bool:
        points = [one for one in customer.get("contact_points") or () if one["type"] not in hidden]
        own = search_words(customer["attributes"], points, searchable, customer.get(SHOWN_AS))
        return all(customer["_id"] in ids or any(word.startswith(forms) for word in own) for forms, ids in asked)

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
