"""What every kind of viewer is answered on every way through the schema, asked once for all tests."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from tests.rights.expecting import Expecting
from tests.rights.paths import Path, is_varied, shortest, text_of, ways
from tests.rights.samples import filled
from tests.rights.viewers import KINDS, STRANGER, Asker, Kind
from tests.rights.world import World

IS_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
# Whose rights differ most: they go every way every day, the others one way to each type.
_EVERY_WAY = {"agent", "partner", "visitor", STRANGER.name}
# And whose are the least: those ask graphql-core, too.
_BOTH = {"partner", "visitor"}


@dataclass(frozen=True, slots=True)
class Walked:
    """One question on one way, and what one viewer was answered."""

    path: Path
    text: str
    kind: Kind
    data: Any
    errors: list[GraphQLError]

    def found(self, pattern: re.Pattern[str]) -> list[str]:
        """What of the pattern stands anywhere in the answer."""
        return pattern.findall(self.shown)

    @property
    def shown(self) -> str:
        """The whole answer as text."""
        errors = [{"message": one.message, "path": one.path, "extensions": one.extensions} for one in self.errors]
        return json.dumps({"data": self.data, "errors": errors}, ensure_ascii=False, default=str)


async def walk(expecting: Expecting, world: World, asker: Asker) -> list[Walked]:
    """Every way, asked by everyone."""
    walked, ahead = [], {kind.name: set(shortest(expecting, kind).values()) for kind in KINDS}
    for path in ways(expecting):
        text = filled(text_of(expecting, path), world)
        for kind, way in _asked(path, ahead):
            result = await asker(text, kind, way=way)
            walked.append(Walked(path, text, kind, result.data, result.errors or []))
    return walked


def _asked(path: Path, ahead: Mapping[str, set[Path]]) -> Iterator[tuple[Kind, str]]:
    for kind in (*KINDS, STRANGER):
        if IS_DEEP or kind.name in _EVERY_WAY or is_varied(path) or path in ahead[kind.name]:
            yield kind, "planned"
        if IS_DEEP or kind.name in _BOTH:
            yield kind, "graphql-core"
