"""What may a caller be told of an error, and what stays in the log?

An error that was written for the caller goes out as it is, with its code; so does what graphql-core says of the
question itself. The store's troubles that pass are said as such. Anything else is a bug: the caller gets a reference,
the log gets the whole under the same reference.
"""

import re
import secrets
from collections.abc import Sequence
from typing import Any, Final

import structlog
from graphql import GraphQLError

from adapters.failures import Overtaken, StoreDown, TooSlow
from gateway.traces import current_trace
from resolvers.kit.errors import TellableError

PARSE_FAILED: Final = "GRAPHQL_PARSE_FAILED"
VALIDATION_FAILED: Final = "GRAPHQL_VALIDATION_FAILED"
OPERATION_UNKNOWN: Final = "OPERATION_RESOLUTION_FAILURE"
# As Apollo's clients know it: they send the text then.
DOCUMENT_UNKNOWN: Final = "PERSISTED_QUERY_NOT_FOUND"
# And from then on without hashes.
PERSISTED_UNSUPPORTED: Final = "PERSISTED_QUERY_NOT_SUPPORTED"
DOCUMENT_NOT_TRUSTED: Final = "DOCUMENT_NOT_TRUSTED"
DOCUMENT_RETIRED: Final = "DOCUMENT_RETIRED"
BAD_REQUEST: Final = "BAD_REQUEST"
BAD_USER_INPUT: Final = "BAD_USER_INPUT"
FORBIDDEN: Final = "FORBIDDEN"
NOT_FOUND: Final = "NOT_FOUND"
LIMIT_EXCEEDED: Final = "LIMIT_EXCEEDED"
UNAVAILABLE: Final = "UNAVAILABLE"
INTERNAL: Final = "INTERNAL"

MOST_TOLD: Final = 5
"""Errors of fields in one response; a list may repeat the same one for each of its rows."""

# The store says in its own words what happened; the code says what to do next.
_PASSING: Final[dict[type[Exception], str]] = {
    StoreDown: UNAVAILABLE,
    Overtaken: UNAVAILABLE,
    TooSlow: LIMIT_EXCEEDED,
}

# graphql-core's word for it, which is a bare ValueError.
_COUNT_OF_STREAM: Final = "initialCount must be a positive integer"
# What is longer quotes what was sent, again and again.
_LONGEST: Final = 500

Told = dict[str, Any]
"""An error as it stands in a response."""

# graphql-core writes out the value that does not fit, a whole input with all that stands in it; and messages are kept
# in more places than answers are: by clients, and by whoever watches errors for them. What is a word stays, as
# resolvers.kit.texts.quoted has it: it helps to find the slip, and no number, address or day can be written so.
_VALUES: Final = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"(Expected value of type '[^']*' not to include unknown field) '(?!\w+'(?:, found: |\. Did you mean )).*",
        r"(Expected value of type '.*?)(?:, found: |, but encountered error |(?<=\?) Found: ).*",
        r"(cannot represent [^:]*value): .*",
        r"(\ASyntax Error: .*?\b(?:BlockString|String|Int|Float)) '.*",
        r"(\ASyntax Error: .*? expected digit before '\.'), did you mean .*",
    )
)
_NOT_IN_ENUM: Final = re.compile(
    r"\bValue '(?![A-Za-z][A-Za-z_.-]{0,63}' does not exist in ').*' does not exist", re.DOTALL
)
# At the end, so that it is no caller's name of something.
_PYTHONS_NULL: Final = re.compile(r"(?<= not to be )None(?=\.\Z)")

_log = structlog.get_logger("gateway.errors")


def told(message: str, code: str) -> Told:
    """An error of the gate itself."""
    _note(code)
    return {"message": message, "extensions": {"code": code}}


def told_of_question(errors: Sequence[GraphQLError], code: str) -> list[Told]:
    """What graphql-core says of the question: its words are about what the caller wrote."""
    shown = errors[:MOST_TOLD]
    return [_formatted(error, _without_value(error.message), error.extensions or {"code": code}) for error in shown]


def told_of_execution(errors: Sequence[GraphQLError]) -> list[Told]:
    """What is told of errors that fields raised: the first few, and how many more there are."""
    shown = [_told_of(error) for error in errors[:MOST_TOLD]]
    if more := len(errors) - len(shown):
        words = f"{more} further errors are left out. Each of them made a field null, as those above did."
        shown.append(told(words, shown[-1]["extensions"]["code"]))
    return shown


def told_of(error: Exception) -> Told:
    """What is told of an error that was raised outside the execution."""
    code = next((code for kind, code in _PASSING.items() if isinstance(error, kind)), None)
    return told(str(error), code) if code else told_unforeseen(error)


def told_unforeseen(error: BaseException, *, path: Sequence[str | int] | None = None) -> Told:
    """What is told of a bug: a reference, under which the log has the whole."""
    reference = secrets.token_hex(6)
    _log.error("unforeseen", reference=reference, path=list(path or ()), exc_info=error)
    return told(
        f"Something went wrong that nobody foresaw. Tell whoever runs this gateway the reference {reference}.", INTERNAL
    ) | {"extensions": {"code": INTERNAL, "reference": reference}}


def _told_of(error: GraphQLError) -> Told:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and not isinstance(cause, TellableError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, TellableError) or isinstance(error, TellableError):
        return _formatted(error, error.message, error.extensions or {})
    if code := next((code for kind, code in _PASSING.items() if isinstance(cause, kind)), None):
        return _formatted(error, str(cause), {"code": code})
    if isinstance(cause, ValueError) and str(cause) == _COUNT_OF_STREAM:
        return _formatted(error, "`initialCount` of @stream must be 0 or more.", {"code": BAD_USER_INPUT})
    if _is_about_question(error, cause):
        return _formatted(error, _without_value(error.message), {"code": BAD_USER_INPUT})
    unforeseen = told_unforeseen(cause or error, path=error.path)
    return _formatted(error, unforeseen["message"], unforeseen["extensions"])


def _note(code: str) -> None:
    """Takes note of an error that is told."""
    if trace := current_trace():
        trace.codes.append(code)


def _is_about_question(error: GraphQLError, cause: BaseException | None) -> bool:
    """graphql-core points at the document where an argument is wrong; where a value cannot be serialised, nowhere."""
    return isinstance(cause, GraphQLError) and bool(cause.nodes) if cause is not None else bool(error.nodes)


def _without_value(message: str) -> str:
    """graphql-core's words, but for the value that does not fit."""
    for value in _VALUES:
        message = value.sub(_cut, message)
    message = _PYTHONS_NULL.sub("null", message)
    return _NOT_IN_ENUM.sub("The value does not exist", message)


def _cut(found: re.Match[str]) -> str:
    # A hint ends with a question mark.
    return found[1] if found[1].endswith("?") else f"{found[1]}."


def _formatted(error: GraphQLError, message: str, extensions: dict[str, Any]) -> Told:
    _note(str(extensions.get("code")))
    shown: Told = {"message": message if len(message) <= _LONGEST else f"{message[:_LONGEST]}..."}
    if error.locations:
        shown["locations"] = [{"line": one.line, "column": one.column} for one in error.locations]
    if error.path is not None:
        shown["path"] = list(error.path)
    return shown | {"extensions": extensions}
