"""Does Python's client `gql` go with a gateway: by HTTP, also in parts, and by WebSocket (graphql-transport-ws)?"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final, Self

from gql import Client, GraphQLRequest, gql
from gql.transport import AsyncTransport
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.exceptions import TransportConnectionFailed, TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
from graphql import GraphQLError

from tests.conformance.asking import bearer

ME: Final = "query Me { viewer { subject role } }"
NAME: Final = "query Name($id: ID!) { customer(id: $id) { id displayName } }"
LIST: Final = """query List($first: Int, $filter: CustomerFilter) {
  customers(first: $first, filter: $filter) { nodes { id createdAt } } }"""
ADD: Final = """mutation Add($input: AddNoteInput!) { addNote(input: $input) { __typename
  ... on AddNotePayload { note { id text } } ... on Refusal { code inputPath } } }"""
CHANGED: Final = "subscription Changed($id: ID!) { customerChanged(id: $id) { kind how changedId resumeAt } }"
_PATIENCE_S: Final = 20.0


class Tried:
    """A gateway that `gql` asks as an agent, and a customer."""

    def __init__(self, address: str, customer: str) -> None:
        self.url = f"{address}/graphql"
        self.customer = customer
        self.headers = bearer("agent", "anna")

    def by_http(self, transport: type[AIOHTTPTransport] | type[HTTPXAsyncTransport] = AIOHTTPTransport) -> Client:
        """A client that checks questions itself, by the schema that the gateway tells."""
        return Client(transport=transport(url=self.url, headers=self.headers), fetch_schema_from_transport=True)

    def by_socket(self, *, is_somebody: bool = True) -> Client:
        """A client on a WebSocket, that says in its first message who asks."""
        return Client(transport=self._socket(self.headers if is_somebody else {}))

    def _socket(self, said: dict[str, str]) -> AsyncTransport:
        url = self.url.replace("http", "ws", 1)
        return WebsocketsTransport(
            url=url, init_payload=said, subprotocols=[WebsocketsTransport.GRAPHQLWS_SUBPROTOCOL], ping_interval=1
        )


async def passes(address: str, customer: str) -> bool:
    """Whether each check passes; tells which do, line by line."""
    tried, passed = Tried(address, customer), True
    for check in CHECKS:
        name = (check.__doc__ or "").strip()
        try:
            await asyncio.wait_for(check(tried), _PATIENCE_S)
        except Exception as error:  # noqa: BLE001 - whatever a client raises is what the gateway is found wrong by
            passed = False
            sys.stdout.write(f"  FAIL  {name} {type(error).__name__}: {error}\n")
        else:
            sys.stdout.write(f"  ok    {name}\n")
    return passed


async def questions(tried: Tried) -> None:
    """Questions, with variables, by both of its HTTP transports."""
    for transport in (AIOHTTPTransport, HTTPXAsyncTransport):
        async with tried.by_http(transport) as session:
            assert (await session.execute(gql(ME)))["viewer"]["role"] == "AGENT"
            asked = GraphQLRequest(NAME, variable_values={"id": tried.customer})
            assert (await session.execute(asked))["customer"]["id"] == tried.customer


async def inputs(tried: Tried) -> None:
    """Variables that are objects and lists, as the schema's own types write them."""
    async with tried.by_http() as session:
        given = {"first": 2, "filter": {"onChannels": ["shop"]}}
        found = await session.execute(GraphQLRequest(LIST, variable_values=given), serialize_variables=True)
        assert len(found["customers"]["nodes"]) == 2


async def operation_names(tried: Tried) -> None:
    """One operation of a document that has several."""
    async with tried.by_http() as session:
        asked = GraphQLRequest(f"{ME} query Other {{ viewer {{ __typename }} }}", operation_name="Other")
        assert await session.execute(asked) == {"viewer": {"__typename": "ViewerInfo"}}


async def mutations(tried: Tried) -> None:
    """Mutations, and their refusals, which are data."""
    async with tried.by_http() as session:
        assert (await _added(session, tried, "by gql"))["note"]["text"] == "by gql"
        refused = await _added(session, tried, "")
        assert refused == {"__typename": "InvalidInput", "code": "INVALID_INPUT", "inputPath": ["input", "text"]}


