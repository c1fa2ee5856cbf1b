"""How is a delivery kept from the moment it came in until it is taken in: raw, in its turn, and no longer than needed?

Kept are its bytes and what of its headers and query is no secret, so that it can be read at any later time, by better
code too. What is taken in is dropped; what cannot be is set aside whole, and goes after thirty days.
"""

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from adapters.contract.deliveries import Delivery
from adapters.records import Document, Index, Mention, Record, RecordId, derived_id
from resolvers.kit.slice import Slice

LANES: Final = 4
"""Queues in which deliveries wait. A channel account is always in the same one: one account's come in one after the
other, so whoever sends several has them in order whichever deliveries tell of them; four accounts keep four cores."""

KEPT_FOR: Final = timedelta(days=30)
"""How long what was set aside is kept, and how long a thing told again is known: no vendor repeats for longer."""


WAITING: Final = "waiting"
"""The state of a delivery that is to be taken in."""
ASIDE: Final = "aside"
"""The state of a delivery that could not be taken in, or not all of it."""

DELIVERIES: Final = Record(
    name="deliveries",
    customer=None,
    key=("channel", "account", "key"),
    indexes=(Index(("state", "channel", "account", "sequence")),),
    personal=frozenset({"body", "query", "headers"}),
    # Nobody can cut one person's words out of raw bytes, and with them in it, it could bring the person back: so it
    # goes as a whole. What could be read of others in it was taken in before.
    mentions=Mention(
        fields=("customer_ids",),
        identities="identities",
        shared=frozenset({"body", "query", "headers"}),
        untold=(
            f"These deliveries of channels could not be read, so nobody can tell whose they are; something of this "
            f"customer may be among them. Each ends {KEPT_FOR.days} days after it was set aside."
        ),
    ),
)
"""One document for each delivery that waits or is set aside.

Whose one is that waits nobody knows before it is read. One that is set aside names those of whom it tells.
"""

EVENT_KEYS: Final = Record(
    name="event_keys", customer=None, key=("channel", "account", "key"), indexes=(Index(("at",)),)
)
"""One document for each thing that was told and taken in; a digest alone, for vendors' ids may hold a number."""

SLICE = Slice("deliveries", unshown=[DELIVERIES, EVENT_KEYS])

# What signs a request or signs somebody in is of no use once it was looked at, and must not lie about.
_SECRETS = ("auth", "cookie", "hmac", "key", "password", "secret", "signature", "token")


def delivery_document(delivery: Delivery, *, channel: str, account: str, key: str, sequence: int) -> Document:
    """The delivery as it is kept; `key` is what makes it one, `sequence` its turn among those of its account."""
    return {
        "_id": DELIVERIES.id_of({"channel": channel, "account": account, "key": key}),
        "channel": channel,
        "account": account,
        "lane": lane_of(channel, account),
        "state": WAITING,
        "sequence": sequence,
        "received_at": delivery.received_at,
        "method": delivery.method,
        # As pairs: a field's name in the database must not be somebody else's word.
        "query": _without_secrets(delivery.query),
        "headers": _without_secrets(delivery.headers),
        "body": delivery.body,
        "size_bytes": len(delivery.body),
    }


def delivery_of(document: Document) -> Delivery:
    """The delivery as it came, without what was secret of it."""
    return Delivery(
        method=document["method"],
        query=dict(document["query"]),
        headers=dict(document["headers"]),
        body=bytes(document["body"]),
        received_at=document["received_at"],
    )


def lane_of(channel: str, account: str) -> int:
    """The lane of a channel account: the same in every process."""
    return zlib.crc32(f"{channel}\x1f{account}".encode()) % LANES


def event_id(channel: str, account: str, key: str) -> RecordId:
    """The id under which it is known that an event was taken in."""
    return EVENT_KEYS.id_of({"channel": channel, "account": account, "key": key})


def word_id(channel: str, account: str, external_id: str) -> RecordId:
    """By this, a delivery that is set aside is found by a message of which it tells."""
    return derived_id("told", channel, account, external_id)


def too_old(now: datetime) -> datetime:
    """What is from before then is kept no longer."""
    return now - KEPT_FOR


def _without_secrets(given: Mapping[str, str]) -> list[list[str]]:
    return [[name, value] for name, value in given.items() if not _is_secret(name)]


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in _SECRETS)
