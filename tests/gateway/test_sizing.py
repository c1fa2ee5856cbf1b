"""Is a question measured as if its fragments were written out, in one walk, and refused where it is too large?"""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_introspection_query,
    parse,
    print_ast,
)
from hypothesis import given
from hypothesis import strategies as st

from adapters.mongo import Store
from benchmarks.indicators import QUESTIONS
from gateway.demo import QUESTION, VISITOR_QUESTION
from gateway.endpoint import PREFLIGHT
from gateway.limit_settings import LimitSettings
from gateway.questions import NotAsked, Question
from gateway.sizing import Bounds, Costs, shapes, size_of
from resolvers.duplicates import SEEKING
from resolvers.kit.prices import COUNTING_ALL, MEETING_RECORDS
from resolvers.notes import NOTES
from resolvers.schema import graph
from tests.gateway.conftest import GRAPHQL, Gate, OpenGate, code_of, data_of
from tests.gateway.test_answering import MOST_CALLS, calls_counted
from tests.makers import Makers
from tests.workloads import W1, W2

COSTS = Costs(graph()._schema, page_size=20, largest=100, enough=500)

# What the tests of the walk are made of: fragments that spread those behind them, so that they never go round.
LEAVES = ("id", "a: firstName", "lastName @skip(if: $no)")
LISTS = (
    "tickets(first: 2) { nodes { %s } }",
    "t: conversations(last: $n) { edges { node { %s } } }",
    "labels { id %s }",
    "c: conversations(channels: $of, first: 2) { nodes { %s } }",
    'd: conversations(channels: ["a", "b"]) { totalCount edges { node { %s } } }',
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A document whose fragments are spread within one another, some of them often."""
    names = [f"F{n}" for n in range(draw(st.integers(0, 4)))]

    def selection(behind: list[str], depth: int) -> str:
        spreads = [f"...{one}" for one in behind]
        parts = draw(st.lists(st.sampled_from([*LEAVES, *spreads, "list", "... on Customer"]), min_size=1, max_size=4))
        return " ".join(part(one, behind, depth) for one in parts)

    def part(one: str, behind: list[str], depth: int) -> str:
        if one == "list" and depth:
            return draw(st.sampled_from(LISTS)) % selection(behind, depth - 1)
        if one == "... on Customer":
            return f"{one} @include(if: $no) {{ {selection(behind, depth - 1) if depth else 'id'} }}"
        return one if one != "list" else "id"

    texts = [f"fragment {name} on Customer {{ {selection(names[n + 1 :], 2)} }}" for n, name in enumerate(names)]
    return (
        f"query ($n: Int = 7, $no: Boolean!, $of: [String!]) {{ customer(id: 1) {{ {selection(names, 3)} }} }} "
        + " ".join(texts)
    )


def written_out(document: DocumentNode) -> OperationDefinitionNode:
    """The operation with each fragment in its place, as an inline one."""
    fragments = {one.name.value: one for one in document.definitions if not isinstance(one, OperationDefinitionNode)}

    def text_of(selections: SelectionSetNode) -> str:
        return " ".join(each(one) for one in selections.selections)

    def each(one: Any) -> str:
        directives = " ".join(map(print_ast, one.directives or ()))
        if isinstance(one, FragmentSpreadNode):
            found = fragments[one.name.value]
            return f"... on {found.type_condition.name.value} {directives} {{ {text_of(found.selection_set)} }}"
        below = f"{{ {text_of(one.selection_set)} }}" if one.selection_set else ""
        if isinstance(one, FieldNode):
            arguments = ", ".join(map(print_ast, one.arguments or ()))
            alias = f"{one.alias.value}: " if one.alias else ""
            return f"{alias}{one.name.value}{f'({arguments})' if arguments else ''} {directives} {below}"
        return f"... on {one.type_condition.name.value} {directives} {below}"

    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    variables = ", ".join(map(print_ast, operation.variable_definitions or ()))
    return parse(f"query ({variables}) {{ {text_of(operation.selection_set)} }}").definitions[0]


@given(
    text=documents(), variables=st.sampled_from([{}, {"n": 3}, {"n": 1_000, "of": ["a"] * 9}, {"n": "x"}, {"n": -1}])
)
def test_measured_as_written_out(text: str, variables: Mapping[str, Any]) -> None:
    """A document has the shape and the cost that it has with each fragment written out where it is spread."""
    document = parse(text)
    plain = written_out(document)
    (shape,) = shapes(document).operations.values()
    assert shape == shapes(DocumentNode(definitions=(plain,))).operations[""]
    (operation,) = (one for one in document.definitions if isinstance(one, OperationDefinitionNode))
    size = size_of(COSTS.of(document, operation), variables, COSTS)
    assert size == size_of(COSTS.of(DocumentNode(definitions=(plain,)), plain), variables, COSTS)


def bomb(of: str, *, levels: int = 40) -> str:
    """A document whose fragments each spread the next one twice."""
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {chain} fragment F{levels} on Query {{ {of} }}"


BEYOND = {
    "depth": "{ node(id: 1) { ... on Customer "
    + "{ relations { nodes { customer " * 4
    + "{ id }"
    + " } } }" * 4
    + " } }",
    "root_fields": "{" + " __typename" * 21 + " }",
    "fields": "{ viewer {" + " role" * 300 + " } }",
    "aliases": "{ viewer {" + "".join(f" a{n}: role" for n in range(31)) + " } }",
    "directives": "{ viewer { role" + " @include(if: true)" * 31 + " } }",
    "fragments": "{ viewer { role } }" + " fragment F%d on Query { __typename }" * 51 % tuple(range(51)),
    "operations": " ".join(f"query Q{n} {{ viewer {{ role }} }}" for n in range(11)),
    "introspection": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    "entries": '{ customers(filter: { tagged: ["a"' + ' "a"' * 500 + "] }) { totalCount } }",
    "cost": "{ customers(first: 100) { nodes { history(first: 50) { nodes { __typename } } } } }",
}


@pytest.mark.parametrize("limit", BEYOND)
async def test_limit_named(gate: Gate, limit: str) -> None:
    """A question beyond a limit is told which it is, how much it asked, how much it may, and the way out."""
    errors = (await gate.ask(BEYOND[limit])).json()["errors"]
    told = next(one for one in errors if one["extensions"].get("limit") == limit)
    assert told["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert told["extensions"]["asked"] > told["extensions"]["most"] > 0
    assert str(told["extensions"]["most"]) in told["message"]


@pytest.mark.parametrize("limit", [one for one in BEYOND if one != "introspection"])
async def test_limit_is_a_setting(open_gate: OpenGate, limit: str) -> None:
    """Who sets a limit higher has the same question pass it."""
    gate = open_gate(**{f"question_{limit}": 20_000})
    errors = (await gate.ask(BEYOND[limit])).json().get("errors", [])
    assert [one for one in errors if one["extensions"].get("limit") == limit] == []


@pytest.mark.parametrize(
    "of",
    ["viewer { role }", "a: viewer { role }", "__typename @include(if: true)", "customers(first: 9) { totalCount }"],
)
def test_bombs_are_walked_once(gate: Gate, of: str) -> None:
    """What stands for a million million fields is measured in as many steps as it has words."""
    with calls_counted() as calls, pytest.raises(NotAsked) as refused:
        gate.house.answering.preparing.prepare(Question(text=bomb(of)))
    assert calls.total() < MOST_CALLS / 20
    told = {one["extensions"]["limit"]: one["extensions"]["asked"] for one in refused.value.answer.body["errors"]}
    assert told["fields"] == 2**31 - 1


def test_circles_are_left_to_validation(gate: Gate) -> None:
    """Fragments that spread themselves are measured too, and refused for that."""
    text = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    with pytest.raises(NotAsked, match="spread") as refused:
        gate.house.answering.preparing.prepare(Question(text=text))
    assert refused.value.code == "GRAPHQL_VALIDATION_FAILED"


def test_tools_and_panels_fit() -> None:
    """What playgrounds ask about the schema, and the house's own panels, are within the limits as they come."""
    bounds = Bounds(LimitSettings())
    whole = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    assert [bounds.check(parse(text)) for text in (whole, W1, W2)] == [[], [], []]


async def test_cost_is_told(gate: Gate) -> None:
    """An answer says what it cost and what it might; with the variables that it came with."""
    query = "query ($n: Int) { customers(first: $n) { nodes { tickets(first: 10) { nodes { id } } } } }"
    for n, cost in ((1, 13), (50, 601), (None, 241)):
        answer = (await gate.ask(query, variables={"n": n})).json()
        assert answer["extensions"]["cost"] == {"asked": cost, "most": 5_000}
    assert data_of(await gate.ask("{ nodes(ids: []) { id } }")) == {"nodes": []}
    refused = (await gate.ask(query.replace("10", "100"), variables={"n": 100})).json()
    assert refused["errors"][0]["extensions"]["asked"] == 10_201


async def test_references_cost_rows(gate: Gate) -> None:
    """Another subgraph's references cost a row each, and what is asked of each of them as much again."""
    query = """query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Customer {
        notes(first: 2) { nodes { text } } } } }"""
    sent = [{"__typename": "Customer", "id": "x"}] * 200

    async def asked(count: int) -> Any:
        answer = await gate.client.post(
            PREFLIGHT, json={"query": query, "variables": {"r": sent * count}}, headers=gate.bearer()
        )
        return answer.json()

    assert (await asked(1))["extensions"]["cost"]["asked"] == 200 * (1 + 1 + 2)
    assert (await asked(7))["errors"][0]["extensions"]["limit"] == "cost"


async def test_preflight_executes_nothing(gate: Gate, store: Store, make: Makers) -> None:
    """Who only wants to know what a question costs is told, whatever it would change, and nothing happens."""
    ann = await make.customer()
    mutation = f'mutation {{ addNote(input: {{customerId: "{ann.id}", text: "Hello"}}) {{ __typename }} }}'

    async def asked(query: str, **more: Any) -> httpx.Response:
        return await gate.client.post(PREFLIGHT, json={"query": query}, headers=more.get("headers", gate.bearer()))

    assert (await asked(mutation)).json() == {"data": None, "extensions": {"cost": {"asked": 11, "most": 5_000}}}
    assert await store.count(NOTES, {}) == 0
    assert (await asked(BEYOND["cost"])).json()["errors"][0]["extensions"]["limit"] == "cost"
    assert (await asked("{ viewer { role } }", headers={})).status_code == 401


async def test_preflight_reads_variables(gate: Gate) -> None:
    """What would be refused for its variables is refused as it would be, and told no cost."""
    for query, wrong in (
        ("query ($n: Int!) { customers(first: $n) { totalCount } }", "x"),
        ("query ($n: ID!) { nodes(ids: [$n]) { id } }", None),
    ):
        sent: dict[str, Any] = {"json": {"query": query, "variables": {"n": wrong}}}
        headers = gate.bearer() | {"Accept": GRAPHQL}
        asked, told = [await gate.client.post(path, headers=headers, **sent) for path in ("/graphql", PREFLIGHT)]
        assert (told.status_code, told.json()) == (400, {"errors": asked.json()["errors"]})
        assert code_of(told) == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("query ($a: Int = 1) { customers(first: $a) { nodes { id } } }", {"a": 100.0}, 101),
        ("query ($a: Int = 1) { customers(first: $a) { nodes { id } } }", {"a": None}, 21),
        ("query ($a: Int = 1) { customers(first: $a) { nodes { id } } }", {}, 2),
        ("query ($a: Int = 1) { customers(first: $a) { nodes { id } } }", {"a": "50"}, 101),
        ("query ($a: Int) { customers(first: $a, last: 100) { nodes { id } } }", {"a": None}, 101),
        ("query ($a: Int, $b: Int) { customers(first: $a, last: $b) { nodes { id } } }", {"b": 100}, 101),
        ("{ customers(first: 1, last: 90) { nodes { id } } }", {}, 91),
    ],
)
def test_cost_is_no_callers_word(gate: Gate, query: str, variables: dict[str, Any], cost: int) -> None:
    """However a page's length is said, the question costs what it may read."""
    assert gate.house.answering.preparing.prepare(Question(text=query, variables=variables)).cost == cost


