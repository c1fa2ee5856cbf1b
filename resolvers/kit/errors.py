"""What may a caller be told when something cannot be done?

Top-level errors are few, and each carries `extensions.code`:
    BAD_USER_INPUT      an argument of a query cannot be answered
    UNAUTHENTICATED     nobody is signed in, or the token is no longer good
    FORBIDDEN           the role has no right to this field
    LIMIT_EXCEEDED      the question asks for more than is answered at once
    UNAVAILABLE         the database does not answer
Whatever else is raised is a bug: the gate masks it behind a reference. A mutation's expected refusals are data:
types that implement `Refusal`, in the union that the mutation answers.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import strawberry
from graphql import GraphQLError

from resolvers.kit.described import graph_interface, graph_type

T = TypeVar("T")


class TellableError(GraphQLError):
    """An error whose message is written for the caller."""

    code: str

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": self.code})


class BadUserInput(TellableError):
    """An argument of a query cannot be answered; the message says which, and what to send instead."""

    code = "BAD_USER_INPUT"


class Unauthenticated(TellableError):
    """Nobody is signed in, or the token is no longer good."""

    code = "UNAUTHENTICATED"


class Forbidden(TellableError):
    """The viewer's role has no right to this."""

    code = "FORBIDDEN"


class LimitExceeded(TellableError):
    """The question asks for more than one answer may hold; the message says how much is given, and how to fit."""

    code = "LIMIT_EXCEEDED"


class ResumeExpired(TellableError):
    """What has happened since then nobody can tell any more; the message says what to do."""

    code = "RESUME_EXPIRED"


class Unavailable(TellableError):
    """Something that the answer needs does not answer; nothing was lost."""

    code = "UNAVAILABLE"


@graph_interface
class Refusal:
    """Why a mutation did not do what it was asked. Nothing was changed."""

    code: str = strawberry.field(description="A stable word for programs: `NOT_FOUND`, `CONFLICT`, `INVALID_INPUT` ...")
    message: str = strawberry.field(description="What happened and what to do, for people.")
    input_path: list[str] | None = strawberry.field(
        description="Where in the input the cause stands, from `input` down; null when it is not one place.",
        default=None,
    )


@graph_type
class NotFound(Refusal):
    """What the input names is not there, or is not shown to this viewer."""


@graph_type
class Conflict(Refusal):
    """What the input asks contradicts what is stored: it is taken, was changed meanwhile, or is still in use."""


@graph_type
class InvalidInput(Refusal):
    """A value of the input breaks a rule."""


@graph_type
class NotPermitted(Refusal):
    """The viewer's role, or the record's owner, does not permit this change."""


class Refused(Exception):
    """Carries a refusal out of a mutation's inner functions; the kit answers it as data."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


_CHECK_ID = "Check the id; it may have been removed, or belong to another type."


def not_found(what: str, path: Sequence[str] = ("input", "id"), *, check: str = _CHECK_ID) -> Refused:
    """The refusal for a thing that is not there; `check` says what to look at."""
    message = f"There is no such {what}. {check}"
    return Refused(NotFound(code="NOT_FOUND", message=message, input_path=list(path)))


def conflict(message: str, *path: str) -> Refused:
    """The refusal for what contradicts the stored state."""
    return Refused(Conflict(code="CONFLICT", message=message, input_path=list(path) or None))


def invalid(message: str, *path: str) -> Refused:
    """The refusal for a value that breaks a rule."""
    return Refused(InvalidInput(code="INVALID_INPUT", message=message, input_path=list(path) or None))


def accepted(check: Callable[..., T], text: str, *path: str, longest: int) -> T:
    """What the check of a text answers; its ValueError becomes the refusal of that place in the input."""
    try:
        return check(text, f"`{path[-1]}`", longest)
    except ValueError as error:
        raise invalid(str(error), *path) from error


def not_permitted(message: str, *path: str) -> Refused:
    """The refusal for a change that is not this viewer's to make."""
    return Refused(NotPermitted(code="NOT_PERMITTED", message=message, input_path=list(path) or None))
