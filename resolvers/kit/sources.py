"""Which systems had a part in an answer, and how did each of them do?

The kit knows that lists may be fed by systems that are asked at the moment of the question, and not how that is done:
whoever does it (resolvers/live/) is handed over with the context.
"""

from collections.abc import Awaitable, Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Protocol

from adapters.records import Record, RecordId
from adapters.windows import Owner
from resolvers.kit.described import graph_enum, graph_type, told
from resolvers.kit.scalars import moment_text


@graph_enum(
    {
        "STORED": "The gateway's own base: what channels delivered and what was learned of them before.",
        "OK": "It answered.",
        "STALE": "It does not answer anew; what it said before is shown.",
        "LATE": "It has not answered yet. What it says is kept when it comes: ask again in some seconds.",
        "DOWN": "It does not answer, or says that it is broken.",
        "BUSY": "It takes no more requests for now; `retryAfterS` says in how many seconds it may.",
        "REFUSED": "It refuses our request or our credentials. An operator must look.",
        "RESTING": "It failed too often in a row and is left alone for some seconds.",
        "UNREADABLE": "What it answered cannot be read.",
    }
)
class SourceStatus(Enum):
    """How a system did when it was asked."""

    STORED = "STORED"
    OK = "OK"
    STALE = "STALE"
    LATE = "LATE"
    DOWN = "DOWN"
    BUSY = "BUSY"
    REFUSED = "REFUSED"
    RESTING = "RESTING"
    UNREADABLE = "UNREADABLE"


@graph_type
class Source:
    """A system that had a part in an answer: the gateway's own base, or a channel account that was asked live."""

    name: str = told("The channel's name; `stored` for the gateway's own base.")
    account: str | None = told("Which of our accounts on it; null for the gateway's own base, and for visitors.")
    status: SourceStatus = told("How it did.")
    latency_ms: int | None = told("How long it took to answer, in milliseconds; null where it has not answered.")
    as_of: datetime | None = told(
        "Of which moment its part is: when the channel said so, also where that was kept and it does not answer now; "
        "of several things the earliest. Null where nothing of it is known."
    )
    is_stale: bool = told("Whether its part is older than it should be, because it did not answer anew.")
    missing: str | None = told(
        "What may be missing for its sake, as a sentence that can be shown to agents, and to visitors without why; "
        "null where nothing is. *Newer* ones are those since `asOf`."
    )
    retry_after_s: float | None = told("In how many seconds it may answer again; null where nobody knows.")
    complete_since: datetime | None = told(
        "From when on everything is here that it has of the customer: the bound that it told itself, or the oldest "
        "moment that came of its past so far, the newest being fetched first where it can; of several kinds of things "
        "the latest. Null where neither is known: nothing of its past was fetched, or all of it came at once."
    )
    is_backfilling: bool = told("Whether older things of the customer are still being fetched from it.")


STORED_NAME = "stored"


def stored_source(at: datetime) -> Source:
    """The gateway's own base as a source of that moment."""
    return Source(
        name=STORED_NAME,
        account=None,
        status=SourceStatus.STORED,
        latency_ms=None,
        as_of=at,
        is_stale=False,
        missing=None,
        retry_after_s=None,
        complete_since=None,
        is_backfilling=False,
    )


def plain_source(source: Source) -> dict[str, Any]:
    """The source as it stands in an answer's `extensions.sources`: the same names and values as in the graph."""
    return {
        "name": source.name,
        "account": source.account,
        "status": source.status.value,
        "latencyMs": source.latency_ms,
        "asOf": moment_text(source.as_of) if source.as_of else None,
        "isStale": source.is_stale,
        "missing": source.missing,
        "retryAfterS": source.retry_after_s,
        "completeSince": moment_text(source.complete_since) if source.complete_since else None,
        "isBackfilling": source.is_backfilling,
    }


class Owned(Protocol):
    """Whoever records belong to: a customer with its aliases."""

    @property
    def key(self) -> RecordId:
        """The storage id."""

    def owner(self, records: Sequence[Record]) -> Owner:
        """The ids under which this customer's records of each kind were written."""


class Live(Protocol):
    """Has the outside asked for one question."""

    def before(self, context: Any, customers: Sequence[Owned], records: Sequence[Record]) -> Awaitable[None] | None:
        """Has what the outside knows of these customers' records taken in before they are read.

        None where there is nothing to wait for: nobody offers it, or what is known is fresh.
        """

    async def asked(self) -> None:
        """Returns when everything that was asked so far has come, or comes too late."""

    def told_of(self, customer: Owned, records: Sequence[Record]) -> list[Source]:
        """How those did who were asked for such records of the customer; `records` empty: for any."""

    def told(self) -> list[Source]:
        """How everyone did who was asked for this question, each channel account once."""

    def forget(self, customers: Iterable[RecordId]) -> None:
        """Has these customers asked about by what their identities are from now on."""