FILTERED = "query ($f: CustomerFilter) { customers(first: 1, filter: $f) { totalCount } }"
ALL = 1 + COUNTING_ALL
WORDS = {"tagged": ["a", "b"], "attributes": [{"name": "x", "anyOf": ["c", "d", "e"]}]}


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ customers(first: 1, filter: { tagged: [] }) { totalCount } }", {}, ALL),
        ('{ customers(first: 1, filter: { tagged: ["a", "b"] }) { totalCount } }', {}, ALL + 2),
        ('{ customers(first: 1, filter: { attributes: [{ name: "x", anyOf: ["a"] }] }) { totalCount } }', {}, ALL + 2),
        (FILTERED, {"f": WORDS}, ALL + 6),
        (FILTERED, {"f": None}, ALL),
        (FILTERED, {}, ALL),
        (FILTERED.replace("$f: CustomerFilter", '$f: CustomerFilter = {tagged: ["a", "b"]}'), {}, ALL + 2),
        (FILTERED.replace("$f: CustomerFilter", "$f: CustomerFilter = {tagged: []}"), {"f": WORDS}, ALL + 6),
        (
            "query ($w: [String!]) { customers(first: 1, filter: { tagged: $w }) { totalCount } }",
            {"w": ["a"] * 9},
            ALL + 9,
        ),
        # Wherever a list is used, it is gone through.
        (
            FILTERED.replace("customers", "a: customers(first: 1, filter: $f) { totalCount } b: customers"),
            {"f": WORDS},
            2 * (ALL + 6),
        ),
        # Once for a page of many.
        (
            '{ customers(first: 9) { nodes { conversations(channels: ["a", "b"], first: 1) { totalCount } } } }',
            {},
            21 + 9,
        ),
        # Which name rows cost as rows.
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["x"] * 600}, 600),
        ("query ($i: ID!) { node(id: $i) { id } }", {"i": ["x"] * 600}, 1),
        # A value where a list is due is a list of it alone.
        ('{ nodes(ids: "a") { id } }', {}, 1),
        ("{ nodes(ids: 500) { id } }", {}, 1),
        ("query ($i: ID!) { nodes(ids: [$i, $i]) { id } }", {"i": "a"}, 2),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": "a"}, 1),
        ("query ($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": 500}, 1),
        ('query ($i: [ID!]! = "a") { nodes(ids: $i) { id } }', {}, 1),
        ("query ($i: [ID!]! = 500) { nodes(ids: $i) { id } }", {}, 1),
        ('query ($i: [ID!]! = ["a", "b"]) { nodes(ids: $i) { id } }', {}, 2),
        ("query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }", {"r": {"__typename": "x"}}, 1),
        ('{ customers(first: 1, filter: { tagged: "a" }) { totalCount } }', {}, ALL + 1),
        ('{ customers(first: 1, filter: { attributes: { name: "x", anyOf: "a" } }) { totalCount } }', {}, ALL + 2),
        (FILTERED, {"f": {"tagged": "a", "attributes": {"name": "x", "anyOf": ["c", "d"]}}}, ALL + 4),
        (FILTERED.replace("$f: CustomerFilter", '$f: CustomerFilter = {tagged: "a"}'), {}, ALL + 1),
        ("query ($w: [String!]) { customers(first: 1, filter: { tagged: $w }) { totalCount } }", {"w": "a"}, ALL + 1),
        ("query ($w: String!) { customers(first: 1, filter: { tagged: [$w] }) { totalCount } }", {"w": "a"}, ALL + 1),
        ("query ($w: [String!]) { customers(first: 1, filter: { tagged: $w }) { totalCount } }", {"w": None}, ALL),
    ],
)
def test_entries_cost(gate: Gate, query: str, variables: dict[str, Any], cost: int) -> None:
    """Each entry of a list that an argument hands over costs one, in the text or in a variable."""
    assert gate.house.answering.preparing.prepare(Question(text=query, variables=variables)).cost == cost


