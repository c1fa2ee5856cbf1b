"""Who among all customers may be the same person as this one, as things stand now?

Candidates are found along indexes that the customers have anyway, by what two records of a person seldom both get
wrong: a number, an address, an identity, a day of birth, and how the names sound. Each index gives a bounded number, so
that the cost does not grow with the base. A scan of all customers (resolvers/scanning.py) compares by more keys.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from adapters.contract import Who
from adapters.held import Held, of_latest
from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, key_hash
from resolvers.aliases import ids_of
from resolvers.attribute_rules import MatchingRole
from resolvers.channel_identifiers import digests_named, identifiers_of, naming, role_named
from resolvers.channels import places_reached_by, reach_by
from resolvers.customers import CUSTOMERS, customers_by_id
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.context import Context
from resolvers.kit.slice import Slice
from resolvers.matching import (
    DEFAULT,
    Base,
    Digests,
    Families,
    Kind,
    Level,
    Reached,
    Score,
    common_values,
    named,
    naming_definitions,
    score_of,
    sounds_kept,
)
from resolvers.matching.words import day_of, email_of, identifier_of, phone_of
from resolvers.namesakes import agreeing, are_readable, is_name_enough, of_age
from resolvers.search_words import rare_words
from resolvers.sight import Sight, sight_of

BASE = Record(name="matching_base", customer=None, key=("part",), is_held=True)
"""How often values stand among the customers, as the last scan counted them: one document a role, one of sizes,
and one of what identifiers and shared homes tell."""

SLICE = Slice("lookalikes", unshown=[BASE])

READ = ("attributes", "contact_points", "version", "aliases")
"""What of a customer's document is compared, and upon what that is decided."""

# Where more share a value, the value says little, and one of the others finds the person.
_MOST_OF_ONE_KEY = 40
# Of those who are alike in one respect alone, and in one that many share, these are enough to see.
_MOST_NAMESAKES = 10
# A customer with more numbers and addresses than these is found by the first ones.
_MOST_VALUES = 16
# Roles whose attributes are looked up by the whole value.
_BY_VALUE = {MatchingRole.PHONE: "PHONE", MatchingRole.EMAIL: "EMAIL"}
_COMPARABLE = {"PHONE": phone_of, "EMAIL": email_of}
_DAY = MatchingRole.BIRTH_DATE

# What a scan from before anything was learned has left.
_NOTHING_LEARNED: Document = {"kinds": (), "families": {"doubles": {}, "relatives": {}}}

_SIZES = "sizes"
_LEARNED = "learned"
N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Sought:
    """A customer for whom others are sought."""

    document: Document
    identities: Sequence[Document] = ()
    also: Sequence[RecordId] = field(default=())
    """Others who are compared in any case."""


def proven(identities: Iterable[Document]) -> list[Reached]:
    """The numbers and addresses that are proven to be the customer's: what is only claimed merges nobody."""
    told = (one for one in identities if one["claim"] == "VERIFIED")
    return [(kind, one["value"]) for one in told if (kind := reach_by(one["channel"], one["value"]))]


async def lookalikes(context: Context, sought: Sequence[Sought]) -> list[list[tuple[Document, Score]]]:
    """Of each, who is probably the same person, by what the viewer may see of both alone: one command for all.

    First those whom a channel identifier names, whatever else is said of them; then the likeliest.
    """
    sight = await sight_of(context)
    identifiers = identifiers_of(sight.known)
    shown = [replace(one, document=sight.document(one.document)) for one in sought]
    base = _base(await context.store.held.all(BASE))
    evidence = [sight.evidence(one.document, one.identities) for one in sought]
    unions = [
        union
        for n, (one, told) in enumerate(zip(shown, evidence, strict=True))
        for union in await _unions(context.store, n, one, sight, identifiers, is_rare=is_name_enough(told, base))
    ]
    if not unions:
        return [[] for _ in sought]
    found = await context.store.aggregate(CUSTOMERS, [{"$match": {"_id": {"$in": []}}}, *unions, *_EACH_ONCE])
    candidates: list[Document] = [document for together in found for document in together["candidates"]]
    context.budget.spend(len(candidates))
    identities: defaultdict[RecordId, list[Document]] = defaultdict(list)
    for identity in (one for together in found for one in together["identities"]):
        identities[identity["customer_id"]].append(identity)
    likely: list[list[tuple[bool, Document, Score]]] = [[] for _ in sought]
    for document in candidates:
        theirs = [identity for owner in document["owners"] for identity in identities[owner]]
        other = sight.evidence(document, theirs)
        for n in document["of"]:
            score = score_of(evidence[n], other, base)
            role = _role_named(identifiers, shown[n], document, theirs)
            if role is not None:
                likely[n].append((True, document, named(score, role)))
            elif score.bits >= DEFAULT.suggest_at:
                likely[n].append((False, document, score))
    ordered = [sorted(some, key=lambda one: (not one[0], -one[2].bits, one[1]["_id"])) for some in likely]
    return [[(document, score) for _, document, score in some] for some in ordered]


