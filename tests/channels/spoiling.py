"""What becomes of deliveries to which something was done: of each a bad payload, or sound events and none too few?"""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from adapters.conformance.mutations import spoilt
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload

_SEED = 20_261_127

Reading = Callable[[bytes], Iterable[Event]]
"""How a channel reads a body."""


def sound(events: Sequence[Event]) -> None:
    """Asserts that each says one thing, and can be kept as it is: as UTF-8, with a time zone."""
    for event in events:
        assert event.key
        assert event.order_by
        assert [bool(event.records), event.unread is not None, event.left_alone is not None].count(True) == 1
        told = [event.key, event.order_by, event.unread, *(asdict(one) for one in event.records)]
        json.dumps(told, ensure_ascii=False, default=str).encode()
        assert event.at is None or event.at.tzinfo is not None


def _one(_body: bytes) -> int:
    return 1


def outcomes(
    reading: Reading, bodies: Sequence[bytes], count: int, told: Callable[[bytes], int] = _one
) -> tuple[int, int, int]:
    """Of so many spoilt bodies: how many were no payload, had something unread, and were read whole.

    `told`: how many things stand in a body that is no bad payload, each of which must have become an event.
    """
    bad = unread = good = 0
    for body in spoilt(bodies, count):
        try:
            events = list(reading(body))
        except BadPayload:
            bad += 1
            continue
        sound(events)
        assert len(events) >= told(body)
        if any(event.unread for event in events):
            unread += 1
        else:
            good += 1
    return bad, unread, good


def siblings_survive(
    reading: Callable[[list[Any]], Iterable[Event]], message: Callable[[str], Any], *broken: Any
) -> None:
    """Asserts that of messages in any order exactly the broken ones are unread.

    `reading`: the events of a delivery of these messages; `message`: one by its id, a sound one.
    """
    chance = random.Random(_SEED)
    odd: list[Any] = [None, [], {}, "x", *broken]
    for _ in range(100):
        told = [chance.choice([message(f"m_{n}"), chance.choice(odd)]) for n in range(chance.randint(1, 8))]
        good = [f"message:m_{n}" for n, one in enumerate(told) if one == message(f"m_{n}")]
        events = list(reading(told))
        assert len(events) == len(told)
        assert [event.key for event in events if event.unread is None] == good
