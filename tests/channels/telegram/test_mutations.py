"""Whatever is done to a delivery, it is a bad payload or one event, and nothing of it is lost without a word."""

import json
from dataclasses import asdict

import pytest

from adapters.channels.telegram import Telegram
from adapters.conformance.mutations import spoilt
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.soundness import unsound
from tests.channels.telegram.double import BOT, FOLDER, delivered

SAMPLES = [path.read_bytes() for path in sorted(FOLDER.glob("*.json"))]


def tried(telegram: Telegram, body: bytes) -> list[Event] | None:
    """The events of a body, sound and not none; None where it is a bad payload."""
    try:
        events = list(telegram.events(delivered(body)))
    except BadPayload:
        return None
    assert events
    for event in events:
        assert [bool(event.records), event.unread is not None, event.left_alone is not None].count(True) == 1
        assert [unsound(one, ("telegram", BOT)) for one in (event, *event.records)] == [None] * (len(event.records) + 1)
        # What is kept can be stored: as UTF-8, with a time zone.
        json.dumps([asdict(one) for one in event.records], ensure_ascii=False, default=str).encode()
    return events


def outcomes(telegram: Telegram, count: int) -> tuple[int, int, int]:
    """Of so many spoilt bodies: how many were no payload, were set aside, and were read or left alone."""
    bad = unread = good = 0
    for body in spoilt(SAMPLES, count):
        events = tried(telegram, body)
        if events is None:
            bad += 1
        elif any(event.unread for event in events):
            unread += 1
        else:
            good += 1
    return bad, unread, good


def test_spoilt_deliveries(telegram: Telegram) -> None:
    """A spoilt delivery is no payload, or is set aside, or is read: nothing else happens."""
    bad, unread, good = outcomes(telegram, 200)
    # A mutator that spoils everything, or nothing, tries nothing.
    assert min(bad, unread, good) > 20


@pytest.mark.deep
def test_ten_thousand(telegram: Telegram) -> None:
    """So with ten thousand of them."""
    assert sum(outcomes(telegram, 10_000)) == 10_000
