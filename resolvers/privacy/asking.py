"""How is an erasure asked for: what would it remove, what stays and why, and then do it?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import strawberry

from adapters.mongo import Store
from adapters.records import Document, Record, RecordId
from resolvers.aliases import ids_of, standing
from resolvers.customers import Customer, customer_by_id, customer_reader
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, invalid, not_found
from resolvers.kit.ids import global_id, key_of, require_key
from resolvers.kit.slice import Declared
from resolvers.kit.viewer import ADMINISTRATORS
from resolvers.privacy.doubting import doubted, doubts, require_no_doubt
from resolvers.privacy.erasing import Request, begin, shares
from resolvers.privacy.naming import keys_of, untold
from resolvers.privacy.receipts import SLICE, Erasure, ErasureCount, ErasureReason, counts_of, receipt_of
from resolvers.privacy.removing import FILES
from resolvers.versions import StaleVersion, Told, require_version

_PREVIEWED: Final = Told(
    upon="The erasure was asked for upon version {sent} of the customer",
    again="Look at `previewErasure` again, then send `eraseCustomer` with version {stored}.",
)

LONGEST_REFERENCE: Final = 64
# What request numbers are made of. No sign by which an address could be written down, nor a name with a blank.
_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#:-]*")


@graph_type
class KeptThing:
    """Something that an erasure does not remove."""

    kind: str = told("The kind: the name of the collection.")
    count: int = told("How many.")
    why: str = told("Why it stays.")


@graph_type
class ErasureBlock:
    """Something that stands in the way of an erasure."""

    code: str = told("The word by which `eraseCustomer` would refuse: `CONFLICT`.")
    message: str = told("What it is and what to do.")
    merge_ids: list[strawberry.ID] = told("The merges that nobody confirmed: to be confirmed or undone first.")


@graph_type
class ErasurePreview:
    """What erasing a customer would do, as of now."""

    customer: Customer = told("The customer; for the id of one who was merged, the survivor.")
    version: int = told("What `eraseCustomer` takes.")
    alias_ids: list[strawberry.ID] = told("The ids of those who went into the customer, and go with it.")
    removed: list[ErasureCount] = told("How many documents of each collection would be removed.")
    emptied: list[ErasureCount] = told(
        "How many documents that belong to others would be emptied of what they hold of the customer."
    )
    kept: list[KeptThing] = told("What would stay, and why.")
    blocked: list[ErasureBlock] = told(
        "Why it would be refused: a machine alone says that the customer is one person. Empty: it would be done."
    )


@graph_input
class EraseCustomerInput:
    """A customer of whom nothing shall be left."""

    customer_id: strawberry.ID = told("The customer. The id of one who was merged means the survivor with all aliases.")
    version: int = told("The `version` that the preview told: who was changed since is not erased unseen.")
    reason: ErasureReason = told("Why.")
    reference: str | None = told(
        "What the request is called elsewhere, as `DSR-2026/118`: at most "
        f"{LONGEST_REFERENCE} letters, digits and signs of `._/#:-`. No name or address: it stays on the receipt.",
        default=None,
    )


@graph_type
class EraseCustomerPayload:
    """The erasure, begun."""

    erasure: Erasure = told("The receipt. Nobody sees the customer any more; `erasures` tells when nothing is left.")


@SLICE.query(may=ADMINISTRATORS)
async def preview_erasure(
    info: Info, customer_id: Annotated[strawberry.ID, about("The customer, also by an id from before a merge.")]
) -> ErasurePreview | None:
    """What erasing a customer would remove, and what would stay and why. Null where there is none."""
    context = info.context
    found = await customer_by_id(context, require_key(customer_id, "Customer", "customerId"))
    if found is None:
        return None
    foreseen = await foresee(context.store, context.declared, ids_of(found.document))
    return ErasurePreview(
        customer=found,
        version=found.version,
        alias_ids=[global_id("Customer", one) for one in ids_of(found.document)[1:]],
        removed=counts_of(foreseen.removed),
        emptied=counts_of(foreseen.emptied),
        kept=foreseen.kept,
        blocked=_blocks(found.document),
    )


def _blocks(document: Document) -> list[ErasureBlock]:
    merges = doubts(document)
    if not merges:
        return []
    return [ErasureBlock(code="CONFLICT", message=doubted(merges), merge_ids=[strawberry.ID(one) for one in merges])]


@SLICE.mutation(may=ADMINISTRATORS)
async def erase_customer(
    info: Info, input: Annotated[EraseCustomerInput, about("Whom, upon which version, and why.")]
) -> EraseCustomerPayload | NotFound | InvalidInput | Conflict | StaleVersion:
    """Erases a customer with all aliases: records, files, identities, and what others' documents hold of them.

    From its answer on nobody sees the customer; it cannot be undone. Others' own records stay. What channels still have
    of the person stays out until the person comes back by a word of their own from after the erasure: then as somebody
    new, and without what was before. A file that is imported again brings the person back, too. Refused while a machine
    alone says that the customer is one person (`Merge.isInferred`). Administrators only.
    """
    context = info.context
    reference = _reference(input.reference)
    key = key_of(input.customer_id, "Customer")
    if key is None:
        raise not_found("customer", ("input", "customerId"))
    request = Request(by=context.viewer.subject, at=context.clock(), reason=input.reason, reference=reference)

    async def work() -> Document:
        # Read inside the transaction: who changes or merges the customer meanwhile makes it begin anew.
        document = await standing(context, key)
        if document is None:
            raise not_found("customer", ("input", "customerId"))
        seen = await _as_it_is(context, document)
        await require_version(context, seen, input.customer_id, input.version, _PREVIEWED)
        require_no_doubt(document, "input", "customerId")
        begun = await begin(context.store, context.declared, document, request)
        if begun is None:
            raise not_found("customer", ("input", "customerId"))
        return begun

    return EraseCustomerPayload(erasure=receipt_of(await context.store.transact(work)))


async def _as_it_is(context: Context, document: Document) -> Customer:
    return (await customer_reader(context))(document)


def checked_reference(given: str | None) -> str | None:
    """The reference as it is kept; raises ValueError where it is no number of a request."""
    if given is not None and (len(given) > LONGEST_REFERENCE or not _REFERENCE.fullmatch(given)):
        raise ValueError(
            f"reference is no number of a request: 1 to {LONGEST_REFERENCE} letters, digits and signs of `._/#:-`, "
            "beginning with a letter or digit. Leave it out where there is none."
        )
    return given


def _reference(given: str | None) -> str | None:
    try:
        return checked_reference(given)
    except ValueError as error:
        raise invalid(f"The {error}", "input", "reference") from error


# What would be


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an erasure would do."""

    removed: Mapping[str, int]
    emptied: Mapping[str, int]
    kept: list[KeptThing]


