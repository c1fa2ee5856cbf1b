"""What becomes of messages that wait for somebody whom the channel calls by another id since?

They go to the present id, in the order in which they were queued, and stand where they would have been put had they
been written now: somebody else may have the id of before, and its conversation.
"""

from collections.abc import Sequence
from typing import Any

from adapters.contract.channel import Sends
from adapters.records import CAME_BY, Document, RecordId
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.talks import begun_by, conversation_id
from resolvers.kit.errors import Refused
from resolvers.kit.shift import Shift
from resolvers.outbox.ending import failed
from resolvers.outbox.waiting import OUTBOX, WAITING, Place
from resolvers.present_ids import Moved, mark_of, moved, talks_before, who_of

# Of one person at once; the next step goes on with the rest before anything is handed over.
_AT_ONCE = 100


async def readdress(shift: Shift, place: Place, channel: Sends, rows: Sequence[Document]) -> bool:
    """Whether anything that waits for these messages' customers was changed, so that another may be the first now.

    Where the present id cannot be told a message has failed, and says so.
    """
    owners = list({row["customer_id"] for row in rows})
    theirs = {"customer_id": {"$in": owners}, **place.where, "state": WAITING}
    now_at = await moved(shift.store, place.channel, place.account, owners)
    changed = False
    for (customer, value), now in now_at.items():
        there = {**theirs, "customer_id": customer, "value": value}
        waiting = await shift.store.find(OUTBOX, there, order=[("queued_at", 1), ("_id", 1)], limit=_AT_ONCE)
        if not waiting:
            continue
        changed = True
        if isinstance(now, Refused):
            for row in waiting:
                await failed(shift, row, str(now))
        else:
            await _move(shift, waiting, channel, now)
    return changed


async def _move(shift: Shift, waiting: Sequence[Document], channel: Sends, now: Moved) -> None:
    store, who, ids = shift.store, who_of(now.identity), [row["_id"] for row in waiting]
    named = channel.talk_with(who)
    change: dict[str, Any] = {"value": who.value}
    if named is not None:
        change |= {"conversation": named, "before": await talks_before(store, now.found, now.identity)}

    async def work() -> None:
        await store.update_all(OUTBOX, {"_id": {"$in": ids}, "state": WAITING}, {"$set": change})
        if named is not None:
            since = now.identity.get("held_since")
            talk = conversation_id(who.channel, who.account, named, since)
            await _stand_in(shift, ids, talk, named, mark_of(now.identity))

    await store.transact(work)


async def _stand_in(shift: Shift, ids: Sequence[RecordId], talk: RecordId, named: str, came_by: RecordId) -> None:
    """Puts the messages into the conversation of the present id, which begins with them if it was not there."""
    store = shift.store
    found = await store.find(MESSAGES, {"_id": {"$in": ids}, "customer_id": {"$ne": None}}, order=[("sent_at", 1)])
    left = {one["conversation_id"]: one["sent_at"] for one in found if one["conversation_id"] != talk}
    if not left:
        return
    new = {"conversation_id": talk, CAME_BY: came_by}
    await store.update_all(MESSAGES, {"_id": {"$in": [one["_id"] for one in found]}}, {"$set": new})
    before = await store.by_ids(CONVERSATIONS, left)
    begun = {**begun_by({**found[0], **new}), "external_id": named}
    begun["assigned_agent_id"] = next((one["assigned_agent_id"] for one in before.values()), None)
    del begun["_id"], begun["last_message_at"]
    change = {"$setOnInsert": begun, "$max": {"last_message_at": found[-1]["sent_at"]}}
    await store.upsert(CONVERSATIONS, [(talk, change)])
    for key, last in left.items():
        newest = await store.find(MESSAGES, {"conversation_id": key}, order=[("sent_at", -1), ("_id", -1)], limit=1)
        if newest:
            # As it was before they were queued there, unless its channel has told of something since.
            as_left = {"_id": key, "last_message_at": last}
            await store.update(CONVERSATIONS, as_left, {"$set": {"last_message_at": newest[0]["sent_at"]}})
