"""Does no message of graphql-core's quote what somebody sent?"""

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    build_schema,
    get_argument_values,
    is_input_type,
    parse,
    parse_value,
    value_from_ast_untyped,
)
from graphql.execution import values
from graphql.type import definition, scalars
from graphql.utilities import validate_input_literal, validate_input_value

from gateway.telling import BAD_USER_INPUT, PARSE_FAILED, told_of_question
from resolvers.schema import graph
from tests.gateway.conftest import Gate, OpenGate

# Neither is a word, which may be one of the schema.
NUMBER = "4917012345670"
MARK = f"Mrs. Doe, found: {NUMBER}? Found: {NUMBER}"
LITERALS = [
    f'"{MARK}"',
    NUMBER,
    "-7",
    f"{NUMBER}.5",
    "true",
    f"E{NUMBER}",
    f'["{MARK}", {NUMBER}]',
    "{}",
    f'{{ text: "{MARK}", txet: "{MARK}", customerI: {NUMBER} }}',
    f'{{ other: "{MARK}", unlike: [{NUMBER}] }}',
    f'{{ one: null, id: {{ a: "{MARK}" }}, customerId: {NUMBER}, name: ["{MARK}"] }}',
]
KEYS: list[Any] = [{MARK: 1}, {NUMBER + "x'": MARK}, {"text'": MARK}]

# What graphql-core says of values that answers are made of.
WAYS_OUT = ("serialize", "coerce_output", "coerce_string_from_number")

# What our schema does not have: an input of which one field is given, a scalar that says what it cannot read.
BESIDE = build_schema("scalar Blunt input Either @oneOf { one: Blunt other: Blunt } type Query { a: Int }")


def _blurt(value: Any, *_: Any) -> Any:
    raise ValueError(f"no {value}")


@cache
def _schema() -> GraphQLSchema:
    return graph()._schema


@cache
def _types() -> list[GraphQLInputType]:
    BESIDE.type_map["Blunt"].coerce_input_value = _blurt  # type: ignore[attr-defined]
    BESIDE.type_map["Blunt"].parse_literal = _blurt  # type: ignore[attr-defined]
    ours = _schema().type_map
    named = {name: one for one_map in (BESIDE.type_map, ours) for name, one in one_map.items() if is_input_type(one)}
    return [one for name, one in named.items() if not name.startswith("__")]


def _of_values(kind: GraphQLInputType) -> Iterator[GraphQLError]:
    found: list[GraphQLError] = []
    for value in [*(value_from_ast_untyped(parse_value(one)) for one in LITERALS), *KEYS]:
        validate_input_value(value, kind, lambda error, _path: found.append(error))
    yield from found


def _of_literals(kind: GraphQLInputType) -> Iterator[GraphQLError]:
    found: list[GraphQLError] = []
    for one in LITERALS:
        validate_input_literal(parse_value(one), kind, lambda error, _path: found.append(error))
        node: Any = parse(f"{{ a(a: {one}) }}").definitions[0]
        field = GraphQLField(GraphQLString, args={"a": GraphQLArgument(kind)})
        try:
            get_argument_values(field, node.selection_set.selections[0])
        except GraphQLError as error:
            found.append(error)
    yield from found


@cache
def _errors() -> list[GraphQLError]:
    """What graphql-core says of each of these values in the place of each type that a value may have."""
    return [error for kind in _types() for of in (_of_values, _of_literals) for error in of(kind)]


def _told(errors: list[GraphQLError]) -> list[str]:
    return [told_of_question([error], BAD_USER_INPUT)[0]["message"] for error in errors]


def test_no_value_is_quoted() -> None:
    """Of a value that does not fit no message tells anything, wherever it stands in the question."""
    assert len(_errors()) > 1000
    assert [one for one in _told(_errors()) if NUMBER[:7] in one or "Mrs" in one] == []


def test_no_value_of_variables() -> None:
    """Nor where it is a variable, or a variable's default."""
    errors = []
    for literal in LITERALS:
        for kind in ("AddNoteInput", "TicketStatus", "Int", "DateTime"):
            for text, given in (
                (f"query ($v: {kind}) {{ a }}", {"v": value_from_ast_untyped(parse_value(literal))}),
                (f"query ($v: {kind} = {literal}) {{ a }}", {}),
            ):
                node: Any = parse(text).definitions[0]
                found = values.get_variable_values(_schema(), node.variable_definitions, given)
                errors += found if isinstance(found, list) else []
    assert len(errors) > 20
    assert [one for one in _told(errors) if NUMBER[:7] in one or "Mrs" in one] == []


