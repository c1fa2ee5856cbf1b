"""Does the page of errors name every code that there is, and none that there is not?"""

import ast
import inspect
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

import gateway.auth
import gateway.heads
import gateway.telling
import resolvers.kit.errors
from gateway.questions import PARTIAL, Fate
from resolvers.kit.errors import TellableError

ROOT = Path(gateway.telling.__file__).parents[1]
PAGE = (ROOT / "docs" / "errors.md").read_text("utf-8")
# All modules that make tellable errors are at hand, so that their classes are.
_READ = (gateway.auth, resolvers.kit.errors)
# What the walls of the house are made of: nothing of it reaches a client as a code.
_NO_REFUSALS = {"chat_over"}


def codes_in(heading: str) -> list[str]:
    """The codes of the table below a heading."""
    part = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([A-Z_]+)` \|", part, re.MULTILINE)


def statuses() -> set[int]:
    """Every status that the page names."""
    rows = re.findall(r"^\| `[A-Z_]+` \| ([0-9, ]+) \|", PAGE, re.MULTILINE)
    return {int(one) for row in rows for one in row.split(", ")}


def _classes(cls: type[TellableError]) -> Iterator[type[TellableError]]:
    for one in cls.__subclasses__():
        yield one
        yield from _classes(one)


def codes_of_errors() -> set[str]:
    """Every code that an error may have, by the source."""
    constants = {
        value for name, value in vars(gateway.telling).items() if isinstance(value, str) and name.isupper() and value
    }
    return {one for one in constants if re.fullmatch("[A-Z_]+", one)} | {one.code for one in _classes(TellableError)}


def codes_of_refusals() -> set[str]:
    """Every code that a refusal may have, by the source."""
    found = set()
    for path in (ROOT / "resolvers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                found.add(str(node.value.value))
    return found - _NO_REFUSALS


@pytest.mark.parametrize(
    ("heading", "codes"),
    [("Errors of a question", codes_of_errors()), ("Refusals of a mutation", codes_of_refusals())],
    ids=["errors", "refusals"],
)
def test_page_is_complete(heading: str, codes: set[str]) -> None:
    """Each code has its row, once, and each row is of a code that there is."""
    assert len(codes) > 5
    assert sorted(codes_in(heading)) == sorted(codes)


def test_codes_are_written_once() -> None:
    """No code is written out beside the place that names it, so that none is forgotten here."""
    strays = {
        path.name
        for path in (ROOT / "gateway").rglob("*.py")
        if path.name != "telling.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in codes_of_errors() - {"FORBIDDEN", "INTERNAL"}
    }
    assert strays == set()


def test_statuses_are_named() -> None:
    """Each status with which the gateway refuses stands on the page, whichever room says it."""
    found = {PARTIAL, *map(int, Fate)}
    for path in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            # As rooms name theirs: `_GONE, _UNAVAILABLE = 410, 503`.
            values = ast.literal_eval(node.value) if isinstance(node, ast.Assign) and _is_numbers(node.value) else ()
            found |= {one for one in values if HTTPStatus.OK <= one <= HTTPStatus.HTTP_VERSION_NOT_SUPPORTED}
    assert len(found) > 10
    assert found <= statuses()


def test_heads_are_on_page() -> None:
    """So does what is answered before a request is whole, in bytes: its statuses and codes (gateway/heads.py)."""
    text = inspect.getsource(gateway.heads)
    codes = set(re.findall(r'"code":"(\w+)"', text))
    found = {int(one) for pair in re.findall(r'b"(\d{3}) [A-Z]|_refused\(send, (\d{3})', text) for one in pair if one}
    assert codes == {"BAD_REQUEST", "LIMIT_EXCEEDED"}
    assert found >= {400, 408, 431}
    assert found <= statuses()


def _is_numbers(value: ast.expr) -> bool:
    return isinstance(value, ast.Tuple) and all(
        isinstance(one, ast.Constant) and isinstance(one.value, int) for one in value.elts
    )
