"""What becomes of what is gone at its source, with all that belongs to it, also when older words on it come later?

Nothing that colleagues wrote about the customer goes along. It comes after everything else of a batch.
"""

from datetime import datetime
from typing import Any, Final

from adapters.contract.records import Removal
from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, derived_id
from resolvers.channels import CHANNEL_ACCOUNTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.fields import place_of
from resolvers.ingest.report import INSERTED, UNCHANGED, UPDATED, NotTaken, Result, stored_moment
from resolvers.ingest.stand_ins import GONE_AT, UNDER, is_stand_in, stand_in
from resolvers.ingest.talks import begun_by, heard_by, state_of
from resolvers.ingest.told import remove_files
from resolvers.ingest.turns import until
from resolvers.privacy.removing import BATCH
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS

_KINDS: Final = {"ticket": TICKETS, "order": PURCHASES, "message": MESSAGES, "conversation": CONVERSATIONS}

HAS_REMOVALS: Final = "has_removals"
"""The mark of a channel account on which anything was ever removed: only there files look for tickets that are gone."""


async def remove(store: Store, removal: Removal) -> Result:
    """Removes it; belongs into a transaction. Raises NotTaken.

    What is as old as the removal or older goes: the thing itself unless its source changed it later, and what belongs
    to it: a ticket's and a message's files, a conversation's messages with theirs.
    """
    record = kind_of(removal)
    at = stored_moment(removal.at, "at")
    named = derived_id(record.name, removal.channel, removal.account, removal.external_id)
    account = CHANNEL_ACCOUNTS.id_of({"channel": removal.channel, "account": removal.account})
    await store.update_all(CHANNEL_ACCOUNTS, {"_id": account}, {"$set": {HAS_REMOVALS: True}})
    key = await _standing(store, record, named)
    known = await store.first(record, {"_id": key})
    if known is not None and known.get(GONE_AT) is not None and known[GONE_AT] >= at:
        return UNCHANGED
    # Also where the thing itself never came: what belongs to it may have.
    await _remove_pieces(store, record, key, at)
    left = None if known is None or is_stand_in(known, record) else await _left(store, record, known, at)
    await store.replace(record, [left or _gone(record, known or {"_id": key}, at)])
    return INSERTED if known is None else UPDATED


def _gone(record: Record, known: Document, at: datetime) -> dict[str, Any]:
    """What is kept of it: how a message fared, should its source bring it back."""
    return stand_in(record, known["_id"], at, **{GONE_AT: at}, **(state_of(known) if record is MESSAGES else {}))


def kind_of(removal: Removal) -> Record:
    """What is removed; raises NotTaken where nothing of the kind can be."""
    place_of(removal)
    record = _KINDS.get(removal.kind)
    if record is None:
        raise NotTaken(f"`kind` is {removal.kind[:64]!r}; what is removed is one of {', '.join(_KINDS)}.")
    return record


async def _standing(store: Store, record: Record, named: RecordId) -> RecordId:
    """The id under which it stands: that of a message which we sent is another one."""
    if record is not MESSAGES:
        return named
    under = (await store.first(MESSAGES, {"_id": named}) or {}).get(UNDER)
    found = await store.first(MESSAGES, {"_id": under, "customer_id": {"$ne": None}}) if under else None
    return named if found is None else found["_id"]


async def _remove_pieces(store: Store, record: Record, key: RecordId, at: datetime) -> None:
    """Removes what belongs to it and is as old as its removal or older."""
    if record in {MESSAGES, TICKETS}:
        await remove_files(store, {key: at})
    if record is not CONVERSATIONS:
        return
    where = {"conversation_id": key, "sent_at": {"$lte": until(at)}, "updated_at": {"$not": {"$gt": at}}}
    while found := await store.find(MESSAGES, where, limit=BATCH):
        await remove_files(store, dict.fromkeys((one["_id"] for one in found), at))
        # Files name their message, and not its conversation.
        await store.replace(MESSAGES, [_gone(MESSAGES, one, at) for one in found])


async def _left(store: Store, record: Record, known: Document, at: datetime) -> Document | None:
    """What is left of it: all, where the source changed it later; a conversation also of later messages alone."""
    changed_at = known.get("updated_at")
    if changed_at is not None and changed_at > at:
        return {**known, GONE_AT: at}
    later = await store.find(MESSAGES, {"conversation_id": known["_id"]}, order=[("sent_at", 1)])
    if record is not CONVERSATIONS or not later:
        return None
    begun = begun_by({"came_by": None, **later[0], "customer_id": known["customer_id"]})
    kept = {name: known[name] for name in ("external_id", "relinked") if name in known}
    heard = {name: moment for one in later for name, moment in heard_by(one).items()}
    return {**begun, **kept, **heard, "last_message_at": later[-1]["sent_at"], GONE_AT: at}
