"""What is handed to every resolver of one request?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import strawberry

from adapters.mongo import Store
from resolvers.kit.budget import Budget
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.loading import Loaders
from resolvers.kit.reads import ANYTHING, Reads
from resolvers.kit.slice import Declared
from resolvers.kit.viewer import Viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphLimits:
    """The knobs that resolvers read; the gate fills them from its settings."""

    page_size: int = 20
    """Rows of a page when the question names no number."""
    largest_page: int = 100
    """Rows of a page at most."""
    most_rows: int = 15_000
    """Rows that one question may load, all its lists together."""
    execution_s: float = 15.0
    """How long an answer may take from the moment at which its context is made."""
    default_region: str | None = None
    """The country (ISO 3166) by which phone numbers without a country code are read."""


@dataclass(slots=True, kw_only=True)
class Context:
    """One request: who asks, and everything that answering needs from outside the resolvers."""

    viewer: Viewer
    store: Store
    declared: Declared
    """What the slices of this graph declare: history, merge, export and node read it."""
    seal: CursorSeal
    clock: Callable[[], datetime]
    limits: GraphLimits = field(default_factory=GraphLimits)
    budget: Budget = field(init=False)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.budget = Budget(self.limits.most_rows, self.limits.execution_s)
        self.loaders = Loaders(self, self.budget)


@dataclass
class Info(strawberry.Info[Context, None]):
    """What a resolver may ask of the execution; `info.context` is the Context."""

    reads: Reads = field(default_factory=lambda: ANYTHING)
    """What the answer below the field reads of documents; where no plan tells it, that may be anything."""
