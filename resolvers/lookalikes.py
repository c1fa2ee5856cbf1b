"""Who among all customers may be the same person as this one, as things stand now?

Candidates are found along indexes that the customers have anyway, by what two records of a person seldom both get
wrong: a number, an address, an identity, a day of birth, and how the names sound. Each index gives a bounded number, so
that the cost does not grow with the base. A scan of all customers (resolvers/scanning.py) compares by more keys.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from adapters.contract.records import Who
from adapters.records import Document, RecordId
from resolvers.aliases import ids_of
from resolvers.attribute_rules import MatchingRole
from resolvers.candidates import MOST_OF_ONE_KEY, Sought, Way, along, digests_of, reaches_of, ways
from resolvers.channel_identifiers import digests_named, identifiers_of, naming, role_named
from resolvers.channels import reach_by
from resolvers.customers import CUSTOMERS, customers_by_id
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.context import Context
from resolvers.matching import (
    DEFAULT,
    Base,
    Reached,
    Score,
    named,
    score_of,
)
from resolvers.matching_base import base_of_now
from resolvers.namesakes import is_name_enough
from resolvers.sight import Sight, sight_of

READ = ("attributes", "contact_points", "version", "aliases")
"""What of a customer's document is compared, and upon what that is decided."""


def proven(identities: Iterable[Document]) -> list[Reached]:
    """The numbers and addresses that are proven to be the customer's: what is only claimed merges nobody."""
    told = (one for one in identities if one["claim"] == "VERIFIED" and not one.get("is_former"))
    return [(kind, one["value"]) for one in told if (kind := reach_by(one["channel"], one["value"]))]


@dataclass(slots=True, repr=False)
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
        also = self._not_found(n, one.also)
        if n in self._asked and not also and not self._says_more(one.identities):
            return []
        shown = replace(self._shown(one), also=also)
        reaches = reaches_of(shown, self._sight)
        whos = _whos(shown.identities) if self._identifiers else []
        asked = self._asked.get(n)
        if asked is None:
            told = self._sight.evidence(one.document, ())
            asked = self._asked[n] = _Asked(is_name_enough(told, self._base))
        elif asked.reaches == reaches and asked.whos == whos and not shown.also:
            return []
        asked.reaches, asked.whos = reaches, whos
        found = [along(condition) for condition in naming(self._identifiers, whos)]
        found += ways(shown, reaches, self._sight, is_rare=asked.is_rare)
        found += await self._ways_by_identities(shown, reaches)
        unions = [_union(n, way, ids_of(one.document)) for way in found]
        new = [union for union in unions if union not in asked.unions]
        asked.unions += new
        return new

    def _says_more(self, identities: Sequence[Document]) -> bool:
        """Whether a customer's identities may lead to somebody beyond what the customer's own document does."""
        return bool(identities) and bool(self._identifiers or self._sight.reached(identities))

    def _shown(self, one: Sought) -> Sought:
        return replace(
            one, document=self._sight.document(one.document), identities=self._sight.identities(one.identities)
        )

    async def _ways_by_identities(self, one: Sought, reaches: Sequence[Reached]) -> list[Way]:
        """By the identities that have these numbers and addresses, or that an attribute names."""
        store, values = self._context.store, one.document.get("attributes") or {}
        digests = await digests_of(store, reaches)
        digests += await digests_named(store, self._identifiers, values, self._sight.kinds)
        if not digests:
            return []
        known_by = {"$match": {"_id": {"$in": list(dict.fromkeys(digests))}}}
        return [(IDENTITY_KEYS, [known_by, *_OWNERS], MOST_OF_ONE_KEY)]

    def _not_found(self, n: int, ids: Iterable[RecordId]) -> list[RecordId]:
        return [one for one in ids if n not in self._for.get(one, ())]

    def likely(self, sought: Sequence[Sought]) -> list[list[tuple[Document, Score]]]:
        """Of each, who is probably the same person, by what the viewer may see of both alone.

        First those whom a channel identifier names, whatever else is said of them; last those who say nothing but what
        anybody may type, however many; the likeliest before others.
        """
        shown = [self._shown(one) for one in sought]
        evidence = [self._sight.evidence(one.document, one.identities) for one in sought]
        likely: list[list[_Likely]] = [[] for _ in sought]
        for key, document in self._found.items():
            known_by = (identity for owner in document["owners"] for identity in self._identities[owner])
            theirs = self._sight.identities(_each_once(known_by))
            other = self._sight.evidence(document, theirs)
            for n in self._for[key]:
                score = score_of(evidence[n], other, self._base)
                role = _role_named(self._identifiers, shown[n], document, theirs)
                if role is not None:
                    likely[n].append(_Likely(_NAMED, document, named(score, role)))
                elif score.bits >= DEFAULT.suggest_at:
                    likely[n].append(_Likely(_SAID if other.is_hearsay else _KNOWN, document, score))
        ordered = [sorted(some, key=lambda one: (one.rank, -one.score.bits, one.document["_id"])) for some in likely]
        return [[(one.document, one.score) for one in some] for some in ordered]


# Named by a channel identifier; known by something; known by hearsay alone.
_NAMED, _KNOWN, _SAID = range(3)


@dataclass(frozen=True, slots=True, repr=False)
class _Likely:
    """Who is probably the same person."""

    rank: int
    document: Document
    score: Score


@dataclass(slots=True, repr=False)
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
