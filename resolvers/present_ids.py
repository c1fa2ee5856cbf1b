"""Under which id is a customer reached now, where a channel has given them another one?"""

from collections.abc import Sequence

from adapters.contract.records import Who
from adapters.mongo import Store
from adapters.records import CAME_BY, Document, RecordId, key_hash, key_mark
from resolvers.conversations import CONVERSATIONS
from resolvers.identities import IDENTITIES
from resolvers.kit.errors import Refused, conflict

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


async def moved(store: Store, rows: Sequence[Document]) -> dict[RecordId, Who | Refused]:
    """Of what waits for people whose channel has given them another id since: the present one, or why none can be told.

    By the id of what waits; of whom the channel still calls so, nothing is said.
    """
    owners = list({row["customer_id"] for row in rows})
    found = await store.find(IDENTITIES, {"customer_id": {"$in": owners}, "is_former": True}) if owners else ()
    former = {(one["customer_id"], who_of(one)): one for one in found}
    answer: dict[RecordId, Who | Refused] = {}
    for row in rows:
        one = former.get((row["customer_id"], who_of(row)))
        there = await known_there(store, [row["customer_id"]], row) if one is not None else ()
        # Who is called so now may be the same customer by now.
        if one is None or any(who_of(other) == who_of(one) and not is_former(other) for other in there):
            continue
        try:
            answer[row["_id"]] = who_of(present(one, there, ()))
        except Refused as refused:
            answer[row["_id"]] = refused
    return answer


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


def who_of(one: Document) -> Who:
    """An identity, or whom something waits for, as channels are told of them."""
    return Who(one["channel"], one["account"], one["value"])
