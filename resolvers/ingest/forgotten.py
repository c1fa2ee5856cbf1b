"""What do channels say of people who were erased, and what of it is the person's own word from after that?

Whatever is from before the erasure stays out for ever, whichever way it comes. Of what has no moment of its own, such
as who somebody is, nothing is taken until the person has come back: by a message, an order, a ticket or a consent of
their own, or because somebody here has made them a customer again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from adapters.contract.records import (
    Case,
    File,
    HandedOver,
    Leaning,
    Order,
    Person,
    Remark,
    Renaming,
    Say,
    Talk,
    Utterance,
    Watermark,
    Who,
)
from adapters.mongo import Store
from adapters.records import RecordId, key_hash
from resolvers.identities import IDENTITY_KEYS
from resolvers.ingest.mentions import whos
from resolvers.ingest.parts import canonical_who
from resolvers.kit.erased import FORGOTTEN, Mark, anyone_forgotten, being_erased, mark_id, marks_of

_OWN_ACTS: Final = (Order, Case, Say)


@dataclass(slots=True)
class Sifted:
    """What of a batch's records may be taken in."""

    records: Sequence[HandedOver]
    places: Sequence[int]
    """Where each of them stands among all that were handed over."""
    back: dict[RecordId, datetime] = field(default_factory=dict)
    """The marks of people who have come back by their own word, and when that was received."""
    new: dict[RecordId, datetime] = field(default_factory=dict)
    """Marks to be made: of other ids that erased people have at the channel, with when they were erased."""

    async def write(self, store: Store) -> None:
        """Keeps what was learned; belongs into the transaction that takes the records in."""
        new = [(key, {"$setOnInsert": {"erased_at": at, "back_at": None}}) for key, at in self.new.items()]
        await store.upsert(FORGOTTEN, new)
        now_back = [({"_id": key, "back_at": None}, {"$set": {"back_at": at}}) for key, at in self.back.items()]
        await store.update_each(FORGOTTEN, now_back)


async def sift(
    store: Store, records: Sequence[HandedOver], came_at: Sequence[datetime], *, region: str | None
) -> Sifted:
    """What of these may be taken in, each having come at the moment that stands in its place.

    Costs one look where nobody was ever erased.
    """
    people = {who for one in records for who in named(one)}
    if not people or not await anyone_forgotten(store):
        return Sifted(records, range(len(records)))
    digests = digests_of(people, region)
    marks = await marks_of(store, digests.values())
    if not marks:
        return Sifted(records, range(len(records)))
    owned = await _owned(store, digests.values())
    known = {
        who: replace(marks[one], is_back=marks[one].is_back or one in owned)
        for who, one in digests.items()
        if one in marks
    }
    new = _kin(records, known, {who: mark_id(store, one) for who, one in digests.items() if one not in owned})
    sieve = _Sieve({**known, **new})
    sieve.listen(zip(records, came_at, strict=True))
    left = ((n, sieve.left(one, at)) for n, (one, at) in enumerate(zip(records, came_at, strict=True)))
    kept = [(n, one) for n, one in left if one is not None]
    made = {mark.id: mark.erased_at for mark in new.values()}
    return Sifted([one for _, one in kept], [n for n, _ in kept], sieve.back, made)


def named(record: HandedOver) -> Iterable[Who]:
    """Everyone whom the record is about, also those of whom it says that one became the other."""
    return (record.was, record.who) if isinstance(record, Renaming) else whos(record)


def digests_of(people: Iterable[Who], region: str | None) -> dict[Who, str]:
    """The primary keys of these identities; without those that can be nobody's."""
    found = {}
    for who in people:
        try:
            found[who] = key_hash(who.channel, who.account, canonical_who(who.channel, who.value, region))
        except ValueError:
            # It is rejected when it is taken in, with a reason.
            continue
    return found


async def _owned(store: Store, digests: Iterable[str]) -> set[str]:
    """Those of the identities that somebody has by now: an agent, a file or another source has made them so."""
    found = await store.by_ids(IDENTITY_KEYS, digests)
    erased = await being_erased(store)
    return {key for key, one in found.items() if one["customer_id"] not in erased}


