"""Is the schema told to who builds with it, and to nobody else, by whichever slip of the pen?"""

import re
from typing import Any

import pytest
from graphql import is_specified_scalar_type

from gateway.media_types import JSON, NEWER
from gateway.questions import Answer, Fate
from gateway.settings import load_settings
from resolvers.kit.viewer import SCHEMA_SCOPE, Role, Viewer
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


SENTENCES: dict[str, list[str]] = {
    "{ viewer { role { x } } }": ["Field 'role' must not have a selection since it has no subfields."],
    "{ customers { x } }": ["Cannot query field 'x'."],
    "{ x }": ["Cannot query field 'x'."],
    "mutation { x }": ["Cannot query field 'x'."],
    "subscription { x }": ["Cannot query field 'x'."],
    '{ node(id: "x") { ... on Customer { a: createdAt } ... on Ticket { a: status } } }': [
        (
            "Fields 'a' conflict because they return conflicting types. Use different aliases on the fields to fetch "
            "both if this was intentional."
        )
    ],
    "{ customers(filter: { withTickets: [A] }) { totalCount } }": ["Value 'A' does not exist here."],
    "{ customers(filter: { withTickets: 3 }) { totalCount } }": ["A value is none of those that may stand here."],
    '{ customers(filter: "x") { totalCount } }': ["A value must be an object here."],
    "{ customers(filter: { x: 1 }) { totalCount } }": ["The input has an unknown field 'x'."],
    "{ customers(filter: { attributes: [{}] }) { totalCount } }": ["A required field is missing."],
    '{ customers(first: "x") { totalCount } }': ["Int cannot represent non-integer value."],
    '{ customers(x: "x") { totalCount } }': ["Unknown argument 'x' on field 'customers'."],
    "{ customer { id } }": ["A required argument of 'customer' is missing."],
    "{ customer(id: null) { id } }": ["A value is null where it may not be."],
    "{ customer(id: 1) { tickets(x: 1) { totalCount } } }": ["Unknown argument 'x' on field 'tickets'."],
    "{ viewer { ... on Purchase { total { amount } } } }": [
        "Fragment cannot be spread here: nothing is of both types."
    ],
    "{ ...F } fragment F on Ticket { status }": ["Fragment 'F' cannot be spread here: nothing is of both types."],
    "query ($a: Int!) { customer(id: $a) { id } }": ["Variable '$a' is used where its type does not fit."],
    "query ($a: [String]) { customers(filter: $a) { totalCount } }": [
        "Variable '$a' is used where its type does not fit."
    ],
    "{ customers { nodes } }": ["Field 'nodes' must have a selection of subfields."],
    "{ node(id: 1) { displayName } }": ["Cannot query field 'displayName'."],
    "mutation { addNote { __typename } }": ["A required argument of 'addNote' is missing."],
    "mutation { addNote(input: {}) { __typename } }": ["A required field is missing."],
    "mutation { addNote(input: { customerId: 1, text: 2, x: 3 }) { __typename } }": [
        "String cannot represent a non string value.",
        "The input has an unknown field 'x'.",
    ],
    "{ _entities(representations: [1]) { __typename } }": [],
    '{ _entities(representations: [{ __typename: "x" }]) { __typename } }': [],
}
"""What is said of each slip, each sentence once."""

# What graphql-core says of variables that come too late to be checked with the question, and of inputs that none of our
# schema is; each with what is told of it.
OTHERS = {
    "Expected variable '$v' provided to non-null type 'ID!' not to be null.": (
        "Variable '$v' is null where it may not be."
    ),
    "Expected variable '$v' provided to type 'ID!' to provide a runtime value.": "Variable '$v' needs a value here.",
    "Expected variable '$v' provided to field 'one' for OneOf Input Object type 'Secret' not to be null.": (
        "Variable '$v' is null where it may not be."
    ),
    "Within OneOf Input Object type 'Secret', exactly one field must be specified, and the value for that field must "
    "be non-null.": "Exactly one field must be specified, and the value for that field must be non-null.",
    "Variable '$v' is of type 'Int' but must be non-nullable to be used for OneOf Input Object 'Secret'.": (
        "Variable '$v' may not be null here."
    ),
    "Variable '$v' has invalid value: Expected a value of non-null type 'Secret!' to be provided.": (
        "Variable '$v' has invalid value: Expected a value to be provided."
    ),
    "Variable '$v' has invalid value at 'v.one': Expected value of type 'Secret'.": (
        "Variable '$v' has invalid value at 'v.one': A value does not fit here."
    ),
    "Variable '$v' has invalid value: Enum 'Secret' cannot represent non-string value.": (
        "Variable '$v' has invalid value: A value is none of those that may stand here."
    ),
    "Argument 'secret' of required type 'Secret!' was not provided.": "A required argument is missing.",
    "Argument '@include(if:)' of type 'Boolean!' is required, but it was not provided.": (
        "A required argument of '@include' is missing."
    ),
    "Defer directive cannot be used on root mutation type 'Secret'.": (
        "Defer directive cannot be used at the root of a mutation."
    ),
    "Stream directive cannot be used on non-list field 'a' on type 'Secret'.": (
        "Stream directive cannot be used on non-list field 'a'."
    ),
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


@pytest.mark.parametrize("query", SENTENCES)
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


@pytest.mark.parametrize("query", [query for query, sentences in SENTENCES.items() if sentences])
async def test_sentences_stay_whole(public: Gate, query: str) -> None:
    """What is left of an error is a whole sentence, and true."""
    told = [error["message"] for error in (await asked(public, query, Role.AGENT)).json()["errors"]]
    assert list(dict.fromkeys(told)) == SENTENCES[query]


@pytest.mark.parametrize("message", OTHERS)
def test_other_sentences(public: Gate, message: str) -> None:
    """So it is with what graphql-core says of what nobody can ask here, or only with variables."""
    answer = Answer(Fate.ANSWERED, {"errors": [{"message": message}]})
    viewer = Viewer(subject="anna", role=Role.AGENT)
    assert public.house.answering.exploring.shown(answer, viewer).body["errors"] == [{"message": OTHERS[message]}]


@pytest.mark.parametrize("accept", [f"multipart/mixed;incrementalSpec={NEWER}", "multipart/mixed", JSON])
async def test_later_parts_tell_nothing(public: Gate, gate: Gate, accept: str) -> None:
    """What comes later is told no otherwise: the type that a variable does not fit is not named."""
    query = 'query ($v: ID = "x") { ... @defer { node(id: $v) { id } } __typename }'
    for one, word in ((public, "is null where it may not be"), (gate, "ID!")):
        response = await one.ask(query, variables={"v": None}, headers=one.bearer() | {"Accept": accept})
        assert word in response.text
        assert ("ID!" in response.text) is (one is gate)


async def test_broken_tells_nothing(public: Gate) -> None:
    """Nor what ends a subscription."""
    headers = public.bearer() | {"Accept": "text/event-stream"}
    response = await public.ask('subscription { breaks(how: "hint") { number } }', headers=headers)
    assert "The cursor is too old." in response.text
    assert "Did you mean" not in response.text


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