async def foresee(store: Store, declared: Declared, ids: Sequence[RecordId]) -> Foreseen:
    """What an erasure of these customers would do, counted along the indexes by which it removes."""
    removed: dict[str, int] = {}
    emptied: dict[str, int] = {}
    for share in shares(declared, ids, await keys_of(store, ids)):
        counts = removed if share.emptied is None else emptied
        counts[share.record.name] = counts.get(share.record.name, 0) + await store.count(share.record, share.where)
        if share.record.file and share.emptied is None:
            there = {**share.where, share.record.file: {"$ne": None}}
            removed[FILES] = removed.get(FILES, 0) + await store.count(share.record, there)
    kept = []
    for record in declared.records:
        if record.stays and (count := await store.count(record, {record.stays.field: {"$in": list(ids)}})):
            kept.append(KeptThing(kind=record.name, count=count, why=record.stays.why))
        if record.held_by is None:
            continue
        alone, shared = await held_by(store, declared, record, ids)
        removed[record.name] = len(alone)
        if shared:
            kept.append(KeptThing(kind=record.name, count=len(shared), why="Other customers hold them, too."))
    kept += [KeptThing(kind=record.name, count=count, why=why) for record, count, why in await untold(store, declared)]
    return Foreseen(removed, emptied, kept)


async def held_by(
    store: Store, declared: Declared, record: Record, ids: Sequence[RecordId]
) -> tuple[set[RecordId], set[RecordId]]:
    """What these customers hold of a record that several may have: what they alone hold, and what others do, too."""
    holding = record.held_by
    holders = next((one for one in declared.records if holding and one.name == holding.record), None)
    if holding is None or holders is None or holders.customer is None:
        return set(), set()
    own = await store.find(holders, {holders.customer: {"$in": list(ids)}}, only=[holding.field])
    keys = {one[holding.field] for one in own}
    others = {holding.field: {"$in": list(keys)}, holders.customer: {"$nin": list(ids)}}
    shared = {one[holding.field] for one in await store.find(holders, others, only=[holding.field])}
    return keys - shared, shared
