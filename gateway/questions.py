"""What is asked, and how far does it come? The words in which the rooms of the gate speak of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from gateway.telling import Told

PARTIAL: Final = 294
"""The HTTP status of an answer with data and errors (GraphQL over HTTP, September 2026, section 5.4)."""


class Fate(IntEnum):
    """How far a question came; the value is the HTTP status of an answer without errors, or without data.

    400 is also for what is well-formed and not valid, for which the specification recommends 422 since 2026:
    graphql-http's audit of servers, by which clients' makers go, asks for 400.
    """

    ANSWERED = 200
    ILL_FORMED = 400
    BEYOND_KEY = 403
    UNFORESEEN = 500
    GAVE_UP = 503


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Question:
    """What is asked, as it came in."""

    text: str
    """Empty where a document is named instead."""
    variables: Mapping[str, Any] | None = None
    operation_name: str | None = None
    document: str | None = None
    """The name of the document whose text is meant (gateway/trusted.py)."""
    sha256: str | None = None
    """The text's hash, in lower case, where it came along: by which it may be named (gateway/texts.py)."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """A GraphQL response, and how far the question came."""

    fate: Fate
    body: dict[str, Any]

    @property
    def status(self) -> int:
        """Its HTTP status under `application/graphql-response+json`."""
        return PARTIAL if self.fate is Fate.ANSWERED and self.body.keys() >= {"data", "errors"} else int(self.fate)


class NotAsked(Exception):
    """The question is not executed: it does not parse, is not valid, is not trusted, or names no operation."""

    def __init__(self, errors: list[Told], fate: Fate = Fate.ILL_FORMED) -> None:
        super().__init__(errors[0]["message"])
        self.code: str = errors[0]["extensions"]["code"]
        self.answer = Answer(fate, {"errors": errors})