def _kin(records: Iterable[HandedOver], marks: Mapping[Who, Mark], free: Mapping[Who, RecordId]) -> dict[Who, Mark]:
    """Marks for the other ids of erased people: the channel itself says that they are one person's.

    `free` are those that nobody has, each with the id under which its mark would stand.
    """
    found: dict[Who, Mark] = {}
    for one in records:
        ids = named(one) if isinstance(one, Renaming) else _same_place(one) if isinstance(one, Person) else ()
        gone = [marks[who].erased_at for who in ids if who in marks and not marks[who].is_back]
        if gone:
            others = (who for who in ids if who not in marks and who in free)
            found |= {who: Mark(free[who], max(gone), is_back=False) for who in others}
    return found


def _same_place(person: Person) -> list[Who]:
    """The person's ids on the channel account that speaks: that these are one's, it proves."""
    return [who for who in (person.who, *person.also) if who[:2] == person.who[:2]]


class _Sieve:
    """Tells what may be taken in of people of whom some were erased."""

    def __init__(self, marks: Mapping[Who, Mark]) -> None:
        self._marks = dict(marks)
        self.back: dict[RecordId, datetime] = {}

    def listen(self, records: Iterable[tuple[HandedOver, datetime]]) -> None:
        """Hears who has come back by their own word; their other ids on that channel account come along."""
        everything = list(records)
        for one, came_at in everything:
            if is_own_act(one) and all(self._is_later(who, one, came_at) for who in named(one)):
                self._come_back(named(one), came_at)
        for one, came_at in everything:
            if isinstance(one, Person) and one.who in self._marks and self._may_stay(one.who, one, came_at):
                self._come_back(_same_place(one), came_at)

    def left(self, record: HandedOver, came_at: datetime) -> HandedOver | None:
        """What is left of the record; None where it stays out."""
        if isinstance(record, Person) and self._may_stay(record.who, record, came_at):
            also = tuple(who for who in record.also if self._may_stay(who, record, came_at))
            return record if also == record.also else replace(record, also=also)
        return record if all(self._may_stay(who, record, came_at) for who in named(record)) else None

    def _may_stay(self, who: Who, record: HandedOver, came_at: datetime) -> bool:
        return self._is_back(who) and self._is_later(who, record, came_at)

    def _is_back(self, who: Who) -> bool:
        mark = self._marks.get(who)
        return mark is None or mark.is_back

    def _is_later(self, who: Who, record: HandedOver, came_at: datetime) -> bool:
        """Whether the record came after the erasure, and tells of something from after it, or of no moment."""
        mark = self._marks.get(who)
        if mark is None:
            return True
        moment = moment_of(record)
        return came_at > mark.erased_at and (moment is None or _is_after(moment, mark.erased_at))

    def _come_back(self, people: Iterable[Who], came_at: datetime) -> None:
        for who in people:
            mark = self._marks.get(who)
            if mark is not None and not mark.is_back and came_at > mark.erased_at:
                self._marks[who] = replace(mark, is_back=True)
                self.back[mark.id] = came_at


def _is_after(moment: datetime, at: datetime) -> bool:
    # One without a zone is rejected when it is taken in, with a reason.
    return moment.tzinfo is not None and moment > at


def is_own_act(record: HandedOver) -> bool:
    """Whether by the record the person did something."""
    if isinstance(record, Utterance):
        return record.direction == "IN" and not record.is_by_other
    return isinstance(record, _OWN_ACTS)


def moment_of(record: HandedOver) -> datetime | None:  # noqa: PLR0911 - one for each kind
    """When that of which the record tells came to be; None where it tells of no moment."""
    match record:
        case Utterance():
            return record.sent_at
        case Order():
            return record.placed_at
        case Case() | Remark() | File():
            return record.created_at
        case Talk():
            return record.started_at
        case Leaning():
            return record.observed_at
        case Say() | Renaming() | Watermark():
            return record.at
        case _:
            return None
