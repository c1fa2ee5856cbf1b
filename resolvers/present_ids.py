"""Under which id is a customer reached now, where a channel has given them another one?"""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.contract.records import Who
from adapters.mongo import Store
from adapters.quiet import quiet
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


@quiet
@dataclass(frozen=True, slots=True)
class Moved:
    """Where somebody is reached now whom the channel called by another id before."""

    identity: Document
    """The present one."""
    found: Sequence[Document]
    """All that the customer has on that channel account."""


async def moved(
    store: Store, channel: str, account: str, owners: Sequence[RecordId]
) -> dict[tuple[RecordId, str], Moved | Refused]:
    """Of the customers whose channel has given them another id since: the present one, or why none can be told.

    By the customer and the former id; of one by which the channel still calls them nothing is said.
    """
    place = {"channel": channel, "account": account}
    former: Sequence[Document] = ()
    if owners:
        of = {"customer_id": {"$in": list(owners)}, "is_former": True}
        former = [one for one in await store.find(IDENTITIES, of) if place.items() <= one.items()]
    answer: dict[tuple[RecordId, str], Moved | Refused] = {}
    for one in former:
        there = await known_there(store, [one["customer_id"]], place)
        # Who is called so now may be the same customer by now.
        if any(who_of(other) == who_of(one) and not is_former(other) for other in there):
            continue
        key = one["customer_id"], one["value"]
        try:
            answer[key] = Moved(present(one, there, ()), there)
        except Refused as refused:
            answer[key] = refused
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
