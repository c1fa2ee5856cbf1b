"""What of the identities that come along by a merge is only said from then on, and proven again once it is undone?"""

from collections.abc import Sequence
from typing import Any

from adapters.records import Document, RecordId, new_id
from resolvers.identities import IDENTITIES, IDENTITY_KEYS, identity_key_document, weaker
from resolvers.kit.context import Context

_CLAIM = ("_id", "claim", "claimed_by", "verified_at", "verified_by", "is_founder")


async def asserted(context: Context, owners: Sequence[RecordId]) -> list[Document]:
    """Makes these customers' identities statements that nobody has proven, each under an id of its own.

    Whoever verifies one that they saw at its former customer then verifies nothing. Answers what the ledger keeps of
    it. Belongs into a transaction.
    """
    kept: list[Document] = []
    for one in await context.store.find(IDENTITIES, {"customer_id": {"$in": list(owners)}}):
        before = {name: one[name] for name in _CLAIM if name in one}
        claim = {"claim": weaker(one["claim"], "ASSERTED"), "claimed_by": context.viewer.subject}
        after = {"_id": new_id(), **claim, "verified_at": None, "verified_by": None}
        await _replace(context, one, after)
        kept.append({"identity_id": after["_id"], "before": before})
    return kept


async def restored(context: Context, claims: Sequence[Document]) -> None:
    """Gives the identities back what was said of them, and the ids that they had; belongs into a transaction.

    What was said of them since was said of another customer. Those that people took off since stay off.
    """
    for one in claims:
        found = await context.store.first(IDENTITIES, {"_id": one["identity_id"]})
        if found is not None:
            await _replace(context, found, one["before"])


async def _replace(context: Context, old: Document, claim: Document) -> None:
    """Puts the identity in the place of the old one, with another id and claim."""
    store = context.store
    new: dict[str, Any] = {**{name: value for name, value in old.items() if name not in _CLAIM}, **claim}
    await store.delete(IDENTITIES, {"_id": old["_id"]})
    await store.insert(IDENTITIES, new)
    await store.replace(IDENTITY_KEYS, [identity_key_document(new)])
