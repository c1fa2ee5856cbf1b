"""What of a channel's answer is taken in, and under whose name?"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import structlog

from adapters.contract.channel import Capability
from adapters.contract.company import Place
from adapters.contract.found import Unread
from adapters.contract.records import (
    Case,
    File,
    HandedOver,
    Leaning,
    Listing,
    Order,
    Person,
    Remark,
    Say,
    Talk,
    Utterance,
    Who,
)
from adapters.contract.soundness import sifted
from adapters.mongo import Store
from adapters.records import key_hash
from resolvers.identities import IDENTITY_KEYS
from resolvers.ingest.batch import take
from resolvers.ingest.dating import as_of
from resolvers.ingest.report import Outcome, TakenIn
from resolvers.kit.erased import being_erased
from resolvers.kit.masking import told_plainly
from resolvers.live.targets import Target

_log = structlog.get_logger("resolvers.live")

# Of each answer; the others are as a rule like them.
_MOST_TOLD: Final = 5

BY: Final = "channels"
"""Who changed what: channels that were asked."""

# What a channel may answer to each question; anything else would be news about somebody or something else.
_KINDS: Mapping[Capability, tuple[type, ...]] = {
    Capability.PROFILE: (Person, Say),
    Capability.HISTORY: (Person, Talk, Utterance, File, Remark),
    Capability.TICKETS: (Person, Case, File),
    Capability.PURCHASES: (Person, Order, Listing),
    Capability.INTERESTS: (Person, Leaning, Place),
}
_OF_NOBODY: Final = (Listing, Place)


class Landed(NamedTuple):
    """What a channel answered to one question."""

    target: Target
    records: Sequence[HandedOver]
    as_of: datetime | None = None
    """As of when the channel says so."""


async def take_in(store: Store, landed: Sequence[Landed], *, at: datetime, default_region: str | None) -> list[int]:
    """Takes all of it in, in one transaction; how many records of each answer could not be taken.

    Somebody whose identity is gone by now, or who is being erased, is left alone: nothing may bring them back. Raises
    StoreError.
    """
    keys = {one.target.who: key_hash(*one.target.who) for one in landed}
    found = await store.by_ids(IDENTITY_KEYS, keys.values())
    erased = await being_erased(store)
    there = {who for who, key in keys.items() if key in found and found[key]["customer_id"] not in erased}
    belonging = [of_person(one) if one.target.who in there else _NOTHING for one in landed]
    records = [record for some in belonging for record in (*some.links, *some.records)]
    if not records:
        return [some.left for some in belonging]
    came = [at] * len(records)
    results = iter((await take(store, records, at=at, by=BY, default_region=default_region, came_at=came)).results)
    taken = [TakenIn([next(results) for _ in (*some.links, *some.records)]) for some in belonging]
    for one, told in zip(landed, taken, strict=True):
        _tell_left_out(one.target, told.reasons)
    return [some.left + told.counts.get(Outcome.REJECTED, 0) for some, told in zip(belonging, taken, strict=True)]


class Belonging(NamedTuple):
    """What of an answer is of the person who was asked for."""

    records: Sequence[HandedOver] = ()
    links: Sequence[HandedOver] = ()
    """Says that the person has the ids under which the records stand."""
    left: int = 0
    """Records that are of somebody else, or no answer to the question."""


_NOTHING: Final = Belonging()


def of_person(landed: Landed) -> Belonging:
    """The records that are of the person who was asked for.

    Where a channel was asked by an identity of another channel, its records stand under the id that it knows the
    person by. That it is the same person, only this channel says: the id is asserted to be the customer's.
    """
    place, capability, asked = landed.target
    sound, wrong = sifted(landed.records, place)
    _tell_left_out(landed.target, list(dict.fromkeys(wrong)))
    records = [one for one in sound if isinstance(one, _KINDS[capability])]
    is_foreign = (asked.channel, asked.account) != place
    others = list(dict.fromkeys(_whos(records))) if is_foreign else []
    theirs = {asked, *others}
    kept = as_of([one for one in records if isinstance(one, _OF_NOBODY) or _who(one) in theirs], landed.as_of)
    links = [Person(who=asked, also=tuple(others))] if others else []
    return Belonging(kept, links, len(landed.records) - len(kept))


def tell_unread(target: Target, unread: Sequence[Unread]) -> None:
    """Logs what a channel could not read of its vendor's answer: agents see how much it is, operators what."""
    _tell_left_out(target, list(dict.fromkeys(told_plainly(f"{one.what}: {one.why}") for one in unread[:_MOST_TOLD])))


def _tell_left_out(target: Target, reasons: Sequence[str]) -> None:
    if reasons:
        channel, account = target.place
        _log.warning("records left out", channel=channel, account=account, doing=target.capability, reasons=reasons)


def _whos(records: Iterable[HandedOver]) -> Iterable[Who]:
    return (_who(one) for one in records if not isinstance(one, _OF_NOBODY))


def _who(record: Any) -> Who:
    who: Who = record.who
    return who
