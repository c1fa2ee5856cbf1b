"""Who among all customers may be the same person as this one, as things stand now?

Candidates are found along indexes that the customers have anyway, by what two records of a person seldom both get
wrong: a number, an address, an identity, a day of birth, and how the names sound. Each index gives a bounded number, so
that the cost does not grow with the base. A scan of all customers (resolvers/scanning.py) compares by more keys.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from adapters.contract import Who
from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, key_hash
from resolvers.aliases import ids_of
from resolvers.attribute_rules import MatchingRole
from resolvers.channel_identifiers import digests_named, identifiers_of, naming, role_named
from resolvers.channels import places_reached_by, reach_by
from resolvers.customers import CUSTOMERS, customers_by_id
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.context import Context
from resolvers.matching import (
    DEFAULT,
    Base,
    Reached,
    Score,
    named,
    naming_definitions,
    score_of,
    sounds_kept,
)
from resolvers.matching.words import day_of, email_of, identifier_of, phone_of
from resolvers.matching_base import base_of_now
from resolvers.namesakes import agreeing, are_readable, is_name_enough, of_age
from resolvers.search_words import has_rare_words, rare_words
from resolvers.sight import Sight, sight_of

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


@dataclass(slots=True)
class Search:
    """A search for those who are probably the same person as one of some customers."""

    _context: Context
    _sight: Sight
    _base: Base
    _identifiers: Sequence[Document]
    _asked: dict[int, "_Asked"] = field(default_factory=dict)
    _found: dict[RecordId, Document] = field(default_factory=dict)
    _for: defaultdict[RecordId, set[int]] = field(default_factory=lambda: defaultdict(set))
    _identities: defaultdict[RecordId, list[Document]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    async def begin(cls, context: Context) -> "Search":
        """A search in which nothing was asked yet."""
        sight = await sight_of(context)
        return cls(context, sight, await base_of_now(context.store), identifiers_of(sight.known))

    async def ask(self, sought: Sequence[Sought], *, beside: Sequence[Document] = ()) -> list[Document]:
        """Looks for what is not known yet of these, in one command, and answers what `beside` finds.

        `beside` are stages that unite other records with what was found. Where more is known of them later, they are
        asked for once more: in the same order, by what is new alone.
        """
        unions = [union for n, one in enumerate(sought) for union in await self._new_unions(n, one)]
        tail = _EACH_ONCE if unions else ()
        if not (unions or beside):
            return []
        stages: list[Document] = [{"$match": {"_id": {"$in": []}}}, *unions, *tail, *beside]
        found = await self._context.store.aggregate(CUSTOMERS, stages)
        rows: list[Document] = []
        for one in found:
            if "candidates" not in one:
                rows.append(one)
                continue
            self._context.budget.spend(sum(each["_id"] not in self._found for each in one["candidates"]))
            for each in one["candidates"]:
                self._found.setdefault(each["_id"], each)
                self._for[each["_id"]].update(each["of"])
            for each in one["identities"]:
                self._identities[each["customer_id"]].append(each)
        return rows

    async def _new_unions(self, n: int, one: Sought) -> list[Document]:
        shown = replace(one, document=self._sight.document(one.document), also=self._not_found(n, one.also))
        reaches = _reaches(shown, self._sight)
        whos = _whos(one.identities) if self._identifiers else []
        asked = self._asked.get(n)
        if asked is None:
            told = self._sight.evidence(one.document, ())
            asked = self._asked[n] = _Asked(is_name_enough(told, self._base))
        elif asked.reaches == reaches and asked.whos == whos and not shown.also:
            return []
        asked.reaches, asked.whos = reaches, whos
        ways = [_along(condition) for condition in naming(self._identifiers, whos)]
        ways += _ways(shown, reaches, self._sight, is_rare=asked.is_rare)
        ways += await _ways_by_identities(self._context.store, shown, reaches, self._identifiers)
        unions = [_union(n, way, ids_of(one.document)) for way in ways]
        new = [union for union in unions if union not in asked.unions]
        asked.unions += new
        return new

    def _not_found(self, n: int, ids: Iterable[RecordId]) -> list[RecordId]:
        return [one for one in ids if n not in self._for.get(one, ())]

    def likely(self, sought: Sequence[Sought]) -> list[list[tuple[Document, Score]]]:
        """Of each, who is probably the same person, by what the viewer may see of both alone.

        First those whom a channel identifier names, whatever else is said of them; then the likeliest.
        """
        shown = [replace(one, document=self._sight.document(one.document)) for one in sought]
        evidence = [self._sight.evidence(one.document, one.identities) for one in sought]
        likely: list[list[tuple[bool, Document, Score]]] = [[] for _ in sought]
        for key, document in self._found.items():
            theirs = _each_once(identity for owner in document["owners"] for identity in self._identities[owner])
            other = self._sight.evidence(document, theirs)
            for n in self._for[key]:
                score = score_of(evidence[n], other, self._base)
                role = _role_named(self._identifiers, shown[n], document, theirs)
                if role is not None:
                    likely[n].append((True, document, named(score, role)))
                elif score.bits >= DEFAULT.suggest_at:
                    likely[n].append((False, document, score))
        ordered = [sorted(some, key=lambda one: (not one[0], -one[2].bits, one[1]["_id"])) for some in likely]
        return [[(document, score) for _, document, score in some] for some in ordered]


@dataclass(slots=True)
class _Asked:
    """By what others were sought for one of the customers."""

    is_rare: bool
    reaches: list[Reached] = field(default_factory=list)
    whos: list[Who] = field(default_factory=list)
    unions: list[Document] = field(default_factory=list)


def _each_once(identities: Iterable[Document]) -> list[Document]:
    return list({one["_id"]: one for one in identities}.values())


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
    base = await base_of_now(context.store)
    evidence = {who: sight.evidence(document, identities[who]) for who, document in people.items()}
    both = [(found.get(one), found.get(other)) for one, other in pairs]
    return [
        score_of(evidence[one.key], evidence[other.key], base) if one and other and one.key != other.key else None
        for one, other in both
    ]


# How they are found

# What several keys found is compared once; then come the identities that speak for a customer.
_BRINGING = {
    "input": {"$ifNull": ["$own.aliases", []]},
    "cond": {"$in": [IDENTITIES.element, "$$this.elements"]},
}
_OWNERS_OF_IDENTITIES = {"$concatArrays": [["$_id"], {"$map": {"input": {"$filter": _BRINGING}, "in": "$$this.id"}}]}
_BOTH = {"$concatArrays": ["$$value", "$$this"]}
_EACH_ONCE: Sequence[Document] = (
    {"$group": {"_id": "$_id", "of": {"$addToSet": {"$ifNull": ["$of", 0]}}, "own": {"$first": "$$ROOT"}}},
    {
        "$replaceWith": {"_id": "$_id", "of": "$of", "owners": _OWNERS_OF_IDENTITIES}
        | {one: f"$own.{one}" for one in READ}
    },
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


def _union(n: int, way: Way, own: Sequence[RecordId]) -> Document:
    """A stage that finds candidates of the n-th, who has these ids."""
    record, stages, most = way
    # Said so that no index serves it: the planner would try out each that could, against the one that is meant.
    others = {"$match": {"$expr": {"$not": [{"$or": [{"$in": ["$_id", own]}, "$merged_into"]}]}}}
    return {
        "$unionWith": {
            "coll": record.name,
            "pipeline": [*stages, others, {"$limit": most}, *([{"$set": {"of": n}}] if n else [])],
        }
    }


async def _ways_by_identities(
    store: Store, one: Sought, reaches: Sequence[Reached], identifiers: Sequence[Document]
) -> list[Way]:
    """By the identities that have these numbers and addresses, or that an attribute names."""
    digests = await _digests(store, reaches)
    digests += await digests_named(store, identifiers, one.document.get("attributes") or {})
    if not digests:
        return []
    known_by = {"$match": {"_id": {"$in": list(dict.fromkeys(digests))}}}
    return [(IDENTITY_KEYS, [known_by, *_OWNERS], _MOST_OF_ONE_KEY)]


def _ways(one: Sought, reaches: Sequence[Reached], sight: Sight, *, is_rare: bool) -> Iterator[Way]:
    """By what is said of the customer; `is_rare`: whether the names alone suggest somebody."""
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
    alike: list[Document] = [
        {"$eq": [f"$attributes.{each['name']}", {"$literal": values[each["name"]]}]}
        for each in named
        if values.get(each["name"])
    ]
    alike += [{"$in": [sound, {"$ifNull": ["$sounds", []]}]} for sound in sounds]
    for name in days:
        # In a million customers some forty were born on each day. Names are no key here, but looked at in each of them.
        same_day = {f"attributes.{name}": values[name]}
        yield _along(same_day | {"$expr": {"$or": alike}}) if alike else _along(same_day, _MOST_NAMESAKES)
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


async def _digests(store: Store, reaches: Sequence[Reached]) -> list[str]:
    """The keys under which identities with these numbers and addresses stand, on all accounts of ours."""
    places = {kind: await places_reached_by(store, kind) for kind in {kind for kind, _ in reaches}}
    return [key_hash(*place, value) for kind, value in reaches for place in places[kind]]
