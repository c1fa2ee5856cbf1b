"""What is told of a channel that was asked live, where every word is there to be shown?"""

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.records import Record, RecordId
from resolvers.kit.sources import Owned, Source, SourceStatus
from tests.conftest import NOW

SOURCE = Source(
    name="acme",
    account="main",
    status=SourceStatus.BUSY,
    latency_ms=12,
    as_of=NOW,
    is_stale=True,
    missing="It takes no more requests for now: tickets may be missing.",
    retry_after_s=7.0,
    complete_since=NOW,
    is_backfilling=False,
)


class AskedBefore:
    """Implements `resolvers.kit.sources.Live`: nobody is waited for, and one channel is told of each list."""

    def before(self, context: Any, customers: Sequence[Owned], records: Sequence[Record]) -> None:
        """Nothing to wait for."""

    def forget(self, customers: Iterable[RecordId]) -> None:
        """Nothing is remembered."""

    async def asked(self) -> None:
        """Nothing is under way."""

    def told_of(self, customer: Owned, records: Sequence[Record]) -> list[Source]:
        """The one."""
        del customer, records
        return self.told()

    def told(self) -> list[Source]:
        """The one."""
        return [SOURCE]
