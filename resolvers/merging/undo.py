"""How do those who were merged become several customers again?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import strawberry

from adapters.records import Document, RecordId
from adapters.windows import Strand, Window
from resolvers.aliases import ids_of
from resolvers.attributes import definitions
from resolvers.customers import CUSTOMERS, Customer, customer_reader, following
from resolvers.dismissing import tell_apart
from resolvers.identities import IDENTITIES
from resolvers.kept_pairs import forget_pairs
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
    Refused,
    conflict,
    invalid,
    not_found,
)
from resolvers.kit.ids import global_id, key_of
from resolvers.kit.lists import hidden_from
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.stored import reader_of
from resolvers.kit.texts import quoted
from resolvers.kit.viewer import STAFF
from resolvers.merging.asking import word_of
from resolvers.merging.claims import Said, decide, owners_of, restored, said_since, settle
from resolvers.merging.deciding import Edited, Resolution, Resolved
from resolvers.merging.edits import MergeEdit, shown, why_told
from resolvers.merging.joining import put
from resolvers.merging.ledger import MERGES, SLICE, Merge
from resolvers.merging.merge import touched
from resolvers.merging.rights import PresentRules
from resolvers.merging.undoing import Later, Undoing, Undone
from resolvers.versions import StaleVersion, Told, stale

_RESOLUTIONS = ("input", "resolutions")
_READ = Told(
    upon="`edits` were read at version {sent} of the survivor",
    again="Read `Merge.edits` anew, then send `unmergeCustomers` with version {stored}.",
)


@graph_type
class EditedSince(Refusal):
    """Something needs a word, as `MergeEdit` says when, and `resolutions` does not say what shall stand."""

    edits: list[MergeEdit] = told("What `resolutions` has to name.")
    concerns: strawberry.Private[RecordId]


@graph_input
class MergeResolutionInput:
    """What shall stand where something was changed since the merge."""

    field: str = told("The `field` of a MergeEdit.")
    choice: Resolution = told("What shall stand.")
    value: AttributeScalar | None = told("For CUSTOM: the value; null for none.", default=None)


@graph_input
class UnmergeCustomersInput:
    """A merge that was wrong."""

    merge_id: strawberry.ID = told("The entry of the ledger: `Customer.merges` has them.")
    version: int = told(
        "The `version` of the merge's survivor when you read `edits`: what was changed since is not undone unseen."
    )
    resolutions: list[MergeResolutionInput] | None = told(
        "What shall stand of that which was changed since: each that `Merge.edits` tells.", default=None
    )


@graph_type
class UnmergeCustomersPayload:
    """The customers who are several again."""

    merge: Merge = told("The entry of the ledger, which stays.")
    survivor: Customer = told("The customer who had taken the others in.")
    others: list[Customer] = told("The others.")


@SLICE.mutation(may=STAFF, is_administrative=True)
async def unmerge_customers(
    info: Info, input: Annotated[UnmergeCustomersInput, about("Which merge, and what shall stand.")]
) -> UnmergeCustomersPayload | NotFound | InvalidInput | Conflict | NotPermitted | EditedSince | StaleVersion:
    """Undoes a merge: each of the customers has again what was its own, also what came in since.

    What was written under the survivor since stays with the survivor. Refused with StaleVersion where the survivor was
    changed after you read it: `edits` may tell more by now.
    """
    context = info.context
    key = key_of(input.merge_id, "Merge")
    resolved = _resolved(input.resolutions or ())

    async def work() -> tuple[Document, Document, list[Document]]:
        case = await _case(context, key) if key else None
        if case is None:
            raise not_found("merge", ("input", "mergeId"))
        survivor = _require_undoable(case)
        if survivor["version"] != input.version:
            raise await stale(context, survivor, input.version, words=_READ)
        undone = _undone(context, case, resolved, await definitions(context))
        if undone.edited:
            raise await _edited_since(context, case.entry, undone.edited)
        _require_needed(resolved, undone)
        await settle(context, case.entry, case.said, resolved)
        written = await _write(context, case, undone)
        # No machine merges again whom people have parted: neither these nor anybody who came or stays with them.
        stay, go = ids_of(written[1]), [key for one in case.entry["others"] for key in _ids(one)]
        await forget_pairs(context.store, [*stay, *go])
        await tell_apart(context, stay, go)
        return written

    entry, survivor, others = await context.store.transact(work)
    read = await customer_reader(context)
    return UnmergeCustomersPayload(
        merge=reader_of(Merge).read(entry, hidden_from(context.viewer, MERGES)),
        survivor=read(survivor),
        others=[read(one) for one in others],
    )


def _resolved(given: Sequence[MergeResolutionInput]) -> Mapping[str, Resolved]:
    """What was decided, by field; refuses two words on one."""
    resolved: dict[str, Resolved] = {}
    for n, one in enumerate(given):
        if one.field in resolved:
            raise invalid(
                "`resolutions` names one field twice. Say once for each what shall stand.", *_RESOLUTIONS, str(n)
            )
        resolved[one.field] = Resolved(one.choice, one.value, str(n))
    return resolved


@SLICE.column(Merge, may=STAFF)
async def edits(merges: list[Merge], info: Info) -> list[list[MergeEdit]]:
    """What was changed since, so that undoing the merge needs a word on it. Empty where it is undone."""
    context = info.context
    cases = await _cases(context, [one.key for one in merges])
    known = await definitions(context)
    found = [cases[one.key] for one in merges]
    undone = [_undone(context, one, {}, known).edited if one.is_open else [] for one in found]
    return [await shown(context, one) for one in undone]


# What is stored about a merge


@dataclass(frozen=True, slots=True, repr=False)
class _Case:
    entry: Document
    survivor: Document | None
    later: Sequence[Later]
    others: Sequence[Document]
    said: Sequence[Said]
    """Of identities, since."""

    @property
    def is_open(self) -> bool:
        """Whether the merge holds, and its survivor is a customer of its own."""
        survivor = self.survivor
        return self.entry["undone_at"] is None and survivor is not None and not survivor.get("merged_into")


async def _case(context: Context, key: RecordId) -> _Case | None:
    return (await _cases(context, [key])).get(key)


async def _cases(context: Context, keys: Sequence[RecordId]) -> Mapping[RecordId, _Case]:
    """Merges with everything that undoing them depends on: four commands for all of them."""
    store = context.store
    entries = await store.by_ids(MERGES, keys)
    survivors = await store.by_ids(CUSTOMERS, [one["survivor_id"] for one in entries.values()])
    merges = await _all_of(context, entries, survivors)
    wanted = [one["id"] for entry in merges.values() for one in entry["others"]]
    documents = await store.by_ids(CUSTOMERS, wanted)
    owners = {key for one in entries.values() if one["undone_at"] is None for key in owners_of(one)}
    identities = await store.find(IDENTITIES, {"customer_id": {"$in": list(owners)}}) if owners else []
    return {
        key: _Case(
            entry,
            survivors.get(entry["survivor_id"]),
            [Later(one, _documents(one, documents)) for one in _behind(entry, survivors, merges)],
            _documents(entry, documents),
            list(said_since(entry, (one for one in identities if one["customer_id"] in owners_of(entry)))),
        )
        for key, entry in entries.items()
    }


async def _all_of(
    context: Context, entries: Mapping[RecordId, Document], survivors: Mapping[RecordId, Document]
) -> Mapping[RecordId, Document]:
    """These merges and the others that their survivors have."""
    ids = {alias["merge_id"] for one in survivors.values() for alias in one.get("aliases") or ()}
    more = await context.store.by_ids(MERGES, ids - set(entries))
    return {**entries, **more}


def _behind(
    entry: Document, survivors: Mapping[RecordId, Document], merges: Mapping[RecordId, Document]
) -> list[Document]:
    """The merges of the same survivor that came later and hold: in the order of its aliases."""
    aliases = survivors.get(entry["survivor_id"], {}).get("aliases") or ()
    order = list(dict.fromkeys(alias["merge_id"] for alias in aliases))
    if entry["_id"] not in order:
        return []
    return [merges[key] for key in order[order.index(entry["_id"]) + 1 :] if key in merges]


def _ids(other: Document) -> list[RecordId]:
    """Everyone who came with one of the others: that one, and those who had gone into that one before."""
    return [other["id"], *other["carried"]]


def _documents(entry: Document, documents: Mapping[RecordId, Document]) -> list[Document]:
    return [documents[one["id"]] for one in entry["others"] if one["id"] in documents]


def _require_undoable(case: _Case) -> Document:
    """The survivor; refuses where the merge cannot be undone, or no longer."""
    undone_at: datetime | None = case.entry["undone_at"]
    if undone_at is not None:
        raise conflict(
            f"This merge was undone on {undone_at:%Y-%m-%d} already; there is nothing to do.", "input", "mergeId"
        )
    if case.survivor is None or len(case.others) < len(case.entry["others"]):
        raise not_found("customer of this merge any more", ("input", "mergeId"))
    if case.survivor.get("merged_into"):
        later = global_id("Merge", case.survivor["merge_id"])
        raise conflict(
            f"The survivor itself went into another customer by a later merge, {later}. Undo that one first.",
            *("input", "mergeId"),
        )
    return case.survivor


def _undone(context: Context, case: _Case, resolved: Mapping[str, Resolved], known: Mapping[str, Document]) -> Undone:
    undone = Undoing(
        survivor=case.survivor or {},
        entry=case.entry,
        others=case.others,
        later=case.later,
        parts=context.declared.customers.parts,
        resolved=resolved,
        said=word_of(context).document(),
        rules=PresentRules(context, known),
    ).undone()
    decide(undone, case.entry, case.said, resolved)
    return undone


def _require_needed(resolved: Mapping[str, Resolved], undone: Undone) -> None:
    for name, one in resolved.items():
        if name not in undone.decided:
            raise invalid(
                f"`resolutions` names {quoted(name)}, which the merge did not change, or which was not changed since. "
                "Leave it out; `Merge.edits` tells what needs a word.",
                *(*_RESOLUTIONS, one.place),
            )


async def _edited_since(context: Context, entry: Document, edited: Sequence[Edited]) -> Refused:
    message = (
        f"{why_told(edited)} Say for each in `resolutions` what shall stand: KEEP, RESTORE, for an attribute CUSTOM "
        "with a value, or for entries of a list GIVE_BACK."
    )
    edits = await shown(context, edited)
    refusal = EditedSince(
        code="EDITED_SINCE",
        message=message,
        input_path=[*_RESOLUTIONS],
        edits=edits,
        concerns=entry["survivor_id"],
    )
    return Refused(refusal)


# Writing


async def _write(context: Context, case: _Case, undone: Undone) -> tuple[Document, Document, list[Document]]:
    """The entry, the survivor and the others as they are now."""
    store = context.store
    survivor = dict(case.survivor or {})
    for path, value in undone.changes.items():
        put(survivor, path, value)
    survivor |= undone.entries
    survivor["aliases"] = [one for one in survivor["aliases"] if one["merge_id"] != case.entry["_id"]]
    heard = await _heard(context, case, survivor, undone.heard_at)
    survivor["last_interaction_at"] = heard[survivor["_id"]]
    survivor |= following(survivor, await definitions(context))
    # An empty list is left out, as where there never was one.
    lists = {*undone.entries, "aliases", "search", "sounds"}
    survivor = {name: value for name, value in survivor.items() if value or name not in lists}
    survivor = touched(context, case.survivor or {}, survivor, beside=case.others)
    await store.replace(CUSTOMERS, [survivor])
    freed = {"merged_into": "", "merged_at": "", "merge_id": ""}
    # Who saw the survivor by their ids, and who saw them before, has seen another version of each.
    own = {"version": survivor["version"], "own_since": survivor["version"]}
    changes: list[tuple[Document, Document]] = [
        ({"_id": one["id"]}, {"$unset": freed, "$set": {"last_interaction_at": heard[one["id"]], **own}})
        for one in case.entry["others"]
    ]
    changes += [
        ({"_id": key}, {"$set": {"merged_into": one["id"]}}) for one in case.entry["others"] for key in one["carried"]
    ]
    await store.update_each(CUSTOMERS, changes)
    await _give_back(context, case, undone)
    await restored(context, case.entry.get("claims", ()))
    over = {"undone_at": context.clock(), "undone_by": context.viewer.subject}
    ledger: list[tuple[Document, Document]] = [({"_id": case.entry["_id"]}, {"$set": over})]
    ledger += [({"_id": key}, {"$set": fields}) for key, fields in undone.handed_on.items()]
    await store.update_each(MERGES, ledger)
    others = await store.by_ids(CUSTOMERS, [one["id"] for one in case.entry["others"]])
    return {**case.entry, **over}, survivor, [others[one["id"]] for one in case.entry["others"]]


async def _give_back(context: Context, case: _Case, undone: Undone) -> None:
    """Has the others have what was made of their entries since; belongs into a transaction."""
    known = await definitions(context)
    for old in case.others:
        if old["_id"] in undone.given:
            there = await context.store.first(CUSTOMERS, {"_id": old["_id"]}) or old
            new = {**there, **undone.given[old["_id"]]}
            await context.store.replace(CUSTOMERS, [touched(context, there, new | following(new, known))])


async def _heard(
    context: Context, case: _Case, survivor: Document, heard_at: datetime | None
) -> dict[RecordId, datetime]:
    """When each was last heard of: as before the merge, or by what came in on a channel since."""
    own = {one["_id"]: one["last_interaction_at"] for one in case.others}
    if heard_at is not None:
        return {**own, survivor["_id"]: heard_at}
    latest: datetime = survivor["last_interaction_at"]
    others = [one["last_interaction_at"] for later in case.later for one in later.documents]
    own[survivor["_id"]] = max([case.entry["heard_at"]["before"], *others])
    read = await customer_reader(context)
    strands = [
        Strand(record=one.record, order=one.record.timeline.at)
        for one in context.declared.on_timeline
        if one.record.timeline and one.record.timeline.channel
    ]
    people = [read(one) for one in (survivor, *case.others)]
    owners = [one.owner([strand.record for strand in strands]) for one in people]
    rows = await context.store.windows(owners, strands, Window(limit=1, is_descending=True))
    for person, (row, *_) in ((person, found) for person, found in zip(people, rows, strict=True) if found):
        own[person.key] = max(own[person.key], min(row.order, latest))
    if latest not in own.values():
        # Heard of by something that stands on no timeline: whose it was is not known.
        own[survivor["_id"]] = latest
    return own
