"""What tells that a customer was erased: when, why, by whom, how much of it, and nothing of the customer?"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

import strawberry

from adapters.records import Document, Index, Record, RecordId
from adapters.transactions import TRANSACTION_S
from adapters.windows import Position, Strand, branches, stretch
from resolvers.kit.context import Context, Info
from resolvers.kit.described import graph_enum, graph_type, told
from resolvers.kit.erased import ERASING, FORGOTTEN
from resolvers.kit.ids import global_id
from resolvers.kit.paging import Connection, Page, Sealing, connection
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.viewer import ADMINISTRATORS
from resolvers.privacy.removing import DOOMED_FILES

ERASURES = Record(
    name="erasures",
    customer=None,
    indexes=(Index(("requested_at", "_id")),),
    jobs=("erasures",),
)

SETTLING = timedelta(seconds=TRANSACTION_S + 15)
"""Longer than any transaction lives, and any answer that writes without one."""
_SETTLING_S = round(SETTLING.total_seconds())

SLICE = Slice("privacy", unshown=[ERASING, FORGOTTEN, DOOMED_FILES])


@graph_enum(
    {
        "REQUESTED": "The person asked for it.",
        "CONSENT_WITHDRAWN": "The person no longer agrees that the data is kept.",
        "NO_LONGER_NEEDED": "What the data was kept for is over.",
        "UNLAWFUL": "The data should never have been kept.",
        "LEGAL_OBLIGATION": "A law or an authority demands it.",
        "NO_PERSON": "A test, or an entry made in error: nobody stands behind it.",
    }
)
class ErasureReason(Enum):
    """Why a customer is erased."""

    REQUESTED = "REQUESTED"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    NO_LONGER_NEEDED = "NO_LONGER_NEEDED"
    UNLAWFUL = "UNLAWFUL"
    LEGAL_OBLIGATION = "LEGAL_OBLIGATION"
    NO_PERSON = "NO_PERSON"


@graph_enum(
    {
        "RUNNING": "Nobody sees the customer any more, and what `removed` and `emptied` count is gone. What is left of "
        "a long history is removed in these minutes. Behind the last of it the erasure waits "
        f"{_SETTLING_S} seconds for writes that were under way, also where it was small, and removes what they bring.",
        "DONE": "Nothing is left, and nothing can come in any more.",
    }
)
class ErasureState(Enum):
    """How far an erasure is."""

    RUNNING = "RUNNING"
    DONE = "DONE"


@graph_type
class ErasureCount:
    """How many things of one kind."""

    kind: str = told("The kind: the name of the collection, as `messages`; `files` are the bytes of attachments.")
    count: int = told("How many.")


def _counts(stored: Mapping[str, int] | None) -> list[ErasureCount]:
    return counts_of(stored or {})


def counts_of(stored: Mapping[str, int]) -> list[ErasureCount]:
    """The counts by kind, without those of which there are none."""
    return [ErasureCount(kind=kind, count=stored[kind]) for kind in sorted(stored) if stored[kind]]


def _opaque(ids: list[RecordId]) -> list[str]:
    return [global_id("Customer", one) for one in ids]


@SLICE.keeps(ERASURES, may=ADMINISTRATORS)
class Erasure(Node):
    """The receipt of an erasure. It holds nothing of the customer but the former ids."""

    state: ErasureState = kept(
        f"How far it is. It is RUNNING for {_SETTLING_S} seconds at least, though everything may be gone at once."
    )
    reason: ErasureReason = kept("Why.")
    reference: str | None = kept("What it is called elsewhere, as the number of the request.")
    customer_ids: list[strawberry.ID] = kept(
        "The ids that the customer had: its own first, then those of customers who had gone into it.", read=_opaque
    )
    removed: list[ErasureCount] = kept("How many documents of each collection were removed so far.", read=_counts)
    emptied: list[ErasureCount] = kept(
        "How many documents that belong to others, and stay, were emptied of what they held of the customer.",
        read=_counts,
    )
    requested_at: datetime = kept("When it began: from then on nobody saw the customer.")
    requested_by: str = kept("Who asked for it.")
    done_at: datetime | None = kept(
        f"When nothing was left: {_SETTLING_S} seconds behind the last that was removed, or later. Null while it runs."
    )
    ids: strawberry.Private[list[RecordId]] = inner(at="customer_ids")


@SLICE.query(may=ADMINISTRATORS)
async def erasures(info: Info, page: Page) -> Connection[Erasure]:
    """The receipts of all erasures, newest first. Administrators only."""
    context = info.context
    sealing = Sealing(context.seal, "erasures")
    window = page.window(sealing, newest_first=True)
    strand = Strand(record=ERASURES, order="requested_at", by="_id")
    way = -1 if window.is_descending else 1
    stretches = [stretch(strand, bounds, window) for _, bounds in branches([strand], window)]
    first, *others = stretches
    unions: list[Document] = [{"$unionWith": {"coll": ERASURES.name, "pipeline": one}} for one in others]
    tail: list[Document] = [{"$sort": {strand.order: way, "_id": way}}, {"$limit": window.limit}] if others else []
    found = await context.store.aggregate(ERASURES, [*first, *unions, *tail])
    context.budget.spend(len(found))
    places = [Position(one[strand.order], "", one["_id"]) for one in found]
    read = reader_of(Erasure).read

    async def count(context: Context) -> int:
        return await context.store.count(ERASURES, {})

    return connection([read(one) for one in found], places, page, sealing, count)


def receipt_of(document: Document) -> Any:
    """The receipt as the graph shows it."""
    return reader_of(Erasure).read(document)
