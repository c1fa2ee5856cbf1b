"""Is the schema told to who builds with it, and to nobody else, by whichever slip of the pen?"""

import re
from typing import Any

import pytest
from graphql import is_specified_scalar_type

from gateway.settings import load_settings
from resolvers.kit.viewer import SCHEMA_SCOPE, Role
from tests.gateway.conftest import GRAPHQL, Gate, OpenGate, code_of, data_of
from tests.makers import Makers

SCHEMA = "{ __schema { queryType { name } } }"
ASKING = {
    "schema": SCHEMA,
    "type": '{ __type(name: "Customer") { name } }',
    "service": "{ _service { sdl } }",
    "alias": "{ a: __schema { queryType { name } } }",
    "fragment": "{ ...F } fragment F on Query { ... { __schema { queryType { name } } } }",
    "later": '{ viewer { role } ... @include(if: true) { __type(name: "Customer") { name } } }',
}
SLIPS = {
    "field": "{ viewer { rol } }",
    "type": "{ viewer { ... on ViewerInf { role } } }",
    "argument": "{ customer(ide: 1) { id } }",
    "enum": "{ customers(filter: { withTickets: [OPE] }) { totalCount } }",
    "input": "{ customers(filter: { withTicket: [OPEN] }) { totalCount } }",
    "fragment": "{ node(id: 1) { displayName } }",
    "directive": "{ viewer { role @includ(if: true) } }",
}


@pytest.fixture
def public(open_gate: OpenGate) -> Gate:
    """A gate in the production profile."""
    return open_gate(profile="production")


async def asked(gate: Gate, query: str, role: Role, **more: Any) -> Any:
    """The response to somebody of that role."""
    headers = gate.bearer(role, **more) | {"Accept": GRAPHQL}
    return await gate.ask(query, headers=headers)


@pytest.mark.parametrize("name", ASKING)
async def test_public_is_told_nothing(public: Gate, make: Makers, name: str) -> None:
    """In production the schema is told to administrators and to partners with the scope; others hear whom to ask."""
    ann = await make.customer()
    for role, more in ((Role.AGENT, {}), (Role.PARTNER, {}), (Role.VISITOR, {"customer_id": ann.id})):
        refused = await asked(public, ASKING[name], role, **more)
        assert (refused.status_code, code_of(refused)) == (403, "FORBIDDEN")
    for role, more in ((Role.ADMINISTRATOR, {}), (Role.PARTNER, {"scope": SCHEMA_SCOPE})):
        assert data_of(await asked(public, ASKING[name], role, **more))


async def test_developers_are_told(gate: Gate, make: Makers) -> None:
    """In development everybody but visitors is told."""
    ann = await make.customer()
    assert data_of(await asked(gate, SCHEMA, Role.AGENT))["__schema"] == {"queryType": {"name": "Query"}}
    refused = await asked(gate, SCHEMA, Role.VISITOR, customer_id=ann.id)
    assert code_of(refused) == "FORBIDDEN"


@pytest.mark.parametrize("name", SLIPS)
async def test_no_hints_in_public(public: Gate, gate: Gate, name: str) -> None:
    """A slip of the pen is told, and not what was probably meant; who may have the schema is told that, too."""
    told = (await asked(public, SLIPS[name], Role.AGENT)).text
    helped = (await asked(gate, SLIPS[name], Role.AGENT)).text
    assert "Did you mean" not in told
    assert "VALIDATION_FAILED" in told
    assert name == "directive" or "Did you mean" in helped
    assert (await asked(public, SLIPS[name], Role.ADMINISTRATOR)).json() == (
        await asked(gate, SLIPS[name], Role.ADMINISTRATOR)
    ).json()


async def test_no_hints_in_variables(public: Gate, gate: Gate) -> None:
    """Nor is it told of what comes as a variable."""
    query = "query ($f: CustomerFilter) { customers(filter: $f) { totalCount } }"
    for one, is_told in ((public, False), (gate, True)):
        response = await one.ask(query, variables={"f": {"withTicket": ["OPEN"]}})
        assert code_of(response) in {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}
        assert ("Did you mean" in response.text) is is_told


async def test_typename_is_everyones(public: Gate) -> None:
    """What a thing is, clients have to know."""
    assert data_of(await asked(public, "{ __typename viewer { __typename } }", Role.AGENT))["__typename"] == "Query"


