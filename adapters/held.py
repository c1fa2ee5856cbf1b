"""What is small and changes slowly (agents, labels, definitions): a fresh copy of it in every process.

One change stream over the database says when a copy has become old; the next reader loads it again. While no
stream is heard, nothing is held and every reader asks the database: a lost stream means slower answers, and old ones
for no longer than the two seconds in which its silence is noticed. The same stream tells whoever remembers something
of larger collections (`Record.watched`) which document of theirs has changed.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from adapters.failures import plain_errors
from adapters.records import Document, Record, RecordId

Held = Mapping[RecordId, Document]


class Change(NamedTuple):
    """A document that was added, changed or removed."""

    key: RecordId
    customer: RecordId | None
    """Whose it is; None where the change does not tell it: of a field, or of what was removed."""


Hear = Callable[[Change | None], None]
"""Is told of a change; of None where changes may have been missed."""

M = TypeVar("M", bound=Mapping[Any, Any])
T = TypeVar("T")


def of_latest(make: Callable[[M], T]) -> Callable[[M], T]:
    """Makes what follows from a copy only once for it: the last is kept, as long as the same copy is asked about."""
    last: tuple[M, T] | None = None

    @wraps(make)
    def made(copy: M) -> T:
        nonlocal last
        if last is None or last[0] is not copy:
            last = copy, make(copy)
        return last[1]

    return made


# How long the server may keep a silent stream waiting before it answers "nothing new".
_WAIT_MS = 500
# A stream that was not heard of for this long counts as lost: four silent waits.
_LOST_AFTER_S = 2.0
# Changes that come at once; each is soon dealt with, and behind so many others have their turn.
_AT_ONCE = 500
# Between attempts to open a lost stream again; a primary is elected within ten seconds or so.
_RETRY_S = 0.5


class HeldRecords:
    """Whole small collections by id, kept in the process."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]], records: Sequence[Record]) -> None:
        self._database = database
        self._names = [record.name for record in records if record.is_held]
        self._watched = {record.name: record for record in records if record.watched}
        self._ears: dict[str, list[Hear]] = {name: [] for name in self._watched}
        self._copies: dict[str, Held] = {}
        # Counts what was forgotten, so that a load that was under way meanwhile is not kept.
        self._epochs: dict[str, int] = dict.fromkeys(self._names, 0)
        self._loads: dict[str, asyncio.Future[Held]] = {}
        self._heard_at = float("-inf")
        self._follower: asyncio.Task[None] | None = None

    def follow(self) -> None:
        """Starts to listen for changes; until then, and without it, every read asks the database."""
        if (self._names or self._watched) and self._follower is None:
            self._follower = asyncio.create_task(self._follow(), name="held records")

    async def close(self) -> None:
        """Stops listening."""
        follower, self._follower = self._follower, None
        # Again and again: where a wait ends at that very moment, Python 3.11 can lose a cancellation.
        while follower is not None and not follower.done():
            follower.cancel()
            await asyncio.wait([follower], timeout=_RETRY_S)

    @property
    def is_fresh(self) -> bool:
        """Whether the stream was heard of lately, so that copies may be trusted."""
        return asyncio.get_running_loop().time() - self._heard_at < _LOST_AFTER_S

    def hear(self, record: Record, told: Hear) -> Callable[[], None]:
        """Has someone told of each change of a watched record, whoever makes it; what is answered ends that."""
        ears = self._ears[record.name]
        ears.append(told)
        return lambda: ears.remove(told)

    def forget(self, record: Record) -> None:
        """Drops the copy, as after a write of our own."""
        if record.is_held:
            self._forget(record.name)

    def at_hand(self, record: Record) -> Held | None:
        """Every document of the collection by id, if they stand in the process and may be trusted."""
        copy = self._copies.get(record.name)
        return copy if copy is not None and self.is_fresh else None

    async def all(self, record: Record) -> Held:
        """Every document of the collection by id."""
        name = record.name
        copy = self.at_hand(record)
        if copy is not None:
            return copy
        load = self._loads.get(name)
        if load is None:
            load = asyncio.ensure_future(self._load(name))
            self._loads[name] = load
            load.add_done_callback(lambda done: self._loads.pop(name) if self._loads.get(name) is done else None)
        # Shielded: one caller that gives up must not take the answer from the others.
        return await asyncio.shield(load)

    async def _load(self, name: str) -> Held:
        epoch = self._epochs[name]
        with plain_errors(name):
            documents = await self._database[name].find({}).to_list()
        copy: Held = MappingProxyType({one["_id"]: one for one in documents})
        if self.is_fresh and self._epochs[name] == epoch:
            self._copies[name] = copy
        return copy

    def _forget(self, name: str) -> None:
        self._copies.pop(name, None)
        self._epochs[name] += 1
        # A load that began before the change may have missed it: later readers start their own.
        self._loads.pop(name, None)

    async def _follow(self) -> None:
        while True:
            try:
                await self._listen()
            except PyMongoError:
                # The stream is gone with its server; another is tried as long as it takes.
                pass
            finally:
                # However it ended: reads go to the database until a stream is heard again.
                self._heard_at = float("-inf")
            await asyncio.sleep(_RETRY_S)

    async def _listen(self) -> None:
        async with await self._database.watch(self._ours(), max_await_time_ms=_WAIT_MS, batch_size=_AT_ONCE) as stream:
            # What changed while nobody listened is unknown.
            for name in self._names:
                self._forget(name)
            for name in self._watched:
                self._tell(name, None)
            while stream.alive:
                change = await stream.try_next()
                self._heard_at = asyncio.get_running_loop().time()
                if change is not None:
                    self._noted(change)

    def _ours(self) -> list[Document]:
        """Which changes are sent, and what of each: of larger collections those alone that somebody waits for."""
        wanted: list[Document] = [{"ns.coll": {"$in": self._names}}]
        for record in self._watched.values():
            fields = [{f"updateDescription.updatedFields.{one}": {"$exists": True}} for one in sorted(record.watched)]
            whole = {"operationType": {"$in": ["insert", "replace", "delete"]}}
            wanted.append({"ns.coll": record.name, "$or": [whole, *fields]})
        owners = {f"fullDocument.{one.customer}" for one in self._watched.values() if one.customer}
        return [
            # By itself, so that the database leaves all others out before it makes anything of them.
            {"$match": {"ns.coll": {"$in": [*self._names, *self._watched]}}},
            {"$match": {"$or": wanted}},
            {"$project": dict.fromkeys(("ns", "documentKey._id", *sorted(owners)), 1)},
        ]

    def _noted(self, change: Mapping[str, Any]) -> None:
        name = change["ns"]["coll"]
        if name in self._epochs:
            self._forget(name)
        if (record := self._watched.get(name)) is not None:
            document = change.get("fullDocument") or {}
            self._tell(name, Change(change["documentKey"]["_id"], document.get(record.customer)))

    def _tell(self, name: str, change: Change | None) -> None:
        for told in self._ears[name]:
            told(change)
