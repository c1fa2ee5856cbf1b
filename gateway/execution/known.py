"""Which documents were read and checked already, with their plans, in bounded memory?

Reading and checking cost more than half of a short answer, so that what was found valid is kept; the longest unasked
goes first.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from graphql.language import DocumentNode

from gateway.execution.deferring import whole
from gateway.execution.plan import Plan
from gateway.execution.trails import Trail
from gateway.sizing import Cost

# A document in memory takes about 100 times its text (measured: 90 to 140), a plan of it 330 times. So these are
# 64 MB, and hold 120 compiled panels of 1,200 characters, which is more than a company's apps ask.
MOST_WEIGHT: Final = 640 * 1024
_PLAN_WEIGHT: Final = 3.3
_FADES: Final = 0.7

Key = tuple[str | None, tuple[Any, ...], bool]
"""Which operation, what is skipped and included in it, and whether what it shows is watched."""


@dataclass(frozen=True, slots=True)
class Unplanned:
    """Why graphql-core executes the operation."""

    reason: str


@dataclass(slots=True, eq=False, repr=False)
class Known:
    """A document that was read and checked, with its plans."""

    document: DocumentNode
    """As it is answered at once."""
    characters: int = 0
    seen: int = 0
    plans: dict[Key, Plan | Unplanned] = field(default_factory=dict)
    trails: dict[Key, Trail | None] = field(default_factory=dict)
    """Where personal values stand in its answers, where it has no plan."""
    choosing: frozenset[str] | None = None
    """The variables that `@skip` and `@include` name, once they were looked for."""
    touched: dict[str | None, frozenset[str]] = field(default_factory=dict)
    """The fields of the schema that each operation touches, once somebody's right to them was looked at."""
    costs: dict[str | None, Cost] = field(default_factory=dict)
    """What each operation costs, once somebody asked it."""
    in_parts: DocumentNode | None = None
    """As it came, where parts of it may come later."""
    asks_for_schema: bool | None = None
    """Whether it asks for the schema itself, once somebody's right to that was looked at."""
    question_hash: str | None = None
    """By which equal questions are told, once that was asked."""
    share: float = 1.0
    """How many rows it loads of those that it may, as far as was seen; of one that loads fewer now, it fades."""

    def loaded(self, rows: int, cost: int) -> None:
        """Takes note of how many rows an answer took, of as many as it might have."""
        self.share = max(rows / max(cost, 1), self.share * _FADES)

    def expected(self, cost: int) -> float:
        """How many rows an answer probably takes that may take so many; of a text that nobody has seen yet, all."""
        return cost * self.share

    @property
    def weight(self) -> float:
        """What it takes in memory, in characters of an uncompiled document."""
        return self.characters * (1 + _PLAN_WEIGHT * len(self.plans))


def known_as(text: str, document: DocumentNode) -> Known:
    """A document that was found valid."""
    at_once = whole(document)
    return Known(at_once, len(text), in_parts=None if at_once is document else document)


class Documents:
    """Known documents by their text."""

    def __init__(self, most_weight: float = MOST_WEIGHT) -> None:
        self._most_weight = most_weight
        self._known: OrderedDict[str, Known] = OrderedDict()
        self._weights: dict[str, float] = {}
        self._weight = 0.0

    def __len__(self) -> int:
        """How many are known."""
        return len(self._known)

    def get(self, text: str) -> Known | None:
        """The document of that text, if it is known."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
        return known

    def add(self, text: str, document: DocumentNode) -> Known:
        """Keeps a document that was found valid."""
        known = self._known[text] = known_as(text, document)
        self.weigh(text)
        return known

    def weigh(self, text: str) -> None:
        """Makes room for what the document has become; to be called when it may have been compiled."""
        known = self._known.get(text)
        if known is None or self._weights.get(text) == known.weight:
            return
        self._weight += known.weight - self._weights.get(text, 0.0)
        self._weights[text] = known.weight
        while self._weight > self._most_weight:
            oldest, _ = self._known.popitem(last=False)
            self._weight -= self._weights.pop(oldest)
