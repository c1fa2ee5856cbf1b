"""How are many small documents written by few commands, and none of them lost without a word?

They are gathered, and written when enough have come together or a moment has passed. What cannot be written is tried
again until it can, but for a document that no database takes, which is told; whoever comes when there is no more room
writes for themselves. A process that is killed loses what it had gathered: that of one such moment, as long as the
database answers.
"""

import asyncio
import contextvars
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import Document, Record

# A command costs as much as to encode some thirty documents; beyond a hundred it holds the loop up, and gains nothing.
_TOGETHER: Final = 100
_AGAIN_S: Final = 0.2
_AGAIN_AT_MOST_S: Final = 5.0
# What is no trouble of the database comes from a document as a rule, and again each time.
_UNFORESEEN_AT_MOST: Final = 3


class GroupObserver(Protocol):
    """Who is told how the writing goes."""

    def not_written(self, record: str, waiting: int, error: Exception) -> None:
        """Called each time that documents could not be written; they wait, and are tried again."""

    def lost(self, record: str, documents: int) -> None:
        """Called where documents were given up: at the end, or because they cannot be written at all."""


class Grouped:
    """Documents of one record, written in groups."""

    def __init__(
        self,
        store: Store,
        record: Record,
        *,
        observer: GroupObserver,
        every_s: float = 1.0,
        room: int = 10_000,
        farewell_s: float = 10.0,
    ) -> None:
        self._store, self._record, self._observer = store, record, observer
        self._every_s, self._room, self._farewell_s = every_s, room, farewell_s
        self._gathered: list[Document] = []
        self._writer: asyncio.Task[None] | None = None
        self._is_enough = asyncio.Event()
        self._is_closing = False
        self.written = 0
        """Documents that the database has."""
        self.failures = 0
        """How often a group could not be written at the first attempt or a later one."""

    @property
    def waiting(self) -> int:
        """Documents that the database has not yet."""
        return len(self._gathered)

    async def add(self, documents: Sequence[Document]) -> None:
        """Takes documents, each with its id; returns at once, or where there is no room when they are written.

        Raises StoreError in the second case only, and where the house is closing.
        """
        if self._is_closing or len(self._gathered) + len(documents) > self._room:
            await self._store.insert(self._record, *documents)
            self.written += len(documents)
            return
        self._gathered += documents
        if len(self._gathered) >= _TOGETHER:
            self._is_enough.set()
        self._writing()

    async def flush(self) -> None:
        """Returns when the database has everything that was gathered, however long that takes."""
        while self._gathered:
            self._is_enough.set()
            await asyncio.wait([self._writing()])

    async def close(self) -> None:
        """Writes what is left; tells what could not be written within the time of the farewell."""
        self._is_closing = True
        try:
            async with asyncio.timeout(self._farewell_s):
                await self.flush()
        except TimeoutError:
            self._writing().cancel()
            self._observer.lost(self._record.name, len(self._gathered))

    def _writing(self) -> asyncio.Task[None]:
        """The task that writes, begun where there is none."""
        if self._writer is None or self._writer.done():
            # In a context of its own: what it does is nobody's request.
            loop = asyncio.get_running_loop()
            self._writer = loop.create_task(self._write_on(), context=contextvars.Context())
        return self._writer

    async def _write_on(self) -> None:
        """Writes until nothing is left."""
        while self._gathered:
            await self._moment()
            self._is_enough.clear()
            left = len(self._gathered)
            while left:
                group = self._gathered[: min(left, _TOGETHER)]
                await self._write(group)
                left -= len(group)

    async def _moment(self) -> None:
        """Returns when enough have come together, or a moment has passed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._every_s):
                await self._is_enough.wait()

    async def _write(self, group: Sequence[Document]) -> None:
        """Writes a group, however often that takes; it is gathered no more once the database has it."""
        again_s = _AGAIN_S
        unforeseen = 0
        is_first = True
        while unforeseen < _UNFORESEEN_AT_MOST:
            try:
                if is_first:
                    await self._store.insert(self._record, *group)
                else:
                    # Some may have been written, though nobody was told.
                    await self._store.replace(self._record, group)
                break
            except Exception as error:  # noqa: BLE001  whatever it is: this task writes for everyone, and goes on
                is_first = False
                unforeseen += not isinstance(error, StoreError)
                self.failures += 1
                self._observer.not_written(self._record.name, len(self._gathered), error)
                await asyncio.sleep(again_s)
                again_s = min(again_s * 2, _AGAIN_AT_MOST_S)
        else:
            await self._write_singly(group)
            return
        del self._gathered[: len(group)]
        self.written += len(group)

    async def _write_singly(self, group: Sequence[Document]) -> None:
        """Writes what can be written of a group in which something cannot: that is given up, and told."""
        for one in group:
            try:
                await self._store.replace(self._record, [one])
                self.written += 1
            except StoreError:
                # It is the database by now, and may be well again: the rest waits.
                return
            except Exception:  # noqa: BLE001  told as lost; what is behind it must not wait for it
                self._observer.lost(self._record.name, 1)
            del self._gathered[:1]
