"""What is an administrative act, and who writes down that it was done?

One that neither agents nor visitors may do is one, and so is what a slice declares to be one (`Slice.mutation`). It is
written down before it begins, so that none is done unseen, and what became of it once that is known (kit/acting.py).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from strawberry.utils.str_converters import to_camel_case

from adapters.records import RecordId
from resolvers.kit.described import graph_enum
from resolvers.kit.slice import Declared
from resolvers.kit.viewer import Viewer


@graph_enum(
    {
        "DONE": "It was done.",
        "REFUSED": "It was refused, and nothing was changed.",
        "FAILED": "An error ended it.",
        "UNKNOWN": "It is under way; or it was given up, or the process ended, before anybody knew.",
    }
)
class ActOutcome(StrEnum):
    """What became of an administrative act."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(slots=True, repr=False)
class Act:
    """One administrative act. Names and ids alone, never a value."""

    name: str
    """The mutation, as the graph calls it; or the command."""
    ids: dict[str, None] = field(default_factory=dict)
    """What it concerned, each once and in order."""
    outcome: ActOutcome = ActOutcome.UNKNOWN
    code: str | None = None
    """Of the refusal or error that was told."""

    def concerns(self, *ids: str) -> None:
        """Takes note of what it concerned."""
        self.ids.update(dict.fromkeys(ids))


class Acts(Protocol):
    """Writes acts down."""

    async def begin(self, act: Act, viewer: Viewer) -> RecordId:
        """Writes down that it begins; raises Unavailable where that cannot be, and it must not begin."""

    async def end(self, key: RecordId, act: Act, viewer: Viewer) -> None:
        """Writes down what became of it. Where that cannot be, the log has it, and the act stays UNKNOWN."""


def administrative(declared: Declared) -> frozenset[str]:
    """The mutations that are administrative acts, as the graph calls them."""
    fields = [one for slice_ in declared.slices for one in slice_.fields]
    return frozenset(to_camel_case(one.name) for one in fields if one.is_administrative)
