"""What is kept under the id of something that is not here: not yet, not any more, or under another id?

A stand-in is a document under that very id, and nobody's: no customer has it, no list shows it, and nobody finds it by
its id. It holds no word of anybody, but what must be known when the thing itself comes: how far a message came, that
it was taken back, that it is gone at its source, under which id it stands. Being there under the id, it is met by
whoever brings the thing (the database refuses the id), so that no batch has to look for it beforehand.
"""

from datetime import datetime
from typing import Any, Final

from adapters.records import Document, Record, RecordId

GONE_AT: Final = "gone_at"
"""The field that says when the thing was gone at its source: what was said of it before then stays out."""
UNDER: Final = "stands_under"
"""The field that says under which id a message stands that we sent before the channel named it."""


def stand_in(record: Record, key: RecordId, at: datetime, **said: Any) -> dict[str, Any]:
    """A stand-in as it is stored. It ages like what it stands for, from that moment on."""
    return {"_id": key, str(record.customer): None, **({record.moment: at} if record.moment else {}), **said}


def is_stand_in(document: Document | None, record: Record) -> bool:
    """Whether the document stands for something that is not here."""
    return document is not None and document[str(record.customer)] is None


def stays_gone(known: Document, said_at: datetime | None) -> bool:
    """Whether the thing is gone at its source and what is said of it is from before then, or nobody knows from when."""
    gone_at: datetime | None = known.get(GONE_AT)
    return gone_at is not None and (said_at is None or said_at <= gone_at)
