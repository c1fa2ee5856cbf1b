"""What becomes of deliveries of Meta's to which something was done?"""

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.conformance.mutations import spoilt
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from tests.channels.meta_graph import delivered

_SEED = 20_261_127


def _told(body: bytes) -> int:
    """How many parts stand in a body whose envelope can be read."""
    entries = [one for one in json.loads(body)["entry"] if isinstance(one, dict)]
    lists = (
        one.get(name) for one in entries for name in ("messaging", "standby", "changes") if str(one.get("id")) != "0"
    )
    return sum(len(one) for one in lists if isinstance(one, list))


def _tried(channel: MetaMessaging, body: bytes) -> list[Event] | None:
    """The events of a body, sound and none too few; None where it is a bad payload."""
    try:
        events = list(channel.events(delivered(body)))
    except BadPayload:
        return None
    for event in events:
        assert event.key
        assert event.order_by
        assert [bool(event.records), event.unread is not None, event.left_alone is not None].count(True) == 1
        # What is kept can be stored: as UTF-8, with a time zone.
        json.dumps([asdict(one) for one in event.records], ensure_ascii=False, default=str).encode()
        assert event.at is None or event.at.tzinfo is not None
    assert len(events) >= _told(body)
    return events


def outcomes(channel: MetaMessaging, bodies: Sequence[bytes], count: int) -> tuple[int, int, int]:
    """Of so many spoilt bodies: how many were no payload, had something unread, and were read whole."""
    bad = unread = good = 0
    for body in spoilt(bodies, count):
        events = _tried(channel, body)
        if events is None:
            bad += 1
        elif any(event.unread for event in events):
            unread += 1
        else:
            good += 1
    return bad, unread, good


def siblings_survive(channel: MetaMessaging, enveloped: Callable[..., Any], message: Callable[..., Any]) -> None:
    """Asserts that of messages in any order exactly the broken ones are unread."""
    chance = random.Random(_SEED)
    broken: list[Any] = [None, [], {}, "x", message(at=-1), message(text=7), message(mid="")]
    for _ in range(100):
        told = [chance.choice([message(mid=f"m_{n}"), chance.choice(broken)]) for n in range(chance.randint(1, 8))]
        good = [f"message:m_{n}" for n, one in enumerate(told) if one == message(mid=f"m_{n}")]
        events = channel.events(delivered(enveloped(*told)))
        assert len(events) == len(told)
        assert [event.key for event in events if event.unread is None] == good
