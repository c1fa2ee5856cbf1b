"""Is a question that cannot be answered told why, and does nothing unforeseen get out?"""

import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from gateway.logs import configure_logs
from gateway.questions import NotAsked, Question
from tests.gateway import trouble
from tests.gateway.conftest import GRAPHQL, JSON, Gate, OpenGate, code_of, data_of
from tests.makers import Makers

# 400,000 were measured at most; comparing each field with each other is millions.
MOST_CALLS = 1_000_000

# Questions that cannot be answered

UNASKED = [
    ("{", "GRAPHQL_PARSE_FAILED"),
    ("{ viewer { subject }", "GRAPHQL_PARSE_FAILED"),
    ("#", "GRAPHQL_PARSE_FAILED"),
    ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED"),
    ("subscription { viewer { subject } }", "GRAPHQL_VALIDATION_FAILED"),
    ('{ echo(text: "a", number: 99999999999) }', "GRAPHQL_VALIDATION_FAILED"),
    ('{ echo(text: "a", number: ' + "9" * 5_000 + ") }", None),
    ("{" + "viewer {" * 3_000, "GRAPHQL_PARSE_FAILED"),
    ("{ echo(text: " + "[" * 20_000 + "]" * 20_000 + ") }", "GRAPHQL_PARSE_FAILED"),
    ("fragment F on Query { viewer { subject } }", None),
]


@pytest.mark.parametrize(("query", "code"), UNASKED)
@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 400)])
async def test_unreadable_question_told(gate: Gate, query: str, code: str | None, accept: str, status: int) -> None:
    """A document that cannot be parsed or is not valid: 400 under the newer type, 200 under application/json."""
    response = await gate.ask(query, headers=gate.bearer() | {"Accept": accept})
    assert response.status_code == status
    assert "data" not in response.json()
    codes = {error["extensions"]["code"] for error in response.json()["errors"]}
    assert codes <= ({code} if code else {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"})


@contextmanager
def calls_counted() -> Iterator[Counter[str]]:
    """How many functions are called meanwhile: the same on every machine, which the time that they take is not."""
    counts: Counter[str] = Counter()
    before = sys.getprofile()
    sys.setprofile(lambda _frame, event, _arg: counts.update((event,)) if event in {"call", "c_call"} else None)
    try:
        yield counts
    finally:
        sys.setprofile(before)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{" + "viewer{role}" * 4_900 + "}", "more than 2000 words"),
        ("{ viewer { role " + "@a" * 3_000 + " } }", "more than 2000 words"),
        ("{ viewer { role } }" + "#\n" * 3_000, "more than 2000 words"),
        ("{" + "viewer{role}" * 498 + "}", "498 fields at its top"),
        ("{ viewer { " + "role " * 1_990 + "} }", "1991 fields"),
        ("{...F0}" + "".join(f"fragment F{n} on Query{{{f'viewer{{role}} ...F{n + 1} ' * 2}}}" for n in range(99))
         + "fragment F99 on Query { viewer { role } }", "100 fragments"),
    ],
    ids=["fields", "directives", "comments", "objects", "leaves", "fragments"],
)  # fmt: skip
def test_costly_question_refused(gate: Gate, query: str, words: str) -> None:
    """What would take long to check is refused before, with the limit and how to fit; nobody else waits for it."""
    with calls_counted() as calls, pytest.raises(NotAsked, match=words) as refused:
        gate.house.answering.preparing.prepare(Question(text=query))
    assert calls.total() < MOST_CALLS
    codes = {error["extensions"]["code"] for error in refused.value.answer.body["errors"]}
    assert codes == {"LIMIT_EXCEEDED"}


async def test_token_limit_is_a_setting(open_gate: OpenGate) -> None:
    """As many words, numbers and signs as the setting says are read, and not one more."""
    gate = open_gate(question_tokens=200)
    fits = "{ viewer { role %s } }" + "#\n" * 194
    assert "errors" not in (await gate.ask(fits % "")).json()
    assert code_of(await gate.ask(fits % "subject")) == "LIMIT_EXCEEDED"


async def test_repeated_fields_answered(gate: Gate) -> None:
    """A panel whose 50 parts each ask for the same object is answered."""
    response = await gate.ask("{ viewer {" + "agent { id name } " * 50 + "subject } }")
    assert data_of(response)["viewer"]["subject"] == "anna"


@pytest.mark.parametrize(
    ("query", "name", "words"),
    [
        ("query A { bug } query B { bug }", None, "Say in `operationName` which of them is meant: A, B"),
        ("query A { bug } query B { bug }", "", "which of them"),
        ("query A { bug } query B { bug }", "C", "no operation 'C' in the document. There is: A, B"),
        ("{ bug }", "C", "There is: none with a name"),
    ],
)
async def test_unknown_operation_told(gate: Gate, query: str, name: str | None, words: str) -> None:
    """If the operation cannot be determined it is not executed: 400 under the newer type."""
    response = await gate.ask(query, operationName=name, headers=gate.bearer() | {"Accept": GRAPHQL})
    assert (response.status_code, code_of(response)) == (400, "OPERATION_RESOLUTION_FAILURE")
    assert words in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "variables", [{}, {"n": "x"}, {"n": 2**40}, {"n": 10**30}, {"n": 1.5}, {"n": {"a": 1}}, {"n": None}]
)
async def test_wrong_variables_told(gate: Gate, variables: dict[str, Any]) -> None:
    """Variables that cannot be coerced are a request error: no data, 400 under the newer type."""
    query = 'query ($n: Int!) { echo(text: "a", number: $n) }'
    response = await gate.ask(query, variables=variables, headers=gate.bearer() | {"Accept": GRAPHQL})
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")
    assert "data" not in response.json()


