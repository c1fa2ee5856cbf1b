"""How do JSON Lines, one object a line, become rows of cells?"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

LIST_MARK = "\n"
"""Between the elements of a list that stands in one cell."""

_Cells = tuple[int, Sequence[str], str | None]


def json_rows(lines: Iterable[str], columns: Sequence[str], explode: str | None) -> Iterator[_Cells]:
    """Line number, cells by dotted column name, and what is broken; an exploded list gives a row for each element.

    The only cell of a broken line is the line.
    """
    paths = [one.split(".") for one in columns]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield number, [_bare(line)], f"the line is no JSON: {error.msg} at column {error.colno}"
            continue
        if not isinstance(found, dict):
            yield number, [_bare(line)], "the line is JSON but no object"
            continue
        for one in _exploded(found, explode):
            yield number, [_cell(_at(one, path)) for path in paths], None


def _bare(line: str) -> str:
    return line.rstrip("\r\n")


def _exploded(found: dict[str, Any], path: str | None) -> Iterator[dict[str, Any]]:
    if path is None:
        yield found
        return
    elements = _at(found, path.split("."))
    head, _, _ = path.partition(".")
    for element in elements if isinstance(elements, list) and elements else [None]:
        nested = element
        for word in reversed(path.split(".")[1:]):
            nested = {word: nested}
        yield {**found, head: nested}


def _at(found: Any, path: Sequence[str]) -> Any:
    for word in path:
        found = found.get(word) if isinstance(found, dict) else None
    return found


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return LIST_MARK.join(_cell(one) for one in value)
    return orjson.dumps(value).decode()
