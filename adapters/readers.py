"""How does a field read the texts that a mapping gives it?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.hints import did_you_mean
from adapters.targets import Field, Kind
from adapters.values import (
    DECIMAL_MARKS,
    ISO,
    NAMED_STYLES,
    Read,
    choices,
    days,
    decimals,
    flags,
    is_pattern,
    moments,
    numbers,
    plain_text,
    wholes,
)

OPTIONS: Mapping[Kind, Sequence[str]] = {
    Kind.TEXT: ("case",),
    Kind.TEXTS: ("case", "split"),
    Kind.MOMENT: ("styles", "zone"),
    Kind.DAY: ("styles",),
    Kind.AMOUNT: ("decimal",),
    Kind.NUMBER: ("decimal",),
    Kind.WHOLE: ("decimal",),
    Kind.FLAG: (),
}
"""What a field may say of how its texts are read, by what it holds."""

_CASES: Mapping[str, Callable[[str], str]] = {"title": str.title, "upper": str.upper, "lower": str.lower}


@dataclass(frozen=True, slots=True)
class Custom:
    """How texts are read unless a field says otherwise."""

    zone: ZoneInfo | None
    decimal: str


def reader_of(given: Mapping[str, Any], target: Field, where: str, usual: Custom, problems: list[str]) -> Read:
    """The function that reads the field's texts; what is wrong goes to the problems."""
    if target.choices:
        return choices(target.choices)
    mark = decimal_mark(given["decimal"], where, problems) if "decimal" in given else usual.decimal
    styles = _styles(given, where, problems)
    zone = zone_of(given["zone"], where, problems) if "zone" in given else usual.zone
    case = _cased(given, where, problems)
    readers: Mapping[Kind, Callable[[], Read]] = {
        Kind.TEXT: lambda: case,
        Kind.TEXTS: lambda: case,
        Kind.MOMENT: lambda: moments(styles, zone),
        Kind.DAY: lambda: days(styles),
        Kind.AMOUNT: lambda: decimals(mark),
        Kind.NUMBER: lambda: numbers(mark),
        Kind.WHOLE: lambda: wholes(mark),
        Kind.FLAG: flags,
    }
    return readers[target.kind]()


def _cased(given: Mapping[str, Any], where: str, problems: list[str]) -> Read:
    case = given.get("case")
    if case is not None and case not in _CASES:
        problems.append(f"{where}, case: {case!r} is none.{did_you_mean(str(case), _CASES)}")
    return _CASES.get(str(case), plain_text)


def _styles(given: Mapping[str, Any], where: str, problems: list[str]) -> Sequence[str]:
    styles = given.get("styles", [ISO])
    if not isinstance(styles, list) or not styles or not all(isinstance(one, str) for one in styles):
        problems.append(f'{where}, styles: {styles!r} is no list such as ["%d.%m.%Y", "iso"].')
        return [ISO]
    problems += [
        f"{where}, styles: {one!r} is neither {', '.join(NAMED_STYLES)} nor a pattern such as %d.%m.%Y, of letters "
        "that Python's `strptime` knows."
        for one in styles
        if one not in NAMED_STYLES and not is_pattern(one)
    ]
    return styles


def decimal_mark(mark: Any, where: str, problems: list[str]) -> str:
    """What stands before decimals; the usual point where the mapping names none of the marks."""
    if mark in DECIMAL_MARKS:
        return str(mark)
    problems.append(f"{where}, decimal: {mark!r} is none of {', '.join(map(repr, DECIMAL_MARKS))}.")
    return DECIMAL_MARKS[0]


def zone_of(name: Any, where: str, problems: list[str]) -> ZoneInfo | None:
    """The time zone of that name; None where none is named."""
    if name is None:
        return None
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems.append(f'{where}, zone: {name!r} is no time zone. Name one as "Europe/Berlin" or "UTC".')
        return None
