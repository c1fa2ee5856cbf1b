"""Which messages has a person been shown, where the channel says so by a moment and names none of them?

The moment is kept at the conversation, so that a message of before it that is told of later counts as shown, too. Of
a conversation that nobody here knows nothing is kept: in it stands nothing that could have been shown.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from adapters.contract.records import Watermark
from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.report import UNCHANGED, NotTaken, Result, changed_or_not, stored_moment
from resolvers.ingest.shelf import Shelf
from resolvers.ingest.stand_ins import is_stand_in
from resolvers.ingest.talks import REACHED_UNTIL, further

# What waits here yet, has failed, or may not have gone out at all, nobody was shown. What was read was delivered.
_FROM: Final[dict[str, tuple[str, ...]]] = {"DELIVERED": ("SENT",), "READ": ("SENT", "DELIVERED")}


# What stood below the last mark was shown then, but for what was sent so long after it was written.
_OVERLAP: Final = timedelta(days=1)


def as_far_as(talk: Document | None, message: Document) -> str:
    """How far a message came that is told of, by what is known of its conversation already."""
    status: str = message["status"]
    if talk is None or message["direction"] != "OUT":
        return status
    for reached, until in (talk.get(REACHED_UNTIL) or {}).items():
        if message["sent_at"] <= until and status in _FROM[reached]:
            status = further(status, reached)
    return status


class Watermarks:
    """What the records of one batch say of whole conversations."""

    def __init__(self, talks: Shelf[RecordId]) -> None:
        self._talks = talks
        self._risen: dict[tuple[RecordId, str], datetime | None] = {}
        """Which marks rise, and from where."""

    def take(self, one: Watermark, key: RecordId) -> Result:
        """What becomes of it; raises NotTaken."""
        if one.status not in _FROM:
            raise NotTaken(f"`status` is {one.status[:64]!r}; a watermark tells of {' or '.join(_FROM)}.")
        until = stored_moment(one.until, "until")
        talk = self._talks.get(key)
        if talk is None or talk["customer_id"] is None or is_stand_in(talk, CONVERSATIONS):
            return UNCHANGED
        known: dict[str, Any] = dict(talk.get(REACHED_UNTIL) or {})
        is_later = one.status not in known or until > known[one.status]
        if is_later:
            self._talks.copy(key)[REACHED_UNTIL] = {**known, one.status: until}
            self._risen.setdefault((key, one.status), known.get(one.status))
        return changed_or_not(is_changed=is_later)

    async def finish(self, store: Store) -> None:
        """Has each message that was sent until then count as shown."""
        for (key, status), before in self._risen.items():
            until = (self._talks.get(key) or {})[REACHED_UNTIL][status]
            since = {"$gt": before - _OVERLAP} if before else {}
            sent = {"conversation_id": key, "sent_at": {**since, "$lte": until}, "direction": "OUT"}
            lesser = {"status": {"$in": list(_FROM[status])}}
            await store.update_all(MESSAGES, sent | lesser, {"$set": {"status": status}})
