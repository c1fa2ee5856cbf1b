"""Whatever is done to a delivery, it is a bad payload or events, and nothing of it is lost without a word."""

import json
import random
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.conformance.mutations import spoilt
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from tests.channels.whatsapp.double import FOLDER, delivered, enveloped, message, status

SEED = 20_261_126
SAMPLES = [path.read_bytes() for path in sorted(FOLDER.glob("*.json"))]
LISTS = {
    "messages": ("messages", "statuses"),
    "smb_message_echoes": ("message_echoes",),
    "user_preferences": ("user_preferences",),
}


def several() -> bytes:
    """A delivery with messages and statuses of several people in several changes."""
    whole = enveloped(
        {"messages": [message(id=f"wamid.{n}") for n in range(3)], "statuses": [status(), status("read")]}
    )
    echo = message(id="wamid.echo", to="16505551235")
    whole["entry"] += enveloped({"message_echoes": [echo, echo]}, field_="smb_message_echoes")["entry"]
    return json.dumps(whole).encode()


def told(body: bytes) -> int:
    """How many messages, statuses and preferences stand in a body whose envelope can be read."""
    return sum(len(one) for one in _lists(json.loads(body)))


def _lists(whole: Any) -> Iterator[list[Any]]:
    for entry in whole["entry"]:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        for change in changes if isinstance(changes, list) else ():
            value = change.get("value") if isinstance(change, dict) else None
            field = change.get("field") if isinstance(change, dict) else None
            for name in LISTS.get(field, ()) if isinstance(field, str) and isinstance(value, dict) else ():
                if isinstance(value.get(name), list):
                    yield value[name]


def tried(whatsapp: WhatsApp, body: bytes) -> list[Event] | None:
    """The events of a body, sound and none too few; None where it is a bad payload."""
    try:
        events = list(whatsapp.events(delivered(body)))
    except BadPayload:
        return None
    for event in events:
        assert event.key
        assert event.order_by
        assert [bool(event.records), event.unread is not None, event.left_alone is not None].count(True) == 1
        # What is kept can be stored: as UTF-8, with a time zone.
        json.dumps([asdict(one) for one in event.records], ensure_ascii=False, default=str).encode()
        assert event.at is None or event.at.tzinfo is not None
    assert len(events) >= told(body)
    return events


def outcomes(whatsapp: WhatsApp, count: int) -> tuple[int, int, int]:
    """Of so many spoilt bodies: how many were no payload, had something unread, and were read whole."""
    bad = unread = good = 0
    for body in spoilt([*SAMPLES, several()], count):
        events = tried(whatsapp, body)
        if events is None:
            bad += 1
        elif any(event.unread for event in events):
            unread += 1
        else:
            good += 1
    return bad, unread, good


def test_spoilt_deliveries(whatsapp: WhatsApp) -> None:
    """A spoilt delivery is no payload, or has something unread, or is read: nothing else happens."""
    bad, unread, good = outcomes(whatsapp, 600)
    # A mutator that spoils everything, or nothing, tries nothing.
    assert min(bad, unread, good) > 20


@pytest.mark.deep
def test_ten_thousand(whatsapp: WhatsApp) -> None:
    """So with ten thousand of them."""
    assert sum(outcomes(whatsapp, 10_000)) == 10_000


def shuffled(chance: random.Random) -> tuple[list[Any], list[str]]:
    """Messages of which some are broken, in any order, and the keys of the good ones."""
    broken: list[Any] = [None, [], {}, "x", message(timestamp="-1"), message(type=7), message(text={})]
    count = chance.randint(1, 8)
    told = [chance.choice([message(id=f"wamid.{n}"), chance.choice(broken)]) for n in range(count)]
    good = [f"message:{one['id']}" for n, one in enumerate(told) if one == message(id=f"wamid.{n}")]
    return told, good


def test_siblings_all_survive(whatsapp: WhatsApp) -> None:
    """However many messages of a delivery are broken, exactly these are unread, and the others keep their order."""
    chance = random.Random(SEED)
    for _ in range(100):
        told, good = shuffled(chance)
        events = whatsapp.events(delivered(enveloped({"messages": told})))
        assert len(events) == len(told)
        assert [event.key for event in events if event.unread is None] == good
