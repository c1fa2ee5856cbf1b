"""What is shown of an error that nobody foresaw: where it happened, and no word that may quote a value?

Libraries and Python itself quote what they were given, which may be a person's or a secret. So only the words of our
own errors are shown, and those of Python's that speak of code alone.
"""

import builtins
import os
import re
import sys
import textwrap
import threading
import traceback
from collections.abc import Iterator
from logging import LogRecord
from typing import Any, Final

_OURS: Final = frozenset({"adapters", "gateway", "resolvers"})
# Of Python's own, these speak of names and types in the code; a library's own kind of one may speak of anything.
_OF_CODE: Final = frozenset(
    {TypeError, AttributeError, NameError, UnboundLocalError, IndexError, ImportError, ModuleNotFoundError}
    | {ZeroDivisionError, RecursionError, NotImplementedError, RuntimeError}
)
_LEFT_OUT: Final = "(its words are left out, for they may quote a value)"
_CAUSE: Final = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT: Final = "\nDuring handling of the above exception, another exception occurred:\n\n"

# Where the event loop's message begins to show objects: `Exception in callback f('+573001234567')`.
_OBJECT: Final = re.compile(r"[<({\[\"'\n]")


def traceback_of(error: BaseException) -> str:
    """The traceback with those of the errors behind it and in it, as Python writes it but for words that may quote."""
    return "".join(_whole(error, set())).rstrip()


def words_of(error: BaseException) -> str:
    """What an error says of itself, where its words are sure to quote no value; else that they are left out."""
    kind = type(error)
    if kind in _OF_CODE or kind.__module__.partition(".")[0] in _OURS:
        return str(error)
    if isinstance(error, OSError) and error.errno is not None:
        return f"[Errno {error.errno}] {os.strerror(error.errno)} {_LEFT_OUT}"
    if not str(error):
        return ""
    code = getattr(error, "code", None)
    return f"code {code} {_LEFT_OUT}" if isinstance(code, int) else _LEFT_OUT


def _whole(error: BaseException, seen: set[int]) -> Iterator[str]:
    for one, link in reversed(list(_behind(error, seen))):
        if one.__traceback__ is not None:
            yield "Traceback (most recent call last):\n"
            yield from traceback.format_tb(one.__traceback__)
        words = words_of(one)
        yield f"{_name(type(one))}{': ' if words else ''}{words}\n"
        for number, inner in enumerate(one.exceptions if isinstance(one, BaseExceptionGroup) else (), 1):
            yield f"  +-- {number}\n"
            yield textwrap.indent("".join(_whole(inner, seen)), "  | ")
        yield link


def _behind(error: BaseException, seen: set[int]) -> Iterator[tuple[BaseException, str]]:
    """The error and those behind it, each with the words that lead on to the one before it."""
    one: BaseException | None = error
    link = ""
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one, link
        link = _CONTEXT if one.__cause__ is None else _CAUSE
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _name(kind: type[BaseException]) -> str:
    return kind.__qualname__ if kind.__module__ == builtins.__name__ else f"{kind.__module__}.{kind.__qualname__}"


def without_objects(record: LogRecord) -> bool:
    """A filter for the event loop's log: it says what happened, and shows none of the objects it happened to."""
    said = record.getMessage()
    found = _OBJECT.search(said)
    record.msg, record.args = (said[: found.start()] if found else said).rstrip(" :"), None
    return True


def without_words(record: LogRecord) -> bool:
    """A filter for warnings in the log: where and of which kind, for their words may quote a value."""
    record.msg, record.args = re.sub(r"(?s)(:\d+: \w+): .*", r"\1", record.getMessage()), None
    return True


def guard_last_words() -> None:
    """What the interpreter says of errors that nobody caught shows no value from now on, in any thread."""
    sys.excepthook = lambda _kind, error, _trace: _say(error)
    threading.excepthook = lambda told: _say(told.exc_value)
    sys.unraisablehook = _unraisable


def _unraisable(told: Any) -> None:
    _say(told.exc_value)


def _say(error: BaseException | None) -> None:
    if error is not None and sys.stderr is not None:
        sys.stderr.write(traceback_of(error) + "\n")
