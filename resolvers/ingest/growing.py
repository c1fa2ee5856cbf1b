"""Whose conversation is it in which a message was written, and how long does it last by it?"""

from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from operator import gt, lt

from adapters.records import Document, RecordId
from resolvers.conversations import CONVERSATIONS, HEARD_AT
from resolvers.ingest.shelf import Shelf
from resolvers.ingest.stand_ins import GONE_AT, is_stand_in
from resolvers.ingest.talks import as_it_stands, begun_by, heard_by, last_said

# A conversation lasts from its first message to its last, in whichever order they come in.
_BOUNDS = (("started_at", lt), ("last_message_at", gt))


def grown(shelf: Shelf[RecordId], message: Document, talk: str, erased: AbstractSet[RecordId]) -> RecordId:
    """The customer whose conversation it is; the conversation begins or grows by the message.

    `talk`: its id on the channel account. `erased`: customers who are being erased, of whom nothing goes on.
    """
    known = shelf.get(message["conversation_id"])
    customer: RecordId = message["customer_id"]
    begun = begun_by(message) | {"external_id": talk}
    if known is None:
        shelf.add(begun)
    elif is_stand_in(known, CONVERSATIONS):
        shelf.put({**begun, GONE_AT: known[GONE_AT]})
    elif known["customer_id"] in erased:
        shelf.put({**dict.fromkeys(known), **begun})
    else:
        customer = known["customer_id"]
        said = last_said(known)
        for field, is_beyond in _BOUNDS:
            if is_beyond(message["sent_at"], known[field]):
                shelf.copy(known["_id"])[field] = message["sent_at"]
        heard_at = heard_by(message).get(HEARD_AT)
        if heard_at is not None and heard_at > (known.get(HEARD_AT) or datetime.min.replace(tzinfo=UTC)):
            shelf.copy(known["_id"]).update({HEARD_AT: heard_at, **as_it_stands(said, heard_at)})
    return customer
