"""What has changed of a customer, each change once and in its order, whichever process made it?

One change stream over the database for everybody in this process who follows, open for as long as anybody does. Whoever
was away goes on from a place: then a stream of their own, for a moment, brings what they have missed. A reader who does
not keep up holds up nobody: the place is told, and they begin again from there.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
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
# Changes of one customer that wait for one reader: an import of a whole customer is some hundreds.
_MOST_WAITING: Final = 1_000
_KINDS: Final = ("insert", "update", "replace", "delete")
# From MongoDB's error_codes.yml: CappedPositionLost, CloseChangeStream, InvalidResumeToken, ChangeStreamFatalError and
# ChangeStreamHistoryLost; and what 6.0 says of a place that it cannot read, as one from another version.
_LOST: Final = frozenset({136, 222, 260, 280, 286, 9, 15, 50811})


class FeedLost(Exception):
    """What has changed since then nobody can tell any more: read anew, and follow from now on."""


class FeedBusy(Exception):
    """So many catch up at this moment that no more may begin to; nothing was lost."""


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
@dataclass(frozen=True, slots=True)
class Since:
    """From where somebody goes on who was away: that takes a stream of their own until they have caught up."""

    place: str
    whose: str
    """By whom such streams are counted."""
    most: int
    """Streams of this process at once."""
    most_of_one: int
    """Of those whose they are."""


@quiet
@dataclass(slots=True, eq=False)
class Follower:
    """Somebody who follows a customer."""

    owners: frozenset[RecordId]
    """By which ids; to be changed where the customer is merged."""
    _waiting: asyncio.Queue[Change | Exception] = field(default_factory=asyncio.Queue)
    _is_behind: bool = False

    def tell(self, change: Change) -> None:
        """Keeps a change for whoever follows, where it is theirs."""
        if change.owner not in self.owners or self._is_behind:
            return
        if self._waiting.qsize() >= _MOST_WAITING:
            self.end(FeedBehind())
        else:
            self._waiting.put_nowait(change)

    def end(self, why: Exception) -> None:
        """Tells that nothing more comes."""
        if not self._is_behind:
            self._is_behind = True
            self._waiting.put_nowait(why)

    async def next(self) -> Change:
        """The next change; raises FeedBehind, or FeedLost."""
        found = await self._waiting.get()
        if isinstance(found, Exception):
            raise found
        return found


class Feed:
    """Everybody in this process who follows a customer."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._database = database
        self._owner: Mapping[str, str] = {}
        self._followers: set[Follower] = set()
        self._catching_up: Counter[str] = Counter()
        self._following: asyncio.Task[None] | None = None
        self._is_open = asyncio.Event()

    async def close(self) -> None:
        """Ends it."""
        following, self._following = self._following, None
        if following is not None:
            following.cancel()
            await asyncio.wait([following], timeout=_RETRY_S)

    @asynccontextmanager
    async def follow(self, owners: frozenset[RecordId], records: Iterable[Record]) -> AsyncIterator[Follower]:
        """A follower of the customer with these ids, who misses nothing from here on; raises StoreDown.

        `records`: those that tell whose they are, and of which is told; the same for everybody.
        """
        self._owner = self._owner or {one.name: one.customer for one in records if one.customer}
        follower = Follower(owners)
        self._followers.add(follower)
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow(), name="feed")
        try:
            async with asyncio.timeout(10):
                await self._is_open.wait()
            yield follower
        except TimeoutError as error:
            raise StoreDown("The database does not tell what changes. Nothing was lost; try again shortly.") from error
        finally:
            self._followers.discard(follower)
            if not self._followers:
                await self.close()
                self._is_open.clear()

    async def changes(self, follower: Follower, since: Since | None) -> AsyncGenerator[Change, None]:
        """What changes from here on, or since a place; raises FeedLost, FeedBehind, and FeedBusy before anything."""
        told: set[str] = set()
        if since is not None:
            with self._one_more(since):
                async with aclosing(self._missed(since.place)) as missed:
                    async for change in missed:
                        told.add(change.place)
                        if change.owner in follower.owners:
                            yield change
        while True:
            change = await follower.next()
            # Both streams may tell what changed while one was read and the other was open already.
            if change.place not in told:
                told.clear()
                yield change

    @contextmanager
    def _one_more(self, since: Since) -> Iterator[None]:
        """Counts a stream for as long as it is open."""
        held = self._catching_up
        if held.total() >= since.most or held[since.whose] >= since.most_of_one:
            raise FeedBusy
        held[since.whose] += 1
        try:
            yield
        finally:
            held[since.whose] -= 1
            if not held[since.whose]:
                del held[since.whose]

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

    async def _follow(self) -> None:
        place: Mapping[str, Any] | None = None
        while self._following is asyncio.current_task():
            try:
                watched = self._database.watch(
                    self._wanted(),
                    resume_after=place,
                    full_document="updateLookup",
                    max_await_time_ms=_WAIT_MS,
                    batch_size=_AT_ONCE,
                )
                async with await watched as stream:
                    self._is_open.set()
                    while stream.alive and self._following is asyncio.current_task():
                        found = await stream.try_next()
                        place = stream.resume_token
                        if found is not None and (change := self._read(found)) is not None:
                            for one in list(self._followers):
                                one.tell(change)
            except OperationFailure as error:
                if error.code in _LOST:
                    place = None
                    for one in list(self._followers):
                        one.end(FeedLost())
            except PyMongoError:
                # The stream goes on from its place once the database answers.
                pass
            with suppress(asyncio.TimeoutError):
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