PAGE, COUNTED = (
    "{ customers(first: 1, filter: {%s}) { nodes { id } } }",
    "{ customers(first: 1, filter: {%s}) { totalCount } }",
)
BOUGHT, TWO = 'bought: { since: "2000-01-01T00:00:00Z" }', "bought: {}, drawnTo: [$x]"


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ customers(first: 1) { a: totalCount ...F } } fragment F on CustomerConnection { b: totalCount }", {}, 401),
        ("{ customers(first: 9) { nodes { tickets(first: 1) { totalCount } } } }", {}, 1 + 9 + 9 * 2),
        ("{ accesses(first: 1) { totalCount } }", {}, ALL),
        (PAGE % BOUGHT, {}, 2 + MEETING_RECORDS),
        (COUNTED % BOUGHT, {}, ALL + 2 * MEETING_RECORDS),
        (COUNTED % "bought: null, withTickets: []", {}, ALL),
        (COUNTED % "bought: {}, onChannels: []", {}, ALL + 2 * MEETING_RECORDS),
        ("query ($x: ID!) " + PAGE % TWO, {"x": "a"}, 2 + 1 + 2 * MEETING_RECORDS),
        (FILTERED, {"f": {"bought": {}, "withTickets": None}}, ALL + 2 * MEETING_RECORDS),
        (FILTERED.replace("$f: CustomerFilter", "$f: CustomerFilter = {bought: {}}"), {}, ALL + 2 * MEETING_RECORDS),
        ("{ customers(first: 9) { nodes { suggestions(first: 0) { id } } } }", {}, 1 + 9 + 9 * SEEKING),
    ],
)
def test_going_through_many_costs(gate: Gate, query: str, variables: dict[str, Any], cost: int) -> None:
    """To count, to filter by records of another kind and to compare costs beside the rows, however few those are."""
    assert gate.house.answering.preparing.prepare(Question(text=query, variables=variables)).cost == cost


