"""What has just changed that somebody follows, whichever process changed it?

One change stream over the database, open for as long as anybody listens. It only wakes whoever listens, who then reads
what there is: so a stream that is lost costs time, and never a change. While none is heard, everybody is woken again
and again.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError

from adapters.quiet import quiet
from adapters.records import Document, Record, RecordId

# How long the server may keep a silent stream waiting before it answers "nothing new".
_WAIT_MS: Final = 500
_AT_ONCE: Final = 500
# Between attempts to open a lost stream again.
_RETRY_S: Final = 0.5


@quiet
@dataclass(frozen=True, slots=True)
class Sound:
    """What somebody listens to: documents of a record whose field holds that id, and whose `news` change."""

    record: Record
    field: str
    key: RecordId
    channel: str | None = None
    """Of which channel all of them are: changes of others are not even sent here. None: they tell no channel."""

    @property
    def place(self) -> "Place":
        """Where it is listened."""
        return self.record, self.field, self.channel


Place = tuple[Record, str, str | None]
"""A record, the field by which it is told who listens, and the channel."""


@quiet
@dataclass(slots=True, eq=False)
class Ear:
    """Somebody who listens."""

    sounds: frozenset[tuple[str, str, RecordId]]
    """By the record's name, the field and the id."""
    _heard: asyncio.Event = field(default_factory=asyncio.Event)

    def ring(self) -> None:
        """Wakes whoever listens."""
        self._heard.set()

    async def heard(self, for_s: float) -> None:
        """Returns when something has changed since it returned last, or may have, and after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(for_s):
                await self._heard.wait()
        self._heard.clear()


class Ears:
    """Everybody in this process who listens."""

    def __init__(self, database: AsyncDatabase[dict[str, Any]]) -> None:
        self._database = database
        self._ears: dict[Ear, Sequence[Sound]] = {}
        self._places: frozenset[Place] = frozenset()
        self._listening: asyncio.Task[None] | None = None

    @contextmanager
    def listen(self, *sounds: Sound) -> Iterator[Ear]:
        """An ear for these, open as long as the block lasts. It is woken once when it hears, so read then."""
        ear = Ear(frozenset((one.record.name, one.field, one.key) for one in sounds))
        self._ears[ear] = sounds
        self._attend()
        try:
            yield ear
        finally:
            del self._ears[ear]
            self._attend()

    async def close(self) -> None:
        """Stops listening."""
        listening, self._listening = self._listening, None
        while listening is not None and not listening.done():
            listening.cancel()
            await asyncio.wait([listening], timeout=_RETRY_S)

    def _attend(self) -> None:
        """Listens to whatever is wanted now, and to nothing where nobody wants anything."""
        places = frozenset(one.place for sounds in self._ears.values() for one in sounds)
        if places == self._places:
            return
        self._places = places
        if self._listening is not None:
            self._listening.cancel()
        self._listening = asyncio.create_task(self._listen(places), name="ears") if places else None

    def _is_wanted(self) -> bool:
        """Whether the task that asks is the one that listens: Python 3.11 can lose a cancellation."""
        return self._listening is asyncio.current_task()

    async def _listen(self, places: frozenset[Place]) -> None:
        while self._is_wanted():
            with suppress(PyMongoError):
                await self._hear(places)
            # Nobody heard what changes now.
            self._ring_all()
            await asyncio.sleep(_RETRY_S)

    async def _hear(self, places: frozenset[Place]) -> None:
        changes = self._database.watch(
            _wanted(places), full_document="updateLookup", max_await_time_ms=_WAIT_MS, batch_size=_AT_ONCE
        )
        async with await changes as stream:
            # What changed while nobody listened is unknown.
            self._ring_all()
            while stream.alive and self._is_wanted():
                change = await stream.try_next()
                if change is not None:
                    self._tell(change, places)

    def _tell(self, change: Mapping[str, Any], places: frozenset[Place]) -> None:
        name, document = change["ns"]["coll"], change.get("fullDocument")
        if document is None:
            # What was removed does not say whose it was.
            self._ring_all()
            return
        told = {(name, at, document.get(at)) for record, at, _ in places if record.name == name}
        for ear in self._ears:
            if not told.isdisjoint(ear.sounds):
                ear.ring()

    def _ring_all(self) -> None:
        for ear in self._ears:
            ear.ring()


def _wanted(places: frozenset[Place]) -> list[Document]:
    """Which changes are sent, and what of each."""
    news = {record.name: record.news for record, _, _ in places}
    wanted: list[Document] = []
    for name, fields in sorted(news.items()):
        changed = [{f"updateDescription.updatedFields.{one}": {"$exists": True}} for one in sorted(fields)]
        whole = {"operationType": {"$in": ["insert", "replace", "delete"]}}
        wanted.append({"ns.coll": name, "$or": [whole, *changed]})
    channels = [
        {"ns.coll": record.name, **({"fullDocument.channel": channel} if channel else {})}
        for record, _, channel in sorted(places, key=lambda one: (one[0].name, one[1], one[2] or ""))
    ]
    shown = sorted({f"fullDocument.{at}" for _, at, _ in places})
    return [
        # By itself, so that the database leaves all others out before it makes anything of them.
        {"$match": {"ns.coll": {"$in": sorted(news)}}},
        {"$match": {"$or": wanted}},
        # Only now the database looks the documents up. What was removed says nothing of itself.
        {"$match": {"$or": [{"fullDocument": None}, *channels]}},
        {"$project": dict.fromkeys(("ns", "fullDocument._id", *shown), 1)},
    ]
