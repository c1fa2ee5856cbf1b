"""What does a text of a source say: how does it become a moment, an amount, a number, a truth?

Each maker answers a function from text to value that raises BadValue in words without the value itself. Columns repeat
their values, so what was read once is remembered, up to a bound.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

Read = Callable[[str], Any]


class BadValue(Exception):
    """A value of a record cannot be what its field needs. The message names the field, never the value."""


# Dates and prices repeat; a column of nothing but different values must not fill the memory.
_REMEMBERED = 16_384
_MILLISECONDS = 1000
# The last millisecond of the year 9999 has 15.
_MOST_UNIX_DIGITS = 15
# MongoDB's largest whole number; the fields themselves hold less.
_LARGEST_WHOLE = 2**63 - 1

_DIRECTIVE = re.compile("%([a-zA-Z])")
# As `strptime` itself reads them (_strptime.TimeRE).
_NUMERIC = {
    "Y": r"(\d{4})",
    "y": r"(\d{2})",
    "m": r"(1[0-2]|0[1-9]|[1-9])",
    "d": r"(3[0-1]|[1-2]\d|0[1-9]|[1-9]| [1-9])",
    "H": r"(2[0-3]|[0-1]\d|\d)",
    "M": r"([0-5]\d|\d)",
    "S": r"(6[0-1]|[0-5]\d|\d)",
}

ISO, UNIX, UNIX_MS = "iso", "unix", "unix_ms"
NAMED_STYLES = (ISO, UNIX, UNIX_MS)

TRUE_WORDS = frozenset({"true", "yes", "y", "1", "t", "on"})
FALSE_WORDS = frozenset({"false", "no", "n", "0", "f", "off"})

# Thousands come in groups of three, so that 1,99 is not taken for 199.
_NUMBERS = {
    ".": re.compile(r"(?:\d{1,3}(?:[,' ]\d{3})+|\d+)(?:\.\d+)?|\.\d+"),
    ",": re.compile(r"(?:\d{1,3}(?:[.' ]\d{3})+|\d+)(?:,\d+)?|,\d+"),
}
DECIMAL_MARKS = tuple(_NUMBERS)
_CURRENCY_CODE = re.compile(r"^[A-Z]{3}(?=[\s\d.,-])|(?<=[\s\d])[A-Z]{3}$")


def remembering(read: Read) -> Read:
    """The same function, which answers from memory what it has read before."""
    known: dict[str, Any] = {}

    def remembered(text: str) -> Any:
        if text in known:
            return known[text]
        if len(known) >= _REMEMBERED:
            known.clear()
        value = known[text] = read(text)
        return value

    return remembered


def moments(styles: Sequence[str], zone: tzinfo | None) -> Read:
    """Reads moments in the first style that fits; those without an offset are of the zone."""
    readers = [_moment_reader(style) for style in styles]
    told = ", ".join(styles)

    def read(text: str) -> datetime:
        for one in readers:
            try:
                moment = one(text)
            except (ValueError, OverflowError, OSError):
                continue
            return _in_utc(moment, zone)
        raise BadValue(f"no moment of the styles {told} stands there")

    return remembering(read)


def _in_utc(moment: datetime, zone: tzinfo | None) -> datetime:
    if moment.tzinfo is None:
        if zone is None:
            raise BadValue('the moment has no offset. Set `zone`, as zone = "Europe/Berlin"')
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        # Databases write their first or last day where they know none, and an offset steps out of the calendar.
        raise BadValue("the moment there lies beyond the years 1 to 9999. Name its text under `empty`") from error


def is_pattern(style: str) -> bool:
    """Whether `strptime` can read by it what `strftime` writes by it."""
    # Its digits differ from each other, so that a part in the wrong place is found out.
    moment = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
    try:
        datetime.strptime(moment.strftime(style), style)  # noqa: DTZ007 - only whether it can be read
    except (ValueError, re.error):
        return False
    return "%" in style


def _moment_reader(style: str) -> Callable[[str], datetime]:
    if style == ISO:
        return datetime.fromisoformat
    if style in {UNIX, UNIX_MS}:
        parts = _MILLISECONDS if style == UNIX_MS else 1
        return lambda text: datetime.fromtimestamp(_seconds(text, parts), UTC)
    quick = _quick_reader(style)
    # A style without an offset answers a moment without one, which then gets the zone.
    return quick or (lambda text: datetime.strptime(text, style))  # noqa: DTZ007


def _seconds(text: str, parts: int) -> float:
    # Other digits, as a raised two, are digits to `isdigit` and none to Decimal.
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_UNIX_DIGITS:
        raise ValueError
    return float(Decimal(text) / parts)


def days(styles: Sequence[str]) -> Read:
    """Reads calendar days in the first style that fits, as ISO 8601 texts."""
    readers = [_moment_reader(style) for style in styles]

    def read(text: str) -> str:
        for one in readers:
            try:
                return one(text).date().isoformat()
            except (ValueError, OverflowError, OSError):
                continue
        raise BadValue(f"no day of the styles {', '.join(styles)} stands there")

    return remembering(read)


def _quick_reader(style: str) -> Callable[[str], datetime] | None:
    """What `strptime` reads in a style of numbers alone, at a fifth of its cost; None for other styles."""
    parts = _DIRECTIVE.split(style)
    directives = parts[1::2]
    if not set(directives) <= _NUMERIC.keys() or len(set(directives)) < len(directives):
        return None
    pattern = "".join(_NUMERIC[part] if n % 2 else re.escape(part) for n, part in enumerate(parts))
    if any(part.isspace() or "%" in part for part in parts[::2]) or not {"Y", "y"} & set(directives):
        return None
    match = re.compile(pattern, re.ASCII).fullmatch

    def read(text: str) -> datetime:
        found = match(text)
        if found is None:
            raise ValueError
        said = dict(zip(directives, map(int, found.groups()), strict=True))
        year = said["Y"] if "Y" in said else _century(said["y"])
        # What has no offset gets the zone of its column.
        return datetime(  # noqa: DTZ001
            year, said.get("m", 1), said.get("d", 1), said.get("H", 0), said.get("M", 0), said.get("S", 0)
        )

    return read


def _century(short: int) -> int:
    # POSIX: 69 to 99 are of the twentieth century, 0 to 68 of the next.
    return short + (1900 if short > 68 else 2000)  # noqa: PLR2004


def decimals(mark: str) -> Read:
    """Reads exact numbers as people write money: `$90,000 `, `(12.50)`, `1.234,56 EUR`, `-3`."""
    number = _NUMBERS[mark]

    def read(text: str) -> Decimal:
        bare = _CURRENCY_CODE.sub("", text.strip())
        bare = "".join(one for one in bare if unicodedata.category(one) != "Sc").strip()
        bare, is_negative = _unsigned(bare)
        bare = bare.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
        if not number.fullmatch(bare):
            raise BadValue(f"it is no number that is written with {mark!r} ahead of its decimals")
        whole, _, rest = bare.partition(mark)
        digits = "".join(one for one in whole if one.isdigit())
        value = Decimal(f"{digits or '0'}.{rest}" if rest else digits)
        return -value if is_negative else value

    return remembering(read)


def _unsigned(text: str) -> tuple[str, bool]:
    """The number without its sign; accountants write parentheses or a sign behind."""
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    bare = text.replace("\N{MINUS SIGN}", "-")
    if bare.startswith("-"):
        return bare.removeprefix("-").strip(), True
    if bare.endswith("-"):
        return bare.removesuffix("-").strip(), True
    return bare.removeprefix("+").strip(), False


def numbers(mark: str) -> Read:
    """Reads numbers as whole ones where they are, else as floating ones."""
    exact = decimals(mark)

    def read(text: str) -> int | float:
        value = exact(text)
        return int(value) if value == value.to_integral_value() else float(value)

    return remembering(read)


def wholes(mark: str) -> Read:
    """Reads whole numbers."""
    exact = decimals(mark)

    def read(text: str) -> int:
        value = exact(text)
        if value != value.to_integral_value():
            raise BadValue("the number there is not whole")
        if abs(value) > _LARGEST_WHOLE:
            raise BadValue("the number there has more digits than are kept. Correct it in the source")
        return int(value)

    return remembering(read)


def flags() -> Read:
    """Reads truths: true, yes, y, 1, on and their opposites."""

    def read(text: str) -> bool:
        word = text.casefold()
        if word in TRUE_WORDS:
            return True
        if word in FALSE_WORDS:
            return False
        raise BadValue(f"none of {', '.join(sorted(TRUE_WORDS | FALSE_WORDS))} stands there. Set `values`")

    return remembering(read)


def choices(known: Sequence[str]) -> Read:
    """Reads one of a few words, in any case."""
    by_fold = {one.casefold(): one for one in known}

    def read(text: str) -> str:
        found = by_fold.get(text.casefold())
        if found is None:
            raise BadValue(f"none of {', '.join(known)} stands there. Set `values` to translate the source's words")
        return found

    return remembering(read)


def plain_text(text: str) -> str:
    """The text as it is."""
    return text