def _role_named(
    identifiers: Sequence[Document], one: Sought, other: Document, theirs: Sequence[Document]
) -> MatchingRole | None:
    """In which role a channel identifier of either of the two names the other; None where none does."""
    if not identifiers:
        return None
    there = role_named(identifiers, other.get("attributes") or {}, _whos(one.identities))
    found = there or role_named(identifiers, one.document.get("attributes") or {}, _whos(theirs))
    return MatchingRole(found) if found else None


def _whos(identities: Iterable[Document]) -> list[Who]:
    return [Who(one["channel"], one["account"], one["value"]) for one in identities]


async def compared(context: Context, pairs: Sequence[tuple[RecordId, RecordId]]) -> list[Score | None]:
    """How likely the two of each pair are one person, by what the viewer may see; None where they are one already.

    Each counts as the customer into whom it went. Three commands at most.
    """
    sight = await sight_of(context)
    found = await customers_by_id(context, list(dict.fromkeys(key for pair in pairs for key in pair)))
    people = {one.key: one.document for one in found.values()}
    owners = {key: who for who, document in people.items() for key in ids_of(document, IDENTITIES)}
    identities: dict[RecordId, list[Document]] = {who: [] for who in people}
    shown = ("customer_id", "channel", "value", "claim")
    for one in await context.store.find(IDENTITIES, {"customer_id": {"$in": list(owners)}}, only=shown):
        identities[owners[one["customer_id"]]].append(one)
    base = _base(await context.store.held.all(BASE))
    evidence = {who: sight.evidence(document, identities[who]) for who, document in people.items()}
    both = [(found.get(one), found.get(other)) for one, other in pairs]
    return [
        score_of(evidence[one.key], evidence[other.key], base) if one and other and one.key != other.key else None
        for one, other in both
    ]


# How they are found

# What several keys found is compared once; then come the identities that speak for a customer.
_BRINGING = {
    "input": {"$ifNull": ["$aliases", []]},
    "cond": {"$in": [IDENTITIES.element, "$$this.elements"]},
}
_OWNERS_OF_IDENTITIES = {"$concatArrays": [["$_id"], {"$map": {"input": {"$filter": _BRINGING}, "in": "$$this.id"}}]}
_BOTH = {"$concatArrays": ["$$value", "$$this"]}
_EACH_ONCE: Sequence[Document] = (
    {"$group": {"_id": "$_id", "of": {"$addToSet": "$of"}, "own": {"$first": "$$ROOT"}}},
    {"$replaceWith": {"$mergeObjects": ["$own", {"of": "$of", "owners": _OWNERS_OF_IDENTITIES}]}},
    # All together, so that the identities are one look-up, and not one for each.
    {"$group": {"_id": None, "candidates": {"$push": "$$ROOT"}}},
    {"$set": {"owners": {"$reduce": {"input": "$candidates.owners", "initialValue": [], "in": _BOTH}}}},
    {
        "$lookup": {
            "from": IDENTITIES.name,
            "localField": "owners",
            "foreignField": "customer_id",
            "pipeline": [{"$project": dict.fromkeys(("customer_id", "channel", "account", "value"), 1)}],
            "as": "identities",
        }
    },
    {"$unset": "owners"},
)


# Those who are known by the identities, and the ones into whom they were merged.
_JOIN = {"from": CUSTOMERS.name, "foreignField": "_id"}
_OWNERS: Sequence[Document] = (
    {"$lookup": {**_JOIN, "localField": "customer_id", "as": "own"}},
    {"$lookup": {**_JOIN, "localField": "own.merged_into", "as": "survivor"}},
    {"$project": {"both": {"$concatArrays": ["$own", "$survivor"]}}},
    {"$unwind": "$both"},
    {"$replaceWith": "$both"},
)


Way: TypeAlias = tuple[Record, list[Document], int]
"""Where to find candidates, along which index, and how many of them are compared."""


def _along(condition: Document, most: int = _MOST_OF_ONE_KEY) -> Way:
    return CUSTOMERS, [{"$match": condition}], most


