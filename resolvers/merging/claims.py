"""What was said of identities while their customers were one, and what becomes of it once they are several again?

Whoever verified one made sure of the person whom the survivor showed. So people say whether it stands.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.records import Document, RecordId, new_id
from resolvers.identities import IDENTITIES, IDENTITY_KEYS, UNLINKED, identity_key_document, weaker
from resolvers.kit.context import Context
from resolvers.kit.errors import conflict
from resolvers.kit.ids import global_id
from resolvers.linking import take_off
from resolvers.merging.deciding import Edited, Resolution, Resolved
from resolvers.merging.undoing import Undone

IDENTITY = "identities."
"""Before an identity's id: how what was said of it since is named."""

_CLAIM = ("_id", "claim", "claimed_by", "verified_at", "verified_by", "is_founder")
_SAID = ("claim", "claimed_by", "verified_at", "verified_by")


@dataclass(frozen=True, slots=True, repr=False)
class Said:
    """What was said of an identity since: it was verified or weighed anew, taken off, or linked."""

    before: Document | None
    """As it was when its customer went into another; None where it was linked to the survivor since."""
    now: Document | None
    """None where it was taken off."""

    @property
    def field(self) -> str:
        """As callers name it."""
        return IDENTITY + global_id("Identity", (self.before or self.now or {})["_id"])


async def identities_then(context: Context, survivor: RecordId, others: Sequence[RecordId]) -> dict[str, Any]:
    """What the ledger keeps of the identities: those that come along, and which ones the survivor has."""
    kept = await context.store.find(IDENTITIES, {"customer_id": {"$in": [survivor, *others]}})
    # In one order, whichever index the database walks: the same merge leaves the same entry.
    found = sorted(kept, key=lambda one: one["_id"])
    return {
        "identities": [one for one in found if one["customer_id"] != survivor],
        "had": [one["_id"] for one in found if one["customer_id"] == survivor],
    }


def owners_of(entry: Document) -> list[RecordId]:
    """Everyone whose identities the merge made one customer's, but for those whom the survivor had taken in before."""
    others = [key for one in entry["others"] for key in (one["id"], *one["carried"])]
    return [entry["survivor_id"], *others]


def said_since(entry: Document, there: Iterable[Document]) -> Iterator[Said]:
    """What was said since the merge of the identities that came along, and of those that people linked."""
    if "had" not in entry:
        return
    by_key = {one["_id"]: one for one in there}
    for before in entry["identities"]:
        now = by_key.get(before["_id"])
        if now is None or any(now.get(name) != before.get(name) for name in _SAID):
            yield Said(before, now)
    for key, now in by_key.items():
        if now["customer_id"] == entry["survivor_id"] and "linked_at" in now and key not in entry["had"]:
            yield Said(None, now)


def decide(undone: Undone, entry: Document, said: Iterable[Said], resolved: Mapping[str, Resolved]) -> None:
    """Notes which of it is decided and which is not."""
    for one in said:
        way = resolved[one.field].way if one.field in resolved else None
        if way in _ways(entry, one):
            undone.decided.add(one.field)
            continue
        before, now = (None if claim is None else claim["claim"] for claim in (one.before, one.now))
        undone.edited.append(Edited(one.field, before, now))


def _ways(entry: Document, said: Said) -> set[Resolution]:
    is_linked, has_one = said.before is None, len(entry["others"]) == 1
    return {Resolution.KEEP, Resolution.RESTORE} | ({Resolution.GIVE_BACK} if is_linked and has_one else set())


async def settle(context: Context, entry: Document, said: Sequence[Said], resolved: Mapping[str, Resolved]) -> None:
    """Does what was decided; belongs into a transaction."""
    # What is taken off the survivor first is free to be put back.
    for one in sorted(said, key=lambda one: one.before is not None):
        way = resolved[one.field].way
        if way is Resolution.RESTORE:
            await _restore(context, one, resolved[one.field].place)
        elif way is Resolution.GIVE_BACK and one.now is not None:
            moved = {**one.now, "customer_id": entry["others"][0]["id"]}
            await context.store.replace(IDENTITIES, [moved])
            await _rekey(context, one.now, moved)


async def _restore(context: Context, said: Said, place: str) -> None:
    store, before, now = context.store, said.before, said.now
    if before is None:
        await take_off(context, now or {})
    elif now is not None:
        # A source may have heard of it since: that stays.
        await store.replace(IDENTITIES, [{**now, **{name: before[name] for name in _SAID if name in before}}])
    else:
        key = identity_key_document(before)
        if await store.first(IDENTITY_KEYS, {"_id": key["_id"]}):
            raise conflict(
                f"The identity of `{said.field}` is a customer's again by now, and does not go back. Choose KEEP, or "
                "take it off there first with `unlinkIdentity`.",
                *("input", "resolutions", place),
            )
        await store.insert(IDENTITIES, before)
        await store.insert(IDENTITY_KEYS, key)
        await store.delete(UNLINKED, {"digest": key["_id"], "customer_id": before["customer_id"]})


async def asserted(context: Context, owners: Sequence[RecordId]) -> list[Document]:
    """Makes these customers' identities statements that nobody has proven, each under an id of its own.

    Whoever verifies one that they saw at its former customer then verifies nothing. Answers what the ledger keeps of
    it. Belongs into a transaction.
    """
    kept: list[Document] = []
    for one in await context.store.find(IDENTITIES, {"customer_id": {"$in": list(owners)}}):
        before = {name: one[name] for name in _CLAIM if name in one}
        claim = {"claim": weaker(one["claim"], "ASSERTED"), "claimed_by": context.viewer.subject}
        after = {"_id": new_id(), **claim, "verified_at": None, "verified_by": None}
        await _replace(context, one, after)
        kept.append({"identity_id": after["_id"], "before": before})
    return kept


async def restored(context: Context, claims: Sequence[Document]) -> None:
    """Gives the identities back what was said of them, and the ids that they had; belongs into a transaction.

    What was said of them since was said of another customer. Those that people took off since stay off.
    """
    for one in claims:
        found = await context.store.first(IDENTITIES, {"_id": one["identity_id"]})
        if found is not None:
            await _replace(context, found, one["before"])


async def _replace(context: Context, old: Document, claim: Document) -> None:
    """Puts the identity in the place of the old one, with another id and claim."""
    store = context.store
    new: dict[str, Any] = {**{name: value for name, value in old.items() if name not in _CLAIM}, **claim}
    await store.delete(IDENTITIES, {"_id": old["_id"]})
    await store.insert(IDENTITIES, new)
    await _rekey(context, old, new)


async def _rekey(context: Context, old: Document, new: Document) -> None:
    """Has the key name the new identity in the place of the old one, also where somebody else has the id by now."""
    named = identity_key_document(new)
    key = await context.store.first(IDENTITY_KEYS, {"_id": named["_id"]}) or {}
    places = {"customer_id": named["customer_id"], "identity_id": named["identity_id"]}
    former = [one | places if one["identity_id"] == old["_id"] else one for one in key.get("former") or ()]
    is_held = key.get("identity_id", old["_id"]) == old["_id"]
    document = {**key, **(named if is_held else {}), **({"former": former} if former else {})}
    await context.store.replace(IDENTITY_KEYS, [document])
