"""A playground before a graph of three fields, served on a loopback port: for tests of the page itself."""

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.types import Info

from gateway import playground
from gateway.playground import Welcome

QUESTION = """# One customer, whole
query Whole {
  customer(id: "c1") {
    name
    purchases { number total }
  }
  askedWith
}
"""
OWN = "query Own { askedWith }\n"
TOKENS = {"agent": "agent-token", "visitor": "visitor-token</script><script>window.broken = true</script>"}
TOKENLESS = Welcome(QUESTION)


@strawberry.type(description="Something bought, ![outside](https://outside.example/spy.png) never fetched.")
class Purchase:
    """One order."""

    number: str
    total: str


@strawberry.type(description="A person the company knows.")
class Customer:
    """One person."""

    name: str = strawberry.field(description="The name to greet them with.")
    purchases: list[Purchase]


def asked_with(info: Info) -> str:
    """Tell which Authorization header came along."""
    connection = info.context["request"]
    parameters = info.context.get("connection_params") or {}
    return parameters.get("Authorization") or connection.headers.get("authorization", "nothing")


@strawberry.type
class Query:
    """What the stand-in graph answers."""

    asked_with: str = strawberry.field(resolver=asked_with)

    @strawberry.field
    def customer(self, id: strawberry.ID) -> Customer:
        """Give one customer."""
        return Customer(name=f"Ana Ruiz ({id})", purchases=[Purchase(number="1001", total="12.50")])


@strawberry.type
class Subscription:
    """What the stand-in graph pushes."""

    @strawberry.subscription
    async def news(self, info: Info) -> AsyncIterator[str]:
        """Push one line."""
        yield f"pushed to {asked_with(info)}"


def house(welcome: Welcome = TOKENLESS) -> Starlette:
    """Put a playground before a graph of three fields."""
    graph = GraphQL(strawberry.Schema(Query, subscription=Subscription), graphql_ide=None)
    ends = [Route("/graphql", graph, methods=["GET", "POST"]), WebSocketRoute("/graphql", graph)]
    return Starlette(routes=[*playground.routes(welcome), *ends])


def served(app: Starlette) -> Iterator[str]:
    """Serve on a free loopback port until the caller is done; give the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    # A socket that a page left open must not hold the end of the run.
    options = uvicorn.Config(
        app, log_config=None, access_log=False, ws="websockets-sansio", lifespan="off", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(options)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it served; what uvicorn raised stands above"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """Serve a playground with tokens."""
    yield from served(house(Welcome(QUESTION, TOKENS, {"visitor": OWN})))


@pytest.fixture(scope="module")
def bare() -> Iterator[str]:
    """Serve a playground without tokens."""
    yield from served(house())
