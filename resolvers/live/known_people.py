"""Of whom are the identities at hand by which channels are asked, and since when may they be others?

They are read by one command for all who are asked about, and remembered. What changes them drops them: what people do
in this process at once, and everything else (ingest, other processes, an import) when the database's stream of changes
tells it, some milliseconds later.
"""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from adapters.contract.channel import Capability
from adapters.held import Change
from adapters.lines import Lines
from adapters.mongo import Store
from adapters.records import RecordId
from resolvers.identities import IDENTITIES
from resolvers.live.memory import Remembered
from resolvers.live.targets import Target, Whose, identities_of, targets_of

# How long identities are taken to be the same: while changes are heard of, and while nobody would tell of one.
_HEARD_S: Final = 30.0
_UNHEARD_S: Final = 3.0


class _Learned(NamedTuple):
    at: float
    """On the clock of `time.monotonic`, before they were read: what changes meanwhile may not be in it."""
    targets: Sequence[Target]


class KnownPeople:
    """The customers of whom this process knows by which identities they are asked about. `close` ends its listening."""

    def __init__(self, store: Store, lines: Lines, offered: frozenset[Capability]) -> None:
        self._store, self._lines, self._offered = store, lines, offered
        self._learned: Remembered[Whose, _Learned] = Remembered()
        self._owners: Remembered[RecordId, RecordId] = Remembered()
        """Whose each identity was: of a change the stream does not always tell it."""
        self._changed: Remembered[RecordId, float] = Remembered()
        self._missed_at = -math.inf
        self.close = store.held.hear(IDENTITIES, self._hear)

    def targets(self, whose: Whose) -> Sequence[Target] | None:
        """Every question that may be asked about the customer; None where their identities are not at hand."""
        found = self._learned.get(whose)
        return found.targets if found is not None and self._is_good(found, whose) else None

    async def learn(self, customers: Iterable[Whose]) -> Mapping[Whose, Sequence[Target]]:
        """Every question that may be asked about each customer; of whom it is not at hand, read by one command."""
        at_hand = {whose: self.targets(whose) for whose in customers}
        found = {whose: targets for whose, targets in at_hand.items() if targets is not None}
        wanted = [whose for whose in at_hand if whose not in found]
        if not wanted:
            return found
        at = time.monotonic()
        known = await identities_of(self._store, dict.fromkeys(whose.ids for whose in wanted))
        for whose in wanted:
            found[whose] = targets_of(self._lines, whose, known[whose.ids], self._offered)
            self._learned.keep(whose, _Learned(at, found[whose]))
        for one in (identity for some in known.values() for identity in some):
            self._owners.keep(one.key, one.owner)
        return found

    def forget(self, customers: Iterable[RecordId]) -> None:
        """Has the identities of these customers, each by any of their ids, read anew by whoever asks next."""
        now = time.monotonic()
        for one in customers:
            self._changed.keep(one, now)

    def _is_good(self, found: _Learned, whose: Whose) -> bool:
        lasts_s = _HEARD_S if self._store.held.is_fresh else _UNHEARD_S
        if time.monotonic() >= found.at + lasts_s or self._missed_at >= found.at:
            return False
        changes = (self._changed.get(one) for one in whose.ids)
        return all(at is None or at < found.at for at in changes)

    def _hear(self, change: Change | None) -> None:
        if change is None:
            self._missed_at = time.monotonic()
            return
        owners = (change.customer, self._owners.get(change.key))
        self.forget(one for one in owners if one is not None)
