"""What becomes of a conversation that began with a message of ours, when its channel names it?

Until then it has no id of the channel's. From then on it is the conversation of that id, which may be here already:
the channel may have told of it first.
"""

from typing import NamedTuple

from adapters.mongo import Store
from adapters.quiet import quiet
from adapters.records import RecordId
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.stand_ins import is_stand_in
from resolvers.ingest.talks import conversation_id


@quiet
class Began(NamedTuple):
    """A conversation as its channel names it."""

    channel: str
    account: str
    external_id: str

    @property
    def key(self) -> RecordId:
        """Its id here."""
        return conversation_id(*self)


async def give_name(store: Store, begun: RecordId, began: Began) -> None:
    """Has the conversation of that id be the one that its channel names so; nothing where it has a name.

    In the caller's transaction.
    """
    standing = await store.first(CONVERSATIONS, {"_id": begun, "external_id": None, "customer_id": {"$ne": None}})
    if standing is None or standing["channel"] != began.channel or standing["account"] != began.account:
        return
    there = await store.first(CONVERSATIONS, {"_id": began.key})
    if there is not None and is_stand_in(there, CONVERSATIONS):
        # It is gone at the channel by now. What was said stays, in the conversation without a name.
        return
    new = {**standing, "external_id": began.external_id}
    last_message_at = new.pop("last_message_at")
    del new["_id"]
    await store.delete(CONVERSATIONS, {"_id": begun})
    change = {"$setOnInsert": new, "$max": {"last_message_at": last_message_at}}
    await store.upsert(CONVERSATIONS, [(began.key, change)])
    moved = {"conversation_id": began.key}
    if there is not None and there["customer_id"] != standing["customer_id"]:
        moved["customer_id"] = there["customer_id"]
    await store.update_all(MESSAGES, {"conversation_id": begun}, {"$set": moved})
