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
# And what it says of types and arguments that nobody has named.
_TYPES: Final = (
    (re.compile(r" as objects of type '[^']*' can never be of type '[^']*'"), ": nothing is of both types"),
    (re.compile(r" (?:of|to|for)(?: required| non-null| OneOf| OneOf Input Object)? type '[^']*'"), ""),
    (re.compile(r" (?:on|by) (?:query |mutation |subscription )?type '[^']*'"), ""),
    (re.compile(r" on field '\w+\.(\w+)'"), r" on field '\1'"),
    (re.compile(r"since type '[^']*' has"), "since it has"),
    (re.compile(r"conflicting types '[^']*' and '[^']*'"), "conflicting types"),
    (re.compile(r" in '[^']*' enum"), ""),
    (re.compile(r"Enum '[^']*'"), "The enum"),
    (re.compile(r" (?:used in position )?expecting type '[^']*'"), " where it does not fit"),
    (re.compile(r"Argument '[^']*' is required"), "An argument is required"),
    (re.compile(r" to include required field '[^']*'"), " to leave a required field out"),
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
        """The answer as the viewer may have it: its errors name nothing that was not asked for."""
        if answer.body.get("errors") and not self.may(viewer):
            answer.body["errors"] = [_plain(one) for one in answer.body["errors"]]
        return answer


def _plain(error: dict[str, Any]) -> dict[str, Any]:
    message = _HINT.sub("", error["message"])
    for told, plainly in _TYPES:
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
