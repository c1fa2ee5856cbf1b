"""How does a person confirm what a machine has concluded: that several customers are one?"""

from typing import Annotated

import strawberry

from adapters.records import Document, RecordId
from resolvers.customers import CUSTOMERS, Customer, customer_reader
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, NotFound, conflict, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.parts import touch
from resolvers.kit.settling import settled
from resolvers.kit.stored import reader_of
from resolvers.kit.viewer import STAFF
from resolvers.merging.ledger import MERGES, SLICE, Merge
from resolvers.own_record import INFERRED_BY


@graph_input
class ConfirmMergeInput:
    """A merge that a machine has made and that is right."""

    merge_id: strawberry.ID = told("The entry of the ledger: `Customer.merges` has them.")


@graph_type
class ConfirmMergePayload:
    """The merge as a person's word."""

    merge: Merge = told("The entry of the ledger as it is now.")
    customer: Customer = told("The customer who has taken the others in, or the one into whom that one went later.")


@SLICE.mutation(may=STAFF, is_administrative=True)
async def confirm_merge(
    info: Info, input: Annotated[ConfirmMergeInput, about("Which merge.")]
) -> ConfirmMergePayload | NotFound | Conflict:
    """Says that you made sure that the customers whom a machine has merged are one person.

    From then on identities count for what they are, and the customer is shown everything that all of them brought. To
    say that the machine was wrong, undo the merge with `unmergeCustomers`.
    """
    context = info.context
    key = key_of(input.merge_id, "Merge")

    async def work() -> tuple[Document, Document]:
        entry = await context.store.first(MERGES, {"_id": key}) if key else None
        if entry is None:
            raise not_found("merge", ("input", "mergeId"))
        _require_open(entry)
        over = {"confirmed_at": context.clock(), "confirmed_by": context.viewer.subject}
        await context.store.update(MERGES, {"_id": key}, {"$set": over})
        return {**entry, **over}, await _confirmed(context, entry)

    entry, document = await settled(context.store, work)
    customer = (await customer_reader(context))(document)
    return ConfirmMergePayload(merge=reader_of(Merge).read(entry), customer=customer)


def _require_open(entry: Document) -> None:
    if entry["undone_at"] is not None:
        raise conflict("This merge was undone; there is nothing to confirm.", "input", "mergeId")
    if not entry.get("is_inferred"):
        raise conflict("People have made this merge; there is nothing to confirm.", "input", "mergeId")
    if entry["confirmed_at"] is not None:
        raise conflict("This merge was confirmed already; there is nothing to do.", "input", "mergeId")


async def _confirmed(context: Context, entry: Document) -> Document:
    """Takes the mark off the aliases wherever they stand: the customer who speaks for all of them now."""
    store, merge_id = context.store, entry["_id"]
    key: RecordId | None = entry["survivor_id"]
    while key is not None:
        found = await store.first(CUSTOMERS, {"_id": key})
        if found is None:
            break
        is_last = not found.get("merged_into")
        # Only who is a customer of their own is changed for those who read: the others are kept as they went.
        change = {"$pull": {f"aliases.$[].{INFERRED_BY}": merge_id}} | (touch(context) if is_last else {})
        changed = await store.update(CUSTOMERS, {"_id": key}, change)
        if is_last and changed is not None:
            return changed
        later = await store.first(MERGES, {"_id": found["merge_id"]})
        key = later["survivor_id"] if later else None
    raise not_found("customer of this merge any more", ("input", "mergeId"))
