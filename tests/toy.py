"""A slice that lives in the tests alone: it must appear everywhere without another edit."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Facts, Index, Record, Timeline, new_id
from adapters.windows import Strand
from resolvers.customers import Customer, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import NotFound
from resolvers.kit.facts import Fact
from resolvers.kit.lists import customer_lists, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.slice import CUSTOMER_FILTER, Having, Slice
from resolvers.kit.stored import Node, Redacted, kept, reader_of
from resolvers.kit.viewer import STAFF

SLICE = Slice("toys")

TOYS = Record(
    name="toys",
    element="TOYS",
    indexes=(Index(("shelf", "customer_id")),),
    personal=frozenset({"name"}),
    timeline=Timeline(kind="TOY", at="given_at", channel="channel"),
    facts=Facts(at="given_at", category="shelf"),
)


@SLICE.keeps(TOYS)
class Toy(Node, Redacted):
    """A toy that a customer was given."""

    name: str | None = kept("What it is called.")
    shelf: str = kept("Where it stood.")
    given_at: datetime = kept("When it was given.")

    def fact(self) -> Fact:
        """The toy among the facts."""
        return Fact(category=self.shelf, name="Toy", value=self.name, observed_from="toys", observed_at=self.given_at)  # type: ignore[arg-type]


@SLICE.column(Customer, reads=())
async def toys(customers: list[Customer], info: Info, page: Page) -> list[Connection[Toy]]:
    """The customer's toys, newest first."""
    strand = Strand(record=TOYS, order="given_at")
    return await customer_lists(info, customers, listing_of(Toy, strand, info), page)


@SLICE.condition(CUSTOMER_FILTER)
def given_toys(shelves: list[str], context: Context) -> Having:
    """Customers who were given a toy from any of these shelves."""
    del context
    return Having(TOYS, {"shelf": {"$in": shelves}})


@graph_input
class GiveToyInput:
    """A toy and who gets it."""

    customer_id: strawberry.ID = told("Who gets it.")
    name: str = told("What it is called.")


@graph_type
class GiveToyPayload:
    """The toy that was given."""

    toy: Toy = told("The toy.")


@SLICE.mutation(may=STAFF)
async def give_toy(info: Info, input: Annotated[GiveToyInput, about("The toy.")]) -> GiveToyPayload | NotFound:
    """Gives a customer a toy."""
    customer = await require_customer(info.context, input.customer_id)
    document: dict[str, Any] = {
        "_id": new_id(),
        "customer_id": customer.key,
        "name": input.name,
        "shelf": "new",
        "channel": "shop",
        "given_at": info.context.clock(),
    }
    await info.context.store.insert(TOYS, document)
    return GiveToyPayload(toy=reader_of(Toy).read(document))
