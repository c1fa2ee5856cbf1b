"""Of whom is the past being fetched from a channel, and how far is that?

Vendors page newest first, and a question asks for the newest portion alone. Where a channel says that it has more, the
rest is fetched behind the answer by a leased job (fetching.py). What is known of that stands in one document for each
person, line and kind of thing; whatever of it names the person goes as soon as the past has come to its end.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from adapters.contract.channel import Capability
from adapters.contract.records import Case, HandedOver, Order, Utterance, Who
from adapters.mongo import Store
from adapters.records import Document, Index, Record, RecordId, key_hash
from resolvers.identities import IDENTITY_KEYS
from resolvers.kit.erased import being_erased
from resolvers.live.targets import Target

PASTS: Final = Record(
    name="pasts",
    key=("channel", "account", "capability", "identity"),
    indexes=(Index(("state", "line", "due_at")), Index(("customer_id",))),
    personal=frozenset({"asked_channel", "asked_account", "value", "cursor", "mark"}),
    aged_by="begun_at",
)
"""One document for each past that is fetched, or was: how far it is."""


class PastState(StrEnum):
    """How far a past is."""

    WAITING = "WAITING"
    """More of it is to be fetched."""
    DONE = "DONE"
    """Everything is here that the channel gives."""
    FAILED = "FAILED"
    """It was given up before its end; `reason` says why."""


WITH_PASTS: Final = frozenset({Capability.HISTORY, Capability.TICKETS, Capability.PURCHASES})
"""What has a past: of these there are more the longer somebody is known."""
NAMING: Final = ("asked_channel", "asked_account", "value", "cursor", "mark")
"""What of a past names the person, or may: needed only until the past has come to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastStanding:
    """How far a past was when this process last looked."""

    state: PastState
    complete_since: datetime | None
    """The oldest moment that came of it so far; None where nothing came yet."""

    @property
    def is_waiting(self) -> bool:
        """Whether more of it is to come."""
        return self.state is PastState.WAITING


NEW_PAST: Final = PastStanding(state=PastState.WAITING, complete_since=None)
"""How a past stands that was just begun."""


def past_id(target: Target) -> RecordId:
    """The id of the past, which shows nothing of the person."""
    return PASTS.id_of(_key(target))


def _key(target: Target) -> Document:
    channel, account = target.place
    identity = key_hash(*target.who)
    return {"channel": channel, "account": account, "capability": target.capability.value, "identity": identity}


def line_name(place: tuple[str, str]) -> str:
    """A line as its pasts are found by it."""
    return "/".join(place)


async def standings_of(store: Store, targets: Iterable[Target]) -> Mapping[Target, PastStanding]:
    """How far these pasts are, by one command; absent are those that were never begun."""
    by_id = {past_id(one): one for one in targets}
    found = await store.by_ids(PASTS, by_id)
    return {
        by_id[key]: PastStanding(state=PastState(one["state"]), complete_since=one["complete_since"])
        for key, one in found.items()
    }


async def begin_pasts(store: Store, targets: Sequence[Target], now: datetime) -> None:
    """Has these pasts fetched, each once; not of people who are gone or being erased.

    Whoever is erased between the look and the writing is found by the job, which then drops the past.
    """
    keys = {one: key_hash(*one.who) for one in targets}
    found = await store.by_ids(IDENTITY_KEYS, keys.values())
    erased = await being_erased(store)
    there = [one for one, key in keys.items() if key in found and found[key]["customer_id"] not in erased]
    await store.upsert(
        PASTS,
        [(past_id(one), {"$setOnInsert": _begun(one, found[keys[one]]["customer_id"], now)}) for one in there],
    )


def _begun(target: Target, customer: RecordId, now: datetime) -> Document:
    return {
        **_key(target),
        "customer_id": customer,
        "line": line_name(target.place),
        "asked_channel": target.who.channel,
        "asked_account": target.who.account,
        "value": target.who.value,
        "state": PastState.WAITING.value,
        "cursor": None,
        "mark": None,
        "portions": 0,
        "unread": 0,
        "tries": 0,
        "reason": None,
        "complete_since": None,
        "begun_at": now,
        "due_at": now,
        "ended_at": None,
    }


def target_of(past: Document) -> Target:
    """The question of which this is the past; only of one that waits."""
    who = Who(past["asked_channel"], past["asked_account"], past["value"])
    return Target((past["channel"], past["account"]), Capability(past["capability"]), who)


def oldest_of(records: Iterable[HandedOver]) -> datetime | None:
    """The moment of the oldest message, ticket or order among them."""
    return min((at for one in records if (at := _moment(one)) is not None), default=None)


def _moment(record: HandedOver) -> datetime | None:
    match record:
        case Utterance():
            return record.sent_at
        case Case():
            return record.created_at
        case Order():
            return record.placed_at
        case _:
            return None


async def pasts_waiting(store: Store) -> int:
    """How many pasts of people are to be fetched, or fetched further."""
    return await store.count(PASTS, {"state": PastState.WAITING.value})
