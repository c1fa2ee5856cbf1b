"""How do deliveries become records: each event once, in order, and none held up by one that cannot be taken in?

What a batch of deliveries tells is stored in one transaction with the keys of its events and with the deliveries'
end: whoever is killed has done all of it or nothing. A batch that fails is halved until what fails stands alone.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from adapters.contract.deliveries import Event
from adapters.contract.records import HandedOver, Removal, Utterance, Withdrawal
from adapters.failures import PASSING, Taken
from adapters.records import Document, RecordId
from resolvers.deliveries.asides import aside_or_gone
from resolvers.deliveries.reading import Reading, read, told_of, unforeseen
from resolvers.deliveries.waiting import ASIDE, DELIVERIES, EVENT_KEYS, event_id, word_id
from resolvers.ingest.batch import judged, take
from resolvers.ingest.forgotten import digests_of
from resolvers.ingest.report import Outcome, TakenIn
from resolvers.kit.shift import Shift

# Events of one transaction: beyond some hundreds a larger one is no faster, and is longer in everybody's way.
EVENTS_AT_ONCE = 400

_log = structlog.get_logger("resolvers.deliveries")


@dataclass(slots=True)
class Tally:
    """What became of deliveries."""

    taken: int = 0
    """Events that were taken in."""
    repeated: int = 0
    """Events that had been taken in before."""
    left_alone: int = 0
    done: int = 0
    """Deliveries of which everything is taken in."""
    aside: Counter[str] = field(default_factory=Counter)
    """Why deliveries were set aside, and how many for each reason."""
    set_aside: int = 0
    dropped: int = 0
    """Deliveries that could not be taken in, came before an erasure and tell of somebody who was erased."""


@dataclass(frozen=True, slots=True, repr=False)
class _Turn:
    """An event with the delivery that tells of it."""

    reading: Reading
    event: Event
    id: RecordId


@dataclass(slots=True, repr=False)
class _End:
    """What one transaction came to; it may be done anew, and then this is, too."""

    taken: int = 0
    repeated: int = 0
    reasons: dict[RecordId, list[str]] = field(default_factory=dict)
    gone: frozenset[RecordId] = frozenset()
    """Those of the deliveries with reasons that are not kept."""


class _TakenMeanwhile(Exception):
    """Another process, which had the lane before or has it now, took some of the events in meanwhile."""


class Intake:
    """Takes deliveries in."""

    def __init__(self, shift: Shift, *, is_quiet: bool = False) -> None:
        self._shift, self._store = shift, shift.store
        # Whoever reads the tally need not read the log as well.
        self._say = _log.debug if is_quiet else _log.warning
        self.tally = Tally()
        self._judged: set[RecordId] = set()
        """The events that would be taken in by now."""

    async def process(self, documents: Sequence[Document]) -> Tally:
        """Takes in what the deliveries tell, in their order; raises StoreError where the database is away.

        What was done until then stays done, and nothing is done twice when it is tried again.
        """
        readings = []
        for document in documents:
            readings.append(read(self._shift.lines, document))
            # Requests are answered between two readings.
            await asyncio.sleep(0)
        for some in _batches(readings):
            await self._some(some)
        return self.tally

    async def judge(self, document: Document) -> Tally:
        """What would become of the delivery, added to the tally; nothing is written."""
        reading = read(self._shift.lines, document)
        turns = [turn for turn in await self._fresh([reading]) if turn.id not in self._judged]
        end = _End(repeated=len(reading.events) - len(turns))
        end.reasons = {reading.id: list(reading.reasons)} if reading.reasons else {}
        records = [record for turn in turns for record in turn.event.records]
        at, by, region = document["received_at"], "/".join(reading.place), self._shift.default_region
        try:
            taken = await judged(self._store, records, at=at, by=by, default_region=region, came_at=_came_at(turns))
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001  as where it is taken in, it would be set aside
            end.reasons.setdefault(reading.id, []).append(unforeseen(error, "judging it"))
        else:
            refused = _refused(turns, taken, end.reasons)
            end.taken = len(turns) - len(refused)
            self._judged |= {turn.id for turn in turns if turn.id not in refused}
        self._count([reading], end)
        return self.tally

    async def _some(self, readings: Sequence[Reading]) -> None:
        """The deliveries of one account, together if that goes."""
        try:
            end = await self._together(readings, is_whole=True)
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001  what fails is found by halving, and told under a reference
            if len(readings) > 1:
                middle = len(readings) // 2
                await self._some(readings[:middle])
                await self._some(readings[middle:])
            else:
                await self._piecemeal(readings[0], error)
            return
        self._count(readings, end)
        self._tell(readings, end)

    async def _piecemeal(self, reading: Reading, error: Exception) -> None:
        """The events of a delivery one after the other; those that cannot be taken in have it set aside."""
        reasons, sum_ = list(reading.reasons), _End()
        for event in reading.events:
            try:
                end = await self._together([replace(reading, events=(event,), reasons=())], is_whole=False)
                sum_.taken += end.taken
                sum_.repeated += end.repeated
                reasons += end.reasons.get(reading.id, ())
            except PASSING:
                raise
            except Exception as failure:  # noqa: BLE001  one event stands in nobody's way, and is told
                reasons.append(unforeseen(failure, "taking it in"))
        if not reading.events:
            # Not even its end could be written.
            raise error
        settled = replace(reading, reasons=tuple(dict.fromkeys(reasons)))
        sum_.gone = (await self._together([replace(settled, events=())], is_whole=True, about=reading)).gone
        sum_.reasons = {reading.id: list(settled.reasons)} if reasons else {}
        self._count([settled], sum_)
        self._tell([settled], sum_)

    async def _together(self, readings: Sequence[Reading], *, is_whole: bool, about: Reading | None = None) -> _End:
        """Everything in one transaction. `is_whole`: the deliveries end with it."""
        while True:
            try:
                return await self._at_once(readings, is_whole=is_whole, about=about)
            except _TakenMeanwhile:
                # That one has gone on by at least an event, so this comes to an end.
                continue

    async def _at_once(self, readings: Sequence[Reading], *, is_whole: bool, about: Reading | None) -> _End:
        turns = await self._fresh(readings)
        records = [record for turn in turns for record in turn.event.records]
        end = _End(repeated=sum(len(one.events) for one in readings) - len(turns))

        async def along(taken: TakenIn) -> None:
            end.reasons = {one.id: list(one.reasons) for one in readings if one.reasons}
            refused = _refused(turns, taken, end.reasons)
            now = self._shift.clock()
            keys = [{"_id": one.id, "at": now} for one in turns if one.id not in refused]
            try:
                await self._store.insert(EVENT_KEYS, *keys)
            except Taken as error:
                raise _TakenMeanwhile from error
            end.taken = len(keys)
            if is_whole:
                end.gone = await self._end(readings, end.reasons, now, about)
            settled = [record for one in turns if one.id not in refused for record in one.event.records]
            await self._forget_words(readings, settled)

        if records:
            # When the vendor said it, not when somebody came to read it: what was set aside may be old.
            at = readings[-1].document["received_at"]
            by, region = "/".join(readings[0].place), self._shift.default_region
            came = _came_at(turns)
            await take(self._store, records, at=at, by=by, default_region=region, along=along, came_at=came)
        else:
            await self._store.transact(lambda: along(TakenIn([])))
        return end

    async def _fresh(self, readings: Sequence[Reading]) -> list[_Turn]:
        """The events that were not taken in yet, each once."""
        turns: dict[RecordId, _Turn] = {}
        for reading in readings:
            for event in reading.events:
                key = event_id(*reading.place, event.key)
                turns.setdefault(key, _Turn(reading, event, key))
        known = await self._store.by_ids(EVENT_KEYS, turns)
        return [turn for key, turn in turns.items() if key not in known]

    async def _end(
        self, readings: Sequence[Reading], reasons: dict[RecordId, list[str]], now: datetime, about: Reading | None
    ) -> frozenset[RecordId]:
        """Drops the deliveries that are taken in, and sets the others aside; answers those that could not be kept."""
        await self._store.delete(DELIVERIES, {"_id": {"$in": [one.id for one in readings if one.id not in reasons]}})
        aside = {one.id: about or one for one in readings if one.id in reasons}
        changes, gone = await aside_or_gone(self._store, aside, self._shift.default_region)
        await self._store.delete(DELIVERIES, {"_id": {"$in": gone}})
        said = [({"_id": key}, {**_set_aside(aside[key], reasons[key], now), **one}) for key, one in changes.items()]
        await self._store.update_each(DELIVERIES, [(where, {"$set": change}) for where, change in said])
        return frozenset(gone)

    async def _forget_words(self, readings: Sequence[Reading], records: Sequence[HandedOver]) -> None:
        """Drops what was set aside and tells of messages that are taken back now."""
        place = readings[0].place
        back = [one for one in records if isinstance(one, Withdrawal | Removal)]
        if not back:
            return
        authors = {one.who for one in back if isinstance(one, Withdrawal) and one.who}
        digests = digests_of(authors, self._shift.default_region)
        told = []
        for one in back:
            words: dict[str, object] = {"tells_of": word_id(*place, one.external_id)}
            if isinstance(one, Withdrawal) and one.who:
                # Whose words they are; nobody takes back another's.
                words["identities"] = digests.get(one.who)
            told.append(words)
        mine = {"$nin": [one.id for one in readings]}
        await self._store.delete(DELIVERIES, {"state": ASIDE, "_id": mine, "$or": told})

    def _count(self, readings: Sequence[Reading], end: _End) -> None:
        tally = self.tally
        tally.taken += end.taken
        tally.repeated += end.repeated
        tally.left_alone += sum(one.left_alone for one in readings)
        tally.done += len(readings) - len(end.reasons)
        tally.set_aside += len(end.reasons) - len(end.gone)
        tally.dropped += len(end.gone)
        for one in readings:
            if (reasons := end.reasons.get(one.id)) and one.id not in end.gone:
                tally.aside.update(set(reasons))

    def _tell(self, readings: Sequence[Reading], end: _End) -> None:
        for one in readings:
            if reasons := end.reasons.get(one.id):
                channel, account = one.place
                what = "delivery of an erased person dropped" if one.id in end.gone else "delivery set aside"
                self._say(what, channel=channel, account=account, id=str(one.id), reasons=reasons)


def _batches(readings: Sequence[Reading]) -> Iterator[list[Reading]]:
    """The deliveries of each account in their order, so many that their events fill a transaction."""
    by_place: dict[tuple[str, str], list[Reading]] = {}
    for reading in readings:
        by_place.setdefault(reading.place, []).append(reading)
    for some in by_place.values():
        batch: list[Reading] = []
        events = 0
        for reading in some:
            if batch and events + len(reading.events) > EVENTS_AT_ONCE:
                yield batch
                batch, events = [], 0
            batch.append(reading)
            events += len(reading.events)
        yield batch


def _came_at(turns: Sequence[_Turn]) -> list[datetime]:
    """When each record was received."""
    return [turn.reading.document["received_at"] for turn in turns for _ in turn.event.records]


def _refused(turns: Sequence[_Turn], taken: TakenIn, reasons: dict[RecordId, list[str]]) -> set[RecordId]:
    """The events of which a record is refused; why so is added to their delivery's reasons."""
    refused = set()
    # Hundreds of events of a delivery are refused for the same reason, which is made fit to be told once.
    raw: dict[RecordId, dict[str, Reading]] = {}
    results = iter(taken.results)
    for turn in turns:
        for _ in turn.event.records:
            result = next(results)
            if result.outcome is Outcome.REJECTED:
                refused.add(turn.id)
                raw.setdefault(turn.reading.id, {})[result.reason or "refused"] = turn.reading
    for key, some in raw.items():
        said = reasons.setdefault(key, [])
        said += [words for one, reading in some.items() if (words := told_of(reading.document, one)) not in said]
    return refused


def _set_aside(reading: Reading, reasons: Sequence[str], now: datetime) -> Document:
    told = {
        word_id(*reading.place, record.external_id)
        for event in reading.events
        for record in event.records
        if isinstance(record, Utterance)
    }
    # Tried again in vain, it is kept no longer for that.
    since = reading.document.get("aside_at", now)
    return {"state": ASIDE, "reasons": list(reasons), "aside_at": since, "tells_of": sorted(told)}
