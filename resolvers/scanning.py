"""Who are one person among all customers? Compares the whole base, and writes what it finds beside what people said."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.aliases import ids_of
from resolvers.attribute_schema import definitions_by_name
from resolvers.attribute_upkeep import roles_left
from resolvers.customers import CUSTOMERS
from resolvers.duplicates import kept_pair
from resolvers.identities import IDENTITIES
from resolvers.kept_pairs import PAIRS, TOLD_BY, gone_into, pair_of
from resolvers.lookalikes import READ, proven
from resolvers.matching import (
    Doubles,
    Evidence,
    Score,
    Tell,
    doubles_among,
    evidence_of,
    naming_definitions,
    sounds_kept,
    telling,
    told,
    untold,
)
from resolvers.matching_base import keep_base

_BATCH = 1_000
_READING = "customers read"


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a scan of all customers came to."""

    customers: int
    compared: int
    """Pairs of customers that were compared."""
    suggested: int
    sure: int
    """Of these, pairs that a machine might merge."""
    people: Sequence[Sequence[RecordId]]
    """Those whom a machine might merge, person by person."""
    versions: Mapping[RecordId, int]
    """The version at which each of those was read."""


async def scan(store: Store, *, at: datetime, tell: Tell = untold) -> Scanned:
    """Compares all customers, and writes whom it finds in the place of what was suggested before.

    Holds what is compared of every customer in memory: some kilobytes each. `tell` is told how far it is, from another
    thread while it compares.
    """
    known = list((await definitions_by_name(store)).values())
    read = await _read_all(store, known, tell)
    apart = await _apart(store)
    found, to_suggest, to_merge = await asyncio.to_thread(_compared, read.evidence, apart, tell)
    suggested = [pair for members in to_suggest for pair in _pairs(members)]
    sure = {pair for members in to_merge for pair in _pairs(members)}
    scores = [(pair, found.clusters.score(*pair)) for pair in suggested]
    kept = [(pair, score) for pair, score in scores if score.bits >= found.weights.suggest_at]
    left = roles_left(known, list((await definitions_by_name(store)).values()))
    shown = [one for one in kept if left.isdisjoint(reason.role.value for reason in one[1].reasons)]
    await _write(store, read, _Found(shown, sure, at), tell)
    await keep_base(store, found.base, at)
    people = [[RecordId(key) for key in members] for members in to_merge]
    versions = {key: read.versions[key] for members in people for key in members}
    return Scanned(len(read.versions), found.compared, len(kept), len(sure), people, versions)


_People: TypeAlias = Sequence[Sequence[str]]


def _compared(
    evidence: Mapping[str, Evidence], apart: set[tuple[str, str]], tell: Tell
) -> tuple[Doubles[str], _People, _People]:
    """What comparing found, whom to suggest, and whom a machine may merge."""
    found = doubles_among(evidence, apart=apart, tell=tell)
    return found, found.to_suggest(tell), found.to_merge(tell)


@dataclass(slots=True, repr=False)
class _Read:
    """What was read of the customers who are ones of their own."""

    evidence: dict[str, Evidence] = field(default_factory=dict)
    versions: dict[RecordId, int] = field(default_factory=dict)
    wholes: dict[RecordId, list[RecordId]] = field(default_factory=dict)
    """Under which ids everything of one stands who has taken in others."""

    def is_as_read(self, customer: Document) -> bool:
        """Whether nobody has gone into the customer since, nor the customer into another, nor was one given back."""
        key = customer["_id"]
        return not customer.get("merged_into") and ids_of(customer) == self.wholes.get(key, [key])


@dataclass(frozen=True, slots=True, repr=False)
class _Found:
    """Who is probably one person, and of whom a machine might say so, as a scan found it."""

    pairs: Sequence[tuple[tuple[str, str], Score]]
    sure: set[tuple[str, str]]
    at: datetime


