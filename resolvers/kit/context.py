"""What is handed to every resolver of one request?"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

import strawberry

from adapters.held import Held
from adapters.lines import NO_LINES, Lines
from adapters.mongo import Store
from adapters.records import Record, RecordId
from resolvers.kit.acts import Acts
from resolvers.kit.budget import Budget
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.delivered import Delivered
from resolvers.kit.loading import Loaders
from resolvers.kit.reads import ANYTHING, Reads
from resolvers.kit.slice import Declared
from resolvers.kit.sources import Live
from resolvers.kit.viewer import Viewer
from resolvers.kit.watching import Watching


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphLimits:
    """The knobs that resolvers read; the gate fills them from its settings."""

    page_size: int = 20
    """Rows of a page when the question names no number."""
    largest_page: int = 100
    """Rows of a page at most."""
    most_references: int = 1_000
    """References of another subgraph that are found at once."""
    routers_enforce: bool = False
    """Whether the subgraph's own text has routers see to who may ask for what (kit/subgraph.py)."""
    most_rows: int = 15_000
    """Rows that one question may load, all its lists together."""
    execution_s: float = 15.0
    """How long an answer may take from the moment at which its context is made."""
    resuming: int = 100
    """Subscriptions of this process that catch up at once with what they missed."""
    resuming_per_caller: int = 20
    """Of one viewer."""
    default_region: str | None = None
    """The country (ISO 3166) by which phone numbers without a country code are read."""


class LookUps(Protocol):
    """Bounds how often one viewer asks who stands behind an identity."""

    async def take(self, viewer: Viewer) -> None:
        """Counts one look-up; raises LimitExceeded where there were too many."""


class Rates(Protocol):
    """Bounds how often something is done."""

    async def take(self, what: str, whose: str, per_minute: int) -> int | None:
        """Counts one; where the last minute had as many as there may be, in how many seconds there may be another."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Caller:
    """From where a request came, as far as the gate can tell."""

    address: str | None = None
    """The caller's address on the internet."""
    origin: str | None = None
    """The page that sent it, as its browser says: scheme, host and port."""


NOWHERE: Final = Caller()
"""Where nobody can tell."""


class NotAtHand(Exception):
    """A held record does not stand in the process."""

    def __init__(self, record: Record) -> None:
        super().__init__(f"{record.name!r} is not held in the process at this moment.")
        self.record = record


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
    sign_visitor: Callable[[RecordId, float], str] | None = None
    """Gives a token by which a visitor is that customer, for so many seconds; None where none can be signed here."""
    sign_chat: Callable[[RecordId, RecordId, float, bool], str] | None = None
    """The same for a visitor who is that customer in a web chat; at last, whether the visitor is proven to be."""
    caller: Caller = NOWHERE
    rates: Rates | None = None
    """Counts what everybody may do, and not too often; None where nobody counts."""
    look_ups: LookUps | None = None
    """Says whether the viewer may look people up once more now; None where nobody counts."""
    lines: Lines = NO_LINES
    """The channel accounts that can be reached."""
    live: Live | None = None
    """Has them asked for what lists show; None where none of them can be."""
    delivered: Delivered = field(default_factory=Delivered)
    """What the answer gives away about people."""
    sign_export: Callable[[RecordId, datetime], str] | None = None
    """Gives the path on this gateway of a customer's export, good until that moment; None where none is handed out."""
    acts: Acts | None = None
    """Writes down who does administrative acts; None where nobody does."""
    knock: Callable[[str], None] = field(default=lambda _job: None)
    """Has the job of that name look at once for what there is to do, in this process."""
    watching: Watching | None = None
    """Sees how the answer comes about; None where nobody looks on."""
    budget: Budget = field(init=False)
    loaders: Loaders = field(init=False)
    _held: dict[str, Held] = field(init=False, default_factory=dict)
    """What is held and was not at hand: loaded for this request."""

    def __post_init__(self) -> None:
        self.budget = Budget(self.limits.most_rows, self.limits.execution_s)
        self.loaders = Loaders(self, self.budget, self.watching)

    def held(self, record: Record) -> Held:
        """Every document of a held record by id, at once. For functions that answer at once (kit/fields.py).

        Raises NotAtHand where it is not in the process; whoever called the function loads it, and calls again.
        """
        found = self.store.held.at_hand(record)
        if found is None:
            found = self._held.get(record.name)
        if found is None:
            raise NotAtHand(record)
        return found

    async def hold(self, record: Record) -> None:
        """Has the held record at hand for the rest of this request."""
        self._held[record.name] = await self.store.held.all(record)

    def forget(self) -> None:
        """Drops what was loaded, as after a mutation."""
        self._held.clear()
        self.loaders.forget()


@dataclass
class Info(strawberry.Info[Context, None]):
    """What a resolver may ask of the execution; `info.context` is the Context."""

    reads: Reads = ANYTHING
    """What the answer below the field reads of documents; where no plan tells it, that may be anything."""
