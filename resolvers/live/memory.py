"""What does this process remember of what it asked, and for how long is that good?

In memory alone: another process asks once more, which is cheaper than a command for each question. What is remembered
of people are their storage ids, their ids on channels and digests of what was said, and the least recently used goes.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from adapters.contract.records import HandedOver
from adapters.quiet import written_out
from resolvers.kit.sources import SourceStatus
from resolvers.live.reports import Report

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Some 500 bytes each: 25 MB at most, for ten thousand customers on five lines.
MOST_REMEMBERED: Final = 50_000

_DIGEST_LASTS_S: Final = 300.0
"""What was said is compared with what is stored so often anyway: deliveries and people may have changed what is."""


class Remembered(Generic[K, V]):
    """A bounded mapping, in which each use counts."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What is remembered; None where nothing is."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: K, value: V) -> None:
        """Remembers it, and forgets what was not used for the longest time where there is too much."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """For how many seconds an answer is good."""

    good_s: float = 30.0
    """A list: an agent who looks twice sees the same, and what happens meanwhile comes by delivery."""
    profile_s: float = 86_400.0
    """Who somebody is: names and pictures change within months."""
    failed_s: float = 5.0
    """A failure: nobody waits twice within seconds for who does not answer."""

    def of(self, report: Report, *, is_profile: bool) -> float:
        """The seconds for which nobody asks again."""
        if report.retry_after_s is not None:
            return min(max(report.retry_after_s, 1.0), self.good_s)
        if report.status not in {SourceStatus.OK, SourceStatus.STALE}:
            return self.failed_s if not is_profile else self.good_s
        return self.profile_s if is_profile else self.good_s


@dataclass(slots=True)
class Standing:
    """What came of one question the last time that it was asked."""

    report: Report
    fresh_until: float
    """On the clock of `time.monotonic`."""
    answered_at: datetime | None = None
    digest: bytes = b""
    digest_until: float = 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether nobody needs to ask again."""
        return time.monotonic() < self.fresh_until

    def is_news(self, records: Sequence[HandedOver]) -> bool:
        """Whether the records are others than those that were taken in the last time."""
        return time.monotonic() >= self.digest_until or digest_of(records) != self.digest

    def took(self, records: Sequence[HandedOver], *, since: "Standing | None") -> None:
        """Notes that these have been taken in, now or where they are no news since then already."""
        is_known = since is not None and not since.is_news(records)
        self.digest = digest_of(records)
        self.digest_until = since.digest_until if since and is_known else time.monotonic() + _DIGEST_LASTS_S


def digest_of(records: Sequence[HandedOver]) -> bytes:
    """The same for the same records: from it nobody reads what they say."""
    return hashlib.blake2b(repr(written_out(tuple(records))).encode("utf-8", "surrogatepass"), digest_size=16).digest()