async def errors(tried: Tried) -> None:
    """An error of the gateway is raised, with its code; one that the schema tells never leaves the client."""
    async with tried.by_http() as session:
        with _raised(TransportQueryError) as raised:
            await session.execute(GraphQLRequest(NAME, variable_values={"id": "none"}))
        assert [one["extensions"]["code"] for one in raised.error.errors or []] == ["BAD_USER_INPUT"]
        with _raised(GraphQLError):
            await session.execute(gql("{ nothing }"))


async def nobody(tried: Tried) -> None:
    """Who is not signed in is told UNAUTHENTICATED."""
    async with Client(transport=AIOHTTPTransport(url=tried.url)) as session:
        with _raised(TransportQueryError) as raised:
            await session.execute(gql(ME))
        assert [one["extensions"]["code"] for one in raised.error.errors or []] == ["UNAUTHENTICATED"]


async def sockets(tried: Tried) -> None:
    """Questions, mutations and errors over a WebSocket."""
    async with tried.by_socket() as session:
        assert (await session.execute(gql(ME)))["viewer"]["role"] == "AGENT"
        assert (await _added(session, tried, "by a socket of gql"))["__typename"] == "AddNotePayload"
        with _raised(TransportQueryError) as raised:
            await session.execute(gql("{ nothing }"))
        assert [one["extensions"]["code"] for one in raised.error.errors or []] == ["GRAPHQL_VALIDATION_FAILED"]


async def subscriptions(tried: Tried) -> None:
    """A subscription over a WebSocket, with signs of life, and questions beside it; it ends when the client ends it."""
    async with tried.by_socket() as session:
        changes = session.subscribe(GraphQLRequest(CHANGED, variable_values={"id": tried.customer}))
        coming = asyncio.ensure_future(anext(changes))
        # Longer than its signs of life are apart.
        await asyncio.sleep(1.5)
        await _added(session, tried, "followed by gql")
        assert (await coming)["customerChanged"]["kind"] == "NOTE"
        await changes.aclose()
        assert (await session.execute(gql(ME)))["viewer"]["role"] == "AGENT"


async def parts(tried: Tried) -> None:
    """A subscription over HTTP, in the parts of a response; and one that may not be."""
    async with tried.by_http() as session:
        changes = session.subscribe(GraphQLRequest(CHANGED, variable_values={"id": tried.customer}))
        coming = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0.5)
        await _added(session, tried, "followed by gql over HTTP")
        assert (await coming)["customerChanged"]["kind"] == "NOTE"
        await changes.aclose()
        with _raised(TransportQueryError) as raised:
            await anext(session.subscribe(GraphQLRequest(CHANGED, variable_values={"id": "none"})))
        assert [one["extensions"]["code"] for one in raised.error.errors or []] == ["BAD_USER_INPUT"]


async def no_socket(tried: Tried) -> None:
    """Nobody is closed out of the WebSocket."""
    with _raised(TransportConnectionFailed):
        async with tried.by_socket(is_somebody=False) as session:
            await session.execute(gql(ME))


async def _added(session: Any, tried: Tried, text: str) -> dict[str, Any]:
    given = {"input": {"customerId": tried.customer, "text": text}}
    answer: dict[str, Any] = (await session.execute(GraphQLRequest(ADD, variable_values=given)))["addNote"]
    return answer


class _raised:  # noqa: N801 - it reads as a word of the block
    """A block that must raise; `error` is what it raised."""

    def __init__(self, wanted: type[Exception]) -> None:
        self._wanted = wanted
        self.error: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        if kind is None:
            raise AssertionError(f"nothing was raised, where {self._wanted.__name__} should be")
        self.error = error
        return isinstance(error, self._wanted)


CHECKS: Final[tuple[Callable[[Tried], Awaitable[None]], ...]] = (
    questions,
    inputs,
    operation_names,
    mutations,
    errors,
    nobody,
    sockets,
    subscriptions,
    parts,
    no_socket,
)
