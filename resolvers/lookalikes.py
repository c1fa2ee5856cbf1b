"""Who among all customers may be the same person as this one, as things stand now?

Candidates are found along indexes that the customers have anyway, by what two records of a person seldom both get
wrong: a number, an address, an identity, a day of birth, and how the names sound. Each index gives a bounded number, so
that the cost does not grow with the base. A scan of all customers (resolvers/scanning.py) compares by more keys.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from adapters.held import Held, of_latest
from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, key_hash
from resolvers.aliases import ids_of
from resolvers.attribute_rules import MatchingRole
from resolvers.attributes import definitions
from resolvers.channels import places_reached_by, reach_by
from resolvers.customers import CUSTOMERS
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
    evidence_of,
    naming_definitions,
    score_of,
    sounds_kept,
)
from resolvers.search_words import rare_words, search_words

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
_DAY = MatchingRole.BIRTH_DATE

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


def reached(identities: Iterable[Document]) -> list[Reached]:
    """The numbers and addresses among identities, as evidence for people, who see how well each is founded."""
    return [(kind, one["value"]) for one in identities if (kind := reach_by(one["channel"], one["value"]))]


def proven(identities: Iterable[Document]) -> list[Reached]:
    """Those that are proven to be the customer's, as evidence for a machine: what is only claimed merges nobody."""
    return reached(one for one in identities if one["claim"] == "VERIFIED")


async def lookalikes(context: Context, sought: Sequence[Sought]) -> list[list[tuple[Document, Score]]]:
    """Of each, who is probably the same person, the likeliest first: one command for all."""
    known = list((await definitions(context)).values())
    unions = [union for n, one in enumerate(sought) for union in await _unions(context.store, n, one, known)]
    if not unions:
        return [[] for _ in sought]
    found = await context.store.aggregate(CUSTOMERS, [{"$match": {"_id": {"$in": []}}}, *unions, *_EACH_ONCE])
    context.budget.spend(len(found))
    base = _base(await context.store.held.all(BASE))
    evidence = [evidence_of(one.document, known, reached(one.identities)) for one in sought]
    likely: list[list[tuple[Document, Score]]] = [[] for _ in sought]
    for document in found:
        other = evidence_of(document, known, reached(document["identities"]))
        for n in document["of"]:
            score = score_of(evidence[n], other, base)
            if score.bits >= DEFAULT.suggest_at:
                likely[n].append((document, score))
    return [sorted(some, key=lambda one: (-one[1].bits, one[0]["_id"])) for some in likely]


# How they are found

# What several keys found is compared once; then come the identities that speak for a customer.
_BRINGING = {
    "input": {"$ifNull": ["$aliases", []]},
    "cond": {"$in": [IDENTITIES.element, "$$this.elements"]},
}
_OWNERS_OF_IDENTITIES = {"$concatArrays": [["$_id"], {"$map": {"input": {"$filter": _BRINGING}, "in": "$$this.id"}}]}
_EACH_ONCE: Sequence[Document] = (
    {"$group": {"_id": "$_id", "of": {"$addToSet": "$of"}, "own": {"$first": "$$ROOT"}}},
    {"$replaceWith": {"$mergeObjects": ["$own", {"of": "$of"}]}},
    {"$set": {"owners": _OWNERS_OF_IDENTITIES}},
    {
        "$lookup": {
            "from": IDENTITIES.name,
            "localField": "owners",
            "foreignField": "customer_id",
            "pipeline": [{"$project": {"channel": 1, "value": 1, "claim": 1}}],
            "as": "identities",
        }
    },
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


async def _unions(store: Store, n: int, one: Sought, known: Sequence[Document]) -> list[Document]:
    """A stage for each index by which candidates of the n-th are found."""
    reaches = _reaches(one, known)
    ways: list[tuple[Record, list[Document], int]] = [
        (CUSTOMERS, [{"$match": condition}], most) for condition, most in _conditions(one, known, reaches)
    ]
    if digests := await _digests(store, reaches):
        ways.append((IDENTITY_KEYS, [{"$match": {"_id": {"$in": digests}}}, *_OWNERS], _MOST_OF_ONE_KEY))
    others: Document = {"$match": {"_id": {"$nin": ids_of(one.document)}, "merged_into": None}}
    shown: list[Document] = [{"$project": dict.fromkeys(READ, 1)}, {"$set": {"of": n}}]
    return [
        {"$unionWith": {"coll": record.name, "pipeline": [*way, others, {"$limit": most}, *shown]}}
        for record, way, most in ways
    ]


def _conditions(one: Sought, known: Sequence[Document], reaches: Sequence[Reached]) -> Iterator[tuple[Document, int]]:
    """By what candidates are found, each with how many are compared."""
    values = one.document.get("attributes") or {}
    named = naming_definitions(known)
    sounds = sounds_kept(values, named)
    for condition in _by_values(values, known, reaches):
        yield condition, _MOST_OF_ONE_KEY
    if words := [word for kind, value in reaches for word in rare_words(kind, value)]:
        yield {"search": {"$in": words}}, _MOST_OF_ONE_KEY
    days = [{f"attributes.{name}": values[name]} for role, name in _roles(values, known) if role is _DAY]
    same_names = [{f"attributes.{each['name']}": values[each["name"]]} for each in named if values.get(each["name"])]
    for day in days:
        # In a million customers some forty were born on each day.
        beside = [*same_names, *([{"sounds": {"$in": sounds}}] if sounds else [])]
        yield (day | {"$or": beside}, _MOST_OF_ONE_KEY) if beside else (day, _MOST_NAMESAKES)
    if sounds:
        same = {"sounds": {"$in": sounds}}
        where = search_words({}, one.document.get("contact_points") or (), ())
        beside = [*days, *([{"search": {"$in": list(where)}}] if where else [])]
        if beside:
            yield same | {"$or": beside}, _MOST_OF_ONE_KEY
        yield same, _MOST_NAMESAKES
    if one.also:
        yield {"_id": {"$in": list(one.also)}}, _MOST_OF_ONE_KEY


def _reaches(one: Sought, known: Iterable[Document]) -> list[Reached]:
    """Every number and address of the customer, wherever it stands."""
    values = one.document.get("attributes") or {}
    found = [(point["type"], str(point["value"])) for point in one.document.get("contact_points") or ()]
    found = [(kind, value) for kind, value in found if kind != "POSTAL"]
    found += [(_BY_VALUE[role], str(values[name])) for role, name in _roles(values, known) if role in _BY_VALUE]
    return list(dict.fromkeys([*found, *reached(one.identities)]))[:_MOST_VALUES]


def _by_values(values: Mapping[str, Any], known: Sequence[Document], reaches: Sequence[Reached]) -> Iterator[Document]:
    for one in known:
        # Whoever asks has it in another attribute, or as a contact point.
        kind = _BY_VALUE.get(MatchingRole(one["matching_role"])) if one.get("matching_role") else None
        if told := [value for by, value in reaches if by == kind]:
            yield {f"attributes.{one['name']}": {"$in": told}}
    for role, name in _roles(values, known):
        if role is MatchingRole.IDENTIFIER:
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
    learned = parts.get(
        _LEARNED, {"kinds": (), "families": {"doubles": {}, "relatives": {}}}
    )  # a scan from before this was learned
    kinds = {
        one["kind"]: Kind(_levels(one["doubles"]), _levels(one["relatives"]), _levels(one["strangers"]))
        for one in learned["kinds"]
    }
    families = Families(_levels(learned["families"]["relatives"]), _levels(learned["families"]["doubles"]))
    return Base(**sizes, counts=counts, kinds=kinds, families=families)