async def test_same_document_for_others(public: Gate) -> None:
    """A document that somebody may ask is kept at hand, and refused to the next one all the same."""
    for _ in range(2):
        assert data_of(await asked(public, SCHEMA, Role.ADMINISTRATOR))
        assert code_of(await asked(public, SCHEMA, Role.AGENT)) == "FORBIDDEN"


@pytest.mark.parametrize(
    ("given", "is_there"),
    [({}, True), ({"profile": "production"}, False), ({"profile": "production", "playground": True}, True)],
    ids=str,
)
def test_playground_by_profile(given: dict[str, Any], *, is_there: bool) -> None:
    """In production there is no playground, unless somebody wants it."""
    assert load_settings(**given).has_playground is is_there


@pytest.mark.parametrize(
    ("query", "hidden"),
    [
        ("{ customer { id } }", "ID!"),
        ("{ viewer }", "ViewerInfo"),
        ("query ($a: String) { customer(id: $a) { id } }", "ID!"),
        ("mutation { addNote(input: {}) { __typename } }", "customerId"),
    ],
)
async def test_types_are_not_told(public: Gate, gate: Gate, query: str, hidden: str) -> None:
    """Nor are the types and arguments of what somebody asks for, which they did not name."""
    assert hidden in (await asked(gate, query, Role.AGENT)).text
    assert hidden not in (await asked(public, query, Role.AGENT)).text


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { role { x } } }",
        "{ customers { x } }",
        "{ x }",
        "mutation { x }",
        "subscription { x }",
        '{ node(id: "x") { ... on Customer { a: createdAt } ... on Ticket { a: status } } }',
        "{ customers(filter: { withTickets: [A] }) { totalCount } }",
        "{ customers(filter: { withTickets: 3 }) { totalCount } }",
        '{ customers(filter: "x") { totalCount } }',
        "{ customers(filter: { x: 1 }) { totalCount } }",
        "{ customers(filter: { attributes: [{}] }) { totalCount } }",
        '{ customers(first: "x") { totalCount } }',
        '{ customers(x: "x") { totalCount } }',
        "{ customer { id } }",
        "{ customer(id: null) { id } }",
        "{ customer(id: 1) { tickets(x: 1) { totalCount } } }",
        "{ viewer { ... on Purchase { total { amount } } } }",
        "{ ...F } fragment F on Ticket { status }",
        "query ($a: Int!) { customer(id: $a) { id } }",
        "query ($a: [String]) { customers(filter: $a) { totalCount } }",
        "{ customers { nodes } }",
        "{ node(id: 1) { displayName } }",
        "mutation { addNote { __typename } }",
        "mutation { addNote(input: {}) { __typename } }",
        "mutation { addNote(input: { customerId: 1, text: 2, x: 3 }) { __typename } }",
        "{ _entities(representations: [1]) { __typename } }",
        '{ _entities(representations: [{ __typename: "x" }]) { __typename } }',
    ],
)
async def test_nothing_unnamed_is_told(public: Gate, query: str) -> None:
    """Whatever slips, no type, field or argument of the schema is told that the question itself does not name."""
    schema = public.house.graph._schema
    objects = [one for one in schema.type_map.values() if hasattr(one, "fields")]
    names = {one for one in schema.type_map if not is_specified_scalar_type(schema.type_map[one])}
    names |= {name for one in objects for name in one.fields}
    said = set(re.findall(r"\w+", query))
    for role in (Role.AGENT, Role.PARTNER):
        for error in (await asked(public, query, role)).json()["errors"]:
            quoted = " ".join(re.findall(r"['`]([^'`]*)['`]", error["message"]))
            assert set(re.findall(r"\w+", quoted)) & names - said - {"id", "__typename"} == set(), error["message"]


@pytest.mark.parametrize(("rights", "imports"), [("told", False), ("enforced", True)])
async def test_subgraph_by_setting(open_gate: OpenGate, rights: str, imports: bool) -> None:
    """A setting says whether routers are to see to rights; they are told by who may have the schema."""
    gate = open_gate(profile="production", federation_rights=rights)
    told = data_of(await asked(gate, ASKING["service"], Role.PARTNER, scope=SCHEMA_SCOPE))["_service"]["sdl"]
    assert ('"@policy"' in told) is imports
    assert "@policy(policies: " in told


async def test_entities_signed_in(public: Gate) -> None:
    """Entities are for whoever has signed in; the public is told nothing by them."""
    query = '{ _entities(representations: [{__typename: "Customer", id: "x"}]) { __typename } }'
    refused = await public.ask(query, headers={"Accept": GRAPHQL})
    assert (refused.status_code, code_of(refused)) == (401, "UNAUTHENTICATED")
