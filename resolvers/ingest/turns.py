"""In which order do messages stand that a channel dates by the same second?

Some channels' clocks know whole seconds alone, and people write faster. Such a message gets, when it is first stored,
the milliseconds that put it behind whatever its conversation has of that second already: it stands where it arrived.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from adapters.mongo import Store
from adapters.records import RecordId
from resolvers.conversations import MESSAGES

# MongoDB keeps milliseconds. The rest of a second, as the last second of the calendar has no end.
_MILLISECOND: Final = timedelta(milliseconds=1)
_REST: Final = timedelta(milliseconds=999)
_SECOND_OF: Final = {"$dateTrunc": {"date": "$sent_at", "unit": "second"}}


class Turns:
    """The newest message of each second of a conversation, as far as it was looked up or was stored in this batch."""

    def __init__(self) -> None:
        self._newest: dict[tuple[RecordId, datetime], datetime] = {}
        self._given: dict[tuple[RecordId, datetime], datetime] = {}

    async def load(self, store: Store, seconds: Iterable[tuple[RecordId, datetime]]) -> None:
        """Looks up the newest stored message of each of these seconds; no command where there are none."""
        wanted = [
            {"conversation_id": talk, "sent_at": {"$gte": second, "$lte": second + _REST}}
            for talk, second in dict.fromkeys(seconds)
        ]
        if not wanted:
            return
        newest = {"$group": {"_id": ["$conversation_id", _SECOND_OF], "sent_at": {"$max": "$sent_at"}}}
        for found in await store.aggregate(MESSAGES, [{"$match": {"$or": wanted}}, newest]):
            self._newest[tuple(found["_id"])] = found["sent_at"]

    def next(self, talk: RecordId, message: RecordId, sent_at: datetime) -> datetime:
        """The moment under which a message that is new to the conversation is stored; its second is never another.

        Told of again in this batch, a message keeps its turn: what was removed meanwhile is new more than once.
        """
        told = message, sent_at
        if told not in self._given:
            self._given[told] = self._behind(talk, sent_at)
        return self._given[told]

    def _behind(self, talk: RecordId, sent_at: datetime) -> datetime:
        second = sent_at.replace(microsecond=0)
        key = talk, second
        newest = self._newest.get(key)
        # What comes with thousandths has its place by them.
        if newest is not None and sent_at == second:
            sent_at = min(newest, second + _REST - _MILLISECOND) + _MILLISECOND
        self._newest[key] = max(newest or sent_at, sent_at)
        return sent_at


def until(moment: datetime) -> datetime:
    """The last moment that may be the same by a clock of whole seconds; any other clock's moment as it is."""
    return moment if moment.microsecond else moment + _REST
