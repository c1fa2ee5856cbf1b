"""Under which id is a customer reached now, where a channel has given them another one?"""

from collections.abc import Sequence

from adapters.contract.records import Who
from adapters.mongo import Store
from adapters.records import CAME_BY, Document, RecordId, key_hash, key_mark
from resolvers.conversations import CONVERSATIONS
from resolvers.identities import IDENTITIES
from resolvers.kit.errors import conflict

_MOST_BEFORE = 10


async def known_there(store: Store, owners: Sequence[RecordId], place: Document) -> Sequence[Document]:
    """The identities that a customer has on the channel account on which something else stands."""
    of = {"customer_id": {"$in": list(owners)}, "channel": place["channel"], "account": place["account"]}
    return await store.find(IDENTITIES, of, limit=IDENTITIES.at_most or 0)


def present(one: Document, found: Sequence[Document], path: tuple[str, ...]) -> Document:
    """The identity, or of a former one the customer's present one in its place; refuses where none can be told.

    `found` is what the customer has on that channel account.
    """
    by_mark = {mark_of(other): other for other in found}
    passed: list[RecordId] = []
    now: Document | None = one
    while now is not None and is_former(now) and now["_id"] not in passed:
        passed.append(now["_id"])
        became = now.get("became")
        now = by_mark.get(became) if became is not None else None
    if now is not None and not is_former(now):
        return now
    others = [other for other in found if not is_former(other)]
    if len(others) != 1:
        which = "several" if others else "none"
        raise conflict(
            f"The customer has another id than this by now on {one['channel']}/{one['account']}, and somebody else may "
            f"have this one. Of those that the customer has now {which} can be meant. Name one by `identityId`.",
            *path,
        )
    return others[0]


async def talks_before(store: Store, found: Sequence[Document], now: Document) -> list[RecordId]:
    """The last conversations under former ids of whoever has these identities and is reached by one of them now."""
    former = [one for one in found if is_former(one) and one["_id"] != now["_id"]]
    if not former:
        return []
    of = {"customer_id": {"$in": [one["customer_id"] for one in found]}, "channel": now["channel"]}
    there = {"account": now["account"], CAME_BY: {"$in": [mark_of(one) for one in former]}}
    order = [("last_message_at", -1)]
    talks = await store.find(CONVERSATIONS, {**of, **there}, order=order, limit=_MOST_BEFORE, only=["_id"])
    return [one["_id"] for one in talks]


def is_former(identity: Document) -> bool:
    """Whether the channel calls the customer by another id by now."""
    return bool(identity.get("is_former"))


def mark_of(identity: Document) -> RecordId:
    """By what records that came by the identity name it."""
    return key_mark(key_hash(identity["channel"], identity["account"], identity["value"]))


def who_of(identity: Document) -> Who:
    """The identity as channels are told of it."""
    return Who(identity["channel"], identity["account"], identity["value"])
