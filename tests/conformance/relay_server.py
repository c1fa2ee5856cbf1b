"""Does a gateway keep Relay's server specification: things found by their ids, pages of lists, mutations?

After https://relay.dev/docs/guides/graphql-server-specification/, the Global Object Identification and Cursor
Connections specifications; each check names what it stands for.
"""

import re
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, Final

from graphql import (
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    is_union_type,
)

from tests.conformance.asking import answered, bearer

PAGE: Final = """query ($first: Int, $after: String, $last: Int, $before: String) {
  customers(first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { __typename id } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
NODE: Final = "query ($id: ID!) { node(id: $id) { __typename id } }"
NODES: Final = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
THINGS: Final = """{ customers(first: 5) { nodes { __typename id
  identities { __typename id } contactPoints { id } labels { __typename id }
  notes(first: 2) { nodes { __typename id } } tickets(first: 2) { nodes { __typename id } }
  purchases(first: 2) { nodes { __typename id } } conversations(first: 1) { nodes { __typename id } } } } }"""
_ROWS: Final = 7
_STRINGS: Final = ("String", "ID")


class Server:
    """A gateway that is asked, and the schema that it tells."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._headers = bearer("administrator", "root")
        told: Any = self.ask(get_introspection_query())["data"]
        self.schema: GraphQLSchema = build_client_schema(told)

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """An answer."""
        return answered(self._address, query, self._headers, **variables)

    def page(self, **arguments: Any) -> dict[str, Any]:
        """A page of customers."""
        found: dict[str, Any] = self.ask(PAGE, **arguments)["data"]["customers"]
        return found

    def objects(self, pattern: str = "") -> Iterator[GraphQLObjectType]:
        """The object types whose names end so."""
        for name, one in self.schema.type_map.items():
            if is_object_type(one) and re.search(f"{pattern}$", name) and not name.startswith("__"):
                yield one


def passes(address: str) -> bool:
    """Whether all of it is kept; tells what is, line by line."""
    server = Server(address)
    kept = True
    for check in CHECKS:
        wrong = list(check(server))
        kept = kept and not wrong
        name = (check.__doc__ or "").strip()
        sys.stdout.write(f"  {'FAIL' if wrong else 'ok  '}  {name}{''.join(f' {one};' for one in wrong)}\n")
    return kept


def node_interface(server: Server) -> Iterator[str]:
    """Node has `id: ID!` and nothing else, and each type that implements it has it."""
    node = server.schema.type_map.get("Node")
    if not isinstance(node, GraphQLInterfaceType) or {name: str(f.type) for name, f in node.fields.items()} != {
        "id": "ID!"
    }:
        yield f"Node is {node}"
    things = [one for one in server.objects() if any(face.name == "Node" for face in one.interfaces)]
    yield from (str(one) for one in things if str(one.fields["id"].type) != "ID!")
    if len(things) < 10:
        yield f"only {len(things)} types implement it"


def node_field(server: Server) -> Iterator[str]:
    """Query has `node(id: ID!): Node`, which may be null."""
    yield from _root(server, "node", {"id": "ID!"}, "Node")


def nodes_field(server: Server) -> Iterator[str]:
    """Query has the plural `nodes(ids: [ID!]!): [Node]!`."""
    yield from _root(server, "nodes", {"ids": "[ID!]!"}, "[Node]!")


def _root(server: Server, name: str, takes: dict[str, str], gives: str) -> Iterator[str]:
    assert server.schema.query_type is not None
    field = server.schema.query_type.fields[name]
    if str(field.type) != gives or {key: str(one.type) for key, one in field.args.items()} != takes:
        yield f"it is {field.type}"


def found_again(server: Server) -> Iterator[str]:
    """Whatever has been seen is found by its id: the same type, the same id."""
    for key, name in _seen(server):
        found = server.ask(NODE, id=key)["data"]["node"]
        if found != {"__typename": name, "id": key}:
            yield f"{name}: {found}"


def ids_unique(server: Server) -> Iterator[str]:
    """No two things of different types have one id."""
    seen = _seen(server)
    if len({key for key, _ in seen}) != len(set(seen)) or len({name for _, name in seen}) < 5:
        yield f"{len(seen)} things"


def _seen(server: Server) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []

    def look(at: Any) -> None:
        if isinstance(at, dict):
            if "__typename" in at:
                found.append((at["id"], at["__typename"]))
            for one in at.values():
                look(one)
        elif isinstance(at, list):
            for one in at:
                look(one)

    look(server.ask(THINGS)["data"])
    return found


def none_is_null(server: Server) -> Iterator[str]:
    """An id of what is not there gives null, and no error."""
    answer = server.ask(NODE, id="Q3VzdG9tZXI6MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw")
    if answer.get("errors") or answer["data"]["node"] is not None:
        yield str(answer)


def plural_order(server: Server) -> Iterator[str]:
    """Several ids are answered in their order, one place each, null for what is not there."""
    keys = [edge["node"]["id"] for edge in server.page(first=3)["edges"]]
    asked = [keys[2], "none", keys[0], keys[2], keys[1]]
    found = server.ask(NODES, ids=asked)["data"]["nodes"]
    if [one and one["id"] for one in found] != [key if key in keys else None for key in asked]:
        yield str(found)


