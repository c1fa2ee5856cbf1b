"""Whom may a channel be asked about, and by which of the customer's identities?

By identities of its own channel account, whatever their claim: what comes by them would come by a delivery, too. By
those of other channels (a CRM finds people by e-mail) only where they are verified: whoever says that somebody else's
address is theirs must not have that one's past brought to them. For a visitor only verified ones count at all, because
what comes by others is not shown to the visitor, and an untrusted browser has nobody else asked about.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from adapters.contract.channel import Capability
from adapters.contract.records import Who
from adapters.lines import Line, Lines
from adapters.mongo import Store
from adapters.records import Document, RecordId
from resolvers.identities import IDENTITIES
from resolvers.kit.erased import being_erased

Ids = tuple[RecordId, ...]
"""The ids under which a customer's identities stand: the customer's own and its aliases'."""

_READ = ("customer_id", "channel", "account", "value", "claim", "is_former")


class Target(NamedTuple):
    """One question to one channel account about one person."""

    place: tuple[str, str]
    capability: Capability
    who: Who


class Known(NamedTuple):
    """An identity, and whether it is proven to be the customer's."""

    who: Who
    is_verified: bool
    key: RecordId
    owner: RecordId
    """The one of the customer's ids under which it stands."""


class Whose(NamedTuple):
    """A customer as somebody asks about them."""

    ids: Ids
    by_visitor: bool


async def identities_of(store: Store, customers: Iterable[Ids]) -> Mapping[Ids, list[Known]]:
    """The identities of each customer, by one command; of those who are being erased none."""
    wanted = list(customers)
    erased = await being_erased(store)
    every = [key for ids in wanted for key in ids if key not in erased]
    found = await store.find(IDENTITIES, {"customer_id": {"$in": every}}, only=_READ)
    by_customer: dict[RecordId, list[Document]] = {}
    for one in found:
        by_customer.setdefault(one["customer_id"], []).append(one)
    return {ids: [_known(one) for key in ids for one in by_customer.get(key, ())] for ids in wanted}


def _known(one: Document) -> Known:
    # Behind a former id the vendor may know somebody else by now.
    is_proven = one["claim"] == "VERIFIED" and not one.get("is_former")
    who = Who(one["channel"], one["account"], one["value"])
    return Known(who, is_proven, key=one["_id"], owner=one["customer_id"])


def targets_of(lines: Lines, whose: Whose, known: Sequence[Known], offered: Iterable[Capability]) -> list[Target]:
    """Every question that may be asked about the customer, in the order of the settings file."""
    wanted = set(offered)
    return [
        Target(line.place, capability, one.who)
        for line in lines
        for capability in Capability
        if capability in wanted and capability in line.capabilities
        for one in known
        if _may_ask(line, one, by_visitor=whose.by_visitor)
    ]


def _may_ask(line: Line, one: Known, *, by_visitor: bool) -> bool:
    if (one.who.channel, one.who.account) == line.place:
        return one.is_verified or not by_visitor
    is_own_channel = one.who.channel == line.channel.name
    return one.is_verified and not is_own_channel and one.who.channel in line.asked_by
