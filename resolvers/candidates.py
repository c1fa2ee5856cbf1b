"""By what are those found who may be the same person as a customer, and along which index each?

Each index gives a bounded number. What a viewer may not see finds nobody, either.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, key_hash
from resolvers.attribute_rules import MatchingRole
from resolvers.channels import places_reached_by
from resolvers.customers import CUSTOMERS
from resolvers.matching import Reached, naming_definitions, sounds_kept
from resolvers.matching.words import day_of, email_of, identifier_of, phone_of
from resolvers.namesakes import agreeing, are_readable, of_age
from resolvers.search_words import has_rare_words, rare_words
from resolvers.sight import Sight

# Where more share a value, the value says little, and one of the others finds the person.
MOST_OF_ONE_KEY = 40
# So many are read, that those who only say that the value is theirs do not stand before the one whose it is.
_MOST_READ = 400
# Of those who are alike in one respect alone, and in one that many share, these are enough to see.
_MOST_NAMESAKES = 10
# A customer has at most so many contact points and identities that say something.
_MOST_VALUES = 100
# Roles whose attributes are looked up by the whole value.
_BY_VALUE = {MatchingRole.PHONE: "PHONE", MatchingRole.EMAIL: "EMAIL"}
_COMPARABLE = {"PHONE": phone_of, "EMAIL": email_of}
_DAY = MatchingRole.BIRTH_DATE
# What makes a contact point more than a word, see `matching.Evidence.is_hearsay`.
_SURE = ("$$this.is_verified", "$$this.observed_by")


@dataclass(frozen=True, slots=True, repr=False)
class Sought:
    """A customer for whom others are sought."""

    document: Document
    identities: Sequence[Document] = ()
    also: Sequence[RecordId] = field(default=())
    """Others who are compared in any case."""


Way: TypeAlias = tuple[Record, list[Document], int]
"""Where to find candidates, along which index, and how many of them are compared."""


def along(condition: Document, most: int = MOST_OF_ONE_KEY) -> Way:
    """Those who match a condition, along its index."""
    return CUSTOMERS, [{"$match": condition}], most


def ways(one: Sought, reaches: Sequence[Reached], sight: Sight, *, is_rare: bool) -> Iterator[Way]:
    """By what is said of the customer; `is_rare`: whether the names alone suggest somebody."""
    known = sight.known
    values = one.document.get("attributes") or {}
    named = naming_definitions(known)
    sounds = [] if sight.hides_names else sounds_kept(values, named)
    for condition in _by_values(values, known, reaches):
        yield along(condition)
    if words := [word for kind, value in reaches for word in rare_words(kind, value)]:
        told = [{"$match": {"$expr": _has_reach(reaches, sight)}}] if sight.hides_words else []
        read: list[Document] = [{"$match": {"search": {"$in": words}}}, {"$limit": _MOST_READ}]
        yield CUSTOMERS, [*read, *told, *_surest_first(known)], MOST_OF_ONE_KEY
    days = {
        name: str(values[name]) for role, name in _roles(values, known) if role is _DAY and day_of(str(values[name]))
    }
    alike: list[Document] = [
        {"$eq": [f"$attributes.{each['name']}", {"$literal": values[each["name"]]}]}
        for each in named
        if values.get(each["name"])
    ]
    alike += [{"$in": [sound, {"$ifNull": ["$sounds", []]}]} for sound in sounds]
    for name in days:
        # In a million customers some forty were born on each day. Names are no key here, but looked at in each of them.
        same_day = {f"attributes.{name}": values[name]}
        yield along(same_day | {"$expr": {"$or": alike}}) if alike else along(same_day, _MOST_NAMESAKES)
    if sounds:
        same = {"sounds": {"$in": sounds}}
        for stages in agreeing(same, one.document, sight.telling, days, may_be_folded=not sight.hides_words):
            yield CUSTOMERS, stages, MOST_OF_ONE_KEY
        if is_rare or not are_readable(days):
            yield CUSTOMERS, of_age(same, days), _MOST_NAMESAKES
    if one.also:
        yield along({"_id": {"$in": list(one.also)}})


def _surest_first(known: Sequence[Document]) -> list[Document]:
    """Stages that put those last of whom nothing is known but contact points that nobody made sure of."""
    points: Document = {"$ifNull": ["$contact_points", []]}
    sure: list[Document] = [{"$anyElementTrue": {"$map": {"input": points, "in": one}}} for one in _SURE]
    for one in known:
        if one.get("matching_role") and one["type"] != "PASSWORD":
            nothing = [None, {"$literal": one.get("default")}]
            sure.append({"$not": [{"$in": [{"$ifNull": [f"$attributes.{one['name']}", None]}, nothing]}]})
    return [{"$set": {"is_sure": {"$or": sure}}}, {"$sort": {"is_sure": -1, "_id": 1}}, {"$unset": "is_sure"}]


def _has_reach(reaches: Sequence[Reached], sight: Sight) -> Document:
    """Whether someone has one of these among what the viewer is shown, or writes from a mailbox of the same name.

    The words by which customers are found do not tell of what they are words.
    """
    homes = [value.partition("@")[0] + "@" for kind, value in reaches if kind == "EMAIL"]
    names = [one["name"] for one in sight.known if has_rare_words(one)]
    kinds = [kind for kind in _COMPARABLE if kind not in sight.kinds]
    points = {"input": {"$ifNull": ["$contact_points", []]}, "cond": {"$in": ["$$this.type", kinds]}}
    written = {"$map": {"input": {"$filter": points}, "in": "$$this.value"}}
    values = {"$concatArrays": [written, [f"$attributes.{name}" for name in names]]}
    same: list[Document] = [{"$in": ["$$this", [value for _, value in reaches]]}]
    same += [{"$eq": [{"$indexOfCP": [{"$toString": "$$this"}, home]}, 0]} for home in homes]
    return {"$anyElementTrue": {"$map": {"input": values, "in": {"$or": same}}}}


def reaches_of(one: Sought, sight: Sight) -> list[Reached]:
    """Every number and address of the customer, wherever it stands."""
    values = one.document.get("attributes") or {}
    found = [(point["type"], str(point["value"])) for point in one.document.get("contact_points") or ()]
    found = [(kind, value) for kind, value in found if kind != "POSTAL"]
    found += [(_BY_VALUE[role], str(values[name])) for role, name in _roles(values, sight.known) if role in _BY_VALUE]
    told = dict.fromkeys([*found, *sight.reached(one.identities)])
    # What stands where nothing is known, such as `000000`, is everybody's.
    return [(kind, value) for kind, value in told if _COMPARABLE[kind](value)][:_MOST_VALUES]


def _by_values(values: Mapping[str, Any], known: Sequence[Document], reaches: Sequence[Reached]) -> Iterator[Document]:
    for one in known:
        # Whoever asks has it in another attribute, or as a contact point.
        kind = _BY_VALUE.get(MatchingRole(one["matching_role"])) if one.get("matching_role") else None
        if has_rare_words(one):
            continue
        if told := [value for by, value in reaches if by == kind]:
            yield {f"attributes.{one['name']}": {"$in": told}}
    for role, name in _roles(values, known):
        if role is MatchingRole.IDENTIFIER and identifier_of(str(values[name])):
            yield {f"attributes.{name}": values[name]}


def _roles(values: Mapping[str, Any], known: Iterable[Document]) -> Iterator[tuple[MatchingRole, str]]:
    """The attributes that say something of who the customer is, each with its role in matching."""
    for one in known:
        said = values.get(one["name"])
        if one.get("matching_role") and said not in (None, one.get("default")) and one["type"] != "PASSWORD":
            yield MatchingRole(one["matching_role"]), one["name"]


async def digests_of(store: Store, reaches: Sequence[Reached]) -> list[str]:
    """The keys under which identities with these numbers and addresses stand, on all accounts of ours."""
    places = {kind: await places_reached_by(store, kind) for kind in {kind for kind, _ in reaches}}
    return [key_hash(*place, value) for kind, value in reaches for place in places[kind]]
