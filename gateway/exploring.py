"""Who may look at the schema itself, and who is told what it holds by a slip of the pen?

Introspection, a subgraph's `_service` and "Did you mean ...?" draw a map of everything there is. Whoever builds with
the gateway needs the map; the public does not. So visitors never have it, and in the production profile nobody but
administrators, and partners whose key or token has the scope `schema`.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from graphql import DocumentNode

from gateway import telling
from gateway.execution import Known
from gateway.limit_settings import LimitSettings
from gateway.questions import Answer, Fate
from resolvers.kit.viewer import SCHEMA_SCOPE, Role, Viewer

_MAP: Final = frozenset({"__schema", "__type", "_service"})
# graphql-core's hints, each at the end of what it says.
_HINT: Final = re.compile(r"\s*Did you mean [^?]*\?")
# And what it says of types, fields and arguments that nobody has named: where a sentence would lose its sense without
# them, there is another one.
_PLAINLY: Final = tuple(
    (re.compile(told), plainly)
    for told, plainly in (
        (r"Expected variable '(\$\w+)' provided to .* to provide a runtime value", r"Variable '\1' needs a value here"),
        (r"Expected variable '(\$\w+)' provided to .* not to be null", r"Variable '\1' is null where it may not be"),
        (r"Expected value of non-null type '[^']*' not to be null", "A value is null where it may not be"),
        (r"Expected value of type '[^']*' to include required field '[^']*'", "A required field is missing"),
        (r"Expected value of type '[^']*' not to include unknown field", "The input has an unknown field"),
        (r"Expected value of type '[^']*' to be an object", "A value must be an object here"),
        (r"Expected value of type '[^']*'", "A value does not fit here"),
        (r"Within OneOf Input Object type '[^']*', exactly", "Exactly"),
        (
            r"is of type '[^']*' but must be non-nullable to be used for OneOf Input Object '[^']*'",
            "may not be null here",
        ),
        (r"of type '[^']*' used in position expecting type '[^']*'", "is used where its type does not fit"),
        (r"Enum '[^']*' cannot represent non-\w+ value", "A value is none of those that may stand here"),
        (r" in '[^']*' enum", " here"),
        (
            r"Argument '(?:\w+\.)?(@?\w+)\(\w+:\)' of type '[^']*' is required, but it was not provided",
            r"A required argument of '\1' is missing",
        ),
        (r"Argument '[^']*' of required type '[^']*' was not provided", "A required argument is missing"),
        (r" as objects of type '[^']*' can never be of type '[^']*'", ": nothing is of both types"),
        (r" on root (\w+) type '[^']*'", r" at the root of a \1"),
        (r" of(?: non-null)? type '[^']*'", ""),
        (r" (?:on|by) (?:query |mutation |subscription )?type '[^']*'", ""),
        (r" on field '\w+\.(\w+)'", r" on field '\1'"),
        (r"since type '[^']*' has", "since it has"),
        (r"conflicting types '[^']*' and '[^']*'", "conflicting types"),
    )
)
_CLOSED: Final = (
    "The schema is not told to everybody here. Ask whoever runs this gateway for its schema.graphql, or for a key with "
    f"the scope `{SCHEMA_SCOPE}`."
)


class Exploring:
    """Who may explore, by the settings."""

    def __init__(self, settings: LimitSettings) -> None:
        self._is_public = settings.profile == "production"

    def may(self, viewer: Viewer) -> bool:
        """Whether the viewer may look at the schema."""
        if viewer.role is Role.VISITOR:
            return False
        if not self._is_public or viewer.role is Role.ADMINISTRATOR:
            return True
        return viewer.role is Role.PARTNER and SCHEMA_SCOPE in viewer.scopes

    def refused(self, viewer: Viewer, known: Known) -> Answer | None:
        """What is answered to who asks for the schema and may not; None to everybody else."""
        if known.asks_for_schema is None:
            known.asks_for_schema = asks_for_schema(known.document)
        if not known.asks_for_schema or self.may(viewer):
            return None
        return Answer(Fate.BEYOND_KEY, {"errors": [telling.told(_CLOSED, telling.FORBIDDEN)]})

    def shown(self, answer: Answer, viewer: Viewer) -> Answer:
        """The answer as the viewer may have it: no error of it, or of a part, names what was not asked for.

        Every answer leaves by here, whole or in parts, once or with each event.
        """
        if not self.may(viewer):
            for one in _with_errors(answer.body):
                one["errors"] = [_plain(error) for error in one["errors"]]
        return answer


def _with_errors(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Whatever of an answer has errors: the whole, or what came later, in either draft (gateway/dialects.py)."""
    for one in (body, *body.get("incremental", ()), *body.get("completed", ())):
        if one.get("errors"):
            yield one


def _plain(error: dict[str, Any]) -> dict[str, Any]:
    message = _HINT.sub("", error["message"])
    for told, plainly in _PLAINLY:
        message = told.sub(plainly, message)
    return {**error, "message": message}


def asks_for_schema(document: DocumentNode) -> bool:
    """Whether anything in the document asks for the schema, in whichever operation or fragment."""
    return any(name in _MAP for name in _names(document))


def _names(document: DocumentNode) -> Iterator[str]:
    waiting: list[Any] = [one.selection_set for one in document.definitions if hasattr(one, "selection_set")]
    while waiting:
        for node in waiting.pop().selections:
            if node.kind == "field":
                yield node.name.value
            if getattr(node, "selection_set", None) is not None:
                waiting.append(node.selection_set)