def connection_types(server: Server) -> Iterator[str]:
    """Each connection has a list of `edges` of an object type, and `pageInfo: PageInfo!`."""
    for one in server.objects("Connection"):
        edges, info = one.fields.get("edges"), one.fields.get("pageInfo")
        if edges is None or not is_list_type(get_nullable_type(edges.type)):
            yield f"{one} has no list of edges"
        elif not is_object_type(get_named_type(edges.type)):
            yield f"the edges of {one} are no objects"
        if info is None or str(info.type) != "PageInfo!":
            yield f"{one} has no pageInfo"


def edge_types(server: Server) -> Iterator[str]:
    """Each edge has a `node` that is no list, and a `cursor` that is a string."""
    for one in server.objects("Edge"):
        node, cursor = one.fields.get("node"), one.fields.get("cursor")
        if node is None or is_list_type(get_nullable_type(node.type)):
            yield f"{one} has no node"
        if cursor is None or get_named_type(cursor.type).name not in _STRINGS:
            yield f"{one} has no cursor"


def connection_arguments(server: Server) -> Iterator[str]:
    """Each field that gives a connection takes first and after, last and before."""
    wanted = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    for one in server.objects():
        for name, field in one.fields.items():
            takes = {key: str(argument.type) for key, argument in field.args.items() if key in wanted}
            if get_named_type(field.type).name.endswith("Connection") and takes != wanted:
                yield f"{one}.{name}"


def page_info(server: Server) -> Iterator[str]:
    """PageInfo has hasNextPage and hasPreviousPage, never null, and startCursor and endCursor."""
    info = server.schema.type_map["PageInfo"]
    assert isinstance(info, GraphQLObjectType)
    said = {name: str(field.type) for name, field in info.fields.items()}
    booleans = {"hasNextPage": "Boolean!", "hasPreviousPage": "Boolean!"}
    if said != booleans | {"startCursor": "String", "endCursor": "String"}:
        yield str(said)


def forwards(server: Server) -> Iterator[str]:
    """`first` and `after` lead through the list, each row once and in its order; the outer cursors are told."""
    whole, after = server.page(first=_ROWS)["edges"], None
    walked: list[Any] = []
    while len(walked) < _ROWS:
        page = server.page(first=2, after=after)
        edges, info, after = page["edges"], page["pageInfo"], page["pageInfo"]["endCursor"]
        walked += edges
        if [info["startCursor"], after] != [edges[0]["cursor"], edges[-1]["cursor"]] or not info["hasNextPage"]:
            yield str(info)
    if walked[:_ROWS] != whole:
        yield "other rows than in one page"


def backwards(server: Server) -> Iterator[str]:
    """`last` and `before` lead back, in the same order of rows."""
    whole = server.page(first=_ROWS)["edges"]
    page = server.page(last=3, before=whole[-1]["cursor"])
    if page["edges"] != whole[-4:-1] or not page["pageInfo"]["hasPreviousPage"]:
        yield str(page["pageInfo"])
    begin = server.page(last=5, before=whole[2]["cursor"])
    if begin["edges"] != whole[:2] or begin["pageInfo"]["hasPreviousPage"]:
        yield f"at the beginning: {begin['pageInfo']}"


def the_end(server: Server) -> Iterator[str]:
    """The last page says that nothing follows."""
    page = server.page(last=2)
    if page["pageInfo"]["hasNextPage"] or len(page["edges"]) != 2:
        yield str(page["pageInfo"])
    beyond = server.page(first=2, after=page["pageInfo"]["endCursor"])
    if beyond["edges"] or beyond["pageInfo"]["hasNextPage"]:
        yield str(beyond)


def wrong_pages(server: Server) -> Iterator[str]:
    """A negative first or last, and a cursor that is none, are errors."""
    for arguments in ({"first": -1}, {"last": -1}, {"first": 1, "after": "no cursor"}):
        answer = server.ask(PAGE, **arguments)
        if [one["extensions"]["code"] for one in answer.get("errors", [])] != ["BAD_USER_INPUT"]:
            yield f"{arguments}: {answer}"


def mutations(server: Server) -> Iterator[str]:
    """Each mutation takes one `input` of a type of its own, and answers a payload of its own or a refusal."""
    assert server.schema.mutation_type is not None
    for name, field in server.schema.mutation_type.fields.items():
        taken = [get_nullable_type(one.type) for one in field.args.values()]
        if list(field.args) != ["input"] or not isinstance(taken[0], GraphQLInputObjectType):
            yield f"{name} takes {list(field.args)}"
        elif not is_non_null_type(field.args["input"].type):
            yield f"the input of {name} may be left out"
        answers = _members(field.type)
        if len([one for one in answers if one.endswith("Payload")]) != 1:
            yield f"{name} answers {answers}"


def _members(given: GraphQLOutputType) -> list[str]:
    named = get_named_type(given)
    return [one.name for one in named.types] if is_union_type(named) else [named.name]


def ordered(server: Server) -> Iterator[str]:
    """Asked for twice, a list has one order, and one cursor for each row."""
    for one, other in pairwise([server.page(first=_ROWS) for _ in range(3)]):
        if one != other:
            yield "another page"


CHECKS: Final[tuple[Callable[[Server], Iterator[str]], ...]] = (
    node_interface,
    node_field,
    nodes_field,
    found_again,
    ids_unique,
    none_is_null,
    plural_order,
    connection_types,
    edge_types,
    connection_arguments,
    page_info,
    forwards,
    backwards,
    the_end,
    wrong_pages,
    ordered,
    mutations,
)
