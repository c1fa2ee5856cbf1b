"""How does plain Strawberry read the lists of many customers: a DataLoader per list, a command per record kind?"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from strawberry.dataloader import DataLoader

from benchmarks.peers.python import commands
from benchmarks.peers.python.common import Document, Viewer, aggregated, facts_in, summed
from benchmarks.peers.python.strawberry_types import (
    ClaimStrength,
    HistoryEntryConnection,
    Identity,
    InterestConnection,
    PageInfo,
    PurchaseConnection,
    Summary,
    TicketConnection,
    as_history,
    as_interest,
    as_purchase,
    as_summary,
    as_ticket,
    database,
    held,
)

Batch = Callable[[Sequence[Document], int, Viewer], Awaitable[list[Any]]]


@dataclass
class Context:
    """What the resolvers of one request share."""

    viewer: Viewer
    loaders: dict[tuple[str, int], DataLoader[Any, Any]] = field(default_factory=dict)

    async def load(self, name: str, size: int, batch: Batch, customer: Document) -> Any:
        """A customer's list, read together with those of the other customers."""
        loader = self.loaders.get((name, size))
        if loader is None:

            async def load(customers: list[Document]) -> list[Any]:
                return await batch(customers, size, self.viewer)

            loader = self.loaders[name, size] = DataLoader(load_fn=load, cache_key_fn=lambda one: one["_id"])
        return await loader.load(customer)


async def joined(customers: Sequence[Document], stages: Sequence[Document]) -> list[Document]:
    """What the lookups find, a document per customer in their order."""
    found = await aggregated(database, commands.over([one["_id"] for one in customers], stages))
    by_id = {one["_id"]: one for one in found}
    return [by_id[one["_id"]] for one in customers]


async def identities_of(customers: Sequence[Document], _size: int, viewer: Viewer) -> list[list[Identity]]:
    """Each customer's identities, by channel and account."""
    found = await joined(customers, [commands.lookup("identities", "rows")])
    return [
        [
            Identity(
                channel=one["channel"],
                account=one["account"],
                value=viewer.personal(one["value"]),
                claim=ClaimStrength(one["claim"]),
            )
            for one in sorted(rows["rows"], key=lambda row: (row["channel"], row["account"], row["_id"]))
        ]
        for rows in found
    ]


def paged(collection: str, connection: Any, shape: Callable[[Document, Viewer], Any]) -> Batch:
    """Reads a page of each customer's list."""

    async def batch(customers: Sequence[Document], size: int, viewer: Viewer) -> list[Any]:
        stages = commands.newest(commands.ORDERS[collection], size + 1)
        found = await joined(customers, [commands.lookup(collection, "rows", stages)])
        return [
            connection(
                nodes=[shape(one, viewer) for one in rows["rows"][:size]],
                page_info=PageInfo(has_next_page=len(rows["rows"]) > size, has_previous_page=False),
            )
            for rows in found
        ]

    return batch


purchases_of = paged("purchases", PurchaseConnection, as_purchase)
tickets_of = paged("tickets", TicketConnection, as_ticket)
interests_of = paged("interests", InterestConnection, as_interest)


async def summaries_of(customers: Sequence[Document], top: int, viewer: Viewer) -> list[Summary]:
    """Each customer's summary."""
    found = await joined(customers, [commands.lookup("interests", "rows", commands.grouped(top))])
    return [
        as_summary(summed(rows["rows"], facts_in(customer, held, viewer), top))
        for customer, rows in zip(customers, found, strict=True)
    ]


async def histories_of(customers: Sequence[Document], size: int, viewer: Viewer) -> list[HistoryEntryConnection]:
    """The newest page of each customer's history."""
    lookups, merged = commands.history(size + 1)
    found = await joined(customers, [*lookups, {"$project": merged}])
    return [as_history(rows["history"], size, viewer) for rows in found]
