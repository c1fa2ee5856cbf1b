"""Does the page of errors name every code that there is, and none that there is not?"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import gateway.auth
import gateway.telling
import resolvers.kit.errors
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
