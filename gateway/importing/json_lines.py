"""How do JSON Lines, one object a line, become rows of cells?"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import orjson

LIST_MARK = "\n"
"""Between the elements of a list that stands in one cell."""

# Numbers of which a float could lose digits: longer than 15 digits, with decimals, or with an exponent.
_INEXACT = re.compile(r"\d{16}|\d[.eE]")
# A number with a larger exponent would be written out as a text of that length; no field holds one.
_MOST_ZEROS = 40
_TOO_DEEP = "the line holds lists or objects too deep inside each other. Flatten it in the source"

_Cells = tuple[int, Sequence[str], str | None]


def json_rows(lines: Iterable[str], columns: Sequence[str], explode: str | None) -> Iterator[_Cells]:
    """Line number, cells by dotted column name, and what is broken; an exploded list gives a row for each element.

    The only cell of a broken line is the line. Numbers keep the digits with which they are written.
    """
    paths = [one.split(".") for one in columns]
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            found = _read(line)
            if not isinstance(found, dict):
                yield number, [_bare(line)], "the line is JSON but no object"
                continue
            rows = [[_cell(_at(one, path)) for path in paths] for one in _exploded(found, explode)]
        except orjson.JSONDecodeError as error:
            yield number, [_bare(line)], f"the line is no JSON: {error.msg} at column {error.colno}"
            continue
        except (RecursionError, orjson.JSONEncodeError):
            yield number, [_bare(line)], _TOO_DEEP
            continue
        for cells in rows:
            yield number, cells, None


def _read(line: str) -> Any:
    # The quick reader is the strict one, and bounds how deep a line goes; it makes floats of long numbers.
    found = orjson.loads(line)
    if _INEXACT.search(line):
        return json.loads(line, parse_int=_literal, parse_float=_decimal)
    return found


def _literal(digits: str) -> orjson.Fragment:
    """The number as it is written: a fragment stands in JSON as it is."""
    return orjson.Fragment(digits)


def _decimal(digits: str) -> orjson.Fragment:
    """The number as it is written, one with an exponent in digits."""
    if "e" not in digits and "E" not in digits:
        return orjson.Fragment(digits)
    value = Decimal(digits)
    shift = value.as_tuple().exponent
    is_near = isinstance(shift, int) and abs(shift) <= _MOST_ZEROS
    return orjson.Fragment(format(value, "f") if is_near else digits)


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