async def _unions(
    store: Store, n: int, one: Sought, sight: Sight, identifiers: Sequence[Document], *, is_rare: bool
) -> list[Document]:
    """A stage for each index by which candidates of the n-th are found."""
    reaches = _reaches(one, sight)
    ways = [_along(condition) for condition in naming(identifiers, _whos(one.identities))]
    ways += _ways(one, reaches, sight, is_rare=is_rare)
    digests = await _digests(store, reaches)
    digests += await digests_named(store, identifiers, one.document.get("attributes") or {})
    if digests:
        known_by = {"$match": {"_id": {"$in": list(dict.fromkeys(digests))}}}
        ways.append((IDENTITY_KEYS, [known_by, *_OWNERS], _MOST_OF_ONE_KEY))
    # Said so that no index serves it: the planner would try out each that could, against the one that is meant.
    own = {"$in": ["$_id", ids_of(one.document)]}
    others: Document = {"$match": {"$expr": {"$not": [{"$or": [own, "$merged_into"]}]}}}
    shown: list[Document] = [{"$project": dict.fromkeys(READ, 1)}, {"$set": {"of": n}}]
    return [
        {"$unionWith": {"coll": record.name, "pipeline": [*way, others, {"$limit": most}, *shown]}}
        for record, way, most in ways
    ]


def _ways(one: Sought, reaches: Sequence[Reached], sight: Sight, *, is_rare: bool) -> Iterator[Way]:
    """How candidates are found among the customers; `is_rare`: whether the names alone suggest somebody."""
    known = sight.known
    values = one.document.get("attributes") or {}
    named = naming_definitions(known)
    sounds = sounds_kept(values, named)
    for condition in _by_values(values, known, reaches):
        yield _along(condition)
    if words := [word for kind, value in reaches for word in rare_words(kind, value)]:
        yield _along({"search": {"$in": words}})
    days = {
        name: str(values[name]) for role, name in _roles(values, known) if role is _DAY and day_of(str(values[name]))
    }
    same_names = [{f"attributes.{each['name']}": values[each["name"]]} for each in named if values.get(each["name"])]
    for name in days:
        # In a million customers some forty were born on each day.
        same_day = {f"attributes.{name}": values[name]}
        beside = [*same_names, *([{"sounds": {"$in": sounds}}] if sounds else [])]
        yield _along(same_day | {"$or": beside}) if beside else _along(same_day, _MOST_NAMESAKES)
    if sounds:
        same = {"sounds": {"$in": sounds}}
        for stages in agreeing(same, one.document, sight.telling, days):
            yield CUSTOMERS, stages, _MOST_OF_ONE_KEY
        if is_rare or not are_readable(days):
            yield CUSTOMERS, of_age(same, days), _MOST_NAMESAKES
    if one.also:
        yield _along({"_id": {"$in": list(one.also)}})


def _reaches(one: Sought, sight: Sight) -> list[Reached]:
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


async def _digests(store: Store, reaches: Sequence[Reached]) -> list[str]:
    """The keys under which identities with these numbers and addresses stand, on all accounts of ours."""
    places = {kind: await places_reached_by(store, kind) for kind in {kind for kind, _ in reaches}}
    return [key_hash(*place, value) for kind, value in reaches for place in places[kind]]


# How common each value is


async def keep_base(store: Store, base: Base, at: datetime) -> None:
    """Keeps how often values stand among the customers, so that who is met later is weighed by it."""
    sizes = {"size": base.size, "doubles": base.doubles, "relatives": base.relatives, "people": base.people}
    parts: list[Document] = [{"part": _SIZES, **sizes, "at": at}]
    parts += [{"part": role.value, "counts": counts, "at": at} for role, counts in common_values(base).items()]
    parts.append({"part": _LEARNED, **_learned(base), "at": at})
    await store.upsert(BASE, [(BASE.id_of(one), {"$set": one}) for one in parts])


def _learned(base: Base) -> Document:
    kinds = [
        {
            "kind": name,
            "doubles": _named(kind.doubles),
            "relatives": _named(kind.relatives),
            "strangers": _named(kind.strangers),
        }
        for name, kind in base.kinds.items()
    ]
    families = {"doubles": _named(base.families.doubles), "relatives": _named(base.families.relatives)}
    return {"kinds": kinds, "families": families}


def _named(levels: Mapping[Level, float]) -> Document:
    return {level.name: told for level, told in levels.items()}


def _levels(named: Mapping[str, N]) -> Mapping[Level, N]:
    return {Level[name]: told for name, told in named.items()}


@of_latest
def _base(held: Held) -> Base:
    parts = {one["part"]: one for one in held.values()}
    if _SIZES not in parts:
        return Base()
    sizes = {name: parts[_SIZES][name] for name in ("size", "doubles", "relatives", "people")}
    counts = {role: Digests(parts[role.value]["counts"]) for role in MatchingRole if role.value in parts}
    learned = parts.get(_LEARNED, _NOTHING_LEARNED)
    kinds = {
        one["kind"]: Kind(_levels(one["doubles"]), _levels(one["relatives"]), _levels(one["strangers"]))
        for one in learned["kinds"]
    }
    families = Families(_levels(learned["families"]["relatives"]), _levels(learned["families"]["doubles"]))
    return Base(**sizes, counts=counts, kinds=kinds, families=families)