def _said(function: Any) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.startswith(" and "):
            yield node.value


def test_every_message_is_tried() -> None:
    """Each way in which graphql-core quotes a value is among those that are tried above."""
    signs = (" found", "Found", "cannot represent", "encountered error", "Value '")
    said = set()
    for module in (inspect.getmodule(validate_input_value), scalars, definition, values):
        for node in ast.walk(ast.parse(inspect.getsource(module))):  # type: ignore[arg-type]
            if isinstance(node, ast.FunctionDef) and not node.name.startswith(WAYS_OUT):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                said |= {one for part in body for one in _said(part) if any(sign in one for sign in signs)}
    everything = "\n".join(error.message for error in _errors())
    assert len(said) > 10
    assert [one for one in said if one.strip() not in everything] == []


@pytest.mark.parametrize(
    "text",
    [f'{{ a(b "{MARK}") }}', f'{{ a """{MARK}""" }}', f"{{ a {NUMBER} }}", f"{{ a .{NUMBER} }}"],
    ids=["text", "block", "number", "digits"],
)
def test_no_value_of_broken_questions(text: str) -> None:
    """Nor of what is no GraphQL."""
    with pytest.raises(GraphQLError) as raised:
        parse(text)
    assert NUMBER in raised.value.message
    message = told_of_question([raised.value], PARSE_FAILED)[0]["message"]
    assert message.startswith("Syntax Error: ")
    assert NUMBER not in message


@pytest.mark.parametrize("profile", ["development", "production"])
async def test_no_text_of_notes(open_gate: OpenGate, profile: str) -> None:
    """A slip in an input beside a text: the slip is named, with what is meant where that may be told, and no text."""
    gate: Gate = open_gate(profile=profile)
    query = "mutation ($i: AddNoteInput!) { addNote(input: $i) { __typename } }"
    response = await gate.ask(query, variables={"i": {"customerId": "x", "text": MARK, "txet": 1}})
    assert "unknown field 'txet'" in response.json()["errors"][0]["message"]
    assert ("Did you mean 'text'?" in response.text) is (profile == "development")
    assert "Mrs" not in response.text
    assert NUMBER not in response.text


def test_no_python_is_spoken() -> None:
    """What is null in GraphQL is called so."""
    null: Any = parse_value("null")
    found: list[GraphQLError] = []
    for kind in (GraphQLNonNull(one) for one in _types()):
        validate_input_value(None, kind, lambda error, _path: found.append(error))
        validate_input_literal(null, kind, lambda error, _path: found.append(error))
        node: Any = parse("query ($v: Int) { a(a: $v) }").definitions[0]
        given = values.get_variable_values(_schema(), node.variable_definitions, {"v": None})
        variable: Any = node.selection_set.selections[0].arguments[0].value
        validate_input_literal(variable, kind, lambda error, _path: found.append(error), given)  # type: ignore[arg-type]
    assert {error.message.rpartition(" ")[2] for error in found} == {"None."}
    assert {one.rpartition(" ")[2] for one in _told(found)} == {"null."}
    assert [one for one in _told(_errors()) if re.search(r"\b(None|True|False|NoneType|Undefined)\b", one)] == []


@pytest.mark.parametrize(("text", "words"), [("7", "a text of 1 character"), ("77", "a text of 2 characters")])
async def test_one_character(gate: Gate, text: str, words: str) -> None:
    """Of one character it is said as people say it."""
    response = await gate.ask(
        "query ($i: ID!) { a: node(id: $i) { id } b: customer(id: $i) { id } }", variables={"i": text}
    )
    told = [one["message"] for one in response.json()["errors"]]
    assert len(told) == 2
    assert all(f"{words}." in one for one in told)


def test_words_are_quoted() -> None:
    """A word stays, and what is probably meant: it helps to find the slip."""
    kind: Any = _schema().type_map["TicketStatus"]
    with pytest.raises(GraphQLError) as raised:
        kind.coerce_input_value("OPE")
    assert _told([raised.value]) == [
        "Value 'OPE' does not exist in 'TicketStatus' enum. Did you mean the enum value 'OPEN'?"
    ]
