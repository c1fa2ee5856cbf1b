"""Plain Strawberry, as its documentation shows it: types, async resolvers, a DataLoader per list, its ASGI application.

With `CACHES=on` also its two documented caches, of parsed and of validated questions.
"""

import base64
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from benchmarks.peers.python import commands
from benchmarks.peers.python.common import (
    Document,
    Tokens,
    Viewer,
    aggregated,
    canonical,
    heard_at,
    labels_of,
    run,
)
from benchmarks.peers.python.strawberry_batches import (
    Context,
    histories_of,
    identities_of,
    interests_of,
    purchases_of,
    summaries_of,
    tickets_of,
)
from benchmarks.peers.python.strawberry_types import (
    Agent,
    AttributeScalar,
    CurrencyCode,
    CustomDatum,
    CustomerKind,
    HistoryEntryConnection,
    Identity,
    InterestConnection,
    Label,
    PageInfo,
    PurchaseConnection,
    Summary,
    Tag,
    TicketConnection,
    agent_of,
    database,
    held,
    sealed,
)

PAGE = 20

tokens = Tokens()
Info = strawberry.Info[Context, None]


@strawberry.type
class Customer:
    """A person who deals with the company."""

    id: strawberry.ID
    display_name: str | None
    first_name: str | None
    last_name: str | None
    is_anonymous: bool
    created_at: datetime
    updated_at: datetime
    last_interaction_at: datetime | None
    version: int
    hidden_fields: list[str]
    document: strawberry.Private[Document]

    @strawberry.field
    async def identities(self, info: Info) -> list[Identity]:
        """Accounts on channels."""
        found: list[Identity] = await info.context.load("identities", 0, identities_of, self.document)
        return found

    @strawberry.field
    def labels(self) -> list[Label]:
        """Classes, the most urgent first."""
        return [
            Label(name=one["name"], color=one["color"], priority=one["priority"])
            for one in labels_of(self.document, held)
        ]

    @strawberry.field
    def tags(self) -> list[Tag]:
        """Words on the customer."""
        return [Tag(word=one["word"]) for one in self.document.get("tags", ())]

    @strawberry.field
    def custom_data(self, info: Info) -> list[CustomDatum]:
        """Keys and values."""
        shown = info.context.viewer.personal
        return [
            CustomDatum(name=one["name"], value=shown(one["value"])) for one in self.document.get("custom_data", ())
        ]

    @strawberry.field
    def assigned_agent(self) -> Agent | None:
        """Who looks after the customer."""
        return agent_of(self.document.get("assigned_agent_id"))

    @strawberry.field
    async def purchases(self, info: Info, first: int | None = None) -> PurchaseConnection:
        """Orders, newest first."""
        found: PurchaseConnection = await info.context.load("purchases", first or PAGE, purchases_of, self.document)
        return found

    @strawberry.field
    async def tickets(self, info: Info, first: int | None = None) -> TicketConnection:
        """Tickets, newest first."""
        found: TicketConnection = await info.context.load("tickets", first or PAGE, tickets_of, self.document)
        return found

    @strawberry.field
    async def interests(self, info: Info, first: int | None = None) -> InterestConnection:
        """Interests, the strongest first."""
        found: InterestConnection = await info.context.load("interests", first or PAGE, interests_of, self.document)
        return found

    @strawberry.field
    async def summary(self, info: Info, top: int = 3) -> Summary:
        """What is known at a glance."""
        found: Summary = await info.context.load("summary", top, summaries_of, self.document)
        return found

    @strawberry.field
    async def history(self, info: Info, last: int | None = None) -> HistoryEntryConnection:
        """Everything that happened, oldest first."""
        found: HistoryEntryConnection = await info.context.load("history", last or PAGE, histories_of, self.document)
        return found


@strawberry.type
class IdentifiedCustomer:
    """Who stands behind an identity."""

    customer: Customer
    kind: CustomerKind


@strawberry.type
class CustomerConnection:
    """A page of customers."""

    nodes: list[Customer]
    page_info: PageInfo


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def customer_by_identity(
        self, info: Info, channel: str, account: str, value: str
    ) -> IdentifiedCustomer | None:
        """The customer behind an identity."""
        if channel not in held.channels:
            raise ValueError(f"`channel` is {channel!r}, which is no channel here.")
        words = "\x1f".join((channel, account, canonical(channel, value)))
        key = hashlib.sha256(words.encode()).hexdigest()
        found = await aggregated(database["identity_keys"], commands.panel(key))
        if not found or not found[0]["own"]:
            return None
        customer = as_customer(found[0]["own"][0], info.context.viewer)
        kind = CustomerKind.ANONYMOUS if customer.is_anonymous else CustomerKind.IDENTIFIED
        return IdentifiedCustomer(customer=customer, kind=kind)

    @strawberry.field
    async def customers(self, info: Info, first: int | None = None) -> CustomerConnection:
        """Customers, last heard of first."""
        size = first or PAGE
        cursor = database["customers"].find({"merged_into": None}).sort([("last_interaction_at", -1), ("_id", -1)])
        found = await cursor.limit(size + 1).to_list()
        nodes = [as_customer(one, info.context.viewer) for one in found[:size]]
        page_info = PageInfo(
            has_next_page=len(found) > size,
            has_previous_page=False,
            start_cursor=_place(found[0]) if nodes else None,
            end_cursor=_place(found[len(nodes) - 1]) if nodes else None,
        )
        return CustomerConnection(nodes=nodes, page_info=page_info)


def _place(one: Document) -> str:
    return sealed(one["last_interaction_at"], "", one["_id"])


def as_customer(one: Document, viewer: Viewer) -> Customer:
    """A customer without what the viewer may not see."""
    shown, values = viewer.personal, one["attributes"]
    names = {
        "displayName": one["display_name"],
        "firstName": values.get("firstName"),
        "lastName": values.get("lastName"),
    }
    return Customer(
        id=strawberry.ID(base64.urlsafe_b64encode(f"Customer:{one['_id']}".encode()).decode().rstrip("=")),
        display_name=shown(names["displayName"]),
        first_name=shown(names["firstName"]),
        last_name=shown(names["lastName"]),
        is_anonymous=one["is_anonymous"],
        created_at=one["created_at"],
        updated_at=one["updated_at"],
        last_interaction_at=heard_at(one),
        version=one["version"],
        hidden_fields=[] if viewer.may_see_personal else [name for name, value in names.items() if value is not None],
        document=one,
    )


def moment_text(moment: datetime) -> str:
    """A moment as the gateway writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


schema = strawberry.Schema(
    query=Query,
    extensions=[ParserCache(), ValidationCache()] if os.environ.get("CACHES") == "on" else [],
    config=StrawberryConfig(
        scalar_map={
            datetime: strawberry.scalar(name="DateTime", serialize=moment_text),
            CurrencyCode: strawberry.scalar(name="CurrencyCode", serialize=str),
            AttributeScalar: strawberry.scalar(name="AttributeScalar", serialize=lambda value: value),
        }
    ),
)


class Application(GraphQL[Context, None]):
    """Strawberry's ASGI application, with who asks in the context."""

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        """The context of one request."""
        del response
        return Context(viewer=tokens.viewer_of(request.headers.get("authorization")))


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Held records are fresh while it serves."""
    async with held.kept_fresh():
        yield


if __name__ == "__main__":
    run(Starlette(routes=[Route("/graphql", Application(schema, graphql_ide=None))], lifespan=lifespan))