def test_counts_by_the_dozen_refused(gate: Gate) -> None:
    """Twenty counts of who bought something, which would keep the database for seconds, are one question too many."""
    text = "{" + " ".join(f"c{n}: {(COUNTED % BOUGHT)[2:-2]}" for n in range(20)) + "}"
    with pytest.raises(NotAsked) as refused:
        gate.house.answering.preparing.prepare(Question(text=text))
    (told,) = refused.value.answer.body["errors"]
    assert (told["extensions"]["limit"], told["extensions"]["asked"]) == ("cost", 20 * (ALL + 2 * MEETING_RECORDS))


@pytest.mark.parametrize("query", [*QUESTIONS.values(), QUESTION, VISITOR_QUESTION, W1, W2])
def test_own_questions_fit(gate: Gate, query: str) -> None:
    """What dashboards, panels and the playground ask costs less than half of what a question may."""
    variables = {"first": 50}
    assert gate.house.answering.preparing.prepare(Question(text=query, variables=variables)).cost < 2_500


def test_long_filter_refused(gate: Gate) -> None:
    """A filter by thousands of words, which would keep the database for seconds, does not come to it."""
    with pytest.raises(NotAsked) as refused:
        gate.house.answering.preparing.prepare(Question(text=FILTERED, variables={"f": {"tagged": ["a"] * 22_000}}))
    (told,) = refused.value.answer.body["errors"]
    assert told["extensions"] == {"code": "LIMIT_EXCEEDED", "limit": "entries", "asked": 22_000, "most": 500}


@pytest.mark.parametrize(
    "text",
    [
        "{ viewer {" + "".join(f" ... on CustomerConnectonInpt{n} {{ id }}" for n in range(100)) + " } }",
        "{ viewer {" + "".join(f" rol{n}" for n in range(290)) + " } }",
        "{ customers(filter: {" + "".join(f" withTicket{n}: 1" for n in range(400)) + " }) { totalCount } }",
        "{ customers(filter: { withTickets: [" + " OPE" * 900 + "] }) { totalCount } }",
    ],
    ids=["types", "fields", "inputs", "enums"],
)
def test_slips_cost_little(gate: Gate, text: str) -> None:
    """However many slips there are, the first few are told, and only for the first is looked for what is meant."""
    with calls_counted() as calls, pytest.raises(NotAsked) as refused:
        gate.house.answering.preparing.prepare(Question(text=text))
    assert len(refused.value.answer.body["errors"]) <= 5
    assert all(len(one["message"]) <= 503 for one in refused.value.answer.body["errors"])
    assert calls.total() < MOST_CALLS / 2
