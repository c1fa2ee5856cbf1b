"""What has changed of a customer, each change once and in its order, whichever process made it?

One change stream over the database for everybody in this process who follows, open for as long as anybody does. Whoever
was away goes on from a place: then a stream of their own, for a moment, brings what they have missed. A reader who does
not keep up holds up nobody: the place is told, and they begin again from there.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from adapters.failures import StoreDown
from adapters.quiet import quiet
from adapters.records import Document, Record, RecordId

# How long the server may keep a silent stream waiting before it answers "nothing new".
_WAIT_MS: Final = 500
_CATCHING_UP_MS: Final = 50
_AT_ONCE: Final = 500
_RETRY_S: Final = 0.5
_OPENED_WITHIN_S: Final = 10.0
# Changes of one customer that wait for one reader: an import of a whole customer is some hundreds.
_MOST_WAITING: Final = 1_000
_KINDS: Final = ("insert", "update", "replace", "delete")
# From MongoDB's error_codes.yml: CappedPositionLost, CloseChangeStream, InvalidResumeToken, ChangeStreamFatalError and
# ChangeStreamHistoryLost; and what 6.0 says of a place that it cannot read, as one from another version.
_LOST: Final = frozenset({136, 222, 260, 280, 286, 9, 15, 50811})


class FeedLost(Exception):
    """What has changed since then nobody can tell any more: read anew, and follow from now on."""


class FeedBehind(Exception):
    """The reader did not keep up, and begins again from the last place that was told."""


@quiet
@dataclass(frozen=True, slots=True)
class Change:
    """A change of one document."""

    record: str
    key: RecordId
    owner: RecordId
    """The customer whose it is, by the id under which it is written."""
    kind: str
    """`insert`, `update`, `replace` or `delete`: of what is deleted only the customer itself says whose it was."""
    at: datetime
    place: str
    """From where to go on behind it."""


@quiet
@dataclass(slots=True, eq=False)
class Follower:
    """Somebody who follows a customer."""

    owners: frozenset[RecordId]
    """By which ids."""
    most_waiting: int = _MOST_WAITING
    _waiting: asyncio.Queue[Change | Exception] = field(default_factory=asyncio.Queue)
    _has_ended: bool = False
    _has_more: bool = False

    def follow(self, owners: frozenset[RecordId]) -> None:
        """Follows the customer by these ids from the change on that was told last."""
        self._has_more = self._has_more or not owners <= self.owners
        self.owners = owners

    def caught_up(self) -> bool:
        """Whether nothing of ids that came later was passed by since this was last asked."""
        has_more, self._has_more = self._has_more, False
        return not has_more

    def tell(self, change: Change) -> None:
        """Keeps a change for whoever follows, where it is theirs."""
        if change.owner not in self.owners or self._has_ended:
            return
        if self._waiting.qsize() >= self.most_waiting:
            self.end(FeedBehind())
        else:
            self._waiting.put_nowait(change)

    def end(self, why: Exception) -> None:
        """Tells that nothing more comes."""
        if not self._has_ended:
            self._has_ended = True
            self._waiting.put_nowait(why)

    async def next(self) -> Change:
        """The next change; raises FeedBehind, FeedLost, or what ended the feed."""
        found = await self._waiting.get()
        if isinstance(found, Exception):
            raise found
        return found


class _Stream:
    """The stream that everybody in this process has in common, for as long as anybody follows."""

    def __init__(self, reading: Callable[["_Stream"], Coroutine[Any, Any, None]]) -> None:
        self.followers: set[Follower] = set()
        self.is_open = asyncio.Event()
        self._task = asyncio.create_task(reading(self), name="feed")
        self._task.add_done_callback(self._ended)

    @property
    def is_over(self) -> bool:
        """Whether it tells nothing more."""
        return self._task.done()

    def tell(self, change: Change) -> None:
        """Tells everybody."""
        for one in list(self.followers):
            one.tell(change)

    def end(self, why: Exception) -> None:
        """Tells everybody that nothing more comes."""
        for one in list(self.followers):
            one.end(why)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            # Nobody foresaw it, and nobody shall wait for ever: each is told, and whoever comes next begins anew.
            self.end(error if isinstance(error, Exception) else FeedLost())
            self.is_open.set()

    async def close(self) -> None:
        """Ends it."""
        self._task.cancel()
        await asyncio.wait([self._task], timeout=_RETRY_S)


class Feed:
    """Everybody in this process who follows a customer."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], *, most_waiting: int = _MOST_WAITING) -> None:
        self._database = database
        self._most_waiting = most_waiting
        self._owner: Mapping[str, str] = {}
        self._stream: _Stream | None = None

    @property
    def followers(self) -> int:
        """How many follow by a stream that is open."""
        stream = self._stream
        return len(stream.followers) if stream is not None and stream.is_open.is_set() else 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is asked of the database, because nobody follows."""
        return self._stream is None

    async def close(self) -> None:
        """Ends it."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    @asynccontextmanager
    async def follow(self, owners: frozenset[RecordId], records: Iterable[Record]) -> AsyncIterator[Follower]:
        """A follower of the customer with these ids, who misses nothing from here on; raises StoreDown.

        `records`: those that tell whose they are, and of which is told; the same for everybody.
        """
        self._owner = self._owner or {one.name: one.customer for one in records if one.customer}
        follower = Follower(owners, self._most_waiting)
        if self._stream is None or self._stream.is_over:
            self._stream = _Stream(self._read_on)
        stream = self._stream
        stream.followers.add(follower)
        try:
            async with asyncio.timeout(_OPENED_WITHIN_S):
                await stream.is_open.wait()
            yield follower
        except TimeoutError as error:
            raise StoreDown("The database does not tell what changes. Nothing was lost; try again shortly.") from error
        finally:
            stream.followers.discard(follower)
            if not stream.followers:
                # First of all: whoever comes while this one ends opens another.
                self._stream = None if self._stream is stream else self._stream
                await stream.close()

    async def changes(self, follower: Follower, since: str | None) -> AsyncGenerator[Change, None]:
        """What changes from here on, or since a place; raises FeedLost and FeedBehind."""
        # Places are ordered as their changes are, as text.
        last = since or ""
        if since is not None:
            async with aclosing(self.missed(follower, since)) as missed:
                async for change in missed:
                    last = change.place
                    yield change
        follower.caught_up()
        while True:
            change = await follower.next()
            if change.place <= last:
                # The stream of those who were away has told it.
                continue
            last = change.place
            yield change
            if not follower.caught_up():
                # What is followed now was passed by until now.
                async with aclosing(self.missed(follower, last)) as missed:
                    async for one in missed:
                        last = one.place
                        yield one

    async def missed(self, follower: Follower, since: str) -> AsyncGenerator[Change, None]:
        """What has changed since a place until now, and nothing that comes; raises FeedLost."""
        async with aclosing(self._missed(since)) as missed:
            async for change in missed:
                if change.owner in follower.owners:
                    yield change

    async def _missed(self, since: str) -> AsyncGenerator[Change, None]:
        """What has changed since that place until now. What changes meanwhile the common stream tells, too."""
        try:
            watched = self._database.watch(
                self._wanted(),
                resume_after={"_data": since},
                full_document="updateLookup",
                max_await_time_ms=_CATCHING_UP_MS,
                batch_size=_AT_ONCE,
            )
            async with await watched as stream:
                # One silence may only say that the database looked through much that is not meant.
                was_silent, place = False, None
                while True:
                    found = await stream.try_next()
                    if found is not None:
                        was_silent = False
                        if (change := self._read(found)) is not None:
                            yield change
                        continue
                    if was_silent and place == stream.resume_token:
                        return
                    was_silent, place = True, stream.resume_token
        except OperationFailure as error:
            if error.code in _LOST:
                raise FeedLost from error
            raise StoreDown("The database does not tell what changed. Try again shortly.") from error
        except PyMongoError as error:
            raise StoreDown("The database does not tell what changed. Try again shortly.") from error

    async def _read_on(self, common: _Stream) -> None:
        place: Mapping[str, Any] | None = None
        while True:
            try:
                watched = self._database.watch(
                    self._wanted(),
                    resume_after=place,
                    full_document="updateLookup",
                    max_await_time_ms=_WAIT_MS,
                    batch_size=_AT_ONCE,
                )
                async with await watched as stream:
                    place = stream.resume_token
                    common.is_open.set()
                    while stream.alive:
                        found = await stream.try_next()
                        place = stream.resume_token
                        if found is not None and (change := self._read(found)) is not None:
                            common.tell(change)
            except OperationFailure as error:
                if error.code in _LOST:
                    # Whoever comes meanwhile waits until it is open again.
                    place = None
                    common.is_open.clear()
                    common.end(FeedLost())
            except PyMongoError:
                # The stream goes on from its place once the database answers.
                pass
            await asyncio.sleep(_RETRY_S)

    def _wanted(self) -> list[Document]:
        whole = {"operationType": {"$in": _KINDS[:3]}}
        # Of what is deleted only the customer itself says whose it was.
        of_themselves = [name for name, at in self._owner.items() if at == "_id"]
        gone = {"operationType": "delete", "ns.coll": {"$in": of_themselves}}
        shown = {f"fullDocument.{at}" for at in self._owner.values()}
        told = ("ns", "operationType", "clusterTime", "documentKey", *sorted(shown))
        return [
            # By itself, so that the database leaves all others out before it makes anything of them.
            {"$match": {"ns.coll": {"$in": sorted(self._owner)}}},
            {"$match": {"$or": [whole, gone]}},
            {"$project": dict.fromkeys(told, 1)},
        ]

    def _read(self, found: Mapping[str, Any]) -> Change | None:
        name, key = found["ns"]["coll"], found["documentKey"]["_id"]
        document, at = found.get("fullDocument"), self._owner[found["ns"]["coll"]]
        owner = key if at == "_id" else (document or {}).get(at)
        if not isinstance(owner, RecordId) or not isinstance(key, RecordId):
            # What stands for something that is not here is nobody's; what was removed since is told as removed.
            return None
        kind = found["operationType"] if document is not None else "delete"
        return Change(name, key, owner, kind, found["clusterTime"].as_datetime(), found["_id"]["_data"])