# Errors of fields


@pytest.mark.parametrize("accept", [JSON, GRAPHQL])
@pytest.mark.parametrize(
    ("field", "code", "words"),
    [
        ("refused", "BAD_USER_INPUT", "`first` is 0. Ask for 1 or more."),
        ("down", "UNAVAILABLE", "The database does not answer."),
        ("tooSlow", "LIMIT_EXCEEDED", "Ask for less at once."),
        ("forFew", "FORBIDDEN", "not for the role agent"),
    ],
)
async def test_tellable_error_told(gate: Gate, accept: str, field: str, code: str, words: str) -> None:
    """An error of a field stands beside the data, with its code and path: 294 under the newer type, and else 200."""
    response = await gate.ask(f"{{ {field} viewer {{ subject }} }}", headers=gate.bearer() | {"Accept": accept})
    assert (response.status_code, code_of(response)) == (294 if accept == GRAPHQL else 200, code)
    (error,) = response.json()["errors"]
    assert words in error["message"]
    assert (error["path"], error["locations"]) == ([field], [{"line": 1, "column": 3}])
    assert response.json()["data"] == {field: None, "viewer": {"subject": "anna"}}


@pytest.mark.parametrize("field", ["bug", "neverNull", "tooLarge"])
async def test_unforeseen_error_masked(gate: Gate, field: str, caplog: pytest.LogCaptureFixture) -> None:
    """What nobody foresaw is told by a reference alone; the log has the whole under it."""
    with caplog.at_level(logging.ERROR):
        response = await gate.ask(f"{{ {field} }}")
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert re.fullmatch(r"Something went wrong.* reference [0-9a-f]{12}\.", error["message"])
    assert "Ana" not in response.text
    assert "1099511627776" not in response.text
    assert error["extensions"]["reference"] in error["message"]


async def test_whole_data_may_be_null(gate: Gate) -> None:
    """If data is null because a field failed, the request was executed: 294 under the newer type."""
    response = await gate.ask("{ neverNull }", headers=gate.bearer() | {"Accept": GRAPHQL})
    assert (response.status_code, response.json()["data"]) == (294, None)


async def test_log_finds_reference(gate: Gate, capsys: pytest.CaptureFixture[str], logs_as_before: None) -> None:
    """The log line of the reference carries the traceback and the request's id, in one line of JSON."""
    del logs_as_before
    configure_logs("error")
    response = await gate.ask("{ bug }")
    (line,) = capsys.readouterr().err.splitlines()
    logged = json.loads(line)
    assert logged["reference"] == response.json()["errors"][0]["extensions"]["reference"]
    assert logged["request_id"] == response.headers["x-request-id"]
    assert "KeyError" in logged["exception"]
    assert "trouble.py" in logged["exception"]


async def test_repeated_errors_counted(gate: Gate) -> None:
    """At most five errors are told, and how many more there are."""
    query = "{" + " ".join(f"a{n}: forFew" for n in range(12)) + "}"
    errors = (await gate.ask(query)).json()["errors"]
    assert [error.get("path") for error in errors] == [[f"a{n}"] for n in range(5)] + [None]
    assert errors[-1]["message"].startswith("7 further errors")
    assert errors[-1]["extensions"]["code"] == "FORBIDDEN"


# Rows


async def test_most_rows_is_a_setting(open_gate: OpenGate, make: Makers) -> None:
    """A question that loads more rows than the setting says is refused, the limit named."""
    for n in range(60):
        await make.customer(f"Ann{n}")
    gate, query = open_gate(most_rows=100), "{ customers(first: 60) { totalCount } %s }"
    assert "errors" not in (await gate.ask(query % "")).json()
    response = await gate.ask(query % "b: customers(first: 60) { totalCount }")
    assert code_of(response) == "LIMIT_EXCEEDED"
    assert "at most 100 are loaded" in response.text


# Time


@pytest.mark.parametrize(("accept", "status"), [(JSON, 200), (GRAPHQL, 503)])
async def test_long_answer_given_up(open_gate: OpenGate, accept: str, status: int) -> None:
    """An answer that takes longer than the limit is cancelled, the limit named."""
    gate = open_gate(execution_s=0.1)
    trouble.ENDED.clear()
    response = await gate.ask("{ slow(seconds: 5) }", headers=gate.bearer() | {"Accept": accept})
    assert (response.status_code, code_of(response)) == (status, "LIMIT_EXCEEDED")
    assert "longer than 0.1 seconds" in response.json()["errors"][0]["message"]
    assert trouble.ENDED.is_set()


async def test_long_mutation_says_what_stays(open_gate: OpenGate) -> None:
    """A mutation that was given up says that what it had changed is kept."""
    response = await open_gate(execution_s=0.1).ask("mutation { wait(seconds: 5) { __typename } }")
    assert "had changed by then is kept" in response.json()["errors"][0]["message"]


async def test_known_question_read_once(gate: Gate) -> None:
    """A valid question that was seen before is not read again; what is kept has a bound."""
    for number in range(400):
        await gate.ask("{ viewer { subject } } #" + f"{number:05}" * 400)
    known = gate.house.answering.preparing.documents
    assert 0 < len(known) <= 640 * 1024 // 2_000