async def _read_all(store: Store, known: Sequence[Document], tell: Tell) -> _Read:
    """What is compared of each customer who is one of their own, and the version of each."""
    read = _Read()
    beyond: Mapping[str, Any] = {}
    named, reading = naming_definitions(known), telling(known)
    whole = await store.count(CUSTOMERS, {"merged_into": None})
    tell(_READING, 0, whole)
    while batch := await store.find(
        CUSTOMERS, {"merged_into": None, **beyond}, order=[("_id", 1)], limit=_BATCH, only=(*READ, "sounds")
    ):
        identities = await _identities(store, batch)
        unheard: list[tuple[Document, Document]] = []
        for document in batch:
            read.versions[document["_id"]] = document["version"]
            if document.get("aliases"):
                read.wholes[document["_id"]] = ids_of(document)
            found = evidence_of(document, reading, proven(identities[document["_id"]]))
            if not found.is_empty():
                read.evidence[str(document["_id"])] = found
            sounds = sounds_kept(document["attributes"], named)
            if sounds != document.get("sounds", []):
                as_read = {"_id": document["_id"], "version": document["version"]}
                unheard.append((as_read, {"$set": {"sounds": sounds}}))
        if unheard:
            # From before these were kept. Who is changed meanwhile gets them with that change.
            await store.update_each(CUSTOMERS, unheard)
        beyond = {"_id": {"$gt": batch[-1]["_id"]}}
        tell(_READING, len(read.versions), max(whole, len(read.versions)))
    return read


async def _identities(store: Store, batch: Sequence[Document]) -> Mapping[RecordId, list[Document]]:
    owners = {key: one["_id"] for one in batch for key in ids_of(one, IDENTITIES)}
    found: dict[RecordId, list[Document]] = {one["_id"]: [] for one in batch}
    read = ("customer_id", "channel", "value", "claim")
    for one in await store.find(IDENTITIES, {"customer_id": {"$in": list(owners)}}, only=read):
        found[owners[one["customer_id"]]].append(one)
    return found


async def _apart(store: Store) -> set[tuple[str, str]]:
    """Those of whom somebody said that they are two, each by whom they went into since."""
    dismissed = await store.find(PAIRS, {"is_dismissed": True}, only=["one_id", "other_id"])
    ends = list({one[end] for one in dismissed for end in ("one_id", "other_id")})
    into: dict[RecordId, RecordId] = {}
    for begin in range(0, len(ends), _BATCH):
        into |= await gone_into(store, ends[begin : begin + _BATCH])
    pairs = ([str(into.get(one[end], one[end])) for end in ("one_id", "other_id")] for one in dismissed)
    return {pair_of(one, other) for one, other in pairs if one != other}


def _pairs(members: Sequence[str]) -> Iterable[tuple[str, str]]:
    return (pair_of(one, other) for n, one in enumerate(members) for other in members[n + 1 :])


async def _write(store: Store, read: _Read, found: _Found, tell: Tell) -> None:
    apart = await _apart(store) if found.pairs else frozenset()
    for begin in told("batches written", range(0, len(found.pairs), _BATCH), tell):
        batch = [(pair, score) for pair, score in found.pairs[begin : begin + _BATCH] if pair not in apart]
        # Who was merged or given back since is somebody else; comparing takes minutes.
        changed = await _changed(store, read, {RecordId(end) for pair, _ in batch for end in pair})
        as_read = [(pair, score) for pair, score in batch if changed.isdisjoint(pair)]
        await store.upsert(
            PAIRS, [kept_pair(pair, score, found.at, is_sure=pair in found.sure) for pair, score in as_read]
        )
    # What is found no more was edited or merged since; what others found meanwhile stays.
    await store.delete(PAIRS, {"found_at": {"$lt": found.at}, "is_dismissed": False, TOLD_BY: None})


async def _changed(store: Store, read: _Read, ends: Collection[RecordId]) -> set[str]:
    """Who of these is not the same person as when all were read: by a merge, or by its end."""
    there = await store.find(CUSTOMERS, {"_id": {"$in": list(ends)}}, only=("merged_into", "aliases.id"))
    return {str(key) for key in ends} - {str(one["_id"]) for one in there if read.is_as_read(one)}
