"""How are deliveries written so that each outlives whatever is killed, and many cost no more than a few?

Whoever comes while nothing is being written is written at once. Those who come meanwhile wait for that write to end,
and are written together by the next one, a moment later where there is a crowd: who comes alone waits for no clock, and
hundreds need one command.
"""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import Document
from resolvers.deliveries import lane_job
from resolvers.deliveries.waiting import DELIVERIES
from resolvers.kit.shift import Knocks

# One insert: a command takes 48 MB, and each that waits for it waits for all of it.
_DOCUMENTS_AT_ONCE: Final = 500
_BYTES_AT_ONCE: Final = 4 * 1024 * 1024
# Between two writes while several come at once: small ones, as fast as it goes, would take from the machine that also
# takes in. A tenth of what an acknowledgement may last.
_GATHER_S: Final = 0.005
# A vendor who waits longer gives up and sends again, so what would wait longer is better refused at once.
_WAITING_AT_MOST: Final = 5_000
_WAITING_BYTES: Final = 32 * 1024 * 1024
# The database is away for longer than a vendor waits.
_WRITE_S: Final = 8.0


class Full(Exception):
    """As many deliveries wait to be written as may; the vendor sends again."""


class Silent(Exception):
    """The database did not say in time whether a delivery is kept; the vendor sends again."""


@dataclass(slots=True, repr=False)
class _Waiting:
    document: Document
    size_bytes: int
    is_new: asyncio.Future[bool]


class Inbox:
    """Writes the deliveries that come to this process."""

    def __init__(self, store: Store, knocks: Knocks) -> None:
        self._store, self._knocks = store, knocks
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._writing: asyncio.Task[None] | None = None
        self._last = 0

    def turn(self) -> int:
        """The next place in the order of arrival: by the clock, and never twice or backwards in one process."""
        self._last = max(self._last + 1, time.time_ns())
        return self._last

    async def keep(self, document: Document) -> bool:
        """Whether the delivery is new; returned when it is kept for certain, as is one that came before.

        Raises Full where too many wait, Silent or StoreError where it may not be kept.
        """
        size_bytes = len(document["body"])
        if len(self._waiting) >= _WAITING_AT_MOST or self._waiting_bytes + size_bytes > _WAITING_BYTES:
            raise Full
        mine = _Waiting(document, size_bytes, asyncio.get_running_loop().create_future())
        self._waiting.append(mine)
        self._waiting_bytes += size_bytes
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write(), name="inbox")
        return await mine.is_new

    async def close(self) -> None:
        """Returns when nothing is being written any more."""
        if self._writing is not None:
            with suppress(asyncio.CancelledError):
                await self._writing

    async def _write(self) -> None:
        """Writes until nobody waits."""
        while self._waiting:
            some = self._next()
            try:
                async with asyncio.timeout(_WRITE_S):
                    known = await self._store.arrivals.add(DELIVERIES, [one.document for one in some])
            except TimeoutError:
                _fail(some, Silent())
                continue
            except StoreError as error:
                _fail(some, error)
                continue
            except BaseException:
                # Whoever waits must hear of it, whatever it is.
                _fail([*some, *self._waiting], Silent())
                self._waiting.clear()
                self._waiting_bytes = 0
                raise
            self._told(some, known)
            if len(some) > 1:
                await asyncio.sleep(_GATHER_S)

    def _next(self) -> list[_Waiting]:
        some: list[_Waiting] = []
        size_bytes = 0
        while self._waiting and len(some) < _DOCUMENTS_AT_ONCE:
            if some and size_bytes + self._waiting[0].size_bytes > _BYTES_AT_ONCE:
                break
            one = self._waiting.popleft()
            size_bytes += one.size_bytes
            some.append(one)
        self._waiting_bytes -= size_bytes
        return some

    def _told(self, some: list[_Waiting], known: frozenset[object]) -> None:
        seen = set(known)
        for one in some:
            if not one.is_new.done():
                one.is_new.set_result(one.document["_id"] not in seen)
        for lane in {one.document["lane"] for one in some}:
            self._knocks.knock(lane_job(lane))


def _fail(some: list[_Waiting], error: Exception) -> None:
    for one in some:
        if not one.is_new.done():
            one.is_new.set_exception(error)
