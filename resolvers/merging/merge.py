"""How do customers become one: atomically, and so that it can be undone?"""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from adapters.records import Document, RecordId, new_id
from resolvers.aliases import ids_of
from resolvers.attributes import definitions
from resolvers.customers import CUSTOMERS, Customer, changed_at, customer_reader, following
from resolvers.kept_pairs import pairs_of_one
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, NotPermitted
from resolvers.kit.parts import BESIDE, fields_changed, touch
from resolvers.kit.stored import reader_of
from resolvers.kit.viewer import STAFF
from resolvers.merging.asking import Asked, MergeCustomersInput, People, asked, joined_of, people
from resolvers.merging.bounds import blocks
from resolvers.merging.claims import asserted, identities_then, owners_of
from resolvers.merging.joining import Joined, put
from resolvers.merging.ledger import MERGES, SLICE, Merge
from resolvers.merging.places import chiefs_of
from resolvers.own_record import INFERRED_BY


@graph_type
class MergeCustomersPayload:
    """The one customer that is left."""

    customer: Customer = told("The survivor as it is now.")
    merge: Merge = told("The entry of the ledger, by which the merge can be undone.")


@SLICE.mutation(may=STAFF, is_administrative=True)
async def merge_customers(
    info: Info, input: Annotated[MergeCustomersInput, about("The customers, and what stands of each.")]
) -> MergeCustomersPayload | NotFound | InvalidInput | Conflict | NotPermitted:
    """Makes several customers one. All of it happens or nothing, at once, and `unmergeCustomers` undoes it.

    Records stay what they are, and are shown with the survivor from now on; the others' ids go on to answer, with the
    survivor.
    """
    context = info.context
    question = asked(context, input)

    async def work() -> tuple[Document, Document]:
        return await merged(context, question)

    document, entry = await context.store.transact(work)
    return MergeCustomersPayload(
        customer=(await customer_reader(context))(document), merge=reader_of(Merge).read(entry)
    )


async def merged(context: Context, question: Asked) -> tuple[Document, Document]:
    """Merges in the caller's transaction: the survivor as it is now, and the entry of the ledger. Raises Refused.

    What is refused is refused before anything is written.
    """
    # Read inside the transaction: who changes one of them meanwhile makes it begin anew.
    found = await people(context, question)
    joined = await joined_of(context, question, found)
    for block in await blocks(context, question, found, joined):
        raise block
    return await _write(context, question, found, joined)


async def _write(context: Context, question: Asked, found: People, joined: Joined) -> tuple[Document, Document]:
    """The survivor as it is now, and the entry of the ledger."""
    store, key = context.store, found.survivor["_id"]
    entry = _entry(context, question, found, joined)
    if question.is_asserted:
        entry["claims"] = await asserted(
            context, [one["_id"] for one in found.others] + [one["id"] for one in found.carried]
        )
    else:
        entry |= await identities_then(context, key, owners_of(entry)[1:])
    survivor = await _survivor(context, question, found, joined, entry["_id"])
    marks = {"merged_into": key, "merged_at": entry["merged_at"], "merge_id": entry["_id"]}
    changes: list[tuple[Document, Document]] = [({"_id": one["_id"]}, {"$set": marks}) for one in found.others]
    changes += [({"_id": alias["id"]}, {"$set": {"merged_into": key}}) for alias in found.carried]
    await store.replace(CUSTOMERS, [survivor])
    await store.update_each(CUSTOMERS, changes)
    await store.insert(MERGES, entry)
    await pairs_of_one(store, key, ids_of(survivor))
    return survivor, entry


def _entry(context: Context, question: Asked, found: People, joined: Joined) -> dict[str, Any]:
    return {
        "_id": new_id(),
        "survivor_id": found.survivor["_id"],
        "others": [
            {"id": one["_id"], "carried": [alias["id"] for alias in one.get("aliases") or ()]} for one in found.others
        ],
        "elements": sorted(question.elements),
        "changed": [change.document() for change in joined.changes],
        "added": [{"part": name, "entries": entries} for name, entries in joined.added.items()],
        "replaced": [
            {"part": name, "entries": [one.document() for one in entries]} for name, entries in joined.replaced.items()
        ],
        "led": _led(context, found, joined),
        "heard_at": {"before": found.survivor["last_interaction_at"], "after": _heard_at(found)},
        "reason": question.reason,
        "merged_at": context.clock(),
        "merged_by": context.viewer.subject,
        "is_inferred": question.is_inferred,
        "confirmed_at": None,
        "confirmed_by": None,
        "undone_at": None,
        "undone_by": None,
    }


def _led(context: Context, found: People, joined: Joined) -> dict[str, list[Any]]:
    """Who led in the survivor's parts to which others come: it does again where one of those has led and goes."""
    parts = [one for one in context.declared.customers.parts if one.name in {*joined.added, *joined.replaced}]
    return {part.name: chiefs_of(part, found.survivor.get(part.name, ())) for part in parts if part.chief}


async def _survivor(
    context: Context, question: Asked, found: People, joined: Joined, merge_id: RecordId
) -> dict[str, Any]:
    """The survivor's whole document as it is from now on."""
    survivor = dict(found.survivor)
    for change in joined.changes:
        put(survivor, change.path, change.after)
    for name, replaced in joined.replaced.items():
        survivor[name] = [next((two.after for two in replaced if two.before is one), one) for one in survivor[name]]
    for name, entries in joined.added.items():
        survivor[name] = [*survivor.get(name, ()), *entries]
    new = {"at": context.clock(), "merge_id": merge_id}
    aliases = [_alias(question, merge_id, {"id": one["_id"], **new}, question.elements) for one in found.others]
    # What an alias does not bring to one of the others, that one cannot bring along.
    aliases += [_alias(question, merge_id, one, question.elements & set(one["elements"])) for one in found.carried]
    survivor["last_interaction_at"] = _heard_at(found)
    survivor |= following(survivor, await definitions(context))
    survivor = touched(context, found.survivor, survivor, beside=found.others)
    # From this version on their ids mean the survivor.
    aliases = [{**one, "version": survivor["version"]} for one in aliases]
    return {**survivor, "aliases": [*(survivor.get("aliases") or ()), *aliases]}


def _alias(question: Asked, merge_id: RecordId, alias: Document, elements: frozenset[str]) -> dict[str, Any]:
    """The alias as it stands with the survivor: on a machine's conclusion until each that led to it is confirmed."""
    inferred_by = [*alias.get(INFERRED_BY, ()), *([merge_id] if question.is_inferred else [])]
    doubts = {INFERRED_BY: inferred_by} if inferred_by else {}
    return {**alias, "elements": sorted(elements), "merge_id": merge_id, **doubts}


def _heard_at(found: People) -> datetime:
    latest: datetime = max(one["last_interaction_at"] for one in (found.survivor, *found.others))
    return latest


def touched(context: Context, old: Document, document: Document, *, beside: Iterable[Document] = ()) -> dict[str, Any]:
    """The document as changed by whoever asks, now: a version later than the old one, and than those of these others.

    An id that means another record by a merge or its end so has a version that nobody has seen by it.
    """
    change = touch(context)
    version = max(one["version"] for one in (old, *beside)) + change["$inc"]["version"]
    names = [*(part.name for part in context.declared.customers.parts), *BESIDE]
    marks = changed_at(version, old, document["attributes"]) | fields_changed(version, old, document, names)
    changed = {**old.get("changed", {}), **marks}
    return {**document, **change["$set"], "version": version, **({"changed": changed} if changed else {})}
